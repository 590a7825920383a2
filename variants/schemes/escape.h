/* escape: the sign of the count says whether the object has escaped its thread (Lean 4's runtime,
 * lean.h; Koka's kklib, refcount.c): the seeds' last question, "what if only shared objects were atomic?"
 *
 *   count  64 bits    > 0          private: one thread, plain arithmetic upwards
 *                     = 0          dead; so is 2^62 and above, with a link to another dead object
 *                     -1 .. -2^62  shared: atomic, counts away from zero (-1 is the last reference)
 *                     < -2^62      immortal
 *
 * Four departures from Lean. Its 0 is immortal; here 0 is dead, because rc_try_incref (which Lean does not have) must
 * tell a dead shared object from an immortal one; Koka keeps a range at the negative end too. Its 32 bits could wrap
 * (Lean issue 14838); 64 cannot in any run that ends. Its increment of a shared object is inline and the decrement a
 * call; here both are inline. And it asks first whether the object is private; here the first question is whether it is
 * immortal, as in CPython, since None and small ints are. Each order favours what it asks about first: docs/decisions.md
 * has the measurement.
 *
 * A private object becomes shared in one way only: rc_publish, by its thread, before anybody else can reach
 * it. The model walks: whatever a published object refers to is published too. It never becomes private
 * again. */
#ifndef RCBENCH_VARIANTS_SCHEMES_ESCAPE_H
#define RCBENCH_VARIANTS_SCHEMES_ESCAPE_H

#include "core/scheme/contract.h"
#define RC_OWN_PUBLISH
#include "variants/schemes/no_thread_state.h"

#define RC_SCHEME "escape"
#define RC_HEAD_BYTES 8
#define RC_THREAD_SAFE 1
#define RC_EXACT_AUDIT 1
#define RC_IMMORTAL 1
#define RC_LATE 0
#define RC_PUBLISH_WALKS 1
#define RC_NEVER_FREES 0
#define RC_TRACED 0
#define RC_HEAD_HAS_LOCK 0
#define RC_COUNT_MAX 0
#define RC_COUNT_ABORTS 0

/* Far below the limit, so that a shared object's count does not drift into the range. */
#define ESCAPE_IMMORTAL_LIMIT (-(INT64_C(1) << 62))
#define ESCAPE_IMMORTAL (ESCAPE_IMMORTAL_LIMIT - (INT64_C(1) << 61))

/* Above every private count: a dead object that is linked by its header. */
#define ESCAPE_DEAD (INT64_C(1) << 62)

struct rc_head { struct a64 count; };

/* The sign is read relaxed: a thread that can reach the object at all reached it after rc_publish, by
 * something that synchronizes, so it cannot see the private count of a shared object. */

static inline void rc_init(struct rc_head *h) { a64_store_relaxed(&h->count, 1); }

static inline bool escape_is_immortal(int64_t count) { return count < ESCAPE_IMMORTAL_LIMIT; }

static inline void rc_incref(struct rc_head *h)
{
    int64_t count = a64_load_relaxed(&h->count);
    if (UNLIKELY(escape_is_immortal(count)))
        return;
    if (LIKELY(count > 0))
        a64_store_relaxed(&h->count, count + 1); /* plain arithmetic: nobody else reaches it */
    else
        a64_add_relaxed(&h->count, -1); /* relaxed, as in atomic.h */
}

/* One comparison covers the common case: private, and not the last reference. Release and acquire of a shared one as in
 * atomic.h: the last one must see what all the others did. */
static inline bool rc_decref(struct rc_head *h)
{
    int64_t count = a64_load_relaxed(&h->count);
    if (UNLIKELY(escape_is_immortal(count)))
        return false;
    if (LIKELY(count > 1)) {
        a64_store_relaxed(&h->count, count - 1);
        return false;
    }
    if (count < 0)
        return a64_sub_release_last(&h->count, -1);
    a64_store_relaxed(&h->count, 0);
    return true;
}

/* For a shared object a CAS loop, as in atomic_rest.h. A private one is tried by its own thread alone. */
static inline bool rc_try_incref(struct rc_head *h)
{
    int64_t count = a64_load_relaxed(&h->count);
    if (count >= ESCAPE_DEAD)
        return false;
    if (count > 0) {
        a64_store_relaxed(&h->count, count + 1);
        return true;
    }
    while (count < 0) {
        if (escape_is_immortal(count) || a64_cas_relaxed(&h->count, &count, count - 1))
            return true;
    }
    return false;
}

/* Acquire as in atomic_rest.h. */
static inline bool rc_is_unique(struct rc_head *h)
{
    int64_t count = a64_load_acquire(&h->count);
    return count == 1 || count == -1;
}

static inline bool rc_immortalize(struct rc_head *h)
{
    a64_store_relaxed(&h->count, ESCAPE_IMMORTAL);
    return true;
}

/* Relaxed: the object is still private, and what makes it reachable afterwards synchronizes. */
static inline bool rc_publish(struct rc_head *h)
{
    int64_t count = a64_load_relaxed(&h->count);
    if (count <= 0)
        return false;
    a64_store_relaxed(&h->count, -count);
    return true;
}

static inline void rc_unpublish(struct rc_head *h)
{
    a64_store_relaxed(&h->count, -a64_load_relaxed(&h->count));
}

static inline bool rc_is_published(struct rc_head *h) { return a64_load_relaxed(&h->count) < 0; }

/* Relaxed: as in atomic_rest.h. */
static inline int64_t rc_audit(struct rc_head *h)
{
    int64_t count = a64_load_relaxed(&h->count);
    if (escape_is_immortal(count))
        return RC_AUDIT_IMMORTAL;
    return count < 0 ? -count : count;
}

/* What was published stays so, if somebody may look at it now; otherwise it is its reviver's alone. Relaxed: as in
 * atomic_rest.h. */
static inline void rc_revive(struct rc_head *h, bool shared) { a64_store_relaxed(&h->count, shared ? -1 : 1); }

static inline void rc_dead_link(struct rc_head *h, void *next)
{
    a64_store_relaxed(&h->count, (int64_t)next | ESCAPE_DEAD);
}

static inline void *rc_dead_next(struct rc_head *h) { return (void *)(a64_load_relaxed(&h->count) & ~ESCAPE_DEAD); }

#endif
