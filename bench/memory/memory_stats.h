/* Memory of the process and of the machine, in bytes. */
#ifndef RCBENCH_BENCH_MEMORY_MEMORY_STATS_H
#define RCBENCH_BENCH_MEMORY_MEMORY_STATS_H

#include <stddef.h>
#include <stdint.h>

/* The allocator's own figures; 0 where it keeps none. jemalloc's `stats.*`; of glibc's, by mallinfo2. */
struct memory_stats {
    uint64_t allocated; /* by the program */
    uint64_t active;    /* pages that hold some of that */
    uint64_t resident;  /* pages in memory that belong to the allocator */
    uint64_t retained;  /* address space that it keeps without memory behind it */
};

/* Takes locks: not within a window. */
struct memory_stats memory_stats(void);

/* Before a trial: what the one before has freed goes back to the system, instead of to this one's threads, or in
 * the middle of its window. Takes long: not within a window. */
void memory_settle(void);

/* The highest resident set of the process since the reset, by the kernel's count (VmHWM); 0 where it is not told, or
 * cannot be reset. */
void memory_peak_reset(void);
uint64_t memory_peak(void);

/* The process's resident set now, and of it what nobody else has and was written to, by page (smaps_rollup); 0 where it
 * is not told. The second allocates nothing: after a fork it would dirty pages itself. */
uint64_t memory_resident(void);
uint64_t memory_private_dirty(void);

/* The version of the allocator that serves the process; "unknown" where it does not say. Static. */
const char *memory_allocator_version(void);

/* RAM of the machine. */
size_t memory_total_bytes(void);

#endif
