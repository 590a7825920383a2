/* What --list and --plan print with --json: the same facts as their text, for programs that would have to take lines
 * apart. Members may be added; those that are here keep their names. */
#ifndef RCBENCH_BENCH_CLI_REPORT_JSON_H
#define RCBENCH_BENCH_CLI_REPORT_JSON_H

#include "bench/plan/cell.h"

/* An object:
 *   variants       name -> its traits, which docs/schema.md explains
 *   peers          name -> {scheme, mode, object_bytes, library, version}: the peers that this build has
 *   missing_peers  name -> what would bring it
 *   drivers        the names of the families of workloads
 *   workloads      name -> {driver, summary: what one operation is, parameters: those of --points full} */
void print_list_json(FILE *out, const struct options *options);

/* An object:
 *   topology           what --topology says; null: this machine
 *   placement, cpus, cores, seed
 *   cores_used         where there are several kinds of cores; otherwise null
 *   cores_left         the kinds that only --all-kinds uses; null: none
 *   run, skipped       numbers of cells
 *   round_s            about how long one round of them takes
 *   cells              [{cell, cpus: as in the rows, state: run or skipped, reason: why it is skipped}, ...] */
void print_plan_json(FILE *out, const struct options *options, const struct cell *cells, size_t count);

#endif
