/* publish_shallow: `escape`, which says that marking needs no walk: what a published object refers to
 * stays private while others reach it. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_BROKEN_PUBLISH_SHALLOW_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_BROKEN_PUBLISH_SHALLOW_H

#include "variants/schemes/escape.h"

#undef RC_PUBLISH_WALKS
#define RC_PUBLISH_WALKS 0

#endif
