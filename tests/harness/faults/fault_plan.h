/* Which fault the process has, and when it is due in the calling thread. See fault.h. */
#ifndef RCBENCH_TESTS_HARNESS_FAULTS_FAULT_PLAN_H
#define RCBENCH_TESTS_HARNESS_FAULTS_FAULT_PLAN_H

#include <stdbool.h>

enum fault {
    FAULT_NONE,
    FAULT_LOST_INCREMENT,
    FAULT_DOUBLE_INCREMENT,
    FAULT_LOST_DECREMENT,
    FAULT_DOUBLE_DECREMENT,
    FAULT_EARLY_FREE,
    /* No wrong counts: what a corrupted heap comes to in the end. */
    FAULT_CRASH,
    FAULT_HANG,
    FAULT_OVERFLOW
};

enum fault fault_kind(void);

/* Called once for each operation that could be wrong. */
bool fault_due(void);

/* Ends the thread as the fault says, where it is one of the last three. */
void fault_end(void);

#endif
