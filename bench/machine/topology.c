/* topology.c - what is in a topology, and writing it to a file. See topology.h. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L /* fileno */
#endif

#include "bench/machine/topology_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/base/error_text.h"

hwloc_const_bitmap_t topology_eligible(const struct machine_topology *t)
{
    return t->all_kinds ? t->allowed : t->kind[t->default_kind].set;
}

static hwloc_obj_t pu_at(const struct machine_topology *t, unsigned os_index)
{
    return hwloc_get_pu_obj_by_os_index(t->hw, os_index);
}

hwloc_obj_t topology_core_of(const struct machine_topology *t, hwloc_obj_t pu)
{
    hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(t->hw, HWLOC_OBJ_CORE, pu);
    return core != NULL ? core : pu;
}

hwloc_obj_t topology_next_pu(const struct machine_topology *t, hwloc_obj_t pu)
{
    do
        pu = hwloc_get_next_obj_by_type(t->hw, HWLOC_OBJ_PU, pu);
    while (pu != NULL && !hwloc_bitmap_isset(topology_eligible(t), pu->os_index));
    return pu;
}

bool topology_is_this_machine(const struct machine_topology *t) { return t->this_machine; }

unsigned topology_pus(const struct machine_topology *t)
{
    return (unsigned)hwloc_bitmap_weight(topology_eligible(t));
}

unsigned topology_cores(const struct machine_topology *t)
{
    unsigned cores = 0;
    hwloc_obj_t last = NULL;
    for (hwloc_obj_t pu = topology_next_pu(t, NULL); pu != NULL; pu = topology_next_pu(t, pu)) {
        hwloc_obj_t core = topology_core_of(t, pu);
        cores += core != last; /* logical order keeps a core's PUs together */
        last = core;
    }
    return cores;
}

unsigned topology_numa_nodes(const struct machine_topology *t)
{
    unsigned nodes = 0;
    hwloc_obj_t node = NULL;
    while ((node = hwloc_get_next_obj_by_type(t->hw, HWLOC_OBJ_NUMANODE, node)) != NULL)
        nodes += hwloc_bitmap_intersects(node->cpuset, topology_eligible(t)) != 0;
    return nodes;
}

hwloc_obj_t topology_node_of(const struct machine_topology *t, unsigned os_index)
{
    hwloc_obj_t node = NULL;
    while ((node = hwloc_get_next_obj_by_type(t->hw, HWLOC_OBJ_NUMANODE, node)) != NULL)
        if (hwloc_bitmap_isset(node->cpuset, os_index))
            return node;
    return NULL;
}

int numa_node_of_pu(const struct machine_topology *t, unsigned os_index)
{
    if (pu_at(t, os_index) == NULL)
        return -1;
    hwloc_obj_t node = topology_node_of(t, os_index);
    if (node != NULL)
        return node->os_index <= INT_MAX ? (int)node->os_index : -1;
    return hwloc_get_nbobjs_by_type(t->hw, HWLOC_OBJ_NUMANODE) == 0 ? 0 : -1;
}

size_t topology_cache_bytes(const struct machine_topology *t, unsigned os_index, unsigned level)
{
    for (hwloc_obj_t o = pu_at(t, os_index); o != NULL; o = o->parent)
        if (hwloc_obj_type_is_dcache(o->type) && o->attr->cache.depth == level)
            return (size_t)o->attr->cache.size;
    return 0;
}

const char *topology_distance(const struct machine_topology *t, unsigned a, unsigned b)
{
    hwloc_obj_t pu_a = pu_at(t, a);
    hwloc_obj_t pu_b = pu_at(t, b);
    if (pu_a == NULL || pu_b == NULL)
        return TOPOLOGY_DISTANCE_UNKNOWN;
    if (pu_a == pu_b)
        return "same";
    hwloc_obj_t o = hwloc_get_common_ancestor_obj(t->hw, pu_a, pu_b);
    for (; o != NULL; o = o->parent) {
        switch (o->type) {
        case HWLOC_OBJ_CORE:
        case HWLOC_OBJ_L1CACHE: return "smt"; /* where no cores are known, a shared first level is SMT */
        case HWLOC_OBJ_L2CACHE: return "l2";
        case HWLOC_OBJ_L3CACHE: return "l3";
        case HWLOC_OBJ_PACKAGE: return "package";
        default: break; /* groups, dies and the like: climb to the next thing that has a name */
        }
    }
    return "machine";
}

/* ---- the topology as a file -------------------------------------------------------------------- */

/* Version 2 is what all hwlocs of today read. */
#if HWLOC_API_VERSION >= 0x00030000
#define XML_FLAGS HWLOC_TOPOLOGY_EXPORT_XML_FLAG_V2
#else
#define XML_FLAGS 0
#endif

static int write_file(const char *path, const char *text, size_t length)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return -1;
    struct stat facts;
    bool regular = fstat(fileno(file), &facts) == 0 && S_ISREG(facts.st_mode);
    bool good = fwrite(text, 1, length, file) == length && fflush(file) == 0;
    int reason = errno;
    if (fclose(file) != 0 && good) {
        good = false;
        reason = errno;
    }
    if (!good && regular)
        (void)remove(path);
    errno = reason;
    return good ? 0 : -1;
}

int topology_write_xml(const struct machine_topology *t, const char *path, char *error, size_t error_size)
{
    char q[ERROR_QUOTE_SIZE];
    char *xml = NULL;
    int length = 0;
    if (hwloc_topology_export_xmlbuffer(t->hw, &xml, &length, XML_FLAGS) != 0)
        return error_set(error, error_size, "hwloc cannot export the topology: %s", strerror(errno));
    int result = write_file(path, xml, strlen(xml)); /* `length` counts the terminator too */
    if (result != 0)
        (void)error_set(error, error_size, "cannot write '%s': %s", error_quote(q, path, strlen(path)),
                        strerror(errno));
    hwloc_free_xmlbuffer(t->hw, xml);
    return result;
}
