/* placement.c - where threads go: topologies, the orders of placement, and pinning. See placement.h.
 *
 * Every policy sorts the same list of seats (the PUs that may be used, with their core, node, kind and
 * spread) by a key of its own; that makes each order total, repeatable and stable in its prefixes.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L /* setenv, stat, fork */
#endif

#include "bench/placement.h"

#include <ctype.h>
#include <errno.h>
#include <hwloc.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct machine_topology {
    hwloc_topology_t hw;
    hwloc_bitmap_t allowed; /* PUs that this process may use */
    hwloc_bitmap_t *kind;   /* those PUs by kind of core, the most performant first */
    unsigned kinds;
    bool this_machine;
    bool all_kinds;
};

struct pin_saved {
    hwloc_bitmap_t mask;
};

/* ---- texts ------------------------------------------------------------------------------------- */

#define QUOTE_SIZE 64

__attribute__((format(printf, 3, 4))) static int fail(char *error, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (error != NULL && size > 0)
        (void)vsnprintf(error, size, format, arguments);
    va_end(arguments);
    return -1;
}

/* What the user typed, in one line of bearable length: it goes to a terminal. */
static const char *quote(char out[QUOTE_SIZE], const char *text, size_t length)
{
    size_t room = QUOTE_SIZE - 4;
    size_t n = length < room ? length : room;
    for (size_t i = 0; i < n; i++)
        out[i] = iscntrl((unsigned char)text[i]) ? '?' : text[i];
    out[n] = '\0';
    if (n < length)
        (void)snprintf(out + n, QUOTE_SIZE - n, "...");
    return out;
}

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

const char *const *placement_names(void)
{
    return names;
}

/* ---- opening a topology ------------------------------------------------------------------------ */

#define REHEARSAL_SECONDS 30

#define ACCEPTED                                                                                      \
    "accepted: an XML file that hwloc wrote (lstopo topology.xml), or a description such as "         \
    "\"pack:2 core:4 pu:2\""

/* hwloc explains bad descriptions on standard error, several lines each; we say it in one. Its reports of
 * a broken machine stay on: those concern this machine's own topology, where they matter. */
static void silence_hwloc(void)
{
    (void)setenv("HWLOC_HIDE_ERRORS", "2", 0);
    (void)setenv("HWLOC_XML_VERBOSE", "0", 0);
    (void)setenv("HWLOC_SYNTHETIC_VERBOSE", "0", 0);
}

static bool looks_like_path(const char *source)
{
    struct stat facts;
    size_t length = strlen(source);
    return strchr(source, '/') != NULL || (length >= 4 && strcmp(source + length - 4, ".xml") == 0) ||
           stat(source, &facts) == 0;
}

/* hwloc would build a machine of any size, for hours; this multiplies the counts of the levels first.
 * Numbers are read as hwloc reads them (strtoul, base 0); attributes in () and memory in [] do not
 * multiply. */
static bool synthetic_too_large(const char *s)
{
    unsigned long pus = 1;
    unsigned depth = 0;
    bool level_start = true; /* where a bare count without a type may stand */
    for (; *s != '\0'; s++) {
        if (*s == '(' || *s == '[')
            depth++;
        else if ((*s == ')' || *s == ']') && depth > 0)
            depth--;
        bool counted = depth == 0 && (*s == ':' || (level_start && isdigit((unsigned char)*s)));
        level_start = isspace((unsigned char)*s);
        if (!counted)
            continue;
        unsigned long count = strtoul(*s == ':' ? s + 1 : s, NULL, 0);
        if (count > PLACEMENT_PU_LIMIT || pus * count > PLACEMENT_PU_LIMIT)
            return true;
        pus *= count > 0 ? count : 1; /* 0 is refused by hwloc */
    }
    return false;
}

/* What the child does: everything that walks the file's contents. Never returns. */
_Noreturn static void rehearse_in_child(const char *path)
{
    const struct rlimit no_core = {0, 0};
    hwloc_topology_t hw;
    char *xml = NULL;
    int length = 0;
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)alarm(REHEARSAL_SECONDS);
    if (freopen("/dev/null", "w", stderr) == NULL) /* a sanitizer's report of hwloc's fault */
        _exit(1);
    bool good = hwloc_topology_init(&hw) == 0 && hwloc_topology_set_xml(hw, path) == 0 &&
                hwloc_topology_load(hw) == 0 && hwloc_topology_export_xmlbuffer(hw, &xml, &length, 0) == 0;
    _exit(good ? 0 : 1);
}

/* hwloc 2.9 follows null pointers in some damaged files (about one in forty with a few bytes changed). A
 * child process reads the file first, so that such a file is an error here and not a crash. */
static bool hwloc_survives(const char *path)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        rehearse_in_child(path);
    if (child < 0)
        return true; /* no process to spare: take the risk */
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return true; /* somebody else reaps our children: nothing is known */
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int use_xml(hwloc_topology_t hw, const char *path, char *error, size_t size)
{
    char q[QUOTE_SIZE];
    struct stat facts;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return fail(error, size, "cannot read '%s': %s; " ACCEPTED, quote(q, path, strlen(path)),
                    strerror(errno));
    bool directory = fstat(fileno(file), &facts) == 0 && S_ISDIR(facts.st_mode);
    (void)fclose(file);
    if (directory)
        return fail(error, size, "'%s' is a directory; " ACCEPTED, quote(q, path, strlen(path)));
    if (!hwloc_survives(path) || hwloc_topology_set_xml(hw, path) != 0)
        return fail(error, size, "'%s' is not a topology in hwloc's XML; " ACCEPTED,
                    quote(q, path, strlen(path)));
    return 0;
}

static int use_synthetic(hwloc_topology_t hw, const char *text, char *error, size_t size)
{
    char q[QUOTE_SIZE];
    if (synthetic_too_large(text))
        return fail(error, size, "'%s' describes more than %u PUs; " ACCEPTED, quote(q, text, strlen(text)),
                    PLACEMENT_PU_LIMIT);
    /* hwloc takes an empty description for "none given" and would show this machine instead. */
    if (text[strspn(text, " \t\r\n")] == '\0' || hwloc_topology_set_synthetic(hw, text) != 0)
        return fail(error, size, "'%s' is neither a file nor a description of a machine; " ACCEPTED,
                    quote(q, text, strlen(text)));
    return 0;
}

static int use_source(hwloc_topology_t hw, const char *source, char *error, size_t size)
{
    if (source != NULL)
        return looks_like_path(source) ? use_xml(hw, source, error, size)
                                       : use_synthetic(hw, source, error, size);
    /* hwloc drops this assertion again where its environment variables replace the machine. */
    if (hwloc_topology_set_flags(
            hw, HWLOC_TOPOLOGY_FLAG_IS_THISSYSTEM | HWLOC_TOPOLOGY_FLAG_RESTRICT_TO_CPUBINDING) != 0)
        return fail(error, size, "hwloc cannot limit the topology to this process's CPUs: %s",
                    strerror(errno));
    return 0;
}

/* The PUs that exist, that the cpuset allows, and, here, that this very thread's mask has: the loader's
 * own restriction looks at the process, which is another set once threads are pinned. */
static int find_allowed(struct machine_topology *t)
{
    hwloc_const_bitmap_t all = hwloc_topology_get_topology_cpuset(t->hw);
    t->allowed = hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(t->hw));
    if (t->allowed == NULL || hwloc_bitmap_and(t->allowed, t->allowed, all) != 0)
        return -1;
    if (!t->this_machine)
        return 0;
    hwloc_bitmap_t mask = hwloc_bitmap_alloc();
    if (mask == NULL)
        return -1;
    int result = 0;
    if (hwloc_get_cpubind(t->hw, mask, HWLOC_CPUBIND_THREAD) == 0)
        result = hwloc_bitmap_and(t->allowed, t->allowed, mask);
    hwloc_bitmap_free(mask);
    if (result == 0 && !hwloc_bitmap_iszero(t->allowed) && !hwloc_bitmap_isequal(t->allowed, all))
        result = hwloc_topology_restrict(t->hw, t->allowed, 0);
    return result;
}

struct ranked_kind {
    hwloc_bitmap_t set;
    int efficiency; /* hwloc's: higher is faster, -1 is not ranked; -2: in no kind at all */
    unsigned index;
};

static int by_performance(const void *left, const void *right)
{
    const struct ranked_kind *a = left;
    const struct ranked_kind *b = right;
    if (a->efficiency != b->efficiency)
        return a->efficiency > b->efficiency ? -1 : 1;
    int difference = hwloc_bitmap_weight(b->set) - hwloc_bitmap_weight(a->set);
    if (difference != 0)
        return difference;
    return a->index < b->index ? -1 : 1;
}

/* Fills ranked[0..count] with the allowed PUs of each kind, and of none. False: no memory. */
static bool split_kinds(const struct machine_topology *t, struct ranked_kind *ranked, unsigned count)
{
    struct ranked_kind *rest = &ranked[count];
    *rest = (struct ranked_kind){hwloc_bitmap_dup(t->allowed), -2, count};
    bool good = rest->set != NULL;
    for (unsigned i = 0; good && i < count; i++) {
        struct ranked_kind *kind = &ranked[i];
        *kind = (struct ranked_kind){hwloc_bitmap_alloc(), -1, i};
        good = kind->set != NULL &&
               hwloc_cpukinds_get_info(t->hw, i, kind->set, &kind->efficiency, NULL, NULL, 0) == 0 &&
               hwloc_bitmap_and(kind->set, kind->set, t->allowed) == 0 &&
               hwloc_bitmap_andnot(rest->set, rest->set, kind->set) == 0;
    }
    return good;
}

static int find_kinds(struct machine_topology *t)
{
    int known = hwloc_cpukinds_get_nr(t->hw, 0);
    unsigned count = known > 0 ? (unsigned)known : 0;
    struct ranked_kind *ranked = calloc(count + 1, sizeof *ranked);
    t->kind = calloc(count + 1, sizeof(hwloc_bitmap_t));
    bool good = ranked != NULL && t->kind != NULL && split_kinds(t, ranked, count);
    if (good)
        qsort(ranked, count + 1, sizeof *ranked, by_performance);
    for (unsigned i = 0; ranked != NULL && i <= count; i++) {
        if (good && !hwloc_bitmap_iszero(ranked[i].set))
            t->kind[t->kinds++] = ranked[i].set;
        else
            hwloc_bitmap_free(ranked[i].set);
    }
    free(ranked);
    return good ? 0 : -1;
}

static int load(struct machine_topology *t, const char *source, char *error, size_t size)
{
    char q[QUOTE_SIZE];
    if (use_source(t->hw, source, error, size) != 0)
        return -1;
    if (hwloc_topology_load(t->hw) != 0)
        return source == NULL
                   ? fail(error, size, "hwloc cannot read this machine's topology: %s", strerror(errno))
                   : fail(error, size, "'%s' is not a topology that hwloc can read; " ACCEPTED,
                          quote(q, source, strlen(source)));
    t->this_machine = source == NULL && hwloc_topology_is_thissystem(t->hw) != 0;
    if (find_allowed(t) != 0)
        return fail(error, size, "hwloc cannot limit the topology to the allowed CPUs: %s", strerror(errno));
    if (hwloc_bitmap_iszero(t->allowed))
        return fail(error, size, "the topology has no CPU that this process may use");
    if (find_kinds(t) != 0)
        return fail(error, size, "out of memory");
    return 0;
}

int topology_open(struct machine_topology **out, const char *source, char *error, size_t error_size)
{
    *out = NULL;
    if (source != NULL)
        silence_hwloc();
    struct machine_topology *t = calloc(1, sizeof *t);
    if (t == NULL || hwloc_topology_init(&t->hw) != 0) {
        free(t);
        return fail(error, error_size, "out of memory");
    }
    if (load(t, source, error, error_size) != 0) {
        topology_close(t);
        return -1;
    }
    *out = t;
    return 0;
}

void topology_close(struct machine_topology *t)
{
    if (t == NULL)
        return;
    for (unsigned i = 0; i < t->kinds; i++)
        hwloc_bitmap_free(t->kind[i]);
    free(t->kind);
    hwloc_bitmap_free(t->allowed);
    hwloc_topology_destroy(t->hw);
    free(t);
}

/* ---- what is in it ----------------------------------------------------------------------------- */

/* The PUs that placement hands out. */
static hwloc_const_bitmap_t eligible(const struct machine_topology *t)
{
    return t->all_kinds ? t->allowed : t->kind[0];
}

static hwloc_obj_t pu_at(const struct machine_topology *t, unsigned os_index)
{
    return hwloc_get_pu_obj_by_os_index(t->hw, os_index);
}

/* Cores are named by their object; a PU outside any core is a core of its own. */
static hwloc_obj_t core_of(const struct machine_topology *t, hwloc_obj_t pu)
{
    hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(t->hw, HWLOC_OBJ_CORE, pu);
    return core != NULL ? core : pu;
}

/* The next PU that placement hands out, in logical order; NULL at the end. */
static hwloc_obj_t next_pu(const struct machine_topology *t, hwloc_obj_t pu)
{
    do
        pu = hwloc_get_next_obj_by_type(t->hw, HWLOC_OBJ_PU, pu);
    while (pu != NULL && !hwloc_bitmap_isset(eligible(t), pu->os_index));
    return pu;
}

bool topology_is_this_machine(const struct machine_topology *t)
{
    return t->this_machine;
}

unsigned topology_pus(const struct machine_topology *t)
{
    return (unsigned)hwloc_bitmap_weight(eligible(t));
}

unsigned topology_cores(const struct machine_topology *t)
{
    unsigned cores = 0;
    hwloc_obj_t last = NULL;
    for (hwloc_obj_t pu = next_pu(t, NULL); pu != NULL; pu = next_pu(t, pu)) {
        hwloc_obj_t core = core_of(t, pu);
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
        nodes += hwloc_bitmap_intersects(node->cpuset, eligible(t)) != 0;
    return nodes;
}

unsigned topology_kinds(const struct machine_topology *t)
{
    return t->kinds;
}

void topology_use_all_kinds(struct machine_topology *t, bool all)
{
    t->all_kinds = all;
}

/* The first node, in logical order, that is local to the PU; NULL when none is. */
static hwloc_obj_t node_of(const struct machine_topology *t, unsigned os_index)
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
    hwloc_obj_t node = node_of(t, os_index);
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
        case HWLOC_OBJ_L1CACHE: /* where no cores are known: a shared first level is SMT */
            return "smt";
        case HWLOC_OBJ_L2CACHE:
            return "l2";
        case HWLOC_OBJ_L3CACHE:
            return "l3";
        case HWLOC_OBJ_PACKAGE:
            return "package";
        default: /* groups, dies and the like: climb to the next thing that has a name */
            break;
        }
    }
    return "machine";
}

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
    while (kind + 1 < t->kinds && !hwloc_bitmap_isset(t->kind[kind], os_index))
        kind++;
    return kind;
}

static void take_seats(const struct machine_topology *t, struct seat *seats)
{
    unsigned n = 0;
    hwloc_obj_t last = NULL;
    for (hwloc_obj_t pu = next_pu(t, NULL); pu != NULL; pu = next_pu(t, pu), n++) {
        hwloc_obj_t core = core_of(t, pu);
        hwloc_obj_t node = node_of(t, pu->os_index);
        struct seat *s = &seats[n];
        s->os = pu->os_index;
        s->logical = n;
        s->kind = kind_of(t, s->os);
        s->node = node != NULL ? node->logical_index : UINT_MAX;
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
    if (!hwloc_bitmap_intersects(o->cpuset, eligible(t)))
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

int placement_order(const struct machine_topology *t, enum placement policy, unsigned *os_index,
                    unsigned capacity)
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

/* ---- pinning ----------------------------------------------------------------------------------- */

bool pin_verify_self(const struct machine_topology *t, unsigned os_index)
{
    hwloc_bitmap_t where = t->this_machine ? hwloc_bitmap_alloc() : NULL;
    if (where == NULL)
        return false;
    bool there = hwloc_get_last_cpu_location(t->hw, where, HWLOC_CPUBIND_THREAD) == 0 &&
                 hwloc_bitmap_weight(where) == 1 && hwloc_bitmap_isset(where, os_index);
    hwloc_bitmap_free(where);
    return there;
}

/* Binds to `only`, and reads the mask back: some systems accept a mask and keep another. */
static int bind_to(const struct machine_topology *t, hwloc_bitmap_t only, unsigned os_index, char *error,
                   size_t size)
{
    if (hwloc_bitmap_only(only, os_index) != 0)
        return fail(error, size, "out of memory");
    if (hwloc_set_cpubind(t->hw, only, HWLOC_CPUBIND_THREAD | HWLOC_CPUBIND_STRICT) != 0)
        return fail(error, size, "cannot pin a thread to CPU %u: %s", os_index, strerror(errno));
    if (hwloc_get_cpubind(t->hw, only, HWLOC_CPUBIND_THREAD) != 0)
        return fail(error, size, "cannot read back the pin to CPU %u: %s", os_index, strerror(errno));
    if (hwloc_bitmap_weight(only) != 1 || !hwloc_bitmap_isset(only, os_index))
        return fail(error, size, "a thread that was pinned to CPU %u has another mask", os_index);
    if (!pin_verify_self(t, os_index))
        return fail(error, size, "a thread that was pinned to CPU %u runs elsewhere", os_index);
    return 0;
}

int pin_self(const struct machine_topology *t, unsigned os_index, char *error, size_t error_size)
{
    if (!t->this_machine)
        return fail(error, error_size, "cannot pin by a topology that is not this machine's: plan only");
    if (!hwloc_bitmap_isset(t->allowed, os_index))
        return fail(error, error_size, "cannot pin to CPU %u: this process may not use it", os_index);
    hwloc_bitmap_t only = hwloc_bitmap_alloc();
    if (only == NULL)
        return fail(error, error_size, "out of memory");
    int result = bind_to(t, only, os_index, error, error_size);
    hwloc_bitmap_free(only);
    return result;
}

struct pin_saved *pin_save(const struct machine_topology *t)
{
    struct pin_saved *saved = t->this_machine ? calloc(1, sizeof *saved) : NULL;
    if (saved == NULL)
        return NULL;
    saved->mask = hwloc_bitmap_alloc();
    if (saved->mask == NULL || hwloc_get_cpubind(t->hw, saved->mask, HWLOC_CPUBIND_THREAD) != 0) {
        hwloc_bitmap_free(saved->mask);
        free(saved);
        return NULL;
    }
    return saved;
}

int pin_restore(const struct machine_topology *t, struct pin_saved *saved)
{
    if (saved == NULL)
        return 0;
    int result = hwloc_set_cpubind(t->hw, saved->mask, HWLOC_CPUBIND_THREAD);
    hwloc_bitmap_free(saved->mask);
    free(saved);
    return result != 0 ? -1 : 0;
}

/* ---- lists of thread counts -------------------------------------------------------------------- */

/* Reads one count, digits or "max". Returns NULL, or what is wrong with it. */
static const char *read_count(const char *text, size_t length, unsigned max, unsigned *count)
{
    if (length == 3 && strncmp(text, "max", 3) == 0) {
        *count = max < PLACEMENT_PU_LIMIT ? max : PLACEMENT_PU_LIMIT;
        return max > 0 ? NULL : "stands for no thread at all here";
    }
    unsigned n = 0;
    for (size_t i = 0; i < length; i++) {
        if (!isdigit((unsigned char)text[i]))
            return "is not a number or a range";
        n = n * 10 + (unsigned)(text[i] - '0');
        if (n > PLACEMENT_PU_LIMIT)
            return "is more threads than can be";
    }
    *count = n;
    if (length == 0)
        return "is not a number or a range";
    return n > 0 ? NULL : "asks for no thread at all";
}

/* Reads "4", "max" or "4-8". Returns NULL, or what is wrong with it. */
static const char *read_item(const char *item, size_t length, unsigned max, unsigned *first, unsigned *last)
{
    if (length == 0)
        return "is an empty item";
    const char *dash = memchr(item, '-', length);
    size_t head = dash != NULL ? (size_t)(dash - item) : length;
    const char *wrong = read_count(item, head, max, first);
    if (wrong != NULL)
        return wrong;
    *last = *first;
    if (dash != NULL)
        wrong = read_count(dash + 1, length - head - 1, max, last);
    if (wrong != NULL)
        return wrong;
    return *last < *first ? "is a reversed range" : NULL;
}

static unsigned collect(const bool *wanted, unsigned **out)
{
    unsigned n = 0;
    for (unsigned i = 1; i <= PLACEMENT_PU_LIMIT; i++)
        n += wanted[i];
    *out = malloc(n * sizeof **out);
    if (*out == NULL)
        return 0;
    n = 0;
    for (unsigned i = 1; i <= PLACEMENT_PU_LIMIT; i++)
        if (wanted[i])
            (*out)[n++] = i;
    return n;
}

#define ACCEPTED_LIST "accepted: a list such as 1,2,4-8,max, of numbers up to"

unsigned placement_parse_threads(const char *list, unsigned max, unsigned **out, char *error,
                                 size_t error_size)
{
    bool wanted[PLACEMENT_PU_LIMIT + 1] = {false};
    char q[QUOTE_SIZE];
    *out = NULL;
    if (list == NULL || list[0] == '\0') {
        (void)fail(error, error_size, "'' is an empty list; " ACCEPTED_LIST " %u", PLACEMENT_PU_LIMIT);
        return 0;
    }
    for (const char *item = list;; item++) {
        unsigned first = 0;
        unsigned last = 0;
        size_t length = strcspn(item, ",");
        const char *wrong = read_item(item, length, max, &first, &last);
        if (wrong != NULL) {
            (void)fail(error, error_size, "'%s' %s; " ACCEPTED_LIST " %u", quote(q, item, length), wrong,
                       PLACEMENT_PU_LIMIT);
            return 0;
        }
        for (unsigned i = first; i <= last; i++)
            wanted[i] = true;
        item += length;
        if (*item == '\0')
            break;
    }
    unsigned n = collect(wanted, out);
    if (n == 0)
        (void)fail(error, error_size, "out of memory");
    return n;
}

/* ---- the topology as a file -------------------------------------------------------------------- */

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
    char q[QUOTE_SIZE];
    char *xml = NULL;
    int length = 0;
    if (hwloc_topology_export_xmlbuffer(t->hw, &xml, &length, 0) != 0)
        return fail(error, error_size, "hwloc cannot export the topology: %s", strerror(errno));
    int result = write_file(path, xml, strlen(xml)); /* `length` counts the terminator too */
    if (result != 0)
        (void)fail(error, error_size, "cannot write '%s': %s", quote(q, path, strlen(path)), strerror(errno));
    hwloc_free_xmlbuffer(t->hw, xml);
    return result;
}
