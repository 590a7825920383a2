/* error_text.h - the error texts that functions of bench hand back: one line, without a newline, always
 * terminated. Any thread. */
#ifndef RCBENCH_BENCH_BASE_ERROR_TEXT_H
#define RCBENCH_BENCH_BASE_ERROR_TEXT_H

#include <stddef.h>

#define ERROR_QUOTE_SIZE 64

/* Writes the text, cut to `size`; `error` may be NULL when `size` is 0. Returns -1, for the caller to return. */
__attribute__((format(printf, 3, 4))) int error_set(char *error, size_t size, const char *format, ...);

/* What the user typed, in one line of bearable length: it goes to a terminal. Returns `out`. */
const char *error_quote(char out[ERROR_QUOTE_SIZE], const char *text, size_t length);

#endif
