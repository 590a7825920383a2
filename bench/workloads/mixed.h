/* mixed: p % of the references go to 64 objects that all threads share, the rest to 64 of the thread's own,
 * in an order drawn before: at which share of shared objects does a scheme stop to scale? */
#include "bench/workloads/pair_loop.h"

enum { MIXED_OBJECTS = 64 };

struct mixed_state {
    struct set own;
    struct object *objects[2 * MIXED_OBJECTS]; /* borrowed: the own, then the shared */
    uint8_t order[DRAWS];                      /* of indices into objects, drawn before the window */
    size_t next;
};

static const struct point mixed_points[] = {
    {"p=0", PROFILE_QUICK},   {"p=1", PROFILE_STANDARD},  {"p=5", PROFILE_QUICK},   {"p=10", PROFILE_STANDARD},
    {"p=25", PROFILE_QUICK},  {"p=50", PROFILE_STANDARD}, {"p=100", PROFILE_QUICK}, {NULL, PROFILE_QUICK},
};

static int mixed_prepare(struct trial *trial) { return prepare_set(trial, MIXED_OBJECTS); }

/* Exactly p % of the draws are shared objects, at random positions (selection sampling, Knuth 3.4.2 S: each draw
 * is shared with the share that is still missing among those that are left). */
static int mixed_start(struct worker *worker)
{
    struct set *shared = worker->trial->shared;
    struct mixed_state *state = state_alloc(sizeof *state);
    worker->state = state;
    if (state == NULL || set_make(&state->own, MIXED_OBJECTS) != 0)
        return -1;
    size_t percent = strtoull(trial_param(worker->trial, "p"), NULL, 10);
    memcpy(state->objects, state->own.items, MIXED_OBJECTS * sizeof *state->objects);
    memcpy(state->objects + MIXED_OBJECTS, shared->items, MIXED_OBJECTS * sizeof *state->objects);
    size_t missing = DRAWS * percent / 100;
    for (size_t i = 0; i < DRAWS; i++) {
        bool from_shared = random_below(&worker->random, DRAWS - i) < missing;
        missing -= from_shared;
        state->order[i] = (uint8_t)(random_below(&worker->random, MIXED_OBJECTS) + (from_shared ? MIXED_OBJECTS : 0));
    }
    return 0;
}

static uint64_t mixed_batch(struct worker *worker, uint64_t n)
{
    struct mixed_state *state = worker->state;
    size_t at = state->next;
    for (uint64_t i = 0; i < n; i++) {
        pair_once(state->objects[state->order[at]]);
        at = (at + 1) % DRAWS;
    }
    state->next = at;
    return n;
}

static void mixed_stop(struct worker *worker)
{
    struct mixed_state *state = worker->state;
    if (state != NULL)
        set_drop(worker->trial, &state->own);
    state_free(state, sizeof *state);
}

static const struct workload mixed_workload = {
    .name = "mixed",
    .driver = "scaling",
    .summary = "incref and decref; p % of them on 64 shared objects, the rest on own ones",
    .points = mixed_points,
    .threads_min = 1,
    .prepare = mixed_prepare,
    .start = mixed_start,
    .batch = mixed_batch,
    .stop = mixed_stop,
    .finish = finish_set,
};
