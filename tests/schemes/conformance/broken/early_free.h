/* early_free: `biased`, but an owner that gives up the last reference it counted frees the object without
 * a look at what strangers have counted. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_BROKEN_EARLY_FREE_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_BROKEN_EARLY_FREE_H

#define rc_decref biased_decref
#include "variants/schemes/biased.h"
#undef rc_decref

static inline bool rc_decref(struct rc_head *h)
{
    bool last_of_owner = biased_owned(h) && a32_load_relaxed(&h->local) == 1;
    return biased_decref(h) || last_of_owner;
}

#endif
