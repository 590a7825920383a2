#include "tests/schemes/explore/engine/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/schemes/explore/engine/atomic.h"
#include "tests/schemes/explore/engine/engine.h"
#include "tests/schemes/explore/engine/schedule.h"
#include "tests/schemes/explore/engine/trace.h"

/* Our memory: a stack and a heap for each thread. Addresses depend on the thread's own steps alone, not on how threads
 * are interleaved: so equal states have equal addresses. Blocks lie apart: what is between belongs to nobody. */
enum {
    STACK_BYTES = 64 << 10,
    HEAP_BYTES = 256 << 10,
    ARENA_BYTES = THREADS_MAX * (STACK_BYTES + HEAP_BYTES),
    GAP_BYTES = 16,
    BLOCKS_MAX = 4096,
    REUSED_MAX = 64,
};

/* The linker's names for the first and last byte of the program's variables. */
extern char __data_start, _end; // NOLINT(bugprone-reserved-identifier)

struct block {
    uintptr_t address;
    size_t size;
    int thread;
    bool live;
    struct view freed; /* what its last user knew: whoever gets the memory again knows it too */
    const char *name;
};

struct saved {
    uintptr_t address;
    uint64_t content;
};

static struct {
    char *arena;
    struct granule *granules, *variables;
    uintptr_t variables_from, variables_to;
    size_t heap_used[THREADS_MAX], start_heap_used[THREADS_MAX];
    struct block blocks[BLOCKS_MAX], start_blocks[BLOCKS_MAX];
    int blocks_length, start_blocks_length;
    int64_t live, start_live;
    struct saved *saved;
    size_t saved_length, saved_capacity;
} memory;

static void *reserve(size_t bytes)
{
    void *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (block == MAP_FAILED) {
        perror("explore: mmap");
        exit(1);
    }
    return block;
}

void memory_open(void)
{
    if (memory.arena != NULL)
        return;
    memory.arena = reserve(ARENA_BYTES);
    memory.granules = reserve(ARENA_BYTES / 8 * sizeof *memory.granules);
    memory.variables_from = (uintptr_t)&__data_start & ~(uintptr_t)7;
    memory.variables_to = (uintptr_t)&_end;
    memory.variables = reserve(((memory.variables_to - memory.variables_from) / 8 + 1) * sizeof *memory.variables);
}

static uintptr_t arena_at(void) { return (uintptr_t)memory.arena; }

struct granule *memory_granule(uintptr_t address)
{
    struct granule *g;
    if (address - arena_at() < ARENA_BYTES)
        g = &memory.granules[(address - arena_at()) / 8];
    else if (address - memory.variables_from < memory.variables_to - memory.variables_from)
        g = &memory.variables[(address - memory.variables_from) / 8];
    else
        return NULL;
    if (g->execution != schedule.execution) {
        g->execution = schedule.execution;
        g->state = g->start_state;
        g->split = false;
        g->cells[0] = (struct cell){0};
        memset(g->locations, 0, sizeof g->locations);
    }
    return g;
}

static bool in_heap(uintptr_t address)
{
    return address - (arena_at() + THREADS_MAX * STACK_BYTES) < THREADS_MAX * HEAP_BYTES;
}

void *memory_stack(int thread, size_t *bytes)
{
    *bytes = STACK_BYTES;
    return memory.arena + (size_t)thread * STACK_BYTES;
}

/* ---- the way back ------------------------------------------------------------------------------- */

/* Stacks are not restored: a fiber starts again at its bottom. Heap that was not there at the start need not be. */
void memory_save(struct granule *g, uintptr_t address)
{
    if (g->undone == schedule.execution || schedule.phase == PHASE_PREPARE)
        return;
    bool variable = address - arena_at() >= ARENA_BYTES;
    if (!variable && g->start_state == MEMORY_NONE)
        return;
    g->undone = schedule.execution;
    if (memory.saved_length == memory.saved_capacity) {
        memory.saved_capacity = memory.saved_capacity ? memory.saved_capacity * 2 : 1024;
        memory.saved = realloc(memory.saved, memory.saved_capacity * sizeof *memory.saved);
        if (memory.saved == NULL) {
            fputs("explore: out of memory\n", stderr);
            exit(1);
        }
    }
    struct saved *saved = &memory.saved[memory.saved_length++];
    saved->address = address & ~(uintptr_t)7;
    memcpy(&saved->content, (void *)saved->address, 8);
}

static void restore(void)
{
    while (memory.saved_length > 0) {
        struct saved *saved = &memory.saved[--memory.saved_length];
        memcpy((void *)saved->address, &saved->content, 8);
    }
}

void memory_start_execution(void)
{
    restore();
    memcpy(memory.heap_used, memory.start_heap_used, sizeof memory.heap_used);
    memory.blocks_length = memory.start_blocks_length;
    memcpy(memory.blocks, memory.start_blocks, (size_t)memory.blocks_length * sizeof *memory.blocks);
    memory.live = memory.start_live;
}

void memory_set_start(void)
{
    memcpy(memory.start_heap_used, memory.heap_used, sizeof memory.heap_used);
    memory.start_blocks_length = memory.blocks_length;
    memcpy(memory.start_blocks, memory.blocks, (size_t)memory.blocks_length * sizeof *memory.blocks);
    memory.start_live = memory.live;
}

void memory_reset(void)
{
    restore();
    size_t variables = (memory.variables_to - memory.variables_from) / 8 + 1;
    madvise(memory.granules, ARENA_BYTES / 8 * sizeof *memory.granules, MADV_DONTNEED);
    madvise(memory.variables, variables * sizeof *memory.variables, MADV_DONTNEED);
    memset(memory.heap_used, 0, sizeof memory.heap_used);
    memory.blocks_length = 0;
    memory.live = 0;
    memory_set_start();
}

/* ---- blocks ------------------------------------------------------------------------------------- */

static struct block *find_block(uintptr_t address)
{
    struct block *found = NULL;
    for (int i = 0; i < memory.blocks_length; i++) {
        struct block *b = &memory.blocks[i];
        if (address >= b->address && address < b->address + b->size && (found == NULL || b->live))
            found = b;
    }
    return found;
}

static void set_state(uintptr_t address, size_t size, enum block_state state)
{
    bool preparing = schedule.phase == PHASE_PREPARE;
    struct cell cell = {.fresh = state == MEMORY_LIVE};
    if (!preparing) {
        cell.write = schedule.current->events + 1;
        cell.writer = (uint8_t)schedule.current->id;
    }
    for (uintptr_t at = address; at < address + size; at += 8) {
        struct granule *g = memory_granule(at);
        g->state = (uint8_t)state;
        if (preparing)
            g->start_state = (uint8_t)state;
        g->split = false;
        g->cells[0] = cell;
        memset(g->locations, 0, sizeof g->locations);
    }
}

static struct block *take_freed(size_t size)
{
    for (int i = memory.blocks_length - 1; i >= 0; i--)
        if (!memory.blocks[i].live && memory.blocks[i].size == size)
            return &memory.blocks[i];
    return NULL;
}

static struct block *new_block(size_t size)
{
    int thread = schedule.current->id;
    size_t room = (size + GAP_BYTES + 15) & ~(size_t)15;
    if (memory.blocks_length == BLOCKS_MAX || memory.heap_used[thread] + room > HEAP_BYTES)
        engine_fail("the program needs more memory than the explorer has (a loop that allocates?)");
    struct block *b = &memory.blocks[memory.blocks_length++];
    *b = (struct block){.size = size, .thread = thread};
    b->address = arena_at() + THREADS_MAX * STACK_BYTES + (uintptr_t)thread * HEAP_BYTES + memory.heap_used[thread];
    memory.heap_used[thread] += room;
    return b;
}

void *memory_allocate(size_t size, bool reuse, const void *pc)
{
    struct fiber *self = schedule.current;
    schedule_event(size, 0);
    struct block *b = reuse ? take_freed(size) : NULL;
    if (b != NULL) {
        view_join(&self->now, &b->freed);
        schedule_event(b->address, (uint64_t)b->freed.hb.at[b->thread]);
    } else {
        b = new_block(size);
    }
    b->live = true;
    memory.live++;
    set_state(b->address, size, MEMORY_LIVE);
    memset((void *)b->address, 0xa5, size);
    trace_step(pc, "allocates %zu bytes: %s", size, memory_text(b->address));
    return (void *)b->address;
}

void memory_release(void *address, size_t size, const void *pc)
{
    struct block *b = find_block((uintptr_t)address);
    if (b == NULL || b->address != (uintptr_t)address)
        engine_fail("free of %s, which is no block", memory_text((uintptr_t)address));
    if (!b->live)
        engine_fail("double free of %s", memory_text(b->address));
    if (b->size != size)
        engine_fail("free of %s with size %zu, but it has %zu bytes", memory_text(b->address), size, b->size);
    trace_step(pc, "frees %s", memory_text(b->address));
    if (schedule.phase != PHASE_PREPARE)
        memory_access(b->address, size, true, pc); /* whoever uses it must have done so before */
    schedule_event(b->address, size);
    b->live = false;
    b->freed = schedule.current->now;
    memory.live--;
    set_state(b->address, size, MEMORY_FREED);
}

int64_t memory_live_blocks(void) { return memory.live; }

void memory_name(const void *address, const char *name)
{
    struct block *b = find_block((uintptr_t)address);
    if (b != NULL)
        b->name = name;
}

const char *memory_text(uintptr_t address)
{
    static char texts[2][128];
    static int next;
    char *text = texts[next++ % 2];
    struct block *b = find_block(address);
    if (b == NULL)
        snprintf(text, sizeof texts[0], "variable %#lx", (unsigned long)address);
    else if (b->name != NULL)
        snprintf(text, sizeof texts[0], "%s + %zu", b->name, (size_t)(address - b->address));
    else
        snprintf(text, sizeof texts[0], "block %d of %zu bytes (thread %d's) + %zu", (int)(b - memory.blocks), b->size,
                 b->thread, (size_t)(address - b->address));
    return text;
}

/* ---- plain accesses ----------------------------------------------------------------------------- */

__attribute__((noreturn)) static void race(uintptr_t address, bool write, int other, bool other_wrote, const void *pc)
{
    trace_step(pc, "%s %s", write ? "writes" : "reads", memory_text(address));
    engine_fail("data race: thread %d %s %s, and thread %d has %s it; neither happens before the other",
                schedule.current->id, write ? "writes" : "reads", memory_text(address), other,
                other_wrote ? "written (or freed)" : "read");
}

static void touch(struct cell *cell, uintptr_t address, bool write, const void *pc)
{
    struct fiber *self = schedule.current;
    const struct vclock *known = &self->now.hb;
    if (cell->writer != self->id && cell->write > known->at[cell->writer])
        race(address, write, cell->writer, true, pc);
    if (!write) {
        cell->read[self->id] = self->events + 1; /* part of what its next event makes known */
        return;
    }
    for (int i = 0; i < THREADS_MAX; i++)
        if (i != self->id && cell->read[i] > known->at[i])
            race(address, write, i, false, pc);
    cell->write = self->events + 1;
    cell->writer = (uint8_t)self->id;
    cell->fresh = false;
}

static void split(struct granule *g)
{
    for (int i = 1; !g->split && i < 8; i++)
        g->cells[i] = g->cells[0];
    g->split = true;
}

static void access_granule(struct granule *g, uintptr_t address, size_t size, bool write, const void *pc)
{
    if (g->state == MEMORY_FREED) {
        trace_step(pc, "%s %s", write ? "writes" : "reads", memory_text(address));
        engine_fail("use after free: thread %d %s %s", schedule.current->id, write ? "writes" : "reads",
                    memory_text(address));
    }
    if (g->state == MEMORY_NONE && in_heap(address))
        engine_fail("thread %d %s outside of any block, at %#lx", schedule.current->id, write ? "writes" : "reads",
                    (unsigned long)address);
    atomic_meet_plain(g, address, size, write, pc);
    if (write)
        memory_save(g, address);
    if (size == 8 && !g->split) {
        touch(&g->cells[0], address, write, pc);
        return;
    }
    split(g);
    for (size_t i = 0; i < size; i++)
        touch(&g->cells[address % 8 + i], address + i, write, pc);
}

void memory_access(uintptr_t address, size_t size, bool write, const void *pc)
{
    if (schedule.phase != PHASE_EXPLORE && schedule.phase != PHASE_QUIET)
        return;
    while (size > 0) {
        size_t part = 8 - address % 8 < size ? 8 - address % 8 : size;
        struct granule *g = memory_granule(address);
        if (g == NULL)
            return;
        access_granule(g, address, part, write, pc);
        address += part;
        size -= part;
    }
}

void memory_check_initial(struct granule *g, uintptr_t address, size_t size, const void *pc, bool *fresh)
{
    const struct fiber *self = schedule.current;
    *fresh = false;
    for (size_t i = 0; i < size; i++) {
        struct cell *cell = &g->cells[g->split ? (address + i) % 8 : 0];
        *fresh |= cell->fresh;
        if (cell->writer != self->id && cell->write > self->now.hb.at[cell->writer])
            race(address, false, cell->writer, true, pc);
    }
}
