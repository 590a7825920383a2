/* topology_internal.h - what a topology is made of, for the files that walk it through hwloc: topology_open.c,
 * topology_kinds.c, topology.c, placement.c, pin.c. Everybody else uses topology.h. */
#ifndef RCBENCH_BENCH_MACHINE_TOPOLOGY_INTERNAL_H
#define RCBENCH_BENCH_MACHINE_TOPOLOGY_INTERNAL_H

#include "bench/machine/topology.h"

#include <hwloc.h>

/* A kind of cores, and what hwloc tells of it. */
struct core_kind {
    hwloc_bitmap_t set;   /* its PUs, of those that this process may use */
    int efficiency;       /* hwloc's: higher is faster; -1: not ranked, -2: hwloc tells nothing of these PUs */
    unsigned mhz;         /* the highest frequency; 0: not known */
    unsigned capacity;    /* Linux's: 1024 is the fastest core of the machine; 0: not known */
    char type[32];        /* such as IntelAtom; "" where it is not known */
    unsigned index;       /* hwloc's */
};

struct machine_topology {
    hwloc_topology_t hw;
    hwloc_bitmap_t allowed; /* PUs that this process may use */
    struct core_kind *kind; /* those PUs by kind of core, the most performant first */
    unsigned kinds;
    unsigned default_kind;  /* the one that is used unless all are */
    bool this_machine;
    bool all_kinds;
};

/* The PUs that placement hands out; the topology's. */
hwloc_const_bitmap_t topology_eligible(const struct machine_topology *t);

/* Fills kind, kinds and default_kind from `allowed`. 0, or -1: no memory. */
int topology_find_kinds(struct machine_topology *t);

/* The next PU that placement hands out, in logical order; the first after NULL, and NULL at the end. */
hwloc_obj_t topology_next_pu(const struct machine_topology *t, hwloc_obj_t pu);

/* Cores are named by their object; a PU outside any core is a core of its own. */
hwloc_obj_t topology_core_of(const struct machine_topology *t, hwloc_obj_t pu);

/* The first node, in logical order, that is local to the PU; NULL when none is. */
hwloc_obj_t topology_node_of(const struct machine_topology *t, unsigned os_index);

#endif
