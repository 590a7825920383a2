/* All variants, from variants/variants.def, and the peers that the build has found; tests put a registry of their own
 * in its place. */
#include "bench/registry/variant.h"

#ifndef RCBENCH_REGISTRY
#define RCBENCH_REGISTRY "variants/variants.def"
#endif

/* Written by CMake from bench/libraries/peers.def: PEER(symbol) for what was found, MISSING_PEER(name, remedy) for the
 * rest. Without it there are no peers. */
#ifndef RCBENCH_PEER_REGISTRY
#define RCBENCH_PEER_REGISTRY "bench/libraries/none.def"
#endif

#define MISSING_PEER(name, remedy)
#define VARIANT(name, ...) extern const struct variant rcbench_variant_##name;
#define PEER VARIANT
#include RCBENCH_REGISTRY
#include RCBENCH_PEER_REGISTRY
#undef VARIANT

#define VARIANT(name, ...) &rcbench_variant_##name,
const struct variant *const variants[] = {
#include RCBENCH_REGISTRY
#include RCBENCH_PEER_REGISTRY
};
#undef VARIANT

const size_t variant_count = sizeof variants / sizeof *variants;

#define WORDS(scheme, mode, words, ...) words
#define VARIANT(name, ...) WORDS(__VA_ARGS__, NULL, NULL, NULL, NULL),
static const char *const words[] = {
#include RCBENCH_REGISTRY
#include RCBENCH_PEER_REGISTRY
};
#undef VARIANT

const char *variant_stands_for(const struct variant *variant)
{
    size_t i = 0;
    while (i < variant_count && variants[i] != variant)
        i++;
    return i < variant_count ? words[i] : NULL;
}

#define VARIANT(name, ...) + 1
const size_t peer_count = 0
#include RCBENCH_PEER_REGISTRY
    ;
#undef PEER
#undef MISSING_PEER

#define PEER(name)
#define MISSING_PEER(name, remedy) {name, remedy},
const struct missing_peer missing_peers[] = {
#include RCBENCH_PEER_REGISTRY
    {NULL, NULL},
};

const size_t missing_peer_count = sizeof missing_peers / sizeof *missing_peers - 1;
