/* A thread of the model: its part of the scheme and of the mode, its memory, the objects it is destroying.
 *
 * entered: thread_enter .. thread_leave; only entered threads touch objects.
 * attached: running operations. detached: about to block; touches no object until it attaches again.
 * safepoint: a place where the thread holds no borrowed reference that another thread may end.
 *
 * After a fork the child has one thread: the one that forked. thread_before_fork and thread_after_fork make it so. */
#ifndef RCBENCH_CORE_THREAD_H
#define RCBENCH_CORE_THREAD_H

#include "core/alloc.h"

struct object;

struct thread {
    struct rc_thread rc;
    struct memory memory;
    struct object *dying;   /* dead objects whose destruction waits: see object_destroy */
    unsigned destroy_depth;
    struct thread *previous, *next; /* in all_threads.entered */
    struct mode_thread mode;        /* last: what it keeps about waits is large, and none of it is hot */
} LINE_ALIGNED;

/* All threads that have entered, and what those that have left leave behind. */
static struct all_threads {
    struct lock8 lock;
    struct thread *entered;
    struct memory left;
} all_threads;

/* The calling thread's own; NULL before it has entered. */
static inline struct thread *thread_self(void) { return (struct thread *)shim_self(); }

static inline struct memory *memory_self(void) { return &thread_self()->memory; }

static COLD UNUSED void threads_add(struct thread *thread)
{
    lock8_acquire(&all_threads.lock);
    thread->next = all_threads.entered;
    if (thread->next != NULL)
        thread->next->previous = thread;
    all_threads.entered = thread;
    lock8_release(&all_threads.lock);
}

/* Called with the lock held. */
static COLD UNUSED void threads_remove(struct thread *thread)
{
    *(thread->previous != NULL ? &thread->previous->next : &all_threads.entered) = thread->next;
    if (thread->next != NULL)
        thread->next->previous = thread->previous;
    memory_hand_over(&all_threads.left, &thread->memory);
}

static UNUSED void thread_free(struct thread *thread)
{
    size_t offset = ((unsigned char *)thread)[-1];
    shim_free((char *)thread - offset, sizeof(struct thread) + LINE_BYTES);
}

/* The calling thread starts to run operations; under a GIL it takes it. The thread owns what is returned
 * and gives it to thread_leave. NULL: no memory. */
static UNUSED struct thread *thread_enter(void)
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
    shim_set_self((uintptr_t)thread);
    threads_add(thread);
    mode_thread_enter(&thread->mode);
    rc_thread_enter(&thread->rc, (uintptr_t)thread);
    return thread;
}

/* The calling thread, which is attached, stops: it merges or hands over what it owns. */
static UNUSED void thread_leave(struct thread *thread)
{
    rc_thread_leave(&thread->rc);
    lock8_acquire(&all_threads.lock);
    threads_remove(thread);
    lock8_release(&all_threads.lock);
    mode_thread_leave(&thread->mode);
    shim_set_self(0);
    thread_free(thread);
}

/* Before the calling thread blocks: it lets go of the GIL, and others may merge what it owns. Until it
 * attaches again the OS thread is nobody, or may attach as another thread of the model. */
static UNUSED void thread_detach(struct thread *thread)
{
    rc_thread_detach(&thread->rc);
    mode_detach(&thread->mode);
    shim_set_self(0);
}

/* The OS thread that calls it becomes this thread of the model. */
static UNUSED void thread_attach(struct thread *thread)
{
    shim_set_self((uintptr_t)thread);
    mode_attach(&thread->mode);
    rc_thread_attach(&thread->rc);
}

/* Around fork(): the calling thread, attached, calls the first before it, and the second after it in the parent
 * (`child` false; also when fork failed) and in the child. In between it does nothing else. contract.h says what
 * the child can count on. */
static UNUSED void thread_before_fork(struct thread *thread)
{
    lock8_acquire(&all_threads.lock);
    rc_before_fork(&thread->rc);
    mode_before_fork(&thread->mode);
}

/* In the child every other thread of the model is gone, also one that is detached from the calling OS thread:
 * nobody may attach it again. */
static UNUSED void thread_after_fork(struct thread *thread, bool child)
{
    mode_after_fork(&thread->mode, child);
    rc_after_fork(&thread->rc, child);
    struct thread *one = child ? all_threads.entered : NULL;
    while (one != NULL) {
        struct thread *next = one->next;
        if (one != thread) {
            threads_remove(one);
            thread_free(one);
        }
        one = next;
    }
    lock8_release(&all_threads.lock);
}

static COLD UNUSED bool thread_safepoint_slow(struct thread *thread)
{
    if (rc_pending(&thread->rc))
        rc_safepoint(&thread->rc);
    if (!mode_pending(&thread->mode))
        return false;
    mode_safepoint(&thread->mode);
    return true;
}

/* True: the thread was suspended and has let others run. */
static inline bool thread_safepoint(struct thread *thread)
{
    if (LIKELY(!rc_pending(&thread->rc) && !mode_pending(&thread->mode)))
        return false;
    return thread_safepoint_slow(thread);
}

#endif
