/* What main.c sees of one variant's soak; tests/schemes/soak/bodies.h exports one for each variant. */
#ifndef RCBENCH_TESTS_SCHEMES_SOAK_SUITE_H
#define RCBENCH_TESTS_SCHEMES_SOAK_SUITE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/atomics.h"

enum { SOAK_THREADS_MAX = 16 };

/* What has happened, for the summary; in memory that the processes share. Any thread adds, relaxed. */
struct soak_tally {
    struct a64 threads, objects, collections, found, resurrected, called, audits;
    struct a64 forks, forks_to_the_end; /* those whose child has dropped everything, for all threads */
};

struct soak_options {
    uint64_t seed, ns;
    unsigned threads; /* at most, at once */
    bool progress;    /* a line every ten seconds */
    struct soak_tally *tally;
};

struct soak_suite {
    const char *variant;
    const char *skip; /* why it cannot; NULL: it can */
    void (*run)(const struct soak_options *options); /* returns only if nothing was wrong */
};

#endif
