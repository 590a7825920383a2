/* What weak references are made of in every variant: the list that an object has of them, the locks that guard these
 * lists, and the callback. */
#ifndef RCBENCH_CORE_WEAK_LISTS_H
#define RCBENCH_CORE_WEAK_LISTS_H

#include "core/tracked.h"

/* Runs when the object has died or is about to be collected; `weakref` leads nowhere any more. Both are borrowed. May
 * drop what the argument refers to; has nobody to report an error to. */
typedef void weak_callback_fn(struct object *weakref, struct object *argument);

struct weak_list {
    struct aptr first; /* under the lock relaxed, but for weak_unlink. In weakref.h the first struct weakref_object, in
                          weakref_traced.h the struct weak_lifeline, which has the list */
};

enum { WEAK_STRIPES = 64 };
static struct weak_stripe {
    struct lock8 lock;
} LINE_ALIGNED weak_stripes[MODE_LOCKS ? WEAK_STRIPES : 1];

static inline unsigned weak_stripe_of(const struct object *target)
{
    return MODE_LOCKS ? (unsigned)((uintptr_t)target / 64 % WEAK_STRIPES) : 0;
}

static inline void weak_lock(unsigned stripe)
{
    if (MODE_LOCKS)
        lock8_acquire(&weak_stripes[stripe].lock);
}

static inline void weak_unlock(unsigned stripe)
{
    if (MODE_LOCKS)
        lock8_release(&weak_stripes[stripe].lock);
}

static inline void weak_list_init(struct weak_list *list) { aptr_store_relaxed(&list->first, NULL); }

#endif
