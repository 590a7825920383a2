/* tracing: nothing is counted. Memory is taken back by the Boehm-Demers-Weiser collector (libgc; Boehm and Weiser,
 * Garbage collection in an uncooperative environment, Software: Practice and Experience 18, 1988), which stops all
 * threads, marks what they can reach, from their stacks and registers, static data and the memory of trace_state_alloc,
 * and sweeps the rest: the way of PyPy, Jython and IronPython, beside a GIL and counts that are safe for threads.
 * Theirs move objects; this one cannot. docs/memory.md says what follows from that, and what a collector cannot give.
 *
 * The header is as wide as plain's, so that the difference to plain is not the cache footprint. */
#ifndef RCBENCH_VARIANTS_SCHEMES_TRACING_H
#define RCBENCH_VARIANTS_SCHEMES_TRACING_H

/* Threads are made by whoever makes them; they register when they enter. */
#define GC_THREADS
#define GC_NO_THREAD_REDIRECTS
#include <gc/gc.h>

#include <pthread.h>

#include "core/scheme/contract.h"

#define RC_SCHEME "tracing"
#define RC_HEAD_BYTES 8
#define RC_THREAD_SAFE 1
#define RC_EXACT_AUDIT 0
#define RC_IMMORTAL 1
#define RC_LATE 1
#define RC_PUBLISH_WALKS 0
#define RC_NEVER_FREES 1
#define RC_TRACED 1
#define TRACE_ALLOCATOR "libgc"
#define RC_HEAD_HAS_LOCK 0
#define RC_COUNT_MAX 0
#define RC_COUNT_ABORTS 0

/* ---- counting: there is none ---------------------------------------------------------------------------- */

struct rc_head { void *unused; };

static inline void rc_init(struct rc_head *h) { h->unused = NULL; }
static inline void rc_incref(struct rc_head *h) { (void)h; }
static inline bool rc_decref(struct rc_head *h) { (void)h; return false; }
static inline bool rc_try_incref(struct rc_head *h) { (void)h; return true; }
static inline void rc_allow_try_incref(struct rc_head *h) { (void)h; }
static inline bool rc_is_unique(struct rc_head *h) { (void)h; return false; }
static inline bool rc_immortalize(struct rc_head *h) { (void)h; return true; }
static inline bool rc_publish(struct rc_head *h) { (void)h; return false; }
static inline void rc_unpublish(struct rc_head *h) { (void)h; }
static inline bool rc_is_published(struct rc_head *h) { (void)h; return false; }
static inline int64_t rc_audit(struct rc_head *h) { (void)h; return 0; }
static inline void rc_revive(struct rc_head *h, bool shared) { (void)h; (void)shared; }
static inline void rc_stopped_merge(struct rc_head *h) { (void)h; }
static inline void rc_dead_link(struct rc_head *h, void *next) { h->unused = next; }
static inline void *rc_dead_next(struct rc_head *h) { return h->unused; }

/* ---- when to collect --------------------------------------------------------------------------------------
 *
 * libgc alone collects when its heap has no free block, and its heap never shrinks: how often it collected would
 * depend on what the process has done before, so on the order of cells. Here it collects when as much has been
 * allocated as was in use after the last collection, and at least TRACING_BYTES_MIN: safepoints look for that, and
 * libgc, which looks when it needs blocks, is told not to collect earlier. */

/* As much as PyPy's nursery holds where it knows nothing of the caches. */
#define TRACING_BYTES_MIN ((int64_t)4 << 20)

static struct tracing {
    struct a64 limit;      /* bytes since the last collection at which the next is due; INT64_MAX: off */
    struct a32 finalizers; /* 1: some are due */
    struct lock8 collecting; /* who collects because it is due, so that those who came second need not */
    int64_t in_use;        /* bytes, after the last collection. This and the rest: with libgc's own lock */
    uint64_t asked_ns, stopped_ns;
} tracing;

/* core/gc/gc_traced.h */
static void trace_collected(uint64_t pause_ns, uint64_t stop_ns);

static UNUSED void tracing_set_limit(bool on)
{
    int64_t limit = tracing.in_use > TRACING_BYTES_MIN ? tracing.in_use : TRACING_BYTES_MIN;
    GC_set_min_bytes_allocd((size_t)limit);
    /* Relaxed, and so all of it: whoever reads an older one collects a little earlier or later. */
    a64_store_relaxed(&tracing.limit, on ? limit : INT64_MAX);
}

static inline bool tracing_is_due(void)
{
    return (int64_t)GC_get_bytes_since_gc() >= a64_load_relaxed(&tracing.limit);
}

/* libgc calls it on the thread that collects. */
static UNUSED void GC_CALLBACK tracing_event(GC_EventType event)
{
    switch (event) {
    case GC_EVENT_PRE_STOP_WORLD:
        tracing.asked_ns = shim_clock_ns();
        break;
    case GC_EVENT_POST_STOP_WORLD:
        tracing.stopped_ns = shim_clock_ns();
        break;
    case GC_EVENT_POST_START_WORLD:
        trace_collected(shim_clock_ns() - tracing.asked_ns, tracing.stopped_ns - tracing.asked_ns);
        break;
    case GC_EVENT_END:
        tracing.in_use = (int64_t)(GC_get_heap_size() - GC_get_free_bytes());
        tracing_set_limit(!GC_is_disabled());
        break;
    default:
        break;
    }
}

/* ---- the collector, once for the process ------------------------------------------------------------------- */

/* libgc calls it after a collection, on no thread in particular. */
static UNUSED void GC_CALLBACK tracing_notify(void) { a32_store_relaxed(&tracing.finalizers, 1); }

/* All references lead to the first byte of their object, as far as they lie in memory; from stacks and registers libgc
 * takes any. Finalizers run at safepoints, where their thread holds no lock; those of garbage cycles run too, and what
 * they reach lives until then (Java's rules). A child of fork() may go on. */
static UNUSED void tracing_start(void)
{
    GC_set_all_interior_pointers(0);
    GC_set_finalize_on_demand(1);
    GC_set_java_finalization(1);
    GC_set_finalizer_notifier(tracing_notify);
    GC_set_handle_fork(1);
    GC_INIT();
    GC_set_on_collection_event(tracing_event);
    tracing_set_limit(true);
    GC_allow_register_threads(); /* starts the threads that mark, too: not bound to any CPU, as nobody here is yet */
}

static UNUSED void trace_open(void)
{
    static pthread_once_t started = PTHREAD_ONCE_INIT;
    (void)pthread_once(&started, tracing_start);
}

static UNUSED void trace_enable(bool on)
{
    if (on && GC_is_disabled())
        GC_enable();
    else if (!on && !GC_is_disabled())
        GC_disable();
    tracing_set_limit(on);
}

static UNUSED void trace_collect(void)
{
    bool disabled = GC_is_disabled() != 0;
    if (disabled)
        GC_enable(); /* libgc refuses otherwise */
    GC_gcollect();
    if (disabled)
        trace_enable(false);
    (void)GC_invoke_finalizers();
}

/* ---- threads ----------------------------------------------------------------------------------------------- */

struct rc_thread { char none; };

/* As how many threads of the model this OS thread has entered (a trial's main thread is its first worker, too), and
 * whether it was libgc that did not know it before: the process's first thread it knows for ever. */
static _Thread_local unsigned tracing_entered UNUSED;
static _Thread_local bool tracing_registered UNUSED;

static UNUSED void rc_thread_enter(struct rc_thread *t, uintptr_t id)
{
    struct GC_stack_base base;
    (void)t;
    (void)id;
    if (tracing_entered++ > 0)
        return;
    trace_open(); /* for programs that have not */
    (void)GC_get_stack_base(&base);
    tracing_registered = GC_register_my_thread(&base) == GC_SUCCESS;
}

static UNUSED void rc_thread_leave(struct rc_thread *t)
{
    (void)t;
    if (--tracing_entered == 0 && tracing_registered)
        (void)GC_unregister_my_thread();
}

/* When it is due: not twice because two threads have seen it. */
static COLD UNUSED void tracing_collect_due(void)
{
    if (!lock8_try(&tracing.collecting))
        return;
    if (tracing_is_due())
        GC_gcollect();
    lock8_release(&tracing.collecting);
}

/* libgc stops threads by a signal, where they are, so also one that blocks; its stack is looked through, too. What is
 * due is done while the thread would have nothing to do. */
static inline void rc_thread_detach(struct rc_thread *t)
{
    (void)t;
    if (UNLIKELY(tracing_is_due()))
        tracing_collect_due();
}
static inline void rc_thread_attach(struct rc_thread *t) { (void)t; }

static inline bool rc_pending(struct rc_thread *t)
{
    (void)t;
    return a32_load_relaxed(&tracing.finalizers) != 0 || tracing_is_due();
}

static COLD UNUSED void rc_safepoint(struct rc_thread *t)
{
    (void)t;
    if (tracing_is_due())
        tracing_collect_due();
    if (a32_load_relaxed(&tracing.finalizers) != 0) {
        a32_store_relaxed(&tracing.finalizers, 0); /* before: what becomes due from here on is notified again */
        (void)GC_invoke_finalizers();
    }
}

static inline uint64_t rc_late_max(struct rc_thread *t) { (void)t; return 0; }

/* libgc has handlers of its own (GC_set_handle_fork). Nobody but the forking thread may be collecting meanwhile. */
static UNUSED void rc_before_fork(struct rc_thread *t)
{
    (void)t;
    lock8_acquire(&tracing.collecting);
}
static UNUSED void rc_after_fork(struct rc_thread *t, bool child)
{
    (void)t;
    (void)child;
    lock8_release(&tracing.collecting);
}

/* ---- memory ------------------------------------------------------------------------------------------------ */

/* Both are the thread's own free lists as long as these last: libgc takes its lock when one is empty. */
static inline void *trace_alloc(size_t size, bool refers) { return refers ? GC_malloc(size) : GC_malloc_atomic(size); }

static UNUSED void *trace_state_alloc(size_t size) { return GC_malloc_uncollectable(size); }

/* GC_base finds the first byte. */
static UNUSED void trace_state_free(void *p)
{
    if (p != NULL)
        GC_free(GC_base(p));
}

static UNUSED uint64_t trace_heap(uint64_t *bytes)
{
    GC_word heap, free_bytes;
    GC_get_heap_usage_safe(&heap, &free_bytes, NULL, NULL, NULL);
    *bytes = heap - free_bytes;
    return heap;
}

/* ---- finalizers and weak references -------------------------------------------------------------------------- */

typedef void tracing_run_fn(void *object);

static UNUSED void GC_CALLBACK tracing_run(void *object, void *run) { ((tracing_run_fn *)run)(object); }

/* In no order: garbage cycles are finalized like all else. */
static UNUSED void trace_finalizer(void *object, tracing_run_fn *run)
{
    GC_register_finalizer_no_order(object, tracing_run, (void *)run, NULL, NULL);
}

static UNUSED bool trace_weaken(void **link, void *object)
{
    *link = (void *)GC_HIDE_POINTER(object);
    if (GC_general_register_disappearing_link(link, object) != GC_NO_MEMORY)
        return true;
    *link = NULL;
    return false;
}

static UNUSED void *GC_CALLBACK tracing_reveal(void *link)
{
    void *hidden = *(void **)link;
    return hidden != NULL ? GC_REVEAL_POINTER(hidden) : NULL;
}

/* With libgc's lock, so that no collection comes between the look at the link and the pointer that it would see. */
static UNUSED void *trace_follow(void **link) { return GC_call_with_alloc_lock(tracing_reveal, link); }

#endif
