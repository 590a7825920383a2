/* borrow_chain: `a.b.c.d`, as an interpreter evaluates it: take a temporary reference to the next object, drop the
 * one to the object before, go on. One operation is one step. */
#include "bench/workloads/common.h"

static const struct point borrow_chain_points[] = {
    {"length=4", PROFILE_QUICK},
    {"length=1000", PROFILE_STANDARD},
    {NULL, PROFILE_QUICK},
};

/* Tuples, each with one reference to the next; the last one is empty. The state is the first one. */
static int borrow_chain_start(struct worker *worker)
{
    uint64_t length = strtoull(trial_param(worker->trial, "length"), NULL, 10);
    struct object *first = NULL;
    for (uint64_t i = 0; i < length; i++) {
        struct object *tuple = tuple_new(first != NULL ? 1 : 0);
        if (tuple == NULL) {
            object_xdecref(first);
            return -1;
        }
        if (first != NULL)
            tuple_fill(tuple, 0, first);
        first = tuple;
    }
    worker->state = first;
    worker->trial->working_set_bytes = length * tuple_size(1);
    return 0;
}

static uint64_t borrow_chain_batch(struct worker *worker, uint64_t n)
{
    struct object *at = object_incref(worker->state);
    for (uint64_t i = 0; i < n; i++) {
        bool last = tuple_of(at)->length == 0;
        struct object *next = object_incref(last ? worker->state : tuple_peek(at, 0));
        object_decref(at);
        at = next;
    }
    object_decref(at);
    return n;
}

static void borrow_chain_stop(struct worker *worker)
{
    struct object *first = worker->state;
    for (struct object *at = first; at != NULL; at = tuple_of(at)->length > 0 ? tuple_peek(at, 0) : NULL)
        audit_count(worker->trial, "an object of the chain", at, 1);
    object_xdecref(first);
}

static const struct workload borrow_chain_workload = {
    .name = "borrow_chain",
    .driver = "overhead",
    .summary = "one step of a.b.c.d: borrow the next object, drop the one before",
    .points = borrow_chain_points,
    .threads_min = 1,
    .prepare = prepare_nothing,
    .start = borrow_chain_start,
    .batch = borrow_chain_batch,
    .stop = borrow_chain_stop,
    .finish = finish_nothing,
};
