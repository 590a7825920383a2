/* One soak of one variant: threads that come and go for as long as is asked, and then nothing may be left. Drawn from a
 * seed: what each thread does is the same again, when it does it is not. */
#ifndef RCBENCH_TESTS_SCHEMES_SOAK_RUN_H
#define RCBENCH_TESTS_SCHEMES_SOAK_RUN_H

#include <stdio.h>

#include "tests/schemes/soak/actions.h"
#include "tests/schemes/soak/lives.h"

enum { LIFE_STEPS = 20000, PURGE_MS = 100, PROGRESS_MS = 10000 };
#define MS UINT64_C(1000000)

/* ---- a thread ------------------------------------------------------------------------------------------------ */

typedef void soak_fn(struct soaker *s);

static const struct {
    soak_fn *run;
    unsigned weight;
} soak_actions[] = {
    {do_make, 900},       {do_connect, 1200}, {do_load, 900},       {do_copy, 400},       {do_drop, 900},
    {do_clear, 60},       {do_count, 400},    {do_refer_weakly, 300}, {do_follow, 500},   {do_call, 100},
    {do_store_slot, 200}, {do_load_slot, 300}, {do_post, 100},      {do_fetch, 100},      {do_share, 300},
    {do_safepoint, 1500}, {do_sleep, 20},     {do_leave, 5},        {do_collect, 5},      {do_set, 3},
    {do_audit, 2},
};

enum { SOAK_ACTIONS = sizeof soak_actions / sizeof *soak_actions };

static void soak_act(struct soaker *s)
{
    unsigned total = 0, which = 0;
    for (unsigned i = 0; i < SOAK_ACTIONS; i++)
        total += soak_actions[i].weight;
    unsigned at = soak_draw(s, total);
    while (at >= soak_actions[which].weight)
        at -= soak_actions[which++].weight;
    soak_actions[which].run(s);
}

static void soak_step(struct soaker *s)
{
    uint32_t epoch = a32_load_relaxed(&soak.epoch), due = 1;
    if (s->epoch != epoch) {
        s->epoch = epoch;
        soak_drop_held(s);
    }
    if (a32_load_relaxed(&soak.fork_due) != 0 && a32_cas_acquire(&soak.fork_due, &due, 0))
        do_fork(s);
    soak_act(s);
}

/* Half of the threads post what they hold, for others to drop after they have gone. */
static void soaker_end(struct soaker *s)
{
    if (soak_draw(s, 2) == 0)
        for (int i = 0; i < SOAK_HELD; i++)
            do_post(s);
    soak_drop_held(s);
    gate_close_detached();
    thread_leave(thread_self());
    s->phase = SOAKER_ENDED;
    soak.moving++;
    gate_open();
}

static void *soaker_thread(void *argument)
{
    struct soaker *s = soaker_self = argument;
    gate_close();
    CHECK(thread_enter() != NULL);
    s->phase = SOAKER_RUNNING;
    soak.moving--;
    gate_open();
    for (uint32_t steps = 1 + soak_draw(s, LIFE_STEPS); steps > 0 && a32_load_relaxed(&soak.stop) == 0; steps--)
        soak_step(s);
    soaker_end(s);
    return NULL;
}

/* ---- the controller ------------------------------------------------------------------------------------------ */

/* With the gate closed. */
static void soaker_start(struct soaker *s, uint64_t number)
{
    uint64_t random = (soak.options->seed * UINT64_C(0x9e3779b97f4a7c15) + number) * UINT64_C(0xbf58476d1ce4e5b9) | 1;
    *s = (struct soaker){.phase = SOAKER_STARTING, .index = s->index, .random = random,
                         .epoch = a32_load_relaxed(&soak.epoch)};
    soak.moving++;
    CHECK_INT(pthread_create(&s->id, NULL, soaker_thread, s), 0);
    soak_count(&soak.options->tally->threads);
}

/* Joins those that have ended; starts new ones, now and then, where `starts`. How many are left. */
static unsigned tend_threads(struct soaker *controller, bool starts)
{
    unsigned left = 0;
    gate_close();
    for (unsigned i = 1; i <= soak.options->threads; i++) {
        struct soaker *s = &soak.soakers[i];
        if (s->phase == SOAKER_ENDED) {
            CHECK_INT(pthread_join(s->id, NULL), 0);
            s->phase = SOAKER_FREE;
            soak.moving--;
        }
        if (s->phase == SOAKER_FREE && starts && soak_draw(controller, 4) == 0)
            soaker_start(s, (uint64_t)a64_load_relaxed(&soak.options->tally->threads) + 1);
        left += s->phase != SOAKER_FREE;
    }
    gate_open();
    return left;
}

/* All drop what they hold; what is left are cycles, and a collection finds those. Attached. */
static void purge(void)
{
    a32_add_relaxed(&soak.epoch, 1);
    soak_drop_shared();
    gc_unfreeze();
    CHECK(gc_collect(GC_OLD) >= 0);
    soak_audit();
    soak_count(&soak.options->tally->collections);
}

static void print_progress(uint64_t since_ns)
{
    struct soak_tally *tally = soak.options->tally;
    uint64_t tracked = gc_get_objects();
    gate_close_detached(); /* so that no child inherits half a line */
    printf("soak: %s: %llu s: %lld threads, %lld objects, %lld forks so far, %llu tracked now\n", RC_TEXT(RC_VARIANT),
           (unsigned long long)((shim_clock_ns() - since_ns) / (1000 * MS)),
           (long long)a64_load_relaxed(&tally->threads), (long long)a64_load_relaxed(&tally->objects),
           (long long)a64_load_relaxed(&tally->forks), (unsigned long long)tracked);
    fflush(stdout);
    gate_open();
}

/* For a moment: it tends the others, or works itself where it is the only thread. */
static void control(struct soaker *controller)
{
    struct thread *self = thread_self();
    struct timespec moment = {.tv_nsec = (long)MS};
    if (MODE_THREADS_MAX == 1) {
        for (int i = 0; i < 1000; i++)
            soak_step(controller);
        return;
    }
    thread_detach(self);
    (void)tend_threads(controller, true);
    nanosleep(&moment, NULL);
    thread_attach(self);
}

static void soak_until(struct soaker *controller, uint64_t begin, uint64_t end)
{
    uint64_t purge_due = begin + PURGE_MS * MS, fork_due = begin, progress_due = begin + PROGRESS_MS * MS;
    for (uint64_t now = begin; now < end; now = shim_clock_ns()) {
        control(controller);
        if (now >= fork_due) {
            a32_store_release(&soak.fork_due, 1);
            fork_due = now + (10 + soak_draw(controller, 100)) * MS;
        }
        if (now >= purge_due) {
            purge();
            purge_due = now + PURGE_MS * MS;
        }
        if (soak.options->progress && now >= progress_due) {
            print_progress(begin);
            progress_due = now + PROGRESS_MS * MS;
        }
    }
}

static void end_threads(struct soaker *controller)
{
    struct thread *self = thread_self();
    a32_store_release(&soak.stop, 1);
    thread_detach(self);
    while (tend_threads(controller, false) > 0)
        shim_yield();
    thread_attach(self);
    soak_drop_held(controller);
}

static void soak_run(const struct soak_options *options)
{
    struct soak_tally *tally = options->tally;
    soak_open(options);
    struct soaker *controller = &soak.soakers[0];
    uint64_t begin = shim_clock_ns();
    soak_until(controller, begin, begin + options->ns);
    end_threads(controller);
    a64_store_relaxed(&tally->found, (int64_t)gc.statistics.found);
    a64_store_relaxed(&tally->resurrected, (int64_t)gc.statistics.resurrected);
    soak_close();
}

#endif
