/* Defects that Relacy must find, chosen by the build with -DRELACY_BROKEN_NAME: each replaces an operation of the
 * shim before the scheme's own header is compiled, and so changes what that header does in one place. */
#ifndef RCBENCH_TESTS_SCHEMES_RELACY_BROKEN_H
#define RCBENCH_TESTS_SCHEMES_RELACY_BROKEN_H

#include <cstring>

/* RELACY_BROKEN_UNPUBLISHED replaces an operation of the scheme: it stands in main.cc, behind the scheme. */

static inline bool broken_is_in(const char *function, const char *place) { return strcmp(function, place) == 0; }
static inline bool broken_is_merge(const char *function)
{
    return broken_is_in(function, "biased_merge") || broken_is_in(function, "biased_owner_last");
}

#if defined(RELACY_BROKEN_NO_RELEASE)
/* The decrement is relaxed. */
static inline bool broken_sub_last(struct a64 *location, int64_t value)
{
    return a64_add_relaxed(location, -value) == 0 && (a64_load_acquire(location), true);
}
#define a64_sub_release_last broken_sub_last

#elif defined(RELACY_BROKEN_NO_ACQUIRE)
/* Nothing acquires before the object is destroyed. */
static inline bool broken_sub_last(struct a64 *location, int64_t value)
{
    return a64_sub_release(location, value) == 0;
}
#define a64_sub_release_last broken_sub_last

#elif defined(RELACY_BROKEN_MERGE_RELAXED)
/* The CAS that merges orders nothing. */
static inline bool broken_cas(struct a64 *location, int64_t *expected, int64_t desired, const char *function)
{
    if (broken_is_merge(function))
        return a64_cas_relaxed(location, expected, desired);
    return a64_cas_acq_rel(location, expected, desired);
}
#define a64_cas_acq_rel(location, expected, desired) broken_cas(location, expected, desired, __func__)

#elif defined(RELACY_BROKEN_OWNER_RELAXED)
/* CPython gh-118111: the owner's look at the shared count, before it frees, acquires nothing. */
static inline int64_t broken_load(const struct a64 *location, const char *function)
{
    return broken_is_in(function, "biased_owner_last") ? a64_load_relaxed(location) : a64_load_acquire(location);
}
#define a64_load_acquire(location) broken_load(location, __func__)

#elif defined(RELACY_BROKEN_LATE_TID)
/* CPython gh-119999: tid is cleared after MERGED is published. */
static struct a64 *broken_tid[SHIM_THREADS_MAX];
static inline void broken_store(struct a64 *location, int64_t value, const char *function)
{
    if (broken_is_merge(function))
        broken_tid[rl::thread_index()] = location;
    else
        a64_store_relaxed(location, value);
}
static inline bool broken_cas(struct a64 *location, int64_t *expected, int64_t desired, const char *function)
{
    bool done = a64_cas_acq_rel(location, expected, desired);
    if (done && broken_is_merge(function))
        a64_store_relaxed(broken_tid[rl::thread_index()], 0);
    return done;
}
#define a64_store_relaxed(location, value)           broken_store(location, value, __func__)
#define a64_cas_acq_rel(location, expected, desired) broken_cas(location, expected, desired, __func__)

#elif defined(RELACY_BROKEN_NO_QUEUED)
/* The state does not say that the object is queued: two strangers queue it. State 2 is QUEUED. No defect: README.md.
 */
static inline bool broken_cas(struct a64 *location, int64_t *expected, int64_t desired, const char *function)
{
    bool queues = broken_is_in(function, "biased_decref_shared") && desired == 2;
    return a64_cas_acq_rel(location, expected, queues ? *expected : desired);
}
#define a64_cas_acq_rel(location, expected, desired) broken_cas(location, expected, desired, __func__)

#elif defined(RELACY_BROKEN_QUEUED_BY_STORE)
/* A stranger loads the shared count and stores the new one: what others counted in between is lost. */
static inline bool broken_cas(struct a64 *location, int64_t *expected, int64_t desired, const char *function)
{
    if (!broken_is_in(function, "biased_decref_shared"))
        return a64_cas_acq_rel(location, expected, desired);
    a64_store_release(location, desired);
    return true;
}
#define a64_cas_acq_rel(location, expected, desired) broken_cas(location, expected, desired, __func__)

#elif defined(RELACY_BROKEN_REVIVES)
/* rc_try_incref looks whether the object lives, then adds. */
static inline bool broken_cas(struct a64 *location, int64_t *expected, int64_t desired)
{
    return (a64_add_relaxed(location, desired - *expected), true);
}
#define a64_cas_relaxed broken_cas

#elif defined(RELACY_BROKEN_HANDED_OVER_RELAXED)
/* What makes the object reachable for others orders nothing. */
#define aptr_store_release aptr_store_relaxed
#endif

#endif
