/* The counting functions with a fault in them. See fault.h. */
#ifndef RCBENCH_TESTS_HARNESS_FAULTS_FAULT_OPERATIONS_H
#define RCBENCH_TESTS_HARNESS_FAULTS_FAULT_OPERATIONS_H

#include "tests/harness/faults/fault_plan.h"

#undef rc_incref
#undef rc_decref
#undef rc_try_incref

static inline bool fault_now(enum fault fault, struct rc_head *h)
{
    return fault_kind() == fault && rc_audit(h) != RC_AUDIT_IMMORTAL && fault_due();
}

static inline void rc_incref(struct rc_head *h)
{
    if (fault_kind() >= FAULT_CRASH && fault_due())
        fault_end();
    if (fault_now(FAULT_LOST_INCREMENT, h))
        return;
    if (fault_now(FAULT_DOUBLE_INCREMENT, h))
        sound_incref(h);
    sound_incref(h);
}

static inline bool rc_try_incref(struct rc_head *h)
{
    if (!sound_try_incref(h))
        return false;
    if (fault_now(FAULT_DOUBLE_INCREMENT, h))
        sound_incref(h);
    if (fault_now(FAULT_LOST_INCREMENT, h) && sound_decref(h))
        rc_destroy(h);
    return true;
}

/* The second of two decrements comes when the first one has had its consequences, as where a program drops a reference
 * twice. */
static inline bool rc_decref(struct rc_head *h)
{
    if (fault_now(FAULT_LOST_DECREMENT, h))
        return false;
    if (fault_now(FAULT_DOUBLE_DECREMENT, h) && sound_decref(h))
        rc_destroy(h);
    bool last = fault_kind() == FAULT_EARLY_FREE && rc_audit(h) == 1;
    bool dead = sound_decref(h);
    return dead || (!last && fault_now(FAULT_EARLY_FREE, h));
}

#endif
