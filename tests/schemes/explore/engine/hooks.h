/* What tests/schemes/explore/shim.h calls in the place of locks, conditions, memory and thread-local storage. The entry
 * points of instrumented accesses, whose names the compiler knows, are in hooks.c as well. */
#ifndef RCBENCH_TESTS_SCHEMES_EXPLORE_HOOKS_H
#define RCBENCH_TESTS_SCHEMES_EXPLORE_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A lock is known by its address; what is in it does not matter. */
void explore_lock(const void *lock);
void explore_unlock(const void *lock);
/* True: the time ran out. `timed` false: never. */
bool explore_cond_wait(const void *cond, const void *mutex, bool timed);
void explore_cond_signal(const void *cond);
void explore_cond_broadcast(const void *cond);
void explore_yield(void);

void *explore_alloc(size_t size);
void explore_free(void *block, size_t size);
uintptr_t explore_self(void);
void explore_set_self(uintptr_t self);
/* memset and memcpy would go unseen. */
void *explore_memset(void *to, int byte, size_t bytes);
void *explore_memcpy(void *to, const void *from, size_t bytes);

/* For the engine. */
void hooks_reuse(bool reuse);
void hooks_set_start(void);
void hooks_start_execution(void);

#endif
