/* What weak references are made of in every variant: the list that an object has of them, the locks that guard these
 * lists, and the callback. */
#ifndef RCBENCH_CORE_WEAK_WEAK_LISTS_H
#define RCBENCH_CORE_WEAK_WEAK_LISTS_H

#include "core/object/tracked.h"

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

/* True: the caller's reference is the only one, and nobody can get another but by the caller, which may change the
 * object as if it had just made it. May say false when it is so. This is what programs ask; rc_is_unique speaks of
 * counted references alone.
 *
 * Both questions are asked under the lock under which weak references are followed, made and cut. So when the list is
 * empty nobody is about to follow one, what those who did have counted is visible here, and to make another one takes a
 * reference, of which the count says that there is no other.
 *
 * Without the lock no number of looks at the list would do. One look before the count misses the weak reference that a
 * holder makes before it drops its own reference. One look after it misses the thread that has followed a weak reference
 * since, and dropped that one. A look before and another after miss both in a row: the list is empty, 2 references; a
 * holder makes a weak reference, hands it on and drops its own; the count is 1; the other one follows the weak
 * reference, and drops it; the list is empty, and there are 2 references. */
static UNUSED bool object_is_unique(struct object *o)
{
    struct weak_list *list = weak_list_of(o);
    if (!rc_is_unique(&o->rc)) /* mostly, and without a lock */
        return false;
    if (list == NULL)
        return true;
    unsigned stripe = weak_stripe_of(o);
    weak_lock(stripe);
    bool unique = aptr_load_relaxed(&list->first) == NULL && rc_is_unique(&o->rc);
    weak_unlock(stripe);
    return unique;
}

#endif
