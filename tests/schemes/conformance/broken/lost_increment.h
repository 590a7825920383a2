/* lost_increment: `atomic`, but one increment of each thread is lost: as when a load and a store stand for
 * the read-modify-write and a second thread comes between them. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_BROKEN_LOST_INCREMENT_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_BROKEN_LOST_INCREMENT_H

#define rc_incref atomic_incref
#include "variants/schemes/atomic.h"
#undef rc_incref

static inline void rc_incref(struct rc_head *h)
{
    static _Thread_local unsigned increments;
    if (++increments != 4096)
        atomic_incref(h);
}

#endif
