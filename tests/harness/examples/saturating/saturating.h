/* saturating: Linux's refcount_t (include/linux/refcount.h): atomic, and a count that leaves its range is pinned
 * half-way down the negative numbers. The object then leaks; it never wraps into a use after free.
 *
 *   count  32 bits    0               dead
 *                     1 .. 2^31-1     references
 *                     negative        saturated: for ever, and never freed */
#ifndef RCBENCH_VARIANTS_SCHEMES_SATURATING_H
#define RCBENCH_VARIANTS_SCHEMES_SATURATING_H

#include "core/scheme/contract.h"
#include "variants/schemes/no_thread_state.h"

#define RC_SCHEME "saturating"
#define RC_HEAD_BYTES 16
#define RC_THREAD_SAFE 1
#define RC_EXACT_AUDIT 1
#define RC_IMMORTAL 0
#define RC_LATE 0
#define RC_PUBLISH_WALKS 0
#define RC_NEVER_FREES 0
#define RC_TRACED 0
#define RC_HEAD_HAS_LOCK 0
#define RC_COUNT_MAX INT32_MAX
#define RC_COUNT_ABORTS 0

/* INT_MIN / 2: some 2^30 threads would have to count at once before one of them brings it out of its range. */
#define SATURATING_PIN UINT32_C(0xc0000000)

struct rc_head { struct a32 count; uint32_t unused; void *dead_next; };

/* Relaxed: nobody's decision depends on it; whoever counts next finds a negative count too and pins it again. */
static COLD UNUSED void saturating_pin(struct rc_head *h) { a32_store_relaxed(&h->count, SATURATING_PIN); }

/* Relaxed: nobody else can reach the object yet; making it reachable synchronizes. */
static inline void rc_init(struct rc_head *h) { a32_store_relaxed(&h->count, 1); h->unused = 0; }

/* Relaxed: the caller's own reference keeps the object alive. A new count of 1 was 0: the object was dead. */
static inline void rc_incref(struct rc_head *h)
{
    if (UNLIKELY((int32_t)a32_add_relaxed(&h->count, 1) <= 1))
        saturating_pin(h);
}

/* Release: what this thread did to the object happens before its destruction. Acquire by the last one pairs with
 * that release of all the others. */
static inline bool rc_decref(struct rc_head *h)
{
    int32_t count = (int32_t)a32_sub_release(&h->count, 1);
    if (LIKELY(count > 0))
        return false;
    if (count < 0) {
        saturating_pin(h);
        return false;
    }
    (void)a32_load_acquire(&h->count);
    return true;
}

/* A CAS loop, since an unconditional add would revive a dead object. Relaxed: the caller reached the object
 * through something that synchronizes. */
static inline bool rc_try_incref(struct rc_head *h)
{
    uint32_t count = a32_load_relaxed(&h->count);
    while (count != 0) {
        if ((int32_t)count < 0 || a32_cas_relaxed(&h->count, &count, count + 1))
            return true;
    }
    return false;
}

/* Acquire pairs with the release of the decrement that left one reference. */
static inline bool rc_is_unique(struct rc_head *h) { return a32_load_acquire(&h->count) == 1; }
static inline bool rc_immortalize(struct rc_head *h) { (void)h; return false; }
/* Relaxed: the caller alone reaches the object. */
static inline void rc_set_count(struct rc_head *h, int64_t n) { a32_store_relaxed(&h->count, (uint32_t)n); }
static inline int64_t rc_audit(struct rc_head *h) { return (int32_t)a32_load_acquire(&h->count); }

/* Relaxed, like rc_try_incref: what leads another thread to the object synchronizes. */
static inline void rc_revive(struct rc_head *h, bool shared) { (void)shared; a32_store_relaxed(&h->count, 1); }

/* A word of its own: the count of a dead object must stay 0, and 32 bits beside it do not hold a pointer. */
static inline void rc_dead_link(struct rc_head *h, void *next) { h->dead_next = next; }
static inline void *rc_dead_next(struct rc_head *h) { return h->dead_next; }

#endif
