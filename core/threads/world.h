/* Stopping the world: every other thread waits, at a safepoint or detached, until the one that asked has done what
 * cannot be done beside them (CPython without a GIL: stop_the_world in Python/pystate.c; PEP 703).
 *
 * A thread that is detached is stopped where it is: it cannot attach before the world goes on, so a thread that blocks
 * delays nobody. An attached one is waited for until its next safepoint. Where one thread runs at a time anyway, under
 * a GIL or in a mode of one thread, the world stands still for whoever runs. */
#ifndef RCBENCH_CORE_THREADS_WORLD_H
#define RCBENCH_CORE_THREADS_WORLD_H

#include "core/threads/threads.h"

/* 1: there is something to stop. */
#define WORLD_RUNS (!MODE_GIL && MODE_THREADS_MAX != 1)

static struct world {
    bool initialized;
    struct shim_mutex mutex; /* guards the rest */
    struct shim_cond stopped, resumed;
    struct thread *stopper;  /* who stops the world or has stopped it; NULL: it runs */
    unsigned running;        /* threads that are still to stop */
} world;

/* When a thread enters, with the lock of all_threads held: once. */
static UNUSED void world_open(void)
{
    if (world.initialized)
        return;
    world.initialized = true;
    shim_mutex_init(&world.mutex);
    shim_cond_init(&world.stopped);
    shim_cond_init(&world.resumed);
}

/* Called with the mutex held, by a thread that was to stop and no longer runs. */
static COLD UNUSED void world_count_down(void)
{
    if (--world.running == 0)
        shim_cond_signal(&world.stopped);
}

/* Acquire: what was done while the world stood still, and what other threads did before it, happened before. */
static inline bool world_try_attach(struct thread *thread)
{
    uint32_t state = a32_load_relaxed(&thread->state);
    while (!(state & THREAD_STOP))
        if (a32_cas_acquire(&thread->state, &state, state | THREAD_ATTACHED))
            return true;
    return false;
}

/* With the mutex held: waits until the world goes on, and attaches. */
static COLD UNUSED void world_wait(struct thread *thread)
{
    while (!world_try_attach(thread))
        shim_cond_wait(&world.resumed, &world.mutex);
}

static COLD UNUSED void world_attach_slow(struct thread *thread)
{
    shim_mutex_lock(&world.mutex);
    world_wait(thread);
    shim_mutex_unlock(&world.mutex);
}

static inline void world_attach(struct thread *thread)
{
    if (!WORLD_RUNS)
        a32_store_relaxed(&thread->state, a32_load_relaxed(&thread->state) | THREAD_ATTACHED);
    else if (UNLIKELY(!world_try_attach(thread)))
        world_attach_slow(thread);
}

/* Clears ATTACHED; true: somebody waits for that. Release: whoever stops the world sees what this thread did. */
static inline bool world_leave_attached(struct thread *thread)
{
    return (a32_add_acq_rel(&thread->state, -(uint32_t)THREAD_ATTACHED) & THREAD_STOP) != 0;
}

static COLD UNUSED void world_detach_slow(void)
{
    shim_mutex_lock(&world.mutex);
    world_count_down();
    shim_mutex_unlock(&world.mutex);
}

static inline void world_detach(struct thread *thread)
{
    if (!WORLD_RUNS)
        a32_store_relaxed(&thread->state, a32_load_relaxed(&thread->state) & ~(uint32_t)THREAD_ATTACHED);
    else if (UNLIKELY(world_leave_attached(thread)))
        world_detach_slow();
}

/* At a safepoint, when STOP is set: waits until the world goes on. To the scheme it is a thread that blocks: nothing is
 * queued to one that stands still, and nobody waits for it. */
static COLD UNUSED void world_pause(struct thread *thread)
{
    rc_thread_detach(&thread->rc);
    shim_mutex_lock(&world.mutex);
    if (world_leave_attached(thread))
        world_count_down();
    world_wait(thread);
    shim_mutex_unlock(&world.mutex);
    rc_thread_attach(&thread->rc);
}

/* Tells all others to stop. A thread's answer is in the same word: where the addition finds it attached, it will see
 * STOP when it next looks there or detaches; where not, it cannot attach. */
static COLD UNUSED void world_ask_all(struct thread *self)
{
    lock8_acquire(&all_threads.lock);
    all_threads.stopped = true;
    for (struct thread *t = all_threads.entered; t != NULL; t = t->next)
        if (t != self && (a32_add_acq_rel(&t->state, THREAD_STOP) & THREAD_ATTACHED))
            world.running++;
    lock8_release(&all_threads.lock);
}

/* The calling thread, attached and at a safepoint, stops all others; returns when they stand still. If another thread
 * does so first, it waits its turn, stopped. Until all stand still it is to the scheme as one that blocks: what has
 * been queued to it is merged before, and nothing is queued meanwhile. Merged afterwards, an object could die whose
 * finalizer stops the world itself, or waits for a thread that stands still. */
static COLD UNUSED void world_stop(struct thread *self)
{
    if (!WORLD_RUNS)
        return;
    rc_thread_detach(&self->rc);
    shim_mutex_lock(&world.mutex);
    while (world.stopper != NULL) {
        shim_mutex_unlock(&world.mutex);
        world_pause(self);
        rc_thread_detach(&self->rc);
        shim_mutex_lock(&world.mutex);
    }
    world.stopper = self;
    world_ask_all(self);
    while (world.running > 0)
        shim_cond_wait(&world.stopped, &world.mutex);
    shim_mutex_unlock(&world.mutex);
    rc_thread_attach(&self->rc);
}

/* The thread that has stopped the world lets it go on. */
static COLD UNUSED void world_resume(struct thread *self)
{
    if (!WORLD_RUNS)
        return;
    shim_mutex_lock(&world.mutex);
    lock8_acquire(&all_threads.lock);
    all_threads.stopped = false;
    for (struct thread *t = all_threads.entered; t != NULL; t = t->next)
        if (t != self)
            a32_add_acq_rel(&t->state, -(uint32_t)THREAD_STOP);
    lock8_release(&all_threads.lock);
    world.stopper = NULL;
    shim_cond_broadcast(&world.resumed);
    shim_mutex_unlock(&world.mutex);
}

/* In the child of a fork, whose only thread was attached: nobody stops anybody. The mutex may have been held. */
static UNUSED void world_after_fork(struct thread *self)
{
    world.initialized = false;
    world_open();
    world.stopper = NULL;
    world.running = 0;
    all_threads.stopped = false;
    a32_store_relaxed(&self->state, THREAD_ATTACHED);
}

#endif
