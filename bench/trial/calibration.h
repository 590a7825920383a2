/* calibration.h - what a reference costs on this machine, so that a workload can mix work and counting in a given share
 * of time. */
#ifndef RCBENCH_BENCH_TRIAL_CALIBRATION_H
#define RCBENCH_BENCH_TRIAL_CALIBRATION_H

#include "bench/plan/options.h"
#include "bench/trial/trial.h"

/* True: the cell will run, and mixes by the reference cost. */
bool calibration_needed(const struct cell *cell);

/* The reference cost: the time of one reference, taken and dropped, in units of work, on one thread under the first GIL
 * of the registry that counts without atomic operations. Both times are of one core, so their quotient does not hang on
 * its clock. Makes trials for some 300 ms on the calling thread, which is pinned meanwhile. 0, after a line on standard
 * error: it could not be measured. */
double calibration_reference_cost(const struct options *options);

#endif
