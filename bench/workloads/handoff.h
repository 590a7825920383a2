/* handoff: producers make objects, consumers drop them: each object dies on a thread that did not make it.
 * Half of the threads produce (one more where the number is odd); a consumer serves every producer whose
 * number fits. An operation is one object made or one dropped. */
#include "bench/workloads/ring.h"

static inline unsigned handoff_consumers(const struct trial *trial) { return trial->threads / 2; }

static int handoff_prepare(struct trial *trial)
{
    trial->shared = rings_make(trial->threads);
    return trial->shared != NULL ? 0 : -1;
}

/* Even workers produce, odd ones consume: neighbours in the placement form pairs. */
static int handoff_start(struct worker *worker)
{
    bool produces = worker->index % 2 == 0;
    worker->role = produces ? "producer" : "consumer";
    return 0;
}

static uint64_t handoff_produce(struct worker *worker, uint64_t n)
{
    struct ring *ring = (struct ring *)worker->trial->shared + worker->index;
    for (uint64_t i = 0; i < n; i++) {
        struct object *o = own_int(i);
        if (o == NULL || object_publish(o) != 0) {
            object_xdecref(o);
            trial_fail(worker->trial, "out of memory for a new object");
            return i;
        }
        if (!ring_push(ring, o)) {
            object_decref(o);
            ring_wait(worker);
            return i;
        }
    }
    return n;
}

static uint64_t handoff_consume(struct worker *worker, uint64_t n)
{
    struct ring *rings = worker->trial->shared;
    unsigned consumers = handoff_consumers(worker->trial), threads = worker->trial->threads;
    uint64_t done = 0;
    for (unsigned producer = worker->index / 2; producer * 2 < threads; producer += consumers) {
        struct object *o;
        while (done < n && (o = ring_pop(&rings[producer * 2])) != NULL) {
            OPAQUE(o);
            object_decref(o);
            done++;
        }
    }
    if (done == 0)
        ring_wait(worker);
    return done;
}

static uint64_t handoff_batch(struct worker *worker, uint64_t n)
{
    n = ring_batch(n);
    return worker->index % 2 == 0 ? handoff_produce(worker, n) : handoff_consume(worker, n);
}

static void handoff_finish(struct trial *trial) { rings_drop(trial->shared, trial->threads); }

static const struct workload handoff_workload = {
    .name = "handoff",
    .driver = "scaling",
    .summary = "producers make an int and hand it over, consumers drop it",
    .points = no_points,
    .threads_min = 2,
    .prepare = handoff_prepare,
    .start = handoff_start,
    .batch = handoff_batch,
    .stop = stop_nothing,
    .finish = handoff_finish,
};
