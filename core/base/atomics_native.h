/* The native shim: compiler builtins, pthreads and jemalloc. The contract is in core/base/atomics.h. */
#ifndef RCBENCH_CORE_BASE_ATOMICS_NATIVE_H
#define RCBENCH_CORE_BASE_ATOMICS_NATIVE_H

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "core/base/atomics_ops.h"
#include "core/base/lock8.h"

#ifndef RCBENCH_SYSTEM_ALLOCATOR
#error "say which allocator: RCBENCH_SYSTEM_ALLOCATOR=0 is jemalloc, 1 the C library's (sanitizers)"
#elif !RCBENCH_SYSTEM_ALLOCATOR
#include <jemalloc/jemalloc.h>
#endif

/* ---- locks ------------------------------------------------------------------------------------- */

struct shim_mutex { pthread_mutex_t mutex; };
struct shim_cond { pthread_cond_t cond; };

static inline void shim_mutex_init(struct shim_mutex *m) { pthread_mutex_init(&m->mutex, NULL); }
static inline void shim_mutex_destroy(struct shim_mutex *m) { pthread_mutex_destroy(&m->mutex); }
static inline void shim_mutex_lock(struct shim_mutex *m) { SHIM_POINT(m); pthread_mutex_lock(&m->mutex); }
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
static inline void shim_cond_broadcast(struct shim_cond *c) { pthread_cond_broadcast(&c->cond); }
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
    return malloc(size); /* jemalloc's, where that is linked: its fast path is shorter than mallocx's */
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
static inline uint64_t shim_clock_ns(void) { return clock_ns(); }

#endif
