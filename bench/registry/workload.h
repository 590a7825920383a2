/* What a workload is, and what the harness and a workload's body tell each other. A body is compiled once
 * for each variant (bench/workloads/bodies.h); the harness calls it through these pointers, once per batch.
 *
 * A trial calls, in this order:
 *   prepare(trial)      on worker 0: makes what all threads share
 *   start(worker)       on every worker: makes what is its own, so that it owns it and touches it first
 *   batch(worker, n)    on every worker, again and again: about n operations
 *   stop(worker)        on every worker: checks and drops its own. The others then leave
 *   finish(trial)       on worker 0, alone: checks and drops what was shared
 * All are attached when called. prepare, start: -1 when there is no memory; stop and finish then still run
 * and must cope. Whatever is wrong is said with trial_fail.
 *
 * Publishing. Some schemes count an object without atomic operations until it is published, so whoever has it calls
 * object_publish(o) before another thread can reach it: before it goes into trial->shared, into a ring, or into any other
 * memory of the workload's that a second worker reads. That publishes what `o` refers to as well; -1: no memory, `o` is
 * still private. What is stored into a published list, dict, instance or slot by the model's own functions they publish
 * themselves; slot_init does not. What only its own worker reaches stays unpublished: it would no longer be private.
 *
 * Names. All workloads of a variant are compiled together: whatever a file defines outside of functions, enumerators and
 * macros too, begins with the workload's name. */
#ifndef RCBENCH_BENCH_REGISTRY_WORKLOAD_H
#define RCBENCH_BENCH_REGISTRY_WORKLOAD_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/histogram.h"

struct variant;
struct workload;

enum { CACHE_LEVELS = 3, FAILURE_BYTES = 160, MEASURES_BYTES = 320 };

struct trial {
    const struct variant *variant;
    const struct workload *workload;
    const char *params; /* key=value, joined by ';' */
    unsigned threads;
    uint64_t seed;
    size_t cache_bytes[CACHE_LEVELS + 1]; /* [1] .. [3]; where there is no such cache, the one below it */
    size_t memory_bytes;                  /* of the machine */
    double reference_cost;                /* bench/trial/calibration.h; 0 where the workload needs none */
    void *shared;                         /* prepare's */
    size_t working_set_bytes;             /* said by the workload; 0: does not apply */
    bool sleeps;                          /* said by the workload: timers are part of its time */
    const volatile int *interrupted;      /* true: long set-ups stop early; the trial is thrown away */
    uint32_t failed;                      /* set once, then `failure` is */
    char failure[FAILURE_BYTES];
    char measures[MEASURES_BYTES];        /* see trial_measure */
};

struct worker {
    struct trial *trial;
    unsigned index;
    void *thread;         /* the model's struct thread */
    void *state;          /* start's */
    const char *role;     /* where workers differ, else "worker" */
    uint64_t excluded_ns; /* time in batches that is set-up, not the operation */
    uint64_t random;      /* state of random_next; differs between workers */
    struct histogram *latency; /* ns, where the workload keeps them; empty when the window begins. NULL after the load */
} LINE_ALIGNED;

/* How much a run includes: each point belongs to the profiles from its own on. */
enum profile { PROFILE_QUICK, PROFILE_STANDARD, PROFILE_FULL };

struct point {
    const char *params; /* as in struct trial; "" where there are none. NULL ends the list */
    enum profile from;
};

/* The two points of a workload whose times are the price list of its others: bench/trial/calibration.h. */
struct calibration_points {
    const char *unit;      /* one operation is one unit of work, without a reference */
    const char *reference; /* one operation is one reference */
};

struct workload {
    const char *name;
    const char *driver;    /* family of tables that it belongs to: overhead, scaling, memory, latency */
    const char *summary;   /* one line: what one operation is */
    const struct point *points;
    unsigned threads_min;  /* fewest threads that make sense */
    unsigned threads_max;  /* most; 0: as many as are asked for */
    bool needs_deaths;     /* times destruction: nothing to time where nothing is ever destroyed */
    const char *latency;   /* what worker->latency holds, and whether the loop is open or closed. NULL: nothing */
    /* Why this variant cannot run it with these parameters; NULL: it can. params is set. NULL: it always can */
    const char *(*unable)(const struct trial *trial);
    bool staggered;        /* its rows are read for latencies and pauses: threads need not measure at the same time */
    /* The shortest window that tells anything. params is set. NULL: any */
    uint64_t (*window_ns)(const struct trial *trial);
    bool (*leaks)(const struct trial *trial); /* true: what a batch makes stays until the end. NULL: it does not */
    uint64_t (*objects)(const struct trial *trial); /* how many objects a thread makes beforehand, where they are many;
                                                       params and cache_bytes are set. NULL: few */
    uint64_t (*batch_ns)(const struct trial *trial); /* about how long a batch takes at least, where that is long: the
                                                        window is then made longer. params is set. NULL: short */
    struct calibration_points calibration; /* NULLs: it needs no calibration */
    int (*prepare)(struct trial *trial);
    int (*start)(struct worker *worker);
    uint64_t (*batch)(struct worker *worker, uint64_t n);
    void (*stop)(struct worker *worker);
    void (*finish)(struct trial *trial);
};

/* The first failure of a trial counts; any thread may report one. */
__attribute__((format(printf, 2, 3))) static inline void trial_fail(struct trial *trial, const char *format, ...)
{
    if (__atomic_exchange_n(&trial->failed, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(trial->failure, sizeof trial->failure, format, arguments);
    va_end(arguments);
}

/* What the workload itself has found out, for the row: `key` in lower case with its unit at the end. In stop, on one of
 * the workers alone, or in finish. */
static inline void trial_measure(struct trial *trial, const char *key, double value)
{
    size_t length = strlen(trial->measures);
    snprintf(trial->measures + length, sizeof trial->measures - length, "%s%s=%.6g", length > 0 ? ";" : "", key, value);
}

/* The value of a parameter, which ends at ';' or the end of the text; NULL where it is not given. */
static inline const char *trial_param(const struct trial *trial, const char *key)
{
    size_t length = strlen(key);
    for (const char *at = trial->params; at != NULL && *at != '\0';) {
        if (strncmp(at, key, length) == 0 && at[length] == '=')
            return at + length + 1;
        at = strchr(at, ';');
        at = at != NULL ? at + 1 : NULL;
    }
    return NULL;
}

static inline bool trial_param_is(const struct trial *trial, const char *key, const char *value)
{
    const char *given = trial_param(trial, key);
    size_t length = strlen(value);
    return given != NULL && strncmp(given, value, length) == 0 && (given[length] == ';' || given[length] == '\0');
}

/* The number that a parameter has; 0 where it is not given. */
static inline uint64_t trial_param_u64(const struct trial *trial, const char *key)
{
    const char *given = trial_param(trial, key);
    return given != NULL ? strtoull(given, NULL, 10) : 0;
}

/* splitmix64: for what is drawn before the window. */
static inline uint64_t random_next(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* 0 .. limit-1; limit is small beside 2^64, so the bias is not measurable. */
static inline uint64_t random_below(uint64_t *state, uint64_t limit) { return random_next(state) % limit; }

#endif
