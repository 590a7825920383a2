/* A scenario: a small program of 1 to 3 threads around shared objects, written once against core/, run for every
 * variant. What explore.c sees of them; bodies.h exports one table for each variant. */
#ifndef RCBENCH_TESTS_SCHEMES_EXPLORE_SCENARIO_H
#define RCBENCH_TESTS_SCHEMES_EXPLORE_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/schemes/explore/engine/clock.h"
#include "tests/schemes/explore/engine/engine.h"

struct scenario {
    const char *name;
    const char *summary;
    const char *skip;            /* why it says nothing about this variant; NULL: it runs */
    int threads_min, threads_max;
    int bounds_of_three;         /* with three threads, unless more than 3 are asked for: what tests have time for; 0: the same */
    unsigned enters, leaves;     /* threads (a bit each) that enter, leave, as part of what is explored */
    bool reuse_memory;
    int faults;                  /* allocations that may fail in one execution */
    void (*prepare)(void);       /* on thread 0, which is attached, and detached from then on until `finish` */
    void (*prologue)(int thread); /* on each thread, before anything is explored */
    void (*run)(int thread);
    void (*finish)(void);        /* on thread 0, attached again; all others have left */
};

struct scenarios {
    const char *variant;
    const struct scenario *items;
    size_t count;
    int threads_max; /* of the variant; 0: no limit */
    /* Makes the program: with the scenario's functions between entering and leaving. */
    struct program (*program)(const struct scenario *scenario, int threads);
};

#endif
