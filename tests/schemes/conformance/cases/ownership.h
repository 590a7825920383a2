/* One thread makes, another drops: while the owner works, while it is detached, after it has left. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_OWNERSHIP_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_OWNERSHIP_H

#include "tests/schemes/conformance/fixture.h"

enum { OWNED = 1000 };

/* Thread 0 is the owner, thread 1 the stranger. */
struct ownership {
    struct object *objects[OWNED];
    struct a32 made, dropped;
};

static void make_owned(struct ownership *shared)
{
    for (uint32_t i = 0; i < OWNED; i++)
        shared->objects[i] = probe_new_public(i);
}

static void drop_owned(struct ownership *shared)
{
    for (uint32_t i = 0; i < OWNED; i++) {
        CHECK_INT(probe_check(shared->objects[i]), i);
        object_decref(shared->objects[i]);
    }
}

static void stranger_drops(struct ownership *shared)
{
    await(&shared->made, 1);
    drop_owned(shared);
    a32_store_release(&shared->dropped, 1);
}

/* ---- while the owner works ------------------------------------------------------------------------- */

static void owner_works_crew(struct crew *crew, unsigned index)
{
    struct ownership *shared = crew->argument;
    if (index == 1) {
        stranger_drops(shared);
        return;
    }
    make_owned(shared);
    a32_store_release(&shared->made, 1);
    await(&shared->dropped, 1);
    settle();
    check_deaths(OWNED); /* and the owner is still here */
}

static void case_drop_while_owner_works(void)
{
    static struct ownership shared;
    fixture_open();
    crew_run(2, owner_works_crew, &shared);
    check_deaths(OWNED);
    fixture_close();
}

/* ---- the count, before the owner has merged what the stranger dropped ------------------------------------- */

static void owner_counts_crew(struct crew *crew, unsigned index)
{
    struct ownership *shared = crew->argument;
    if (index == 1) {
        stranger_drops(shared);
        return;
    }
    make_owned(shared);
    for (uint32_t i = 0; i < OWNED; i++)
        object_incref(shared->objects[i]);
    a32_store_release(&shared->made, 1);
    while (a32_load_acquire(&shared->dropped) == 0) {
        if (MODE_GIL)
            thread_safepoint(thread_self()); /* not otherwise: the owner would merge */
        shim_yield();
    }
    for (uint32_t i = 0; i < OWNED; i++)
        check_count(shared->objects[i], 1);
    int64_t queued = rc_pending(&thread_self()->rc) ? OWNED : 0;
    CHECK_INT((int64_t)rc_late_max(&thread_self()->rc), queued);
    drop_owned(shared);
    settle();
    check_deaths(OWNED);
    CHECK_INT((int64_t)rc_late_max(&thread_self()->rc), queued); /* the most so far, not what is queued now */
}

static void case_count_before_merge(void)
{
    static struct ownership shared;
    fixture_open();
    crew_run(2, owner_counts_crew, &shared);
    fixture_close();
}

/* ---- in a fixed order: the stranger has counted references of its own -------------------------------------- */

/* Thread `first` drops what it has, then the other one uses the objects and drops the rest. */
static void drop_in_order(struct crew *crew, unsigned index, unsigned first)
{
    struct ownership *shared = crew->argument;
    if (index == 0)
        make_owned(shared);
    crew_meet(crew);
    for (uint32_t i = 0; index == 1 && i < OWNED; i++)
        object_incref(shared->objects[i]);
    crew_meet(crew);
    if (index == first)
        drop_owned(shared);
    crew_meet(crew);
    if (index == first)
        return;
    check_deaths(0);
    for (uint32_t i = 0; i < OWNED; i++)
        check_count(shared->objects[i], 1);
    drop_owned(shared);
    settle();
    check_deaths(OWNED);
}

static void owner_first_crew(struct crew *crew, unsigned index) { drop_in_order(crew, index, 0); }
static void stranger_first_crew(struct crew *crew, unsigned index) { drop_in_order(crew, index, 1); }

static void case_owner_drops_first(void)
{
    static struct ownership shared;
    fixture_open();
    crew_run(2, owner_first_crew, &shared);
    fixture_close();
}

static void case_stranger_drops_first(void)
{
    static struct ownership shared;
    fixture_open();
    crew_run(2, stranger_first_crew, &shared);
    fixture_close();
}

/* ---- while the owner is detached: CPython gh-157838 -------------------------------------------------- */

static void owner_detached_crew(struct crew *crew, unsigned index)
{
    struct ownership *shared = crew->argument;
    if (index == 0)
        make_owned(shared);
    crew_meet(crew);
    if (index == 0) {
        struct thread *self = thread_self();
        thread_detach(self);
        a32_store_release(&shared->made, 1);
        while (a32_load_acquire(&shared->dropped) == 0)
            shim_yield();
        thread_attach(self);
        probe_check(shared->objects[0]);
        object_decref(shared->objects[0]); /* what others merged in its absence is its to use again */
        settle();
        check_deaths(OWNED + 1);
        return;
    }
    await(&shared->made, 1);
    object_incref(shared->objects[0]);
    drop_owned(shared);
    settle();
    check_deaths(OWNED - 1); /* without any help from the owner */
    object_incref(shared->objects[0]);
    object_decref(probe_new(0)); /* one of its own */
    settle();
    check_deaths(OWNED);
    object_decref(shared->objects[0]); /* leaves the one taken first, for the owner */
    a32_store_release(&shared->dropped, 1);
}

static void case_drop_while_owner_detached(void)
{
    static struct ownership shared;
    fixture_open();
    crew_run(2, owner_detached_crew, &shared);
    fixture_close();
}

/* ---- after the owner has left ------------------------------------------------------------------------ */

static void make_crew(struct crew *crew, unsigned index)
{
    (void)index;
    make_owned(crew->argument);
}

static void drop_crew(struct crew *crew, unsigned index)
{
    (void)index;
    drop_owned(crew->argument);
    settle();
    check_deaths(OWNED);
}

static void case_drop_after_owner_left(void)
{
    static struct ownership shared;
    fixture_open();
    crew_run(1, make_crew, &shared);
    crew_run(1, drop_crew, &shared);
    fixture_close();
}

/* ---- the owner leaves with objects in its queue -------------------------------------------------------- */

static void owner_leaves_crew(struct crew *crew, unsigned index)
{
    struct ownership *shared = crew->argument;
    if (index == 1) {
        stranger_drops(shared);
        return;
    }
    make_owned(shared);
    a32_store_release(&shared->made, 1);
    /* Where nothing gates the threads: without a safepoint, so that leaving finds everything queued. */
    while (a32_load_acquire(&shared->dropped) == 0) {
        if (MODE_GIL)
            thread_safepoint(thread_self());
        shim_yield();
    }
}

static void case_owner_leaves_with_queue(void)
{
    static struct ownership shared;
    fixture_open();
    crew_run(2, owner_leaves_crew, &shared);
    check_deaths(OWNED);
    fixture_close();
}

/* Owner and stranger finish at the same moment: objects are queued to a thread that is leaving. */
static void leaving_race_crew(struct crew *crew, unsigned index)
{
    struct ownership *shared = crew->argument;
    if (index == 1)
        stranger_drops(shared);
    else {
        make_owned(shared);
        a32_store_release(&shared->made, 1);
        await(&shared->made, 1);
    }
}

static void case_owner_leaves_meanwhile(void)
{
    fixture_open();
    for (int i = 0; i < 20 * EFFORT; i++) {
        struct ownership shared = {.made = {0}};
        crew_run(2, leaving_race_crew, &shared);
        check_deaths((i + 1) * (int64_t)OWNED);
    }
    fixture_close();
}

/* ---- a new thread has the id of one that has left ------------------------------------------------------ */

/* The calling OS thread, while its own thread of the model is detached, is one that makes objects and
 * leaves, and then another one, at the same address: the allocator is told to reuse it. */
static void case_thread_id_reused(void)
{
    static struct ownership shared;
    fixture_open();
    struct thread *self = thread_self();
    thread_detach(self);
    memory_reuse(sizeof(struct thread) + LINE_BYTES);
    struct thread *first = thread_enter();
    CHECK(first != NULL && first != self);
    make_owned(&shared);
    for (uint32_t i = 0; i < OWNED; i += 2)
        object_incref(shared.objects[i]);
    thread_leave(first);
    struct thread *second = thread_enter();
    CHECK(second == first);
    drop_owned(&shared);
    settle();
    check_deaths(OWNED / 2);
    for (uint32_t i = 0; i < OWNED; i += 2)
        object_decref(shared.objects[i]);
    settle();
    check_deaths(OWNED);
    thread_leave(second);
    memory_reuse(0);
    thread_attach(self);
    fixture_close();
}

/* As above, but strangers drop while the new thread with the old id works. */
static void stranger_of_reused_crew(struct crew *crew, unsigned index)
{
    (void)index;
    stranger_drops(crew->argument);
}

static void *reuse_and_work(void *argument)
{
    struct ownership *shared = argument;
    struct thread *first = thread_enter();
    CHECK(first != NULL);
    make_owned(shared);
    thread_leave(first);
    struct thread *second = thread_enter();
    CHECK(second == first);
    a32_store_release(&shared->made, 1);
    await(&shared->dropped, 1);
    settle();
    check_deaths(OWNED);
    thread_leave(second);
    return NULL;
}

static void case_thread_id_reused_meanwhile(void)
{
    static struct ownership shared;
    pthread_t worker;
    fixture_open();
    memory_reuse(sizeof(struct thread) + LINE_BYTES);
    struct thread *self = thread_self();
    thread_detach(self);
    CHECK_INT(pthread_create(&worker, NULL, reuse_and_work, &shared), 0);
    while (a32_load_acquire(&shared.made) == 0)
        shim_yield();
    thread_attach(self);
    crew_run(1, stranger_of_reused_crew, &shared);
    thread_detach(self);
    CHECK_INT(pthread_join(worker, NULL), 0);
    thread_attach(self);
    memory_reuse(0);
    check_deaths(OWNED);
    fixture_close();
}

/* ---- many threads of the model: more than any table of them has places ----------------------------------- */

enum { MANY_THREADS = 150 };

/* One OS thread is all of them in turn, as the contract allows a detached one. */
static void many_threads_make(struct thread **threads, struct object **objects)
{
    for (uint32_t i = 0; i < MANY_THREADS; i++) {
        threads[i] = thread_enter();
        CHECK(threads[i] != NULL);
        objects[i] = probe_new_public(i);
        object_incref(objects[i]);
        thread_detach(threads[i]);
    }
}

static void case_many_threads(void)
{
    struct thread *threads[MANY_THREADS];
    struct object *objects[MANY_THREADS];
    fixture_open();
    struct thread *self = thread_self();
    thread_detach(self);
    many_threads_make(threads, objects);
    thread_attach(self);
    for (uint32_t i = 0; i < MANY_THREADS; i++) {
        object_decref(objects[i]);
        check_count(objects[i], 1);
    }
    thread_detach(self);
    for (uint32_t i = 0; i < MANY_THREADS; i++) {
        uint32_t at = i * 7 % MANY_THREADS; /* they leave in another order than they came */
        thread_attach(threads[at]);
        CHECK_INT(probe_check(objects[at]), at);
        object_decref(objects[at]);
        settle();
        check_deaths(i + 1);
        thread_leave(threads[at]);
    }
    thread_attach(self);
    fixture_close();
}

#endif
