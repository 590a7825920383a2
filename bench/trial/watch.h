/* Which cell a process was measuring when it crashed or hung: one line on standard error, whatever state its heap is in.
 * A crash then goes on as it would have without it; a hang ends the process with exit status 1. */
#ifndef RCBENCH_BENCH_TRIAL_WATCH_H
#define RCBENCH_BENCH_TRIAL_WATCH_H

#include <signal.h>
#include <stdint.h>

/* Once, before the first trial. */
void watch_open(void);

/* The trial of this cell begins. Until watch_end a crash names it; and when it takes longer than it can explain
 * (`expected_ns`) by `patience_s` seconds, the process ends. Time in which the process is stopped does not count. */
void watch_begin(const char *cell, uint64_t expected_ns, unsigned patience_s);
void watch_end(void);

/* A stack for the handler of crashes, since the thread's own may be what has run over: the calling thread has it from
 * _use to _unuse, and then the one that it had before. */
struct watch_stack {
    stack_t before;
    char bytes[1 << 16];
};
void watch_stack_use(struct watch_stack *stack);
void watch_stack_unuse(const struct watch_stack *stack);

#endif
