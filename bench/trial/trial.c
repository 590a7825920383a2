/* A trial. See trial.h. The order of its steps, on every thread, is trial_run_thread below. */
#include "bench/trial/trial.h"

#include <time.h>

#include "bench/trial/barrier.h"
#include "bench/noise/neighbour_probe.h"
#include "bench/machine/pin.h"
#include "bench/machine/topology.h"
#include "bench/trial/watch.h"
#include "core/memory/account.h"

#define OVERLAP_MIN 0.99
/* Of the window that was asked for: a thread that did not run when it began starts late, and one thread always
 * overlaps with itself. Batches that are long beside a short window move both ends, so this is no finer. */
#define WINDOW_MIN 0.5
/* Of it, beyond what a batch explains: more is time in which the trial stood still. */
#define OVERRUN_MAX 0.01
/* What the set-up, the audit and a batch that runs on may take of the time of a trial, in windows. */
enum { WINDOWS_EXPLAINED = 10 };

struct trial_run {
    struct cell *cell;
    const struct options *options;
    struct trial trial;
    struct window window;
    struct barrier barrier;
    struct trial_result result;
    struct worker *workers;
    void *main_thread;               /* of the model: makes the shared objects, then waits, detached */
    struct noise_machine machine_before, machine_after;
    uint32_t pin_failed;
    bool shares_core;                /* two of the cell's threads are on one core */
    unsigned stretch;                /* the window's factor: grows when a GIL's turns were too few */
};

const char *status_name(enum status status)
{
    static const char *const names[] = {"ok", "invalid", "skipped", "oversubscribed"};
    return names[status];
}

static unsigned worker_cpu(const struct trial_run *run, unsigned index)
{
    return run->options->cpu_order[index % run->options->pus];
}

static bool pinned(const struct trial_run *run) { return run->options->placement != PLACEMENT_NONE; }

static unsigned cpus_used(const struct trial_run *run)
{
    return run->cell->threads < run->options->pus ? run->cell->threads : run->options->pus;
}

/* Of the CPUs that the trial uses. */
static void machine_edge(const struct trial_run *run, struct noise_machine *found)
{
    noise_machine_read(run->options->cpu_order, cpus_used(run), found);
}

static bool shares_core(const struct trial_run *run)
{
    const struct options *options = run->options;
    for (unsigned a = 1; pinned(run) && a < cpus_used(run); a++)
        for (unsigned b = 0; b < a; b++)
            if (strcmp(topology_distance(options->topology, options->cpu_order[a], options->cpu_order[b]), "smt") == 0)
                return true;
    return false;
}

struct trial_run *trial_run_new(struct cell *cell, const struct options *options)
{
    struct trial_run *run = aligned_alloc(_Alignof(struct trial_run), sizeof *run);
    if (run == NULL)
        return NULL;
    memset(run, 0, sizeof *run);
    run->cell = cell;
    run->options = options;
    run->stretch = 1;
    barrier_init(&run->barrier, cell->threads);
    run->result.threads = cell->threads;
    run->result.thread = calloc(cell->threads, sizeof *run->result.thread);
    run->workers = aligned_alloc(LINE_BYTES, cell->threads * sizeof *run->workers);
    if (run->result.thread == NULL || run->workers == NULL) {
        trial_run_free(run);
        return NULL;
    }
    run->shares_core = shares_core(run);
    return run;
}

void trial_run_free(struct trial_run *run)
{
    free(run->result.thread);
    free(run->workers);
    free(run);
}

static uint64_t asked_window_ns(const struct trial_run *run)
{
    return cell_window_ns(run->cell, run->options) * run->stretch;
}

static uint64_t explained_ns(const struct trial_run *run)
{
    return (cell_ramp_ns(run->cell, run->options) + asked_window_ns(run)) * WINDOWS_EXPLAINED;
}

/* Thread 0, before any other may pass: everything that the others will read. */
static void begin(struct trial_run *run)
{
    const struct cell *cell = run->cell;
    run->trial = (struct trial){.variant = cell->variant,
                                .workload = cell->workload,
                                .params = cell->params,
                                .threads = cell->threads,
                                .seed = run->options->seed,
                                .interrupted = &interrupted,
                                .memory_bytes = memory_total_bytes(),
                                .reference_cost = run->options->reference_cost};
    memcpy(run->trial.cache_bytes, run->options->cache_bytes, sizeof run->trial.cache_bytes);
    memory_settle();
    memory_peak_reset();
    struct trial_thread *thread = run->result.thread;
    memset(thread, 0, cell->threads * sizeof *thread);
    run->result = (struct trial_result){.threads = cell->threads, .thread = thread};
    time_t now = time(NULL);
    struct tm utc;
    strftime(run->result.utc, sizeof run->result.utc, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    run->main_thread = NULL;
    run->pin_failed = 0;
    cell->variant->open(cell_switch_interval_ns(cell, run->options));
}

static void pin(struct trial_run *run, unsigned index)
{
    char error[200];
    struct trial_thread *thread = &run->result.thread[index];
    thread->cpu = worker_cpu(run, index);
    thread->numa_node = numa_node_of_pu(run->options->topology, thread->cpu);
    if (pinned(run) && pin_self(run->options->topology, thread->cpu, error, sizeof error) != 0)
        trial_fail(&run->trial, "%s", error);
}

/* On thread 0, as the model's main thread: the shared objects, which are a stranger's to all workers. */
static void prepare(struct trial_run *run)
{
    const struct variant *variant = run->cell->variant;
    run->main_thread = variant->enter();
    if (run->main_thread == NULL || variant->populate() != 0) {
        trial_fail(&run->trial, "out of memory for the model");
        if (run->main_thread != NULL)
            variant->leave(run->main_thread);
        run->main_thread = NULL;
        return;
    }
    variant->watch_collector(&run->result.collector);
    if (run->cell->workload->prepare(&run->trial) != 0)
        trial_fail(&run->trial, "out of memory for the shared objects");
    variant->detach(run->main_thread);
}

static void finish(struct trial_run *run)
{
    const struct variant *variant = run->cell->variant;
    if (run->main_thread != NULL) {
        run->result.objects = variant->objects(run->main_thread);
        variant->attach(run->main_thread);
        run->cell->workload->finish(&run->trial);
        variant->depopulate();
        variant->leave(run->main_thread);
    }
    uint64_t held = variant->close();
    run->result.allocated_after = memory_stats().allocated;
    long long blocks = held_blocks(held), bytes = held_bytes(held);
    if (variant->never_frees || held == 0)
        return;
    if (blocks != 0)
        trial_fail(&run->trial, "%lld %s", llabs(blocks),
                   blocks > 0 ? "more allocations than frees" : "more frees than allocations");
    else
        trial_fail(&run->trial, "%lld bytes %s", llabs(bytes),
                   bytes > 0 ? "more allocated than freed" : "more freed than allocated");
}

/* A thread that waits for the others must not hold the GIL, nor keep what it owns from being merged. */
static void wait_for_others(struct trial_run *run, void *thread)
{
    const struct variant *variant = run->cell->variant;
    if (thread != NULL)
        variant->detach(thread);
    barrier_wait(&run->barrier);
    if (thread != NULL)
        variant->attach(thread);
}

/* On thread 0, while the others wait: nobody collects now. */
static void set_window(struct trial_run *run)
{
    run->result.allocated_before = memory_stats().allocated;
    uint64_t begin_ns = clock_ns() + cell_ramp_ns(run->cell, run->options);
    run->window.begin_ns = run->result.collector.begin_ns = begin_ns;
    run->window.end_ns = begin_ns + asked_window_ns(run);
    run->result.collector.end_ns = run->window.end_ns;
}

/* Waits while somebody else uses the core. One thread alone does: several would wait for a moment that suits all, and
 * where CPUs are a hypervisor's they may be each other's neighbours. */
static void await_own_core(struct trial_run *run, unsigned index, void *thread)
{
    if (!pinned(run) || run->shares_core || index >= run->options->pus)
        return;
    const struct variant *variant = run->cell->variant;
    unsigned cpu = run->result.thread[index].cpu;
    if (thread != NULL)
        variant->detach(thread);
    if (index == 0)
        run->result.step_cycles = pace_step_cycles();
    pace_search(cpu);
    if (run->cell->threads == 1)
        pace_await(cpu);
    if (thread != NULL)
        variant->attach(thread);
}

/* The worker's thread becomes one of the model's and makes what is its own. */
static void start(struct trial_run *run, unsigned index)
{
    struct worker *worker = &run->workers[index];
    uint64_t stream = run->options->seed + index; /* through random_next: streams that start far from each other */
    *worker = (struct worker){.trial = &run->trial,
                              .index = index,
                              .role = "worker",
                              .random = random_next(&stream)};
    worker->thread = run->main_thread != NULL ? run->cell->variant->enter() : NULL;
    if (worker->thread == NULL)
        trial_fail(&run->trial, "out of memory for a thread");
    else if (run->cell->workload->start(worker) != 0)
        trial_fail(&run->trial, "out of memory for the objects of a thread");
}

static void stop(struct trial_run *run, unsigned index)
{
    const struct variant *variant = run->cell->variant;
    struct worker *worker = &run->workers[index];
    struct trial_thread *own = &run->result.thread[index];
    own->role = worker->role;
    if (worker->thread == NULL)
        return;
    own->objects = variant->objects(worker->thread);
    run->cell->workload->stop(worker);
    own->late_max = variant->late_max(worker->thread);
    variant->leave(worker->thread);
}

/* The window is set by thread 0 while all are here; all see it after the second barrier. */
static void agree_on_window(struct trial_run *run, unsigned index, void *thread)
{
    if (index == 0) {
        run->window = (struct window){.threads = run->cell->threads};
        machine_edge(run, &run->machine_before);
    }
    wait_for_others(run, thread);
    if (index == 0)
        set_window(run);
    wait_for_others(run, thread);
}

static void load(struct trial_run *run, unsigned index, const struct noise_probe *probe)
{
    struct worker *worker = &run->workers[index];
    struct trial_thread *own = &run->result.thread[index];
    if (worker->thread != NULL && !__atomic_load_n(&run->trial.failed, __ATOMIC_ACQUIRE))
        window_run(worker, &run->window, probe, &own->window, &own->waits, &own->latency);
    else
        __atomic_add_fetch(&run->window.measured, 1, __ATOMIC_ACQ_REL);
    if (pinned(run) && !pin_verify_self(run->options->topology, own->cpu))
        __atomic_store_n(&run->pin_failed, 1, __ATOMIC_RELAXED);
}

/* Thread 0, when the load has ended and everything is alive still. */
static void read_machine_after(struct trial_run *run)
{
    struct memory_stats *memory = &run->result.memory;
    machine_edge(run, &run->machine_after);
    *memory = memory_stats();
    uint64_t in_use, heap = run->cell->variant->own_heap(&in_use);
    memory->allocated += in_use;
    memory->resident += heap;
}

static void work(struct trial_run *run, unsigned index)
{
    struct noise_probe probe;
    start(run, index);
    void *thread = run->workers[index].thread;
    await_own_core(run, index, thread);
    noise_probe_open(&probe, run->result.thread[index].cpu, pinned(run));
    agree_on_window(run, index, thread);
    load(run, index, &probe);
    noise_probe_close(&probe);
    if (index == 0)
        read_machine_after(run);
    stop(run, index);
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }
static uint64_t most(uint64_t a, uint64_t b) { return a > b ? a : b; }

static double rate(uint64_t ops, uint64_t ns) { return ns > 0 ? (double)ops / (double)ns : 0; }

static bool oversubscribed(const struct trial_run *run) { return run->cell->threads > run->options->pus; }

/* How much of the time all threads measured. */
static void summarize_overlap(struct trial_result *result)
{
    uint64_t begin_min = UINT64_MAX, begin_max = 0, end_min = UINT64_MAX, end_max = 0;
    for (unsigned i = 0; i < result->threads; i++) {
        const struct window_result *w = &result->thread[i].window;
        begin_min = least(begin_min, w->begin_ns);
        begin_max = most(begin_max, w->begin_ns);
        end_min = least(end_min, w->end_ns);
        end_max = most(end_max, w->end_ns);
    }
    result->window_s = end_min > begin_max ? (double)(end_min - begin_max) * 1e-9 : 0;
    if (end_min > begin_max)
        result->overlap = (double)(end_min - begin_max) / (double)(end_max - begin_min);
}

/* Threads that take turns on a CPU each have another span, from when they first ran in the window to when they next
 * ran after it, and a rate over it is that of a CPU, not of a share of one. Their common time is the window: what they
 * did in it, to within a batch at either end, over all of it. Who came too late did nothing in it. */
static void take_common_window(struct trial_run *run)
{
    const struct window *window = &run->window;
    uint64_t window_ns = window->end_ns - window->begin_ns;
    for (unsigned i = 0; i < run->result.threads; i++) {
        struct window_result *w = &run->result.thread[i].window;
        uint64_t own_ns = w->end_ns - w->begin_ns;
        if (w->begin_ns >= window->end_ns)
            w->ops = 0;
        if (own_ns > 0)
            w->excluded_ns = (uint64_t)((double)w->excluded_ns / (double)own_ns * (double)window_ns);
        w->begin_ns = window->begin_ns;
        w->end_ns = window->end_ns;
        w->half_ns = 0;
    }
    run->result.window_s = (double)window_ns * 1e-9;
}

/* Ratios over the threads: how fast, how evenly, how steadily. */
static void summarize_rates(struct trial_result *result)
{
    double rates = 0, squares = 0, first_rates = 0, second_rates = 0;
    uint64_t elapsed = 0;
    for (unsigned i = 0; i < result->threads; i++) {
        const struct window_result *w = &result->thread[i].window;
        uint64_t ns = w->end_ns - w->begin_ns - w->excluded_ns;
        double own = rate(w->ops, ns);
        rates += own;
        squares += own * own;
        elapsed += ns;
        if (w->half_ns != 0) {
            uint64_t first_ns = w->half_ns - w->begin_ns - w->half_excluded_ns;
            first_rates += rate(w->half_ops, first_ns);
            second_rates += w->half_ns < w->end_ns ? rate(w->ops - w->half_ops, ns - first_ns) : 0;
        }
    }
    result->ops_per_s = rates * 1e9;
    result->ns_per_op = result->ops > 0 ? (double)elapsed / (double)result->ops : 0;
    result->jain = squares > 0 ? rates * rates / (result->threads * squares) : 0;
    result->has_drift = first_rates > 0 && second_rates > 0;
    if (result->has_drift)
        result->drift = second_rates / first_rates - 1;
}

/* Sums and extremes over the threads. */
static void summarize_counts(struct trial_result *result)
{
    result->thread_ops_min = result->turns_min = UINT64_MAX;
    for (unsigned i = 0; i < result->threads; i++) {
        const struct window_result *w = &result->thread[i].window;
        result->ops += w->ops;
        result->thread_ops_min = least(result->thread_ops_min, w->ops);
        result->thread_ops_max = most(result->thread_ops_max, w->ops);
        result->turns_min = least(result->turns_min, w->turns);
        result->late_objects_max = most(result->late_objects_max, result->thread[i].late_max);
        result->ctx_voluntary += w->ctx_voluntary;
        result->ctx_involuntary += w->ctx_involuntary;
        result->minor_faults += w->minor_faults;
        result->major_faults += w->major_faults;
        result->migrations += w->cpu_changes;
        result->objects += result->thread[i].objects;
        histogram_merge(&result->waits, &result->thread[i].waits);
        histogram_merge(&result->latency, &result->thread[i].latency);
    }
    result->live_objects = held_blocks(result->objects);
}

/* Whether the trial's time is one of clock cycles: neither that of timers nor that of memory behind the core's
 * caches. A set that is to half fill L2 may be larger than it where an object is: it is one cell with the others'. */
static bool is_the_clocks(const struct trial *trial)
{
    return !trial->sleeps && trial->working_set_bytes <= 2 * trial->cache_bytes[2];
}

/* Whether a thread of the trial waits for nothing but its other threads: not for a timer, nor for a child. */
static bool never_idle(const struct trial_run *run)
{
    return !run->cell->workload->staggered && !run->trial.sleeps;
}

/* A thread that waits for its own child, which runs on the same CPU, is woken late by nobody else. */
static unsigned noise_of(const struct trial_run *run, const struct window_result *w)
{
    unsigned noise = noise_of_thread(&w->noise_begin, &w->noise_end, &w->looks, w->end_ns - w->begin_ns,
                                     w->ctx_voluntary, w->ctx_involuntary);
    bool was_woken = w->ctx_voluntary > 0 && w->ctx_involuntary == 0;
    return was_woken && !never_idle(run) ? noise & ~(unsigned)NOISE_INVOLUNTARY : noise;
}

static double pace_of(const struct noise_looks *looks)
{
    return looks->baselines > 0 ? looks->quotients / looks->baselines : 0;
}

/* The processor's counters, and what was seen of its pace. */
static void summarize_processor(struct trial_run *run)
{
    struct trial_result *result = &run->result;
    double looks = 0, steps_ns = 0;
    result->counts.known = true;
    for (unsigned i = 0; i < result->threads; i++) {
        const struct window_result *w = &result->thread[i].window;
        looks += w->looks.made;
        steps_ns += w->looks.steps_ns;
        if (pace_of(&w->looks) > pace_of(&result->looks))
            result->looks = w->looks;
        result->counts.known &= w->counts.known;
        for (unsigned k = 0; k < COUNTERS; k++)
            result->counts.value[k] += w->counts.value[k];
    }
    result->clock_step_ns = looks > 0 && is_the_clocks(&run->trial) ? steps_ns / looks : 0;
}

/* Threads that were asked to share a CPU take it from each other: that is what such a cell measures. */
static void summarize_noise(struct trial_run *run)
{
    struct trial_result *result = &run->result;
    const struct noise_machine *before = &run->machine_before, *after = &run->machine_after;
    unsigned noise = noise_of_machine(before, after, run->window.end_ns - run->window.begin_ns, cpus_used(run));
    uint64_t cpu_ns = 0;
    for (unsigned i = 0; i < result->threads; i++) {
        const struct window_result *w = &result->thread[i].window;
        noise |= noise_of(run, w);
        cpu_ns += w->cpu_ns;
    }
    if (never_idle(run) || result->ctx_voluntary == 0)
        noise |= noise_of_cpu_time(cpu_ns, (uint64_t)(result->window_s * 1e9), result->ctx_voluntary);
    noise |= result->migrations > 0 ? NOISE_MIGRATED : 0;
    noise |= result->major_faults > 0 ? NOISE_SWAPPED : 0;
    if (run->shares_core) /* the neighbour on the core is the trial's own */
        noise = (noise & ~(unsigned)NOISE_CONTENDED) | NOISE_SMT;
    result->noise = oversubscribed(run) ? noise & ~(unsigned)NOISE_INVOLUNTARY : noise;
    result->has_steal = before->has_steal && after->has_steal;
    result->steal_ms = result->has_steal ? after->steal_ms - before->steal_ms : 0;
}

/* ---- verdict -------------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static bool say(struct trial_result *result, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(result->reason, sizeof result->reason, format, arguments);
    va_end(arguments);
    return true;
}

/* Whether a count is wrong, which no noise explains: but for an idle window where threads take turns on a CPU. */
static bool fails_audit(struct trial_run *run)
{
    struct trial_result *result = &run->result;
    if (run->trial.failed)
        return say(result, "%s", run->trial.failure);
    return result->ops == 0 && !oversubscribed(run) && say(result, "no operation was done in the window");
}

/* Whether the threads measured another span of time than the one that was asked for, or not the same one. */
static bool misses_window(struct trial_run *run)
{
    struct trial_result *result = &run->result;
    double asked_ns = (double)(run->window.end_ns - run->window.begin_ns);
    uint64_t overrun_ns = 0;
    for (unsigned i = 0; i < result->threads; i++)
        overrun_ns = most(overrun_ns, result->thread[i].window.overrun_ns);
    if (result->overlap < OVERLAP_MIN)
        return say(result, "overlap %.4f is below %.2f", result->overlap, OVERLAP_MIN);
    if (result->window_s * 1e9 < asked_ns * WINDOW_MIN || (double)overrun_ns > asked_ns * OVERRUN_MAX)
        return say(result, "the window lasted %.3f ms of the %.3f ms that were asked for", result->window_s * 1e3,
                   asked_ns * 1e-6);
    return false;
}

/* Whether noise has spoiled it. */
static bool is_spoiled(struct trial_run *run)
{
    struct trial_result *result = &run->result;
    if (run->pin_failed)
        return say(result, "a thread was not on its CPU after the window");
    if (result->ops == 0)
        return say(result, "none of the threads ran in the window");
    if (run->cell->workload->staggered)
        return false;
    if (result->status == STATUS_OK && misses_window(run))
        return true;
    if (!result->has_turns || result->threads == 1 || result->turns_min >= GIL_TURNS_MIN)
        return false;
    run->stretch *= 2;
    return say(result, "a thread had %llu turns of the GIL in the window, not %d",
               (unsigned long long)result->turns_min, GIL_TURNS_MIN);
}

static void judge(struct trial_run *run)
{
    struct trial_result *result = &run->result;
    result->status = oversubscribed(run) ? STATUS_OVERSUBSCRIBED : STATUS_OK;
    result->has_turns = run->cell->variant->gil;
    result->has_live_objects = !run->cell->variant->never_frees;
    result->pinned = pinned(run);
    result->failed_audit = fails_audit(run);
    if (result->failed_audit || is_spoiled(run))
        result->status = STATUS_INVALID;
    result->disturbed = result->status != STATUS_INVALID && (result->noise & NOISE_PASSING) != 0;
}

/* Thread 0, when all have left the model. */
static void conclude(struct trial_run *run)
{
    finish(run);
    run->result.working_set_bytes = run->trial.working_set_bytes;
    memcpy(run->result.measures, run->trial.measures, sizeof run->result.measures);
    run->result.peak_rss = memory_peak();
    summarize_overlap(&run->result);
    if (oversubscribed(run))
        take_common_window(run);
    summarize_counts(&run->result);
    summarize_rates(&run->result);
    summarize_processor(run);
    summarize_noise(run);
    judge(run);
}

const struct trial_result *trial_run_thread(struct trial_run *run, unsigned index)
{
    struct pin_saved *saved = NULL;
    struct watch_stack crash_stack;
    watch_stack_use(&crash_stack);
    if (index == 0) {
        watch_begin(run->cell->name, explained_ns(run), run->options->patience_s);
        /* Google Benchmark's thread 0 is the program's main thread: its mask must not leak. */
        saved = pin_save(run->options->topology);
        begin(run);
    }
    barrier_wait(&run->barrier);
    pin(run, index);
    if (index == 0)
        prepare(run);
    barrier_wait(&run->barrier);
    work(run, index);
    barrier_wait(&run->barrier);
    if (index == 0) {
        conclude(run);
        pin_restore(run->options->topology, saved);
        watch_end();
    }
    barrier_wait(&run->barrier);
    watch_stack_unuse(&crash_stack);
    return &run->result;
}

void trial_run_leave(struct trial_run *run) { barrier_wait(&run->barrier); }
