/* The two loops that `pair` and the scaling workloads time. Not inlined and named after the variant, so
 * that they can be found in a disassembly: tests/schemes/codegen checks what is in them. */
#ifndef RCBENCH_BENCH_WORKLOADS_PAIR_LOOP_H
#define RCBENCH_BENCH_WORKLOADS_PAIR_LOOP_H

#include "bench/workloads/common.h"

/* The compiler must not merge an increment with a decrement, of this turn or the next: OPAQUE says that the
 * count may be read in between, as by any code that runs under the reference. */
static inline void pair_once(struct object *o)
{
    object_incref(o);
    OPAQUE(o);
    object_decref(o);
    OPAQUE(o);
}

static NOINLINE UNUSED uint64_t RC_SYMBOL(pair_hot)(struct object *o, uint64_t n)
{
    for (uint64_t i = n; i > 0; i--)
        pair_once(o);
    return n;
}

static NOINLINE UNUSED uint64_t RC_SYMBOL(pair_set)(struct object **items, uint64_t n)
{
    for (struct object **end = items + n; items < end; items++)
        pair_once(*items);
    return n;
}

/* `n` operations round and round an array of references, from *next on. The end of a round is a call and, where the
 * processor cannot foresee the end of a loop, a mispredicted branch: 10 to 40 cycles, the same in all variants. */
static inline uint64_t pair_cycle(struct object **items, size_t length, size_t *next, uint64_t n)
{
    size_t at = *next;
    for (uint64_t left = n; left > 0;) {
        uint64_t run = length - at < left ? length - at : left;
        left -= RC_SYMBOL(pair_set)(items + at, run);
        at = at + run < length ? at + run : 0;
    }
    *next = at;
    return n;
}

#endif
