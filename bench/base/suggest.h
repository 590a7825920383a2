/* The nearest name to a mistyped one. */
#ifndef RCBENCH_BENCH_BASE_SUGGEST_H
#define RCBENCH_BENCH_BASE_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>

/* The name with the smallest edit distance, borrowed from `names`; NULL when none is near: more than half
 * of the letters would change. */
const char *suggest(const char *typed, const char *const *names, size_t count);

#endif
