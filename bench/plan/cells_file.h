/* --cells FILE: the cells that a run is to measure, and no others, one name a line. For programs that choose hundreds. */
#ifndef RCBENCH_BENCH_PLAN_CELLS_FILE_H
#define RCBENCH_BENCH_PLAN_CELLS_FILE_H

#include "bench/plan/cell.h"

/* Keeps the cells that the file names, in their order, and returns how many. 0: the file cannot be read, is empty, or a
 * line is no cell's name; one line on standard error has said so. */
size_t cells_keep_named(struct cell *cells, size_t count, const char *path);

#endif
