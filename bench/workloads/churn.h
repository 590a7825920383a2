/* churn: make a small object, drop the oldest of 256: allocation, initialization of the header, the last
 * decrement, freeing. A scheme that frees nothing has fresh memory for each object instead (variants/schemes/none.h), which
 * costs more than freeing does: minor_faults in its rows. */
#include "bench/workloads/churn_loop.h"

struct churn_state {
    struct set ring;
    size_t next;
};

static int churn_start(struct worker *worker)
{
    struct churn_state *state = state_alloc(sizeof *state);
    worker->state = state;
    return state != NULL ? set_make(&state->ring, CHURN_RING) : -1;
}

static uint64_t churn_batch(struct worker *worker, uint64_t n)
{
    struct churn_state *state = worker->state;
    return churn_ring(worker->trial, &state->ring, &state->next, n);
}

static void churn_stop(struct worker *worker)
{
    struct churn_state *state = worker->state;
    if (state != NULL)
        set_drop(worker->trial, &state->ring);
    state_free(state, sizeof *state);
}

static const struct workload churn_workload = {
    .name = "churn",
    .driver = "overhead",
    .summary = "make one int, drop one: 256 live",
    .points = no_points,
    .threads_min = 1,
    .threads_max = 1,
    .prepare = prepare_nothing,
    .start = churn_start,
    .batch = churn_batch,
    .stop = churn_stop,
    .finish = finish_nothing,
};
