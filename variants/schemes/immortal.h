/* immortal: plain with PEP 683's immortal objects (CPython 3.12 and later; the 32-bit form of 3.14).
 *
 *   count  32 bits    1 .. 2^31-1   references
 *                     >= 2^31       immortal: neither operation writes
 *
 * Both operations are 32 bits wide. CPython 3.12's 32-bit increment followed by a 64-bit decrement stalls
 * the store buffer on one hot object; 3.14 narrowed both. A count that reaches 2^31 becomes immortal by
 * itself: it can then leak, never wrap into a use after free. */
#ifndef RCBENCH_VARIANTS_SCHEMES_IMMORTAL_H
#define RCBENCH_VARIANTS_SCHEMES_IMMORTAL_H

#include "core/scheme/contract.h"
#include "variants/schemes/no_thread_state.h"

#define RC_SCHEME "immortal"
#define RC_HEAD_BYTES 8
#define RC_THREAD_SAFE 0
#define RC_EXACT_AUDIT 1
#define RC_IMMORTAL 1
#define RC_LATE 0
#define RC_PUBLISH_WALKS 0
#define RC_NEVER_FREES 0
#define RC_TRACED 0
#define RC_HEAD_HAS_LOCK 0
#define RC_COUNT_MAX INT32_MAX
#define RC_COUNT_ABORTS 0

/* Far above the sign bit, so that a stray write near it does not make a mortal of an immortal. */
#define IMMORTAL_COUNT (UINT32_C(3) << 30)

/* A dead object that is linked by its header. A live one reaches this range at 2^30 references, 8 GiB of them. */
#define IMMORTAL_MARKS (UINT32_C(3) << 30)
#define IMMORTAL_DEAD (UINT32_C(1) << 30)

struct rc_head { uint32_t count; uint32_t unused; };

static inline bool immortal_is(uint32_t count) { return (int32_t)count < 0; }

static inline void rc_init(struct rc_head *h) { p32_set(&h->count, 1); h->unused = 0; }

static inline void rc_incref(struct rc_head *h)
{
    uint32_t count = p32_get(&h->count);
    if (UNLIKELY(immortal_is(count)))
        return;
    p32_set(&h->count, count + 1);
}

static inline bool rc_decref(struct rc_head *h)
{
    uint32_t count = p32_get(&h->count);
    if (UNLIKELY(immortal_is(count)))
        return false;
    p32_set(&h->count, --count);
    return count == 0;
}

static inline bool rc_try_incref(struct rc_head *h)
{
    uint32_t count = p32_get(&h->count);
    if (count == 0 || (count & IMMORTAL_MARKS) == IMMORTAL_DEAD)
        return false;
    rc_incref(h);
    return true;
}

static inline bool rc_is_unique(struct rc_head *h) { return p32_get(&h->count) == 1; }
static inline bool rc_immortalize(struct rc_head *h) { p32_set(&h->count, IMMORTAL_COUNT); return true; }

static inline void rc_set_count(struct rc_head *h, int64_t n) { p32_set(&h->count, (uint32_t)n); }
static inline int64_t rc_audit(struct rc_head *h)
{
    uint32_t count = p32_get(&h->count);
    return immortal_is(count) ? RC_AUDIT_IMMORTAL : (int64_t)count;
}

static inline void rc_revive(struct rc_head *h, bool shared) { (void)shared; p32_set(&h->count, 1); }

/* The pointer's low half in the unused word, the rest in the count under the mark. */
static inline void rc_dead_link(struct rc_head *h, void *next)
{
    h->unused = (uint32_t)(uintptr_t)next;
    p32_set(&h->count, IMMORTAL_DEAD | (uint32_t)((uintptr_t)next >> 32));
}

static inline void *rc_dead_next(struct rc_head *h)
{
    return (void *)((uintptr_t)(p32_get(&h->count) & ~IMMORTAL_DEAD) << 32 | h->unused);
}

#endif
