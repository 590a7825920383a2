/* Scenarios of objects that are reached without a reference: upgrades, slots, containers, publishing. */
#ifndef RCBENCH_TESTS_SCHEMES_EXPLORE_SHARING_H
#define RCBENCH_TESTS_SCHEMES_EXPLORE_SHARING_H

#include "tests/schemes/explore/stage.h"

/* Weak upgrade against the last drop: a dead object never comes back, one that was got is alive. */
static void upgrade_prologue(int thread)
{
    if (thread == 1)
        stage.o[0] = probe_kept(0, 1);
}
static void upgrade_run(int thread)
{
    struct object *o = stage.o[0];
    if (thread != 1 && !rc_try_incref(&o->rc))
        return;
    probe_use(o);
    object_decref(o);
    if (thread == 1)
        safepoint();
}
static void upgrade_finish(void)
{
    check_deaths(0, 1);
    CHECK(RC_NEVER_FREES || !rc_try_incref(&stage.o[0]->rc));
    probe_bury(0);
}

/* The same, where the last reference is a stranger's: thread 1, which made the object, only upgrades. */
static void upgrade_stranger_run(int thread)
{
    struct object *o = stage.o[0];
    if (thread != 2 && !rc_try_incref(&o->rc))
        return;
    probe_use(o);
    object_decref(o);
    if (thread == 1)
        safepoint();
}

/* Loads from a slot against stores into it, which free what was there. */
static void slot_prologue(int thread)
{
    if (thread == 1)
        slot_init(&stage.slot, probe_shared(0, 1));
}
static void slot_run(int thread)
{
    if (thread == 2) {
        CHECK(slot_store(&stage.slot, probe_new(1)) == 0);
        return;
    }
    struct object *o = slot_load(&stage.slot);
    probe_use(o);
    object_decref(o);
    if (thread == 1)
        safepoint();
}
static void slot_finish(void)
{
    object_decref(slot_exchange(&stage.slot, NULL));
    settle();
    two_died_once();
}

/* Two who store: each frees what the other has put there. */
static void slot_stores_run(int thread)
{
    if (thread == 3) {
        slot_run(thread);
        return;
    }
    CHECK(slot_store(&stage.slot, probe_new((uint32_t)thread)) == 0);
    safepoint();
}
static void slot_stores_finish(void)
{
    slot_finish();
    check_deaths(2, 1);
}

/* A list with an object in it becomes reachable while others look for it. */
static void publish_run(int thread)
{
    if (thread == 1) {
        struct object *list = list_new(), *item = probe_new(0);
        CHECK(list != NULL && list_append(list, item) == 0);
        CHECK(slot_store(&stage.slot, list) == 0);
        object_decref(item);
        return;
    }
    struct object *list = slot_load(&stage.slot);
    if (list == NULL)
        return;
    struct object *item = list_get(list, 0);
    probe_use(item);
    object_decref(item);
    object_decref(list);
}
static void publish_finish(void)
{
    object_xdecref(slot_exchange(&stage.slot, NULL));
    settle();
    check_deaths(0, 1);
}

/* Something is stored into a container that is public already. */
static void public_list_prepare(void)
{
    stage.o[1] = list_new();
    CHECK(stage.o[1] != NULL && object_publish(stage.o[1]) == 0);
}
static void public_list_run(int thread)
{
    if (thread == 1) {
        struct object *inner = list_new(), *item = probe_new(0);
        CHECK(inner != NULL && list_append(inner, item) == 0 && list_append(stage.o[1], inner) == 0);
        object_decref(inner);
        object_decref(item);
        return;
    }
    struct object *inner = list_pop(stage.o[1]);
    if (inner == NULL)
        return;
    struct object *item = list_get(inner, 0);
    probe_use(item);
    object_decref(inner);
    object_decref(item);
}
static void public_list_finish(void)
{
    object_decref(stage.o[1]);
    settle();
    check_deaths(0, 1);
}

/* A dict is read while its value is replaced and taken out. */
static void dict_prologue(int thread)
{
    if (thread != 1)
        return;
    struct object *value = probe_new(0);
    stage.o[1] = dict_new();
    CHECK(stage.o[1] != NULL && dict_set(stage.o[1], none(), value) == 0 && object_publish(stage.o[1]) == 0);
    object_decref(value);
}
static void dict_run(int thread)
{
    if (thread == 2) {
        struct object *value = probe_new(1);
        CHECK(dict_set(stage.o[1], none(), value) == 0);
        object_decref(value);
    } else if (thread == 3) {
        dict_delete(stage.o[1], none());
    } else {
        struct object *value = dict_get(stage.o[1], none());
        if (value != NULL) {
            probe_use(value);
            object_decref(value);
        }
        safepoint();
    }
}
static void dict_finish(void)
{
    object_decref(stage.o[1]);
    settle();
    two_died_once();
}

/* One makes objects and hands them over, another one takes them and drops them. */
static void handoff_run(int thread)
{
    struct object *o = thread == 1 ? probe_new(0) : NULL;
    if (o != NULL)
        CHECK(object_publish(o) == 0);
    struct object *taken = slot_exchange(&stage.slot, o);
    if (taken != NULL) {
        probe_use(taken);
        object_decref(taken);
    }
    if (thread == 1)
        safepoint();
}

/* References change hands: what a stranger has counted is dropped by the owner, whose own count comes to its end while
 * another stranger, who has marked the object for the owner's queue, has not yet looked for the owner. */
static void change_hands_run(int thread)
{
    struct object *o = stage.o[0];
    if (thread == 3) {
        slot_exchange(&stage.slot, object_incref(o));
        slot_exchange(&stage.second_slot, o);
        return;
    }
    if (thread == 1) {
        object_xdecref(slot_exchange(&stage.slot, NULL));
        object_xdecref(slot_exchange(&stage.second_slot, NULL));
    }
    probe_use(o);
    object_decref(o);
    if (thread == 1)
        safepoint();
}
static void change_hands_finish(void)
{
    object_xdecref(slot_exchange(&stage.slot, NULL));
    object_xdecref(slot_exchange(&stage.second_slot, NULL));
    settle();
    check_deaths(0, 1);
}

/* A container and what it holds go in different hands: the destruction of one drops the other. */
static void nested_prologue(int thread)
{
    if (thread != 1)
        return;
    stage.o[0] = probe_new(0);
    stage.o[1] = list_new();
    CHECK(stage.o[1] != NULL && list_append(stage.o[1], stage.o[0]) == 0);
    CHECK(object_publish(stage.o[0]) == 0 && object_publish(stage.o[1]) == 0);
    if (stage_count > 2)
        object_incref(stage.o[1]);
}
static void nested_run(int thread)
{
    if (thread == 1) {
        probe_use(stage.o[0]);
        object_decref(stage.o[0]);
        safepoint();
    } else {
        object_decref(stage.o[1]);
    }
}

/* The owner leaves, or blocks, with a container in its queue: what is in there dies in the merge, while others drop it
 * too. */
static void leave_nested_prologue(int thread)
{
    if (thread != 1)
        return;
    stage.o[0] = probe_new(0);
    stage.o[1] = list_new();
    CHECK(stage.o[1] != NULL && list_append(stage.o[1], stage.o[0]) == 0);
    CHECK(object_publish(stage.o[0]) == 0 && object_publish(stage.o[1]) == 0);
}
static void leave_nested_run(int thread)
{
    if (thread == 2)
        object_decref(stage.o[1]);
    if (thread == (stage_count > 2 ? 3 : 2))
        object_decref(stage.o[0]);
}
static void sleep_nested_run(int thread)
{
    leave_nested_run(thread);
    if (thread != 1)
        return;
    thread_detach(stage_threads[1]);
    thread_attach(stage_threads[1]);
    safepoint();
}

/* An item of a list is replaced while others read it and replace it. */
static void list_set_prologue(int thread)
{
    if (thread != 1)
        return;
    struct object *item = probe_new(0);
    stage.o[1] = list_new();
    CHECK(stage.o[1] != NULL && list_append(stage.o[1], item) == 0 && object_publish(stage.o[1]) == 0);
    object_decref(item);
}
static void list_set_run(int thread)
{
    if (thread == 2) {
        struct object *item = list_get(stage.o[1], 0);
        probe_use(item);
        object_decref(item);
        return;
    }
    struct object *item = probe_new((uint32_t)thread);
    CHECK(list_set(stage.o[1], 0, item) == 0);
    object_decref(item);
    if (thread == 1)
        safepoint();
}
static void list_set_finish(void)
{
    object_decref(stage.o[1]);
    settle();
    two_died_once();
    check_deaths(3, stage_count > 2);
}

/* A dict that is full, with a deleted key in it, takes one key more while others read it and delete from it. The keys
 * are the small ints that all threads share. */
enum { DICT_FULL = 6 };
static void dict_grow_prologue(int thread)
{
    if (thread != 1)
        return;
    struct object *value = probe_new(0);
    stage.o[1] = dict_new();
    CHECK(stage.o[1] != NULL);
    for (int i = 0; i < DICT_FULL; i++)
        CHECK(dict_set(stage.o[1], model.small_ints[i], i == 1 ? value : none()) == 0);
    CHECK(dict_delete(stage.o[1], model.small_ints[0]) == 0 && object_publish(stage.o[1]) == 0);
    object_decref(value);
}
static void dict_grow_run(int thread)
{
    struct object *value = NULL;
    switch (thread) {
    case 1:
        value = probe_new(1);
        CHECK(dict_set(stage.o[1], none(), value) == 0);
        object_decref(value);
        safepoint();
        break;
    case 2:
        value = dict_get(stage.o[1], model.small_ints[1]);
        if (value != NULL) {
            probe_use(value);
            object_decref(value);
        }
        break;
    default: CHECK(dict_delete(stage.o[1], model.small_ints[1]) == 0);
    }
}
static void dict_grow_finish(void)
{
    CHECK(dict_length(stage.o[1]) == DICT_FULL - (stage_count > 2));
    dict_finish();
}

/* Instances of one class are made and die in all threads while an attribute of a shared one is read and set; the class
 * dies with its last instance. */
static void instances_prologue(int thread)
{
    if (thread != 1)
        return;
    struct object *names = tuple_new(1), *value = probe_new(0);
    CHECK(names != NULL);
    tuple_fill(names, 0, object_incref(none()));
    stage.o[0] = class_new(none(), names, false);
    stage.o[1] = instance_new(stage.o[0]);
    CHECK(stage.o[0] != NULL && stage.o[1] != NULL && instance_set(stage.o[1], none(), value) == 0);
    CHECK(object_publish(stage.o[1]) == 0);
    object_decref(names);
    object_decref(value);
    for (int i = 1; i < stage_count; i++)
        object_incref(stage.o[0]);
}
static void instances_run(int thread)
{
    struct object *own = instance_new(stage.o[0]), *value = NULL;
    CHECK(own != NULL);
    object_decref(stage.o[0]);
    if (thread == 2) {
        value = probe_new(1);
        CHECK(instance_set(stage.o[1], none(), value) == 0);
    } else {
        value = instance_get(stage.o[1], none());
        probe_use(value);
    }
    object_decref(value);
    object_decref(own);
    if (thread == 1)
        safepoint();
}

/* None is read by everybody. */
static void none_run(int thread)
{
    (void)thread;
    struct object *o = object_incref(none());
    object_incref(o);
    object_decref(o);
    object_decref(o);
}
static void none_finish(void) { check_count(none(), model.immortal ? RC_AUDIT_IMMORTAL : 1); }

#endif
