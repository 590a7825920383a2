/* A slot: a place from which threads load a reference while others replace it. The hardest operation
 * without a GIL: between reading the pointer and counting, the object may die. Here a lock of one byte in
 * the slot closes that gap, as in libstdc++'s atomic<shared_ptr> and Rust's Mutex<Arc<T>>. */
#ifndef RCBENCH_CORE_OBJECT_SLOT_H
#define RCBENCH_CORE_OBJECT_SLOT_H

#include "core/object/object.h"

struct slot {
    struct object *object;
#if MODE_LOCKS
    struct lock8 lock;
#endif
};

static inline void slot_lock(struct slot *slot)
{
#if MODE_LOCKS
    lock8_acquire(&slot->lock);
#else
    (void)slot;
#endif
}

static inline void slot_unlock(struct slot *slot)
{
#if MODE_LOCKS
    lock8_release(&slot->lock);
#else
    (void)slot;
#endif
}

/* `o`: stolen, published by the caller if others can reach the slot; or NULL. */
static inline void slot_init(struct slot *slot, struct object *o)
{
    memset(slot, 0, sizeof *slot);
    slot->object = o;
}

/* An owned reference to what is in the slot, or NULL. */
static inline struct object *slot_load(struct slot *slot)
{
    slot_lock(slot);
    struct object *o = slot->object;
    if (o != NULL)
        rc_incref(&o->rc); /* the slot's own reference keeps it alive while we hold the lock */
    slot_unlock(slot);
    return o;
}

/* Puts `o` in (stolen, or NULL) and returns what was there, owned by the caller from now on. */
static inline struct object *slot_exchange(struct slot *slot, struct object *o)
{
    slot_lock(slot);
    struct object *old = slot->object;
    slot->object = o;
    slot_unlock(slot);
    return old;
}

/* Replaces what is in the slot by `o` (stolen, or NULL). -1: no memory to publish it; `o` is then still the
 * caller's. */
static inline int slot_store(struct slot *slot, struct object *o)
{
    if (o != NULL && object_publish(o) != 0)
        return -1;
    object_xdecref(slot_exchange(slot, o));
    return 0;
}

#endif
