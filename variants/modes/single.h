/* Mode single: one thread, no locks, no GIL. For schemes that are not thread-safe. */
#ifndef RCBENCH_VARIANTS_MODE_H
#define RCBENCH_VARIANTS_MODE_H

#define MODE_NAME "single"
#define MODE_THREADS_MAX 1
#define MODE_LOCKS 0
#include "variants/modes/ungated.h"

#endif
