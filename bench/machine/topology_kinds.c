/* topology_kinds.c - which kinds of cores there are, and which of them is used. See topology.h.
 *
 * hwloc makes a kind of all that the operating system tells apart. That is more than there are: where the firmware
 * ranks the cores of one kind by how well each came out of the factory, every core has a frequency of its own.
 */
#include "bench/machine/topology_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two kinds are one where neither frequency nor capacity differs by more. Cores of one kind that are favoured are
 * given up to 5.8 GHz beside 5.5; two kinds of cores differ by a quarter and more. */
enum { ALIKE_PERCENT = 10 };

/* A kind with less of the PUs is no default: the one prime core of a telephone does not show how a scheme scales. */
enum { DEFAULT_PERCENT = 25 };

unsigned topology_kinds(const struct machine_topology *t) { return t->kinds; }

void topology_use_all_kinds(struct machine_topology *t, bool all) { t->all_kinds = all; }

/* ---- what hwloc tells ---------------------------------------------------------------------------- */

static void take_info(struct core_kind *kind, const struct hwloc_info_s *infos, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(infos[i].name, "FrequencyMaxMHz") == 0)
            kind->mhz = (unsigned)strtoul(infos[i].value, NULL, 10);
        else if (strcmp(infos[i].name, "LinuxCapacity") == 0)
            kind->capacity = (unsigned)strtoul(infos[i].value, NULL, 10);
        else if (strcmp(infos[i].name, "CoreType") == 0)
            (void)snprintf(kind->type, sizeof kind->type, "%s", infos[i].value);
    }
}

/* Version 3 hands out a structure instead of an array and its length. */
static bool read_kind(hwloc_topology_t hw, struct core_kind *kind)
{
#if HWLOC_API_VERSION >= 0x00030000
    struct hwloc_infos_s *infos = NULL;
    if (hwloc_cpukinds_get_info(hw, kind->index, kind->set, &kind->efficiency, &infos, 0) != 0)
        return false;
    if (infos != NULL)
        take_info(kind, infos->array, infos->count);
#else
    struct hwloc_info_s *infos = NULL;
    unsigned count = 0;
    if (hwloc_cpukinds_get_info(hw, kind->index, kind->set, &kind->efficiency, &count, &infos, 0) != 0)
        return false;
    take_info(kind, infos, count);
#endif
    return true;
}

/* Fills kind[0..count] with the allowed PUs of each kind, and of none. False: no memory. */
static bool split(const struct machine_topology *t, struct core_kind *kind, unsigned count)
{
    hwloc_bitmap_t rest = kind[count].set = hwloc_bitmap_dup(t->allowed);
    bool good = rest != NULL;
    kind[count].efficiency = -2;
    kind[count].index = count;
    for (unsigned i = 0; good && i < count; i++) {
        kind[i].index = i;
        kind[i].efficiency = -1;
        kind[i].set = hwloc_bitmap_alloc();
        good = kind[i].set != NULL && read_kind(t->hw, &kind[i]) &&
               hwloc_bitmap_and(kind[i].set, kind[i].set, t->allowed) == 0 &&
               hwloc_bitmap_andnot(rest, rest, kind[i].set) == 0;
    }
    return good;
}

/* ---- which are one ------------------------------------------------------------------------------- */

static bool near(unsigned a, unsigned b)
{
    unsigned low = a < b ? a : b, high = a < b ? b : a;
    return (unsigned long long)high * 100 <= (unsigned long long)low * (100 + ALIKE_PERCENT);
}

/* Whether what is known of both says that they are one kind; where nothing is known of both, they are two. */
static bool alike(const struct core_kind *a, const struct core_kind *b)
{
    bool frequencies = a->mhz != 0 && b->mhz != 0, capacities = a->capacity != 0 && b->capacity != 0;
    bool types = a->type[0] != '\0' && b->type[0] != '\0';
    if (types && strcmp(a->type, b->type) != 0)
        return false;
    return (frequencies || capacities) && (!frequencies || near(a->mhz, b->mhz)) &&
           (!capacities || near(a->capacity, b->capacity));
}

static unsigned larger(unsigned a, unsigned b) { return a > b ? a : b; }

/* Moves the PUs of `from` to `to`. -1: no memory. */
static int merge(struct core_kind *to, struct core_kind *from)
{
    if (hwloc_bitmap_or(to->set, to->set, from->set) != 0)
        return -1;
    hwloc_bitmap_zero(from->set);
    if (from->efficiency > to->efficiency)
        to->efficiency = from->efficiency;
    to->capacity = larger(to->capacity, from->capacity);
    if (to->type[0] == '\0')
        memcpy(to->type, from->type, sizeof to->type);
    return 0;
}

static int by_frequency(const void *left, const void *right)
{
    const struct core_kind *a = left, *b = right;
    if (a->mhz != b->mhz)
        return a->mhz < b->mhz ? -1 : 1;
    if (a->capacity != b->capacity)
        return a->capacity < b->capacity ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

/* Each is compared with its neighbours: of sixteen cores with a frequency each, the first and the last may be far
 * apart and all are one kind. Of PUs that hwloc says nothing about nothing says that they differ from a kind that is
 * the only one. -1: no memory. */
static int merge_alike(struct core_kind *kind, unsigned count)
{
    unsigned left = 0;
    struct core_kind *last = NULL;
    qsort(kind, count, sizeof *kind, by_frequency);
    for (unsigned i = 0; i < count; i++) {
        for (unsigned k = i; k-- > 0 && !hwloc_bitmap_iszero(kind[i].set);) {
            if (hwloc_bitmap_iszero(kind[k].set) || !alike(&kind[i], &kind[k]))
                continue;
            if (merge(&kind[i], &kind[k]) != 0)
                return -1;
        }
    }
    for (unsigned i = 0; i < count; i++) {
        if (!hwloc_bitmap_iszero(kind[i].set)) {
            last = &kind[i];
            left++;
        }
    }
    return left == 1 ? merge(last, &kind[count]) : 0;
}

/* ---- which is used ------------------------------------------------------------------------------- */

static int by_performance(const void *left, const void *right)
{
    const struct core_kind *a = left, *b = right;
    if (a->efficiency != b->efficiency)
        return a->efficiency > b->efficiency ? -1 : 1;
    int difference = hwloc_bitmap_weight(b->set) - hwloc_bitmap_weight(a->set);
    if (difference != 0)
        return difference;
    return a->index < b->index ? -1 : 1;
}

static unsigned default_of(const struct machine_topology *t)
{
    unsigned largest = 0;
    for (unsigned k = 0; k < t->kinds; k++) {
        int own = hwloc_bitmap_weight(t->kind[k].set);
        if (own * 100 >= hwloc_bitmap_weight(t->allowed) * DEFAULT_PERCENT)
            return k;
        largest = own > hwloc_bitmap_weight(t->kind[largest].set) ? k : largest;
    }
    return largest;
}

int topology_find_kinds(struct machine_topology *t)
{
    int known = hwloc_cpukinds_get_nr(t->hw, 0);
    unsigned count = known > 0 ? (unsigned)known : 0;
    t->kind = calloc(count + 1, sizeof *t->kind);
    if (t->kind == NULL)
        return -1;
    bool good = split(t, t->kind, count) && merge_alike(t->kind, count) == 0;
    for (unsigned i = 0; i <= count; i++) { /* what topology_close frees */
        if (good && !hwloc_bitmap_iszero(t->kind[i].set))
            t->kind[t->kinds++] = t->kind[i];
        else
            hwloc_bitmap_free(t->kind[i].set);
    }
    qsort(t->kind, t->kinds, sizeof *t->kind, by_performance);
    t->default_kind = default_of(t);
    return good ? 0 : -1;
}

/* ---- in words ------------------------------------------------------------------------------------ */

static void describe(const struct core_kind *kind, bool only, char *text, size_t size)
{
    char list[96];
    int pus = hwloc_bitmap_weight(kind->set);
    int length = hwloc_bitmap_list_snprintf(list, sizeof list, kind->set);
    bool cut = length >= (int)sizeof list;
    int n = snprintf(text, size, "%d CPU%s (%s%s)", pus, pus == 1 ? "" : "s", list, cut ? "..." : "");
    if (kind->type[0] != '\0' && n >= 0 && (size_t)n < size)
        n += snprintf(text + n, size - (size_t)n, " of %s", kind->type);
    if (kind->mhz != 0 && n >= 0 && (size_t)n < size)
        n += snprintf(text + n, size - (size_t)n, "%s up to %u MHz", kind->type[0] != '\0' ? "," : " of", kind->mhz);
    if (kind->type[0] == '\0' && kind->mhz == 0 && !only && n >= 0 && (size_t)n < size)
        (void)snprintf(text + n, size - (size_t)n, " of a kind of which nothing is known");
}

const char *topology_kinds_text(const struct machine_topology *t, bool used, char text[TOPOLOGY_KINDS_TEXT])
{
    text[0] = '\0';
    for (unsigned k = 0; k < t->kinds; k++) {
        size_t length = strlen(text);
        if ((t->all_kinds || k == t->default_kind) != used)
            continue;
        if (length > 0)
            (void)snprintf(text + length, TOPOLOGY_KINDS_TEXT - length, "; ");
        length = strlen(text);
        describe(&t->kind[k], t->kinds == 1, text + length, TOPOLOGY_KINDS_TEXT - length);
    }
    return text;
}
