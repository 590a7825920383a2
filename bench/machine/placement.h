/* placement.h - where threads go: the policies.
 *
 * A placement is an order over the processing units (PUs) that this process may use. A run with n threads uses
 * the first n of that order, so going from n to n + 1 threads moves nobody. PUs are named by their OS index.
 */
#ifndef RCBENCH_BENCH_MACHINE_PLACEMENT_H
#define RCBENCH_BENCH_MACHINE_PLACEMENT_H

enum placement {
    PLACEMENT_COMPACT, /* neighbours first: both SMT siblings of a core, then the next core */
    PLACEMENT_CORES,   /* one PU of every core, in neighbour order; then every core's second PU; ... */
    PLACEMENT_SCATTER, /* as far apart as can be: round robin over packages, nodes, caches; SMT last */
    PLACEMENT_NUMA,    /* fill one NUMA node (its cores first, then their SMT siblings), then the next */
    PLACEMENT_NONE     /* the scheduler decides: compact's order as a list, but threads are not pinned */
};

struct machine_topology;

/* Looks a policy up by name; 0, or -1 (and *out untouched) when there is none. Any thread. */
int placement_parse(const char *name, enum placement *out);

/* The policy's name, static; "unknown" for a value outside the enum. Any thread. */
const char *placement_name(enum placement policy);

/* All names, NULL-terminated, static, in the enum's order. Any thread. */
const char *const *placement_names(void);

/* Writes the OS indices of the policy's order to os_index, at most `capacity` of them. Returns how many
 * were written (all of them when capacity >= topology_pus), or -1: no memory, or no such policy. Any thread
 * that may read the topology. */
int placement_order(const struct machine_topology *t, enum placement policy, unsigned *os_index, unsigned capacity);

#endif
