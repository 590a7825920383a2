/* released: each thread spends f % of its work outside of the interpreter, detached: in native code that computes, or
 * blocked in the kernel. Under a GIL that is the part that lets others run; with a large f a GIL costs nothing.
 *
 * An operation is one unit of work, 500 dependent multiplications, wherever it is done: 1500 cycles on most processors,
 * 0.4 us at 3.75 GHz. Inside it comes together with 40 pairs (one for each 10 ns, as an interpreter counts), outside
 * without. A blocked thread counts the units whose time it has waited. So operations per second compare across f, out
 * and variants. A section is 100 units, f of them outside; a blocked one is ten times as long, since a sleep ends tens
 * of microseconds late. */
#include "bench/noise/native_work.h"
#include "bench/workloads/pair_loop.h"

enum { RELEASED_OBJECTS = 256, RELEASED_UNIT_STEPS = 500, RELEASED_UNIT_PAIRS = 40, RELEASED_BLOCKED_FACTOR = 10 };
#define RELEASED_UNIT_NS 400 /* about: how long a window must be */

struct released_state {
    struct set set;
    size_t next;
    uint64_t inside, outside; /* units of one section */
    uint64_t outside_ns;      /* what those take here */
    bool blocks;
    int timers;               /* of this thread, as they were */
};

static const struct point released_points[] = {
    {"out=native;f=0", PROFILE_QUICK},  {"out=native;f=25", PROFILE_STANDARD}, {"out=native;f=50", PROFILE_QUICK},
    {"out=native;f=75", PROFILE_STANDARD}, {"out=native;f=90", PROFILE_STANDARD}, {"out=block;f=25", PROFILE_FULL},
    {"out=block;f=50", PROFILE_QUICK},  {"out=block;f=75", PROFILE_FULL},      {"out=block;f=90", PROFILE_STANDARD},
    {NULL, PROFILE_QUICK},
};

static inline bool released_blocks(const struct trial *trial) { return trial_param_is(trial, "out", "block"); }

static inline uint64_t released_units(const struct trial *trial)
{
    return released_blocks(trial) ? 100 * RELEASED_BLOCKED_FACTOR : 100;
}

/* One section is one batch. */
static uint64_t released_batch_ns(const struct trial *trial) { return released_units(trial) * RELEASED_UNIT_NS; }

/* On one pinned thread, before the others begin. */
static int released_prepare(struct trial *trial)
{
    trial->sleeps = released_blocks(trial);
    (void)native_steps_per_us();
    return 0;
}

static int released_start(struct worker *worker)
{
    const struct trial *trial = worker->trial;
    struct released_state *state = state_alloc(sizeof *state);
    worker->state = state;
    if (state == NULL)
        return -1;
    state->blocks = released_blocks(trial);
    state->outside = released_units(trial) * strtoull(trial_param(trial, "f"), NULL, 10) / 100;
    state->inside = released_units(trial) - state->outside;
    state->outside_ns = (uint64_t)((double)state->outside * RELEASED_UNIT_STEPS * 1000 / native_steps_per_us());
    state->timers = native_sharpen_timers();
    return set_make(&state->set, RELEASED_OBJECTS);
}

/* Detached, so no object is touched. */
static inline void released_leave(struct worker *worker, struct released_state *state)
{
    thread_detach(worker->thread);
    if (state->blocks) {
        native_block_ns(state->outside_ns);
    } else {
        uint64_t end = native_spin(state->outside * RELEASED_UNIT_STEPS);
        OPAQUE(&end);
    }
    thread_attach(worker->thread);
}

static uint64_t released_batch(struct worker *worker, uint64_t n)
{
    struct released_state *state = worker->state;
    (void)n; /* a section is as long as it is */
    for (uint64_t i = 0; i < state->inside; i++) {
        uint64_t end = native_spin(RELEASED_UNIT_STEPS);
        OPAQUE(&end);
        pair_cycle(state->set.items, RELEASED_OBJECTS, &state->next, RELEASED_UNIT_PAIRS);
    }
    if (state->outside > 0)
        released_leave(worker, state);
    return state->inside + state->outside;
}

static void released_stop(struct worker *worker)
{
    struct released_state *state = worker->state;
    if (state == NULL)
        return;
    set_drop(worker->trial, &state->set);
    native_restore_timers(state->timers);
    state_free(state, sizeof *state);
}

static const struct workload released_workload = {
    .name = "released",
    .driver = "scaling",
    .summary = "one unit of work, 500 multiplications; f % of them outside, in native code or blocked, where a GIL is "
               "released",
    .points = released_points,
    .threads_min = 1,
    .batch_ns = released_batch_ns,
    .prepare = released_prepare,
    .start = released_start,
    .batch = released_batch,
    .stop = released_stop,
    .finish = finish_nothing,
};
