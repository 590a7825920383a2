/* nonatomic_shared: `plain`, which says that it is thread-safe and is let loose without a GIL. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_BROKEN_NONATOMIC_SHARED_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_BROKEN_NONATOMIC_SHARED_H

#include "variants/schemes/plain.h"

#undef RC_THREAD_SAFE
#define RC_THREAD_SAFE 1

#endif
