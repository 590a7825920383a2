/* shared_one: all threads count one object, which none of them made: the worst case of every scheme. */
#include "bench/workloads/pair_loop.h"

static int shared_one_prepare(struct trial *trial) { return prepare_set(trial, 1); }

static uint64_t shared_one_batch(struct worker *worker, uint64_t n)
{
    struct set *set = worker->trial->shared;
    return RC_SYMBOL(pair_hot)(set->items[0], n);
}

static const struct workload shared_one_workload = {
    .name = "shared_one",
    .driver = "scaling",
    .summary = "incref and decref of the one object that all threads share",
    .points = no_points,
    .threads_min = 1,
    .prepare = shared_one_prepare,
    .start = start_nothing,
    .batch = shared_one_batch,
    .stop = stop_nothing,
    .finish = finish_set,
};
