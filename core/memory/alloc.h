/* Memory of the object model. Every block's size is known when it is freed (sized free). Each thread counts
 * what it allocates and frees (core/memory/account.h), so that a trial can check that they balance; nothing is shared.
 *
 * A scheme that never frees (RC_NEVER_FREES) gets blocks from chunks, which go as a whole when the model
 * is closed; a traced one (RC_TRACED) has memory of its own. Memory that holds references and is no object's comes from
 * state_alloc. */
#ifndef RCBENCH_CORE_MEMORY_ALLOC_H
#define RCBENCH_CORE_MEMORY_ALLOC_H

#include <stdlib.h>
#include <string.h>

#include "core/scheme/contract.h"
#include "core/memory/account.h"

/* A shim of tests says when the scheme's own memory is to fail, where shim_alloc is not asked. */
#ifndef SHIM_ALLOC_FAILS
#define SHIM_ALLOC_FAILS() false
#endif

/* Before any thread enters, for each run. */
static inline void memory_open(void)
{
#if RC_TRACED
    trace_open();
#endif
}

/* Bytes that the scheme's own memory holds, *in_use of them in use, as far as is known: what the allocator's statistics
 * do not see. 0 where it has none. Takes locks. */
static UNUSED uint64_t memory_heap(uint64_t *in_use)
{
    *in_use = 0;
#if RC_TRACED
    return trace_heap(in_use);
#else
    return 0;
#endif
}

struct arena_chunk {
    struct arena_chunk *next;
    size_t size;
};

/* One thread's allocations. Only its thread touches it while the thread runs. */
struct memory {
    uint64_t allocated, freed;  /* as core/memory/account.h counts. Two words, so that no free waits for the store of a make */
    int64_t buffers;            /* of the blocks, those that are no objects: allocated less freed */
    struct arena_chunk *chunks; /* RC_NEVER_FREES: newest first; `at` and `end` lie in it */
    char *at, *end;
};

/* The explorer, whose memory is small, asks for less. */
#ifndef ARENA_CHUNK_BYTES
#define ARENA_CHUNK_BYTES ((size_t)1 << 20)
#endif
enum { ARENA_ALIGN = 16 };

static COLD UNUSED bool arena_grow(struct memory *memory, size_t size)
{
    size_t header = (sizeof(struct arena_chunk) + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    size_t bytes = header + size > ARENA_CHUNK_BYTES ? header + size : ARENA_CHUNK_BYTES;
    struct arena_chunk *chunk = shim_alloc(bytes);
    if (chunk == NULL)
        return false;
    chunk->next = memory->chunks;
    chunk->size = bytes;
    memory->chunks = chunk;
    memory->at = (char *)chunk + header;
    memory->end = (char *)chunk + bytes;
    return true;
}

static UNUSED void *arena_alloc(struct memory *memory, size_t size)
{
    size = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    if ((size_t)(memory->end - memory->at) < size && !arena_grow(memory, size))
        return NULL;
    void *block = memory->at;
    memory->at += size;
    return block;
}

static UNUSED void arena_free(struct arena_chunk *chunks)
{
    while (chunks != NULL) {
        struct arena_chunk *next = chunks->next;
        shim_free(chunks, chunks->size);
        chunks = next;
    }
}

/* Where the blocks come from. `refers`: there will be references in it. */
static inline void *mem_take(struct memory *memory, size_t size, bool refers)
{
    (void)memory;
    (void)refers;
#if RC_TRACED
    return SHIM_ALLOC_FAILS() ? NULL : trace_alloc(size, refers);
#elif RC_NEVER_FREES
    return arena_alloc(memory, size);
#else
    return shim_alloc(size);
#endif
}

static inline void *mem_alloc_counted(struct memory *memory, size_t size, bool refers)
{
    void *block = mem_take(memory, size, refers);
    if (UNLIKELY(block == NULL))
        return NULL;
    memory->allocated += held_block(size);
    return block;
}

/* `size` is at least 1; NULL when there is no memory. The caller owns the block. */
static inline void *mem_alloc(struct memory *memory, size_t size) { return mem_alloc_counted(memory, size, true); }

/* The same, for what never holds a reference: a collector that traces need not look there. */
static inline void *mem_alloc_atom(struct memory *memory, size_t size)
{
    return mem_alloc_counted(memory, size, false);
}

/* `size` as it was asked for. The block may come from another thread. */
static inline void mem_free(struct memory *memory, void *block, size_t size)
{
    memory->freed += held_block(size);
#if RC_NEVER_FREES /* a traced one too: its collector finds out */
    (void)block;
#else
    shim_free(block, size);
#endif
}

/* A block that belongs to an object and is none: items of a list, a dict's table, a walk's stack. */
static inline void *mem_alloc_buffer(struct memory *memory, size_t size)
{
    void *block = mem_alloc(memory, size);
    memory->buffers += block != NULL;
    return block;
}

static inline void mem_free_buffer(struct memory *memory, void *block, size_t size)
{
    memory->buffers--;
    mem_free(memory, block, size);
}

/* What this account has allocated and not freed. */
static inline uint64_t memory_held(const struct memory *memory) { return memory->allocated - memory->freed; }

/* The same, but of the blocks only those that are objects. */
static inline uint64_t memory_objects(const struct memory *memory)
{
    return memory_held(memory) - ((uint64_t)memory->buffers << HELD_BYTES_BITS);
}

/* ---- memory outside of objects that holds references ------------------------------------------------
 *
 * What a program keeps its references in: a worker's state, a set's array, a queue. No object of the model, so it is in
 * no account; but a collector that traces must look into it, so it comes from here and not from malloc. The calling
 * thread has entered. */

/* `size` zeroed bytes, at least 1; NULL when there is no memory. */
static UNUSED void *state_alloc(size_t size)
{
#if RC_TRACED
    return trace_state_alloc(size);
#else
    return calloc(1, size);
#endif
}

/* The same, on lines of its own: aligned to LINE_BYTES, of which `size` is a multiple. */
static UNUSED void *state_alloc_lines(size_t size)
{
#if RC_TRACED
    char *block = trace_state_alloc(size + LINE_BYTES);
    return block != NULL ? block + (LINE_BYTES - (uintptr_t)block % LINE_BYTES) % LINE_BYTES : NULL;
#else
    void *block = aligned_alloc(LINE_BYTES, size);
    return block != NULL ? memset(block, 0, size) : NULL;
#endif
}

/* What either of them returned, with the same size; or NULL. */
static UNUSED void state_free(void *block, size_t size)
{
    (void)size;
#if RC_TRACED
    trace_state_free(block);
#else
    free(block);
#endif
}

/* Adds what a thread that leaves has counted, and its chunks, to `total`. */
static UNUSED void memory_hand_over(struct memory *total, struct memory *memory)
{
    total->allocated += memory->allocated;
    total->freed += memory->freed;
    total->buffers += memory->buffers;
    while (memory->chunks != NULL) {
        struct arena_chunk *chunk = memory->chunks;
        memory->chunks = chunk->next;
        chunk->next = total->chunks;
        total->chunks = chunk;
    }
    *memory = (struct memory){0};
}

#endif
