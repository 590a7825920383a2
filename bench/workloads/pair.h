/* pair: one increment and one decrement, over a set of objects: the smallest thing that a scheme does.
 * One hot object shows the length of the dependency through its count, in two forms. `inline`: both stand side by
 * side and reach the object through one register. Recent cores then rename the count in memory as they rename
 * registers, and a plain pair is two cycles: a bound that no program sees. `calls`: each is in a function of its own,
 * which has the object in another register. The count then goes through the store buffer both times, as in a program.
 * Where that takes less time than the calls themselves, which `none` shows, those are what is measured.
 * Larger sets show what the instructions and the header's width cost where the counts come from a cache or memory. */
#include "bench/workloads/pair_loop.h"

enum { PAIR_SLICE = 1 << 16 };

struct pair_state {
    struct set set;
    size_t next; /* index where the next batch starts */
    bool calls;
};

static const struct point pair_points[] = {
    {"set=1;code=inline", PROFILE_QUICK},
    {"set=1;code=calls", PROFILE_QUICK},
    {"set=L1", PROFILE_QUICK},
    {"set=L1;order=shuffled", PROFILE_STANDARD},
    {"set=L2", PROFILE_QUICK},
    {"set=L2;order=shuffled", PROFILE_QUICK},
    {"set=L3", PROFILE_STANDARD},
    {"set=L3;order=shuffled", PROFILE_STANDARD},
    {"set=DRAM", PROFILE_FULL},
    {"set=DRAM;order=shuffled", PROFILE_FULL},
    {NULL, PROFILE_QUICK},
};

static int pair_start(struct worker *worker)
{
    struct trial *trial = worker->trial;
    struct pair_state *state = state_alloc(sizeof *state);
    worker->state = state;
    if (state == NULL)
        return -1;
    state->calls = trial_param_is(trial, "code", "calls");
    size_t length = set_length_of(trial);
    trial->working_set_bytes = length * (sizeof(struct int_object) + sizeof(struct object *));
    if (set_reserve(&state->set, length) != 0)
        return -1;
    /* In slices: a set for DRAM takes seconds, and Ctrl-C must not wait for it. */
    while (state->set.length < length && !*trial->interrupted) {
        size_t slice = length - state->set.length < PAIR_SLICE ? length - state->set.length : PAIR_SLICE;
        if (set_fill(&state->set, state->set.length + slice) != 0)
            return -1;
    }
    if (trial_param_is(trial, "order", "shuffled"))
        set_shuffle(&state->set, &worker->random);
    return 0;
}

/* OPAQUE keeps the calls where they count nothing. */
static STANDALONE UNUSED void RC_SYMBOL(pair_take)(struct object *o)
{
    object_incref(o);
    OPAQUE(o);
}

/* `before` is in the register that pair_take has the object in. */
static STANDALONE UNUSED void RC_SYMBOL(pair_drop)(uint64_t before, struct object *o)
{
    OPAQUE(before);
    object_decref(o);
}

static NOINLINE UNUSED uint64_t RC_SYMBOL(pair_calls)(struct object *o, uint64_t n)
{
    for (uint64_t i = n; i > 0; i--) {
        RC_SYMBOL(pair_take)(o);
        RC_SYMBOL(pair_drop)(i, o);
    }
    return n;
}

static uint64_t pair_batch(struct worker *worker, uint64_t n)
{
    struct pair_state *state = worker->state;
    if (state->calls)
        return RC_SYMBOL(pair_calls)(state->set.items[0], n);
    if (state->set.length == 1)
        return RC_SYMBOL(pair_hot)(state->set.items[0], n);
    return pair_cycle(state->set.items, state->set.length, &state->next, n);
}

static void pair_stop(struct worker *worker)
{
    struct pair_state *state = worker->state;
    if (state != NULL)
        set_drop(worker->trial, &state->set);
    state_free(state, sizeof *state);
}

static const struct workload pair_workload = {
    .name = "pair",
    .driver = "overhead",
    .summary = "incref and decref of one object of a set",
    .points = pair_points,
    .threads_min = 1,
    .threads_max = 1,
    .objects = set_length_of,
    .prepare = prepare_nothing,
    .start = pair_start,
    .batch = pair_batch,
    .stop = pair_stop,
    .finish = finish_nothing,
};
