/* A trial: one timed window of one cell, by all its threads, with its audit. */
#ifndef RCBENCH_BENCH_TRIAL_TRIAL_H
#define RCBENCH_BENCH_TRIAL_TRIAL_H

#include "bench/plan/cell.h"
#include "bench/memory/memory_stats.h"
#include "bench/trial/window.h"

/* ok: all checks passed. invalid: not to be used; the reason says why. skipped: cannot run here.
 * oversubscribed: all audits passed, with more threads than CPUs; they cannot all be measured at the same time. */
enum status { STATUS_OK, STATUS_INVALID, STATUS_SKIPPED, STATUS_OVERSUBSCRIBED };
const char *status_name(enum status status);

struct trial_thread {
    struct window_result window;
    const char *role;
    unsigned cpu;         /* OS index; meaningless where nothing is pinned */
    int numa_node;
    uint64_t late_max;
    uint64_t objects;       /* made less freed on it, as core/memory/account.h counts */
    struct histogram waits; /* for the GIL, in the window; empty without one */
    struct histogram latency; /* of the workload's, in the window */
};

struct trial_result {
    enum status status;
    bool failed_audit;            /* invalid because of a wrong count, not because of a noisy machine */
    char reason[FAILURE_BYTES];
    char utc[24];
    unsigned threads;
    struct trial_thread *thread;  /* one for each thread */
    double window_s;              /* in which all threads measured */
    uint64_t ops;
    double ops_per_s, ns_per_op, jain, overlap, drift;
    uint64_t thread_ops_min, thread_ops_max;
    long ctx_voluntary, ctx_involuntary, minor_faults, major_faults;
    uint64_t migrations;
    bool has_steal, has_drift, pinned;
    uint64_t steal_ms;
    uint64_t allocated_before; /* bytes, when the set-up was done, and when all was dropped; 0: not known */
    uint64_t allocated_after;
    struct memory_stats memory; /* when the window ended */
    uint64_t peak_rss;          /* bytes; 0: not known */
    bool has_live_objects;
    uint64_t objects;           /* the same, of all threads, when the load ended */
    int64_t live_objects;       /* how many that are */
    struct collector_watch collector;
    uint64_t late_objects_max;
    bool has_turns;
    uint64_t turns_min;
    struct histogram waits, latency; /* of all threads */
    char measures[MEASURES_BYTES]; /* what the workload found out; "" for nothing */
    size_t working_set_bytes;
    unsigned noise;               /* enum noise */
    double clock_step_ns;         /* pace.h: mean of all looks of all threads; 0: its time is not the clock's, or
                                     nobody could look */
    unsigned step_cycles;         /* pace_step_cycles */
    struct noise_looks looks;     /* of the thread whose core was least its own */
    struct counts counts;         /* of all threads; known where each one's are */
    bool disturbed;               /* valid, and with noise that may be gone when it is made again */
};

struct trial_run;

/* For trials of this cell, one after the other. NULL: no memory. */
struct trial_run *trial_run_new(struct cell *cell, const struct options *options);
void trial_run_free(struct trial_run *run);

/* Called by each of the cell's threads, with its number; returns for all when the trial is over. The result
 * is the same for all and holds until trial_run_leave; for thread 0 until it calls this again. */
const struct trial_result *trial_run_thread(struct trial_run *run, unsigned index);

/* Called by each of them when it needs the result no longer; the next trial may begin when all have. */
void trial_run_leave(struct trial_run *run);

#endif
