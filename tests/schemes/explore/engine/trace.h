/* The record of an execution, in words. Only kept when it will be printed. */
#ifndef RCBENCH_TESTS_SCHEMES_EXPLORE_TRACE_H
#define RCBENCH_TESTS_SCHEMES_EXPLORE_TRACE_H

#include <stdint.h>
#include <stdio.h>

void trace_start(void);
/* One step of the calling thread; nothing when the execution is not traced. */
__attribute__((format(printf, 2, 3))) void trace_step(const void *pc, const char *format, ...);
void trace_print(FILE *out);

#endif
