/* Weak references where a collector that traces decides who is dead (core/scheme/contract.h, Tracing). A weak reference has a
 * link that the collector does not follow, and sets to 0 when nobody reaches the object any more.
 *
 * Nobody is told when that happens. So an object with weak references has a lifeline, which nothing but the object
 * leads to: when the object is garbage, so is the lifeline, and the lifeline's finalizer calls the callbacks (as in
 * PyPy: WeakrefLifeline in pypy/module/_weakref/interp__weakref.py). The lifeline itself leads to the weak references
 * by links too: those that are garbage themselves are not called. */
#ifndef RCBENCH_CORE_WEAK_WEAKREF_TRACED_H
#define RCBENCH_CORE_WEAK_WEAKREF_TRACED_H

#include "core/weak/weak_lists.h"

struct weakref_object {
    struct tracked base;
    void *target; /* a link; set before anybody else has the weak reference */
    weak_callback_fn *callback; /* or NULL */
    struct object *argument;    /* or NULL */
};

/* A weak reference that is to be called. */
struct weak_watch {
    struct weak_watch *next;
    void *weakref; /* a link */
};

/* Guarded by the object's stripe, whose number it keeps: the finalizer does not know the object. */
struct weak_lifeline {
    void *plain; /* a link to the weak reference without a callback, which is made once; or 0 */
    struct weak_watch *watches; /* those made first come first */
    struct weak_watch *last;
    size_t count, sweep_at; /* watches, those of dead weak references too, and at how many these are taken out */
    unsigned stripe;
    bool armed; /* it has its finalizer */
};

enum { WEAK_WATCHES_MIN = 8 };

static inline struct weakref_object *weakref_of(struct object *o) { return (struct weakref_object *)o; }

static UNUSED void weakref_dealloc(struct object *self) { object_free(self, sizeof(struct weakref_object)); }

static UNUSED int weakref_traverse(struct object *self, visit_fn *visit, void *argument)
{
    struct object *own = weakref_of(self)->argument;
    return own != NULL ? visit(own, argument) : 0;
}

static const struct type weakref_type UNUSED = {.name = "weakref",
                                                .flags = TYPE_CONTAINER,
                                                .size = sizeof(struct weakref_object),
                                                .dealloc = weakref_dealloc,
                                                .traverse = weakref_traverse};

/* ---- the lifeline: all with the lock ------------------------------------------------------------------ */

/* Takes out the watches for which `keep` is false, in order, and returns them as a chain. */
typedef bool weak_keep_fn(struct weak_watch *watch);

static struct weak_watch *weak_part(struct weak_lifeline *lifeline, weak_keep_fn *keep)
{
    struct weak_watch *watch = lifeline->watches, *out = NULL, **out_end = &out, **in_end = &lifeline->watches;
    lifeline->last = NULL;
    lifeline->count = 0;
    for (; watch != NULL; watch = watch->next) {
        if (keep(watch)) {
            *in_end = lifeline->last = watch;
            in_end = &watch->next;
            lifeline->count++;
        } else {
            *out_end = watch;
            out_end = &watch->next;
        }
    }
    *in_end = *out_end = NULL;
    return out;
}

static bool weak_watch_lives(struct weak_watch *watch) { return trace_follow(&watch->weakref) != NULL; }

/* Its object lives, or lives again: not to be called now. */
static bool weak_watch_waits(struct weak_watch *watch)
{
    struct weakref_object *ref = trace_follow(&watch->weakref);
    return ref != NULL && trace_follow(&ref->target) != NULL;
}

/* Runs when the object is garbage. Whoever has brought it back meanwhile may have made new weak references to it, and
 * these wait for the next time. */
static UNUSED void weak_lifeline_run(void *self)
{
    struct weak_lifeline *lifeline = self;
    weak_lock(lifeline->stripe);
    struct weak_watch *calls = weak_part(lifeline, weak_watch_waits);
    lifeline->armed = lifeline->watches != NULL;
    if (lifeline->armed)
        trace_finalizer(lifeline, weak_lifeline_run);
    weak_unlock(lifeline->stripe);
    for (; calls != NULL; calls = calls->next) {
        struct weakref_object *ref = trace_follow(&calls->weakref);
        if (ref != NULL)
            ref->callback(&ref->base.head, ref->argument);
    }
}

/* The object's, made when it has none. NULL: no memory. */
static struct weak_lifeline *weak_lifeline_of(struct weak_list *list, unsigned stripe)
{
    struct weak_lifeline *lifeline = aptr_load_relaxed(&list->first);
    if (lifeline != NULL)
        return lifeline;
    lifeline = mem_alloc(memory_self(), sizeof *lifeline);
    if (lifeline == NULL)
        return NULL;
    lifeline->stripe = stripe;
    lifeline->sweep_at = WEAK_WATCHES_MIN;
    aptr_store_relaxed(&list->first, lifeline);
    return lifeline;
}

/* -1: no memory. */
static int weak_watch(struct weak_lifeline *lifeline, struct object *weakref)
{
    struct weak_watch *watch = mem_alloc(memory_self(), sizeof *watch);
    if (watch == NULL || !trace_weaken(&watch->weakref, weakref))
        return -1;
    if (lifeline->count >= lifeline->sweep_at) { /* at twice as many as were alive: a constant for each */
        (void)weak_part(lifeline, weak_watch_lives);
        lifeline->sweep_at = lifeline->count * 2 + WEAK_WATCHES_MIN;
    }
    if (lifeline->last != NULL)
        lifeline->last->next = watch;
    else
        lifeline->watches = watch;
    lifeline->last = watch;
    lifeline->count++;
    if (!lifeline->armed)
        trace_finalizer(lifeline, weak_lifeline_run);
    lifeline->armed = true;
    return 0;
}

/* ---- weak references ------------------------------------------------------------------------------------ */

static struct object *weakref_make(struct object *target, weak_callback_fn *callback, struct object *argument)
{
    struct weakref_object *made = object_new(&weakref_type, sizeof *made);
    if (made == NULL)
        return NULL;
    made->callback = callback;
    made->argument = argument != NULL ? object_incref(argument) : NULL;
    return trace_weaken(&made->target, target) ? object_track(&made->base) : NULL;
}

/* With the lock. */
static struct object *weak_enter(struct weak_lifeline *lifeline, struct object *made)
{
    if (lifeline == NULL)
        return NULL;
    if (weakref_of(made)->callback != NULL)
        return weak_watch(lifeline, made) == 0 ? made : NULL;
    struct object *found = trace_follow(&lifeline->plain); /* another thread may have made one meanwhile */
    if (found != NULL)
        return found;
    return trace_weaken(&lifeline->plain, made) ? made : NULL;
}

/* With the lock: the one without a callback, or NULL. */
static struct object *weak_reuse(struct weak_list *list)
{
    struct weak_lifeline *lifeline = aptr_load_relaxed(&list->first);
    return lifeline != NULL ? trace_follow(&lifeline->plain) : NULL;
}

/* To `target` (borrowed), which can be referred to weakly. `callback` (or NULL) gets `argument` (borrowed, or NULL).
 * NULL: no memory. */
static UNUSED struct object *weakref_new(struct object *target, weak_callback_fn *callback, struct object *argument)
{
    struct weak_list *list = weak_list_of(target);
    unsigned stripe = weak_stripe_of(target);
    struct object *found = NULL;
    if (callback == NULL) {
        weak_lock(stripe);
        found = weak_reuse(list);
        weak_unlock(stripe);
        if (found != NULL)
            return found;
    }
    struct object *made = weakref_make(target, callback, argument);
    if (made == NULL)
        return NULL;
    weak_lock(stripe);
    found = weak_enter(weak_lifeline_of(list, stripe), made);
    weak_unlock(stripe);
    return found;
}

/* The object, or NULL when it is dead: once NULL, always NULL. */
static inline struct object *weakref_get(struct object *self) { return trace_follow(&weakref_of(self)->target); }

#endif
