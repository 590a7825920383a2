#include "tests/schemes/explore/engine/schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "tests/schemes/explore/engine/atomic.h"
#include "tests/schemes/explore/engine/engine.h"
#include "tests/schemes/explore/engine/memory.h"

struct schedule schedule;

enum { STEPS_MAX = 20000, IDLE_ROUNDS_MAX = 100 };

/* Where fibers come back to. */
enum outcome { OUTCOME_FINISHED = 1, OUTCOME_ABANDONED };
static jmp_buf driver;
static void (*fiber_entry)(void);
static int idle_rounds; /* how often all threads yielded with nothing done in between */
static ucontext_t opener;

/* ---- fibers --------------------------------------------------------------------------------------- */

/* A fiber never returns: its next run starts at its bottom again, wherever the last one was left. */
static void fiber_main(void)
{
    struct fiber *self = schedule.current;
    if (_setjmp(self->start) == 0)
        swapcontext(&(ucontext_t){0}, &opener);
    fiber_entry();
    schedule.current->state = FIBER_DONE;
    schedule_event(7, 0);
    schedule_progress();
    schedule_block(NULL, false);
    abort();
}

static void open_fiber(struct fiber *f)
{
    if (f->started)
        return;
    ucontext_t context;
    getcontext(&context);
    context.uc_stack.ss_sp = memory_stack(f->id, &context.uc_stack.ss_size);
    context.uc_link = NULL;
    makecontext(&context, fiber_main, 0);
    schedule.current = f;
    swapcontext(&opener, &context);
    f->started = true;
}

static void go_to(struct fiber *f)
{
    struct fiber *from = schedule.current;
    schedule.current = f;
    if (from == f)
        return;
    if (_setjmp(from->here) == 0)
        _longjmp(f->here, 1);
}

void schedule_abandon(void) { _longjmp(driver, OUTCOME_ABANDONED); }

/* ---- events ---------------------------------------------------------------------------------------- */

uint32_t schedule_event(uint64_t what, uint64_t with)
{
    struct fiber *self = schedule.current;
    self->events++;
    self->now.hb.at[self->id] = self->now.seen.at[self->id] = self->events;
    self->hash = mix(mix(self->hash, what), with);
    return self->events;
}

/* What a state is: what each thread has done and read, and the modification orders. */
static uint64_t state_hash(const struct fiber *deciding)
{
    uint64_t hash = atomic_state();
    for (int i = 0; i <= schedule.threads; i++)
        hash += mix(schedule.fibers[i].hash, (uint64_t)i << 8 | schedule.fibers[i].state);
    return mix(hash, deciding != NULL ? (uint64_t)deciding->id : 99);
}

/* ---- which thread goes on ------------------------------------------------------------------------ */

struct ways {
    struct fiber *fibers[THREADS_MAX];
    bool costs[THREADS_MAX]; /* a preemption */
    int length;
};

static void add_way(struct ways *ways, struct fiber *f, bool costs)
{
    if (costs && schedule.left.preemptions == 0)
        return;
    ways->fibers[ways->length] = f;
    ways->costs[ways->length++] = costs;
}

/* `self` may go on itself, if not NULL. Others come after it in the order of their numbers. A wait with a time limit
 * ends by itself when nobody can go on, or at any moment, which counts as a preemption. */
static struct ways find_ways(struct fiber *self)
{
    struct ways ways = {.length = 0};
    if (self != NULL)
        add_way(&ways, self, false);
    int first = schedule.current->id;
    for (int k = 0; k <= schedule.threads; k++) {
        struct fiber *f = &schedule.fibers[(first + k) % (schedule.threads + 1)];
        if (f != self && f->state == FIBER_READY)
            add_way(&ways, f, self != NULL);
    }
    bool anybody = ways.length > 0;
    for (int i = 0; i <= schedule.threads; i++)
        if (schedule.fibers[i].state == FIBER_TIMED)
            add_way(&ways, &schedule.fibers[i], anybody);
    return ways;
}

static bool wake_yielded(void)
{
    bool any = false;
    for (int i = 0; i <= schedule.threads; i++) {
        struct fiber *f = &schedule.fibers[i];
        if (f->state == FIBER_YIELDED) {
            f->state = FIBER_READY;
            any = true;
        }
    }
    return any;
}

static void report_deadlock(void)
{
    char who[128] = "";
    size_t used = 0;
    for (int i = 1; i <= schedule.threads; i++) {
        const struct fiber *f = &schedule.fibers[i];
        if (f->state == FIBER_BLOCKED)
            used += (size_t)snprintf(who + used, sizeof who - used, ", thread %d waits for %s", i,
                                     memory_text((uintptr_t)f->waits_for));
    }
    engine_fail("deadlock%s", who);
}

static bool all_done(void)
{
    for (int i = 1; i <= schedule.threads; i++)
        if (schedule.fibers[i].state != FIBER_DONE)
            return false;
    return true;
}

static void decide(struct fiber *self)
{
    struct ways ways = find_ways(self);
    while (ways.length == 0) {
        if (all_done())
            _longjmp(driver, OUTCOME_FINISHED);
        if (!wake_yielded())
            report_deadlock();
        if (++idle_rounds > IDLE_ROUNDS_MAX)
            engine_fail("livelock: all threads that are left wait in loops for each other");
        ways = find_ways(NULL);
    }
    int taken = 0;
    if (ways.length > 1) {
        if (search_visited(state_hash(self), &schedule.left))
            schedule_abandon();
        taken = search_choose(ways.length, 3);
    }
    struct fiber *next = ways.fibers[taken];
    schedule.left.preemptions -= ways.costs[taken];
    if (next->state == FIBER_TIMED) { /* its time is over */
        next->state = FIBER_READY;
        next->signalled = false;
    }
    go_to(next);
}

/* A place that one thread alone uses is no choice. Which places those are is learned: when a second thread comes to
 * one, the exploration starts again. */
static bool known_to_others(uintptr_t address)
{
    struct granule *g = address != 0 ? memory_granule(address) : NULL;
    if (g == NULL)
        return true;
    uint8_t *touched = &g->touched[address % 8];
    uint8_t mine = (uint8_t)(1u << schedule.current->id);
    if ((*touched & mine) == 0) {
        if (*touched != 0 && (*touched & (*touched - 1)) == 0)
            schedule.grown = true; /* until now one other thread was alone with it */
        *touched |= mine;
    }
    return (*touched & ~mine) != 0;
}

void schedule_point(uintptr_t address)
{
    if (++schedule.steps > STEPS_MAX)
        engine_fail("livelock: more than %d steps", STEPS_MAX);
    if (schedule.phase == PHASE_EXPLORE && known_to_others(address))
        decide(schedule.current);
}

/* ---- waiting ---------------------------------------------------------------------------------------- */

bool schedule_block(const void *what, bool timed)
{
    struct fiber *self = schedule.current;
    if (self->state != FIBER_DONE) {
        if (schedule.phase == PHASE_QUIET && !timed)
            report_deadlock();
        self->state = timed ? FIBER_TIMED : FIBER_BLOCKED;
        self->waits_for = what;
        self->signalled = true;
    }
    decide(NULL);
    return self->signalled;
}

void schedule_wake_all(const void *what)
{
    for (int i = 0; i <= schedule.threads; i++) {
        struct fiber *f = &schedule.fibers[i];
        if ((f->state == FIBER_BLOCKED || f->state == FIBER_TIMED) && f->waits_for == what)
            f->state = FIBER_READY;
    }
}

/* Which of those that wait is a choice without a price: no order is promised. */
bool schedule_wake_one(const void *what)
{
    struct fiber *waiting[THREADS_MAX];
    int length = 0;
    for (int i = 0; i <= schedule.threads; i++) {
        struct fiber *f = &schedule.fibers[i];
        if ((f->state == FIBER_BLOCKED || f->state == FIBER_TIMED) && f->waits_for == what)
            waiting[length++] = f;
    }
    if (length == 0)
        return false;
    struct fiber *woken = waiting[search_choose(length, 1)];
    woken->state = FIBER_READY;
    schedule_event((uint64_t)woken->id, 8);
    return true;
}

void schedule_yield(void)
{
    if (++schedule.steps > STEPS_MAX)
        engine_fail("livelock: more than %d steps", STEPS_MAX);
    if (schedule.phase != PHASE_EXPLORE)
        return;
    schedule.current->state = FIBER_YIELDED;
    decide(NULL);
}

void schedule_progress(void)
{
    idle_rounds = 0;
    for (int i = 0; i <= schedule.threads; i++)
        if (schedule.fibers[i].state == FIBER_YIELDED && &schedule.fibers[i] != schedule.current)
            schedule.fibers[i].state = FIBER_READY;
}

int schedule_unlikely(int n, int *left)
{
    if (n <= 1 || *left == 0 || schedule.phase != PHASE_EXPLORE)
        return 0;
    int taken = search_choose(n, 4);
    *left -= taken > 0;
    return taken;
}

/* ---- executions ------------------------------------------------------------------------------------ */

static void start_fiber(struct fiber *f)
{
    open_fiber(f);
    memcpy(f->here, f->start, sizeof f->here);
    f->state = FIBER_READY;
}

/* All that any thread knows is known to all: at the start of an execution, and between its phases. */
static void meet(void)
{
    struct view all = {0};
    for (int i = 0; i <= schedule.threads; i++)
        view_join(&all, &schedule.fibers[i].now);
    for (int i = 0; i <= schedule.threads; i++)
        schedule.fibers[i].now = all;
}

void schedule_start_execution(void)
{
    schedule.steps = 0;
    idle_rounds = 0;
    for (int i = 0; i < THREADS_MAX; i++) {
        struct fiber *f = &schedule.fibers[i];
        f->id = i;
        f->state = FIBER_DONE;
        f->hash = 0;
        f->events = 0;
        f->now = f->acquired = f->released = (struct view){0};
    }
}

static bool run_from(void (*entry)(void))
{
    fiber_entry = entry;
    int outcome = _setjmp(driver);
    if (outcome == 0) {
        /* The driver is no fiber: it decides in the place of thread 0, and is not come back to but by longjmp. */
        struct ways ways = find_ways(NULL);
        int taken = ways.length > 1 ? search_choose(ways.length, 1) : 0;
        schedule.current = ways.fibers[taken];
        _longjmp(schedule.current->here, 1);
    }
    return outcome == OUTCOME_FINISHED;
}

void schedule_run_quiet(int thread, void (*entry)(void))
{
    for (int i = 0; i <= schedule.threads; i++)
        schedule.fibers[i].state = FIBER_DONE;
    start_fiber(&schedule.fibers[thread]);
    schedule.current = &schedule.fibers[thread];
    run_from(entry);
    meet();
}

bool schedule_run_all(void (*entry)(void))
{
    schedule.fibers[0].state = FIBER_DONE;
    for (int i = 1; i <= schedule.threads; i++)
        start_fiber(&schedule.fibers[i]);
    schedule.current = &schedule.fibers[0];
    bool finished = run_from(entry);
    meet();
    return finished;
}
