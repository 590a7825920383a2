/* The two ends of a bounded queue from one thread to one other (Lamport 1977): which place is next, and who may use it.
 * Knows nothing of what is queued: ring.h has places for objects, bench/libraries places for a peer's references. */
#ifndef RCBENCH_BENCH_WORKLOADS_RING_ENDS_H
#define RCBENCH_BENCH_WORKLOADS_RING_ENDS_H

#include "core/base/platform.h"

enum { RING_CAPACITY = 512 }; /* a power of two */

struct ring_ends {
    struct { uint64_t value; } LINE_ALIGNED head; /* written by the consumer */
    struct { uint64_t value; } LINE_ALIGNED tail; /* written by the producer */
};

/* For the producer: whether there is room; then `*tail % RING_CAPACITY` is the place. Acquire pairs with ring_popped:
 * the consumer is done with what was there. */
static inline bool ring_room(const struct ring_ends *ends, uint64_t *tail)
{
    *tail = __atomic_load_n(&ends->tail.value, __ATOMIC_RELAXED);
    return *tail - __atomic_load_n(&ends->head.value, __ATOMIC_ACQUIRE) != RING_CAPACITY;
}

/* The place is filled. Release pairs with ring_ready: the consumer sees what is in it. */
static inline void ring_pushed(struct ring_ends *ends, uint64_t tail)
{
    __atomic_store_n(&ends->tail.value, tail + 1, __ATOMIC_RELEASE);
}

/* For the consumer: whether something is there; then `*head % RING_CAPACITY` is its place. */
static inline bool ring_ready(const struct ring_ends *ends, uint64_t *head)
{
    *head = __atomic_load_n(&ends->head.value, __ATOMIC_RELAXED);
    return *head != __atomic_load_n(&ends->tail.value, __ATOMIC_ACQUIRE);
}

/* The place is empty. */
static inline void ring_popped(struct ring_ends *ends, uint64_t head)
{
    __atomic_store_n(&ends->head.value, head + 1, __ATOMIC_RELEASE);
}

/* A thread that finds its ring full or empty returns early, so its batches look short, and the harness asks for
 * longer ones. But a batch that never finds it so, since the other side keeps up, must end too. */
static inline uint64_t ring_batch(uint64_t n) { return n < RING_CAPACITY ? n : (uint64_t)RING_CAPACITY; }

#endif
