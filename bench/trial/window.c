/* The measured window. See window.h. */
#include "bench/trial/window.h"

#include <sched.h>
#include <sys/resource.h>

volatile int interrupted;

/* A batch should take this long: long beside a look at the clock (some 20 ns), short beside the window and
 * beside the switch interval of a GIL. */
enum { BATCH_NS_MIN = 10000, BATCH_NS_MAX = 40000, BATCH_MIN = 64, BATCH_MAX = 1 << 20 };

/* So long before the window begins its worker reads what is compared with its end. */
enum { EDGE_NS = 150000 };

/* A neighbour on the core comes and goes within milliseconds: one thread alone looks for it so often. Among several a
 * pause of one would take load from the others. */
#define LOOK_EVERY_NS UINT64_C(2000000)

struct loop {
    struct worker *worker;
    const struct noise_probe *probe;
    const struct variant *variant;
    uint64_t (*run)(struct worker *worker, uint64_t n);
    struct counters counters;
    uint64_t batch;
    uint64_t idle_ns; /* the clock when the last batch had ended: a thread that was then suspended did nothing since */
    uint64_t last_ns; /* the clock when it ran again; without a suspension the same as idle_ns */
    int cpu;
    uint64_t cpu_changes;
};

/* Always, not in the ramp alone: under a GIL a thread may get its first turn when the window has begun. */
static void size_batch(struct loop *loop, uint64_t took_ns)
{
    if (took_ns < BATCH_NS_MIN && loop->batch < BATCH_MAX)
        loop->batch *= 2;
    else if (took_ns > BATCH_NS_MAX && loop->batch > BATCH_MIN)
        loop->batch /= 2;
}

static bool trial_over(const struct worker *worker)
{
    return interrupted || __atomic_load_n(&worker->trial->failed, __ATOMIC_RELAXED);
}

/* One batch, then a safepoint. Returns the operations done. None where the trial is over: a set-up that Ctrl-C has cut
 * short may have left nothing to work on, and a batch then never ends. */
static uint64_t loop_step(struct loop *loop)
{
    uint64_t ops = trial_over(loop->worker) ? 0 : loop->run(loop->worker, loop->batch);
    loop->idle_ns = clock_ns();
    size_batch(loop, loop->idle_ns - loop->last_ns);
    bool suspended = loop->variant->safepoint(loop->worker->thread);
    loop->last_ns = suspended ? clock_ns() : loop->idle_ns;
    int cpu = sched_getcpu();
    loop->cpu_changes += cpu != loop->cpu;
    loop->cpu = cpu;
    return ops;
}

/* Whether the thread was suspended at that moment: not in a batch, however long somebody else had its CPU. */
static bool was_suspended(const struct loop *loop, uint64_t at_ns)
{
    return loop->idle_ns < at_ns && loop->last_ns >= at_ns;
}

/* Full load until then, unless the thread has come back from a suspension in which the window began. */
static void ramp(struct loop *loop, uint64_t until_ns, const struct window *window)
{
    if (was_suspended(loop, window->begin_ns))
        return;
    do
        loop_step(loop);
    while (loop->last_ns < until_ns && !trial_over(loop->worker));
}

/* Between two batches, and no part of the window. */
static void look(struct loop *loop, struct window_result *result)
{
    counters_stop(&loop->counters);
    noise_look(loop->probe, &result->looks);
    counters_start(&loop->counters);
    uint64_t now_ns = clock_ns();
    loop->worker->excluded_ns += now_ns - loop->last_ns;
    loop->last_ns = now_ns;
}

static void note_half(const struct loop *loop, struct window_result *result)
{
    result->half_ns = loop->last_ns;
    result->half_ops = result->ops;
    result->half_excluded_ns = result->excluded_ns;
}

/* The window is over for this worker: where the batch ended that ran into its end, or at that very moment when the
 * worker was suspended. A batch that ran on for longer than the longest before it did not do so because of its work. */
static void note_end(const struct loop *loop, const struct window *window, uint64_t longest_ns,
                     struct window_result *result)
{
    uint64_t explained_ns = window->end_ns + longest_ns;
    result->end_ns = was_suspended(loop, window->end_ns) ? window->end_ns : loop->idle_ns;
    result->overrun_ns = result->end_ns > explained_ns ? result->end_ns - explained_ns : 0;
}

static void measure(struct loop *loop, const struct window *window, struct window_result *result)
{
    uint64_t middle_ns = window->begin_ns + (window->end_ns - window->begin_ns) / 2;
    uint64_t excluded_ns = loop->worker->excluded_ns;
    uint64_t look_ns = window->threads == 1 ? result->begin_ns + LOOK_EVERY_NS : UINT64_MAX;
    uint64_t longest_ns = 0;
    result->end_ns = result->begin_ns;
    while (!trial_over(loop->worker)) {
        uint64_t before_ns = loop->last_ns;
        result->ops += loop_step(loop);
        result->batches++;
        result->excluded_ns = loop->worker->excluded_ns - excluded_ns;
        if (result->half_ns == 0 && loop->last_ns >= middle_ns)
            note_half(loop, result);
        if (loop->last_ns >= window->end_ns) {
            note_end(loop, window, longest_ns, result);
            return;
        }
        if (loop->idle_ns - before_ns > longest_ns)
            longest_ns = loop->idle_ns - before_ns;
        if (loop->last_ns >= look_ns) {
            look(loop, result);
            look_ns = loop->last_ns + LOOK_EVERY_NS;
        }
    }
}

/* What a thread has used so far. */
struct usage {
    struct rusage counts;
    uint64_t cpu_ns;
};

static struct usage thread_usage(void)
{
    struct usage usage = {0};
    struct timespec cpu;
    getrusage(RUSAGE_THREAD, &usage.counts);
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu) == 0)
        usage.cpu_ns = (uint64_t)cpu.tv_sec * 1000000000u + (uint64_t)cpu.tv_nsec;
    return usage;
}

static void note_usage(const struct usage *before, const struct usage *after, struct window_result *result)
{
    const struct rusage *from = &before->counts, *to = &after->counts;
    result->cpu_ns = after->cpu_ns - before->cpu_ns;
    result->ctx_voluntary = to->ru_nvcsw - from->ru_nvcsw;
    result->ctx_involuntary = to->ru_nivcsw - from->ru_nivcsw;
    result->minor_faults = to->ru_minflt - from->ru_minflt;
    result->major_faults = to->ru_majflt - from->ru_majflt;
}

/* Some time before the window, at full load: reading and looking takes tens of microseconds, which belong to the ramp.
 * A thread that was suspended beyond the window's begin reads late: then what it lost counts from before the ramp. */
static void read_begin(struct loop *loop, const struct window *window, struct window_result *result)
{
    noise_probe_read(loop->probe, &result->noise_begin);
    if (was_suspended(loop, window->begin_ns))
        result->noise_begin.delay_ns = loop->probe->opened.delay_ns;
    noise_look(loop->probe, &result->looks);
    loop->cpu_changes = 0;
}

/* The load stays on until the last worker has measured. */
static void cool(struct loop *loop, struct window *window)
{
    __atomic_add_fetch(&window->measured, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&window->measured, __ATOMIC_ACQUIRE) < window->threads) {
        loop_step(loop);
        if (trial_over(loop->worker) && !loop->variant->gil)
            sched_yield();
    }
}

void window_run(struct worker *worker, struct window *window, const struct noise_probe *probe,
                struct window_result *out, struct histogram *waits, struct histogram *latency)
{
    /* On this thread's own stack while it counts: the results of all threads are neighbours. */
    struct window_result own = {0};
    struct histogram own_latency = {0};
    worker->latency = &own_latency;
    const struct variant *variant = worker->trial->variant;
    uint64_t now_ns = clock_ns();
    struct loop loop = {.worker = worker,
                        .probe = probe,
                        .variant = variant,
                        .run = worker->trial->workload->batch,
                        .batch = BATCH_MIN,
                        /* Among several it comes here with its first turn of the GIL, and has waited for that. */
                        .idle_ns = variant->gil && window->threads > 1 ? 0 : now_ns,
                        .last_ns = now_ns,
                        .cpu = sched_getcpu()};
    struct histogram *own_waits = variant->waits(worker->thread);
    counters_open(&loop.counters);
    ramp(&loop, window->begin_ns - EDGE_NS, window);
    read_begin(&loop, window, &own);
    if (own_waits != NULL)
        histogram_reset(own_waits);
    histogram_reset(worker->latency);
    ramp(&loop, window->begin_ns, window);
    uint64_t turns = variant->turns(worker->thread);
    struct usage before = thread_usage();
    own.begin_ns = was_suspended(&loop, window->begin_ns) ? window->begin_ns : loop.idle_ns;
    counters_start(&loop.counters);
    measure(&loop, window, &own);
    counters_stop(&loop.counters);
    struct usage after = thread_usage();
    own.turns = variant->turns(worker->thread) - turns;
    if (own_waits != NULL)
        *waits = *own_waits;
    *latency = own_latency;
    noise_probe_read(probe, &own.noise_end); /* the others are at full load still */
    noise_look(probe, &own.looks);
    own.counts = counters_read(&loop.counters);
    own.cpu_changes = loop.cpu_changes;
    note_usage(&before, &after, &own);
    *out = own;

    cool(&loop, window);
    counters_close(&loop.counters);
    worker->latency = NULL;
}
