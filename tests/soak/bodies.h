/* The soak around one variant: soak_NAME. Compiled by variants/NAME.c through variants/instantiate.h. What a variant
 * cannot do is told from its traits. */
#ifndef RCBENCH_TESTS_SOAK_BODIES_H
#define RCBENCH_TESTS_SOAK_BODIES_H

#include "tests/soak/run.h"
#include "tests/soak/suite.h"

extern const struct soak_suite RC_JOIN(soak_, RC_VARIANT);
const struct soak_suite RC_JOIN(soak_, RC_VARIANT) = {
    .variant = RC_TEXT(RC_VARIANT),
    .skip = RC_NEVER_FREES ? "nothing dies" : NULL,
    .run = soak_run,
};

#endif
