/* call: push a function and three arguments, use them, drop them: a stack of references. The callee adds
 * its arguments and returns an int, one of the shared small ones. */
#include "bench/workloads/common.h"

enum { CALL_COUNT = 3 };

struct call_state {
    struct object *function;
    struct object *arguments[CALL_COUNT];
};

static struct object *call_add(struct object *function, struct object **arguments, size_t count)
{
    (void)function;
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += int_value(arguments[i]);
    return int_get(sum & 0xff);
}

static int call_start(struct worker *worker)
{
    struct call_state *state = state_alloc(sizeof *state);
    worker->state = state;
    if (state == NULL)
        return -1;
    struct object *name = str_new("add", 3);
    if (name == NULL)
        return -1;
    state->function = function_new(name, NULL, call_add);
    object_decref(name);
    bool complete = state->function != NULL;
    for (uint64_t i = 0; i < CALL_COUNT; i++)
        complete &= (state->arguments[i] = own_int(i)) != NULL;
    return complete ? 0 : -1;
}

static uint64_t call_batch(struct worker *worker, uint64_t n)
{
    struct call_state *state = worker->state;
    for (uint64_t i = 0; i < n; i++)
        object_decref(function_call(state->function, state->arguments, CALL_COUNT));
    return n;
}

static void call_stop(struct worker *worker)
{
    struct call_state *state = worker->state;
    if (state == NULL)
        return;
    if (state->function != NULL)
        audit_count(worker->trial, "the function", state->function, 1);
    object_xdecref(state->function);
    for (size_t i = 0; i < CALL_COUNT; i++) {
        if (state->arguments[i] != NULL)
            audit_count(worker->trial, "an argument", state->arguments[i], 1);
        object_xdecref(state->arguments[i]);
    }
    state_free(state, sizeof *state);
}

static const struct workload call_workload = {
    .name = "call",
    .driver = "overhead",
    .summary = "a call with three arguments: five references pushed and dropped",
    .points = no_points,
    .threads_min = 1,
    .threads_max = 1,
    .prepare = prepare_nothing,
    .start = call_start,
    .batch = call_batch,
    .stop = call_stop,
    .finish = finish_nothing,
};
