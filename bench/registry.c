/* All variants, from variants/variants.def; tests put a registry of their own in its place. */
#include "bench/variant.h"

#ifndef RCBENCH_REGISTRY
#define RCBENCH_REGISTRY "variants/variants.def"
#endif

#define VARIANT(name) extern const struct variant rcbench_variant_##name;
#include RCBENCH_REGISTRY
#undef VARIANT

#define VARIANT(name) &rcbench_variant_##name,
const struct variant *const variants[] = {
#include RCBENCH_REGISTRY
};
#undef VARIANT

const size_t variant_count = sizeof variants / sizeof *variants;
