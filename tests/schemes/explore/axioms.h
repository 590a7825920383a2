/* Which outcomes the axioms of C11 allow for a tiny program, by trying all executions: for random_litmus.c, which
 * compares them with what the explorer finds. Shares nothing with the engine.
 *
 * The axioms are RC11's (Lahav, Vafeiadis, Kang, Hur, Dreyer, PLDI 2017), with C++20's release sequences, that is without
 * later stores of the same thread. An execution is a choice of the store that each load reads from (rf) and of an order
 * of the stores of each location (mo). It is allowed if
 *   coherence   hb; eco? has no cycle, where hb is what happens before, and eco is what rf, mo and fr (a load before the
 *               stores after the one it read) make of each other
 *   atomicity   a read-modify-write comes right after the store that it reads, in mo
 *   no thin air program order and rf have no cycle
 *   seq_cst     psc has no cycle: see axioms.c */
#ifndef RCBENCH_TESTS_SCHEMES_EXPLORE_AXIOMS_H
#define RCBENCH_TESTS_SCHEMES_EXPLORE_AXIOMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TINY_THREADS = 3, TINY_OPS = 4, TINY_PLACES = 3, TINY_EVENTS = 12, TINY_OUTCOMES = 4096 };

enum tiny_kind { TINY_LOAD, TINY_STORE, TINY_ADD, TINY_EXCHANGE, TINY_CAS, TINY_FENCE, TINY_KINDS };

struct tiny_op {
    enum tiny_kind kind;
    int place;
    int order, failure;  /* __ATOMIC_*; `failure` of a compare-and-swap */
    int value, expected; /* stored or added; all values stay below 16 */
};

struct tiny {
    int threads, places;
    int length[TINY_THREADS];
    struct tiny_op ops[TINY_THREADS][TINY_OPS];
};

/* A set of outcomes. One is what each operation that reads has read, thread by thread, and then what is in each place at
 * the end: four bits each. */
struct tiny_outcomes {
    size_t length;
    uint64_t items[TINY_OUTCOMES];
};

void tiny_add(struct tiny_outcomes *outcomes, uint64_t outcome); /* once */
bool tiny_has(const struct tiny_outcomes *outcomes, uint64_t outcome);
bool tiny_reads(const struct tiny_op *op);

void axioms_allow(const struct tiny *program, struct tiny_outcomes *outcomes);

#endif
