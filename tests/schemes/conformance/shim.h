/* The shim of the conformance suite (contract: core/base/atomics.h): the native one, with guarded memory that
 * fails on demand in the place of jemalloc, and with a short delay now and then before a step, so that
 * threads meet in windows that are a few instructions wide. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_SHIM_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_SHIM_H

#include <sched.h>

#include "core/base/platform.h"
#include "tests/schemes/conformance/memory.h"

static _Thread_local uint64_t shim_delay_state UNUSED;

static COLD UNUSED void shim_delay(uint32_t random)
{
    if (random % 64 == 0)
        sched_yield();
    for (uint32_t i = 0; i < random % 64; i++)
        cpu_pause();
}

/* One step in 128 waits. The constants are Knuth's for a linear congruential generator modulo 2^64; each
 * thread begins where its storage lies, which is another place in each run. */
static inline void shim_delay_maybe(void)
{
    shim_delay_state = shim_delay_state * UINT64_C(6364136223846793005) + ((uintptr_t)&shim_delay_state | 1);
    uint32_t random = (uint32_t)(shim_delay_state >> 40);
    if (UNLIKELY(random % 128 == 0))
        shim_delay(random / 128);
}

/* A step into a block that was freed: the ring keeps it, and its fill tells. A read, or a compare-and-swap that fails,
 * leaves no trace, so it is looked at before. Locks of one byte are left out: one byte may be anything. */
static inline void shim_look(const void *location, size_t size)
{
    if (MEMORY_WATCHED)
        return; /* the sanitizer looks itself */
    if (size == 8 && __atomic_load_n((const uint64_t *)location, __ATOMIC_RELAXED) == MEMORY_FREED_WORD)
        memory_freed_used();
    if (size == 4 && __atomic_load_n((const uint32_t *)location, __ATOMIC_RELAXED) == (uint32_t)MEMORY_FREED_WORD)
        memory_freed_used();
}

#define SHIM_POINT(location) (shim_delay_maybe(), shim_look(location, sizeof *(location)))
#define shim_alloc   native_alloc
#define shim_free    native_free
#include "core/base/atomics_native.h"
#undef shim_alloc
#undef shim_free

/* core/memory/alloc.h asks where a scheme has memory of its own. */
#define SHIM_ALLOC_FAILS() memory_must_fail()

/* core/gc/gc_deduce.h fetches ahead where a heap has more entries: 0, any heap. */
static size_t shim_near_entries UNUSED;
#define GC_NEAR_ENTRIES shim_near_entries

/* core/gc/gc_log.h: room for so many references. */
static size_t shim_log_room UNUSED = 1 << 10;
#define GC_LOG_ROOM(entries) ((void)(entries), shim_log_room)

static inline void *shim_alloc(size_t size) { return memory_alloc(size); }
static inline void shim_free(void *block, size_t size) { memory_free(block, size); }

#endif
