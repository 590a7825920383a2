/* Weak references: they lead to the living, never to the dead, and say so in time. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_WEAKREFS_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_WEAKREFS_H

#include "tests/schemes/conformance/cases/cycles.h"

static void check_leads_to(struct object *weak, struct object *target)
{
    struct object *found = weakref_get(weak);
    CHECK(found == target);
    object_xdecref(found);
}

static void case_weakref_follows(void)
{
    nodes_open();
    struct object *node = node_new(1), *weak = weakref_new(node, NULL, NULL);
    CHECK(weak != NULL);
    check_leads_to(weak, node);
    check_count(node, 1);
    struct object *strong = weakref_get(weak);
    object_decref(node);
    settle();
    check_deaths(0);
    check_leads_to(weak, strong);
    object_decref(strong);
    settle();
    check_deaths(1);
    check_leads_to(weak, NULL);
    check_leads_to(weak, NULL);
    object_decref(weak);
    fixture_close();
}

/* What a weak reference leads to is nobody's alone, whatever its count. */
static void case_unique_with_weakref(void)
{
    nodes_open();
    struct object *node = node_new(1);
    CHECK(object_is_unique(node));
    struct object *weak = weakref_new(node, NULL, NULL);
    CHECK(weak != NULL && !object_is_unique(node));
    object_decref(weak);
    settle();
    if (!RC_LATE) /* a scheme that is late may not know */
        CHECK(object_is_unique(node));
    object_incref(node);
    CHECK(!object_is_unique(node));
    object_decref(node);
    object_decref(node);
    settle();
    check_deaths(1);
    fixture_close();
}

/* The one without a callback is made once; each with a callback is another. It may die before its target. */
static void node_callback(struct object *weak, struct object *argument)
{
    check_leads_to(weak, NULL);
    node_note(NODE_CALLED + (argument != NULL ? node_of(argument)->id : 0));
}

static void case_weakref_is_reused(void)
{
    nodes_open();
    struct object *node = node_new(1), *first = weakref_new(node, NULL, NULL);
    CHECK(first != NULL);
    struct object *called = weakref_new(node, node_callback, NULL), *again = weakref_new(node, NULL, NULL);
    CHECK(again == first && called != NULL && called != first);
    check_count(first, 2);
    object_decref(again);
    object_decref(first);
    settle();
    struct object *other = weakref_new(node, NULL, NULL);
    check_leads_to(other, node);
    check_leads_to(called, node);
    object_decref(called);
    object_decref(node);
    settle();
    check_leads_to(other, NULL);
    object_decref(other);
    check_deaths(1);
    fixture_close();
}

static void check_events(const uint32_t *expected, uint32_t length)
{
    CHECK_INT(node_log.length, length);
    for (uint32_t i = 0; i < length; i++)
        CHECK_INT(node_log.events[i], expected[i]);
}

/* At a death: the finalizer, which still finds the object by its weak references, then the callbacks, then the end. */
static struct object *node_watched;
static void node_look(struct object *node)
{
    struct object *found = weakref_get(node_watched);
    CHECK(found == node);
    object_decref(found);
}

static void case_weakref_order(void)
{
    nodes_open();
    struct object *argument = node_new(7), *node = final_node_new(1);
    struct object *early = weakref_new(node, node_callback, argument), *late = weakref_new(node, node_callback, NULL);
    node_watched = weakref_new(node, NULL, NULL);
    node_log.finalizer = node_look;
    deaths.logging = true;
    object_decref(node);
    settle();
    deaths.logging = false;
    /* The one made first is called first, as lists of weak references are in CPython. */
    static const uint32_t expected[] = {NODE_FINALIZED + 1, NODE_CALLED + 7, NODE_CALLED, NODE_DIED + 1};
    check_events(expected, 4);
    object_decref(early);
    object_decref(late);
    object_decref(node_watched);
    object_decref(argument);
    settle();
    check_deaths(2);
    fixture_close();
}

/* At a collection: weak references are cut first, so that finalizers find nothing by them. */
static void node_look_in_vain(struct object *node)
{
    (void)node;
    check_leads_to(node_watched, NULL);
}

static void case_weakref_to_garbage(void)
{
    nodes_open();
    struct object *ring = node_ring(1, 2, true), *argument = node_new(7);
    struct object *weak = weakref_new(ring, node_callback, argument);
    node_watched = weakref_new(ring, NULL, NULL);
    node_log.finalizer = node_look_in_vain;
    object_decref(ring);
    settle();
    check_leads_to(weak, ring);
    deaths.logging = true;
    CHECK_INT(gc_collect(GC_OLD), 2);
    deaths.logging = false;
    CHECK_INT(node_log.events[0], NODE_CALLED + 7);
    CHECK_INT(node_log.events[1] + node_log.events[2], 2 * NODE_FINALIZED + 3);
    CHECK_INT(node_log.events[3] + node_log.events[4], 2 * NODE_DIED + 3);
    check_leads_to(weak, NULL);
    object_decref(weak);
    object_decref(node_watched);
    object_decref(argument);
    settle();
    check_deaths(3);
    fixture_close();
}

/* A weak reference that is garbage itself is not called, whether its target is garbage or alive. */
static void case_weakref_in_garbage(void)
{
    nodes_open();
    struct object *ring = node_ring(1, 2, false), *alive = node_new(5);
    struct object *inner = weakref_new(ring, node_callback, NULL), *outer = weakref_new(alive, node_callback, ring);
    node_set(ring, 1, inner);
    node_set(ring, 2, outer);
    object_decref(inner);
    object_decref(outer);
    object_decref(ring);
    settle();
    deaths.logging = true;
    CHECK_INT(gc_collect(GC_OLD), 4);
    object_decref(alive);
    settle();
    deaths.logging = false;
    for (uint32_t i = 0; i < node_log.length; i++)
        CHECK(node_log.events[i] < NODE_CALLED || node_log.events[i] >= NODE_DIED);
    check_deaths(3);
    fixture_close();
}

/* A weak reference in place of the back reference: no cycle, everything dies with the last reference. */
static void case_weakref_breaks_cycle(void)
{
    nodes_open();
    struct object *parent = node_new(1), *child = node_new(2), *back = weakref_new(parent, NULL, NULL);
    node_set(parent, 0, child);
    node_set(child, 0, back);
    object_decref(back);
    object_decref(child);
    struct object *kept = weakref_new(child, NULL, NULL);
    object_decref(parent);
    settle();
    check_deaths(2);
    check_leads_to(kept, NULL);
    object_decref(kept);
    fixture_close();
}

/* What a finalizer brings back is seen by the weak references that were there before, if it died of its last drop. */
static void case_weakref_sees_resurrected(void)
{
    nodes_open();
    node_log.finalizer = node_save;
    struct object *node = final_node_new(1), *weak = weakref_new(node, NULL, NULL);
    object_decref(node);
    settle();
    CHECK(node_saved == node);
    check_leads_to(weak, node);
    object_decref(node_saved);
    node_saved = NULL;
    settle();
    check_leads_to(weak, NULL);
    check_deaths(1);
    object_decref(weak);
    fixture_close();
}

/* ---- threads ---------------------------------------------------------------------------------------------- */

/* One drops the last reference, the others follow the weak one at the same moment: each gets the object, alive, or
 * nothing, and nothing for ever. */
struct weak_race {
    struct slot weak;
    struct object *node;
};

enum { WEAK_ROUNDS = MODE_GIL ? 100 : 200 * EFFORT };

static void weak_race_crew(struct crew *crew, unsigned index)
{
    struct weak_race *race = crew->argument;
    for (int i = 0; i < WEAK_ROUNDS; i++) {
        if (index == 0) {
            race->node = node_new((uint32_t)i);
            struct object *weak = weakref_new(race->node, NULL, NULL);
            CHECK(weak != NULL);
            CHECK_INT(slot_store(&race->weak, weak), 0);
        }
        crew_set_off(crew);
        struct object *weak = slot_load(&race->weak);
        if (index == 0) {
            object_decref(race->node);
        } else {
            bool gone = false;
            for (int look = 0; look < 20; look++) {
                struct object *found = weakref_get(weak);
                CHECK(found == NULL || (!gone && node_of(found)->id == (uint32_t)i));
                gone = found == NULL;
                object_xdecref(found);
            }
        }
        object_decref(weak);
        crew_set_off(crew);
    }
}

static void case_weakref_race(void)
{
    nodes_open();
    static struct weak_race race;
    slot_init(&race.weak, NULL);
    crew_run(3, weak_race_crew, &race);
    object_decref(slot_exchange(&race.weak, NULL));
    settle();
    check_deaths(WEAK_ROUNDS);
    fixture_close();
}

/* All make and drop weak references to the same object: they share the one without a callback. */
static void weak_makers_crew(struct crew *crew, unsigned index)
{
    struct object *node = crew->argument;
    (void)index;
    for (int i = 0; i < WEAK_ROUNDS; i++) {
        struct object *weak = weakref_new(node, i % 3 == 0 ? node_callback : NULL, NULL);
        CHECK(weak != NULL);
        check_leads_to(weak, node);
        object_decref(weak);
        thread_safepoint(thread_self());
    }
}

static void case_weakref_makers(void)
{
    nodes_open();
    struct object *node = node_new(1);
    CHECK_INT(object_publish(node), 0);
    crew_run(3, weak_makers_crew, node);
    object_decref(node);
    settle();
    check_deaths(1);
    fixture_close();
}

#endif
