/* Google Benchmark's own flags, which rcbench passes on: those of their values that the library answers with an
 * abort, with its usage and status 0, or by taking all of the memory are refused first. */
#ifndef RCBENCH_BENCH_PLAN_BENCHMARK_FLAGS_H
#define RCBENCH_BENCH_PLAN_BENCHMARK_FLAGS_H

#include <stdbool.h>

bool benchmark_flag(const char *word);

/* 0, or -1 after one line on standard error that names the flag and what is accepted. */
int benchmark_flag_check(const char *word);

/* The same for the environment's variables, from which the library takes its defaults. */
int benchmark_environment_check(void);

/* Whether the word is --benchmark_list_tests, and not set to false. */
bool benchmark_flag_lists(const char *word);

#endif
