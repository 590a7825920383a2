/* Memory that the process has in use, for workloads that say what their objects take. */
#ifndef RCBENCH_BENCH_WORKLOADS_IN_USE_H
#define RCBENCH_BENCH_WORKLOADS_IN_USE_H

#include "bench/memory/memory_stats.h"
#include "bench/workloads/common.h"

/* Bytes that the allocator has given out, and of a heap of the variant's own; 0: nobody tells. Not within a window. */
static UNUSED uint64_t in_use_bytes(void)
{
    uint64_t own;
    (void)memory_heap(&own);
    return memory_stats().allocated + own;
}

/* As they were asked for, by this thread. */
static UNUSED uint64_t in_use_requested(void) { return (uint64_t)held_bytes(memory_held(memory_self())); }

#endif
