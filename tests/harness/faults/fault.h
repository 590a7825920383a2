/* One wrong count in each thread, at an operation drawn by the seed: included around a scheme by the variants of this
 * folder, which are built for the test alone.
 *
 *     #include "tests/harness/faults/fault.h"            renames the scheme's three counting functions
 *     #include "variants/schemes/atomic.h"
 *     #include "tests/harness/faults/fault_operations.h" puts its own around them
 *
 * The environment says what is wrong:
 *   RCBENCH_FAULT        lost_increment, double_increment, lost_decrement, double_decrement, early_free;
 *                        crash, hang, overflow (of the stack): at an increment; none
 *   RCBENCH_FAULT_AMONG  the fault is one of so many operations of the thread; 0: it never happens, and the process says
 *                        in its last line how many there were
 *   RCBENCH_FAULT_SEED   draws which one
 * The operations that are counted are those in which the fault would be one: early_free's are the decrements that leave
 * a reference, and immortal objects have none. Each fault says so on standard error when it happens. */
#ifndef RCBENCH_TESTS_HARNESS_FAULTS_FAULT_H
#define RCBENCH_TESTS_HARNESS_FAULTS_FAULT_H

#define rc_incref     sound_incref
#define rc_decref     sound_decref
#define rc_try_incref sound_try_incref

#endif
