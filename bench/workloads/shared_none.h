/* shared_none: all threads take and drop references to None: what immortality is for. */
#include "bench/workloads/pair_loop.h"

static uint64_t shared_none_batch(struct worker *worker, uint64_t n)
{
    (void)worker;
    return RC_SYMBOL(pair_hot)(none(), n);
}

/* Alone again: the model's own reference must be the only one left. */
static void shared_none_finish(struct trial *trial) { audit_count(trial, "None", none(), 1); }

static const struct workload shared_none_workload = {
    .name = "shared_none",
    .driver = "scaling",
    .summary = "incref and decref of None by all threads",
    .points = no_points,
    .threads_min = 1,
    .prepare = prepare_nothing,
    .start = start_nothing,
    .batch = shared_none_batch,
    .stop = stop_nothing,
    .finish = shared_none_finish,
};
