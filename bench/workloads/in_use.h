/* Memory that the process has in use, for workloads that say what their objects take. */
#ifndef RCBENCH_BENCH_WORKLOADS_IN_USE_H
#define RCBENCH_BENCH_WORKLOADS_IN_USE_H

#include "bench/memory/memory_stats.h"
#include "bench/workloads/common.h"

/* Bytes that the allocator has given out, and of a heap of the variant's own; 0: unknown. Not within a window. Of an
 * arena, which takes memory in large chunks, what this thread's last chunk still has is not in use. */
static UNUSED uint64_t in_use_bytes(void)
{
    uint64_t own, given = memory_stats().allocated;
    const struct memory *memory = memory_self();
    (void)memory_heap(&own);
    return given != 0 ? given + own - (uint64_t)((uintptr_t)memory->end - (uintptr_t)memory->at) : own;
}

/* As they were asked for, by this thread. */
static UNUSED uint64_t in_use_requested(void) { return (uint64_t)held_bytes(memory_held(memory_self())); }

#endif
