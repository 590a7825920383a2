/* unbalanced_immortal: `immortal`, whose decrement does not look whether the object is: enough of them, and
 * None dies. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_BROKEN_UNBALANCED_IMMORTAL_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_BROKEN_UNBALANCED_IMMORTAL_H

#define rc_decref immortal_decref
#include "variants/schemes/immortal.h"
#undef rc_decref

static inline bool rc_decref(struct rc_head *h)
{
    uint32_t count = p32_get(&h->count) - 1;
    p32_set(&h->count, count);
    return count == 0;
}

#endif
