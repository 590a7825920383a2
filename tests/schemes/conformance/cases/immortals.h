/* Immortal objects: never counted, never freed. The memory of those that a case makes immortal is given
 * back by hand, as model_close does. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_IMMORTALS_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_IMMORTALS_H

#include "tests/schemes/conformance/fixture.h"

enum { IMMORTAL_COUNTS = 20000 };

static void count_for_a_while(struct object *o)
{
    for (int i = 0; i < IMMORTAL_COUNTS; i++) {
        object_incref(o);
        OPAQUE(o);
        object_decref(o);
    }
}

static void check_immortal(struct object *o)
{
    if (RC_EXACT_AUDIT)
        CHECK(rc_audit(&o->rc) == RC_AUDIT_IMMORTAL);
}

/* Its header is not written: that is what immortality is for. */
static void case_immortal_is_not_counted(void)
{
    fixture_open();
    struct object *all[] = {none(), bool_of(true), bool_of(false), model.small_ints[0], probe_new(0)};
    CHECK_INT(object_publish(all[4]), 0);
    CHECK(object_immortalize(all[4]));
    for (size_t i = 0; i < 5; i++) {
        struct rc_head before = all[i]->rc;
        check_immortal(all[i]);
        count_for_a_while(all[i]);
        for (int drops = 0; drops < 10; drops++)
            object_decref(all[i]);
        CHECK(rc_try_incref(&all[i]->rc));
        CHECK(!rc_is_unique(&all[i]->rc));
        CHECK_INT(memcmp(&before, &all[i]->rc, sizeof before), 0);
        check_immortal(all[i]);
    }
    check_deaths_now(0);
    object_free(all[4], sizeof(struct probe));
    fixture_close();
}

/* Without immortality the shared objects are counted like any other, and nothing is used up. */
static void case_immortal_refused(void)
{
    fixture_open();
    struct object *o = probe_new(0);
    CHECK(!object_immortalize(o));
    check_count(o, 1);
    check_count(none(), 1);
    object_incref(none());
    check_count(none(), 2);
    object_decref(none());
    object_decref(o);
    check_deaths_now(1);
    fixture_close();
}

static void immortal_crew(struct crew *crew, unsigned index)
{
    (void)index;
    for (int i = 0; i < 10; i++) {
        count_for_a_while(none());
        count_for_a_while(crew->argument);
        thread_safepoint(thread_self());
    }
}

static void case_immortal_threads(void)
{
    fixture_open();
    struct object *o = probe_new_public(0);
    CHECK(object_immortalize(o));
    crew_run(CREW_MAX, immortal_crew, o);
    check_immortal(o);
    check_immortal(none());
    check_deaths_now(0);
    object_free(o, sizeof(struct probe));
    fixture_close();
}

struct immortal_queued {
    struct object *object;
    struct a32 made, dropped;
};

static void immortal_queued_crew(struct crew *crew, unsigned index)
{
    struct immortal_queued *shared = crew->argument;
    if (index == 1) {
        await(&shared->made, 1);
        object_decref(shared->object);
        a32_store_release(&shared->dropped, 1);
        return;
    }
    shared->object = probe_new_public(0);
    object_incref(shared->object);
    a32_store_release(&shared->made, 1);
    /* Where nothing gates the threads: without a safepoint, so that what is queued is still queued. */
    while (a32_load_acquire(&shared->dropped) == 0) {
        if (MODE_GIL)
            thread_safepoint(thread_self());
        shim_yield();
    }
    CHECK(object_immortalize(shared->object));
    settle();
    probe_check(shared->object);
    check_immortal(shared->object);
    count_for_a_while(shared->object);
    check_immortal(shared->object);
}

/* A stranger's reference waits to be merged when the owner makes the object immortal: CPython gh-152276. */
static void case_immortal_while_queued(void)
{
    fixture_open();
    struct immortal_queued shared = {0};
    crew_run(2, immortal_queued_crew, &shared);
    check_immortal(shared.object);
    object_decref(shared.object);
    check_deaths_now(0);
    object_free(shared.object, sizeof(struct probe));
    fixture_close();
}

#endif
