/* The measured window. See window.h. */
#include "bench/window.h"

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
    uint64_t batch;
    uint64_t last_ns; /* the clock when the batch before had ended and the thread ran again */
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

/* One batch, then a safepoint. `after`: the clock after the batch, or, when the thread was suspended in the
 * safepoint, 0 operations later. */
struct step {
    uint64_t ops;
    uint64_t batch_end_ns;
    uint64_t after_ns;
    bool suspended;
};

static struct step loop_step(struct loop *loop)
{
    struct step step;
    step.ops = loop->run(loop->worker, loop->batch);
    step.batch_end_ns = clock_ns();
    step.suspended = loop->variant->safepoint(loop->worker->thread);
    step.after_ns = step.suspended ? clock_ns() : step.batch_end_ns;
    size_batch(loop, step.batch_end_ns - loop->last_ns);
    loop->last_ns = step.after_ns;
    int cpu = sched_getcpu();
    loop->cpu_changes += cpu != loop->cpu;
    loop->cpu = cpu;
    return step;
}

static bool trial_over(const struct worker *worker)
{
    return interrupted || __atomic_load_n(&worker->trial->failed, __ATOMIC_RELAXED);
}

/* Full load until then. Returns when it is then for this worker: where the batch ended that ran into it, or that very
 * moment when this worker was suspended then and so did nothing. */
static uint64_t ramp(struct loop *loop, uint64_t until_ns)
{
    if (loop->last_ns >= until_ns && loop->variant->gil)
        return until_ns; /* it has waited for its first turn */
    while (!trial_over(loop->worker)) {
        struct step step = loop_step(loop);
        if (step.batch_end_ns >= until_ns)
            return step.batch_end_ns;
        if (step.after_ns >= until_ns)
            return until_ns;
    }
    return clock_ns();
}

/* Between two batches, and no part of the window. */
static void look(struct loop *loop, struct window_result *result)
{
    noise_look(loop->probe, &result->looks);
    uint64_t now_ns = clock_ns();
    loop->worker->excluded_ns += now_ns - loop->last_ns;
    loop->last_ns = now_ns;
}

static void measure(struct loop *loop, const struct window *window, struct window_result *result)
{
    uint64_t middle_ns = window->begin_ns + (window->end_ns - window->begin_ns) / 2;
    uint64_t excluded_ns = loop->worker->excluded_ns;
    uint64_t look_ns = window->threads == 1 ? result->begin_ns + LOOK_EVERY_NS : UINT64_MAX;
    result->end_ns = result->begin_ns;
    while (!trial_over(loop->worker)) {
        struct step step = loop_step(loop);
        result->ops += step.ops;
        result->batches++;
        result->excluded_ns = loop->worker->excluded_ns - excluded_ns;
        if (result->half_ns == 0 && step.after_ns >= middle_ns) {
            result->half_ns = step.after_ns;
            result->half_ops = result->ops;
            result->half_excluded_ns = result->excluded_ns;
        }
        result->end_ns = step.batch_end_ns;
        if (step.batch_end_ns >= window->end_ns)
            return;
        if (step.after_ns >= window->end_ns) {
            result->end_ns = window->end_ns; /* suspended over the end: nothing was done since the batch */
            return;
        }
        if (step.after_ns >= look_ns) {
            look(loop, result);
            look_ns = loop->last_ns + LOOK_EVERY_NS;
        }
    }
}

static struct rusage thread_usage(void)
{
    struct rusage usage = {0};
    getrusage(RUSAGE_THREAD, &usage);
    return usage;
}

void window_run(struct worker *worker, struct window *window, const struct noise_probe *probe,
                struct window_result *out, struct histogram *waits, struct histogram *latency)
{
    /* On this thread's own stack while it counts: the results of all threads are neighbours. */
    struct window_result own = {0}, *result = &own;
    struct histogram own_latency = {0};
    worker->latency = &own_latency;
    const struct variant *variant = worker->trial->variant;
    struct loop loop = {.worker = worker,
                        .probe = probe,
                        .variant = variant,
                        .run = worker->trial->workload->batch,
                        .batch = BATCH_MIN,
                        .last_ns = clock_ns(),
                        .cpu = sched_getcpu()};
    /* Reading all this takes some microseconds: they belong to the ramp. */
    ramp(&loop, window->begin_ns - EDGE_NS);
    loop.cpu_changes = 0;
    struct rusage before = thread_usage();
    noise_probe_read(probe, &result->noise_begin);
    noise_look(probe, &result->looks);
    uint64_t turns = variant->turns(worker->thread);
    struct histogram *own_waits = variant->waits(worker->thread);
    if (own_waits != NULL)
        histogram_reset(own_waits);
    histogram_reset(worker->latency);
    result->begin_ns = ramp(&loop, window->begin_ns);
    measure(&loop, window, result);
    if (own_waits != NULL)
        *waits = *own_waits;
    *latency = own_latency;
    result->turns = variant->turns(worker->thread) - turns;
    noise_probe_read(probe, &result->noise_end); /* the others are at full load still */
    noise_look(probe, &result->looks);
    struct rusage after = thread_usage();

    result->cpu_changes = loop.cpu_changes;
    result->ctx_voluntary = after.ru_nvcsw - before.ru_nvcsw;
    result->ctx_involuntary = after.ru_nivcsw - before.ru_nivcsw;
    result->minor_faults = after.ru_minflt - before.ru_minflt;
    result->major_faults = after.ru_majflt - before.ru_majflt;
    *out = own;

    __atomic_add_fetch(&window->measured, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&window->measured, __ATOMIC_ACQUIRE) < window->threads) {
        loop_step(&loop);
        if (trial_over(worker) && !variant->gil)
            sched_yield();
    }
    worker->latency = NULL;
}
