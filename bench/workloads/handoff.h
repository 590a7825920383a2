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

struct handoff_state {
    uint64_t next;       /* producer: the number of the object that it makes next */
    struct object *kept; /* producer: made, but there was no room */
    uint64_t expected[]; /* consumer, by producer: the number of the object that must come next */
};

static inline size_t handoff_state_bytes(const struct trial *trial)
{
    return sizeof(struct handoff_state) + trial->threads * sizeof(uint64_t);
}

/* Even workers produce, odd ones consume: neighbours in the placement form pairs. */
static int handoff_start(struct worker *worker)
{
    struct handoff_state *state = state_alloc(handoff_state_bytes(worker->trial));
    worker->state = state;
    worker->role = worker->index % 2 == 0 ? "producer" : "consumer";
    return state != NULL ? 0 : -1;
}

static uint64_t handoff_produce(struct worker *worker, uint64_t n)
{
    struct ring *ring = (struct ring *)worker->trial->shared + worker->index;
    struct handoff_state *state = worker->state;
    for (uint64_t i = 0; i < n; i++) {
        struct object *o = state->kept != NULL ? state->kept : own_int(state->next++);
        state->kept = NULL;
        if (o == NULL || object_publish(o) != 0) {
            object_xdecref(o);
            trial_fail(worker->trial, "out of memory for a new object");
            return i;
        }
        if (!ring_push(ring, o)) {
            state->kept = o;
            ring_wait(worker);
            return i;
        }
    }
    return n;
}

/* Objects come in the order in which they were made, none is missing, and each still has its value. */
static inline void handoff_check(struct worker *worker, unsigned producer, struct object *o)
{
    struct handoff_state *state = worker->state;
    int64_t expected = (int64_t)state->expected[producer]++ + SMALL_INT_MAX + 1;
    if (UNLIKELY(int_value(o) != expected))
        trial_fail(worker->trial, "an object came with value %lld, %lld is right", (long long)int_value(o),
                   (long long)expected);
}

static uint64_t handoff_consume(struct worker *worker, uint64_t n)
{
    struct ring *rings = worker->trial->shared;
    unsigned consumers = handoff_consumers(worker->trial), threads = worker->trial->threads;
    uint64_t done = 0;
    for (unsigned producer = worker->index / 2; producer * 2 < threads; producer += consumers) {
        struct object *o;
        while (done < n && (o = ring_pop(&rings[producer * 2])) != NULL) {
            handoff_check(worker, producer, o);
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

static void handoff_stop(struct worker *worker)
{
    struct handoff_state *state = worker->state;
    if (state != NULL)
        object_xdecref(state->kept);
    state_free(state, handoff_state_bytes(worker->trial));
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
    .stop = handoff_stop,
    .finish = handoff_finish,
};
