/* The threads of the model: what one consists of, and the list of all that have entered. What a thread does is in
 * thread.h, how all are stopped at once in world.h. */
#ifndef RCBENCH_CORE_THREADS_THREADS_H
#define RCBENCH_CORE_THREADS_THREADS_H

#include "core/memory/alloc.h"
#include "core/memory/gc_heap.h"

struct object;

/* Bits of a thread's state. ATTACHED is set and cleared by the thread itself, STOP by whoever stops the world, COLLECT
 * by the thread when its allocations call for a collection. All by read-modify-writes of one word, so that each sees
 * what the other did; at a safepoint one load of it tells whether there is anything to do (CPython: eval_breaker). */
enum { THREAD_ATTACHED = 1, THREAD_STOP = 2, THREAD_COLLECT = 4 };

struct thread {
    struct rc_thread rc;
    struct memory memory;
    struct gc_thread gc;
    struct object *dying;   /* dead objects whose destruction waits: see object_destroy */
    unsigned destroy_depth;
    struct thread *previous, *next;    /* in all_threads.entered */
    struct a32 state LINE_ALIGNED;     /* others write it when they stop the world */
    struct mode_thread mode;           /* last: what it keeps about waits is large, and none of it is hot */
} LINE_ALIGNED;

/* All threads that have entered, and what those that have left leave behind. */
static struct all_threads {
    struct lock8 lock;
    bool stopped; /* those that enter now must wait */
    struct thread *entered;
    struct memory left;
} all_threads;

/* The calling thread's own; NULL before it has entered. */
static inline struct thread *thread_self(void) { return (struct thread *)shim_self(); }

static inline struct memory *memory_self(void) { return &thread_self()->memory; }

/* Called with the lock held. */
static COLD UNUSED void threads_add(struct thread *thread)
{
    a32_store_relaxed(&thread->state, all_threads.stopped ? THREAD_STOP : 0);
    thread->next = all_threads.entered;
    if (thread->next != NULL)
        thread->next->previous = thread;
    all_threads.entered = thread;
}

/* Called with the lock held. */
static COLD UNUSED void threads_remove(struct thread *thread)
{
    *(thread->previous != NULL ? &thread->previous->next : &all_threads.entered) = thread->next;
    if (thread->next != NULL)
        thread->next->previous = thread->previous;
    memory_hand_over(&all_threads.left, &thread->memory);
}

/* NULL: no memory. All fields are zero. */
static UNUSED struct thread *thread_alloc(void)
{
    size_t bytes = sizeof(struct thread) + LINE_BYTES;
    char *block = shim_alloc(bytes);
    if (block == NULL)
        return NULL;
    /* Aligned by hand: the shim has no aligned allocation, and the offset finds the block again. */
    size_t offset = LINE_BYTES - (uintptr_t)block % LINE_BYTES;
    struct thread *thread = (struct thread *)(block + offset);
    memset(thread, 0, sizeof *thread);
    block[offset - 1] = (char)offset;
    return thread;
}

static UNUSED void thread_free(struct thread *thread)
{
    size_t offset = ((unsigned char *)thread)[-1];
    shim_free((char *)thread - offset, sizeof(struct thread) + LINE_BYTES);
}

#endif
