/* handoff_latency: how long a short task waits for the interpreter behind a thread that computes and never blocks. The
 * holder counts, with safepoints; tasks arrive at random (Poisson), on the average every fifth switch interval,
 * whatever became of those before: the loop is open. The latency of a task is its response: from the moment it was to
 * arrive until it is done, so one that comes while another waits has waited, too (Tene: coordinated omission). Without
 * a GIL what is left is how late the kernel wakes a thread that sleeps. */
#include <math.h>

#include "bench/noise/native_work.h"
#include "bench/workloads/pair_loop.h"

enum { HANDOFF_SET = 256, HANDOFF_TASK_PAIRS = 256, HANDOFF_INTERVALS = 5, HANDOFF_TASKS = 150 };

static const struct point handoff_latency_points[] = {
    {"interval_ms=1", PROFILE_FULL},
    {"interval_ms=5", PROFILE_STANDARD},
    {"interval_ms=20", PROFILE_FULL},
    {NULL, PROFILE_QUICK},
};

struct handoff_latency_state {
    struct set set;
    size_t next;
    uint64_t arrival_ns;  /* of the next task; 0: none yet */
    double mean_ns;       /* between two */
    int timers;           /* of this thread, as they were */
};

static uint64_t handoff_latency_mean_ns(const struct trial *trial)
{
    return trial_param_u64(trial, "interval_ms") * 1000000 * HANDOFF_INTERVALS;
}

static uint64_t handoff_latency_window_ns(const struct trial *trial)
{
    return handoff_latency_mean_ns(trial) * HANDOFF_TASKS;
}

static int handoff_latency_start(struct worker *worker)
{
    struct handoff_latency_state *state = state_alloc(sizeof *state);
    worker->state = state;
    worker->role = worker->index == 0 ? "holder" : "task";
    if (state == NULL)
        return -1;
    state->mean_ns = (double)handoff_latency_mean_ns(worker->trial);
    state->timers = native_sharpen_timers();
    return set_make(&state->set, HANDOFF_SET);
}

/* Exponential, by inversion; a uniform number that is never 0. */
static uint64_t handoff_latency_gap_ns(struct worker *worker, const struct handoff_latency_state *state)
{
    double uniform = ((double)(random_next(&worker->random) >> 11) + 1) * 0x1p-53;
    return (uint64_t)(-log(uniform) * state->mean_ns);
}

/* Detached until the task arrives: then it wants the interpreter, as a thread that comes back from a read. */
static uint64_t handoff_latency_task(struct worker *worker, struct handoff_latency_state *state)
{
    if (state->arrival_ns == 0)
        state->arrival_ns = clock_ns();
    state->arrival_ns += handoff_latency_gap_ns(worker, state);
    thread_detach(worker->thread);
    native_block_until_ns(state->arrival_ns);
    thread_attach(worker->thread);
    pair_cycle(state->set.items, HANDOFF_SET, &state->next, HANDOFF_TASK_PAIRS);
    histogram_add(worker->latency, clock_ns() - state->arrival_ns);
    return 1;
}

static uint64_t handoff_latency_batch(struct worker *worker, uint64_t n)
{
    struct handoff_latency_state *state = worker->state;
    if (worker->index != 0)
        return handoff_latency_task(worker, state);
    return pair_cycle(state->set.items, HANDOFF_SET, &state->next, n);
}

static void handoff_latency_stop(struct worker *worker)
{
    struct handoff_latency_state *state = worker->state;
    if (state == NULL)
        return;
    set_drop(worker->trial, &state->set);
    native_restore_timers(state->timers);
    state_free(state, sizeof *state);
}

static const struct workload handoff_latency_workload = {
    .name = "handoff_latency",
    .driver = "latency",
    .summary = "count, or answer a short task that needs the interpreter; latency: of the task",
    .points = handoff_latency_points,
    .threads_min = 2,
    .threads_max = 2,
    .latency = "response, open loop",
    .staggered = true,
    .window_ns = handoff_latency_window_ns,
    .prepare = prepare_nothing,
    .start = handoff_latency_start,
    .batch = handoff_latency_batch,
    .stop = handoff_latency_stop,
    .finish = finish_nothing,
};
