/* Random programs around one variant: random_NAME. Compiled by variants/variant.c through variants/instantiate.h. */
#ifndef RCBENCH_TESTS_SCHEMES_RANDOM_BODIES_H
#define RCBENCH_TESTS_SCHEMES_RANDOM_BODIES_H

#include "tests/schemes/random/adapter.h"
#include "tests/schemes/random/forks.h"
#include "tests/schemes/random/multi.h"
#include "tests/schemes/random/suite.h"

extern const struct random_suite RC_JOIN(random_, RC_VARIANT);
const struct random_suite RC_JOIN(random_, RC_VARIANT) = {
    .variant = RC_TEXT(RC_VARIANT),
    .exact_audit = RC_EXACT_AUDIT,
    .immortal = RC_IMMORTAL,
    .late = RC_LATE,
    .never_frees = RC_NEVER_FREES,
    .one_thread = MODE_THREADS_MAX == 1,
    .adapter = &adapter_table,
    .multi = multi_run,
    .fork_stopped = fork_stopped,
    .fork_running = fork_running,
};

#endif
