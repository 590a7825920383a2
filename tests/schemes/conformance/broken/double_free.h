/* double_free: `atomic`, but one death on each thread is found twice: as when two threads subtract and
 * then both look whether the count is 0. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_BROKEN_DOUBLE_FREE_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_BROKEN_DOUBLE_FREE_H

#define rc_decref atomic_decref
#include "variants/schemes/atomic.h"
#undef rc_decref

static inline bool rc_decref(struct rc_head *h)
{
    static _Thread_local unsigned deaths;
    bool dead = atomic_decref(h);
    if (dead && ++deaths == 4096)
        rc_destroy(h);
    return dead;
}

#endif
