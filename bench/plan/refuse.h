/* What rcbench says about a command line that it cannot take: one line that names the flag, the value and what would
 * be right. */
#ifndef RCBENCH_BENCH_PLAN_REFUSE_H
#define RCBENCH_BENCH_PLAN_REFUSE_H

#include <stddef.h>

/* "rcbench: FLAG: 'VALUE' ..." on standard error; without the value where that is NULL. Returns -1. */
__attribute__((format(printf, 3, 4))) int refuse(const char *flag, const char *value, const char *format, ...);

/* The value is none of the names: says which is near, or else all of them. `kind` is what they name. Returns -1. */
int refuse_name(const char *flag, const char *value, const char *kind, const char *const *names, size_t count);

#endif
