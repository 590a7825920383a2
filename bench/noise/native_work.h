/* native_work.h - work outside of the interpreter: what a C extension computes, or what a thread waits for. One copy
 * for all variants, so that they cannot differ in it; it touches no object and no memory. */
#ifndef RCBENCH_BENCH_NOISE_NATIVE_WORK_H
#define RCBENCH_BENCH_NOISE_NATIVE_WORK_H

#include <stdint.h>

/* A chain of dependent multiplications, `steps` long. Returns its end, so that no compiler drops it. */
uint64_t native_spin(uint64_t steps);

/* How many steps take a microsecond here. Measured at the first call, for some milliseconds, and the same for the rest
 * of the process: the caller is pinned, and no window is under way. One thread at a time. */
double native_steps_per_us(void);

/* Sleeps in the kernel, as a read that waits for its data does: so long, or until the monotonic clock shows that. */
void native_block_ns(uint64_t ns);
void native_block_until_ns(uint64_t end_ns);

/* Timers of the calling thread end within nanoseconds of what was asked, not within the 50 us that Linux allows itself.
 * Returns what held before, for native_restore_timers. */
int native_sharpen_timers(void);
void native_restore_timers(int before);

#endif
