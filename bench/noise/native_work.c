/* native_work.c - work outside of the interpreter. See native_work.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "bench/noise/native_work.h"

#include <errno.h>
#include <sys/prctl.h>

#include "core/base/platform.h"

/* The least of several runs: whatever disturbs one makes it longer. */
enum { RUNS = 24, RUN_STEPS = 50000 };

NOINLINE uint64_t native_spin(uint64_t steps)
{
    uint64_t x = steps | 1;
    for (uint64_t i = 0; i < steps; i++) {
        x *= UINT64_C(0x9e3779b97f4a7c15);
        __asm__ volatile("" : "+r"(x)); /* one step after the other: neither folded nor unrolled into a power */
    }
    return x;
}

double native_steps_per_us(void)
{
    static double steps_per_us;
    if (steps_per_us > 0)
        return steps_per_us;
    uint64_t least_ns = UINT64_MAX;
    for (unsigned i = 0; i < RUNS; i++) {
        uint64_t begin_ns = clock_ns();
        uint64_t end = native_spin(RUN_STEPS);
        uint64_t took_ns = clock_ns() - begin_ns;
        OPAQUE(&end);
        least_ns = took_ns < least_ns ? took_ns : least_ns;
    }
    steps_per_us = (double)RUN_STEPS * 1000 / (double)(least_ns > 0 ? least_ns : 1);
    return steps_per_us;
}

void native_block_ns(uint64_t ns) { native_block_until_ns(clock_ns() + ns); }

void native_block_until_ns(uint64_t end_ns)
{
    struct timespec until = {.tv_sec = (time_t)(end_ns / 1000000000u), .tv_nsec = (long)(end_ns % 1000000000u)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
    }
}

int native_sharpen_timers(void)
{
    int before = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
    (void)prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    return before;
}

void native_restore_timers(int before)
{
    if (before > 0)
        (void)prctl(PR_SET_TIMERSLACK, (unsigned long)before, 0, 0, 0);
}
