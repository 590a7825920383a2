/* Which variants and workloads a command line chooses by name. */
#ifndef RCBENCH_BENCH_PLAN_SELECTION_H
#define RCBENCH_BENCH_PLAN_SELECTION_H

#include <stdbool.h>

/* --variants and --peers: chosen[i] says whether variant i of the registry is chosen. `list` is names joined by
 * commas, or "all", which are all but the peers; NULL is the same. 0, or -1 after one line on standard error. */
int chosen_variants(const char *list, bool with_peers, bool *chosen);

/* --workloads, in the same way. */
int chosen_workloads(const char *list, bool *chosen);

#endif
