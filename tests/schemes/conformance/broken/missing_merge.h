/* missing_merge: `biased`, but the owner forgets what strangers have queued instead of merging it. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_BROKEN_MISSING_MERGE_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_BROKEN_MISSING_MERGE_H

#define rc_thread_leave  biased_thread_leave
#define rc_thread_detach biased_thread_detach
#define rc_safepoint     biased_safepoint
#include "variants/schemes/biased.h"
#undef rc_thread_leave
#undef rc_thread_detach
#undef rc_safepoint

static void forget_queue(struct rc_thread *t)
{
    struct biased_bucket *bucket = biased_bucket_of(t->id);
    lock8_acquire(&bucket->lock);
    t->queue.length = 0;
    lock8_release(&bucket->lock);
}

static inline void rc_thread_leave(struct rc_thread *t)
{
    forget_queue(t);
    biased_thread_leave(t);
}

static inline void rc_thread_detach(struct rc_thread *t)
{
    forget_queue(t);
    biased_thread_detach(t);
}

static inline void rc_safepoint(struct rc_thread *t)
{
    forget_queue(t);
    biased_safepoint(t);
}

#endif
