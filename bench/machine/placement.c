/* placement.c - policies by name, and the orders of placement. See placement.h.
 *
 * Every policy sorts the same list of seats (the PUs that may be used, with their core, node, kind and
 * spread) by a key of its own; that makes each order total, repeatable and stable in its prefixes.
 */
#include "bench/machine/placement.h"

#include <stdlib.h>
#include <string.h>

#include "bench/machine/topology_internal.h"

/* ---- policies by name -------------------------------------------------------------------------- */

static const char *const names[] = {"compact", "cores", "scatter", "numa", "none", NULL};

enum { POLICIES = sizeof names / sizeof names[0] - 1 };

int placement_parse(const char *name, enum placement *out)
{
    if (name == NULL)
        return -1;
    for (int i = 0; i < POLICIES; i++) {
        if (strcmp(name, names[i]) == 0) {
            *out = (enum placement)i;
            return 0;
        }
    }
    return -1;
}

const char *placement_name(enum placement policy)
{
    return (unsigned)policy < (unsigned)POLICIES ? names[policy] : "unknown";
}

const char *const *placement_names(void) { return names; }

/* ---- orders ------------------------------------------------------------------------------------ */

enum { KEYS = 4 };

/* One PU and where it sits. All but `os` are ordinals, counted from 0. */
struct seat {
    unsigned os;
    unsigned logical; /* in hwloc's logical order: neighbours are near each other */
    unsigned core;
    unsigned rank; /* among its core's PUs */
    unsigned kind; /* 0 is the most performant */
    unsigned node;
    unsigned spread; /* its core's place in the round robin over the machine */
    unsigned key[KEYS];
};

static unsigned kind_of(const struct machine_topology *t, unsigned os_index)
{
    unsigned kind = 0;
    while (kind + 1 < t->kinds && !hwloc_bitmap_isset(t->kind[kind].set, os_index))
        kind++;
    return kind;
}

/* Of a PU without local memory: the largest part of the machine around it that has none. */
static hwloc_obj_t memoryless_part(const struct machine_topology *t, hwloc_obj_t pu)
{
    hwloc_const_bitmap_t all = hwloc_topology_get_topology_nodeset(t->hw);
    while (pu->parent != NULL && !hwloc_bitmap_intersects(pu->parent->nodeset, all))
        pu = pu->parent;
    return pu;
}

/* Those without memory come after all nodes, part by part: some processors have dies whose memory is another die's. */
static void take_seats(const struct machine_topology *t, struct seat *seats)
{
    unsigned n = 0;
    hwloc_obj_t last = NULL, part = NULL;
    unsigned after_nodes = (unsigned)hwloc_get_nbobjs_by_type(t->hw, HWLOC_OBJ_NUMANODE);
    for (hwloc_obj_t pu = topology_next_pu(t, NULL); pu != NULL; pu = topology_next_pu(t, pu), n++) {
        hwloc_obj_t core = topology_core_of(t, pu);
        hwloc_obj_t node = topology_node_of(t, pu->os_index);
        struct seat *s = &seats[n];
        s->os = pu->os_index;
        s->logical = n;
        s->kind = kind_of(t, s->os);
        if (node == NULL && memoryless_part(t, pu) != part) {
            part = memoryless_part(t, pu);
            after_nodes++;
        }
        s->node = node != NULL ? node->logical_index : after_nodes;
        if (n > 0) {
            s->core = seats[n - 1].core + (core != last);
            s->rank = core == last ? seats[n - 1].rank + 1 : 0;
        }
        last = core;
    }
}

/* A core on its way through the round robin: it is dealt in this round, as this child's turn. */
struct dealt {
    unsigned core;
    unsigned round;
    unsigned child;
};

static int by_turn(const void *left, const void *right)
{
    const struct dealt *a = left;
    const struct dealt *b = right;
    if (a->round != b->round)
        return a->round < b->round ? -1 : 1;
    return a->child < b->child ? -1 : a->child > b->child;
}

/* Writes the eligible cores below o to out, dealt round robin from o's children, each of which has dealt its
 * own before; returns how many. The walk meets cores in logical order, hence next_core is a seat's core. */
static unsigned deal(const struct machine_topology *t, hwloc_obj_t o, unsigned *next_core, struct dealt *out)
{
    if (!hwloc_bitmap_intersects(o->cpuset, topology_eligible(t)))
        return 0;
    if (o->type == HWLOC_OBJ_CORE || o->type == HWLOC_OBJ_PU) {
        out->core = (*next_core)++;
        return 1;
    }
    unsigned n = 0;
    for (unsigned child = 0; child < o->arity; child++) {
        unsigned got = deal(t, o->children[child], next_core, out + n);
        for (unsigned k = 0; k < got; k++, n++) {
            out[n].round = k;
            out[n].child = child;
        }
    }
    qsort(out, n, sizeof *out, by_turn);
    return n;
}

static int spread_seats(const struct machine_topology *t, struct seat *seats, unsigned n)
{
    struct dealt *order = calloc(n, sizeof *order);
    unsigned *place = calloc(n, sizeof *place);
    if (order != NULL && place != NULL) {
        unsigned next_core = 0;
        unsigned cores = deal(t, hwloc_get_root_obj(t->hw), &next_core, order);
        for (unsigned i = 0; i < cores; i++)
            place[order[i].core] = i;
        for (unsigned i = 0; i < n; i++)
            seats[i].spread = place[seats[i].core];
    }
    int result = order != NULL && place != NULL ? 0 : -1;
    free(order);
    free(place);
    return result;
}

/* What the policy sorts by, most significant first. The last key is unique to a seat, or together with
 * the rank it is, so no two seats are equal. */
static void set_key(struct seat *s, enum placement policy)
{
    const unsigned keys[POLICIES][KEYS] = {
        [PLACEMENT_COMPACT] = {s->kind, s->logical, 0, 0},
        [PLACEMENT_CORES] = {s->rank, s->kind, s->logical, 0},
        [PLACEMENT_SCATTER] = {s->rank, s->kind, s->spread, 0},
        [PLACEMENT_NUMA] = {s->node, s->rank, s->kind, s->logical},
        [PLACEMENT_NONE] = {s->kind, s->logical, 0, 0},
    };
    memcpy(s->key, keys[policy], sizeof s->key);
}

static int by_key(const void *left, const void *right)
{
    const struct seat *a = left;
    const struct seat *b = right;
    for (int i = 0; i < KEYS; i++)
        if (a->key[i] != b->key[i])
            return a->key[i] < b->key[i] ? -1 : 1;
    return 0;
}

int placement_order(const struct machine_topology *t, enum placement policy, unsigned *os_index, unsigned capacity)
{
    unsigned n = topology_pus(t);
    struct seat *seats = (unsigned)policy < (unsigned)POLICIES ? calloc(n, sizeof *seats) : NULL;
    if (seats == NULL)
        return -1;
    take_seats(t, seats);
    if (spread_seats(t, seats, n) != 0) {
        free(seats);
        return -1;
    }
    for (unsigned i = 0; i < n; i++)
        set_key(&seats[i], policy);
    qsort(seats, n, sizeof *seats, by_key);
    unsigned written = n < capacity ? n : capacity;
    for (unsigned i = 0; i < written; i++)
        os_index[i] = seats[i].os;
    free(seats);
    return (int)written;
}
