/* The native lock of one byte, over core/base/atomics_ops.h. `lock8_pause(spins)` lets time pass; whoever includes this may
 * have defined it: the explorer has a clock of its own. */
#ifndef RCBENCH_CORE_BASE_LOCK8_H
#define RCBENCH_CORE_BASE_LOCK8_H

#include <sched.h>

#include "core/base/atomics_ops.h"

#ifndef lock8_pause
static inline void lock8_pause(unsigned spins)
{
    if (spins < 64)
        cpu_pause();
    else
        sched_yield();
}
#endif

/* One byte, as in a header that has no room for more. Spins, then yields: a waiter is never parked, so
 * the section it guards must be short and must not block. */
struct lock8 { struct a8 held; };

/* Acquire: what the last holder did happened before. Nothing is released by taking a lock. */
static inline bool lock8_try(struct lock8 *lock)
{
    uint8_t expected = 0;
    return a8_load_relaxed(&lock->held) == 0 && a8_cas_acquire(&lock->held, &expected, 1);
}

static COLD UNUSED void lock8_wait(struct lock8 *lock)
{
    for (unsigned spins = 0; !lock8_try(lock); spins++)
        lock8_pause(spins);
}

static inline void lock8_acquire(struct lock8 *lock)
{
    uint8_t expected = 0;
    if (UNLIKELY(!a8_cas_acquire(&lock->held, &expected, 1)))
        lock8_wait(lock);
}

static inline void lock8_release(struct lock8 *lock) { a8_store_release(&lock->held, 0); }

#endif
