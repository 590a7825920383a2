/* Mode gil: one thread runs at a time, under the lock that CPython has had since 3.2
 * (Python/ceval_gil.c, with FORCE_SWITCHING).
 *
 * A waiter waits one switch interval at a time. When an interval ends in which nobody has switched, it
 * sets the drop request. The holder sees that at its next safepoint, releases, and waits until another
 * thread has taken the GIL, so that it cannot snatch it back. A thread that blocks detaches first.
 *
 * How long each thread waited is kept, wait by wait: a mean hides the convoy behind a long turn. Taking a GIL that is
 * free reads no clock and writes none of it. */
#ifndef RCBENCH_VARIANTS_MODE_H
#define RCBENCH_VARIANTS_MODE_H

#include "core/base/atomics.h"
#include "core/base/histogram.h"

#define MODE_NAME "gil"
#define MODE_GIL 1
#define MODE_LOCKS 0
#define MODE_THREADS_MAX 0

struct mode_thread {
    uint64_t turns; /* how often this thread took the GIL after another one */
    struct histogram waits; /* ns from wanting it, or having had to let go, to having it */
};

static struct gil {
    struct shim_mutex mutex;           /* guards held, switches, holder */
    struct shim_cond released;
    bool held;
    uint64_t switches;                 /* grows when the GIL goes to another thread than before */
    struct mode_thread *holder;        /* the last one, also while nobody holds it */
    uint64_t interval_ns;
    struct shim_mutex switch_mutex;    /* with `switched`: forced switching */
    struct shim_cond switched;
    struct a32 drop_request LINE_ALIGNED; /* read at every safepoint: alone on its line */
} gil;

/* Once for each run of the model, while no thread is in it. */
static inline void mode_open(uint64_t switch_interval_ns)
{
    static bool initialized;
    if (!initialized) {
        shim_mutex_init(&gil.mutex);
        shim_cond_init(&gil.released);
        shim_mutex_init(&gil.switch_mutex);
        shim_cond_init(&gil.switched);
        initialized = true;
    }
    gil.holder = NULL;
    gil.interval_ns = switch_interval_ns;
}

/* `since`: the clock when this thread began to be without it; 0: now. */
static COLD UNUSED void gil_take(struct mode_thread *t, uint64_t since)
{
    shim_mutex_lock(&gil.mutex);
    bool waits = gil.held || since != 0;
    if (waits && since == 0)
        since = shim_clock_ns();
    while (gil.held) {
        uint64_t switches = gil.switches;
        bool timed_out = shim_cond_wait_ns(&gil.released, &gil.mutex, gil.interval_ns);
        /* Relaxed: a request is a hint; the mutex orders the hand-over itself. */
        if (timed_out && gil.held && gil.switches == switches)
            a32_store_relaxed(&gil.drop_request, 1);
    }
    shim_mutex_lock(&gil.switch_mutex);
    gil.held = true;
    if (gil.holder != t) {
        gil.holder = t;
        gil.switches++;
        t->turns++;
    }
    shim_cond_signal(&gil.switched);
    shim_mutex_unlock(&gil.switch_mutex);
    a32_store_relaxed(&gil.drop_request, 0);
    shim_mutex_unlock(&gil.mutex);
    if (waits)
        histogram_add(&t->waits, shim_clock_ns() - since);
}

/* `forced`: somebody asked. Then wait until somebody has it. */
static COLD UNUSED void gil_drop(struct mode_thread *t, bool forced)
{
    shim_mutex_lock(&gil.mutex);
    gil.held = false;
    shim_cond_signal(&gil.released);
    shim_mutex_unlock(&gil.mutex);
    if (!forced)
        return;
    shim_mutex_lock(&gil.switch_mutex);
    while (gil.holder == t)
        shim_cond_wait(&gil.switched, &gil.switch_mutex); /* who takes it takes the request back, too */
    shim_mutex_unlock(&gil.switch_mutex);
}

static inline void mode_thread_enter(struct mode_thread *t) { gil_take(t, 0); }

/* A request that nobody is left to see must not make the others wait for a switch. */
static inline void mode_thread_leave(struct mode_thread *t) { gil_drop(t, false); }

/* Switching is forced here too when somebody has asked: otherwise this thread could be back before the waiter has
 * woken. */
static inline void mode_detach(struct mode_thread *t) { gil_drop(t, a32_load_relaxed(&gil.drop_request) != 0); }
static inline void mode_attach(struct mode_thread *t) { gil_take(t, 0); }

static inline bool mode_pending(struct mode_thread *t)
{
    (void)t;
    return a32_load_relaxed(&gil.drop_request) != 0;
}

static COLD UNUSED void mode_safepoint(struct mode_thread *t)
{
    uint64_t since = shim_clock_ns();
    gil_drop(t, true);
    gil_take(t, since);
}

/* The caller holds the GIL. With both mutexes no other thread is in the middle of taking or dropping it. */
static COLD UNUSED void mode_before_fork(struct mode_thread *t)
{
    (void)t;
    shim_mutex_lock(&gil.mutex);
    shim_mutex_lock(&gil.switch_mutex);
}

/* In the child the mutexes are the forking thread's, as in the parent. The conditions still know threads that
 * waited, and a drop request may be pending: nobody is left to whom the GIL could go, and a forced switch would
 * wait for that for ever. */
static COLD UNUSED void mode_after_fork(struct mode_thread *t, bool child)
{
    (void)t;
    if (child) {
        shim_cond_init(&gil.released);
        shim_cond_init(&gil.switched);
        a32_store_relaxed(&gil.drop_request, 0);
    }
    shim_mutex_unlock(&gil.switch_mutex);
    shim_mutex_unlock(&gil.mutex);
}

static inline uint64_t mode_turns(struct mode_thread *t) { return t->turns; }
static inline struct histogram *mode_waits(struct mode_thread *t) { return &t->waits; }

#endif
