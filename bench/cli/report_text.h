/* What rcbench prints about itself and its plans: --version, --list, --plan, --machine, --topology-out. With --json the
 * lists and plans are report_json.h's. */
#ifndef RCBENCH_BENCH_CLI_REPORT_TEXT_H
#define RCBENCH_BENCH_CLI_REPORT_TEXT_H

#include "bench/plan/cell.h"

void print_versions(FILE *out);
void print_list(FILE *out, const struct options *options);

/* Whether --list shows variant i of the registry: those that are chosen; and all peers, those that this build lacks too,
 * where none of ours is left out, because the list is how peers are found. */
bool list_shows(const struct options *options, size_t i);
bool list_shows_all_peers(const struct options *options);

/* One line a cell: name, CPUs, run or skipped, the reason; lines that start with # are remarks. Only the cells
 * that --benchmark_filter chooses. */
void print_plan(FILE *out, const struct options *options, const struct cell *cells, size_t count);

/* "0+1": the CPUs of a cell's threads; "any" where they are not pinned. */
void print_cpus(FILE *out, const struct options *options, const struct cell *cell);

/* The cells of a plan, of which only those count that --benchmark_filter chooses, and how long a round of them takes. */
struct plan_size {
    size_t run, skipped;
    double seconds;
};
struct plan_size plan_size(const struct options *options, const struct cell *cells, size_t count);

/* Both write options->action_path. 0, or -1 after one line on standard error. */
int write_machine(const struct options *options);
int write_topology(const struct options *options);

/* What --machine writes, as the machine is now; NULL: no memory. The caller frees it. */
char *companion_text(const struct options *options);

/* Writes it beside the rows of --csv FILE, to FILE.json. 0, or -1 after one line on standard error. */
int companion_write(const struct options *options, const char *text);

#endif
