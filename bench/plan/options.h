/* The command line of rcbench: its own options. What starts with --benchmark_ is Google Benchmark's and is
 * passed on. */
#ifndef RCBENCH_BENCH_PLAN_OPTIONS_H
#define RCBENCH_BENCH_PLAN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/machine/placement.h"
#include "bench/registry/workload.h"

enum action { ACTION_RUN, ACTION_PLAN, ACTION_LIST, ACTION_HELP, ACTION_VERSION, ACTION_MACHINE, ACTION_TOPOLOGY,
              ACTION_CALIBRATE };

struct options {
    enum action action;
    const char *action_flag;      /* the flag that asks for it; NULL: none, for ACTION_RUN */
    const char *action_path;      /* of --machine, --topology-out */
    bool json;                    /* what --list and --plan print */

    const char *variant_list;     /* as --variants has it; NULL: not given */
    const char *workload_list;
    bool peers;
    bool *variant_chosen;         /* by index in the registry */
    bool *workload_chosen;
    enum profile points;
    const char *thread_list;      /* as --threads has it; NULL: not given */
    unsigned *threads;
    size_t thread_counts;
    double within_s;              /* that a round may take; 0: no limit */
    bool oversubscribe;

    const char *topology_source;  /* NULL: this machine */
    struct machine_topology *topology;
    bool all_kinds;               /* of cores */
    enum placement placement;
    unsigned pus;                 /* CPUs that placement may use */
    unsigned *cpu_order;          /* their OS indices, in the order of the placement */
    size_t cache_bytes[CACHE_LEVELS + 1]; /* as in struct trial, of the first of them */

    uint64_t window_ns, ramp_ns;
    uint64_t switch_interval_ns;
    double reference_cost;        /* bench/trial/calibration.h; 0: not known yet */
    uint64_t seed;
    bool seed_given;              /* by --seed: not drawn */
    unsigned rounds;
    unsigned process;
    unsigned patience_s;          /* beyond what a trial can explain; then it is taken for hung */

    const char *allocator;        /* one of allocator_names; NULL: whatever serves */
    const char *csv;              /* NULL: no rows */
    bool resume;
    const char *cells_file;       /* that names the cells to measure; NULL: all that are chosen */
    const char *leave_out;        /* names of cells, joined by commas; NULL: none */

    int benchmark_argc;           /* argv[0] and what Google Benchmark gets */
    char **benchmark_argv;
    bool benchmark_list;          /* --benchmark_list_tests */
};

/* Reads the command line. 0, or -1 after one line on standard error that says which flag, which value, and
 * what is accepted: the caller exits 2. Nothing has been written then. What is in *options lives until
 * options_free; argv must live as long. */
int options_parse(struct options *options, int argc, char **argv);
void options_free(struct options *options);

void options_print_help(FILE *out);

#endif
