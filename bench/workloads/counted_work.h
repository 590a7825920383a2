/* counted_work: programs do more than count. An operation is one unit of work that counts nothing (bench/workloads/interpreted.h), and
 * references are taken and dropped in between: so many that they take s % of one thread's time under a GIL with plain
 * counts, and p % of them to 64 objects that all threads share, the rest to 64 of the thread's own. How many that are is
 * calculated from the reference cost of the machine (bench/trial/calibration.h) and stands in the row, `references_per_unit`.
 * With s=100 there is no unit: an operation is one reference.
 *
 * References come in groups of four. They are taken before a unit of work and dropped after it, as an interpreter holds
 * operands on its stack: neither a core nor a compiler can merge an increment with its decrement. Groups of own and of
 * shared objects have call sites of their own, as in a program, where a line of code that reads a module's dictionary
 * seldom meets anything private; what the scheme tests there is predicted. */
#include "bench/workloads/interpreted.h"
#include "bench/workloads/pair_loop.h"

enum { COUNTED_WORK_OBJECTS = 64, COUNTED_WORK_CYCLE = 1024, COUNTED_WORK_GROUP = 4, COUNTED_WORK_DRAWS = 4096 };

struct counted_work_state {
    struct set own;
    struct interpreted interpreted;
    uint32_t own_groups[COUNTED_WORK_CYCLE], shared_groups[COUNTED_WORK_CYCLE]; /* that belong to each unit of a cycle */
    struct object *shared[COUNTED_WORK_DRAWS]; /* borrowed: in the order in which they are taken, drawn before the window */
    size_t at, next_own, next_shared;
};

/* All of a share of shared references; s=10 has points of its own, and s=100 is counting alone. */
#define COUNTED_WORK_POINTS(p, from) \
    {"s=2;p=" p, PROFILE_STANDARD}, {"s=5;p=" p, from}, {"s=20;p=" p, from}, {"s=40;p=" p, from}, \
        {"s=80;p=" p, PROFILE_STANDARD}

static const struct point counted_work_points[] = {
    {"s=0;p=0", PROFILE_QUICK},         COUNTED_WORK_POINTS("0", PROFILE_QUICK),    {"s=10;p=0", PROFILE_QUICK},
    {"s=100;p=0", PROFILE_QUICK},       {"s=100;p=100", PROFILE_QUICK},     {"s=10;p=1", PROFILE_QUICK},
    {"s=10;p=5", PROFILE_QUICK},        {"s=10;p=20", PROFILE_QUICK},       {"s=10;p=100", PROFILE_QUICK},
    {"s=20;p=100", PROFILE_QUICK},
    COUNTED_WORK_POINTS("1", PROFILE_STANDARD), COUNTED_WORK_POINTS("5", PROFILE_STANDARD), COUNTED_WORK_POINTS("20", PROFILE_STANDARD),
    {"s=2;p=100", PROFILE_STANDARD},    {"s=5;p=100", PROFILE_STANDARD},    {"s=40;p=100", PROFILE_STANDARD},
    {"s=80;p=100", PROFILE_STANDARD},   {"s=100;p=1", PROFILE_STANDARD},    {"s=100;p=5", PROFILE_STANDARD},
    {"s=100;p=20", PROFILE_STANDARD},
    {NULL, PROFILE_QUICK},
};

static double counted_work_share(const struct trial *trial, const char *name)
{
    return (double)trial_param_u64(trial, name) / 100;
}

/* References for each unit of work, so that s = references / (references + unit) in time. */
static double counted_work_references_per_unit(const struct trial *trial)
{
    double share = counted_work_share(trial, "s");
    return share > 0 && share < 1 ? share / (1 - share) / trial->reference_cost : 0;
}

/* Own groups in two stretches of a cycle, in each of which all units have as many: the branches that depend on it are
 * predicted. */
static void counted_work_spread_own(uint32_t *groups, size_t total)
{
    for (size_t i = 0; i < COUNTED_WORK_CYCLE; i++)
        groups[i] = (uint32_t)(total / COUNTED_WORK_CYCLE + (i < total % COUNTED_WORK_CYCLE));
}

/* Shared ones as far from each other as they can be: together they would find the lines of their objects where the group
 * before has left them, and not at another thread. */
static void counted_work_spread_shared(uint32_t *groups, size_t total)
{
    for (size_t i = 0; i < COUNTED_WORK_CYCLE; i++)
        groups[i] = (uint32_t)((i + 1) * total / COUNTED_WORK_CYCLE - i * total / COUNTED_WORK_CYCLE);
}

static int counted_work_prepare(struct trial *trial)
{
    double references = counted_work_references_per_unit(trial);
    if (references > 0)
        trial_measure(trial, "references_per_unit", references);
    return prepare_set(trial, COUNTED_WORK_OBJECTS);
}

/* With s=100 all own objects are taken and then dropped. So there, too, the store buffer has let go of an increment when
 * its decrement comes: where the two are close together, the second waits for the first. */
static void counted_work_plan(const struct trial *trial, struct counted_work_state *state)
{
    double references = counted_work_share(trial, "s") < 1 ? counted_work_references_per_unit(trial) : COUNTED_WORK_OBJECTS;
    double groups = references * COUNTED_WORK_CYCLE / COUNTED_WORK_GROUP;
    size_t total = (size_t)(groups + 0.5), shared = (size_t)(groups * counted_work_share(trial, "p") + 0.5);
    counted_work_spread_own(state->own_groups, total - shared);
    counted_work_spread_shared(state->shared_groups, shared);
}

static int counted_work_start(struct worker *worker)
{
    const struct set *shared = worker->trial->shared;
    struct counted_work_state *state = state_alloc(sizeof *state);
    worker->state = state;
    if (state == NULL || set_make(&state->own, COUNTED_WORK_OBJECTS) != 0)
        return -1;
    counted_work_plan(worker->trial, state);
    for (size_t i = 0; i < COUNTED_WORK_DRAWS; i++)
        state->shared[i] = shared->items[random_below(&worker->random, COUNTED_WORK_OBJECTS)];
    return 0;
}

/* Written out, so that most of what a reference costs is its count. */
static inline void counted_work_take(struct object **group)
{
    object_incref(group[0]);
    object_incref(group[1]);
    object_incref(group[2]);
    object_incref(group[3]);
}

static inline void counted_work_drop(struct object **group)
{
    object_decref(group[0]);
    object_decref(group[1]);
    object_decref(group[2]);
    object_decref(group[3]);
}

/* A unit of work, and around it all groups that belong to it. The arrays' lengths are multiples of a group's. */
static inline void counted_work_once(struct counted_work_state *state, size_t own_groups, size_t shared_groups, bool unit)
{
    size_t own = state->next_own, shared = state->next_shared;
    for (size_t i = 0; i < own_groups; i++)
        counted_work_take(state->own.items + (own + i * COUNTED_WORK_GROUP) % COUNTED_WORK_OBJECTS);
    for (size_t i = 0; i < shared_groups; i++)
        counted_work_take(state->shared + (shared + i * COUNTED_WORK_GROUP) % COUNTED_WORK_DRAWS);
    OPAQUE(state); /* the counts may be read while the references are held */
    if (unit)
        interpreted_unit(&state->interpreted);
    for (size_t i = 0; i < own_groups; i++)
        counted_work_drop(state->own.items + (own + i * COUNTED_WORK_GROUP) % COUNTED_WORK_OBJECTS);
    for (size_t i = 0; i < shared_groups; i++)
        counted_work_drop(state->shared + (shared + i * COUNTED_WORK_GROUP) % COUNTED_WORK_DRAWS);
    OPAQUE(state);
    state->next_own = (own + own_groups * COUNTED_WORK_GROUP) % COUNTED_WORK_OBJECTS;
    state->next_shared = (shared + shared_groups * COUNTED_WORK_GROUP) % COUNTED_WORK_DRAWS;
}

static uint64_t counted_work_batch(struct worker *worker, uint64_t n)
{
    struct counted_work_state *state = worker->state;
    bool unit = trial_param_u64(worker->trial, "s") < 100;
    uint64_t done = 0;
    while (done < n) {
        size_t own = state->own_groups[state->at], shared = state->shared_groups[state->at];
        counted_work_once(state, own, shared, unit);
        done += unit ? 1 : (own + shared) * COUNTED_WORK_GROUP;
        state->at = (state->at + 1) % COUNTED_WORK_CYCLE;
    }
    return done;
}

static void counted_work_stop(struct worker *worker)
{
    struct counted_work_state *state = worker->state;
    if (state == NULL)
        return;
    set_drop(worker->trial, &state->own);
    state_free(state, sizeof *state);
}

static const struct workload counted_work_workload = {
    .name = "counted_work",
    .driver = "scaling",
    .summary = "one unit of an interpreter's work; s % of the time references, p % of those to 64 shared objects",
    .points = counted_work_points,
    .threads_min = 1,
    .calibration = {.unit = "s=0;p=0", .reference = "s=100;p=0"},
    .prepare = counted_work_prepare,
    .start = counted_work_start,
    .batch = counted_work_batch,
    .stop = counted_work_stop,
    .finish = finish_set,
};
