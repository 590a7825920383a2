/* Runs a random program on a variant and on the reference model, and compares them after each operation. */
#ifndef RCBENCH_TESTS_SCHEMES_RANDOM_SINGLE_H
#define RCBENCH_TESTS_SCHEMES_RANDOM_SINGLE_H

#include "tests/schemes/random/program.h"
#include "tests/schemes/random/suite.h"

/* Written while the program runs, so that it says where a run ended that did not come back. */
struct single_result {
    size_t at;         /* operations begun */
    uint64_t contents; /* digests: what containers held, */
    uint64_t deaths;   /* which objects died before the end, */
    uint64_t order;    /* all deaths in their order */
};

/* Ends the process when the two differ. `trace`: prints each operation with what it was applied to. */
void single_run(const struct random_suite *suite, const struct program *program, struct single_result *result,
                bool trace);

#endif
