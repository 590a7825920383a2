/* The memory that the conformance suite gives to the object model: it fails on demand, and it notices
 * double frees, wrong sizes, writes past the end, writes after the free, and leaks. One for the whole
 * process; any thread may use it. It orders nothing between threads, so that it hides no race. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_MEMORY_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 1: a sanitizer watches freed memory itself, and better. */
#ifndef __has_feature
#define __has_feature(feature) 0 /* gcc has macros instead */
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || __has_feature(address_sanitizer) ||             \
    __has_feature(thread_sanitizer)
#define MEMORY_WATCHED 1
#else
#define MEMORY_WATCHED 0
#endif

void *memory_alloc(size_t size);
void memory_free(void *block, size_t size);

/* The k-th allocation from now on fails, and no other; 0: none does. */
void memory_fail_at(uint64_t k);
/* One allocation of somebody else's: true when it is to fail. */
bool memory_must_fail(void);
/* Whether the failure asked for last has happened. */
bool memory_has_failed(void);
/* All allocations fail while this is on. */
void memory_fail_all(bool on);

/* What a freed block is filled with while nobody has it. Who finds it where an object should be says so. */
#define MEMORY_FREED_WORD UINT64_C(0xdddddddddddddddd)
void memory_freed_used(void);

/* Blocks that are allocated and not freed. */
int64_t memory_live(void);

/* While this is on, a freed block of exactly this size is what the next allocation of it gets: as
 * an allocator gives a new thread the place of one that has left. 0: off. */
void memory_reuse(size_t size);

/* Looks through what has been freed for writes after the free. Nobody else uses the memory meanwhile. */
void memory_inspect_freed(void);

#endif
