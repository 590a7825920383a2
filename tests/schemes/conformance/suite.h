/* What main.c sees of one variant's suite; tests/schemes/conformance/bodies.h exports one for each variant. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_SUITE_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_SUITE_H

#include <stddef.h>

struct suite_case {
    const char *name;
    const char *skip; /* why it says nothing about this variant; NULL: it runs */
    void (*run)(void);
};

struct suite {
    const char *variant;
    const struct suite_case *cases;
    size_t count;
};

#endif
