/* The memory that instrumented code works on: what belongs to whom, plain accesses, and the way back to the
 * state in which each execution starts. */
#ifndef RCBENCH_TESTS_SCHEMES_EXPLORE_MEMORY_H
#define RCBENCH_TESTS_SCHEMES_EXPLORE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/schemes/explore/engine/clock.h"

struct location;

/* The last plain accesses of some bytes. If nothing is wrong, all earlier ones happened before these. */
struct cell {
    uint32_t write;             /* at which event of its thread; 0: never in this execution */
    uint32_t read[THREADS_MAX]; /* by thread */
    uint8_t writer;
    bool fresh; /* allocated and never written */
};

enum block_state { MEMORY_NONE, MEMORY_LIVE, MEMORY_FREED };

/* Eight bytes. Cells are shared by all eight until an access touches fewer. */
struct granule {
    uint32_t execution; /* in which this is valid; in another one everything is as it was at the start */
    uint32_t undone;    /* execution in which the old content was saved */
    uint8_t state, start_state;
    bool split;
    uint8_t touched[8]; /* threads that have used this byte atomically, over all executions: a bit each */
    struct cell cells[8];
    struct location *locations[8]; /* atomic locations that start at these bytes */
};

void memory_open(void);
/* An execution starts: memory is again as it was at memory_set_start. */
void memory_start_execution(void);
void memory_set_start(void);
/* Forgets blocks, names and which threads touch what: for the next program. */
void memory_reset(void);

/* NULL: not ours (constants, the C library's). */
struct granule *memory_granule(uintptr_t address);

void *memory_allocate(size_t size, bool reuse, const void *pc);
void memory_release(void *block, size_t size, const void *pc);
int64_t memory_live_blocks(void);
void *memory_stack(int thread, size_t *bytes);

/* A plain access of instrumented code: reports races and what is not there. */
void memory_access(uintptr_t address, size_t size, bool write, const void *pc);
/* Before the engine itself writes for an atomic operation. */
void memory_save(struct granule *granule, uintptr_t address);
/* Is the plain write that made these bytes known to the calling thread? Reports a race if not. */
void memory_check_initial(struct granule *granule, uintptr_t address, size_t size, const void *pc, bool *fresh);

void memory_name(const void *block, const char *name);
/* "block 3 (name) + 16", in a buffer that the call after the next one reuses. */
const char *memory_text(uintptr_t address);

#endif
