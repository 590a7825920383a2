/* work: programs do more than count. An operation is one unit of work that counts nothing (bench/interpreted.h), and
 * references are taken and dropped in between: so many that they take s % of one thread's time under a GIL with plain
 * counts, and p % of them to 64 objects that all threads share, the rest to 64 of the thread's own. How many that are is
 * calculated from the reference cost of the machine (bench/calibration.h) and stands in the row, `references_per_unit`.
 * With s=100 there is no unit: an operation is one reference.
 *
 * A reference is taken as an interpreter takes one: the count goes up when its stack gets it, and down when the unit of
 * work between is done. So neither can a core merge the two, nor a compiler.
 *
 * Own and shared references have call sites of their own, as in a program, where the function that reads a module's
 * dictionary seldom meets anything private: what the scheme tests is predicted. References to shared objects come in runs
 * for the same reason. */
#include "bench/interpreted.h"
#include "bench/workloads/pair_loop.h"

enum { WORK_OBJECTS = 64, WORK_CYCLE = 1024, WORK_RUN = 2, WORK_DRAWS = 4096 };

struct work_state {
    struct set own;
    struct interpreted interpreted;
    uint32_t own_count[WORK_CYCLE], shared_count[WORK_CYCLE]; /* references that are held while a unit of work runs */
    size_t own_length, shared_length;
    struct object **own_references, **shared_references; /* borrowed: in the order in which they are taken */
    size_t at, next_own, next_shared;
};

/* All of a share of shared references; s=10 has points of its own, and s=100 is the price of a reference. */
#define WORK_POINTS(p, from) \
    {"s=2;p=" p, from}, {"s=5;p=" p, from}, {"s=20;p=" p, from}, {"s=40;p=" p, from}, {"s=80;p=" p, from}

static const struct point work_points[] = {
    {"s=0;p=0", PROFILE_QUICK},         WORK_POINTS("0", PROFILE_QUICK),    {"s=10;p=0", PROFILE_QUICK},
    {"s=100;p=0", PROFILE_QUICK},       {"s=100;p=100", PROFILE_QUICK},     {"s=10;p=1", PROFILE_QUICK},
    {"s=10;p=5", PROFILE_QUICK},        {"s=10;p=20", PROFILE_QUICK},       {"s=10;p=100", PROFILE_QUICK},
    WORK_POINTS("1", PROFILE_STANDARD), WORK_POINTS("5", PROFILE_STANDARD), WORK_POINTS("20", PROFILE_STANDARD),
    WORK_POINTS("100", PROFILE_STANDARD),
    {"s=100;p=1", PROFILE_STANDARD},    {"s=100;p=5", PROFILE_STANDARD},    {"s=100;p=20", PROFILE_STANDARD},
    {NULL, PROFILE_QUICK},
};

static double work_share(const struct trial *trial, const char *name)
{
    return (double)trial_param_u64(trial, name) / 100;
}

/* References for each unit of work, so that s = references / (references + unit) in time. */
static double work_references_per_unit(const struct trial *trial)
{
    double share = work_share(trial, "s");
    return share > 0 && share < 1 ? share / (1 - share) / trial->reference_cost : 0;
}

/* Spreads `total` references over the units of a cycle. Where each unit gets `run` or more, evenly, in two stretches of
 * one number each; else in runs of so many, far from each other. Loops then seldom change their length, so that their
 * ends are predicted. */
static void work_spread(uint32_t *counts, size_t total, size_t run)
{
    memset(counts, 0, WORK_CYCLE * sizeof *counts);
    size_t runs = total / run;
    if (run == 1 || runs >= WORK_CYCLE) {
        for (size_t i = 0; i < WORK_CYCLE; i++)
            counts[i] = (uint32_t)(total / WORK_CYCLE + (i < total % WORK_CYCLE));
        return;
    }
    for (size_t i = 0; i < runs; i++)
        counts[i * WORK_CYCLE / runs] = (uint32_t)run;
    if (total % run > 0)
        counts[WORK_CYCLE - 1] += (uint32_t)(total % run);
}

static int work_prepare(struct trial *trial)
{
    double references = work_references_per_unit(trial);
    if (references > 0)
        trial_measure(trial, "references_per_unit", references);
    return prepare_set(trial, WORK_OBJECTS);
}

static size_t work_most(const uint32_t *counts)
{
    size_t most = 0;
    for (size_t i = 0; i < WORK_CYCLE; i++)
        most = counts[i] > most ? counts[i] : most;
    return most;
}

/* With s=100 WORK_OBJECTS references are taken at once, and no unit runs in between. */
static void work_plan(const struct trial *trial, struct work_state *state)
{
    double references = work_share(trial, "s") < 1 ? work_references_per_unit(trial) : WORK_OBJECTS;
    size_t total = (size_t)(references * WORK_CYCLE + 0.5);
    size_t shared = (size_t)((double)total * work_share(trial, "p") + 0.5);
    work_spread(state->own_count, total - shared, 1);
    work_spread(state->shared_count, shared, WORK_RUN);
    /* Whoever begins in the first round of an array takes its references without a look at its end. */
    state->own_length = WORK_OBJECTS + work_most(state->own_count);
    state->shared_length = WORK_DRAWS + work_most(state->shared_count);
}

static int work_start(struct worker *worker)
{
    const struct set *shared = worker->trial->shared;
    struct work_state *state = state_alloc(sizeof *state);
    worker->state = state;
    if (state == NULL || set_make(&state->own, WORK_OBJECTS) != 0)
        return -1;
    work_plan(worker->trial, state);
    state->own_references = state_alloc(state->own_length * sizeof *state->own_references);
    state->shared_references = state_alloc(state->shared_length * sizeof *state->shared_references);
    if (state->own_references == NULL || state->shared_references == NULL)
        return -1;
    for (size_t i = 0; i < state->own_length; i++)
        state->own_references[i] = state->own.items[i % WORK_OBJECTS];
    for (size_t i = 0; i < state->shared_length; i++)
        state->shared_references[i] = i < WORK_DRAWS ? shared->items[random_below(&worker->random, WORK_OBJECTS)]
                                                     : state->shared_references[i - WORK_DRAWS];
    return 0;
}

/* Unrolled, so that most of what a reference costs is its count. */
static inline void work_take(struct object **references, size_t count)
{
#pragma GCC unroll 8
    for (size_t i = 0; i < count; i++)
        object_incref(references[i]);
}

static inline void work_drop(struct object **references, size_t count)
{
#pragma GCC unroll 8
    for (size_t i = 0; i < count; i++)
        object_decref(references[i]);
}

static uint64_t work_batch(struct worker *worker, uint64_t n)
{
    struct work_state *state = worker->state;
    bool units = work_share(worker->trial, "s") < 1;
    size_t at = state->at, next_own = state->next_own, next_shared = state->next_shared;
    uint64_t done = 0;
    while (done < n) {
        struct object **own = state->own_references + next_own, **shared = state->shared_references + next_shared;
        size_t own_count = state->own_count[at], shared_count = state->shared_count[at];
        work_take(own, own_count);
        work_take(shared, shared_count);
        OPAQUE(own); /* the counts may be read while the references are held */
        if (units)
            interpreted_unit(&state->interpreted);
        work_drop(own, own_count);
        work_drop(shared, shared_count);
        OPAQUE(own);
        done += units ? 1 : own_count + shared_count;
        next_own = (next_own + own_count) % WORK_OBJECTS;
        next_shared = (next_shared + shared_count) % WORK_DRAWS;
        at = (at + 1) % WORK_CYCLE;
    }
    state->at = at;
    state->next_own = next_own;
    state->next_shared = next_shared;
    return done;
}

static void work_stop(struct worker *worker)
{
    struct work_state *state = worker->state;
    if (state == NULL)
        return;
    set_drop(worker->trial, &state->own);
    state_free(state->own_references, state->own_length * sizeof *state->own_references);
    state_free(state->shared_references, state->shared_length * sizeof *state->shared_references);
    state_free(state, sizeof *state);
}

static const struct workload work_workload = {
    .name = "work",
    .driver = "scaling",
    .summary = "one unit of an interpreter's work; s % of the time references, p % of those to 64 shared objects",
    .points = work_points,
    .threads_min = 1,
    .calibration = {.unit = "s=0;p=0", .reference = "s=100;p=0"},
    .prepare = work_prepare,
    .start = work_start,
    .batch = work_batch,
    .stop = work_stop,
    .finish = finish_set,
};
