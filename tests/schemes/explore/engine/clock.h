/* Vector clocks, and what a thread knows: the basis of happens-before (Lamport 1978; Fidge, Mattern 1988). */
#ifndef RCBENCH_TESTS_SCHEMES_EXPLORE_CLOCK_H
#define RCBENCH_TESTS_SCHEMES_EXPLORE_CLOCK_H

#include <stdint.h>

enum { THREADS_MAX = 6 }; /* thread 0 is the one that prepares a scenario and looks at its end */

struct vclock {
    uint32_t at[THREADS_MAX]; /* by thread: the last of its events that is known */
};

/* What a thread knows, and what a store hands to those that acquire it.
 *   hb      events that happen before whatever comes next: plain accesses are ordered by it
 *   seen    events whose effects on atomic locations must be seen: hb, and what seq_cst fences add, which
 *           order atomic accesses without making anything happen before
 *   fence   how many seq_cst events came before the last seq_cst fence that is known */
struct view {
    struct vclock hb, seen;
    uint32_t fence;
};

static inline void vclock_join(struct vclock *to, const struct vclock *from)
{
    for (int i = 0; i < THREADS_MAX; i++)
        to->at[i] = to->at[i] < from->at[i] ? from->at[i] : to->at[i];
}

static inline void view_join(struct view *to, const struct view *from)
{
    vclock_join(&to->hb, &from->hb);
    vclock_join(&to->seen, &from->seen);
    to->fence = to->fence < from->fence ? from->fence : to->fence;
}

/* A 64-bit mixer (the finalizer of splitmix64: Steele, Lea, Flood, OOPSLA 2014). */
static inline uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t z = (a ^ (b + UINT64_C(0x9e3779b97f4a7c15) + (a << 6) + (a >> 2))) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 30)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

#endif
