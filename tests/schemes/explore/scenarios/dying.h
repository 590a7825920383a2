/* Scenarios of containers that others can get hold of, or are told of, while they die: uniqueness, callbacks,
 * finalizers. */
#ifndef RCBENCH_TESTS_SCHEMES_EXPLORE_DYING_H
#define RCBENCH_TESTS_SCHEMES_EXPLORE_DYING_H

#include "tests/schemes/explore/scenarios/collecting.h"

/* Each is written by one thread alone, in an execution that is right. */
static int dying_calls, dying_finalized;

/* ---- uniqueness ------------------------------------------------------------------------------------------- */

/* A weak reference, and one to it for each thread but the first. */
static void unique_weak_prologue(int thread)
{
    weak_prologue(thread);
    for (int i = 2; thread == 1 && i < stage_count; i++)
        object_incref(stage.o[1]);
}

/* The owner changes what it alone can reach. */
static void change_if_unique(void)
{
    struct object *o = stage.o[0];
    if (object_is_unique(o))
        link_change(o);
    object_decref(o);
    safepoint();
}

/* Others follow a weak reference meanwhile, drop it, and use what they have found. */
static void follow_last(struct object *weak)
{
    struct object *found = weakref_get(weak);
    object_decref(weak);
    if (found == NULL)
        return;
    link_use(found);
    object_decref(found);
}

static void unique_weak_run(int thread)
{
    if (thread == 1)
        change_if_unique();
    else
        follow_last(stage.o[1]);
}

/* Another one who holds the object makes a weak reference, hands it on and drops its own reference. */
static void unique_made_prologue(int thread)
{
    if (thread != 1)
        return;
    stage.o[0] = link_new(0, NULL);
    CHECK(object_publish(stage.o[0]) == 0);
    object_incref(stage.o[0]);
}
static void unique_made_run(int thread)
{
    struct object *weak = NULL;
    switch (thread) {
    case 1: change_if_unique(); break;
    case 2:
        weak = weakref_new(stage.o[0], NULL, NULL);
        CHECK(weak != NULL);
        slot_exchange(&stage.slot, weak);
        object_decref(stage.o[0]);
        break;
    default:
        weak = slot_exchange(&stage.slot, NULL);
        if (weak != NULL)
            follow_last(weak);
    }
}
static void unique_made_finish(void)
{
    object_xdecref(slot_exchange(&stage.slot, NULL));
    died_once();
}

/* ---- weak references --------------------------------------------------------------------------------------- */

/* All make the one without a callback at once: there is one. */
static void weak_same_prologue(int thread)
{
    if (thread != 1)
        return;
    stage.o[0] = link_new(0, NULL);
    CHECK(object_publish(stage.o[0]) == 0);
}
static void weak_same_run(int thread)
{
    stage.o[thread] = weakref_new(stage.o[0], NULL, NULL);
    CHECK(stage.o[thread] != NULL);
}
static void weak_same_finish(void)
{
    for (int i = 1; i <= stage_count; i++) {
        CHECK(stage.o[i] == stage.o[1]);
        object_decref(stage.o[i]);
    }
    object_decref(stage.o[0]);
    settle();
    died_once();
}

/* A weak reference with a callback dies while its object does; another one, with a callback too, lives and is followed. */
static void dying_call(struct object *weak, struct object *argument)
{
    (void)argument;
    CHECK(weakref_get(weak) == NULL);
    dying_calls += weak == stage.o[1];
}
static void weak_called_prologue(int thread)
{
    if (thread != 1)
        return;
    dying_calls = 0;
    stage.o[0] = link_new(0, NULL);
    CHECK(object_publish(stage.o[0]) == 0);
    stage.o[1] = weakref_new(stage.o[0], dying_call, NULL);
    stage.o[2] = weakref_new(stage.o[0], dying_call, NULL);
    CHECK(stage.o[1] != NULL && stage.o[2] != NULL);
}
static void weak_called_run(int thread)
{
    switch (thread) {
    case 1: object_decref(stage.o[0]); break;
    case 2: object_decref(stage.o[2]); break;
    default: follow(link_use);
    }
    if (thread == 1)
        safepoint();
}
static void weak_called_finish(void)
{
    CHECK(dying_calls == 1);
    weak_finish();
}

/* ---- finalizers -------------------------------------------------------------------------------------------- */

/* Its last drop is seen by a finalizer, which counts it up and down, while others follow a weak reference. */
static void finalize_look(struct object *self)
{
    dying_finalized++;
    link_use(self);
    object_decref(object_incref(self));
}

/* The finalizer brings it back. */
static void finalize_keep(struct object *self)
{
    dying_finalized++;
    CHECK(slot_store(&stage.slot, object_incref(self)) == 0);
}

#define LINK_WITH(finalizer)                                                                                         \
    {                                                                                                                \
        .name = "link", .flags = TYPE_CONTAINER, .size = sizeof(struct link), .dealloc = link_dealloc,               \
        .traverse = link_traverse, .clear = link_clear, .finalize = (finalizer),                                     \
        .weak_offset = offsetof(struct link, weak)                                                                   \
    }
static const struct type look_type = LINK_WITH(finalize_look), keep_type = LINK_WITH(finalize_keep);

static void finalized_make(const struct type *type)
{
    dying_finalized = 0;
    stage.o[0] = link_make(type, 0, NULL);
    CHECK(object_publish(stage.o[0]) == 0);
    stage.o[1] = weakref_new(stage.o[0], NULL, NULL);
    CHECK(stage.o[1] != NULL);
}
static void finalize_prologue(int thread)
{
    if (thread == 1)
        finalized_make(&look_type);
}
static void finalize_finish(void)
{
    CHECK(dying_finalized == 1);
    weak_finish();
}

static void resurrect_prologue(int thread)
{
    if (thread == 1)
        finalized_make(&keep_type);
}
/* What has come back is found by weak references again, and dies for good. */
static void resurrect_finish(void)
{
    CHECK(dying_finalized == 1);
    check_deaths(0, 0);
    struct object *kept = slot_exchange(&stage.slot, NULL), *found = weakref_get(stage.o[1]);
    CHECK(kept != NULL && found == kept);
    link_use(kept);
    object_decref(found);
    object_decref(kept);
    settle();
    weak_finish();
}

#endif
