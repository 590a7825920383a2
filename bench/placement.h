/* placement.h - where threads go.
 *
 * A placement is an order over the processing units (PUs: what the operating system calls CPUs) that
 * this process may use. A run with n threads uses the first n of that order, so going from n to n + 1
 * threads moves nobody. PUs are named by their OS index, the number that taskset and /proc/cpuinfo use.
 *
 * A topology is this machine's, limited to what taskset and cpusets allow, or one read from a file or
 * a description: on those one can plan but not pin.
 *
 * Unless a comment says otherwise: a struct machine_topology may be read by many threads at once after
 * topology_open; topology_open, topology_close and topology_use_all_kinds belong to one thread (the
 * main one) while no other uses the topology. Error texts are one line without a newline, and are
 * always terminated; `error` may be NULL when `error_size` is 0.
 */
#ifndef RCBENCH_BENCH_PLACEMENT_H
#define RCBENCH_BENCH_PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>

enum placement {
    PLACEMENT_COMPACT, /* neighbours first: both SMT siblings of a core, then the next core */
    PLACEMENT_CORES,   /* one PU of every core, in neighbour order; then every core's second PU; ... */
    PLACEMENT_SCATTER, /* as far apart as can be: round robin over packages, nodes, caches; SMT last */
    PLACEMENT_NUMA,    /* fill one NUMA node (its cores first, then their SMT siblings), then the next */
    PLACEMENT_NONE     /* the scheduler decides: compact's order as a list, but threads are not pinned */
};

/* The most PUs that a synthetic description may have, and the largest number of threads that a list may
 * name: what Linux can be built for (CONFIG_NR_CPUS), and small enough to build in a moment. */
#define PLACEMENT_PU_LIMIT 8192u

/* What topology_distance says of a PU that does not exist. */
#define TOPOLOGY_DISTANCE_UNKNOWN "unknown"

struct machine_topology;
struct pin_saved;

/* Looks a policy up by name; 0, or -1 (and *out untouched) when there is none. Any thread. */
int placement_parse(const char *name, enum placement *out);

/* The policy's name, static; "unknown" for a value outside the enum. Any thread. */
const char *placement_name(enum placement policy);

/* All names, NULL-terminated, static, in the enum's order. Any thread. */
const char *const *placement_names(void);

/* Opens a topology into *out; the caller closes it.
 * source NULL: this machine, limited to the PUs that the calling thread may run on at this moment, so
 *   call it before anything is pinned. When the user replaced the machine through hwloc's own variables
 *   (HWLOC_XMLFILE, HWLOC_SYNTHETIC, HWLOC_FSROOT), pinning is possible only if hwloc is told that
 *   this is the same machine (HWLOC_THISSYSTEM=1).
 * source a path (it exists, contains '/', or ends in ".xml"): a topology that hwloc wrote as XML.
 * otherwise: a synthetic description such as "pack:2 core:4 pu:2".
 * Returns 0, or -1 with *out NULL and `error` saying what is wrong and what is accepted.
 * With a source it sets hwloc's verbosity variables in the environment where the user has not, and a
 * file is first read by a child process (damaged ones crash hwloc): call it from the main thread, before
 * others start. */
int topology_open(struct machine_topology **out, const char *source, char *error, size_t error_size);

/* Frees the topology; NULL is fine. */
void topology_close(struct machine_topology *t);

/* Whether it describes the machine that runs this program, so that threads can be pinned by it. */
bool topology_is_this_machine(const struct machine_topology *t);

/* How many PUs placement hands out: allowed, and of the kind in use (see topology_kinds). */
unsigned topology_pus(const struct machine_topology *t);

/* How many physical cores those PUs belong to. A PU that no core is known for counts as one. */
unsigned topology_cores(const struct machine_topology *t);

/* How many NUMA nodes hold those PUs; 0 when the topology knows of none. */
unsigned topology_numa_nodes(const struct machine_topology *t);

/* How many kinds of cores (performance, efficiency, ...) the allowed PUs are of; at least 1. */
unsigned topology_kinds(const struct machine_topology *t);

/* By default placement uses the most performant kind alone, because a mean over two kinds of cores
 * describes neither. With `all` the other kinds follow it: after it in compact's order, and in the other
 * orders before any SMT sibling. When hwloc cannot rank the kinds, the one with most PUs comes first. */
void topology_use_all_kinds(struct machine_topology *t, bool all);

/* Writes the OS indices of the policy's order to os_index, at most `capacity` of them. Returns how many
 * were written (all of them when capacity >= topology_pus), or -1: no memory, or no such policy. */
int placement_order(const struct machine_topology *t, enum placement policy, unsigned *os_index,
                    unsigned capacity);

/* Binds the calling thread to one PU, then checks that mask and position are that PU and nothing else.
 * Returns 0, or -1 with `error`: the topology is not this machine's, the PU is not in it, the system
 * refused, or the thread is elsewhere all the same. Allocates: never within a measured window. */
int pin_self(const struct machine_topology *t, unsigned os_index, char *error, size_t error_size);

/* Whether the calling thread last ran on exactly that PU. false also when the system cannot tell, or the
 * topology is not this machine's. Allocates: never within a measured window. */
bool pin_verify_self(const struct machine_topology *t, unsigned os_index);

/* The calling thread's mask, for pin_restore by the same thread; the caller owns it until then. NULL when
 * the topology is not this machine's, the system cannot tell, or memory is short. */
struct pin_saved *pin_save(const struct machine_topology *t);

/* Puts the saved mask back and frees it; NULL does nothing. Call it on the thread that saved. Returns 0,
 * or -1 when the system refused: the thread then keeps the mask it has. */
int pin_restore(const struct machine_topology *t, struct pin_saved *saved);

/* OS index of the NUMA node that the PU is local to (the first when there are several, such as DRAM
 * beside high-bandwidth memory); 0 on a machine that knows no nodes; -1 when it cannot be known. */
int numa_node_of_pu(const struct machine_topology *t, unsigned os_index);

/* Bytes of the data or unified cache of this level (1 to 3) above the PU; 0 when there is none, its size
 * is not known, or there is no such PU. A size is of the whole cache, however many cores share it. */
size_t topology_cache_bytes(const struct machine_topology *t, unsigned os_index, unsigned level);

/* The nearest thing that two PUs share: "same" (they are one PU), "smt" (a core), "l2", "l3", "package" or
 * "machine"; TOPOLOGY_DISTANCE_UNKNOWN when either does not exist. Static. */
const char *topology_distance(const struct machine_topology *t, unsigned a, unsigned b);

/* Reads a list of thread counts such as "1,2,4-8,max" (max: the argument of that name, in words or as an
 * end of a range) into a sorted array without duplicates. Returns its length with *out malloc'ed, which
 * the caller frees; or 0 with *out NULL and `error`. Numbers above max are fine here (up to
 * PLACEMENT_PU_LIMIT): whether to oversubscribe is for the caller to say. Any thread. */
unsigned placement_parse_threads(const char *list, unsigned max, unsigned **out, char *error,
                                 size_t error_size);

/* Writes the whole topology as hwloc's XML (for lstopo, and for topology_open elsewhere), replacing the
 * file. Returns 0, or -1 with `error`; what was written until then is removed. */
int topology_write_xml(const struct machine_topology *t, const char *path, char *error,
                       size_t error_size);

#endif
