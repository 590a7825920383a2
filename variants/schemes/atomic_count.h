/* What `atomic` and `atomic_seqcst` have in common: one 64-bit atomic count. Not a scheme. */
#ifndef RCBENCH_VARIANTS_SCHEMES_ATOMIC_COUNT_H
#define RCBENCH_VARIANTS_SCHEMES_ATOMIC_COUNT_H

/* Relaxed: nobody else can reach the object yet; making it reachable synchronizes. */
static inline void rc_init(struct rc_head *h) { a64_store_relaxed(&h->count, 1); }

/* A CAS loop, since an unconditional add would revive a dead object. Relaxed: the caller reached the
 * object through something that synchronizes (a lock, an acquire load of a slot). */
static inline bool rc_try_incref(struct rc_head *h)
{
    int64_t count = a64_load_relaxed(&h->count);
    while (count > 0) {
        if (a64_cas_relaxed(&h->count, &count, count + 1))
            return true;
    }
    return false;
}

/* Acquire pairs with the release of the decrement that left one reference: the caller is about to write
 * to the object as its only user, after everything that the others did to it. */
static inline bool rc_is_unique(struct rc_head *h) { return a64_load_acquire(&h->count) == 1; }
static inline bool rc_immortalize(struct rc_head *h) { (void)h; return false; }
/* Relaxed: the threads are quiet, and what makes the caller know that synchronizes. */
static inline int64_t rc_audit(struct rc_head *h) { return a64_load_relaxed(&h->count); }
/* Relaxed, like the rc_try_incref that may follow it: what leads another thread to the object synchronizes. */
static inline void rc_revive(struct rc_head *h, bool shared) { (void)shared; a64_store_relaxed(&h->count, 1); }
/* Negated: a count of 0 or less is dead. */
static inline void rc_dead_link(struct rc_head *h, void *next) { a64_store_relaxed(&h->count, -(int64_t)next); }
static inline void *rc_dead_next(struct rc_head *h) { return (void *)-a64_load_relaxed(&h->count); }

#endif
