/* try_incref_revives: `atomic`, whose rc_try_incref looks and then adds: an object that dies in between
 * comes back. The pause stands for a thread that is preempted there. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_BROKEN_TRY_INCREF_REVIVES_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_BROKEN_TRY_INCREF_REVIVES_H

#define rc_try_incref atomic_try_incref
#include "variants/schemes/atomic.h"
#undef rc_try_incref

static inline bool rc_try_incref(struct rc_head *h)
{
    if (a64_load_relaxed(&h->count) <= 0)
        return false;
    for (int i = 0; i < 100; i++)
        cpu_pause();
    a64_add_relaxed(&h->count, 1);
    return true;
}

#endif
