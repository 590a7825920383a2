/* Attempts: what becomes of a trial that noise has spoiled or disturbed. It is made again, a bounded number of times,
 * and every attempt is a row; at most one of them is not `invalid`.
 *
 * spoiled: a gate failed (too little overlap, ...), so the row is invalid in any case. disturbed: all gates passed, and
 * the kernel tells of noise; such a row is kept, with its flags, when no undisturbed one followed. */
#ifndef RCBENCH_BENCH_ROWS_ATTEMPTS_H
#define RCBENCH_BENCH_ROWS_ATTEMPTS_H

#include "bench/rows/rows.h"

struct attempts {
    struct rows *rows;            /* NULL: no rows are wanted */
    struct trial_result kept;     /* the last disturbed one; its row is written when it is known what it is worth */
    bool has_kept;
    unsigned long trials, repeated; /* made; made again because they were disturbed */
};

/* Whether a trial with this result is made again; `attempt` counts from 0. All threads of a cell may ask, and get the
 * same answer, between the end of the trial and trial_run_leave. */
bool attempts_again(const struct attempts *attempts, const struct trial_result *result, unsigned attempt);

/* The result that counts, when it is not made again: this one, or a disturbed one before it. As attempts_again. */
const struct trial_result *attempts_best(const struct attempts *attempts, const struct trial_result *result);

/* Thread 0, after attempts_again: writes the rows that can be written by now. 0, or -1 after a line on standard
 * error. */
int attempts_record(struct attempts *attempts, const struct cell *cell, const struct trial_result *result, bool again);

/* Thread 0, when no other needs a result any more. */
void attempts_end(struct attempts *attempts);

#endif
