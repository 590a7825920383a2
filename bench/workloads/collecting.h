/* What workloads with a collector share: when it runs, by the parameter `gc`, and the audit that nothing is left.
 *
 *   gc=auto   by itself, at CPython's thresholds or with the youngest generation's from the parameter `threshold`
 *   gc=on     the same
 *   gc=off    never in the window
 *   gc=time   a full collection every `every_ms` ms, by the first worker
 *   gc=event  a full collection at the workload's own events, by whoever has one */
#ifndef RCBENCH_BENCH_WORKLOADS_COLLECTING_H
#define RCBENCH_BENCH_WORKLOADS_COLLECTING_H

#include "bench/workloads/common.h"

static UNUSED const char *needs_collector(const struct trial *trial)
{
    (void)trial;
    return GC_TRACKS || RC_TRACED ? NULL : RC_TEXT(RC_VARIANT) " has no collector";
}

/* In prepare. */
static UNUSED void collecting_begin(const struct trial *trial)
{
    enum { CPYTHON_YOUNG = 700, CPYTHON_OLDER = 10 };
    uint64_t threshold = trial_param_u64(trial, "threshold");
    gc_set_thresholds(threshold != 0 ? (int64_t)threshold : CPYTHON_YOUNG, CPYTHON_OLDER, CPYTHON_OLDER);
    if (trial_param_is(trial, "gc", "auto") || trial_param_is(trial, "gc", "on"))
        gc_enable();
    else
        gc_disable(); /* a traced variant's is on when the model is opened */
}

/* In finish, when the workload has dropped all it had. Returns how many objects were garbage still. */
static UNUSED uint64_t collecting_end(struct trial *trial)
{
    gc_disable();
    int64_t found = gc_collect(GC_OLD);
    uint64_t left = gc_get_objects();
    if (found < 0)
        trial_fail(trial, "out of memory for the last collection");
    else if (left != 0)
        trial_fail(trial, "%llu containers are left after the last collection, 0 are right", (unsigned long long)left);
    else if (gc.statistics.died_held != 0)
        trial_fail(trial, "%llu objects died while the collector held them, 0 are right",
                   (unsigned long long)gc.statistics.died_held);
    return found > 0 ? (uint64_t)found : 0;
}

/* A full collection by this worker, at a safepoint. */
static UNUSED void collect_now(struct worker *worker)
{
    if (gc_collect(GC_OLD) < 0)
        trial_fail(worker->trial, "out of memory for a collection");
}

#endif
