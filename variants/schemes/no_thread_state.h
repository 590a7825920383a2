/* For schemes that keep no state per thread and need no publishing: the part of the contract that is
 * then empty. Not a scheme. */
#ifndef RCBENCH_VARIANTS_SCHEMES_NO_THREAD_STATE_H
#define RCBENCH_VARIANTS_SCHEMES_NO_THREAD_STATE_H

#include "core/scheme/contract.h"

struct rc_thread { char none; };

static inline void rc_thread_enter(struct rc_thread *t, uintptr_t id) { (void)t; (void)id; }
static inline void rc_thread_leave(struct rc_thread *t) { (void)t; }
static inline void rc_thread_detach(struct rc_thread *t) { (void)t; }
static inline void rc_thread_attach(struct rc_thread *t) { (void)t; }
static inline bool rc_pending(struct rc_thread *t) { (void)t; return false; }
static inline void rc_safepoint(struct rc_thread *t) { (void)t; }
static inline uint64_t rc_late_max(struct rc_thread *t) { (void)t; return 0; }
static inline void rc_before_fork(struct rc_thread *t) { (void)t; }
static inline void rc_after_fork(struct rc_thread *t, bool child) { (void)t; (void)child; }

static inline void rc_stopped_merge(struct rc_head *h) { (void)h; }

static inline void rc_allow_try_incref(struct rc_head *h) { (void)h; }

#ifndef RC_OWN_PUBLISH
static inline bool rc_publish(struct rc_head *h) { (void)h; return false; }
static inline void rc_unpublish(struct rc_head *h) { (void)h; }
static inline bool rc_is_published(struct rc_head *h) { (void)h; return false; }
#endif

#endif
