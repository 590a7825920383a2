/* dict_update: replace the value of a key that is there, in random order: a look-up, an increment, a
 * decrement. The values are 64 objects, so the counts are far from 1 and nothing dies. */
#include "bench/workloads/common.h"

enum { DICT_UPDATE_KEYS = 1024, DICT_UPDATE_VALUES = 64 };

struct dict_update_state {
    struct set keys, values;
    struct object *dict;
    uint16_t order[DRAWS]; /* drawn before the window */
    size_t next;
};

static int dict_update_start(struct worker *worker)
{
    struct dict_update_state *state = state_alloc(sizeof *state);
    worker->state = state;
    if (state == NULL || set_make(&state->keys, DICT_UPDATE_KEYS) != 0 ||
        set_make(&state->values, DICT_UPDATE_VALUES) != 0 || (state->dict = dict_new()) == NULL)
        return -1;
    for (size_t i = 0; i < DICT_UPDATE_KEYS; i++)
        if (dict_set(state->dict, state->keys.items[i], state->values.items[0]) != 0)
            return -1;
    for (size_t i = 0; i < DRAWS; i++)
        state->order[i] = (uint16_t)random_below(&worker->random, DICT_UPDATE_KEYS);
    return 0;
}

static uint64_t dict_update_batch(struct worker *worker, uint64_t n)
{
    struct dict_update_state *state = worker->state;
    size_t at = state->next;
    for (uint64_t i = 0; i < n; i++) {
        struct object *key = state->keys.items[state->order[at]];
        if (dict_set(state->dict, key, state->values.items[at % DICT_UPDATE_VALUES]) != 0)
            trial_fail(worker->trial, "out of memory for a dict");
        at = (at + 1) % DRAWS;
    }
    state->next = at;
    return n;
}

static void dict_update_stop(struct worker *worker)
{
    struct dict_update_state *state = worker->state;
    if (state == NULL)
        return;
    if (state->dict != NULL && dict_length(state->dict) != DICT_UPDATE_KEYS)
        trial_fail(worker->trial, "the dict has %zu entries, %d are right", dict_length(state->dict),
                   DICT_UPDATE_KEYS);
    object_xdecref(state->dict);
    set_drop(worker->trial, &state->keys);
    set_drop(worker->trial, &state->values);
    state_free(state, sizeof *state);
}

static const struct workload dict_update_workload = {
    .name = "dict_update",
    .driver = "overhead",
    .summary = "replace the value of a random key among 1024",
    .points = no_points,
    .threads_min = 1,
    .threads_max = 1,
    .prepare = prepare_nothing,
    .start = dict_update_start,
    .batch = dict_update_batch,
    .stop = dict_update_stop,
    .finish = finish_nothing,
};
