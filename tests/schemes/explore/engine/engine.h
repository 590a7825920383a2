/* The interleaving explorer: runs a scenario again and again, each time with another order of its threads'
 * steps and other stores for its loads, and watches every access. This is what the programs that explore
 * (explore.c, litmus.c) call; what instrumented code calls is in hooks.c and in tests/schemes/explore/shim.h.
 *
 * Instrumented code is compiled with -fsanitize=thread and linked with this engine in the place of
 * ThreadSanitizer's runtime: so the compiler itself reports each plain access and each atomic operation with
 * its order. The memory model is stated in ../README.md. */
#ifndef RCBENCH_TESTS_SCHEMES_EXPLORE_ENGINE_H
#define RCBENCH_TESTS_SCHEMES_EXPLORE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/schemes/explore/engine/search.h"

/* A program of 1 to THREADS_MAX - 1 threads, numbered from 1. `prepare` runs once, `run` once in each thread
 * and execution, `settle` after it, thread by thread, `finish` when all are done. Any may be NULL, but `run`. */
struct program {
    int threads;
    bool reuse_memory; /* a freed block is handed out again: ids of threads are addresses */
    void (*prepare)(void);
    void (*prologue)(int thread); /* once, in the thread, after prepare: its effects are known to all */
    void (*run)(int thread);
    void (*settle)(int thread);
    void (*finish)(void);
    bool check_leaks; /* at the end there must be as many blocks as at engine_mark */
};

struct limits {
    struct budget budget;
    double seconds; /* 0: no limit */
    enum search_mode mode;
    uint64_t seed;
    const char *replay;
    bool trace; /* print the execution also when nothing is wrong */
};

struct verdict {
    bool failed;     /* a bug; it has been printed */
    bool exhausted;  /* all executions within the budget have been seen */
    uint64_t executions, cut, steps, states; /* cut: ended early, since the state was known */
    double seconds;
};

struct verdict explore(const struct program *program, const struct limits *limits, FILE *out);

/* For instrumented code: something is wrong. */
__attribute__((noreturn, format(printf, 1, 2))) void engine_fail(const char *format, ...);
/* How a block is called in reports. The text is not copied. */
void engine_name(const void *block, const char *name);
/* In `prepare`: what is allocated from here on must be free at the end. */
void engine_mark(void);
/* A value that the execution is about: the outcome of a litmus test. Reset at each start. */
void engine_outcome(int index, int64_t value);
/* Called after each execution that came to its end; may be NULL. */
extern void (*engine_ended)(const int64_t outcomes[8]);

#endif
