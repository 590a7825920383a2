/* The values that flags take, one function a kind of value. Each returns 0, or -1 after one line on standard error
 * that names the flag, the value and what is accepted; *out is then unchanged. */
#ifndef RCBENCH_BENCH_PLAN_VALUES_H
#define RCBENCH_BENCH_PLAN_VALUES_H

#include <stddef.h>
#include <stdint.h>

struct whole_range {
    uint64_t least, most;
};

struct decimal_range {
    double least, most;
    const char *unit; /* as in "accepted: UNIT from ... to ..." */
};

int value_whole(const char *flag, const char *value, struct whole_range range, uint64_t *out);
int value_decimal(const char *flag, const char *value, struct decimal_range range, double *out);

/* One of the words, by its index; `kind` is what they name. */
int value_word(const char *flag, const char *value, const char *kind, const char *const *words, unsigned *out);

/* A file that does not exist yet, or "-" for standard output. */
int value_new_file(const char *flag, const char *path);

#endif
