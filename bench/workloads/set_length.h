/* How many objects a working set has: the parameter `set`. Knows no scheme: the peers (bench/libraries) have sets of as
 * many objects. */
#ifndef RCBENCH_BENCH_WORKLOADS_SET_LENGTH_H
#define RCBENCH_BENCH_WORKLOADS_SET_LENGTH_H

#include "bench/registry/workload.h"

/* Bytes of a set of one object in the smallest header: int and pointer, as the allocator rounds them. The
 * same for all variants, so that all count the same number of objects, and a wide header costs what it
 * costs. */
enum { SET_ITEM_BYTES = 32 + sizeof(void *) };

/* How many objects the parameter `set` asks for: a number, or a cache that the set half fills. L3 is taken
 * as at most 16 times L2: a guest is shown the whole machine's L3 and has its share of it. DRAM is twice
 * the whole L3. */
static UNUSED uint64_t set_length_of(const struct trial *trial)
{
    const size_t *cache = trial->cache_bytes;
    size_t bytes;
    if (trial_param_is(trial, "set", "L1"))
        bytes = cache[1] / 2;
    else if (trial_param_is(trial, "set", "L2"))
        bytes = cache[2] / 2;
    else if (trial_param_is(trial, "set", "L3"))
        bytes = cache[3] / 2 < cache[2] * 16 ? cache[3] / 2 : cache[2] * 16;
    else if (trial_param_is(trial, "set", "DRAM"))
        bytes = cache[3] * 2;
    else
        return strtoull(trial_param(trial, "set"), NULL, 10);
    return bytes / SET_ITEM_BYTES;
}

#endif
