/* What a thread of a soak does with itself: blocks, enters and leaves, collects, forks. */
#ifndef RCBENCH_TESTS_SCHEMES_SOAK_LIVES_H
#define RCBENCH_TESTS_SCHEMES_SOAK_LIVES_H

#include <sys/wait.h>
#include <unistd.h>

#include "tests/schemes/soak/open.h"

enum { SOAK_CHILD_SECONDS = 120 };

/* ---- leaving, while others fork ------------------------------------------------------------------------------ */

static void gate_close(void) { CHECK_INT(pthread_mutex_lock(&soak.gate), 0); }
static void gate_open(void) { CHECK_INT(pthread_mutex_unlock(&soak.gate), 0); }

/* Waiting for the gate it is detached, so that it stops nobody. */
static void gate_close_detached(void)
{
    struct thread *self = thread_self();
    thread_detach(self);
    gate_close();
    thread_attach(self);
}

/* What it holds belongs to no thread of the model meanwhile. Its id may be another one's afterwards. */
static void do_leave(struct soaker *s)
{
    (void)s;
    gate_close_detached();
    thread_leave(thread_self());
    CHECK(thread_enter() != NULL);
    gate_open();
}

static void do_sleep(struct soaker *s)
{
    struct thread *self = thread_self();
    struct timespec moment = {.tv_nsec = (long)soak_draw(s, 100000)};
    thread_detach(self);
    if (soak_draw(s, 4) == 0)
        nanosleep(&moment, NULL);
    else
        sched_yield();
    thread_attach(self);
}

static void do_safepoint(struct soaker *s)
{
    (void)s;
    thread_safepoint(thread_self());
}

/* ---- the collector ------------------------------------------------------------------------------------------- */

/* Another thread may be collecting: then it is not this one's turn. */
static void do_collect(struct soaker *s)
{
    CHECK(gc_collect((int)soak_draw(s, GC_GENERATIONS)) >= 0);
    soak_count(&soak.options->tally->collections);
}

static void do_set(struct soaker *s)
{
    switch (soak_draw(s, 6)) {
    case 0: gc_disable(); break;
    case 1:
    case 2: gc_enable(); break;
    case 3: gc_freeze(); break;
    case 4: gc_unfreeze(); break;
    default: gc_set_thresholds(1 + soak_draw(s, 1000), soak_draw(s, 12), soak_draw(s, 12)); break;
    }
}

static void do_audit(struct soaker *s)
{
    (void)s;
    soak_audit();
}

/* ---- forks --------------------------------------------------------------------------------------------------- */

/* What everybody can reach is whole, and counted right. */
static void child_reads(struct soaker *s)
{
    for (int i = 0; i < SOAK_SLOTS; i++)
        soak_keep(s, slot_load(&soak.slots[i]));
    CHECK(gc_collect((int)soak_draw(s, GC_GENERATIONS)) >= 0);
    soak_audit();
    struct object *own = node_ring(0, 2, false);
    check_count(own, 2);
    object_decref(own);
}

/* All that the other threads held lay in `held`: the child, as their heir, drops it, and then nothing is left. */
static void child_drops_all(void)
{
    for (size_t i = 0; i <= SOAK_THREADS_MAX; i++)
        soak_drop_held(&soak.soakers[i]);
    soak_count(&soak.options->tally->forks_to_the_end);
    soak_close();
}

/* The others stand still, at a safepoint or detached, and none is in the system's allocator. */
static pid_t fork_in_stopped_world(struct soaker *s)
{
    struct thread *self = thread_self();
    world_stop(self);
    bool inherits = a32_load_acquire(&soak.inside) == 0 && a32_load_relaxed(&gc.collecting) == 0;
    thread_before_fork(self);
    pid_t pid = fork();
    thread_after_fork(self, pid == 0);
    if (pid == 0) {
        alarm(SOAK_CHILD_SECONDS);
        child_reads(s);
        if (inherits)
            child_drops_all();
        _exit(0);
    }
    world_resume(self);
    return pid;
}

static void do_fork(struct soaker *s)
{
    struct thread *self = thread_self();
    int status = 0;
    gate_close_detached();
    while (soak.moving > 0) {
        gate_open();
        do_sleep(s);
        gate_close_detached();
    }
    pid_t pid = fork_in_stopped_world(s);
    gate_open();
    CHECK(pid >= 0);
    soak_count(&soak.options->tally->forks);
    thread_detach(self);
    CHECK_INT(waitpid(pid, &status, 0), pid);
    thread_attach(self);
    if (status != 0)
        check_failed(__FILE__, __LINE__, "the child of a fork ended with status %#x", (unsigned)status);
}

#endif
