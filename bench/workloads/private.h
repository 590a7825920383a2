/* private: every thread works on its own objects, nothing is shared: what must scale with the cores. */
#include "bench/workloads/churn_loop.h"
#include "bench/workloads/pair_loop.h"

enum { PRIVATE_ROUNDS = 4 };

struct private_state {
    struct set set;
    struct object *rounds[PRIVATE_ROUNDS * CHURN_RING]; /* borrowed: the set so many times, so that rounds end seldom */
    size_t next;
    bool churn;
};

static const struct point private_points[] = {
    {"op=pair", PROFILE_QUICK},
    {"op=churn", PROFILE_QUICK},
    {NULL, PROFILE_QUICK},
};

static int private_start(struct worker *worker)
{
    struct private_state *state = state_alloc(sizeof *state);
    worker->state = state;
    if (state == NULL)
        return -1;
    state->churn = trial_param_is(worker->trial, "op", "churn");
    if (set_make(&state->set, CHURN_RING) != 0)
        return -1;
    for (size_t i = 0; i < PRIVATE_ROUNDS * CHURN_RING; i++)
        state->rounds[i] = state->set.items[i % CHURN_RING];
    return 0;
}

static uint64_t private_batch(struct worker *worker, uint64_t n)
{
    struct private_state *state = worker->state;
    if (state->churn)
        return churn_ring(worker->trial, &state->set, &state->next, n);
    return pair_cycle(state->rounds, PRIVATE_ROUNDS * CHURN_RING, &state->next, n);
}

static void private_stop(struct worker *worker)
{
    struct private_state *state = worker->state;
    if (state != NULL)
        set_drop(worker->trial, &state->set);
    state_free(state, sizeof *state);
}

static const struct workload private_workload = {
    .name = "private",
    .driver = "scaling",
    .summary = "incref and decref, or make and drop, on the thread's own objects",
    .points = private_points,
    .threads_min = 1,
    .prepare = prepare_nothing,
    .start = private_start,
    .batch = private_batch,
    .stop = private_stop,
    .finish = finish_nothing,
};
