/* The shim of the Relacy tests (contract: core/base/atomics.h), in C++: each operation is Relacy's, with the order that
 * the scheme's name for it says, so that Relacy chooses what a load sees and which thread runs next.
 *
 * What differs from the native shim: the threads are fibers of one thread, so shim_self is kept by index; lock8 is
 * Relacy's mutex, which parks instead of spinning; a location that nothing has been written to holds 0. */
#ifndef RCBENCH_TESTS_SCHEMES_RELACY_SHIM_H
#define RCBENCH_TESTS_SCHEMES_RELACY_SHIM_H

#include <cstdlib>
#include <new>

#include <relacy/relacy.hpp>
/* Relacy replaces these words; here they mean what they say. */
#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free

#define _Static_assert static_assert
#include "core/base/platform.h"

/* ---- atomic locations ------------------------------------------------------------------------------------- */

/* Can be copied, as a structure in C can, but only before other threads reach it. */
template <typename T> struct shim_atomic {
    mutable rl::atomic<T> value;

    shim_atomic() : shim_atomic(T()) {}
    shim_atomic(T first) { value.store(first, rl::mo_relaxed, $); }
    shim_atomic(const shim_atomic &other) : shim_atomic(other.value.load(rl::mo_relaxed, $)) {}
    shim_atomic &operator=(const shim_atomic &other)
    {
        value.store(other.value.load(rl::mo_relaxed, $), rl::mo_relaxed, $);
        return *this;
    }
};

struct a8 : shim_atomic<uint8_t> {
    using shim_atomic::shim_atomic;
};
struct a32 : shim_atomic<uint32_t> {
    using shim_atomic::shim_atomic;
};
struct a64 : shim_atomic<int64_t> {
    using shim_atomic::shim_atomic;
};
struct aptr : shim_atomic<void *> {
    using shim_atomic::shim_atomic;
};

#define SHIM_INIT(kind, type)                                                                                        \
    static inline void kind##_init(struct kind *location, type value)                                                \
    {                                                                                                                \
        location->value.store(value, rl::mo_relaxed, $);                                                             \
    }
#define SHIM_LOAD(kind, type, name, order)                                                                           \
    static inline type kind##_load_##name(const struct kind *location) { return location->value.load(order, $); }
#define SHIM_STORE(kind, type, name, order)                                                                          \
    static inline void kind##_store_##name(struct kind *location, type value)                                        \
    {                                                                                                                \
        location->value.store(value, order, $);                                                                      \
    }
#define SHIM_CAS(kind, type, name, order, failure)                                                                   \
    static inline bool kind##_cas_##name(struct kind *location, type *expected, type desired)                        \
    {                                                                                                                \
        return location->value.compare_exchange_strong(*expected, desired, order, $, failure, $);                    \
    }
#define SHIM_EXCHANGE(kind, type, name, order)                                                                       \
    static inline type kind##_exchange_##name(struct kind *location, type value)                                     \
    {                                                                                                                \
        return location->value.exchange(value, order, $);                                                            \
    }
#define SHIM_RMW(kind, type, what, sign, name, order)                                                                \
    static inline type kind##_##what##_##name(struct kind *location, type value)                                     \
    {                                                                                                                \
        return location->value.fetch_##what(value, order, $) sign value;                                             \
    }
#define SHIM_LOCATION(kind, type)                                                                                    \
    SHIM_INIT(kind, type)                                                                                            \
    SHIM_LOAD(kind, type, relaxed, rl::mo_relaxed)                                                                   \
    SHIM_LOAD(kind, type, acquire, rl::mo_acquire)                                                                   \
    SHIM_STORE(kind, type, relaxed, rl::mo_relaxed)                                                                  \
    SHIM_STORE(kind, type, release, rl::mo_release)                                                                  \
    SHIM_CAS(kind, type, relaxed, rl::mo_relaxed, rl::mo_relaxed)                                                    \
    SHIM_CAS(kind, type, acq_rel, rl::mo_acq_rel, rl::mo_acquire)                                                    \
    SHIM_EXCHANGE(kind, type, acq_rel, rl::mo_acq_rel)
#define SHIM_COUNTER(kind, type)                                                                                     \
    SHIM_RMW(kind, type, add, +, relaxed, rl::mo_relaxed)                                                            \
    SHIM_RMW(kind, type, sub, -, release, rl::mo_release)                                                            \
    SHIM_RMW(kind, type, add, +, acq_rel, rl::mo_acq_rel)                                                            \
    SHIM_RMW(kind, type, add, +, seq_cst, rl::mo_seq_cst)                                                            \
    SHIM_RMW(kind, type, sub, -, seq_cst, rl::mo_seq_cst)

SHIM_LOCATION(a8, uint8_t)
SHIM_LOCATION(a32, uint32_t)
SHIM_LOCATION(a64, int64_t)
SHIM_LOCATION(aptr, void *)
SHIM_COUNTER(a32, uint32_t)
SHIM_COUNTER(a64, int64_t)

/* The weaker of the two native forms: release, and a load that acquires for the last one. */
static inline bool a64_sub_release_last(struct a64 *location, int64_t value)
{
    return a64_sub_release(location, value) == 0 && (a64_load_acquire(location), true);
}

/* ---- plain fields that threads hand to each other ----------------------------------------------------------- */

/* The schemes that have such fields are for one thread at a time, and are not compiled here: so these need not be
 * Relacy's variables, whose type is not the field's. */
static inline int64_t p64_get(const int64_t *field) { return *field; }
static inline void p64_set(int64_t *field, int64_t value) { *field = value; }
static inline uint32_t p32_get(const uint32_t *field) { return *field; }
static inline void p32_set(uint32_t *field, uint32_t value) { *field = value; }

/* ---- locks ---------------------------------------------------------------------------------------------------- */

/* Static ones exist before Relacy does: the mutex is made when the lock is first taken in an iteration. */
using shim_parking = rl::mutex;
struct lock8 {
    shim_parking *mutex;
};

/* Those of this iteration. No std::vector: Relacy owns operator new and would call its memory a leak. */
enum { SHIM_LOCKS_MAX = 16 };
static lock8 *shim_locks[SHIM_LOCKS_MAX];
static size_t shim_locks_count;

static inline void lock8_acquire(struct lock8 *lock)
{
    if (lock->mutex == NULL) {
        lock->mutex = new (rl::rl_malloc(sizeof(shim_parking), $)) shim_parking;
        RL_ASSERT(shim_locks_count < SHIM_LOCKS_MAX);
        shim_locks[shim_locks_count++] = lock;
    }
    lock->mutex->lock($);
}
static inline void lock8_release(struct lock8 *lock) { lock->mutex->unlock($); }

/* At the end of an iteration. */
static inline void shim_locks_free()
{
    while (shim_locks_count > 0) {
        lock8 *lock = shim_locks[--shim_locks_count];
        lock->mutex->~shim_parking();
        rl::rl_free(lock->mutex, $);
        lock->mutex = NULL;
    }
}

/* At the begin of one: an iteration that failed has no end, and its memory is gone with its context. */
static inline void shim_locks_forget()
{
    while (shim_locks_count > 0)
        shim_locks[--shim_locks_count]->mutex = NULL;
}

/* ---- memory, identity --------------------------------------------------------------------------------------- */

/* In C a void * becomes any other pointer. */
struct shim_memory {
    void *memory;
    template <typename T> operator T *() const { return static_cast<T *>(memory); }
};

static inline shim_memory shim_alloc(size_t size) { return shim_memory{rl::rl_malloc(size, $)}; }
static inline void shim_free(void *memory, size_t) { rl::rl_free(memory, $); }

enum { SHIM_THREADS_MAX = 3 };
static uintptr_t shim_selves[SHIM_THREADS_MAX];
static inline uintptr_t shim_self() { return shim_selves[rl::thread_index()]; }
static inline void shim_set_self(uintptr_t self) { shim_selves[rl::thread_index()] = self; }

static inline void shim_yield() { rl::yield(1, $); }

#endif
