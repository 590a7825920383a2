/* Atomic locations and plain shared fields by compiler builtins: the part of the shim (core/base/atomics.h) that names
 * memory orders. The explorer compiles this same file, so that the orders which it explores are those that run. */
#ifndef RCBENCH_CORE_BASE_ATOMICS_OPS_H
#define RCBENCH_CORE_BASE_ATOMICS_OPS_H

#include "core/base/platform.h"

/* A test build may put a delay before each step, and look at where it goes; see tests/. */
#ifndef SHIM_POINT
#define SHIM_POINT(location) ((void)0)
#endif

/* 1: take no shortcut that only this processor allows. What is proven then holds on the others too. */
#ifndef RCBENCH_PORTABLE_ORDERS
#define RCBENCH_PORTABLE_ORDERS 0
#endif

/* ---- atomic locations ------------------------------------------------------------------------- */

struct a8 { uint8_t value; };
struct a32 { uint32_t value; };
struct a64 { int64_t value; };
struct aptr { void *value; };

/* Not atomic, so that compilers may write neighbouring fields at once: nobody else can reach the location yet. */
#define SHIM_INIT(kind, type)                                                                          \
    static inline void kind##_init(struct kind *location, type value)                                  \
    {                                                                                                  \
        SHIM_POINT(location);                                                                          \
        location->value = value;                                                                       \
    }
#define SHIM_LOAD(kind, type, name, order)                                                             \
    static inline type kind##_load_##name(const struct kind *location)                                 \
    {                                                                                                  \
        SHIM_POINT(location);                                                                          \
        return __atomic_load_n(&location->value, order);                                               \
    }
#define SHIM_STORE(kind, type, name, order)                                                            \
    static inline void kind##_store_##name(struct kind *location, type value)                          \
    {                                                                                                  \
        SHIM_POINT(location);                                                                          \
        __atomic_store_n(&location->value, value, order);                                              \
    }
/* On failure *expected receives the value found. Strong: fails only when the value differed. */
#define SHIM_CAS(kind, type, name, order, failure)                                                     \
    static inline bool kind##_cas_##name(struct kind *location, type *expected, type desired)          \
    {                                                                                                  \
        SHIM_POINT(location);                                                                          \
        return __atomic_compare_exchange_n(&location->value, expected, desired, false, order, failure); \
    }
#define SHIM_EXCHANGE(kind, type, name, order)                                                         \
    static inline type kind##_exchange_##name(struct kind *location, type value)                       \
    {                                                                                                  \
        SHIM_POINT(location);                                                                          \
        return __atomic_exchange_n(&location->value, value, order);                                    \
    }
#define SHIM_RMW(kind, type, what, name, order)                                                        \
    static inline type kind##_##what##_##name(struct kind *location, type value)                       \
    {                                                                                                  \
        SHIM_POINT(location);                                                                          \
        return __atomic_##what##_fetch(&location->value, value, order);                                \
    }

/* What was there: whether a bit was set before is the question. */
#define SHIM_FETCH(kind, type, what, name, order)                                                      \
    static inline type kind##_fetch_##what##_##name(struct kind *location, type value)                 \
    {                                                                                                  \
        SHIM_POINT(location);                                                                          \
        return __atomic_fetch_##what(&location->value, value, order);                                  \
    }

#define SHIM_LOCATION(kind, type)                                                                      \
    SHIM_INIT(kind, type)                                                                              \
    SHIM_LOAD(kind, type, relaxed, __ATOMIC_RELAXED)                                                   \
    SHIM_LOAD(kind, type, acquire, __ATOMIC_ACQUIRE)                                                   \
    SHIM_STORE(kind, type, relaxed, __ATOMIC_RELAXED)                                                  \
    SHIM_STORE(kind, type, release, __ATOMIC_RELEASE)                                                  \
    SHIM_CAS(kind, type, relaxed, __ATOMIC_RELAXED, __ATOMIC_RELAXED)                                  \
    SHIM_CAS(kind, type, acquire, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)                                  \
    SHIM_CAS(kind, type, release, __ATOMIC_RELEASE, __ATOMIC_RELAXED)                                  \
    SHIM_CAS(kind, type, acq_rel, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)                                  \
    SHIM_EXCHANGE(kind, type, acq_rel, __ATOMIC_ACQ_REL)
#define SHIM_COUNTER(kind, type)                                                                       \
    SHIM_RMW(kind, type, add, relaxed, __ATOMIC_RELAXED)                                               \
    SHIM_RMW(kind, type, sub, release, __ATOMIC_RELEASE)                                               \
    SHIM_RMW(kind, type, add, acq_rel, __ATOMIC_ACQ_REL)                                               \
    SHIM_RMW(kind, type, add, seq_cst, __ATOMIC_SEQ_CST)                                               \
    SHIM_RMW(kind, type, sub, seq_cst, __ATOMIC_SEQ_CST)                                               \
    SHIM_FETCH(kind, type, or, relaxed, __ATOMIC_RELAXED)                                              \
    SHIM_FETCH(kind, type, or, acq_rel, __ATOMIC_ACQ_REL)

SHIM_LOCATION(a8, uint8_t)
SHIM_LOCATION(a32, uint32_t)
SHIM_LOCATION(a64, int64_t)
SHIM_LOCATION(aptr, void *)
SHIM_COUNTER(a32, uint32_t)
SHIM_COUNTER(a64, int64_t)

/* Subtracts with release; true, and with acquire, when that leaves 0: what the last reference needs. On
 * x86-64 the locked instruction is both, and a load behind it would wait for it (docs/decisions.md has the
 * measurement); elsewhere only the last one pays for the acquire, by a load of the 0 it has written or that
 * heads the release sequence of all the others. */
static inline bool a64_sub_release_last(struct a64 *location, int64_t value)
{
    SHIM_POINT(location);
#if defined(__x86_64__) && !RCBENCH_PORTABLE_ORDERS
    return __atomic_sub_fetch(&location->value, value, __ATOMIC_ACQ_REL) == 0;
#else
    if (__atomic_sub_fetch(&location->value, value, __ATOMIC_RELEASE) != 0)
        return false;
    (void)__atomic_load_n(&location->value, __ATOMIC_ACQUIRE);
    return true;
#endif
}

/* ---- plain fields that threads hand to each other ---------------------------------------------- */

static inline int64_t p64_get(const int64_t *field) { SHIM_POINT(field); return *field; }
static inline void p64_set(int64_t *field, int64_t value) { SHIM_POINT(field); *field = value; }
static inline uint32_t p32_get(const uint32_t *field) { SHIM_POINT(field); return *field; }
static inline void p32_set(uint32_t *field, uint32_t value) { SHIM_POINT(field); *field = value; }

#endif
