/* Several threads count the same objects at once. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_CONTENTION_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_CONTENTION_H

#include "tests/schemes/conformance/fixture.h"

enum { CONTENDED = 1024, CONTENTION_ROUNDS = 10 * EFFORT };

/* What the threads of a crew share in one round after the other; thread 0 makes the objects. */
struct contention {
    struct object *objects[CONTENDED];
};

/* Every object with one reference for each of the crew. */
static void make_contended(struct contention *shared, unsigned references)
{
    for (uint32_t i = 0; i < CONTENDED; i++) {
        shared->objects[i] = probe_new_public(i);
        for (unsigned extra = 1; extra < references; extra++)
            object_incref(shared->objects[i]);
    }
}

/* ---- who drops last? ----------------------------------------------------------------------------------- */

static void drop_together_crew(struct crew *crew, unsigned index)
{
    struct contention *shared = crew->argument;
    for (int round = 0; round < CONTENTION_ROUNDS; round++) {
        if (index == 0)
            make_contended(shared, crew->size);
        crew_meet(crew);
        crew_set_off(crew);
        for (uint32_t i = 0; i < CONTENDED; i++) {
            CHECK_INT(probe_check(shared->objects[i]), i);
            object_decref(shared->objects[i]);
        }
        crew_meet(crew);
        settle();
        crew_meet(crew);
        check_deaths((round + 1) * (int64_t)CONTENDED);
    }
}

static void case_two_drop_together(void)
{
    static struct contention shared;
    fixture_open();
    crew_run(2, drop_together_crew, &shared);
    fixture_close();
}

static void case_many_drop_together(void)
{
    static struct contention shared;
    fixture_open();
    crew_run(CREW_MAX, drop_together_crew, &shared);
    fixture_close();
}

/* ---- the owner counts while strangers make the object merge ------------------------------------------------ */

/* Each counts up and down before it drops, by different amounts, so that the owner's last reference goes
 * before, between and after the strangers' ones. */
static void merge_race_crew(struct crew *crew, unsigned index)
{
    struct contention *shared = crew->argument;
    for (int round = 0; round < CONTENTION_ROUNDS; round++) {
        if (index == 0)
            make_contended(shared, crew->size);
        crew_meet(crew);
        crew_set_off(crew);
        for (uint32_t i = 0; i < CONTENDED; i++) {
            struct object *o = shared->objects[i];
            unsigned ups = (i + index + (unsigned)round) % 4;
            for (unsigned up = 0; up < ups; up++)
                object_incref(o);
            for (unsigned up = 0; up < ups; up++)
                object_decref(o);
            CHECK_INT(probe_check(o), i);
            object_decref(o);
            if (i % 8 == 0)
                thread_safepoint(thread_self());
        }
        crew_meet(crew);
    }
}

static void case_merge_races(void)
{
    static struct contention shared;
    fixture_open();
    crew_run(3, merge_race_crew, &shared);
    check_deaths(CONTENTION_ROUNDS * (int64_t)CONTENDED);
    fixture_close();
}

/* ---- references change hands ---------------------------------------------------------------------------------- */

/* One thread gives up a reference that the owner counted. At that moment another one takes a reference and
 * gives it to the owner, which drops all that it counted: it merges while the first is still looking for it. */
enum { CHANGING_HANDS = MODE_GIL ? 300 : 4000 * EFFORT };

struct changing_hands {
    struct object *object;
    struct a32 made LINE_ALIGNED;  /* objects that are ready to be dropped */
    struct a32 going LINE_ALIGNED; /* objects that are being dropped */
};

static void give_up(struct changing_hands *shared)
{
    for (uint32_t i = 1; i <= CHANGING_HANDS; i++) {
        await(&shared->made, i);
        struct object *o = shared->object;
        a32_store_release(&shared->going, i);
        object_decref(o);
        thread_safepoint(thread_self());
    }
}

/* The owner and the thread that takes are one OS thread: the fewer CPUs it takes to meet, the better. */
static void take_and_drop_all(struct changing_hands *shared)
{
    struct thread *owner = thread_self();
    thread_detach(owner);
    struct thread *taker = thread_enter();
    CHECK(taker != NULL);
    thread_detach(taker);
    for (uint32_t i = 1; i <= CHANGING_HANDS; i++) {
        thread_attach(owner);
        struct object *o = shared->object = probe_new_public(i);
        object_incref(o);
        object_incref(o);
        thread_detach(owner);
        thread_attach(taker);
        a32_store_release(&shared->made, i);
        await(&shared->going, i);
        object_incref(o);
        thread_detach(taker);
        thread_attach(owner);
        for (int references = 0; references < 3; references++)
            object_decref(o); /* its own, and two of the taker's */
        thread_detach(owner);
    }
    thread_attach(taker);
    thread_leave(taker);
    thread_attach(owner);
}

static void changing_hands_crew(struct crew *crew, unsigned index)
{
    if (index == 0)
        take_and_drop_all(crew->argument);
    else
        give_up(crew->argument);
}

static void case_references_change_hands(void)
{
    static struct changing_hands shared;
    fixture_open();
    crew_run(2, changing_hands_crew, &shared);
    check_deaths(CHANGING_HANDS);
    fixture_close();
}

/* ---- one object, counted by all ---------------------------------------------------------------------------- */

enum { ONE_PAIRS = 20000 * EFFORT, ONE_KEPT = 100 };

static void count_one_crew(struct crew *crew, unsigned index)
{
    struct object *o = crew->argument;
    (void)index;
    for (int i = 0; i < ONE_PAIRS; i++) {
        object_incref(o);
        probe_check(o);
        if (i >= ONE_KEPT)
            object_decref(o);
        thread_safepoint(thread_self());
    }
}

static void release_one_crew(struct crew *crew, unsigned index)
{
    (void)index;
    for (int i = 0; i < ONE_KEPT; i++)
        object_decref(crew->argument);
}

static void case_one_counted_by_all(void)
{
    fixture_open();
    struct object *o = probe_new_public(3);
    crew_run(CREW_MAX, count_one_crew, o);
    check_count(o, 1 + CREW_MAX * ONE_KEPT);
    crew_run(CREW_MAX, release_one_crew, o); /* other threads than those that took them */
    settle();
    check_count(o, 1);
    check_deaths(0);
    CHECK_INT(probe_check(o), 3);
    object_decref(o);
    settle();
    check_deaths(1);
    fixture_close();
}

/* ---- immutable data, read by all ---------------------------------------------------------------------------- */

static void read_crew(struct crew *crew, unsigned index)
{
    struct object *tuple = crew->argument;
    size_t length = tuple_of(tuple)->length;
    for (size_t i = 0; i < 2000 * EFFORT; i++) {
        size_t at = (i * 7 + index) % length;
        struct object *item = object_incref(tuple_peek(tuple, at));
        struct object *same = int_get(int_value(item));
        CHECK(same != NULL);
        CHECK_INT(object_compare(item, same), 0);
        object_decref(same);
        object_decref(item);
        thread_safepoint(thread_self());
    }
}

static void case_immutable_reads(void)
{
    enum { ITEMS = 400 }; /* shared ints, and beyond them ints of its own */
    fixture_open();
    struct object *tuple = tuple_new(ITEMS);
    CHECK(tuple != NULL);
    for (int64_t i = 0; i < ITEMS; i++)
        tuple_fill(tuple, (size_t)i, int_get(i));
    CHECK_INT(object_publish(tuple), 0);
    crew_run(CREW_MAX, read_crew, tuple);
    settle();
    check_count(tuple, 1);
    for (size_t i = SMALL_INT_MAX + 1; i < ITEMS; i++)
        check_count(tuple_peek(tuple, i), 1);
    object_decref(tuple);
    fixture_close();
}

/* ---- uniqueness ------------------------------------------------------------------------------------------------ */

static void unique_crew(struct crew *crew, unsigned index)
{
    struct object *o = crew->argument;
    (void)index;
    object_incref(o);
    crew_meet(crew); /* from here to the next one all hold a reference */
    for (int i = 0; i < 2000 * EFFORT; i++) {
        CHECK(!rc_is_unique(&o->rc));
        object_incref(o);
        CHECK(!rc_is_unique(&o->rc));
        object_decref(o);
        thread_safepoint(thread_self());
    }
    crew_meet(crew);
    object_decref(o);
}

static void case_unique_among_threads(void)
{
    fixture_open();
    struct object *o = probe_new_public(0);
    crew_run(3, unique_crew, o);
    settle();
    check_count(o, 1);
    object_decref(o);
    settle();
    check_deaths(1);
    fixture_close();
}

/* Its own reference and a stranger's: the owner must not take the object for its own (CPython gh-140061). */
static void unique_owner_crew(struct crew *crew, unsigned index)
{
    struct contention *shared = crew->argument;
    if (index == 0)
        shared->objects[0] = probe_new_public(0);
    crew_meet(crew);
    if (index == 1)
        object_incref(shared->objects[0]);
    crew_meet(crew);
    CHECK(!rc_is_unique(&shared->objects[0]->rc));
    crew_meet(crew);
    object_decref(shared->objects[0]);
}

static void case_unique_owner_and_stranger(void)
{
    static struct contention shared;
    fixture_open();
    crew_run(2, unique_owner_crew, &shared);
    check_deaths(1);
    fixture_close();
}

/* The stranger writes to the objects and gives up its references; the owner sees that each is its own alone, and
 * writes too. That it may is all that uniqueness is for: ThreadSanitizer must find no race. */
static void unique_after_stranger_crew(struct crew *crew, unsigned index)
{
    struct contention *shared = crew->argument;
    if (index == 0)
        make_contended(shared, 1);
    crew_meet(crew);
    for (uint32_t i = 0; index == 1 && i < CONTENDED; i++)
        object_incref(shared->objects[i]);
    crew_meet(crew);
    for (uint32_t i = 0; i < CONTENDED; i++) {
        struct object *o = shared->objects[i];
        while (index == 0 && !rc_is_unique(&o->rc)) {
            thread_safepoint(thread_self());
            shim_yield();
        }
        ((struct probe *)o)->id++;
        if (index == 0)
            CHECK_INT(probe_check(o), i + 2);
        object_decref(o);
    }
}

static void case_unique_after_stranger(void)
{
    static struct contention shared;
    fixture_open();
    crew_run(2, unique_after_stranger_crew, &shared);
    check_deaths(CONTENDED);
    fixture_close();
}

#endif
