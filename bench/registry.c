/* All variants, from variants/variants.def. */
#include "bench/variant.h"

#define VARIANT(name) extern const struct variant rcbench_variant_##name;
#include "variants/variants.def"
#undef VARIANT

#define VARIANT(name) &rcbench_variant_##name,
const struct variant *const variants[] = {
#include "variants/variants.def"
};
#undef VARIANT

const size_t variant_count = sizeof variants / sizeof *variants;
