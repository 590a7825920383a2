/* steal.h - the time that a hypervisor took away from CPUs. */
#ifndef RCBENCH_BENCH_NOISE_STEAL_H
#define RCBENCH_BENCH_NOISE_STEAL_H

#include <stdint.h>

/* The time since boot that the hypervisor ran somebody else on these CPUs (/proc/stat's steal column), in
 * milliseconds, summed over the n CPUs (one named twice counts once). The kernel counts in ticks, 10 ms
 * as a rule. Returns 0, or -1 with *ms 0 when the system does not tell for one of them. Opens a file:
 * not within a measured window. Any thread. */
int machine_steal_ms(const unsigned *os_index, unsigned n, uint64_t *ms);

#endif
