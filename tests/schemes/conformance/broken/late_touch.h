/* late_touch: `atomic` by the published wait-free counter (Anderson, Blelloch, Wei: PLDI 2022): an upgrade is an addition,
 * and a count that has come down to 0 is made to stick there by a compare-and-swap. Where something else keeps the memory
 * that is right. Here nothing does: between the two an upgrade may count the object up and down again, so that another
 * thread finds the death and frees the memory, to which the compare-and-swap then comes (core/scheme/contract.h: when the
 * header may be gone). The pause stands for a thread that is preempted there. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_BROKEN_LATE_TOUCH_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_BROKEN_LATE_TOUCH_H

#define rc_decref atomic_decref
#define rc_try_incref atomic_try_incref
#include "variants/schemes/atomic.h"
#undef rc_decref
#undef rc_try_incref

#define LATE_TOUCH_DEAD INT64_MIN

static inline bool rc_decref(struct rc_head *h)
{
    int64_t zero = 0;
    if (!a64_sub_release_last(&h->count, 1))
        return false;
    for (int i = 0; i < 200; i++)
        cpu_pause();
    return a64_cas_acq_rel(&h->count, &zero, LATE_TOUCH_DEAD);
}

static inline bool rc_try_incref(struct rc_head *h) { return a64_add_relaxed(&h->count, 1) > 0; }

#endif
