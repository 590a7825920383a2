/* atomic_seqcst: every increment and decrement a sequentially consistent read-modify-write: what one gets
 * by making the count `_Atomic` and changing nothing else (Aichinger's CPython experiment of 2015). On
 * x86-64 the instructions are those of `atomic`; on AArch64 they are acquire-release. */
#ifndef RCBENCH_VARIANTS_SCHEMES_ATOMIC_SEQCST_H
#define RCBENCH_VARIANTS_SCHEMES_ATOMIC_SEQCST_H

#include "core/scheme/contract.h"
#include "variants/schemes/no_thread_state.h"

#define RC_SCHEME "atomic_seqcst"
#define RC_HEAD_BYTES 8
#define RC_THREAD_SAFE 1
#define RC_EXACT_AUDIT 1
#define RC_IMMORTAL 0
#define RC_LATE 0
#define RC_PUBLISH_WALKS 0
#define RC_NEVER_FREES 0
#define RC_TRACED 0
#define RC_HEAD_HAS_LOCK 0
#define RC_COUNT_MAX 0
#define RC_COUNT_ABORTS 0

struct rc_head { struct a64 count; };

static inline void rc_incref(struct rc_head *h) { a64_add_seq_cst(&h->count, 1); }
static inline bool rc_decref(struct rc_head *h) { return a64_sub_seq_cst(&h->count, 1) == 0; }

#include "variants/schemes/atomic_count.h"

#endif
