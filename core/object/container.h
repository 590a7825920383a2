/* Containers that several threads may change at once, and their lock: one byte, in the header where the
 * scheme keeps one there, nothing where the mode lets one thread run at a time. No reference is dropped
 * while the lock is held: a destruction may take other locks. */
#ifndef RCBENCH_CORE_OBJECT_CONTAINER_H
#define RCBENCH_CORE_OBJECT_CONTAINER_H

#include "core/object/tracked.h"

struct container {
    struct tracked tracked;
#if MODE_LOCKS && !RC_HEAD_HAS_LOCK
    struct lock8 lock;
#endif
};

static inline void container_init(struct container *c)
{
#if MODE_LOCKS && !RC_HEAD_HAS_LOCK
    c->lock = (struct lock8){0};
#else
    (void)c; /* rc_init has set the one in the header */
#endif
}

static inline void container_lock(struct container *c)
{
#if MODE_LOCKS && RC_HEAD_HAS_LOCK
    lock8_acquire(rc_head_lock(&c->tracked.head.rc));
#elif MODE_LOCKS
    lock8_acquire(&c->lock);
#else
    (void)c;
#endif
}

static inline void container_unlock(struct container *c)
{
#if MODE_LOCKS && RC_HEAD_HAS_LOCK
    lock8_release(rc_head_lock(&c->tracked.head.rc));
#elif MODE_LOCKS
    lock8_release(&c->lock);
#else
    (void)c;
#endif
}

#endif
