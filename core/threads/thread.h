/* A thread of the model: its part of the scheme and of the mode, its memory, the objects it is destroying.
 *
 * entered: thread_enter .. thread_leave; only entered threads touch objects.
 * attached: running operations. detached: about to block; touches no object until it attaches again.
 * safepoint: a place where the thread holds no borrowed reference that another thread may end.
 *
 * After a fork the child has one thread: the one that forked. thread_before_fork and thread_after_fork make it so. */
#ifndef RCBENCH_CORE_THREADS_THREAD_H
#define RCBENCH_CORE_THREADS_THREAD_H

#include "core/threads/hooks.h"
#include "core/threads/world.h"

/* The calling thread starts to run operations; under a GIL it takes it. The thread owns what is returned
 * and gives it to thread_leave. NULL: no memory. */
static UNUSED struct thread *thread_enter(void)
{
    struct thread *thread = thread_alloc();
    if (thread == NULL)
        return NULL;
    shim_set_self((uintptr_t)thread);
    lock8_acquire(&all_threads.lock);
    world_open();
    threads_add(thread);
    lock8_release(&all_threads.lock);
    mode_thread_enter(&thread->mode);
    world_attach(thread);
    rc_thread_enter(&thread->rc, (uintptr_t)thread);
    gc_thread_enter(&thread->gc);
    return thread;
}

/* The calling thread, which is attached, stops: it merges or hands over what it owns. It is attached until its objects
 * are the collector's: while they change hands the world does not stand still. */
static UNUSED void thread_leave(struct thread *thread)
{
    rc_thread_leave(&thread->rc);
    gc_hand_over(&thread->gc);
    lock8_acquire(&all_threads.lock);
    threads_remove(thread);
    lock8_release(&all_threads.lock);
    world_detach(thread);
    mode_thread_leave(&thread->mode);
    shim_set_self(0);
    thread_free(thread);
}

/* Before the calling thread blocks: it lets go of the GIL, and others may merge what it owns. Until it
 * attaches again the OS thread is nobody, or may attach as another thread of the model. */
static UNUSED void thread_detach(struct thread *thread)
{
    rc_thread_detach(&thread->rc);
    world_detach(thread);
    mode_detach(&thread->mode);
    shim_set_self(0);
}

/* The OS thread that calls it becomes this thread of the model. */
static UNUSED void thread_attach(struct thread *thread)
{
    shim_set_self((uintptr_t)thread);
    mode_attach(&thread->mode);
    world_attach(thread);
    rc_thread_attach(&thread->rc);
}

/* Around fork(): the calling thread, attached, calls the first before it, and the second after it in the parent
 * (`child` false; also when fork failed) and in the child. In between it does nothing else. contract.h says what
 * the child can count on. */
static UNUSED void thread_before_fork(struct thread *thread)
{
    lock8_acquire(&all_threads.lock);
    lock8_acquire(&gc_heap.lock);
    rc_before_fork(&thread->rc);
    mode_before_fork(&thread->mode);
}

/* In the child every other thread of the model is gone, also one that is detached from the calling OS thread:
 * nobody may attach it again. */
static UNUSED void thread_after_fork(struct thread *thread, bool child)
{
    mode_after_fork(&thread->mode, child);
    lock8_release(&gc_heap.lock); /* before anything is destroyed: a finalizer may make objects */
    rc_after_fork(&thread->rc, child);
    if (child) {
        world_after_fork(thread);
        gc_after_fork();
    }
    struct thread *one = child ? all_threads.entered : NULL;
    while (one != NULL) {
        struct thread *next = one->next;
        if (one != thread) {
            gc_hand_over(&one->gc);
            threads_remove(one);
            thread_free(one);
        }
        one = next;
    }
    lock8_release(&all_threads.lock);
}

/* A place where the thread can be stopped has nothing to do while its state is this. */
static inline bool thread_pending(struct thread *thread)
{
    return rc_pending(&thread->rc) || mode_pending(&thread->mode) ||
           a32_load_relaxed(&thread->state) != THREAD_ATTACHED;
}

static COLD UNUSED bool thread_safepoint_slow(struct thread *thread)
{
    bool suspended = false;
    if (rc_pending(&thread->rc))
        rc_safepoint(&thread->rc);
    if (a32_load_relaxed(&thread->state) & THREAD_STOP) {
        world_pause(thread);
        suspended = true;
    }
    if (a32_load_relaxed(&thread->state) & THREAD_COLLECT)
        gc_safepoint(thread);
    if (mode_pending(&thread->mode)) {
        mode_safepoint(&thread->mode);
        suspended = true;
    }
    return suspended;
}

/* True: the thread was suspended and has let others run. */
static inline bool thread_safepoint(struct thread *thread)
{
    if (LIKELY(!thread_pending(thread)))
        return false;
    return thread_safepoint_slow(thread);
}

#endif
