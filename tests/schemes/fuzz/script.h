/* Programs out of bytes: threads that share slots and a list, and keep references in registers. Each byte is an
 * operation on one of them; whatever the bytes are, the program is a correct one: it uses what it has a reference to,
 * and gives up each reference once. So whatever goes wrong is the variant's fault. */
#ifndef RCBENCH_TESTS_SCHEMES_FUZZ_SCRIPT_H
#define RCBENCH_TESTS_SCHEMES_FUZZ_SCRIPT_H

#include <stddef.h>
#include <stdint.h>

#include "tests/schemes/explore/engine/engine.h"

enum { SCRIPT_THREADS = 3, SCRIPT_OPERATIONS_MAX = 24 };

struct script {
    int length[SCRIPT_THREADS + 1]; /* by thread, from 1 */
    uint8_t operations[SCRIPT_THREADS + 1][SCRIPT_OPERATIONS_MAX];
};

/* What fuzz.c sees of a variant. */
struct fuzzed {
    const char *variant;
    /* Keeps the pointer: the script is read in each execution, and never written by the program. */
    struct program (*program)(const struct script *script);
};

#endif
