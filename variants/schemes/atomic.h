/* atomic: relaxed increment, release decrement, acquire by the last one: Rust's Arc, libstdc++'s
 * threaded shared_ptr, boost::intrusive_ref_counter. */
#ifndef RCBENCH_VARIANTS_SCHEMES_ATOMIC_H
#define RCBENCH_VARIANTS_SCHEMES_ATOMIC_H

#include <stdlib.h>

#include "core/scheme/contract.h"
#include "variants/schemes/no_thread_state.h"

#define RC_SCHEME "atomic"
#define RC_HEAD_BYTES 8
#define RC_THREAD_SAFE 1
#define RC_EXACT_AUDIT 1
#define RC_IMMORTAL 0
#define RC_LATE 0
#define RC_PUBLISH_WALKS 0
#define RC_NEVER_FREES 0
#define RC_TRACED 0
#define RC_HEAD_HAS_LOCK 0
#define RC_COUNT_MAX INT64_MAX
#define RC_COUNT_ABORTS 1

struct rc_head { struct a64 count; };

/* Relaxed: the caller's own reference keeps the object alive, and whoever gets the new reference gets it
 * through something that synchronizes. A count over 2^63-1 would wrap into a use after free: like Arc,
 * which aborts above isize::MAX, stop at once. */
static inline void rc_incref(struct rc_head *h)
{
    if (UNLIKELY(a64_add_relaxed(&h->count, 1) < 0))
        abort();
}

/* Release: what this thread did to the object happens before its destruction. Without it the thread that
 * destroys could read the object as it was before our last writes, or we could write to freed memory.
 * Acquire by the last one: pairs with the release of every other thread's decrement. They form one release
 * sequence, so one acquire of the final 0 sees them all. */
static inline bool rc_decref(struct rc_head *h) { return UNLIKELY(a64_sub_release_last(&h->count, 1)); }

static inline void rc_set_count(struct rc_head *h, int64_t n) { a64_store_relaxed(&h->count, n); }

#include "variants/schemes/atomic_count.h"

#endif
