/* The search: which choice comes next. An execution is a sequence of choices (which thread goes on, which
 * store a load returns, whether an allocation fails); the program between two choices is deterministic. The
 * search repeats executions, each from the start, and says at every choice which way to go: depth first
 * through all of them, at random, or along a given sequence. */
#ifndef RCBENCH_TESTS_SCHEMES_EXPLORE_SEARCH_H
#define RCBENCH_TESTS_SCHEMES_EXPLORE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum search_mode { SEARCH_ALL, SEARCH_RANDOM, SEARCH_REPLAY };

/* How many of the unlikely things may happen in one execution. */
struct budget {
    int preemptions; /* a thread is stopped although it could go on */
    int stale;       /* a load returns a store that is not the newest, a store comes late */
    int faults;      /* an allocation fails */
};

enum { BUDGET_MOST = 15 }; /* a larger bound means: no bound */

void search_begin(enum search_mode mode, uint64_t seed);
/* A replay string, as search_text gives it. false: it is none. */
bool search_set_replay(const char *text);
/* The next execution of the search starts. */
void search_start_execution(void);
/* After an execution: false when there is no other. */
bool search_advance(void);

/* 0 .. n - 1; n is at least 1. `weight` (random mode): one in `weight` is not 0. */
int search_choose(int n, unsigned weight);

/* True: everything that can follow from this state with this budget has been tried. */
bool search_visited(uint64_t state, const struct budget *left);

/* The choices of the execution so far: one character each, without the zeros at the end. The buffer is the
 * search's own, until the next call. */
const char *search_text(void);
/* From now on the executions follow the choices of the current one. */
void search_repeat(void);
uint64_t search_states(void);

#endif
