/* cycles: make a ring of lists, each an item of the one before, and drop it: garbage that counting alone never frees.
 * What the policy of the collector costs in throughput, in pauses, and in garbage that waits. */
#include "bench/workloads/collecting.h"

enum { CYCLES_PER_EVENT = 1000 };

static const struct point cycles_points[] = {
    {"size=2;gc=auto", PROFILE_STANDARD},
    {"size=2;gc=auto;threshold=10000", PROFILE_STANDARD},
    {"size=2;gc=time;every_ms=10", PROFILE_STANDARD},
    {"size=2;gc=event", PROFILE_STANDARD},
    {"size=2;gc=off", PROFILE_STANDARD},
    {"size=16;gc=auto", PROFILE_FULL},
    {NULL, PROFILE_QUICK},
};

struct cycles_state {
    uint64_t size, done, next_event;
    uint64_t every_ns, last_ns; /* 0: not by time */
    bool by_event;
};

static bool cycles_leaks(const struct trial *trial) { return trial_param_is(trial, "gc", "off"); }

/* The longest pauses, of full collections of what 10 ms have left, come often enough to be counted. */
static uint64_t cycles_window_ns(const struct trial *trial)
{
    (void)trial;
    return 400000000;
}

/* trial->shared: how many lists all workers have made. */
static int cycles_prepare(struct trial *trial)
{
    collecting_begin(trial);
    trial->shared = state_alloc(sizeof(uint64_t));
    return trial->shared != NULL ? 0 : -1;
}

static int cycles_start(struct worker *worker)
{
    const struct trial *trial = worker->trial;
    struct cycles_state *state = state_alloc(sizeof *state);
    worker->state = state;
    if (state == NULL)
        return -1;
    state->size = trial_param_u64(trial, "size");
    state->by_event = trial_param_is(trial, "gc", "event");
    state->next_event = CYCLES_PER_EVENT;
    if (trial_param_is(trial, "gc", "time") && worker->index == 0)
        state->every_ns = trial_param_u64(trial, "every_ms") * 1000000;
    state->last_ns = clock_ns();
    return 0;
}

/* -1: no memory. */
static int cycles_make(uint64_t size)
{
    struct object *first = list_new(), *last = first;
    if (first == NULL)
        return -1;
    for (uint64_t i = 1; i < size; i++) {
        struct object *next = list_new();
        bool failed = next == NULL || list_append(last, next) != 0;
        object_xdecref(next);
        if (failed) {
            object_decref(first);
            return -1;
        }
        last = next;
    }
    int status = list_append(last, first);
    object_decref(first);
    return status;
}

static void cycles_collect(struct worker *worker, struct cycles_state *state)
{
    if (state->by_event && state->done >= state->next_event) {
        state->next_event = state->done + CYCLES_PER_EVENT;
        collect_now(worker);
    }
    if (state->every_ns == 0)
        return;
    uint64_t now = clock_ns();
    if (now - state->last_ns >= state->every_ns) {
        state->last_ns = now;
        collect_now(worker);
    }
}

static uint64_t cycles_batch(struct worker *worker, uint64_t n)
{
    struct cycles_state *state = worker->state;
    for (uint64_t i = 0; i < n; i++) {
        if (cycles_make(state->size) != 0) {
            trial_fail(worker->trial, "out of memory for a cycle");
            return i;
        }
    }
    state->done += n;
    cycles_collect(worker, state);
    return n;
}

static void cycles_stop(struct worker *worker)
{
    struct cycles_state *state = worker->state;
    uint64_t *made = worker->trial->shared;
    if (state != NULL && made != NULL)
        __atomic_add_fetch(made, state->done * state->size, __ATOMIC_RELAXED);
    state_free(state, sizeof *state);
}

static void cycles_finish(struct trial *trial)
{
    uint64_t left = collecting_end(trial), *made = trial->shared;
    if (!RC_TRACED) /* nobody counts there */
        trial_measure(trial, "garbage_left", (double)left);
    /* A cycle that a wrong count has ended was not the collector's to find. */
    if (!RC_TRACED && made != NULL && gc.statistics.found != *made)
        trial_fail(trial, "the collector found %llu objects, %llu are right", (unsigned long long)gc.statistics.found,
                   (unsigned long long)*made);
    state_free(made, sizeof *made);
}

static const struct workload cycles_workload = {
    .name = "cycles",
    .driver = "memory",
    .summary = "make a cycle of lists and drop it",
    .points = cycles_points,
    .threads_min = 1,
    .staggered = true,
    .unable = needs_collector,
    .leaks = cycles_leaks,
    .window_ns = cycles_window_ns,
    .prepare = cycles_prepare,
    .start = cycles_start,
    .batch = cycles_batch,
    .stop = cycles_stop,
    .finish = cycles_finish,
};
