/* The state of a run, and the comparisons between the variant and the reference model. */
#ifndef RCBENCH_TESTS_SCHEMES_RANDOM_COMPARE_H
#define RCBENCH_TESTS_SCHEMES_RANDOM_COMPARE_H

#include "tests/schemes/random/program.h"
#include "tests/schemes/random/reference.h"
#include "tests/schemes/random/single.h"
#include "tests/schemes/random/suite.h"

enum { REGISTERS = 24 };

struct run {
    const struct random_suite *suite;
    const struct adapter *adapter;
    const struct program *program;
    struct single_result *result;
    struct reference reference;
    /* By number: where the variant has the object, and whether it has reported the death. */
    void *address[REF_OBJECTS_MAX];
    bool found_dead[REF_OBJECTS_MAX];
    int found[REF_OBJECTS_MAX]; /* deaths reported since the last comparison */
    int found_count;
    /* Owned references, as numbers of objects; REF_NONE: empty. */
    int registers[REGISTERS];
    int slots[SLOTS];
    int shared[SHARED_OBJECTS];
};

/* Opens the model of the variant; makes the shared objects known. */
void compare_open(struct run *run);
void compare_close(struct run *run);

/* The variant gave `o` where the model says `id`. */
void compare_same(struct run *run, const void *o, int id);

/* What died since the last time: the same objects, in the same order where one is promised. */
void compare_deaths(struct run *run);
void compare_counts(struct run *run);
void compare_contents(struct run *run);

/* Everything mortal has been dropped: it is dead. Then the immortal objects are destroyed. */
void compare_all_dead(struct run *run);

#endif
