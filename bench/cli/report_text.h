/* What rcbench prints about itself and its plans: --version, --list, --plan, --machine, --topology-out. */
#ifndef RCBENCH_BENCH_CLI_REPORT_TEXT_H
#define RCBENCH_BENCH_CLI_REPORT_TEXT_H

#include "bench/plan/cell.h"

void print_versions(FILE *out);
void print_list(FILE *out, const struct options *options);

/* One line a cell: name, CPUs, run or skipped, the reason; lines that start with # are remarks. Only the cells
 * that --benchmark_filter chooses. */
void print_plan(FILE *out, const struct options *options, const struct cell *cells, size_t count);

/* Both write options->action_path. 0, or -1 after one line on standard error. */
int write_machine(const struct options *options);
int write_topology(const struct options *options);

/* What --machine writes, as the machine is now; NULL: no memory. The caller frees it. */
char *companion_text(const struct options *options);

/* Writes it beside the rows of --csv FILE, to FILE.json. 0, or -1 after one line on standard error. */
int companion_write(const struct options *options, const char *text);

#endif
