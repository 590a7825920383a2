/* Threads as fibers, and which of them runs: every operation that others could notice is a point at which the
 * search may let another thread go on. */
#ifndef RCBENCH_TESTS_SCHEMES_EXPLORE_SCHEDULE_H
#define RCBENCH_TESTS_SCHEMES_EXPLORE_SCHEDULE_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/schemes/explore/engine/clock.h"
#include "tests/schemes/explore/engine/search.h"

enum fiber_state { FIBER_READY, FIBER_YIELDED, FIBER_BLOCKED, FIBER_TIMED, FIBER_DONE };

struct fiber {
    int id;
    enum fiber_state state;
    const void *waits_for; /* FIBER_BLOCKED, FIBER_TIMED: a lock or a condition */
    bool signalled;        /* FIBER_TIMED and condition waits: woken by a signal, not by the clock */
    uintptr_t self;        /* core/base/atomics.h: shim_self */
    uint64_t hash;         /* of all it has done: with a deterministic program, its state */
    uint32_t events;
    struct view now;       /* what it knows */
    struct view acquired;  /* what relaxed loads have read and an acquire fence would make known */
    struct view released;  /* what was known at its last release fence */
    jmp_buf here, start;
    bool started;
};

enum phase { PHASE_IDLE, PHASE_PREPARE, PHASE_EXPLORE, PHASE_QUIET };

struct schedule {
    enum phase phase;
    int threads;
    struct fiber fibers[THREADS_MAX];
    struct fiber *current;
    struct budget left;
    uint32_t execution; /* counts from 1 */
    uint64_t steps;     /* of this execution */
    bool tracing;
    bool grown; /* a place that one thread alone seemed to use is used by two: the exploration has to start again */
};
extern struct schedule schedule;

/* The calling thread is about to do something at `address` that others may notice. */
void schedule_point(uintptr_t address);
/* A new event of the calling thread; returns its number. */
uint32_t schedule_event(uint64_t what, uint64_t with);
/* The calling thread cannot go on until schedule_wake(what); `timed`: or until time has passed: then false. */
bool schedule_block(const void *what, bool timed);
void schedule_wake_all(const void *what);
bool schedule_wake_one(const void *what);
void schedule_yield(void);
/* Something changed that a thread that yields may be waiting for. */
void schedule_progress(void);
/* 0 .. n - 1; more than 0 uses up one of `*left`. */
int schedule_unlikely(int n, int *left);

/* Runs `entry` in a fiber to its end, with no choices. */
void schedule_run_quiet(int thread, void (*entry)(void));
/* Runs `entry` in all fibers but 0. False: the state was known, the execution was cut. */
bool schedule_run_all(void (*entry)(void));
void schedule_start_execution(void);
/* Leaves the execution at once, from inside a fiber. */
__attribute__((noreturn)) void schedule_abandon(void);

#endif
