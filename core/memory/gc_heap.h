/* Where the collector finds the objects that it may have to look at: a table of all tracked containers.
 *
 * A tracked object has an entry; entries lie in segments; a segment belongs to the thread that filled it (young
 * objects), or to one of the collector's sets (older generations). A tracked object's word leads to its entry, and the
 * entry's address to the segment, so that whoever destroys an object gives the entry back without a lock: the thread
 * that the segment belongs to links it into its free list, all others write NULL, which that thread finds when it
 * sweeps. CPython links its containers in a list, and without a GIL walks the allocator's pages; neither is to be had
 * here: a list would need a lock at each death by another thread, and the pages are jemalloc's. */
#ifndef RCBENCH_CORE_MEMORY_GC_HEAP_H
#define RCBENCH_CORE_MEMORY_GC_HEAP_H

#include "core/memory/alloc.h"

/* 0: nothing is ever collected, or by a collector that finds objects by itself: so nothing is tracked. */
#define GC_TRACKS (!RC_NEVER_FREES)

/* The explorer, whose memory is small, has smaller ones. A power of two. */
#ifndef GC_SEGMENT_BYTES
#define GC_SEGMENT_BYTES ((size_t)4096)
#define GC_BLOCK_SEGMENTS 16
#endif

/* Young, middle and old are CPython's generations 0, 1 and 2. Frozen: no collection looks there. Garbage: found, and
 * being cleared. */
enum { GC_YOUNG, GC_MIDDLE, GC_OLD, GC_FROZEN, GC_GARBAGE, GC_SETS };

struct gc_entry {
    struct aptr object; /* tracked; NULL: given back; odd: in a free list, the next entry's address + 1 */
    uintptr_t scratch;  /* the collector's, while it looks: see gc.h */
};

struct gc_segment {
    struct gc_segment *next;
    struct aptr owner; /* struct gc_thread, or NULL. Relaxed: a thread only asks whether it is itself */
    uint8_t set;       /* changes while the world is stopped */
};

enum { GC_SEGMENT_HEAD = (sizeof(struct gc_segment) + sizeof(struct gc_entry) - 1) / sizeof(struct gc_entry) };
#define GC_SEGMENT_ENTRIES (GC_SEGMENT_BYTES / sizeof(struct gc_entry) - GC_SEGMENT_HEAD)

/* A thread's young objects. Under a GIL, where whoever runs may touch all, there is one for all threads. */
struct gc_thread {
    struct gc_entry *free;
    struct gc_segment *segments;
    uint32_t held, fresh; /* segments; those of them since the last sweep */
    int64_t count, limit; /* objects tracked less objects destroyed since the last collection; when that is news */
};

struct gc_block {
    struct gc_block *next;
    size_t bytes;
};

static struct gc_heap {
    struct lock8 lock; /* guards pool, blocks and orphans */
    struct gc_segment *pool;
    struct gc_block *blocks;
    struct gc_segment *sets[GC_SETS]; /* young: what threads that have left had */
    struct gc_thread shared;
} gc_heap;

static inline struct gc_segment *gc_segment_of(const struct gc_entry *entry)
{
    return (struct gc_segment *)((uintptr_t)entry & ~(GC_SEGMENT_BYTES - 1));
}

static inline struct gc_entry *gc_entries(struct gc_segment *segment)
{
    return (struct gc_entry *)segment + GC_SEGMENT_HEAD;
}

static inline void gc_entry_link(struct gc_entry *entry, struct gc_entry *next)
{
    aptr_store_relaxed(&entry->object, (char *)next + 1);
}

static inline struct gc_entry *gc_entry_next(struct gc_entry *entry)
{
    return (struct gc_entry *)((uintptr_t)aptr_load_relaxed(&entry->object) - 1);
}

/* The tracked object of an entry, or NULL. */
static ALWAYS_INLINE void *gc_entry_object(struct gc_entry *entry)
{
    void *object = aptr_load_relaxed(&entry->object);
    return (uintptr_t)object & 1 ? NULL : object;
}

/* ---- segments ---------------------------------------------------------------------------------- */

/* With the lock held. Cuts a new block into segments. */
static COLD UNUSED bool gc_pool_grow(void)
{
    size_t bytes = (GC_BLOCK_SEGMENTS + 1) * GC_SEGMENT_BYTES;
    struct gc_block *block = shim_alloc(bytes);
    if (block == NULL)
        return false;
    block->next = gc_heap.blocks;
    block->bytes = bytes;
    gc_heap.blocks = block;
    /* The first boundary behind the block's own fields: there is one segment less than would fit without them. */
    uintptr_t at = ((uintptr_t)(block + 1) + GC_SEGMENT_BYTES - 1) & ~(uintptr_t)(GC_SEGMENT_BYTES - 1);
    for (; at + GC_SEGMENT_BYTES <= (uintptr_t)block + bytes; at += GC_SEGMENT_BYTES) {
        struct gc_segment *segment = (struct gc_segment *)at;
        segment->next = gc_heap.pool;
        gc_heap.pool = segment;
    }
    return true;
}

/* With all entries free, in no list; NULL: no memory. */
static COLD UNUSED struct gc_segment *gc_segment_take(void)
{
    lock8_acquire(&gc_heap.lock);
    if (gc_heap.pool == NULL)
        (void)gc_pool_grow();
    struct gc_segment *segment = gc_heap.pool;
    if (segment != NULL)
        gc_heap.pool = segment->next;
    lock8_release(&gc_heap.lock);
    if (segment == NULL)
        return NULL;
    segment->next = NULL;
    for (size_t i = 0; i < GC_SEGMENT_ENTRIES; i++)
        aptr_store_relaxed(&gc_entries(segment)[i].object, NULL);
    return segment;
}

static COLD UNUSED void gc_segment_give(struct gc_segment *segment)
{
    lock8_acquire(&gc_heap.lock);
    segment->next = gc_heap.pool;
    gc_heap.pool = segment;
    lock8_release(&gc_heap.lock);
}

/* When no thread is left: the blocks themselves. */
static UNUSED void gc_heap_close(void)
{
    while (gc_heap.blocks != NULL) {
        struct gc_block *block = gc_heap.blocks;
        gc_heap.blocks = block->next;
        shim_free(block, block->bytes);
    }
    memset(&gc_heap, 0, sizeof gc_heap);
}

/* ---- a thread's entries ------------------------------------------------------------------------ */

/* Links the entries that others have given back. Acquire: what they did with the entry's object happened before. */
static UNUSED void gc_sweep(struct gc_thread *mine, struct gc_segment *segment)
{
    struct gc_entry *entries = gc_entries(segment);
    for (size_t i = GC_SEGMENT_ENTRIES; i-- > 0;) {
        if (aptr_load_acquire(&entries[i].object) != NULL)
            continue;
        gc_entry_link(&entries[i], mine->free);
        mine->free = &entries[i];
    }
}

/* The free list is empty. Sweeps when a third of the segments is new since the last time, so that sweeping costs each
 * entry a constant; otherwise, or when that finds nothing, takes a new segment. -1: no memory. */
static COLD UNUSED int gc_refill(struct gc_thread *mine)
{
    if (mine->fresh * 3 >= mine->held) {
        mine->fresh = 0;
        for (struct gc_segment *segment = mine->segments; segment != NULL; segment = segment->next)
            gc_sweep(mine, segment);
        if (mine->free != NULL)
            return 0;
    }
    struct gc_segment *segment = gc_segment_take();
    if (segment == NULL)
        return -1;
    aptr_store_relaxed(&segment->owner, mine);
    segment->set = GC_YOUNG;
    segment->next = mine->segments;
    mine->segments = segment;
    mine->held++;
    mine->fresh++;
    gc_sweep(mine, segment);
    return 0;
}

/* A new entry of the calling thread's, which leads to `object`; NULL: no memory. */
static inline struct gc_entry *gc_entry_new(struct gc_thread *mine, void *object)
{
    if (UNLIKELY(mine->free == NULL) && gc_refill(mine) != 0)
        return NULL;
    struct gc_entry *entry = mine->free;
    mine->free = gc_entry_next(entry);
    aptr_store_relaxed(&entry->object, object);
    return entry;
}

/* Release, as the owner's sweep acquires: what this thread did with the object comes before the entry's next use. */
static inline void gc_entry_free(struct gc_thread *mine, struct gc_entry *entry)
{
    if (LIKELY(aptr_load_relaxed(&gc_segment_of(entry)->owner) == mine)) {
        gc_entry_link(entry, mine->free);
        mine->free = entry;
    } else {
        aptr_store_release(&entry->object, NULL);
    }
}

/* A thread that leaves, attached until now, leaves its objects to the collector. */
static COLD UNUSED void gc_hand_over(struct gc_thread *mine)
{
    lock8_acquire(&gc_heap.lock);
    while (mine->segments != NULL) {
        struct gc_segment *segment = mine->segments;
        mine->segments = segment->next;
        aptr_store_relaxed(&segment->owner, NULL);
        segment->next = gc_heap.sets[GC_YOUNG];
        gc_heap.sets[GC_YOUNG] = segment;
    }
    lock8_release(&gc_heap.lock);
    *mine = (struct gc_thread){0};
}

#endif
