/* A barrier for the workers of one trial. It spins, since its waiters have a core each; it yields after a
 * while, for runs with more threads than cores. */
#ifndef RCBENCH_BENCH_TRIAL_BARRIER_H
#define RCBENCH_BENCH_TRIAL_BARRIER_H

#include <sched.h>

#include "core/base/platform.h"

struct barrier {
    uint32_t threads;
    uint32_t arrived LINE_ALIGNED;
    uint32_t generation LINE_ALIGNED;
};

static inline void barrier_init(struct barrier *barrier, uint32_t threads)
{
    *barrier = (struct barrier){.threads = threads};
}

/* Acquire and release: what any thread did before is seen by all after. */
static inline void barrier_wait(struct barrier *barrier)
{
    uint32_t generation = __atomic_load_n(&barrier->generation, __ATOMIC_ACQUIRE);
    if (__atomic_add_fetch(&barrier->arrived, 1, __ATOMIC_ACQ_REL) == barrier->threads) {
        __atomic_store_n(&barrier->arrived, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&barrier->generation, generation + 1, __ATOMIC_RELEASE);
        return;
    }
    for (unsigned spins = 0; __atomic_load_n(&barrier->generation, __ATOMIC_ACQUIRE) == generation; spins++) {
        if (spins < 1000)
            cpu_pause();
        else
            sched_yield();
    }
}

#endif
