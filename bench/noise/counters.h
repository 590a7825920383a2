/* counters.h - the processor's own counters, where the kernel lets a thread read them (perf_event_open): cycles,
 * instructions and mispredicted branches of one thread, in user space, while they are started.
 *
 * A virtual machine often has none, and /proc/sys/kernel/perf_event_paranoid may forbid them. Then nothing is counted,
 * and counters_unavailable says why. */
#ifndef RCBENCH_BENCH_NOISE_COUNTERS_H
#define RCBENCH_BENCH_NOISE_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

enum counter { COUNTER_CYCLES, COUNTER_INSTRUCTIONS, COUNTER_BRANCH_MISSES, COUNTERS };

/* What the kernel calls one: type and config of perf_event_attr. */
struct counter_kind {
    uint32_t type;
    uint64_t config;
};

/* One group, so that all count during the same time. */
struct counters {
    int fd[COUNTERS]; /* -1: not open */
};

/* What the kernel gives: where it has more counters to serve than the processor has, each group runs a part of the
 * time. */
struct counters_raw {
    uint64_t count, enabled_ns, running_ns, value[COUNTERS];
};

struct counts {
    bool known;
    double value[COUNTERS];
};

/* NULL: this machine counts; else why it does not, in words. Asks the kernel once in a process; one thread at a time. */
const char *counters_unavailable(void);

/* Of the calling thread, stopped. Opens none where they are unavailable; the other functions then do nothing. After
 * counters_unavailable has been called once. */
void counters_open(struct counters *counters);
void counters_close(struct counters *counters);

void counters_start(const struct counters *counters);
void counters_stop(const struct counters *counters);

/* Since counters_open, over all times between a start and a stop. */
struct counts counters_read(const struct counters *counters);

/* ---- parts that tests use with counters that every machine has ------------------------------------------ */

/* 0, or an errno, and then nothing is open. */
int counters_open_kinds(struct counters *counters, const struct counter_kind kinds[COUNTERS]);

/* Counts for the whole time, from those of the part in which the group ran. Not known where it never ran. */
struct counts counters_scaled(const struct counters_raw *raw);

#endif
