/* The measured window: the loop that every worker of a trial runs.
 *
 * ramp: full load, batches are sized. window: one span of time, the same for all workers, in which each
 * counts its own operations. cool: the load stays on until the last worker has measured. */
#ifndef RCBENCH_BENCH_TRIAL_WINDOW_H
#define RCBENCH_BENCH_TRIAL_WINDOW_H

#include "bench/noise/counters.h"
#include "bench/noise/noise.h"
#include "bench/registry/variant.h"

struct window {
    uint64_t begin_ns, end_ns;      /* monotonic clock; set before the workers start */
    uint32_t threads;
    uint32_t measured LINE_ALIGNED; /* workers that have left the window */
};

/* One worker's account of its window. */
struct window_result {
    uint64_t ops;
    uint64_t begin_ns, end_ns;  /* when this worker began and ended to count */
    uint64_t excluded_ns;       /* time in between that was set-up */
    uint64_t overrun_ns;        /* of end_ns beyond the window's end, as far as no batch before was as long */
    uint64_t cpu_ns;            /* that it ran in between */
    uint64_t half_ns, half_ops, half_excluded_ns; /* at the first look at the clock past the middle */
    uint64_t batches;
    uint64_t turns;             /* of the GIL */
    uint64_t cpu_changes;       /* seen between batches */
    long ctx_voluntary, ctx_involuntary, minor_faults, major_faults;
    struct noise_edge noise_begin, noise_end;
    struct noise_looks looks;
    struct counts counts;
};

/* Set by a signal handler: all trials end at once. */
extern volatile int interrupted;

/* Runs on the worker's thread, attached. Ends early, and for all, when the trial fails or is interrupted. How long it
 * waited for the GIL in the window goes to `waits`, which stays as it is where there is none; what the workload has put
 * into worker->latency in the window, to `latency`. */
void window_run(struct worker *worker, struct window *window, const struct noise_probe *probe,
                struct window_result *out, struct histogram *waits, struct histogram *latency);

#endif
