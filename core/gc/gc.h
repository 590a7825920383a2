/* The collector of cycles: CPython's algorithm (Modules/gcmodule.c; without a GIL Python/gc_free_threading.c) on the
 * tracked containers of gc_heap.h. gc_deduce.h finds out what is garbage, this file takes it away, and decides when.
 *
 * A collection of a generation and all younger ones:
 *   1. What strangers have queued to owners is merged by these, and the world stops, so that counts are exact.
 *   2. Garbage is what no reference from outside of the generation reaches (gc_deduce.h).
 *   3. Still stopped: weak references to garbage, and those that are garbage themselves, are cut off; each piece of
 *      garbage gets one more reference, the collector's, and its split counts are merged: whoever drops the last one
 *      finds that out at once. Where the scheme tells private objects from shared ones, garbage and all it refers to are
 *      published, since their thread is not the one that takes them apart.
 *   4. The world goes on. Callbacks of weak references that are no garbage run, then finalizers, each object's once.
 *   5. Only if a finalizer ran: the world stops again, and what is reachable again, with all it reaches, lives on.
 *   6. The rest is cleared and dropped.
 * Nobody but the collector can reach garbage from 3 on, so 4 to 6 need no stop. Under a GIL other threads run when a
 * callback or finalizer lets them; one collection is made at a time.
 *
 * A traced variant has no such collector, but one for all memory: gc_traced.h, with the same names. */
#ifndef RCBENCH_CORE_GC_GC_H
#define RCBENCH_CORE_GC_GC_H

#include "core/object/object.h"

#if RC_TRACED
#include "core/gc/gc_traced.h"
#else

#include "core/gc/gc_deduce.h"
#include "core/gc/gc_statistics.h"

enum { GC_COUNT_BATCH = 512 /* as CPython's threads have */ };

/* Changed while the world is stopped, but for what is atomic. */
static struct gc {
    bool enabled;
    int64_t thresholds[GC_GENERATIONS];
    struct a32 collecting; /* 1: somebody is */
    struct a64 young;      /* objects tracked less destroyed since the last collection, as far as threads have said */
    int64_t since[GC_GENERATIONS]; /* collections of the next younger generation since this one's last */
    int64_t old_objects, old_pending; /* at the last full collection; promoted since then */
    struct gc_statistics statistics;
    /* Who watches is told, on the thread that collects; NULL: nobody does. Of each stop: nanoseconds from the request
     * until the world went on, and until it stood still. Of each collection: how many objects were garbage. */
    void (*on_pause)(uint64_t pause_ns, uint64_t stop_ns);
    void (*on_collection)(uint64_t found);
} gc;

/* ---- when ------------------------------------------------------------------------------------- */

/* At how many new objects a thread says so. Where there is one table for all, at the threshold itself. */
static int64_t gc_limit(void)
{
    if (!gc.enabled || gc.thresholds[0] == 0)
        return INT64_MAX;
    return WORLD_RUNS && gc.thresholds[0] > GC_COUNT_BATCH ? GC_COUNT_BATCH : gc.thresholds[0];
}

static UNUSED void gc_thread_enter(struct gc_thread *own)
{
    /* Relaxed reads of two words that change while the world is stopped, and this thread has attached. */
    own->limit = gc_limit();
    if (!WORLD_RUNS)
        gc_heap.shared.limit = own->limit;
}

static COLD UNUSED void gc_news(struct gc_thread *mine)
{
    struct thread *self = thread_self();
    int64_t young = a64_add_relaxed(&gc.young, mine->count);
    mine->count = 0;
    if (!WORLD_RUNS)
        mine->limit = gc.thresholds[0] - young;
    if (young <= gc.thresholds[0] || (a32_load_relaxed(&self->state) & THREAD_COLLECT))
        return;
    a32_add_acq_rel(&self->state, THREAD_COLLECT); /* an addition, as whoever stops the world adds too */
}

/* CPython's rule: the oldest generation whose count is over its threshold; the old one only when a quarter as much has
 * been promoted as it held, so that the cost of full collections stays linear in the number of objects made. */
static int gc_generation_due(void)
{
    for (int generation = GC_OLD; generation > GC_YOUNG; generation--) {
        if (gc.thresholds[generation] == 0 || gc.since[generation] <= gc.thresholds[generation])
            continue;
        if (generation == GC_OLD && gc.old_pending < gc.old_objects / 4)
            continue;
        return generation;
    }
    return GC_YOUNG;
}

/* ---- taking away ------------------------------------------------------------------------------ */

static UNUSED bool gc_is_garbage(struct object *o)
{
    struct gc_entry *entry = tracked_entry(tracked_of(o));
    return entry != NULL && gc_segment_of(entry)->set == GC_GARBAGE;
}

static UNUSED bool gc_is_no_garbage(struct object *o) { return !gc_is_garbage(o); }

typedef void gc_each_fn(struct object *o, void *argument);

/* Calls for each tracked object of a list of segments; the call may destroy the object it gets. */
static void gc_each(struct gc_segment *segments, gc_each_fn *call, void *argument)
{
    for (struct gc_segment *segment = segments; segment != NULL; segment = segment->next)
        for (size_t i = 0; i < GC_SEGMENT_ENTRIES; i++) {
            struct object *o = gc_entry_object(&gc_entries(segment)[i]);
            if (o != NULL)
                call(o, argument);
        }
}

static void gc_publish(struct object *o, void *argument)
{
    int *status = argument;
    if (*status == 0)
        *status = object_publish(o);
}

/* World stopped. Garbage that one thread has made is taken apart by another, who then drops references to what the
 * first one still counts as its own: both must have been published. -1: no memory; the garbage lives on, as old
 * objects. */
static int gc_publish_all(struct gc_deduced *deduced)
{
    int status = 0;
    if (!RC_PUBLISH_WALKS)
        return 0;
    gc_each(deduced->garbage, gc_publish, &status);
    if (status != 0)
        gc_relabel(&deduced->garbage, GC_OLD);
    return status;
}

/* World stopped. `argument`: the chain of weak references to be called. */
static void gc_hold(struct object *o, void *argument)
{
    struct weakref_object **chain = argument;
    rc_stopped_merge(&o->rc);
    rc_incref(&o->rc);
    if (o->type == &weakref_type)
        weakref_cut(o);
    if (o->type->weak_offset != 0)
        *chain = weak_list_cut(o, gc_is_no_garbage, *chain);
}

static void gc_finalize(struct object *o, void *argument)
{
    bool *ran = argument;
    struct tracked *t = tracked_of(o);
    if (o->type->finalize == NULL || (t->gc & TRACKED_FINALIZED))
        return;
    t->gc |= TRACKED_FINALIZED;
    *ran = true;
    o->type->finalize(o);
}

static void gc_clear(struct object *o, void *argument)
{
    (void)argument;
    if (o->type->clear != NULL)
        o->type->clear(o);
}

/* `argument`: how many there were. */
static void gc_release(struct object *o, void *argument)
{
    uint64_t *released = argument;
    ++*released;
    object_decref(o);
}

/* Acquire: a thread that has given an entry back is done with it before the segment is used again. */
static bool gc_is_empty(struct gc_segment *segment)
{
    for (size_t i = 0; i < GC_SEGMENT_ENTRIES; i++)
        if (aptr_load_acquire(&gc_entries(segment)[i].object) != NULL)
            return false;
    return true;
}

/* Gives the emptied segments back. What has not died of the collector's drop is in the hands of a thread that rests in
 * a finalizer with a part of its queue still to be merged: it dies there, and needs its entry until then. */
static void gc_give_all(struct thread *self, struct gc_segment *segments)
{
    struct gc_segment *left = NULL;
    while (segments != NULL) {
        struct gc_segment *segment = segments;
        segments = segment->next;
        if (gc_is_empty(segment))
            gc_segment_give(segment);
        else
            gc_prepend(&left, segment);
    }
    if (left == NULL)
        return;
    world_stop(self);
    gc_relabel(&left, GC_OLD);
    world_resume(self);
}

/* ---- a collection ----------------------------------------------------------------------------- */

/* Where there is nothing to stop, what strangers have queued to this thread is merged here. */
static uint64_t gc_stop(struct thread *self, uint64_t asked_ns)
{
    if (!WORLD_RUNS)
        rc_safepoint(&self->rc);
    world_stop(self);
    uint64_t waited = shim_clock_ns() - asked_ns;
    gc_statistics_stopped(&gc.statistics, waited);
    return waited;
}

static void gc_resume(struct thread *self, uint64_t asked_ns, uint64_t waited_ns)
{
    world_resume(self);
    uint64_t pause = shim_clock_ns() - asked_ns;
    gc_statistics_resumed(&gc.statistics, pause);
    if (gc.on_pause != NULL)
        gc.on_pause(pause, waited_ns);
}

static void gc_count_collection(int generation, const struct gc_deduced *deduced)
{
    gc.statistics.collections[generation]++;
    for (int younger = GC_YOUNG; younger <= generation; younger++)
        gc.since[younger] = 0;
    if (generation < GC_OLD)
        gc.since[generation + 1]++;
    a64_store_relaxed(&gc.young, 0);
    if (!WORLD_RUNS)
        gc_heap.shared.limit = gc_limit();
    if (generation == GC_MIDDLE)
        gc.old_pending += (int64_t)deduced->survivors;
    if (generation == GC_OLD) {
        gc.old_objects = (int64_t)deduced->survivors;
        gc.old_pending = 0;
    }
}

/* What finalizers have made reachable again lives on, in the old generation. The world stops for it. Without memory for
 * telling them apart all of it lives on, until the next collection of that generation. */
static void gc_resurrect(struct thread *self, struct gc_deduced *deduced)
{
    uint64_t found = deduced->found, asked = shim_clock_ns();
    uint64_t waited = gc_stop(self, asked);
    gc_deduce_garbage(deduced);
    gc_resume(self, asked, waited);
    gc.statistics.resurrected += found - deduced->found;
}

static int64_t gc_collect_alone(struct thread *self, int generation)
{
    struct gc_deduced deduced;
    struct weakref_object *chain = NULL;
    uint64_t asked = shim_clock_ns();
    bool finalized = false;
    uint64_t released = 0, waited = gc_stop(self, asked);
    if (gc_deduce(generation, &deduced) != 0 || gc_publish_all(&deduced) != 0) {
        gc_resume(self, asked, waited);
        return -1;
    }
    gc_count_collection(generation, &deduced);
    gc_each(deduced.garbage, gc_hold, &chain);
    gc_resume(self, asked, waited);

    weak_chain_call(chain);
    gc_each(deduced.garbage, gc_finalize, &finalized);
    if (finalized)
        gc_resurrect(self, &deduced);
    gc.statistics.found += deduced.found;
    gc_each(deduced.garbage, gc_clear, NULL);
    gc_each(deduced.garbage, gc_release, &released);
    gc.statistics.died_held += deduced.found - released;
    gc_give_all(self, deduced.garbage);
    if (gc.on_collection != NULL)
        gc.on_collection(deduced.found);
    return (int64_t)deduced.found;
}

/* Collects a generation (0 to 2) and all younger ones. The calling thread is at a safepoint. Returns how many objects
 * were garbage, not counting what a finalizer brought back; 0 when another collection is being made; -1: no memory, and
 * nothing has changed. */
static UNUSED int64_t gc_collect(int generation)
{
    uint32_t nobody = 0;
    if (!GC_TRACKS || !a32_cas_acquire(&gc.collecting, &nobody, 1))
        return 0;
    int64_t found = gc_collect_alone(thread_self(), generation);
    a32_store_release(&gc.collecting, 0);
    return found;
}

/* In the child of a fork. Had another thread been collecting, it is gone, and what it held lives on. */
static UNUSED void gc_after_fork(void) { a32_store_relaxed(&gc.collecting, 0); }

/* A failure for want of memory is tried again when as much has been allocated once more. */
static COLD UNUSED void gc_safepoint(struct thread *thread)
{
    a32_add_acq_rel(&thread->state, -(uint32_t)THREAD_COLLECT);
    if (gc.enabled && a64_load_relaxed(&gc.young) > gc.thresholds[0] && gc_collect(gc_generation_due()) < 0)
        a64_store_relaxed(&gc.young, 0);
}

/* ---- settings: the world stops for them -------------------------------------------------------- */

static void gc_set_limits(void)
{
    lock8_acquire(&all_threads.lock);
    for (struct thread *t = all_threads.entered; t != NULL; t = t->next)
        t->gc.limit = gc_limit();
    lock8_release(&all_threads.lock);
    gc_heap.shared.limit = gc_limit();
}

/* Off when the model is opened: programs that make no cycles pay for what they ask for alone. */
static UNUSED void gc_set_enabled(bool enabled)
{
    struct thread *self = thread_self();
    world_stop(self);
    gc.enabled = enabled;
    gc_set_limits();
    world_resume(self);
}

static UNUSED void gc_enable(void) { gc_set_enabled(true); }
static UNUSED void gc_disable(void) { gc_set_enabled(false); }

/* CPython's gc.set_threshold. 0: that generation is not collected by itself; of the first: none is. */
static UNUSED void gc_set_thresholds(int64_t young, int64_t middle, int64_t old)
{
    struct thread *self = thread_self();
    world_stop(self);
    gc.thresholds[GC_YOUNG] = young;
    gc.thresholds[GC_MIDDLE] = middle;
    gc.thresholds[GC_OLD] = old;
    gc_set_limits();
    world_resume(self);
}

/* All that is tracked now is not looked at any more, until gc_unfreeze: before a fork, so that collections in the child
 * touch nothing of what it shares with its parent (bpo-31558). */
static UNUSED void gc_freeze(void)
{
    struct thread *self = thread_self();
    world_stop(self);
    gc_move_all(GC_OLD, GC_FROZEN);
    world_resume(self);
}

static UNUSED void gc_unfreeze(void)
{
    struct thread *self = thread_self();
    world_stop(self);
    gc_relabel(&gc_heap.sets[GC_FROZEN], GC_OLD);
    world_resume(self);
}

static void gc_count_one(struct object *o, void *argument)
{
    (void)o;
    ++*(uint64_t *)argument;
}

/* How many objects are tracked, frozen ones too (len(gc.get_objects())). */
static UNUSED uint64_t gc_get_objects(void)
{
    struct thread *self = thread_self();
    uint64_t count = 0;
    world_stop(self);
    lock8_acquire(&all_threads.lock);
    for (struct thread *t = all_threads.entered; t != NULL; t = t->next)
        gc_each(t->gc.segments, gc_count_one, &count);
    lock8_release(&all_threads.lock);
    gc_each(gc_heap.shared.segments, gc_count_one, &count);
    for (int set = 0; set < GC_SETS; set++)
        gc_each(gc_heap.sets[set], gc_count_one, &count);
    world_resume(self);
    return count;
}

/* When the model is opened: disabled, CPython's thresholds (until 3.11). */
static UNUSED void gc_open(void)
{
    memset(&gc, 0, sizeof gc);
    gc_set_thresholds(700, 10, 10);
}

/* What is tracked now is not the collector's to take back: whoever made it is to drop it. */
static UNUSED void gc_close(void) {}

#endif
#endif
