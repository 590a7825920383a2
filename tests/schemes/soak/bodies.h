/* The soak around one variant: soak_NAME. Compiled by variants/variant.c through variants/instantiate.h. What a variant
 * cannot do is told from its traits. */
#ifndef RCBENCH_TESTS_SCHEMES_SOAK_BODIES_H
#define RCBENCH_TESTS_SCHEMES_SOAK_BODIES_H

#include "tests/schemes/soak/run.h"
#include "tests/schemes/soak/suite.h"

extern const struct soak_suite RC_JOIN(soak_, RC_VARIANT);
const struct soak_suite RC_JOIN(soak_, RC_VARIANT) = {
    .variant = RC_TEXT(RC_VARIANT),
    .skip = RC_NEVER_FREES ? "nothing dies" : NULL,
    .run = soak_run,
};

#endif
