/* borrow: the seeds' `if A != True`, as an interpreter with a stack runs it: A and True are pushed (counted),
 * compared, dropped; the answer, True or False, is counted, looked at and dropped. Three temporary
 * references an operation, two of them to shared objects. */
#include "bench/workloads/common.h"

enum { BORROW_VARIABLES = 64 };

static int borrow_start(struct worker *worker) { return start_set(worker, BORROW_VARIABLES); }

static uint64_t borrow_batch(struct worker *worker, uint64_t n)
{
    struct set *variables = worker->state;
    for (uint64_t i = 0; i < n; i++) {
        struct object *a = object_incref(variables->items[i % BORROW_VARIABLES]);
        struct object *b = object_incref(bool_of(true));
        OPAQUE(a);
        struct object *answer = object_incref(bool_of(object_compare(a, b) != 0));
        object_decref(b);
        object_decref(a);
        OPAQUE(answer);
        object_decref(answer);
    }
    return n;
}

static const struct workload borrow_workload = {
    .name = "borrow",
    .driver = "overhead",
    .summary = "`if A != True`: three temporary references and a comparison",
    .points = no_points,
    .threads_min = 1,
    .threads_max = 1,
    .prepare = prepare_nothing,
    .start = borrow_start,
    .batch = borrow_batch,
    .stop = stop_set,
    .finish = finish_nothing,
};
