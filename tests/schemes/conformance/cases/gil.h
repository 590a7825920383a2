/* The GIL: one thread at a time, turns that alternate, nothing held by a thread that is detached. The
 * cases are compiled for every mode and run where there is a GIL. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_GIL_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_GIL_H

#include "tests/schemes/conformance/fixture.h"

/* Nothing here is atomic: if two threads run at once, this or ThreadSanitizer sees it. */
struct gil_shared {
    unsigned inside;
    uint64_t counter;
};

static void gil_one_crew(struct crew *crew, unsigned index)
{
    struct gil_shared *shared = crew->argument;
    for (int i = 0; i < 20000 * EFFORT; i++) {
        CHECK_INT(shared->inside, 0);
        shared->inside = index + 1;
        shared->counter++;
        OPAQUE(shared);
        CHECK_INT(shared->inside, index + 1);
        shared->inside = 0;
        thread_safepoint(thread_self());
    }
}

static void case_gil_one_at_a_time(void)
{
    static struct gil_shared shared;
    fixture_open();
    crew_run(CREW_MAX, gil_one_crew, &shared);
    CHECK_INT(shared.counter, CREW_MAX * 20000 * (uint64_t)EFFORT);
    fixture_close();
}

enum { GIL_TURNS = 60 };

/* Who had the GIL, turn after turn. Written by whoever has it. */
struct gil_log {
    uint8_t who[GIL_TURNS];
    unsigned length;
    uint64_t first_ns, last_ns;
};

static void gil_log_turn(struct gil_log *log, unsigned index)
{
    if (log->length == GIL_TURNS)
        return;
    log->last_ns = clock_ns();
    if (log->length == 0)
        log->first_ns = log->last_ns;
    log->who[log->length++] = (uint8_t)index;
}

/* Works without ever blocking: only a request makes it let go. */
static void gil_busy_crew(struct crew *crew, unsigned index)
{
    struct gil_log *log = crew->argument;
    struct thread *self = thread_self();
    uint64_t turns = mode_turns(&self->mode), logged = 1;
    gil_log_turn(log, index);
    while (log->length < GIL_TURNS) {
        if (!thread_safepoint(self))
            continue;
        gil_log_turn(log, index);
        logged++;
        CHECK_INT(mode_turns(&self->mode) - turns, logged - 1);
    }
}

/* After a forced switch somebody else has the GIL: two busy threads alternate strictly, once both are here. */
static void case_gil_switches(void)
{
    static struct gil_log log;
    fixture_open();
    crew_run(2, gil_busy_crew, &log);
    unsigned both = 1;
    while (both < GIL_TURNS && log.who[both] == log.who[0])
        both++;
    CHECK(both < GIL_TURNS / 2);
    for (unsigned i = both; i < GIL_TURNS; i++)
        CHECK(log.who[i] != log.who[i - 1]);
    fixture_close();
}

/* A turn lasts the interval that was asked for, or longer: this is a lower bound, not a measurement. */
static void case_gil_interval(void)
{
    static struct gil_log log;
    const uint64_t interval_ns = UINT64_C(8000000);
    fixture_open();
    mode_open(interval_ns); /* the fixture's thread is the only one, and has the GIL */
    crew_run(2, gil_busy_crew, &log);
    CHECK(log.last_ns - log.first_ns >= interval_ns * (GIL_TURNS - 3));
    fixture_close();
}

/* Thread 0 is detached until thread 1, which runs, says so. */
static void gil_detached_crew(struct crew *crew, unsigned index)
{
    struct a32 *stage = crew->argument;
    struct thread *self = thread_self();
    if (index == 0) {
        thread_detach(self);
        a32_store_release(stage, 1);
        while (a32_load_acquire(stage) != 2)
            shim_yield();
        thread_attach(self);
        return;
    }
    await(stage, 1);
    object_decref(probe_new(0));
    uint64_t turns = mode_turns(&self->mode);
    for (int i = 0; i < 1000; i++)
        CHECK(!thread_safepoint(self)); /* nobody asks for it */
    CHECK_INT(mode_turns(&self->mode), turns);
    a32_store_release(stage, 2);
}

static void case_gil_detached(void)
{
    static struct a32 stage;
    fixture_open();
    crew_run(2, gil_detached_crew, &stage);
    check_deaths(1);
    fixture_close();
}

/* A waiter is woken by the release, not by the end of its interval, which does not come within this test. Who has the
 * GIL sets the interval while the other is detached. */
static void gil_wakes_crew(struct crew *crew, unsigned index)
{
    struct a32 *stage = crew->argument;
    struct thread *self = thread_self();
    if (index == 0) {
        await(stage, 1);
        mode_open(UINT64_C(3600000000000));
        a32_store_release(stage, 2);
        while (a32_load_acquire(stage) != 3)
            shim_yield();
        for (int i = 0; i < 1000; i++)
            shim_yield(); /* so that thread 1 waits by now, as a rule */
    }
    thread_detach(self);
    if (index == 0) {
        while (a32_load_acquire(stage) != 4)
            shim_yield();
    } else {
        a32_store_release(stage, 1);
        while (a32_load_acquire(stage) != 2)
            shim_yield();
        a32_store_release(stage, 3);
        thread_attach(self);
        mode_open(SWITCH_INTERVAL_NS);
        thread_detach(self);
        a32_store_release(stage, 4);
    }
    thread_attach(self);
}

static void case_gil_wakes(void)
{
    static struct a32 stage;
    fixture_open();
    crew_run(2, gil_wakes_crew, &stage);
    fixture_close();
}

static uint64_t gil_waits_begin_ns;

/* Each turn that a busy thread gets back is one wait, as long as the other's turn at least, and no longer than the
 * whole case. So is the wait of a thread that enters while the other one has the GIL. */
static void gil_waiting_crew(struct crew *crew, unsigned index)
{
    struct gil_log *log = crew->argument;
    struct thread *self = thread_self();
    struct histogram *waits = mode_waits(&self->mode);
    if (waits == NULL) { /* compiled for every mode, run where there is a GIL */
        CHECK(!MODE_GIL);
        return;
    }
    uint64_t before = waits->count;
    gil_log_turn(log, index);
    for (uint64_t suspended = 0; log->length < GIL_TURNS;) {
        if (!thread_safepoint(self))
            continue;
        gil_log_turn(log, index);
        CHECK_INT((int64_t)(waits->count - before), (int64_t)++suspended);
    }
    CHECK(waits->max >= SWITCH_INTERVAL_NS);
    CHECK(waits->max <= clock_ns() - gil_waits_begin_ns);
    histogram_reset(waits);
    CHECK_INT((int64_t)waits->count, 0);
}

/* A GIL that is free is taken without a wait. */
static void case_gil_waits(void)
{
    static struct gil_log log;
    fixture_open();
    struct thread *self = thread_self();
    struct histogram *waits = mode_waits(&self->mode);
    uint64_t before = waits != NULL ? waits->count : 0;
    for (int i = 0; i < 100; i++) {
        thread_detach(self);
        thread_attach(self);
    }
    CHECK_INT(waits != NULL ? (int64_t)waits->count : -1, (int64_t)before);
    gil_waits_begin_ns = clock_ns();
    crew_run(2, gil_waiting_crew, &log);
    fixture_close();
}

/* ---- without a GIL ------------------------------------------------------------------------------------------- */

static void case_never_suspended(void)
{
    fixture_open();
    for (int i = 0; i < 1000; i++)
        CHECK(!thread_safepoint(thread_self()));
    CHECK_INT((int64_t)mode_turns(&thread_self()->mode), 0);
    CHECK(mode_waits(&thread_self()->mode) == NULL);
    fixture_close();
}

#endif
