/* The native shim: compiler builtins, pthreads and jemalloc. The contract is in core/atomics.h. */
#ifndef RCBENCH_CORE_ATOMICS_NATIVE_H
#define RCBENCH_CORE_ATOMICS_NATIVE_H

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "core/platform.h"

#ifndef RCBENCH_SYSTEM_ALLOCATOR
#error "say which allocator: RCBENCH_SYSTEM_ALLOCATOR=0 is jemalloc, 1 the C library's (sanitizers)"
#elif !RCBENCH_SYSTEM_ALLOCATOR
#include <jemalloc/jemalloc.h>
#endif

/* A test build may put a delay before each step; see tests/. */
#ifndef SHIM_POINT
#define SHIM_POINT() ((void)0)
#endif

/* ---- atomic locations ------------------------------------------------------------------------- */

struct a8 { uint8_t value; };
struct a32 { uint32_t value; };
struct a64 { int64_t value; };
struct aptr { void *value; };

#define SHIM_LOAD(kind, type, name, order)                                                             \
    static inline type kind##_load_##name(const struct kind *location)                                 \
    {                                                                                                  \
        SHIM_POINT();                                                                                  \
        return __atomic_load_n(&location->value, order);                                               \
    }
#define SHIM_STORE(kind, type, name, order)                                                            \
    static inline void kind##_store_##name(struct kind *location, type value)                          \
    {                                                                                                  \
        SHIM_POINT();                                                                                  \
        __atomic_store_n(&location->value, value, order);                                              \
    }
/* On failure *expected receives the value found. Strong: fails only when the value differed. */
#define SHIM_CAS(kind, type, name, order, failure)                                                     \
    static inline bool kind##_cas_##name(struct kind *location, type *expected, type desired)          \
    {                                                                                                  \
        SHIM_POINT();                                                                                  \
        return __atomic_compare_exchange_n(&location->value, expected, desired, false, order, failure); \
    }
#define SHIM_EXCHANGE(kind, type, name, order)                                                         \
    static inline type kind##_exchange_##name(struct kind *location, type value)                       \
    {                                                                                                  \
        SHIM_POINT();                                                                                  \
        return __atomic_exchange_n(&location->value, value, order);                                    \
    }
#define SHIM_RMW(kind, type, what, name, order)                                                        \
    static inline type kind##_##what##_##name(struct kind *location, type value)                       \
    {                                                                                                  \
        SHIM_POINT();                                                                                  \
        return __atomic_##what##_fetch(&location->value, value, order);                                \
    }

#define SHIM_LOCATION(kind, type)                                                                      \
    SHIM_LOAD(kind, type, relaxed, __ATOMIC_RELAXED)                                                   \
    SHIM_LOAD(kind, type, acquire, __ATOMIC_ACQUIRE)                                                   \
    SHIM_STORE(kind, type, relaxed, __ATOMIC_RELAXED)                                                  \
    SHIM_STORE(kind, type, release, __ATOMIC_RELEASE)                                                  \
    SHIM_CAS(kind, type, relaxed, __ATOMIC_RELAXED, __ATOMIC_RELAXED)                                  \
    SHIM_CAS(kind, type, acq_rel, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)                                  \
    SHIM_EXCHANGE(kind, type, acq_rel, __ATOMIC_ACQ_REL)
#define SHIM_COUNTER(kind, type)                                                                       \
    SHIM_RMW(kind, type, add, relaxed, __ATOMIC_RELAXED)                                               \
    SHIM_RMW(kind, type, sub, release, __ATOMIC_RELEASE)                                               \
    SHIM_RMW(kind, type, add, acq_rel, __ATOMIC_ACQ_REL)                                               \
    SHIM_RMW(kind, type, add, seq_cst, __ATOMIC_SEQ_CST)                                               \
    SHIM_RMW(kind, type, sub, seq_cst, __ATOMIC_SEQ_CST)

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
    SHIM_POINT();
#if defined(__x86_64__)
    return __atomic_sub_fetch(&location->value, value, __ATOMIC_ACQ_REL) == 0;
#else
    if (__atomic_sub_fetch(&location->value, value, __ATOMIC_RELEASE) != 0)
        return false;
    (void)__atomic_load_n(&location->value, __ATOMIC_ACQUIRE);
    return true;
#endif
}

/* ---- plain fields that threads hand to each other ---------------------------------------------- */

static inline int64_t p64_get(const int64_t *field) { SHIM_POINT(); return *field; }
static inline void p64_set(int64_t *field, int64_t value) { SHIM_POINT(); *field = value; }
static inline uint32_t p32_get(const uint32_t *field) { SHIM_POINT(); return *field; }
static inline void p32_set(uint32_t *field, uint32_t value) { SHIM_POINT(); *field = value; }

/* ---- locks ------------------------------------------------------------------------------------- */

/* One byte, as in a header that has no room for more. Spins, then yields: a waiter is never parked, so
 * the section it guards must be short and must not block. */
struct lock8 { struct a8 held; };

static inline bool lock8_try(struct lock8 *lock)
{
    uint8_t expected = 0;
    return a8_load_relaxed(&lock->held) == 0 && a8_cas_acq_rel(&lock->held, &expected, 1);
}

static COLD UNUSED void lock8_wait(struct lock8 *lock)
{
    for (unsigned spins = 0; !lock8_try(lock); spins++) {
        if (spins < 64)
            cpu_pause();
        else
            sched_yield();
    }
}

static inline void lock8_acquire(struct lock8 *lock)
{
    uint8_t expected = 0;
    if (UNLIKELY(!a8_cas_acq_rel(&lock->held, &expected, 1)))
        lock8_wait(lock);
}

static inline void lock8_release(struct lock8 *lock) { a8_store_release(&lock->held, 0); }

struct shim_mutex { pthread_mutex_t mutex; };
struct shim_cond { pthread_cond_t cond; };

static inline void shim_mutex_init(struct shim_mutex *m) { pthread_mutex_init(&m->mutex, NULL); }
static inline void shim_mutex_destroy(struct shim_mutex *m) { pthread_mutex_destroy(&m->mutex); }
static inline void shim_mutex_lock(struct shim_mutex *m) { SHIM_POINT(); pthread_mutex_lock(&m->mutex); }
static inline void shim_mutex_unlock(struct shim_mutex *m) { pthread_mutex_unlock(&m->mutex); }

static inline void shim_cond_init(struct shim_cond *c)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&c->cond, &attributes);
    pthread_condattr_destroy(&attributes);
}
static inline void shim_cond_destroy(struct shim_cond *c) { pthread_cond_destroy(&c->cond); }
static inline void shim_cond_signal(struct shim_cond *c) { pthread_cond_signal(&c->cond); }
static inline void shim_cond_wait(struct shim_cond *c, struct shim_mutex *m)
{
    pthread_cond_wait(&c->cond, &m->mutex);
}

/* Waits at most `ns` nanoseconds; true when the time ran out. */
static inline bool shim_cond_wait_ns(struct shim_cond *c, struct shim_mutex *m, uint64_t ns)
{
    uint64_t end = clock_ns() + ns;
    struct timespec until = {.tv_sec = (time_t)(end / 1000000000u), .tv_nsec = (long)(end % 1000000000u)};
    return pthread_cond_timedwait(&c->cond, &m->mutex, &until) != 0;
}

/* ---- memory, identity -------------------------------------------------------------------------- */

/* `size` is at least 1. NULL when there is no memory. */
static inline void *shim_alloc(size_t size)
{
#if RCBENCH_SYSTEM_ALLOCATOR
    return malloc(size);
#else
    return mallocx(size, 0);
#endif
}

/* `size` is the size that was asked for: jemalloc then needs no look-up. */
static inline void shim_free(void *memory, size_t size)
{
#if RCBENCH_SYSTEM_ALLOCATOR
    (void)size;
    free(memory);
#else
    sdallocx(memory, size, 0);
#endif
}

/* One word of thread-local storage: a single load at a fixed offset from the thread register. */
static _Thread_local uintptr_t shim_self_word UNUSED;
static inline uintptr_t shim_self(void) { return shim_self_word; }
static inline void shim_set_self(uintptr_t self) { shim_self_word = self; }

static inline void shim_yield(void) { sched_yield(); }

#endif
