/* pace.h - whether somebody else uses the execution units of this CPU's core: a neighbour on its second hardware thread
 * that the kernel does not see, as in a guest whose CPUs share cores with other guests.
 *
 * No counter of the kernel tells of it, so it is measured: a loop of loads and stores, which wants all of the core's
 * ports, against a chain of multiplications, which leaves most of them idle. A change of the clock slows both alike; a
 * neighbour slows the first alone (measured: 1.5 to 2.5 times). docs/method.md has what it is worth. */
#ifndef RCBENCH_BENCH_NOISE_NEIGHBOUR_PROBE_H
#define RCBENCH_BENCH_NOISE_NEIGHBOUR_PROBE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
    double step_ns;  /* one multiplication of the chain: the same number of cycles always, so it tells the clock */
    double quotient; /* time of the loop ÷ time of the chain: higher is slower */
};

/* As it is now, on the CPU that the caller runs on. Some 15 us. */
struct pace pace_now(void);

/* Cycles that a multiplication of the chain takes, by comparison with a chain of additions of registers, which take one
 * each; 0: no whole number, so that the comparison says nothing. Measured at the first call, for half a millisecond: not
 * within a window, one thread at a time. */
unsigned pace_step_cycles(void);

/* ---- by CPU, in this process; the caller is pinned to it ---------------------------------------------------- */

/* Remembers the lowest quotients of each CPU. Beyond a number of CPUs nothing is known, and nothing is contended. */
void pace_note(unsigned os_index, struct pace pace);

/* What quotients of this CPU are held against: the lowest twentieth of those noted lies below it, but never more than
 * seven. So it falls when the core becomes quiet, and one reading that went wrong (the chain was interrupted each time)
 * condemns nobody. 0: not known. */
double pace_baseline(unsigned os_index);

/* Whether the quotient, of this CPU, is so much above its baseline that the core is not its own. */
bool pace_is_contended(unsigned os_index, struct pace pace);

/* Looks for the baseline of this CPU, for some 20 ms; at once where that has been done. */
void pace_search(unsigned os_index);

/* Returns when nobody else uses the core, or after at most 200 ms; after less where waiting has taken a fifth of the
 * time since pace_search. */
void pace_await(unsigned os_index);

#endif
