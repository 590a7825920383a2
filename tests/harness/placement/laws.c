/* laws.c - what the orders of every topology must keep. See check.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* mkstemp */
#endif

#include "tests/harness/placement/check.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/machine/pin.h"

unsigned *whole_order(const struct machine_topology *t, enum placement policy)
{
    unsigned n = topology_pus(t);
    unsigned *order = calloc(n, sizeof *order);
    if (order == NULL || placement_order(t, policy, order, n) != (int)n) {
        (void)fprintf(stderr, "no order of %u PUs by %s\n", n, placement_name(policy));
        exit(2);
    }
    return order;
}

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
void check_prefixes(const struct machine_topology *t, enum placement policy)
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
void check_cores_first(const struct machine_topology *t, enum placement policy)
{
    unsigned *order = whole_order(t, policy);
    for (unsigned i = 0; i < topology_cores(t); i++)
        for (unsigned k = 0; k < i; k++)
            CHECK(distance_rank(t, order[i], order[k]) > 1, "%s: %u and %u share a core", placement_name(policy),
                  order[i], order[k]);
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

void check_round_trip(struct machine_topology *t)
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

void check_plan_only(const struct machine_topology *t)
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

void check_invariants(struct machine_topology *t)
{
    for (int policy = PLACEMENT_COMPACT; policy <= PLACEMENT_NONE; policy++)
        check_prefixes(t, (enum placement)policy);
    CHECK(placement_order(t, (enum placement)99, NULL, 0) == -1, "no such policy");
    check_cores_first(t, PLACEMENT_CORES);
    check_cores_first(t, PLACEMENT_SCATTER);
    check_scatter_far(t);
    check_nodes_filled(t);
}
