/* A bounded queue of references from one thread to one other (Lamport 1977), for `handoff` and `pipeline`.
 * It belongs to the benchmark, not to the model: it counts nothing. What is in it is owned by it. */
#ifndef RCBENCH_BENCH_WORKLOADS_RING_H
#define RCBENCH_BENCH_WORKLOADS_RING_H

#include "bench/workloads/common.h"
#include "bench/workloads/ring_ends.h"

struct ring {
    struct ring_ends ends;
    struct object *items[RING_CAPACITY];
} LINE_ALIGNED;

/* `o` is stolen when there is room: true. */
static inline bool ring_push(struct ring *ring, struct object *o)
{
    uint64_t tail;
    if (!ring_room(&ring->ends, &tail))
        return false;
    ring->items[tail % RING_CAPACITY] = o;
    ring_pushed(&ring->ends, tail);
    return true;
}

/* An owned reference, or NULL. */
static inline struct object *ring_pop(struct ring *ring)
{
    uint64_t head;
    if (!ring_ready(&ring->ends, &head))
        return NULL;
    struct object *o = ring->items[head % RING_CAPACITY];
    ring_popped(&ring->ends, head);
    return o;
}

/* One ring for each worker. NULL: no memory. */
static UNUSED struct ring *rings_make(unsigned count)
{
    return state_alloc_lines(count * sizeof(struct ring));
}

static UNUSED void rings_drop(struct ring *rings, unsigned count)
{
    for (unsigned i = 0; rings != NULL && i < count; i++)
        for (struct object *o; (o = ring_pop(&rings[i])) != NULL;)
            object_decref(o);
    state_free(rings, count * sizeof *rings);
}

/* Nothing to do until another thread has run. Without a GIL a short spin comes first; then the thread
 * blocks as a program would, detached, so that the GIL is free and others may merge what it owns. */
static UNUSED void ring_wait(struct worker *worker)
{
    for (unsigned i = 0; !MODE_GIL && i < 64; i++)
        cpu_pause();
    thread_detach(worker->thread);
    shim_yield();
    thread_attach(worker->thread);
}

#endif
