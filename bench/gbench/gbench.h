/* Google Benchmark, seen from C: registration, filtering, repetitions, console and JSON output. The only
 * C++ of the project is behind it (gbench.cc). One call of a body is one trial, whatever the library
 * makes of iterations: the body keeps its own clock and says what it measured. */
#ifndef RCBENCH_BENCH_GBENCH_GBENCH_H
#define RCBENCH_BENCH_GBENCH_GBENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What one thread measured in one trial. */
struct gbench_sample {
    uint64_t operations;
    double seconds;
    const char *error;  /* NULL; otherwise the trial's row is invalid. Lives until the body runs again */
    bool totals;        /* one thread sets it, and the two below, which are of the whole trial */
    double ns_per_op;
    double ops_per_s;
};

/* Called by `threads` threads at once, each with its number. Thread 0 is the program's main thread. */
typedef void gbench_body(void *argument, unsigned thread, struct gbench_sample *sample);

/* Takes the library's flags out of argv; once, before anything else here. False: a flag is left that it
 * does not know; it has said so on standard error. */
bool gbench_initialize(int *argc, char **argv);

/* Whether --benchmark_filter chooses the name. False for all, after a line on standard error, when the filter
 * is not a regular expression; gbench_filter_valid says so beforehand. */
bool gbench_filter_valid(void);
bool gbench_matches(const char *name);

/* `name` without the number of threads, which the library adds. It may be registered several times. */
void gbench_register(const char *name, unsigned threads, gbench_body *body, void *argument);

/* Runs what was registered, in that order. With `file`, --benchmark_out was given. */
void gbench_run(const char *out_format);

#ifdef __cplusplus
}
#endif

#endif
