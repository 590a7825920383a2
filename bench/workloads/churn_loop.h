/* Creating and destroying small objects with a live ring: what `churn` and `private` time. */
#ifndef RCBENCH_BENCH_WORKLOADS_CHURN_LOOP_H
#define RCBENCH_BENCH_WORKLOADS_CHURN_LOOP_H

#include "bench/workloads/common.h"

/* Live objects: enough that the allocator does not hand back the block freed last. */
enum { CHURN_RING = 256 };

/* Replaces the ring's objects, oldest first: each operation makes one object and drops one. */
static NOINLINE UNUSED uint64_t churn_ring(struct trial *trial, struct set *ring, size_t *next, uint64_t n)
{
    size_t at = *next;
    for (uint64_t i = 0; i < n; i++) {
        struct object *fresh = own_int(i);
        if (UNLIKELY(fresh == NULL)) {
            trial_fail(trial, "out of memory for a new object");
            break;
        }
        object_decref(ring->items[at]);
        ring->items[at] = fresh;
        at = (at + 1) % CHURN_RING;
    }
    *next = at;
    return n;
}

#endif
