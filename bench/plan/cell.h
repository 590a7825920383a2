/* A cell: workload x parameters x variant x threads. What can be measured, and what cannot and why. */
#ifndef RCBENCH_BENCH_PLAN_CELL_H
#define RCBENCH_BENCH_PLAN_CELL_H

#include "bench/plan/options.h"
#include "bench/registry/variant.h"

enum { CELL_NAME_BYTES = 160, CELL_REASON_BYTES = 160 };

/* The reason of a row that stands for a cell which --leave-out names: --resume knows it by that. */
#define CELL_LEFT_OUT "left out by --leave-out: it crashed or hung"

struct cell {
    const struct variant *variant;
    const struct workload *workload;
    const char *params;              /* key=value, joined by ';' */
    unsigned threads;
    char name[CELL_NAME_BYTES];      /* driver/workload/key:value/.../variant/threads:N */
    char skipped[CELL_REASON_BYTES]; /* why it cannot run; "" when it can */
    bool left_out;                   /* skipped because it crashed or hung, and the user said so: it has failed */
    unsigned repetition;             /* how often it has been measured in this process, with what --resume found */
    bool measured;                   /* a skipped cell: its row exists */
};

/* All cells that the options choose, in the order of the tables; *count of them. The caller frees the
 * array. NULL: no memory. */
struct cell *cells_make(const struct options *options, size_t *count);

/* Leaves out the cells of these names, joined by commas (NULL: none). -1: one is no cell's; a line has been printed. */
int cells_leave_out(struct cell *cells, size_t count, const char *names);
void cell_leave_out(struct cell *cell);

/* The switch interval of the cell's GIL in nanoseconds: its parameter interval_ms, or --switch-interval. */
uint64_t cell_switch_interval_ns(const struct cell *cell, const struct options *options);

/* Whether it is measured before the process makes its second thread: bench/libraries/std.cc. */
bool cell_is_unthreaded(const struct cell *cell);

/* Turns of the GIL that every thread of a valid trial has had in the window. What all threads do together needs no more:
 * somebody always works, and a turn that the window cuts counts with the operations that lie within. */
enum { GIL_TURNS_MIN = 4 };

/* Nanoseconds that the window of this cell lasts: --window; more under a GIL, where every thread must have had
 * GIL_TURNS_MIN turns, and where batches are long; less where a variant that never frees would fill the memory. */
uint64_t cell_window_ns(const struct cell *cell, const struct options *options);

/* Nanoseconds of full load before it: --ramp, or more under a GIL. */
uint64_t cell_ramp_ns(const struct cell *cell, const struct options *options);

/* About how long a trial of the cell takes in all, in seconds. */
double cell_seconds(const struct cell *cell, const struct options *options);

#endif
