/* mixed: p % of the references go to 64 objects that all threads share, the rest to 64 of the thread's own: at which
 * share of shared objects does a scheme stop to scale?
 *
 * In two orders, both drawn before the window, of objects at random. `runs`: MIXED_RUN references to shared objects
 * follow each other, then as many to own ones as p asks for, and each kind has a call site of its own. Call sites in
 * programs are so: who reads a module's dictionary seldom meets anything private, and what a scheme tests there is
 * predicted. Answers about shares rest on this order. `random`: every reference is of either kind, at one call site.
 * A scheme that tests whose an object is then pays a mispredicted branch for each shared reference (for each own one
 * where most are shared), on top of what the reference costs: an upper bound, for code that all objects pass through.
 *
 * A run is shorter than the number of shared objects, so that a thread seldom meets the same one twice in a run: what
 * the others have done to its line meanwhile is part of the cost, as in the other order. */
#include "bench/workloads/pair_loop.h"

enum { MIXED_OBJECTS = 64, MIXED_RUN = 16 };

struct mixed_state {
    struct set own;
    struct object *objects[2 * MIXED_OBJECTS]; /* borrowed: the own, then the shared */
    uint8_t order[DRAWS];                      /* of indices into objects, drawn before the window */
    size_t next;
    size_t own_run, shared_run; /* order=runs: how many follow each other; else 0 */
};

static const struct point mixed_points[] = {
    {"order=runs;p=0", PROFILE_QUICK},       {"order=runs;p=1", PROFILE_STANDARD},
    {"order=runs;p=5", PROFILE_QUICK},       {"order=runs;p=10", PROFILE_STANDARD},
    {"order=runs;p=25", PROFILE_QUICK},      {"order=runs;p=50", PROFILE_STANDARD},
    {"order=runs;p=100", PROFILE_QUICK},     {"order=random;p=0", PROFILE_STANDARD},
    {"order=random;p=1", PROFILE_FULL},      {"order=random;p=5", PROFILE_STANDARD},
    {"order=random;p=10", PROFILE_FULL},     {"order=random;p=25", PROFILE_STANDARD},
    {"order=random;p=50", PROFILE_FULL},     {"order=random;p=100", PROFILE_STANDARD},
    {NULL, PROFILE_QUICK},
};

static int mixed_prepare(struct trial *trial) { return prepare_set(trial, MIXED_OBJECTS); }

static uint8_t mixed_draw(struct worker *worker, bool from_shared)
{
    return (uint8_t)(random_below(&worker->random, MIXED_OBJECTS) + (from_shared ? MIXED_OBJECTS : 0));
}

/* Exactly p % of the draws are shared objects, at random positions (selection sampling, Knuth 3.4.2 S: each draw
 * is shared with the share that is still missing among those that are left). */
static void mixed_order_random(struct worker *worker, struct mixed_state *state, size_t percent)
{
    size_t missing = DRAWS * percent / 100;
    for (size_t i = 0; i < DRAWS; i++) {
        bool from_shared = random_below(&worker->random, DRAWS - i) < missing;
        missing -= from_shared;
        state->order[i] = mixed_draw(worker, from_shared);
    }
}

/* The place of each draw says of which kind it is. Where all are of one kind a run is as long as with p=1. */
static void mixed_order_runs(struct worker *worker, struct mixed_state *state, size_t percent)
{
    bool both_kinds = percent > 0 && percent < 100;
    state->shared_run = both_kinds ? MIXED_RUN : MIXED_RUN * percent;
    state->own_run = both_kinds ? MIXED_RUN * (100 - percent) / percent : MIXED_RUN * (100 - percent);
    size_t both = state->own_run + state->shared_run;
    for (size_t i = 0; i < DRAWS; i++)
        state->order[i] = mixed_draw(worker, i % both >= state->own_run);
}

static int mixed_start(struct worker *worker)
{
    struct set *shared = worker->trial->shared;
    struct mixed_state *state = state_alloc(sizeof *state);
    worker->state = state;
    if (state == NULL || set_make(&state->own, MIXED_OBJECTS) != 0)
        return -1;
    memcpy(state->objects, state->own.items, MIXED_OBJECTS * sizeof *state->objects);
    memcpy(state->objects + MIXED_OBJECTS, shared->items, MIXED_OBJECTS * sizeof *state->objects);
    size_t percent = trial_param_u64(worker->trial, "p");
    if (trial_param_is(worker->trial, "order", "runs"))
        mixed_order_runs(worker, state, percent);
    else
        mixed_order_random(worker, state, percent);
    return 0;
}

/* Compiled anew wherever it stands: each is a call site. */
static ALWAYS_INLINE void mixed_run(struct mixed_state *state, const uint8_t *order, size_t length)
{
    for (const uint8_t *end = order + length; order < end; order++)
        pair_once(state->objects[*order]);
}

/* Whole rounds of a run of own and a run of shared references, at least one. */
static uint64_t mixed_runs(struct mixed_state *state, uint64_t n)
{
    size_t both = state->own_run + state->shared_run;
    uint64_t done = 0;
    for (; done < n; done += both) {
        if (state->next + both > DRAWS)
            state->next = 0;
        mixed_run(state, state->order + state->next, state->own_run);
        mixed_run(state, state->order + state->next + state->own_run, state->shared_run);
        state->next += both;
    }
    return done;
}

static uint64_t mixed_batch(struct worker *worker, uint64_t n)
{
    struct mixed_state *state = worker->state;
    if (state->own_run + state->shared_run > 0)
        return mixed_runs(state, n);
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
