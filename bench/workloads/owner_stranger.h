/* owner_stranger: worker 0 counts an object that it has made, the others count the same one. The rows give
 * each thread's own rate (thread_ops, roles): in a biased scheme the two differ by a factor. */
#include "bench/workloads/pair_loop.h"

static int owner_stranger_start(struct worker *worker)
{
    worker->role = worker->index == 0 ? "owner" : "stranger";
    return worker->index == 0 ? prepare_set(worker->trial, 1) : 0;
}

/* The harness lets no batch begin before every start has ended. */
static uint64_t owner_stranger_batch(struct worker *worker, uint64_t n)
{
    struct set *set = worker->trial->shared;
    return RC_SYMBOL(pair_hot)(set->items[0], n);
}

static const struct workload owner_stranger_workload = {
    .name = "owner_stranger",
    .driver = "scaling",
    .summary = "incref and decref of one object, by the thread that made it and by others",
    .points = no_points,
    .threads_min = 2,
    .prepare = prepare_nothing,
    .start = owner_stranger_start,
    .batch = owner_stranger_batch,
    .stop = stop_nothing,
    .finish = finish_set,
};
