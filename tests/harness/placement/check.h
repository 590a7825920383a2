/* check.h - what the files of placement_test share: CHECK, the laws of every order, and the tests by mode. */
#ifndef RCBENCH_TESTS_HARNESS_PLACEMENT_CHECK_H
#define RCBENCH_TESTS_HARNESS_PLACEMENT_CHECK_H

#include "bench/machine/placement.h"
#include "bench/machine/topology.h"

#include <stdio.h>

enum { ERROR_SIZE = 256 };

/* How many checks failed so far. Main thread. */
extern int check_failures;

/* Reports a condition that does not hold, and goes on. */
#define CHECK(condition, ...)                                                                                        \
    do {                                                                                                             \
        if (!(condition)) {                                                                                          \
            check_failures++;                                                                                        \
            (void)fprintf(stderr, "%s:%d: not so: %s: ", __FILE__, __LINE__, #condition);                            \
            (void)fprintf(stderr, __VA_ARGS__);                                                                      \
            (void)fputc('\n', stderr);                                                                               \
        }                                                                                                            \
    } while (0)

/* The policy's whole order, for the caller to free. Ends the program when there is none. (laws.c) */
unsigned *whole_order(const struct machine_topology *t, enum placement policy);

/* What the orders of every topology must keep. (laws.c) */
void check_prefixes(const struct machine_topology *t, enum placement policy);
void check_cores_first(const struct machine_topology *t, enum placement policy);
void check_invariants(struct machine_topology *t);

/* Written and read again, it places the same. (laws.c) */
void check_round_trip(struct machine_topology *t);

/* That nothing is pinned by a topology of another machine. (laws.c) */
void check_plan_only(const struct machine_topology *t);

/* The tests of --units (units.c), and of --here and --machine (here.c). print_machine returns an exit status. */
void test_units(void);
void test_here(void);
int print_machine(void);

#endif
