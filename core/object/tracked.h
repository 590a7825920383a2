/* What the collector asks of containers: to be tracked while they live, and to pass through their finalizer and their
 * weak references when they die. A traced variant's collector finds containers by itself. */
#ifndef RCBENCH_CORE_OBJECT_TRACKED_H
#define RCBENCH_CORE_OBJECT_TRACKED_H

#include "core/object/object.h"

/* In tracked.gc, beside the entry's address: the finalizer has run, and will not run again. */
enum { TRACKED_FINALIZED = 1 };

static inline struct tracked *tracked_of(struct object *o) { return (struct tracked *)o; }

static inline struct gc_entry *tracked_entry(struct tracked *t)
{
    return (struct gc_entry *)(t->gc & ~(uintptr_t)TRACKED_FINALIZED);
}

static inline void tracked_set_entry(struct tracked *t, struct gc_entry *entry)
{
    t->gc = (uintptr_t)entry | (t->gc & TRACKED_FINALIZED);
}

static inline struct weak_list *weak_list_of(struct object *o)
{
    return o->type->weak_offset != 0 ? (struct weak_list *)((char *)o + o->type->weak_offset) : NULL;
}

#if RC_TRACED

/* A finalizer runs once: a traced scheme forgets it before. */
static UNUSED void tracked_finalize(void *self)
{
    struct object *o = self;
    tracked_of(o)->gc |= TRACKED_FINALIZED;
    o->type->finalize(o);
}

/* The scheme's collector finds objects by itself; it is told of those with a finalizer. */
static inline struct object *object_track(struct tracked *t)
{
    t->gc = 0;
    if (UNLIKELY(t->head.type->finalize != NULL))
        trace_finalizer(t, tracked_finalize);
    return &t->head;
}

static UNUSED void object_untrack(struct tracked *t) { (void)t; }

/* No decref finds a death, so nobody asks. */
static UNUSED bool tracked_before_death(struct object *o)
{
    (void)o;
    return true;
}

#else

/* The calling thread's table: one for all where one thread runs at a time. */
static inline struct gc_thread *gc_mine(void)
{
    return WORLD_RUNS ? &thread_self()->gc : &gc_heap.shared;
}

/* Last in a container's making, when it can be traversed: from now on the collector knows it. Takes over the caller's
 * reference and returns it; NULL: no memory, and the object is gone with what it referred to. */
static inline struct object *object_track(struct tracked *t)
{
    t->gc = 0;
    if (!GC_TRACKS)
        return &t->head;
    struct gc_thread *mine = gc_mine();
    struct gc_entry *entry = gc_entry_new(mine, t);
    if (UNLIKELY(entry == NULL)) {
        object_decref(&t->head);
        return NULL;
    }
    t->gc = (uintptr_t)entry;
    if (UNLIKELY(++mine->count > mine->limit))
        gc_news(mine);
    return &t->head;
}

static inline void object_untrack(struct tracked *t)
{
    struct gc_entry *entry = tracked_entry(t);
    if (!GC_TRACKS || entry == NULL)
        return;
    tracked_set_entry(t, NULL);
    struct gc_thread *mine = gc_mine();
    gc_entry_free(mine, entry);
    mine->count -= mine->count > 0;
}

/* Runs the finalizer of a dead object, which lives meanwhile. True: it is dead again. */
static NOINLINE UNUSED bool object_finalize(struct object *o)
{
    struct weak_list *weak = weak_list_of(o);
    tracked_of(o)->gc |= TRACKED_FINALIZED;
    rc_revive(&o->rc, weak != NULL && weak_list_used(weak));
    o->type->finalize(o);
    return rc_decref(&o->rc);
}

/* For object_destroy, as in CPython: the finalizer first, while all that it may want is whole; then weak references,
 * which must not see what is being taken apart. While the finalizer runs the object has a reference and is tracked;
 * afterwards the collector does not know it any more. False: the finalizer has brought it back. */
static inline bool tracked_before_death(struct object *o)
{
    if (UNLIKELY(o->type->finalize != NULL) && !(tracked_of(o)->gc & TRACKED_FINALIZED) && !object_finalize(o))
        return false;
    object_untrack(tracked_of(o));
    if (o->type->weak_offset != 0 && UNLIKELY(weak_list_used(weak_list_of(o))))
        weak_list_die(o);
    return true;
}

#endif

#endif
