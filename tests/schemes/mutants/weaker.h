/* Operations with weaker orders than any scheme asks for: what a mutated memory order calls (orders.py). Included
 * before everything else in mutated builds, and in the ones that they are compared with.
 *
 * Made from the macros with which the native shim makes its own. A shim that is none of its descendants supplies
 * SHIM_EXCHANGE and SHIM_RMW with the same parameters, or its means cannot judge these mutants. */
#ifndef RCBENCH_TESTS_SCHEMES_MUTANTS_WEAKER_H
#define RCBENCH_TESTS_SCHEMES_MUTANTS_WEAKER_H

#include "core/base/atomics.h"

#define WEAKER_LOCATION(kind, type)                                                                    \
    SHIM_EXCHANGE(kind, type, acquire, __ATOMIC_ACQUIRE)                                               \
    SHIM_EXCHANGE(kind, type, release, __ATOMIC_RELEASE)                                               \
    SHIM_EXCHANGE(kind, type, relaxed, __ATOMIC_RELAXED)
#define WEAKER_COUNTER(kind, type)                                                                     \
    SHIM_RMW(kind, type, add, acquire, __ATOMIC_ACQUIRE)                                               \
    SHIM_RMW(kind, type, add, release, __ATOMIC_RELEASE)                                               \
    SHIM_RMW(kind, type, sub, relaxed, __ATOMIC_RELAXED)                                               \
    SHIM_RMW(kind, type, sub, acquire, __ATOMIC_ACQUIRE)                                               \
    SHIM_RMW(kind, type, sub, acq_rel, __ATOMIC_ACQ_REL)

WEAKER_LOCATION(a8, uint8_t)
WEAKER_LOCATION(a32, uint32_t)
WEAKER_LOCATION(a64, int64_t)
WEAKER_LOCATION(aptr, void *)
WEAKER_COUNTER(a32, uint32_t)
WEAKER_COUNTER(a64, int64_t)

/* a64_sub_release_last without its acquire, and without its release. */
static inline bool a64_sub_release_no_acquire(struct a64 *location, int64_t value)
{
    return a64_sub_release(location, value) == 0;
}

static inline bool a64_sub_acquire_last(struct a64 *location, int64_t value)
{
    return a64_sub_acquire(location, value) == 0;
}

#endif
