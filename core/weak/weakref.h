/* Weak references: objects that lead to another one without keeping it alive (CPython: Objects/weakrefobject.c).
 *
 * The list of an object's weak references is guarded by one of a few locks, chosen by the object's address, as in
 * CPython without a GIL. Whoever follows a weak reference holds that lock while it asks the scheme for a reference
 * (rc_try_incref); whoever destroys the object takes it to cut all its weak references off before its memory goes. So
 * the one who follows finds either no object, or one whose memory is still there, and then the count decides.
 *
 * Where a collector that traces decides who is dead, they are weakref_traced.h's, under the same names. */
#ifndef RCBENCH_CORE_WEAK_WEAKREF_H
#define RCBENCH_CORE_WEAK_WEAKREF_H

#include "core/weak/weak_lists.h"

#if RC_TRACED
#include "core/weak/weakref_traced.h"
#else

struct weakref_object {
    struct tracked base;
    struct object *target; /* borrowed; NULL: it is dead. Guarded by the lock, like the links */
    struct weakref_object *previous, *next;
    unsigned stripe;
    weak_callback_fn *callback; /* or NULL */
    struct object *argument;    /* or NULL */
};

static inline struct weakref_object *weakref_of(struct object *o) { return (struct weakref_object *)o; }

/* Without the lock: for who destroys the object. Those who have put references there did so before it died. Those who
 * take the last one away may do so now, when they have no reference to the object themselves: acquire, so that what
 * they read of it happens before its memory goes. */
static inline bool weak_list_used(struct weak_list *list) { return aptr_load_acquire(&list->first) != NULL; }

/* With the lock. The one without a callback is the first, so that it is found and used again. */
static void weak_link(struct weak_list *list, struct weakref_object *ref)
{
    struct weakref_object *first = aptr_load_relaxed(&list->first);
    ref->previous = NULL;
    ref->next = first;
    if (ref->callback != NULL && first != NULL && first->callback == NULL) {
        ref->previous = first;
        ref->next = first->next;
        first->next = ref;
    } else {
        aptr_store_relaxed(&list->first, ref);
    }
    if (ref->next != NULL)
        ref->next->previous = ref;
}

/* Release, for weak_list_used: nothing of the object is touched after it. */
static void weak_unlink(struct weak_list *list, struct weakref_object *ref)
{
    if (ref->previous != NULL)
        ref->previous->next = ref->next;
    else
        aptr_store_release(&list->first, ref->next);
    if (ref->next != NULL)
        ref->next->previous = ref->previous;
    ref->target = NULL;
}

/* ---- the object -------------------------------------------------------------------------------- */

static UNUSED void weakref_clear(struct object *self)
{
    struct weakref_object *ref = weakref_of(self);
    struct object *argument = ref->argument;
    ref->argument = NULL;
    ref->callback = NULL;
    object_xdecref(argument);
}

/* It leads nowhere from now on, and is not called. */
static UNUSED void weakref_cut(struct object *self)
{
    struct weakref_object *ref = weakref_of(self);
    weak_lock(ref->stripe);
    if (ref->target != NULL)
        weak_unlink(weak_list_of(ref->target), ref);
    weak_unlock(ref->stripe);
}

static UNUSED void weakref_dealloc(struct object *self)
{
    struct weakref_object *ref = weakref_of(self);
    weakref_cut(self);
    object_xdecref(ref->argument);
    object_free(ref, sizeof *ref);
}

static UNUSED int weakref_traverse(struct object *self, visit_fn *visit, void *argument)
{
    struct object *own = weakref_of(self)->argument;
    return own != NULL ? visit(own, argument) : 0;
}

static const struct type weakref_type UNUSED = {.name = "weakref",
                                                .flags = TYPE_CONTAINER,
                                                .size = sizeof(struct weakref_object),
                                                .dealloc = weakref_dealloc,
                                                .traverse = weakref_traverse,
                                                .clear = weakref_clear};

/* With the lock: another reference to the one without a callback, or NULL. It may be about to die: then it is not to
 * be had, and waits for the lock. */
static struct object *weak_reuse(struct weak_list *list)
{
    struct weakref_object *first = aptr_load_relaxed(&list->first);
    if (first == NULL || first->callback != NULL || !rc_try_incref(&first->base.head.rc))
        return NULL;
    return &first->base.head;
}

/* A new one, in no list yet. It is published at once, and so is the target: whoever lets the target die looks at the
 * weak reference, and whoever follows the weak reference counts the target. NULL: no memory. */
static struct object *weakref_make(struct object *target, weak_callback_fn *callback, struct object *argument)
{
    struct weakref_object *ref = object_new(&weakref_type, sizeof *ref);
    if (ref == NULL)
        return NULL;
    ref->target = NULL;
    ref->stripe = weak_stripe_of(target);
    ref->callback = callback;
    ref->argument = argument != NULL ? object_incref(argument) : NULL;
    struct object *self = object_track(&ref->base);
    if (self == NULL)
        return NULL;
    if (object_publish(target) != 0 || object_publish(self) != 0) {
        object_decref(self);
        return NULL;
    }
    rc_allow_try_incref(&self->rc);
    return self;
}

/* A weak reference to `target`, whose type has a weak_offset; owned by the caller. Without a callback it is the one
 * that exists, if there is one. All are borrowed; `argument` (or NULL) is what the callback gets. NULL: no memory. */
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
    /* Another thread may have made one meanwhile. */
    found = callback == NULL ? weak_reuse(list) : NULL;
    if (found == NULL) {
        rc_allow_try_incref(&target->rc);
        weakref_of(made)->target = target;
        weak_link(list, weakref_of(made));
    }
    weak_unlock(stripe);
    if (found == NULL)
        return made;
    object_decref(made);
    return found;
}

/* The object, owned by the caller, or NULL when it is dead: once NULL, always NULL. Except for an object with a
 * finalizer, which lives again while that runs: who looks between the last drop and the finalizer finds nothing, and
 * may later find the object. */
static inline struct object *weakref_get(struct object *self)
{
    struct weakref_object *ref = weakref_of(self);
    weak_lock(ref->stripe);
    struct object *target = ref->target;
    if (target != NULL && !rc_try_incref(&target->rc))
        target = NULL;
    weak_unlock(ref->stripe);
    return target;
}

/* ---- death ------------------------------------------------------------------------------------- */

/* Cuts all weak references of `o` off. Those that are to be called (not those that `passed` says no to; NULL: all)
 * are returned as a chain by their links, each with a reference of its own. */
static UNUSED struct weakref_object *weak_list_cut(struct object *o, bool (*passed)(struct object *weakref),
                                                   struct weakref_object *chain)
{
    struct weak_list *list = weak_list_of(o);
    unsigned stripe = weak_stripe_of(o);
    weak_lock(stripe);
    struct weakref_object *ref = aptr_load_relaxed(&list->first);
    aptr_store_relaxed(&list->first, NULL);
    while (ref != NULL) {
        struct weakref_object *next = ref->next;
        struct object *self = &ref->base.head;
        ref->target = NULL;
        if (ref->callback != NULL && (passed == NULL || passed(self)) && rc_try_incref(&self->rc)) {
            ref->next = chain;
            chain = ref;
        }
        ref = next;
    }
    weak_unlock(stripe);
    return chain;
}

/* Calls, and gives up the references. A weak reference is called once. */
static UNUSED void weak_chain_call(struct weakref_object *chain)
{
    while (chain != NULL) {
        struct weakref_object *next = chain->next;
        struct object *argument = chain->argument != NULL ? object_incref(chain->argument) : NULL;
        chain->callback(&chain->base.head, argument);
        object_xdecref(argument);
        object_decref(&chain->base.head);
        chain = next;
    }
}

static COLD UNUSED void weak_list_die(struct object *o) { weak_chain_call(weak_list_cut(o, NULL, NULL)); }

#endif
#endif
