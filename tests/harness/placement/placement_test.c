/* placement_test.c - tests of bench/topology, placement, pin, thread_list, steal and machine.
 *
 *   placement_test --print TOPOLOGY           prints what the golden file of TOPOLOGY should hold
 *   placement_test --golden TOPOLOGY GOLDEN   compares, and checks what every topology must keep
 *   placement_test --units                    names, thread lists, bad sources
 *   placement_test --here                     limits and pinning on the machine that runs the test
 *   placement_test --machine                  prints the facts as JSON, for check_machine.py
 *
 * TOPOLOGY is a file: hwloc's XML, or NAME.synthetic with a description in one line. After a change of a
 * policy that is meant, print the golden files anew and read the difference. This file has the modes and the
 * golden files; laws.c, units.c and here.c have the rest.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* open_memstream */
#endif

#include "tests/harness/placement/check.h"

#include <stdlib.h>
#include <string.h>

int check_failures;

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
        (void)fprintf(out, "pu %u: node %d, l1 %zu, l2 %zu, l3 %zu, %s\n", order[i], numa_node_of_pu(t, order[i]),
                      topology_cache_bytes(t, order[i], 1), topology_cache_bytes(t, order[i], 2),
                      topology_cache_bytes(t, order[i], 3), topology_distance(t, order[0], order[i]));
    free(order);
}

static void print_counts(FILE *out, const struct machine_topology *t)
{
    (void)fprintf(out, "%u PUs, %u cores, %u nodes\n", topology_pus(t), topology_cores(t), topology_numa_nodes(t));
}

static void print_kinds(FILE *out, const struct machine_topology *t)
{
    char text[TOPOLOGY_KINDS_TEXT];
    (void)fprintf(out, "%u kinds\n", topology_kinds(t));
    (void)fprintf(out, "used: %s\n", topology_kinds_text(t, true, text));
    if (topology_kinds_text(t, false, text)[0] != '\0')
        (void)fprintf(out, "left: %s\n", text);
}

static void print_topology(FILE *out, struct machine_topology *t)
{
    print_kinds(out, t);
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
            (void)fprintf(stderr, "line %u\n  golden: %.*s\n  actual: %.*s\n", line, (int)a, golden, (int)b, actual);
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

/* ---- modes ------------------------------------------------------------------------------------- */

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
    if (check_failures > 0)
        (void)fprintf(stderr, "%d checks failed\n", check_failures);
    return check_failures > 0 ? 1 : 0;
}
