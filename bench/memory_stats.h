/* Memory of the process and of the machine, in bytes. */
#ifndef RCBENCH_BENCH_MEMORY_STATS_H
#define RCBENCH_BENCH_MEMORY_STATS_H

#include <stddef.h>
#include <stdint.h>

/* The allocator's own figures; 0 where it keeps none. Takes locks: not within a window. */
void memory_stats(uint64_t *allocated, uint64_t *resident);

/* Before a trial: what the one before has freed goes back to the system, instead of to this one's threads, or in
 * the middle of its window. Takes long: not within a window. */
void memory_settle(void);

/* The allocator's version; "unknown" where it does not say. Static. */
const char *memory_allocator_version(void);

/* RAM of the machine. */
size_t memory_total_bytes(void);

#endif
