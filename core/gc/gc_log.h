/* The references within the scope of a collection, in the order in which its first pass over the objects found them.
 *
 * CPython's algorithm goes over all references twice: to subtract them, and to find what is reached. The second time
 * they are read from here, one after the other: neither the objects nor their lists of items are touched again, whose
 * lengths no processor foresees. Only for small heaps: the log must stay in the cache, and memory is what a collector
 * must not need much of. Without it, or where it is too short, the objects are gone over again. */
#ifndef RCBENCH_CORE_GC_GC_LOG_H
#define RCBENCH_CORE_GC_GC_LOG_H

#include <sys/mman.h>

#include "core/memory/gc_heap.h"

struct gc_reference { struct gc_entry *from, *to; };

struct gc_log {
    struct gc_reference *references, *next, *end;
    bool lacks; /* one, or more */
};

/* Of larger heaps there is no log. A container of two or three others is usual; what is never written costs no
 * memory. */
enum { GC_LOG_ENTRIES_MAX = 1 << 18, GC_LOG_PER_ENTRY = 4 };

/* How many references it has room for, in a heap of so many entries. Tests have another one. */
#ifndef GC_LOG_ROOM
#define GC_LOG_ROOM(entries) ((entries) <= GC_LOG_ENTRIES_MAX ? (entries) * GC_LOG_PER_ENTRY : 0)
#endif

/* A larger log is the kernel's, and goes back there: pages that the allocator keeps for later stay the process's own,
 * which counts where a child of a fork collects (fork_cow). */
#define GC_LOG_ALLOC_MAX ((size_t)1 << 20)

static inline void *gc_log_alloc(size_t bytes)
{
    if (bytes <= GC_LOG_ALLOC_MAX)
        return shim_alloc(bytes);
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return pages != MAP_FAILED ? pages : NULL;
}

/* No memory: then it lacks whatever is added. */
static UNUSED void gc_log_open(struct gc_log *log, size_t entries)
{
    size_t room = GC_LOG_ROOM(entries);
    if (room == 0)
        return;
    log->references = gc_log_alloc(room * sizeof *log->references);
    log->next = log->references;
    log->end = log->references != NULL ? log->references + room : NULL;
}

static UNUSED void gc_log_close(struct gc_log *log)
{
    if (log->references == NULL)
        return;
    size_t bytes = (size_t)((char *)log->end - (char *)log->references);
    if (bytes > GC_LOG_ALLOC_MAX)
        (void)munmap(log->references, bytes);
    else
        shim_free(log->references, bytes);
}

static ALWAYS_INLINE void gc_log_add(struct gc_log *log, struct gc_reference reference)
{
    if (LIKELY(log->next != log->end))
        *log->next++ = reference;
    else
        log->lacks = true;
}

#endif
