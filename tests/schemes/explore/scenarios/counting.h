/* Scenarios of one object and those who count it. Thread 1 is the owner where there is one. */
#ifndef RCBENCH_TESTS_SCHEMES_EXPLORE_COUNTING_H
#define RCBENCH_TESTS_SCHEMES_EXPLORE_COUNTING_H

#include "tests/schemes/explore/stage.h"

static void died_once(void) { check_deaths(0, 1); }

/* The owner makes the object, with a reference for each thread. */
static void owner_makes(int thread)
{
    if (thread == 1)
        stage.o[0] = probe_shared(0, stage_count);
}

/* Each thread has objects of its own, and they die when their last reference goes. */
static void private_run(int thread)
{
    uint32_t id = (uint32_t)thread;
    struct object *o = probe_new(id);
    object_incref(o);
    probe_use(o);
    object_decref(o);
    probe_change(o);
    check_count(o, 1);
    object_decref(o);
    settle();
    check_deaths(id, 1);
}

/* All threads drop at once an object that a thread which sleeps has made. */
static void strangers_prepare(void) { stage.o[0] = probe_shared(0, stage_count); }
static void drop_run(int thread)
{
    (void)thread;
    probe_use(stage.o[0]);
    object_decref(stage.o[0]);
}

/* The owner drops its reference while the others drop theirs; it has a safepoint afterwards. */
static void owner_and_strangers_run(int thread)
{
    drop_run(thread);
    if (thread == 1)
        safepoint();
}

/* A reference more, and one less, while others drop. */
static void incref_run(int thread)
{
    struct object *o = stage.o[0];
    if (thread != 1) {
        object_incref(o);
        probe_use(o);
        object_decref(o);
    }
    drop_run(thread);
}

/* The owner makes the object, and each of the others counts its own reference. */
static void each_takes(int thread)
{
    if (thread == 1)
        stage.o[0] = probe_shared(0, 1);
    else
        object_incref(stage.o[0]);
}

/* The owner has given all its references away and goes on working. */
static void given_away_prologue(int thread)
{
    if (thread == 1)
        stage.o[0] = probe_shared(0, stage_count - 1);
}
static void given_away_run(int thread)
{
    if (thread != 1) {
        drop_run(thread);
        return;
    }
    safepoint();
    (void)rc_late_max(&thread_self()->rc);
    safepoint();
}

/* The owner sleeps: it blocks, detached, while strangers drop, comes back, and goes on with the object. */
static void sleep_run(int thread)
{
    if (thread != 1) {
        drop_run(thread);
        return;
    }
    thread_detach(stage_threads[1]);
    thread_attach(stage_threads[1]);
    object_incref(stage.o[0]);
    object_decref(stage.o[0]);
    drop_run(thread);
    safepoint();
}

static void two_died_once(void)
{
    check_deaths(0, 1);
    check_deaths(1, 1);
}

/* The owner leaves, with references of two objects in the hands of others. */
static void leave_prologue(int thread)
{
    if (thread == 1)
        for (uint32_t i = 0; i < 2; i++)
            stage.o[i] = probe_shared(i, stage_count);
}
static void leave_run(int thread)
{
    for (int i = 0; i < 2; i++) {
        struct object *o = stage.o[thread == 2 ? i : 1 - i];
        probe_use(o);
        object_decref(o);
    }
}
/* The owner leaves, and its memory, that is its id, goes to a thread that enters: whose object is it then? */
static void reuse_prologue(int thread)
{
    if (thread == 1)
        stage.o[0] = probe_shared(0, 1);
}
static void reuse_run(int thread)
{
    if (thread == 2)
        drop_run(thread);
    if (thread != 3)
        return;
    struct object *o = probe_new(1);
    object_incref(o);
    object_decref(o);
    object_decref(o);
}
static void reuse_finish(void)
{
    check_deaths(0, 1);
    check_deaths(1, stage_count > 2);
}

/* The owner asks whether it alone has the object, and changes it if so, while others read it and drop it. */
static void unique_run(int thread)
{
    struct object *o = stage.o[0];
    if (thread == 1 && rc_is_unique(&o->rc))
        probe_change(o);
    else
        probe_use(o);
    object_decref(o);
    if (thread == 1)
        safepoint();
}

/* The object is opened to rc_try_incref by one who holds it, while others count. */
static void allow_run(int thread)
{
    struct object *o = stage.o[0];
    if (thread == 1) {
        rc_allow_try_incref(&o->rc);
    } else {
        object_incref(o);
        object_decref(o);
    }
    drop_run(thread);
    if (thread == 1)
        safepoint();
}

/* Two objects are dropped by one who may have to wait for their owner each time. */
static void give_two_prologue(int thread)
{
    for (uint32_t i = 0; thread == 1 && i < 2; i++)
        stage.o[i] = probe_shared(i, 1);
}
static void give_two_run(int thread)
{
    if (thread == 1)
        safepoint();
    for (int i = 0; thread == 2 && i < 2; i++)
        object_decref(stage.o[i]);
}

/* The owner makes the object immortal while others drop their references. Nobody else frees it then. */
static void immortal_run(int thread)
{
    struct object *o = stage.o[0];
    if (thread == 1) {
        CHECK(object_immortalize(o));
        safepoint();
        return;
    }
    object_incref(o);
    probe_use(o);
    object_decref(o);
    object_decref(o);
}
static void immortal_finish(void)
{
    check_deaths(0, 0);
    check_count(stage.o[0], RC_AUDIT_IMMORTAL);
    object_free(stage.o[0], sizeof(struct probe));
}

/* More references than the scheme can count: the object stays, whatever is dropped; the count does not wrap. */
static void overflow_prologue(int thread)
{
    owner_makes(thread);
#if RC_COUNT_MAX
    if (thread == 1) {
        rc_set_count(&stage.o[0]->rc, RC_COUNT_MAX - 1);
        check_count(stage.o[0], RC_COUNT_MAX - 1);
    }
#endif
}
static void overflow_run(int thread)
{
    for (int i = 0; i < 4; i++)
        object_incref(stage.o[0]);
    for (int i = 0; i < 4; i++)
        object_decref(stage.o[0]);
    if (thread == 1)
        safepoint();
}
static void overflow_finish(void)
{
    check_deaths(0, 0);
    probe_use(stage.o[0]);
    object_free(stage.o[0], sizeof(struct probe));
}

/* A count is right when all have come to rest: everybody takes a reference and keeps it. */
static void audit_run(int thread)
{
    object_incref(stage.o[0]);
    if (thread == 1)
        safepoint();
}
static void audit_finish(void)
{
    check_count(stage.o[0], 2 * stage_count);
    for (int i = 0; i < 2 * stage_count; i++) {
        probe_use(stage.o[0]);
        object_decref(stage.o[0]);
    }
    settle();
    check_deaths(0, 1);
}

#endif
