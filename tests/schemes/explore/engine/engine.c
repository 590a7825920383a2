#include "tests/schemes/explore/engine/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/schemes/explore/engine/atomic.h"
#include "tests/schemes/explore/engine/hooks.h"
#include "tests/schemes/explore/engine/memory.h"
#include "tests/schemes/explore/engine/schedule.h"
#include "tests/schemes/explore/engine/trace.h"

static const struct program *program;
static const struct limits *limits;
static FILE *report;
static struct verdict verdict;
static char failure[512];
static int64_t outcomes[8];
static int64_t start_live;
void (*engine_ended)(const int64_t outcomes[8]);

void engine_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(failure, sizeof failure, format, arguments);
    va_end(arguments);
    verdict.failed = true;
    if (schedule.phase == PHASE_PREPARE) {
        fprintf(report, "explore: while preparing: %s\n", failure);
        exit(1);
    }
    schedule_abandon();
}

void engine_name(const void *block, const char *name) { memory_name(block, name); }
void engine_mark(void) { start_live = memory_live_blocks(); }
void engine_outcome(int index, int64_t value) { outcomes[index] = value; }

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- an execution ------------------------------------------------------------------------------------ */

static int quiet_thread; /* the one that runs a quiet part */

static void enter_prepare(void) { program->prepare(); }
static void enter_prologue(void) { program->prologue(quiet_thread); }
static void enter_run(void) { program->run(schedule.current->id); }
static void enter_settle(void) { program->settle(quiet_thread); }
static void enter_finish(void) { program->finish(); }

static void quiet(int thread, void (*entry)(void))
{
    quiet_thread = thread;
    if (!verdict.failed)
        schedule_run_quiet(thread, entry);
}

static uintptr_t start_self[THREADS_MAX];

static void prepare(void)
{
    memory_reset();
    schedule.execution++;
    schedule.threads = program->threads;
    schedule_start_execution();
    schedule.phase = PHASE_PREPARE;
    if (program->prepare != NULL)
        quiet(0, enter_prepare);
    for (int i = 1; program->prologue != NULL && i <= program->threads; i++)
        quiet(i, enter_prologue);
    schedule.phase = PHASE_IDLE;
    for (int i = 0; i < THREADS_MAX; i++)
        start_self[i] = schedule.fibers[i].self;
    memory_set_start();
    hooks_set_start();
}

static bool finish_execution(bool finished)
{
    schedule.phase = PHASE_QUIET;
    if (!finished)
        return false;
    for (int i = 1; program->settle != NULL && i <= program->threads; i++)
        quiet(i, enter_settle);
    if (program->finish != NULL)
        quiet(0, enter_finish);
    if (!verdict.failed && program->check_leaks && memory_live_blocks() != start_live) {
        verdict.failed = true;
        snprintf(failure, sizeof failure, "leak: %ld blocks are left", (long)(memory_live_blocks() - start_live));
    }
    return !verdict.failed;
}

/* True: it came to its end. */
static bool execute(void)
{
    schedule.execution++;
    memory_start_execution();
    atomic_start_execution();
    hooks_start_execution();
    schedule_start_execution();
    trace_start();
    schedule.left = limits->budget;
    memset(outcomes, 0, sizeof outcomes);
    for (int i = 0; i < THREADS_MAX; i++)
        schedule.fibers[i].self = start_self[i];
    schedule.phase = PHASE_EXPLORE;
    bool finished = finish_execution(schedule_run_all(enter_run));
    schedule.phase = PHASE_IDLE;
    return finished;
}

/* ---- the search ---------------------------------------------------------------------------------------- */

static void print_failure(void)
{
    search_repeat();
    verdict.failed = false;
    schedule.tracing = true;
    search_start_execution();
    execute();
    schedule.tracing = false;
    if (!verdict.failed)
        fprintf(report, "explore: the failure did not repeat: the program is not deterministic\n");
    verdict.failed = true;
    trace_print(report);
    fprintf(report, "%s\n--replay %s\n", failure, search_text());
}

static void start_search(void)
{
    search_begin(limits->mode, limits->seed);
    if (limits->mode == SEARCH_REPLAY && !search_set_replay(limits->replay)) {
        fprintf(report, "explore: --replay: '%s' is no replay string\n", limits->replay);
        exit(2);
    }
    schedule.grown = false;
}

struct verdict explore(const struct program *p, const struct limits *l, FILE *out)
{
    program = p;
    limits = l;
    report = out;
    verdict = (struct verdict){0};
    memory_open();
    start_live = 0;
    hooks_reuse(p->reuse_memory);
    prepare();
    double start = now();
    start_search();
    schedule.tracing = l->trace;
    bool more = true;
    while (more && !verdict.failed) {
        search_start_execution();
        if (!execute())
            verdict.cut++;
        else if (engine_ended != NULL)
            engine_ended(outcomes);
        verdict.executions++;
        verdict.steps += schedule.steps;
        if (verdict.failed)
            break;
        if (schedule.grown && l->mode == SEARCH_ALL)
            start_search();
        else
            more = search_advance();
        schedule.grown = false;
        if (l->seconds > 0 && verdict.executions % 64 == 0 && now() - start > l->seconds)
            break;
    }
    verdict.exhausted = !more && l->mode == SEARCH_ALL;
    verdict.seconds = now() - start;
    verdict.states = search_states();
    if (verdict.failed)
        print_failure();
    else if (l->trace)
        trace_print(out);
    schedule.tracing = false;
    return verdict;
}
