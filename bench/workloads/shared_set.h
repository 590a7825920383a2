/* shared_set: 4096 objects that all threads count, some far more often than others (zipf.h). Each thread draws its
 * own sequence before. */
#include "bench/workloads/pair_loop.h"
#include "bench/workloads/zipf.h"

struct shared_set_state {
    size_t next;
    struct object *sequence[SHARED_SET_SEQUENCE]; /* borrowed from the shared set */
};

static int shared_set_prepare(struct trial *trial) { return prepare_set(trial, SHARED_SET_LENGTH); }

static int shared_set_start(struct worker *worker)
{
    struct set *set = worker->trial->shared;
    struct shared_set_state *state = state_alloc(sizeof *state);
    uint16_t *indices = malloc(SHARED_SET_SEQUENCE * sizeof *indices);
    worker->state = state;
    int status = state != NULL && indices != NULL ? zipf_draw(&worker->random, indices) : -1;
    for (size_t i = 0; status == 0 && i < SHARED_SET_SEQUENCE; i++)
        state->sequence[i] = set->items[indices[i]];
    free(indices);
    return status;
}

static uint64_t shared_set_batch(struct worker *worker, uint64_t n)
{
    struct shared_set_state *state = worker->state;
    return pair_cycle(state->sequence, SHARED_SET_SEQUENCE, &state->next, n);
}

static void shared_set_stop(struct worker *worker)
{
    state_free(worker->state, sizeof(struct shared_set_state));
}

static const struct workload shared_set_workload = {
    .name = "shared_set",
    .driver = "scaling",
    .summary = "incref and decref of one of 4096 shared objects, drawn by Zipf's law",
    .points = no_points,
    .threads_min = 1,
    .prepare = shared_set_prepare,
    .start = shared_set_start,
    .batch = shared_set_batch,
    .stop = shared_set_stop,
    .finish = finish_set,
};
