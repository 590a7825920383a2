/* placement_test.c - tests of bench/placement and bench/machine.
 *
 *   placement_test --print TOPOLOGY           prints what the golden file of TOPOLOGY should hold
 *   placement_test --golden TOPOLOGY GOLDEN   compares, and checks what every topology must keep
 *   placement_test --units                    names, thread lists, bad sources
 *   placement_test --here                     limits and pinning on the machine that runs the test
 *   placement_test --machine                  prints the facts as JSON, for check_machine.py
 *
 * TOPOLOGY is a file: hwloc's XML, or NAME.synthetic with a description in one line. After a change of a
 * policy that is meant, print the golden files anew and read the difference.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_setaffinity, CPU_SET, open_memstream */
#endif

#include "bench/machine.h"
#include "bench/placement.h"

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ERROR_SIZE = 256 };

static int failures;

/* Reports a condition that does not hold, and goes on. */
#define CHECK(condition, ...)                                                                         \
    do {                                                                                              \
        if (!(condition)) {                                                                           \
            failures++;                                                                               \
            (void)fprintf(stderr, "%s:%d: not so: %s: ", __FILE__, __LINE__, #condition);             \
            (void)fprintf(stderr, __VA_ARGS__);                                                       \
            (void)fputc('\n', stderr);                                                                \
        }                                                                                             \
    } while (0)

/* ---- files and topologies ---------------------------------------------------------------------- */

/* The whole file as a string for the caller to free; ends the program when it cannot be read. */
static char *read_text(const char *path)
{
    char *text = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&text, &length);
    FILE *file = fopen(path, "r");
    if (file == NULL || memory == NULL) {
        perror(path);
        exit(2);
    }
    for (int c = fgetc(file); c != EOF; c = fgetc(file))
        (void)fputc(c, memory);
    (void)fclose(file);
    (void)fclose(memory);
    return text;
}

static struct machine_topology *open_file(const char *path)
{
    char error[ERROR_SIZE];
    struct machine_topology *t = NULL;
    const char *suffix = strrchr(path, '.');
    int result;
    if (suffix != NULL && strcmp(suffix, ".synthetic") == 0) {
        char *text = read_text(path);
        text[strcspn(text, "\n")] = '\0';
        result = topology_open(&t, text, error, sizeof error);
        free(text);
    } else {
        result = topology_open(&t, path, error, sizeof error);
    }
    if (result != 0) {
        (void)fprintf(stderr, "%s: %s\n", path, error);
        exit(2);
    }
    return t;
}

/* The policy's whole order, for the caller to free. */
static unsigned *whole_order(const struct machine_topology *t, enum placement policy)
{
    unsigned n = topology_pus(t);
    unsigned *order = calloc(n, sizeof *order);
    if (order == NULL || placement_order(t, policy, order, n) != (int)n) {
        (void)fprintf(stderr, "no order of %u PUs by %s\n", n, placement_name(policy));
        exit(2);
    }
    return order;
}

/* ---- golden files ------------------------------------------------------------------------------ */

static void print_orders(FILE *out, const struct machine_topology *t)
{
    for (int policy = PLACEMENT_COMPACT; policy <= PLACEMENT_NONE; policy++) {
        unsigned *order = whole_order(t, (enum placement)policy);
        (void)fprintf(out, "%s:", placement_name((enum placement)policy));
        for (unsigned i = 0; i < topology_pus(t); i++)
            (void)fprintf(out, " %u", order[i]);
        (void)fputc('\n', out);
        free(order);
    }
}

/* For every PU in compact's order: its node, its caches, and how far it is from the first. */
static void print_pus(FILE *out, const struct machine_topology *t)
{
    unsigned *order = whole_order(t, PLACEMENT_COMPACT);
    for (unsigned i = 0; i < topology_pus(t); i++)
        (void)fprintf(out, "pu %u: node %d, l1 %zu, l2 %zu, l3 %zu, %s\n", order[i],
                      numa_node_of_pu(t, order[i]), topology_cache_bytes(t, order[i], 1),
                      topology_cache_bytes(t, order[i], 2), topology_cache_bytes(t, order[i], 3),
                      topology_distance(t, order[0], order[i]));
    free(order);
}

static void print_counts(FILE *out, const struct machine_topology *t)
{
    (void)fprintf(out, "%u PUs, %u cores, %u nodes\n", topology_pus(t), topology_cores(t),
                  topology_numa_nodes(t));
}

static void print_topology(FILE *out, struct machine_topology *t)
{
    (void)fprintf(out, "%u kinds\n", topology_kinds(t));
    print_counts(out, t);
    print_orders(out, t);
    print_pus(out, t);
    if (topology_kinds(t) > 1) {
        topology_use_all_kinds(t, true);
        (void)fprintf(out, "all kinds:\n");
        print_counts(out, t);
        print_orders(out, t);
        print_pus(out, t);
        topology_use_all_kinds(t, false);
    }
}

/* Prints the first line that differs. */
static void show_difference(const char *golden, const char *actual)
{
    for (unsigned line = 1; *golden != '\0' || *actual != '\0'; line++) {
        size_t a = strcspn(golden, "\n");
        size_t b = strcspn(actual, "\n");
        if (a != b || strncmp(golden, actual, a) != 0) {
            (void)fprintf(stderr, "line %u\n  golden: %.*s\n  actual: %.*s\n", line, (int)a, golden, (int)b,
                          actual);
            return;
        }
        golden += a + (golden[a] == '\n');
        actual += b + (actual[b] == '\n');
    }
}

static void compare_golden(struct machine_topology *t, const char *path)
{
    char *golden = read_text(path);
    char *actual = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&actual, &length);
    print_topology(memory, t);
    (void)fclose(memory);
    CHECK(strcmp(golden, actual) == 0, "%s", path);
    if (strcmp(golden, actual) != 0)
        show_difference(golden, actual);
    free(golden);
    free(actual);
}

/* ---- what every topology must keep ------------------------------------------------------------- */

static bool among(const unsigned *list, unsigned n, unsigned value)
{
    for (unsigned i = 0; i < n; i++)
        if (list[i] == value)
            return true;
    return false;
}

/* A larger number is farther; the order of topology_distance's words. */
static int distance_rank(const struct machine_topology *t, unsigned a, unsigned b)
{
    static const char *const words[] = {"same", "smt", "l2", "l3", "package", "machine"};
    const char *word = topology_distance(t, a, b);
    for (int i = 0; i < 6; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    CHECK(false, "distance '%s'", word);
    return -1;
}

/* n threads use the first n, whatever n is, and no PU twice. */
static void check_prefixes(const struct machine_topology *t, enum placement policy)
{
    unsigned n = topology_pus(t);
    unsigned *order = whole_order(t, policy);
    unsigned *part = calloc(n + 1, sizeof *part);
    for (unsigned threads = 0; threads <= n; threads++) {
        part[threads] = UINT32_MAX;
        int got = placement_order(t, policy, part, threads);
        CHECK(got == (int)threads, "%s of %u: %d", placement_name(policy), threads, got);
        CHECK(memcmp(part, order, threads * sizeof *part) == 0, "%s of %u", placement_name(policy), threads);
        CHECK(part[threads] == UINT32_MAX, "%s of %u wrote more", placement_name(policy), threads);
        CHECK(threads == n || !among(order, threads, order[threads]), "%s repeats %u", placement_name(policy),
              order[threads]);
    }
    free(part);
    free(order);
}

/* Nobody shares a core before all cores are taken. */
static void check_cores_first(const struct machine_topology *t, enum placement policy)
{
    unsigned *order = whole_order(t, policy);
    for (unsigned i = 0; i < topology_cores(t); i++)
        for (unsigned k = 0; k < i; k++)
            CHECK(distance_rank(t, order[i], order[k]) > 1, "%s: %u and %u share a core",
                  placement_name(policy), order[i], order[k]);
    free(order);
}

/* Two scattered threads are as far apart as any two can be. */
static void check_scatter_far(const struct machine_topology *t)
{
    unsigned n = topology_pus(t);
    unsigned *order = whole_order(t, PLACEMENT_SCATTER);
    int farthest = 0;
    for (unsigned i = 0; i < n; i++) {
        int rank = distance_rank(t, order[0], order[i]);
        farthest = rank > farthest ? rank : farthest;
    }
    CHECK(n < 2 || distance_rank(t, order[0], order[1]) == farthest, "%u and %u", order[0], order[n > 1]);
    free(order);
}

/* A node that was left is not come back to. */
static void check_nodes_filled(const struct machine_topology *t)
{
    unsigned n = topology_pus(t);
    unsigned *order = whole_order(t, PLACEMENT_NUMA);
    for (unsigned i = 1; i < n; i++) {
        int node = numa_node_of_pu(t, order[i]);
        for (unsigned k = 0; k + 1 < i; k++)
            CHECK(numa_node_of_pu(t, order[k]) != node || numa_node_of_pu(t, order[k + 1]) == node,
                  "node %d is split at %u", node, order[k]);
    }
    free(order);
}

/* Written and read again, it places the same. */
static void check_round_trip(struct machine_topology *t)
{
    char path[] = "/tmp/placement-test-XXXXXX";
    char error[ERROR_SIZE] = "";
    struct machine_topology *again = NULL;
    int file = mkstemp(path);
    CHECK(file >= 0, "%s", path);
    CHECK(topology_write_xml(t, path, error, sizeof error) == 0, "%s", error);
    CHECK(topology_open(&again, path, error, sizeof error) == 0, "%s", error);
    if (again != NULL) {
        CHECK(topology_pus(again) == topology_pus(t), "%u", topology_pus(again));
        CHECK(topology_kinds(again) == topology_kinds(t), "%u", topology_kinds(again));
        unsigned *before = whole_order(t, PLACEMENT_SCATTER);
        unsigned *after = whole_order(again, PLACEMENT_SCATTER);
        CHECK(memcmp(before, after, topology_pus(t) * sizeof *before) == 0, "another order");
        free(before);
        free(after);
    }
    topology_close(again);
    (void)close(file);
    (void)unlink(path);
}

static void check_plan_only(const struct machine_topology *t)
{
    char error[ERROR_SIZE] = "";
    unsigned *order = whole_order(t, PLACEMENT_COMPACT);
    CHECK(!topology_is_this_machine(t), "a file is not this machine");
    CHECK(pin_self(t, order[0], error, sizeof error) == -1 && strstr(error, "plan only") != NULL, "%s", error);
    CHECK(!pin_verify_self(t, order[0]), "verified a pin that was never made");
    CHECK(pin_save(t) == NULL, "saved a mask");
    CHECK(pin_restore(t, NULL) == 0, "restoring nothing");
    CHECK(numa_node_of_pu(t, 77777) == -1, "node of no PU");
    CHECK(topology_cache_bytes(t, 77777, 1) == 0, "cache of no PU");
    CHECK(strcmp(topology_distance(t, order[0], 77777), TOPOLOGY_DISTANCE_UNKNOWN) == 0, "distance to no PU");
    free(order);
}

static void check_invariants(struct machine_topology *t)
{
    for (int policy = PLACEMENT_COMPACT; policy <= PLACEMENT_NONE; policy++)
        check_prefixes(t, (enum placement)policy);
    CHECK(placement_order(t, (enum placement)99, NULL, 0) == -1, "no such policy");
    check_cores_first(t, PLACEMENT_CORES);
    check_cores_first(t, PLACEMENT_SCATTER);
    check_scatter_far(t);
    check_nodes_filled(t);
}

static void test_golden(const char *topology, const char *golden)
{
    struct machine_topology *t = open_file(topology);
    compare_golden(t, golden);
    check_invariants(t);
    check_plan_only(t);
    check_round_trip(t);
    topology_use_all_kinds(t, true);
    for (int policy = PLACEMENT_COMPACT; policy <= PLACEMENT_NONE; policy++)
        check_prefixes(t, (enum placement)policy);
    check_cores_first(t, PLACEMENT_CORES);
    check_cores_first(t, PLACEMENT_SCATTER);
    topology_close(t);
}

/* ---- units ------------------------------------------------------------------------------------- */

static void test_names(void)
{
    enum placement policy = PLACEMENT_NUMA;
    unsigned n = 0;
    for (const char *const *name = placement_names(); *name != NULL; name++, n++) {
        CHECK(placement_parse(*name, &policy) == 0 && policy == (enum placement)n, "%s", *name);
        CHECK(strcmp(placement_name(policy), *name) == 0, "%s", *name);
    }
    CHECK(n == 5, "%u policies", n);
    policy = PLACEMENT_SCATTER;
    CHECK(placement_parse("Compact", &policy) == -1, "names are lower case");
    CHECK(placement_parse("", &policy) == -1, "empty");
    CHECK(placement_parse(NULL, &policy) == -1, "none given");
    CHECK(policy == PLACEMENT_SCATTER, "changed by a name that does not exist");
    CHECK(strcmp(placement_name((enum placement)42), "unknown") == 0, "42");
}

struct good_list {
    const char *list;
    unsigned max;
    unsigned count;
    unsigned values[9];
};

static void test_good_lists(void)
{
    static const struct good_list lists[] = {
        {"1", 4, 1, {1}},
        {"1,2,4-8,max", 16, 8, {1, 2, 4, 5, 6, 7, 8, 16}},
        {"max", 12, 1, {12}},
        {"8,1,4,1,8", 2, 3, {1, 4, 8}}, /* above max: the caller decides about oversubscription */
        {"2-max", 5, 4, {2, 3, 4, 5}},
        {"max-max", 3, 1, {3}},
        {"3-5,4-6", 1, 4, {3, 4, 5, 6}},
        {"8192", 1, 1, {8192}},
        {"007", 1, 1, {7}},
        {"max", 4000000000u, 1, {8192}},
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const struct good_list *l = &lists[i];
        char error[ERROR_SIZE] = "";
        unsigned *values = NULL;
        unsigned n = placement_parse_threads(l->list, l->max, &values, error, sizeof error);
        CHECK(n == l->count, "'%s' gives %u: %s", l->list, n, error);
        CHECK(n != l->count || memcmp(values, l->values, n * sizeof *values) == 0, "'%s'", l->list);
        free(values);
    }
}

struct bad_list {
    const char *list;
    const char *message; /* how the error starts */
};

static void test_bad_lists(void)
{
    static const struct bad_list lists[] = {
        {NULL, "'' is an empty list"},
        {"", "'' is an empty list"},
        {",", "'' is an empty item"},
        {"1,", "'' is an empty item"},
        {",1", "'' is an empty item"},
        {"1,,2", "'' is an empty item"},
        {"0", "'0' asks for no thread at all"},
        {"0-4", "'0-4' asks for no thread at all"},
        {"1,4-2", "'4-2' is a reversed range"},
        {"9-max", "'9-max' is a reversed range"},
        {"-1", "'-1' is not a number or a range"},
        {"4-", "'4-' is not a number or a range"},
        {"-", "'-' is not a number or a range"},
        {"1-2-3", "'1-2-3' is not a number or a range"},
        {"+2", "'+2' is not a number or a range"},
        {"1 ,2", "'1 ' is not a number or a range"},
        {" ", "' ' is not a number or a range"},
        {"2.5", "'2.5' is not a number or a range"},
        {"1e3", "'1e3' is not a number or a range"},
        {"0x4", "'0x4' is not a number or a range"},
        {"nan", "'nan' is not a number or a range"},
        {"MAX", "'MAX' is not a number or a range"},
        {"maximum", "'maximum' is not a number or a range"},
        {"1;2", "'1;2' is not a number or a range"},
        {"a\nb", "'a?b' is not a number or a range"},
        {"8193", "'8193' is more threads than can be"},
        {"1-8193", "'1-8193' is more threads than can be"},
        {"4294967297", "'4294967297' is more threads than can be"},
        {"99999999999999999999999", "'99999999999999999999999' is more threads than can be"},
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        char error[ERROR_SIZE] = "";
        unsigned *values = &(unsigned){1};
        unsigned n = placement_parse_threads(lists[i].list, 8, &values, error, sizeof error);
        CHECK(n == 0 && values == NULL, "'%s' gives %u", lists[i].list, n);
        CHECK(strncmp(error, lists[i].message, strlen(lists[i].message)) == 0, "'%s'", error);
        CHECK(strstr(error, "; accepted: a list such as 1,2,4-8,max") != NULL, "'%s'", error);
        CHECK(strchr(error, '\n') == NULL, "'%s'", error);
    }
    unsigned *values = NULL;
    CHECK(placement_parse_threads("max", 0, &values, NULL, 0) == 0, "max of a machine without CPUs");
    char tiny[8];
    CHECK(placement_parse_threads("x", 1, &values, tiny, sizeof tiny) == 0 && strlen(tiny) == 7, "%s", tiny);
}

/* Expects topology_open to refuse the source in one line that starts like this. */
static void expect_refusal(const char *source, const char *message)
{
    char error[ERROR_SIZE] = "";
    struct machine_topology *t = NULL;
    CHECK(topology_open(&t, source, error, sizeof error) == -1, "%.60s was opened", source);
    CHECK(t == NULL, "%.60s", source);
    CHECK(strncmp(error, message, strlen(message)) == 0, "'%s' is not '%s'", error, message);
    CHECK(strstr(error, "accepted: ") != NULL && strchr(error, '\n') == NULL, "'%s'", error);
    topology_close(t);
}

static void test_bad_sources(void)
{
    expect_refusal("", "'' is neither a file nor a description");
    expect_refusal("  ", "'  ' is neither");
    expect_refusal("nonsense", "'nonsense' is neither");
    expect_refusal("pack:2\npu:0", "'pack:2?pu:0' is neither");
    expect_refusal("pack:x", "'pack:x' is neither");
    expect_refusal("pack:2 core:2", "'pack:2 core:2' is neither");
    expect_refusal("pu:8193", "'pu:8193' describes more than 8192 PUs");
    expect_refusal("pu:0x7fffffff", "'pu:0x7fffffff' describes more");
    expect_refusal("pu:-1", "'pu:-1' describes more");
    expect_refusal("pack:1000 core:1000 pu:1000", "'pack:1000 core:1000 pu:1000' describes more");
    expect_refusal("100 100 100", "'100 100 100' describes more");
    expect_refusal("pack:99999999999999999999999 pu:1", "'pack:99999999999999999999999 pu:1' describes more");
    expect_refusal("no-such-file.xml", "cannot read 'no-such-file.xml': No such file");
    expect_refusal("no/such/file", "cannot read 'no/such/file': No such file");
    expect_refusal("/", "'/' is a directory");
    expect_refusal("/dev/null", "'/dev/null' is not a topology");
}

#define XML_HEAD                                                                                      \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n"         \
    "<topology version=\"2.0\">\n"
#define XML_MACHINE                                                                                   \
    "<object type=\"Machine\" os_index=\"0\" cpuset=\"0x3\" complete_cpuset=\"0x3\""                  \
    " allowed_cpuset=\"0x3\" nodeset=\"0x1\" complete_nodeset=\"0x1\" allowed_nodeset=\"0x1\""         \
    " gp_index=\"1\">\n"                                                                              \
    "<object type=\"NUMANode\" os_index=\"0\" cpuset=\"0x3\" complete_cpuset=\"0x3\""                 \
    " nodeset=\"0x1\" complete_nodeset=\"0x1\" gp_index=\"2\"/>\n"                                    \
    "<object type=\"PU\" os_index=\"0\" cpuset=\"0x1\" complete_cpuset=\"0x1\""                       \
    " nodeset=\"0x1\" complete_nodeset=\"0x1\" gp_index=\"3\"/>\n"
#define XML_TAIL "</object>\n</topology>\n"

/* Opens the text as a file. Returns topology_open's result; `path` keeps the name, which is gone again. */
static int open_text(const char *text, char *path, char *error)
{
    struct machine_topology *t = NULL;
    (void)strcpy(path, "/tmp/placement-test-XXXXXX");
    int file = mkstemp(path);
    CHECK(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text), "%s", path);
    (void)close(file);
    int result = topology_open(&t, path, error, ERROR_SIZE);
    CHECK((result == 0) == (t != NULL), "%d", result);
    topology_close(t);
    (void)unlink(path);
    return result;
}

/* XML that is not a topology, is cut short, or is no XML. */
static void test_bad_xml(void)
{
    static const char *const texts[] = {
        "",
        "<",
        "not XML",
        "<?xml version=\"1.0\"?><html></html>",
        XML_HEAD,
        XML_HEAD "</topology>\n",
        XML_HEAD XML_MACHINE,
        XML_HEAD "<object type=\"Machine\"/>\n</topology>\n",
        XML_HEAD "<object type=\"PU\" os_index=\"0\" cpuset=\"0x1\"/>\n</topology>\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char path[64];
        char error[ERROR_SIZE] = "";
        CHECK(open_text(texts[i], path, error) == -1, "opened text %zu", i);
        CHECK(strncmp(error + 1, path, strlen(path)) == 0, "text %zu: '%s'", i, error);
        CHECK(strstr(error, "accepted: ") != NULL && strchr(error, '\n') == NULL, "'%s'", error);
    }
}

/* A PU that lacks one attribute: hwloc 2.9 follows a null pointer. Whether a version takes or refuses it,
 * this program goes on. */
static void test_deadly_xml(void)
{
    char path[64];
    char error[ERROR_SIZE] = "";
    CHECK(open_text(XML_HEAD XML_MACHINE XML_TAIL, path, error) == 0, "the text without the PU: %s", error);
    (void)open_text(XML_HEAD XML_MACHINE "<object type=\"PU\" os_index=\"1\" cpuset=\"0x2\" nodeset=\"0x1\""
                                         " complete_nodeset=\"0x1\" gp_index=\"4\"/>\n" XML_TAIL,
                    path, error);
}

static void test_writing(void)
{
    char error[ERROR_SIZE] = "";
    struct machine_topology *t = NULL;
    CHECK(topology_open(&t, "pack:2 pu:2", error, sizeof error) == 0, "%s", error);
    CHECK(topology_write_xml(t, "no/such/directory/t.xml", error, sizeof error) == -1, "written");
    CHECK(strncmp(error, "cannot write 'no/such/directory/t.xml': No such file", 52) == 0, "%s", error);
    if (access("/dev/full", W_OK) == 0) {
        FILE *full = fopen("/dev/full", "w");
        CHECK(topology_write_xml(t, "/dev/full", error, sizeof error) == -1, "written to a full disk");
        CHECK(strstr(error, "No space left") != NULL, "%s", error);
        CHECK(access("/dev/full", W_OK) == 0, "the device was removed");
        CHECK(full != NULL && machine_write_json(full, t, NULL) == -1, "facts written to a full disk");
        if (full != NULL)
            (void)fclose(full);
    }
    topology_close(t);
}

/* ---- this machine ------------------------------------------------------------------------------ */

static struct machine_topology *open_here(void)
{
    char error[ERROR_SIZE] = "";
    struct machine_topology *t = NULL;
    if (topology_open(&t, NULL, error, sizeof error) != 0) {
        (void)fprintf(stderr, "this machine: %s\n", error);
        exit(2);
    }
    topology_use_all_kinds(t, true);
    return t;
}

static cpu_set_t own_mask(void)
{
    cpu_set_t mask;
    CPU_ZERO(&mask);
    CHECK(sched_getaffinity(0, sizeof mask, &mask) == 0, "mask");
    return mask;
}

static void test_all_allowed(void)
{
    cpu_set_t mask = own_mask();
    struct machine_topology *t = open_here();
    CHECK(topology_is_this_machine(t), "this machine");
    CHECK(topology_pus(t) == (unsigned)CPU_COUNT(&mask), "%u PUs of %d", topology_pus(t), CPU_COUNT(&mask));
    unsigned *order = whole_order(t, PLACEMENT_COMPACT);
    for (unsigned i = 0; i < topology_pus(t); i++)
        CHECK(CPU_ISSET(order[i], &mask), "CPU %u is not allowed", order[i]);
    free(order);
    check_invariants(t);
    topology_close(t);
}

/* What `taskset -c CPU` does, for each CPU: the topology is that CPU and nothing else. */
static void test_limited(void)
{
    cpu_set_t mask = own_mask();
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        cpu_set_t one;
        unsigned got = UINT32_MAX;
        if (!CPU_ISSET(cpu, &mask))
            continue;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        CHECK(sched_setaffinity(0, sizeof one, &one) == 0, "CPU %u", cpu);
        struct machine_topology *t = open_here();
        CHECK(topology_pus(t) == 1 && topology_cores(t) == 1, "%u PUs", topology_pus(t));
        CHECK(placement_order(t, PLACEMENT_SCATTER, &got, 1) == 1 && got == cpu, "CPU %u, not %u", got, cpu);
        CHECK(pin_self(t, cpu, NULL, 0) == 0, "pin to CPU %u", cpu);
        check_round_trip(t);
        topology_close(t);
        CHECK(sched_setaffinity(0, sizeof mask, &mask) == 0, "mask");
    }
}

static void test_pinning(void)
{
    char error[ERROR_SIZE] = "";
    cpu_set_t before = own_mask();
    struct machine_topology *t = open_here();
    struct pin_saved *saved = pin_save(t);
    unsigned *order = whole_order(t, PLACEMENT_SCATTER);
    unsigned n = topology_pus(t);
    CHECK(saved != NULL, "mask");
    for (unsigned i = 0; i < n; i++) {
        CHECK(pin_self(t, order[i], error, sizeof error) == 0, "%s", error);
        CHECK(pin_verify_self(t, order[i]), "not on CPU %u", order[i]);
        CHECK(n == 1 || !pin_verify_self(t, order[(i + 1) % n]), "on CPU %u too", order[(i + 1) % n]);
    }
    CHECK(pin_self(t, 77777, error, sizeof error) == -1, "pinned to CPU 77777");
    CHECK(strstr(error, "CPU 77777") != NULL, "%s", error);
    CHECK(pin_verify_self(t, order[n - 1]), "moved by a pin that failed");
    CHECK(pin_restore(t, saved) == 0, "restore");
    cpu_set_t after = own_mask();
    CHECK(CPU_EQUAL(&before, &after), "%d CPUs, then %d", CPU_COUNT(&before), CPU_COUNT(&after));
    free(order);
    topology_close(t);
}

struct pinned_thread {
    pthread_t thread;
    const struct machine_topology *t;
    unsigned cpu;
    bool good;
};

static void *stay_pinned(void *argument)
{
    struct pinned_thread *p = argument;
    p->good = pin_self(p->t, p->cpu, NULL, 0) == 0;
    for (int i = 0; i < 1000; i++)
        p->good = p->good && pin_verify_self(p->t, p->cpu);
    return NULL;
}

/* At most 16 threads at once, each on its own CPU; the thread that started them keeps its mask. */
static void test_pinned_threads(void)
{
    struct pinned_thread threads[16];
    cpu_set_t before = own_mask();
    struct machine_topology *t = open_here();
    unsigned *order = whole_order(t, PLACEMENT_CORES);
    unsigned n = topology_pus(t) < 16 ? topology_pus(t) : 16;
    for (unsigned i = 0; i < n; i++) {
        threads[i] = (struct pinned_thread){.t = t, .cpu = order[i]};
        CHECK(pthread_create(&threads[i].thread, NULL, stay_pinned, &threads[i]) == 0, "thread %u", i);
    }
    for (unsigned i = 0; i < n; i++) {
        CHECK(pthread_join(threads[i].thread, NULL) == 0, "thread %u", i);
        CHECK(threads[i].good, "thread %u left CPU %u", i, threads[i].cpu);
    }
    cpu_set_t after = own_mask();
    CHECK(CPU_EQUAL(&before, &after), "mask");
    free(order);
    topology_close(t);
}

/* A machine that hwloc was told to believe in is no place to pin threads. */
static void expect_replaced(const char *variable, const char *value)
{
    char error[ERROR_SIZE] = "";
    struct machine_topology *t = NULL;
    CHECK(setenv(variable, value, 1) == 0, "%s", variable);
    CHECK(topology_open(&t, NULL, error, sizeof error) == 0, "%s: %s", variable, error);
    CHECK(t != NULL && !topology_is_this_machine(t), "%s is taken for this machine", variable);
    topology_close(t);
    CHECK(unsetenv(variable) == 0, "%s", variable);
}

static void test_replaced_machine(void)
{
    expect_replaced("HWLOC_SYNTHETIC", "pack:4 core:4 pu:2");
    expect_replaced("HWLOC_FSROOT", "/tmp");
}

static void test_steal(void)
{
    struct machine_topology *t = open_here();
    unsigned *order = whole_order(t, PLACEMENT_COMPACT);
    unsigned twice[] = {order[0], order[0]};
    uint64_t all = 1;
    uint64_t one = 1;
    CHECK(machine_steal_ms(order, topology_pus(t), &all) == 0, "steal");
    CHECK(machine_steal_ms(twice, 2, &one) == 0, "a CPU named twice");
    CHECK(machine_steal_ms(order, 0, &one) == 0 && one == 0, "no CPU has no steal");
    CHECK(machine_steal_ms(&(unsigned){77777}, 1, &one) == -1 && one == 0, "steal of no CPU");
    free(order);
    topology_close(t);
}

/* Facts as JSON, with a library whose name and version are as nasty as bytes can be. */
static int print_machine(void)
{
    static const struct machine_library items[] = {
        {"benchmark", "1.7.1"},
        {"nasty\"\\\n", "a\x01\xff\xc3(\xed\xa0\x80\xe2\x82\xac\xf0\x9f\x98\x80\xf0\x9f"},
        {"absent", NULL},
    };
    const struct machine_libraries libs = {items, 3};
    struct machine_topology *t = open_here();
    int result = machine_write_json(stdout, t, &libs);
    topology_close(t);
    (void)putchar('\n');
    return result == 0 ? 0 : 1;
}

/* ------------------------------------------------------------------------------------------------ */

static void test_units(void)
{
    test_names();
    test_good_lists();
    test_bad_lists();
    test_bad_sources();
    test_bad_xml();
    test_deadly_xml();
    test_writing();
}

static void test_here(void)
{
    test_all_allowed();
    test_limited();
    test_pinning();
    test_pinned_threads();
    test_replaced_machine();
    test_steal();
}

static int print_file(const char *path)
{
    struct machine_topology *t = open_file(path);
    print_topology(stdout, t);
    topology_close(t);
    return 0;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    if (strcmp(mode, "--print") == 0 && argc == 3)
        return print_file(argv[2]);
    if (strcmp(mode, "--machine") == 0 && argc == 2)
        return print_machine();
    if (strcmp(mode, "--golden") == 0 && argc == 4) {
        test_golden(argv[2], argv[3]);
    } else if (strcmp(mode, "--units") == 0 && argc == 2) {
        test_units();
    } else if (strcmp(mode, "--here") == 0 && argc == 2) {
        test_here();
    } else {
        (void)fprintf(stderr, "usage: placement_test --print TOPOLOGY | --golden TOPOLOGY GOLDEN | --units | "
                              "--here | --machine\n");
        return 2;
    }
    if (failures > 0)
        (void)fprintf(stderr, "%d checks failed\n", failures);
    return failures > 0 ? 1 : 0;
}
