/* none: nothing is counted and nothing is freed until the arena goes: the floor under every other scheme, where no
 * object is made. The header is as wide as plain's, so that the difference to plain is counting and freeing alone, not
 * the cache footprint. Where objects are made it is no floor: each lies in memory that nobody has touched before, with a
 * cache miss for two objects and a page fault for 128, while whoever frees gets back a block that is in the cache. */
#ifndef RCBENCH_VARIANTS_SCHEMES_NONE_H
#define RCBENCH_VARIANTS_SCHEMES_NONE_H

#include "core/scheme/contract.h"
#include "variants/schemes/no_thread_state.h"

#define RC_SCHEME "none"
#define RC_HEAD_BYTES 8
#define RC_THREAD_SAFE 1
#define RC_EXACT_AUDIT 0
#define RC_IMMORTAL 1
#define RC_LATE 1
#define RC_PUBLISH_WALKS 0
#define RC_NEVER_FREES 1
#define RC_TRACED 0
#define RC_HEAD_HAS_LOCK 0
#define RC_COUNT_MAX 0
#define RC_COUNT_ABORTS 0

struct rc_head { void *unused; };

static inline void rc_init(struct rc_head *h) { h->unused = NULL; }
static inline void rc_incref(struct rc_head *h) { (void)h; }
static inline bool rc_decref(struct rc_head *h) { (void)h; return false; }
static inline bool rc_try_incref(struct rc_head *h) { (void)h; return true; }
static inline bool rc_is_unique(struct rc_head *h) { (void)h; return false; }
static inline bool rc_immortalize(struct rc_head *h) { (void)h; return true; }
static inline int64_t rc_audit(struct rc_head *h) { (void)h; return 0; }
static inline void rc_revive(struct rc_head *h, bool shared) { (void)h; (void)shared; }
static inline void rc_dead_link(struct rc_head *h, void *next) { h->unused = next; }
static inline void *rc_dead_next(struct rc_head *h) { return h->unused; }

#endif
