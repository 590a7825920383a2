/* Forks while other threads exist: in the child there is only the one that forked, and what the others owned, queued
 * and locked must not be in its way. Once with threads stopped at known places, so that everything must come out
 * exactly; and with threads at work, at any instant, where what they were about to do is lost, but nothing that the
 * forking thread holds is counted wrongly or dies too early (core/scheme/contract.h says what is promised). */
#ifndef RCBENCH_TESTS_SCHEMES_RANDOM_FORKS_H
#define RCBENCH_TESTS_SCHEMES_RANDOM_FORKS_H

#include "tests/schemes/random/multi.h"

enum { FORK_THREADS = 3, FORK_OBJECTS = 60, FORKS = 6 };

/* ---- new threads in the child -----------------------------------------------------------------------------------
 */

static void child_crew(struct crew *crew, unsigned index)
{
    struct slot *slots = crew->argument;
    for (uint32_t i = 0; i < 200; i++) {
        CHECK_INT(slot_store(&slots[index], probe_new(i)), 0);
        object_xdecref(slot_load(&slots[(index + 1) % crew->size]));
        thread_safepoint(thread_self());
    }
}

/* They get what gone threads had: memory, and with it ids. */
static void child_threads(void)
{
    struct slot slots[2];
    if (!FORK_CHILD_THREADS)
        return;
    for (int i = 0; i < 2; i++)
        slot_init(&slots[i], NULL);
    crew_run(2, child_crew, slots);
    for (int i = 0; i < 2; i++)
        object_xdecref(slot_exchange(&slots[i], NULL));
    settle();
}

/* ---- threads that are stopped -----------------------------------------------------------------------------------
 */

struct fork_stopped {
    struct object *objects[FORK_THREADS][FORK_OBJECTS]; /* one reference each, the forking thread's */
    struct a32 ready, go;
    struct a32 ask;  /* for the GIL */
    struct a32 made; /* probes */
    uint64_t random;
};

/* A probe, or a tuple of probes. */
static struct object *stopped_object(struct fork_stopped *shared, uint32_t i)
{
    struct object *o;
    if (i % 3 != 0) {
        o = probe_new(i);
        a32_add_relaxed(&shared->made, 1);
    } else {
        o = tuple_new(2);
        CHECK(o != NULL);
        tuple_fill(o, 0, probe_new(i));
        tuple_fill(o, 1, probe_new(i));
        a32_add_relaxed(&shared->made, 2);
    }
    CHECK_INT(object_publish(o), 0);
    return o;
}

/* One thread is detached. The others are too where one thread runs at a time; elsewhere they spin, attached, at no
 * safepoint, so that what is queued to them stays queued. */
static void *stopped_thread(void *argument)
{
    struct crew_member *member = argument;
    struct fork_stopped *shared = member->crew->argument;
    struct thread *self = thread_enter();
    CHECK(self != NULL);
    for (uint32_t i = 0; i < FORK_OBJECTS; i++)
        shared->objects[member->index][i] = stopped_object(shared, i);
    bool detach = MODE_GIL || member->index == 0;
    if (detach)
        thread_detach(self);
    a32_add_acq_rel(&shared->ready, 1);
    for (bool asked = false; a32_load_acquire(&shared->go) == 0; sched_yield()) {
        if (asked || member->index != 1 || a32_load_acquire(&shared->ask) == 0)
            continue;
        asked = true;
        thread_attach(self);
        thread_detach(self);
    }
    if (detach)
        thread_attach(self);
    thread_leave(self);
    return NULL;
}

static void stopped_drop_all(struct fork_stopped *shared)
{
    for (int t = 0; t < FORK_THREADS; t++)
        for (int i = 0; i < FORK_OBJECTS; i++) {
            struct object *o = shared->objects[t][i];
            if (o == NULL)
                continue;
            check_count(o, 1);
            object_incref(o);
            check_count(o, 2);
            object_decref(o);
            object_decref(o);
            shared->objects[t][i] = NULL;
        }
    settle();
    check_deaths(a32_load_relaxed(&shared->made));
}

static void stopped_child(void *argument)
{
    stopped_drop_all(argument);
    child_threads();
    fixture_close();
}

/* Some are dropped before the fork: a scheme with queues has them queued to their owners then. Of the others some
 * have been counted by this thread. */
static void stopped_drop_some(struct fork_stopped *shared)
{
    for (int t = 0; t < FORK_THREADS; t++)
        for (int i = 0; i < FORK_OBJECTS; i++) {
            struct object *o = shared->objects[t][i];
            switch (draw(&shared->random, 3)) {
            case 0:
                shared->objects[t][i] = NULL;
                object_decref(o);
                break;
            case 1:
                object_incref(o);
                object_decref(o);
                break;
            default: break;
            }
        }
}

static void fork_stopped(uint64_t seed)
{
    static struct fork_stopped shared;
    struct crew crew = {.size = FORK_THREADS, .argument = &shared};
    struct crew_member members[FORK_THREADS];
    shared.random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    fixture_open();
    for (unsigned i = 0; i < FORK_THREADS; i++) {
        members[i] = (struct crew_member){.crew = &crew, .index = i};
        CHECK_INT(pthread_create(&members[i].id, NULL, stopped_thread, &members[i]), 0);
    }
    struct thread *self = thread_self();
    thread_detach(self);
    while (a32_load_acquire(&shared.ready) != FORK_THREADS)
        sched_yield();
    thread_attach(self);
    stopped_drop_some(&shared);
    if (MODE_GIL) {
        /* The fork happens while a drop request is pending that nobody in the child has made. */
        a32_store_release(&shared.ask, 1);
        while (!mode_pending(&self->mode))
            sched_yield();
    }
    fork_await(fork_child(stopped_child, &shared));
    thread_detach(self);
    a32_store_release(&shared.go, 1);
    for (unsigned i = 0; i < FORK_THREADS; i++)
        CHECK_INT(pthread_join(members[i].id, NULL), 0);
    thread_attach(self);
    stopped_drop_all(&shared);
    fixture_close();
}

/* ---- threads at work --------------------------------------------------------------------------------------------
 */

static struct fork_gifts {
    unsigned count;
    struct object *objects[MULTI_MAIL];
} fork_gifts;

static void gifts_take(void)
{
    lock8_acquire(&multi.gifts.lock);
    while (multi.gifts.length > 0 && fork_gifts.count < MULTI_MAIL)
        fork_gifts.objects[fork_gifts.count++] = multi.gifts.mail[--multi.gifts.length];
    lock8_release(&multi.gifts.lock);
}

/* Each has one reference, the caller's; whose they were matters to nobody. */
static void gifts_drop(void)
{
    while (fork_gifts.count > 0) {
        struct object *o = fork_gifts.objects[--fork_gifts.count];
        uint32_t number = ((struct known *)o)->number;
        known_touch(o);
        check_count(o, 1);
        object_decref(object_incref(o));
        known_touch(o);
        object_decref(o);
        if (!RC_LATE)
            CHECK_INT(a32_load_relaxed(&oracle.life[number]), LIFE_DEAD);
    }
}

/* The other threads are gone, their objects are not: what this thread holds alone dies when it drops it. */
static void running_child(void *argument)
{
    uint32_t numbers[MULTI_MAIL], count = fork_gifts.count;
    (void)argument;
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = ((struct known *)fork_gifts.objects[i])->number;
    gifts_drop();
    settle();
    for (uint32_t i = 0; !RC_NEVER_FREES && i < count; i++)
        CHECK_INT(a32_load_relaxed(&oracle.life[numbers[i]]), LIFE_DEAD);
    child_threads();
}

/* Threads as in multi.h, one life each; this one takes gifts and forks at any moment. */
static void fork_running(const struct multi_options *options)
{
    struct thread *self;
    uint64_t random = options->seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    if (!FORK_AT_WORK)
        return;
    multi_open(options);
    self = thread_self();
    for (unsigned i = 0; i < options->threads; i++) {
        multi.actors[i].life = MULTI_LIVES - 1;
        CHECK_INT(pthread_create(&multi.actors[i].id, NULL, actor_live, &multi.actors[i]), 0);
    }
    for (int i = 0; i < FORKS; i++) {
        for (uint32_t moments = draw(&random, 200); moments > 0; moments--) {
            thread_safepoint(self);
            sched_yield();
        }
        gifts_take();
        fork_await(fork_child(running_child, NULL));
        gifts_drop();
    }
    thread_detach(self);
    for (unsigned i = 0; i < options->threads; i++)
        CHECK_INT(pthread_join(multi.actors[i].id, NULL), 0);
    thread_attach(self);
    gifts_take();
    gifts_drop();
    multi_close();
}

#endif
