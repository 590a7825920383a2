/* The CSV: one trial, one row. columns.def has a line for each column.
 *
 * Rows go to PATH.part (bench/rows/rows_file.h), one write each, so that a killed run leaves whole rows. */
#ifndef RCBENCH_BENCH_ROWS_ROWS_H
#define RCBENCH_BENCH_ROWS_ROWS_H

#include "bench/trial/trial.h"

struct rows;

/* Opens PATH.part. With options->resume the rows that it holds stay, and those of this seed and process need not be made
 * again; lines that are no rows are set aside. 0, or -1 after one line on standard error. */
int rows_open(struct rows **rows, const struct options *options, struct cell *cells, size_t cell_count);

/* Whether --resume has found a row of this repetition of the cell with that index. NULL has none. */
bool rows_has(const struct rows *rows, size_t cell, unsigned repetition);

/* Writes the row of a trial, or, with a NULL result, of a cell that is skipped. 0, or -1 after one line on
 * standard error: earlier rows are intact. */
int rows_write(struct rows *rows, const struct cell *cell, const struct trial_result *result);

/* Whether a row that --resume has kept tells of a wrong count. */
bool rows_failed_audit(const struct rows *rows);

/* All trials are made: the file gets its name. 0, or -1 after one line on standard error. */
int rows_complete(struct rows *rows);

/* Closes the file under the name that it has. NULL does nothing. */
void rows_close(struct rows *rows);

#endif
