/* plain: one word, plain increments and decrements; the last one frees. What CPython did under its GIL
 * until 3.11. One thread, or under a GIL. */
#ifndef RCBENCH_VARIANTS_SCHEMES_PLAIN_H
#define RCBENCH_VARIANTS_SCHEMES_PLAIN_H

#include "core/scheme/contract.h"
#include "variants/schemes/no_thread_state.h"

#define RC_SCHEME "plain"
#define RC_HEAD_BYTES 8
#define RC_THREAD_SAFE 0
#define RC_EXACT_AUDIT 1
#define RC_IMMORTAL 0
#define RC_LATE 0
#define RC_PUBLISH_WALKS 0
#define RC_NEVER_FREES 0
#define RC_TRACED 0
#define RC_HEAD_HAS_LOCK 0
#define RC_COUNT_MAX 0
#define RC_COUNT_ABORTS 0

struct rc_head { int64_t count; };

static inline void rc_init(struct rc_head *h) { p64_set(&h->count, 1); }
static inline void rc_incref(struct rc_head *h) { p64_set(&h->count, p64_get(&h->count) + 1); }

static inline bool rc_decref(struct rc_head *h)
{
    int64_t count = p64_get(&h->count) - 1;
    p64_set(&h->count, count);
    return count == 0;
}

static inline bool rc_try_incref(struct rc_head *h)
{
    if (p64_get(&h->count) <= 0)
        return false;
    rc_incref(h);
    return true;
}

static inline bool rc_is_unique(struct rc_head *h) { return p64_get(&h->count) == 1; }
static inline bool rc_immortalize(struct rc_head *h) { (void)h; return false; }
static inline int64_t rc_audit(struct rc_head *h) { return p64_get(&h->count); }
static inline void rc_revive(struct rc_head *h, bool shared) { (void)shared; rc_init(h); }
/* Negated: a count of 0 or less is dead. */
static inline void rc_dead_link(struct rc_head *h, void *next) { p64_set(&h->count, -(int64_t)next); }
static inline void *rc_dead_next(struct rc_head *h) { return (void *)-p64_get(&h->count); }

#endif
