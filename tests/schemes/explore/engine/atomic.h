/* Atomic locations: all stores that each has had, in modification order, and which of them a thread may
 * still read. The model is in ../README.md. */
#ifndef RCBENCH_TESTS_SCHEMES_EXPLORE_ATOMIC_H
#define RCBENCH_TESTS_SCHEMES_EXPLORE_ATOMIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rmw { RMW_EXCHANGE, RMW_ADD, RMW_SUB, RMW_AND, RMW_OR, RMW_XOR };

/* `order` is one of __ATOMIC_*. Values are zero-extended. The read-modify-write returns the OLD value. */
uint64_t atomic_load(uintptr_t address, unsigned size, int order, const void *pc);
void atomic_store(uintptr_t address, unsigned size, uint64_t value, int order, const void *pc);
uint64_t atomic_rmw(uintptr_t address, unsigned size, enum rmw kind, uint64_t operand, int order, const void *pc);
/* True: replaced. Otherwise *expected receives what was found. */
bool atomic_cas(uintptr_t address, unsigned size, uint64_t *expected, uint64_t desired, int order, int failure,
                const void *pc);
void atomic_fence(int order, const void *pc);

void atomic_start_execution(void);
/* Of all locations: which stores they have had, in which order. */
uint64_t atomic_state(void);
/* A plain access came to bytes with atomic locations: races with atomic accesses are reported; after a write
 * the locations start anew. */
struct granule;
void atomic_meet_plain(struct granule *granule, uintptr_t address, size_t size, bool write, const void *pc);

#endif
