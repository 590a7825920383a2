/* The explorer's shim (contract: core/base/atomics.h). Atomic operations and plain fields are core's own: the compiler
 * reports them (-fsanitize=thread). Locks, waiting, memory and identity are the engine's. */
#ifndef RCBENCH_TESTS_SCHEMES_EXPLORE_SHIM_H
#define RCBENCH_TESTS_SCHEMES_EXPLORE_SHIM_H

#include <string.h>

#define RCBENCH_PORTABLE_ORDERS 1
#define ARENA_CHUNK_BYTES       ((size_t)4096)
#define SMALL_INT_LAST          0
#define GC_SEGMENT_BYTES        ((size_t)256)
#define GC_NEAR_ENTRIES         0 /* as in a large heap */
#define GC_LOG_ROOM(entries)    ((void)(entries), 0)
#define GC_BLOCK_SEGMENTS       24
#define OBJECT_GRAVES           0 /* the engine knows what is freed */

#include "core/base/atomics_ops.h"
#include "tests/schemes/explore/engine/engine.h"
#include "tests/schemes/explore/engine/hooks.h"

/* A waiter waits: no spinning. The lock's own code is explored in litmus.c. */
struct lock8 {
    struct a8 held;
};
static inline void lock8_acquire(struct lock8 *lock) { explore_lock(lock); }
static inline void lock8_release(struct lock8 *lock) { explore_unlock(lock); }

/* Nothing may be used before it is initialized, although zeros would do with glibc. */
enum { SHIM_READY = 1 };
struct shim_mutex {
    char ready;
};
struct shim_cond {
    char ready;
};
static inline void shim_check_ready(char ready)
{
    if (ready != SHIM_READY)
        engine_fail("a mutex or a condition is used that was not initialized");
}
static inline void shim_mutex_init(struct shim_mutex *m) { m->ready = SHIM_READY; }
static inline void shim_mutex_destroy(struct shim_mutex *m) { m->ready = 0; }
static inline void shim_mutex_lock(struct shim_mutex *m)
{
    shim_check_ready(m->ready);
    explore_lock(m);
}
static inline void shim_mutex_unlock(struct shim_mutex *m) { explore_unlock(m); }
static inline void shim_cond_init(struct shim_cond *c) { c->ready = SHIM_READY; }
static inline void shim_cond_destroy(struct shim_cond *c) { c->ready = 0; }
static inline void shim_cond_signal(struct shim_cond *c)
{
    shim_check_ready(c->ready);
    explore_cond_signal(c);
}
static inline void shim_cond_broadcast(struct shim_cond *c)
{
    shim_check_ready(c->ready);
    explore_cond_broadcast(c);
}
static inline void shim_cond_wait(struct shim_cond *c, struct shim_mutex *m)
{
    shim_check_ready(c->ready);
    (void)explore_cond_wait(c, m, false);
}
static inline bool shim_cond_wait_ns(struct shim_cond *c, struct shim_mutex *m, uint64_t ns)
{
    (void)ns;
    shim_check_ready(c->ready);
    return explore_cond_wait(c, m, true);
}

static inline void *shim_alloc(size_t size) { return explore_alloc(size); }
static inline void shim_free(void *block, size_t size) { explore_free(block, size); }
static inline uintptr_t shim_self(void) { return explore_self(); }
static inline void shim_set_self(uintptr_t self) { explore_set_self(self); }
static inline void shim_yield(void) { explore_yield(); }
static inline uint64_t shim_clock_ns(void) { return 1; } /* a schedule must be the same when it is replayed */

#define memset explore_memset
#define memcpy explore_memcpy

#endif
