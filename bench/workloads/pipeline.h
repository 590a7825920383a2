/* pipeline: objects pass through all threads in turn. The first makes them, each one uses them (a temporary
 * reference), the last drops them. An operation is one object passing one thread. */
#include "bench/workloads/ring.h"

static int pipeline_prepare(struct trial *trial)
{
    trial->shared = rings_make(trial->threads);
    return trial->shared != NULL ? 0 : -1;
}

struct pipeline_state {
    struct object *kept; /* the next stage had no room for it; or NULL */
};

static int pipeline_start(struct worker *worker)
{
    worker->state = state_alloc(sizeof(struct pipeline_state));
    return worker->state != NULL ? 0 : -1;
}

/* A fresh object in the first stage, what the stage before has passed on in the others; NULL: none. */
static inline struct object *pipeline_take(struct worker *worker, uint64_t i)
{
    struct ring *rings = worker->trial->shared;
    if (worker->index > 0)
        return ring_pop(&rings[worker->index - 1]);
    struct object *o = own_int(i);
    if (o == NULL || object_publish(o) != 0) {
        object_xdecref(o);
        trial_fail(worker->trial, "out of memory for a new object");
        return NULL;
    }
    return o;
}

/* False: the next stage has no room; the object is kept for the next batch. */
static inline bool pipeline_pass(struct worker *worker, struct object *o)
{
    struct ring *rings = worker->trial->shared;
    struct pipeline_state *state = worker->state;
    if (worker->index == worker->trial->threads - 1) {
        object_decref(o);
        return true;
    }
    if (ring_push(&rings[worker->index], o))
        return true;
    state->kept = o;
    return false;
}

static uint64_t pipeline_batch(struct worker *worker, uint64_t n)
{
    n = ring_batch(n);
    struct pipeline_state *state = worker->state;
    struct object *kept = state->kept;
    state->kept = NULL;
    uint64_t done = 0;
    if (kept != NULL && !pipeline_pass(worker, kept)) {
        ring_wait(worker);
        return 0;
    }
    while (done < n) {
        struct object *o = pipeline_take(worker, done);
        if (o == NULL)
            break;
        object_incref(o);
        OPAQUE(o);
        object_decref(o);
        done++;
        if (!pipeline_pass(worker, o))
            break;
    }
    if (done < n)
        ring_wait(worker);
    return done;
}

static void pipeline_stop(struct worker *worker)
{
    struct pipeline_state *state = worker->state;
    if (state != NULL)
        object_xdecref(state->kept);
    state_free(state, sizeof *state);
}

static void pipeline_finish(struct trial *trial) { rings_drop(trial->shared, trial->threads); }

static const struct workload pipeline_workload = {
    .name = "pipeline",
    .driver = "scaling",
    .summary = "one object passing one of the threads that it visits in turn",
    .points = no_points,
    .threads_min = 1,
    .prepare = pipeline_prepare,
    .start = pipeline_start,
    .batch = pipeline_batch,
    .stop = pipeline_stop,
    .finish = pipeline_finish,
};
