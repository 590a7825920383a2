/* topology.h - what the machine is made of: its processing units (PUs: what the operating system calls CPUs),
 * cores and their kinds, NUMA nodes and caches. PUs are named by their OS index, the number that taskset and
 * /proc/cpuinfo use.
 *
 * A topology is this machine's, limited to what taskset and cpusets allow, or one read from a file or
 * a description: on those one can plan but not pin.
 *
 * Unless a comment says otherwise: a struct machine_topology may be read by many threads at once after
 * topology_open; topology_open, topology_close and topology_use_all_kinds belong to one thread (the
 * main one) while no other uses the topology. Error texts are one line without a newline, and are
 * always terminated; `error` may be NULL when `error_size` is 0.
 */
#ifndef RCBENCH_BENCH_MACHINE_TOPOLOGY_H
#define RCBENCH_BENCH_MACHINE_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>

/* The most PUs that a synthetic description may have, and the largest number of threads that a list may
 * name: what Linux can be built for (CONFIG_NR_CPUS), and small enough to build in a moment. */
#define TOPOLOGY_PU_LIMIT 8192u

/* What topology_distance says of a PU that does not exist. */
#define TOPOLOGY_DISTANCE_UNKNOWN "unknown"

struct machine_topology;

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

/* How many kinds of cores (performance, efficiency, ...) the allowed PUs are of; at least 1. Cores whose frequencies
 * differ by a tenth or less are of one kind: Linux gives each core of some processors a frequency of its own. */
unsigned topology_kinds(const struct machine_topology *t);

/* By default placement uses one kind alone, because a mean over two kinds of cores describes neither: the most
 * performant that has a quarter of the PUs or more, or the largest where none has. With `all` it uses all: in compact's
 * order one kind after the other, the most performant first, and in the other orders before any SMT sibling. Where hwloc
 * cannot rank the kinds, the one with most PUs comes first. */
void topology_use_all_kinds(struct machine_topology *t, bool all);

/* The kinds that placement uses, or those that it leaves, in words, such as "8 CPUs (0-7) of IntelCore, up to 5000 MHz";
 * joined by "; ". "" where there are none. Returns text. */
enum { TOPOLOGY_KINDS_TEXT = 512 };
const char *topology_kinds_text(const struct machine_topology *t, bool used, char text[TOPOLOGY_KINDS_TEXT]);

/* OS index of the NUMA node that the PU is local to (the first when there are several, such as DRAM
 * beside high-bandwidth memory); 0 on a machine that knows no nodes; -1 when it cannot be known. */
int numa_node_of_pu(const struct machine_topology *t, unsigned os_index);

/* Bytes of the data or unified cache of this level (1 to 3) above the PU; 0 when there is none, its size
 * is not known, or there is no such PU. A size is of the whole cache, however many cores share it. */
size_t topology_cache_bytes(const struct machine_topology *t, unsigned os_index, unsigned level);

/* The nearest thing that two PUs share: "same" (they are one PU), "smt" (a core), "l2", "l3", "package" or
 * "machine"; TOPOLOGY_DISTANCE_UNKNOWN when either does not exist. Static. */
const char *topology_distance(const struct machine_topology *t, unsigned a, unsigned b);

/* Writes the whole topology as hwloc's XML (for lstopo, and for topology_open elsewhere), replacing the
 * file. Returns 0, or -1 with `error`; what was written until then is removed. */
int topology_write_xml(const struct machine_topology *t, const char *path, char *error, size_t error_size);

#endif
