/* Included after a scheme and a mode: a variant that did not choose is an error, not a default. */
#ifndef RCBENCH_CORE_SCHEME_CONTRACT_CHECK_H
#define RCBENCH_CORE_SCHEME_CONTRACT_CHECK_H

#include "core/scheme/contract.h"

#if !defined(RC_SCHEME) || !defined(RC_HEAD_BYTES) || !defined(RC_THREAD_SAFE) || !defined(RC_EXACT_AUDIT) || \
    !defined(RC_IMMORTAL) || !defined(RC_LATE) || !defined(RC_PUBLISH_WALKS) || !defined(RC_NEVER_FREES) ||   \
    !defined(RC_TRACED) || !defined(RC_HEAD_HAS_LOCK) || !defined(RC_COUNT_MAX) || !defined(RC_COUNT_ABORTS)
#error "this scheme leaves a trait undefined: core/scheme/contract.h lists them"
#endif
#if !defined(MODE_NAME) || !defined(MODE_GIL) || !defined(MODE_LOCKS) || !defined(MODE_THREADS_MAX)
#error "this mode leaves a trait undefined: see variants/modes/free.h"
#endif
#if RC_TRACED && (!RC_NEVER_FREES || RC_EXACT_AUDIT || RC_PUBLISH_WALKS)
#error "a traced scheme counts nothing: RC_NEVER_FREES is 1, RC_EXACT_AUDIT and RC_PUBLISH_WALKS are 0"
#endif
#if !RC_THREAD_SAFE && !MODE_GIL && MODE_THREADS_MAX != 1
#error "a scheme that is not thread-safe needs mode_single.h or mode_gil.h"
#endif

_Static_assert(sizeof(struct rc_head) == RC_HEAD_BYTES, "the header is as large as the scheme says");
_Static_assert(RC_HEAD_BYTES >= sizeof(void *), "a dead object is linked by its header");

#endif
