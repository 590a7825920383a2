/* Single-thread programs in processes of their own, and the shortest one that still fails. */
#ifndef RCBENCH_TESTS_SCHEMES_RANDOM_SHRINK_H
#define RCBENCH_TESTS_SCHEMES_RANDOM_SHRINK_H

#include "tests/schemes/random/single.h"

/* 0: the program ran and nothing differed. `result` comes from apart_shared. */
int shrink_run(const struct random_suite *suite, const struct program *program, struct single_result *result,
               bool quiet, bool trace);

/* A program that fails, made shorter as long as it fails: cut behind the operation that failed, then without chunks
 * of operations, ever smaller, down to single ones. */
void shrink(const struct random_suite *suite, struct program *program);

#endif
