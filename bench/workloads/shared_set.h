/* shared_set: 4096 objects that all threads count, some far more often than others: Zipf's law with
 * exponent 0.99, as in YCSB (Cooper et al., SoCC 2010). Each thread draws its own sequence before. */
#include <math.h>

#include "bench/workloads/pair_loop.h"

enum { SHARED_SET_LENGTH = 4096, SHARED_SET_SEQUENCE = 16384 };
#define SHARED_SET_EXPONENT 0.99

struct shared_set_state {
    size_t next;
    struct object *sequence[SHARED_SET_SEQUENCE]; /* borrowed from the shared set */
};

static int shared_set_prepare(struct trial *trial) { return prepare_set(trial, SHARED_SET_LENGTH); }

/* The rank at which the cumulated weights pass `target`. */
static size_t shared_set_rank(const double *cumulated, double target)
{
    size_t low = 0, high = SHARED_SET_LENGTH - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (cumulated[middle] < target)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int shared_set_start(struct worker *worker)
{
    struct set *set = worker->trial->shared;
    struct shared_set_state *state = state_alloc(sizeof *state);
    double *cumulated = malloc(SHARED_SET_LENGTH * sizeof *cumulated);
    worker->state = state;
    if (state == NULL || cumulated == NULL) {
        free(cumulated);
        return -1;
    }
    double sum = 0;
    for (size_t i = 0; i < SHARED_SET_LENGTH; i++)
        cumulated[i] = sum += pow((double)(i + 1), -SHARED_SET_EXPONENT);
    for (size_t i = 0; i < SHARED_SET_SEQUENCE; i++) {
        double uniform = (double)(random_next(&worker->random) >> 11) * 0x1p-53;
        state->sequence[i] = set->items[shared_set_rank(cumulated, uniform * sum)];
    }
    free(cumulated);
    return 0;
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
