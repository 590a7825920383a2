/* --within: fewer counts of threads, and fewer cells under a GIL, until a round takes no longer than was asked. */
#ifndef RCBENCH_BENCH_PLAN_TIME_LIMIT_H
#define RCBENCH_BENCH_PLAN_TIME_LIMIT_H

#include "bench/plan/cell.h"

/* Of `count` cells those that fit into options->within_s, in their order, at the front of the array; returns how many
 * are left. One thread, and all threads without a GIL, stay in any case. A cell whose count of threads was chosen and
 * that is left out because of its GIL stays, with the reason why it is skipped. */
size_t cells_keep_within(struct cell *cells, size_t count, const struct options *options);

#endif
