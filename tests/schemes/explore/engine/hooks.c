#include "tests/schemes/explore/engine/hooks.h"

#include <stdlib.h>
#include <string.h>

#include "tests/schemes/explore/engine/atomic.h"
#include "tests/schemes/explore/engine/engine.h"
#include "tests/schemes/explore/engine/memory.h"
#include "tests/schemes/explore/engine/schedule.h"
#include "tests/schemes/explore/engine/trace.h"

#define PC __builtin_return_address(0)

/* ---- locks ------------------------------------------------------------------------------------------- */

struct lock {
    const void *address;
    int holder; /* a thread, or NOBODY */
    struct view released;
    uint64_t last; /* which unlock was the last: part of the state of who locks next */
};

enum { LOCKS_MAX = 512, NOBODY = -1 };

static struct {
    struct lock locks[LOCKS_MAX], start_locks[LOCKS_MAX];
    int length, start_length;
    bool reuse;
} hooks;

void hooks_reuse(bool reuse)
{
    hooks.reuse = reuse;
    hooks.length = 0;
}

void hooks_set_start(void)
{
    memcpy(hooks.start_locks, hooks.locks, (size_t)hooks.length * sizeof *hooks.locks);
    hooks.start_length = hooks.length;
}

void hooks_start_execution(void)
{
    memcpy(hooks.locks, hooks.start_locks, (size_t)hooks.start_length * sizeof *hooks.locks);
    hooks.length = hooks.start_length;
}

static struct lock *find_lock(const void *address)
{
    for (int i = 0; i < hooks.length; i++)
        if (hooks.locks[i].address == address)
            return &hooks.locks[i];
    if (hooks.length == LOCKS_MAX)
        engine_fail("more than %d locks", LOCKS_MAX);
    struct lock *lock = &hooks.locks[hooks.length++];
    *lock = (struct lock){.address = address, .holder = NOBODY};
    return lock;
}

/* The byte of the lock is memory like any other: it may have been freed. */
static void check_memory(const void *address, const char *what, const void *pc)
{
    struct granule *g = memory_granule((uintptr_t)address);
    if (g == NULL || g->state != MEMORY_FREED)
        return;
    trace_step(pc, "%s %s", what, memory_text((uintptr_t)address));
    engine_fail("use after free: thread %d %s a lock at %s", schedule.current->id, what, memory_text((uintptr_t)address));
}

static void lock_at(const void *address, const void *pc)
{
    schedule_point((uintptr_t)address);
    check_memory(address, "locks", pc);
    struct fiber *self = schedule.current;
    if (find_lock(address)->holder == self->id)
        engine_fail("deadlock: thread %d locks %s twice", self->id, memory_text((uintptr_t)address));
    while (find_lock(address)->holder != NOBODY)
        schedule_block(address, false);
    check_memory(address, "locks", pc);
    struct lock *lock = find_lock(address);
    lock->holder = self->id;
    schedule_event((uintptr_t)address, lock->last);
    view_join(&self->now, &lock->released);
    trace_step(pc, "locks %s", memory_text((uintptr_t)address));
}

static void unlock_at(const void *address, const void *pc)
{
    struct fiber *self = schedule.current;
    schedule_point((uintptr_t)address);
    check_memory(address, "unlocks", pc);
    struct lock *lock = find_lock(address);
    if (lock->holder != self->id)
        engine_fail("thread %d unlocks %s, which it does not hold", self->id, memory_text((uintptr_t)address));
    schedule_event((uintptr_t)address, 1);
    trace_step(pc, "unlocks %s", memory_text((uintptr_t)address));
    lock->holder = NOBODY;
    if (schedule.phase != PHASE_PREPARE)
        lock->released = self->now;
    lock->last = mix((uint64_t)self->id + 1, self->events);
    schedule_wake_all(address);
    schedule_progress();
}

void explore_lock(const void *lock) { lock_at(lock, PC); }
void explore_unlock(const void *lock) { unlock_at(lock, PC); }

/* No wake-ups but by signal and clock. A thread that has been signalled takes the mutex like any other. */
bool explore_cond_wait(const void *cond, const void *mutex, bool timed)
{
    trace_step(PC, "waits for %s", memory_text((uintptr_t)cond));
    struct lock *lock = find_lock(mutex);
    struct fiber *self = schedule.current;
    schedule_event((uintptr_t)cond, 2);
    lock->holder = NOBODY;
    lock->released = self->now;
    lock->last = mix((uint64_t)self->id + 1, self->events);
    schedule_wake_all(mutex);
    schedule_progress();
    bool signalled = schedule_block(cond, timed);
    schedule_event((uintptr_t)cond, signalled ? 3 : 4);
    trace_step(PC, signalled ? "was signalled" : "has waited long enough");
    lock_at(mutex, PC);
    return !signalled;
}

void explore_cond_signal(const void *cond)
{
    schedule_point((uintptr_t)cond);
    bool any = schedule_wake_one(cond);
    trace_step(PC, "signals %s%s", memory_text((uintptr_t)cond), any ? "" : ", for which nobody waits");
}

void explore_cond_broadcast(const void *cond)
{
    schedule_point((uintptr_t)cond);
    schedule_wake_all(cond);
    trace_step(PC, "wakes all that wait for %s", memory_text((uintptr_t)cond));
}

void explore_yield(void)
{
    trace_step(PC, "yields");
    schedule_yield();
}

/* ---- memory and identity --------------------------------------------------------------------------- */

void *explore_alloc(size_t size)
{
    if (schedule_unlikely(2, &schedule.left.faults)) {
        schedule_event(size, 9);
        trace_step(PC, "allocates %zu bytes: there is no memory", size);
        return NULL;
    }
    return memory_allocate(size, hooks.reuse, PC);
}

void explore_free(void *block, size_t size)
{
    schedule_point((uintptr_t)block);
    memory_release(block, size, PC);
}

uintptr_t explore_self(void) { return schedule.current->self; }
void explore_set_self(uintptr_t self) { schedule.current->self = self; }

void *explore_memset(void *to, int byte, size_t bytes)
{
    memory_access((uintptr_t)to, bytes, true, PC);
    return memset(to, byte, bytes);
}

void *explore_memcpy(void *to, const void *from, size_t bytes)
{
    memory_access((uintptr_t)from, bytes, false, PC);
    memory_access((uintptr_t)to, bytes, true, PC);
    return memcpy(to, from, bytes);
}

/* ---- the interface between the compilers and ThreadSanitizer's runtime ------------------------------
 * The names and meanings are those of compiler-rt's tsan_interface.h and tsan_interface_atomic.h. */

// NOLINTBEGIN(bugprone-reserved-identifier)
void __tsan_init(void);
void __tsan_func_entry(void *pc);
void __tsan_func_exit(void);
void __tsan_read_range(void *address, size_t bytes);
void __tsan_write_range(void *address, size_t bytes);
void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_signal_fence(int order);
void *__tsan_memset(void *to, int byte, size_t bytes);
void *__tsan_memcpy(void *to, const void *from, size_t bytes);

void __tsan_init(void) {}
void __tsan_func_entry(void *pc) { (void)pc; }
void __tsan_func_exit(void) {}
void __tsan_read_range(void *address, size_t bytes) { memory_access((uintptr_t)address, bytes, false, PC); }
void __tsan_write_range(void *address, size_t bytes) { memory_access((uintptr_t)address, bytes, true, PC); }
void __tsan_atomic_thread_fence(int order) { atomic_fence(order, PC); }
void __tsan_atomic_signal_fence(int order) { (void)order; }
void *__tsan_memset(void *to, int byte, size_t bytes)
{
    memory_access((uintptr_t)to, bytes, true, PC);
    return memset(to, byte, bytes);
}
void *__tsan_memcpy(void *to, const void *from, size_t bytes) { return explore_memcpy(to, from, bytes); }

#define PLAIN(bytes)                                                                                                 \
    void __tsan_read##bytes(void *a);                                                                                \
    void __tsan_write##bytes(void *a);                                                                               \
    void __tsan_unaligned_read##bytes(void *a);                                                                      \
    void __tsan_unaligned_write##bytes(void *a);                                                                     \
    void __tsan_read##bytes(void *a) { memory_access((uintptr_t)a, bytes, false, PC); }                              \
    void __tsan_write##bytes(void *a) { memory_access((uintptr_t)a, bytes, true, PC); }                              \
    void __tsan_unaligned_read##bytes(void *a) { memory_access((uintptr_t)a, bytes, false, PC); }                    \
    void __tsan_unaligned_write##bytes(void *a) { memory_access((uintptr_t)a, bytes, true, PC); }
PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

#define RMW(bits, type, name, kind)                                                                                  \
    type __tsan_atomic##bits##_##name(volatile type *a, type value, int order);                                      \
    type __tsan_atomic##bits##_##name(volatile type *a, type value, int order)                                       \
    {                                                                                                                \
        return (type)atomic_rmw((uintptr_t)a, bits / 8, kind, value, order, PC);                                     \
    }
#define CAS(bits, type, name)                                                                                        \
    int __tsan_atomic##bits##_##name(volatile type *a, type *expected, type value, int order, int failure);          \
    int __tsan_atomic##bits##_##name(volatile type *a, type *expected, type value, int order, int failure)           \
    {                                                                                                                \
        uint64_t found = *expected;                                                                                  \
        bool replaced = atomic_cas((uintptr_t)a, bits / 8, &found, value, order, failure, PC);                       \
        if (!replaced)                                                                                               \
            *expected = (type)found;                                                                                 \
        return replaced;                                                                                             \
    }
/* clang's form: returns what was found. */
#define CAS_VALUE(bits, type)                                                                                        \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *a, type expected, type value, int order,          \
                                                    int failure);                                                    \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *a, type expected, type value, int order,          \
                                                    int failure)                                                     \
    {                                                                                                                \
        uint64_t found = expected;                                                                                   \
        atomic_cas((uintptr_t)a, bits / 8, &found, value, order, failure, PC);                                       \
        return (type)found;                                                                                          \
    }
#define ATOMIC(bits, type)                                                                                           \
    type __tsan_atomic##bits##_load(const volatile type *a, int order);                                              \
    void __tsan_atomic##bits##_store(volatile type *a, type value, int order);                                       \
    type __tsan_atomic##bits##_load(const volatile type *a, int order)                                               \
    {                                                                                                                \
        return (type)atomic_load((uintptr_t)a, bits / 8, order, PC);                                                 \
    }                                                                                                                \
    void __tsan_atomic##bits##_store(volatile type *a, type value, int order)                                        \
    {                                                                                                                \
        atomic_store((uintptr_t)a, bits / 8, value, order, PC);                                                      \
    }                                                                                                                \
    RMW(bits, type, exchange, RMW_EXCHANGE)                                                                          \
    RMW(bits, type, fetch_add, RMW_ADD)                                                                              \
    RMW(bits, type, fetch_sub, RMW_SUB)                                                                              \
    RMW(bits, type, fetch_and, RMW_AND)                                                                              \
    RMW(bits, type, fetch_or, RMW_OR)                                                                                \
    RMW(bits, type, fetch_xor, RMW_XOR)                                                                              \
    CAS(bits, type, compare_exchange_strong)                                                                         \
    CAS(bits, type, compare_exchange_weak)                                                                           \
    CAS_VALUE(bits, type)
ATOMIC(8, uint8_t)
ATOMIC(16, uint16_t)
ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)
// NOLINTEND(bugprone-reserved-identifier)
