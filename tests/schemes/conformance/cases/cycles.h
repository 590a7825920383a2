/* The collector on one thread: it finds what only refers to itself, and nothing else. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_CYCLES_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_CYCLES_H

#include "tests/schemes/conformance/cases/nodes.h"

/* Two lists in each other, each with a probe: nothing dies with the last reference from outside, all by a
 * collection. */
static void case_cycle_of_two(void)
{
    fixture_open();
    struct object *a = list_new(), *b = list_new(), *in_a = probe_new(1), *in_b = probe_new(2);
    CHECK(a != NULL && b != NULL);
    CHECK_INT(list_append(a, b) | list_append(b, a) | list_append(a, in_a) | list_append(b, in_b), 0);
    object_decref(in_a);
    object_decref(in_b);
    CHECK_INT(gc_collect(GC_OLD), 0);
    object_decref(a);
    object_decref(b);
    settle();
    check_deaths(0);
    CHECK_INT(gc_collect(GC_OLD), 2);
    check_deaths(2);
    CHECK_INT(gc_collect(GC_OLD), 0);
    fixture_close();
}

/* An object, a list, a dict, a cell that refer to themselves. */
static void case_cycle_of_one(void)
{
    nodes_open();
    struct object *node = node_new(1), *list = list_new(), *dict = dict_new(), *cell = cell_new(NULL);
    struct object *probe = probe_new(2);
    CHECK(list != NULL && dict != NULL && cell != NULL);
    node_set(node, 0, node);
    CHECK_INT(list_append(list, list) | list_append(list, probe), 0);
    CHECK_INT(dict_set(dict, none(), dict), 0);
    CHECK_INT(cell_set(cell, cell), 0);
    object_decref(probe);
    object_decref(node);
    object_decref(list);
    object_decref(dict);
    object_decref(cell);
    settle();
    check_deaths(0);
    CHECK_INT(gc_collect(GC_OLD), 4);
    check_deaths(2);
    fixture_close();
}

/* A class's members hold a function whose closure leads to an instance of that class. */
static void case_cycle_through_class(void)
{
    fixture_open();
    struct object *name = text("name"), *names = tuple_new(1), *key = text("method");
    tuple_fill(names, 0, text("slot"));
    struct object *class_ = class_new(name, names, true), *instance = instance_new(class_), *probe = probe_new(1);
    struct object *cell = cell_new(instance), *closure = tuple_new(1);
    tuple_fill(closure, 0, cell);
    struct object *function = function_new(name, closure, NULL);
    CHECK_INT(dict_set(class_of(class_)->members, key, function), 0);
    CHECK_INT(instance_set(instance, tuple_peek(names, 0), probe), 0);
    object_decref(probe);
    object_decref(function);
    object_decref(closure);
    object_decref(instance);
    object_decref(class_);
    object_decref(name);
    object_decref(key);
    object_decref(names);
    settle();
    check_deaths(0);
    /* The class, its slot names and members, the instance and its dict, the cell, the closure, the function. */
    CHECK_INT(gc_collect(GC_OLD), 8);
    check_deaths(1);
    fixture_close();
}

/* What is reachable stays, whoever else refers to it. */
static void case_reachable_stays(void)
{
    nodes_open();
    struct object *root = node_new(0), *ring = node_ring(1, 10, false);
    node_set(root, 0, ring);
    object_decref(ring);
    for (int generation = GC_YOUNG; generation <= GC_OLD; generation++)
        CHECK_INT(gc_collect(generation), 0);
    settle();
    check_deaths(0);
    node_set(root, 0, NULL);
    settle();
    check_deaths(0);
    CHECK_INT(gc_collect(GC_YOUNG), 0); /* they have grown old */
    CHECK_INT(gc_collect(GC_OLD), 10);
    check_deaths(10);
    object_decref(root);
    check_deaths_now(11);
    fixture_close();
}

/* A garbage cycle that something alive hangs from, and something alive that refers to nothing of it. */
static void case_garbage_lets_go(void)
{
    nodes_open();
    struct object *ring = node_ring(1, 3, false), *alive = node_new(9);
    node_set(ring, 1, alive);
    object_decref(ring);
    check_count(alive, 2);
    settle();
    CHECK_INT(gc_collect(GC_OLD), 3);
    check_deaths(3);
    check_count(alive, 1);
    object_decref(alive);
    check_deaths_now(4);
    fixture_close();
}

/* An immortal member keeps the whole cycle. */
static void case_immortal_in_cycle(void)
{
    nodes_open();
    struct object *ring = node_ring(1, 3, false), *immortal = node_of(ring)->places[0].object;
    CHECK_INT(object_publish(object_incref(immortal)), 0);
    CHECK(object_immortalize(immortal));
    object_decref(ring);
    settle();
    CHECK_INT(gc_collect(GC_OLD), 0);
    check_deaths(0);
    node_clear(immortal); /* by hand: the others die, its own memory is given back */
    settle();
    check_deaths(2);
    object_untrack(tracked_of(immortal));
    object_free(immortal, sizeof(struct node));
    fixture_close();
}

static void case_tracking_follows(void)
{
    nodes_open();
    int64_t before = (int64_t)gc_get_objects();
    struct object *objects[600];
    for (uint32_t i = 0; i < 600; i++)
        objects[i] = node_new(i);
    CHECK_INT((int64_t)gc_get_objects() - before, 600);
    for (uint32_t i = 0; i < 600; i += 2) {
        object_decref(objects[i]);
        objects[i] = NULL;
    }
    settle();
    CHECK_INT((int64_t)gc_get_objects() - before, 300);
    CHECK_INT(gc_collect(GC_YOUNG), 0);
    CHECK_INT((int64_t)gc_get_objects() - before, 300);
    for (uint32_t i = 0; i < 600; i += 2)
        objects[i] = node_new(i);
    CHECK_INT((int64_t)gc_get_objects() - before, 600);
    for (uint32_t i = 0; i < 600; i++)
        object_decref(objects[i]);
    settle();
    CHECK_INT((int64_t)gc_get_objects() - before, 0);
    /* A tuple of atoms cannot be in a cycle: after a collection it is no longer looked at. */
    struct object *tuple = tuple_new(1);
    CHECK_INT((int64_t)gc_get_objects() - before, 1);
    tuple_fill(tuple, 0, int_new(1000));
    CHECK_INT(gc_collect(GC_YOUNG), 0);
    CHECK_INT((int64_t)gc_get_objects() - before, 0);
    object_decref(tuple);
    fixture_close();
}

/* ---- policies --------------------------------------------------------------------------------------------- */

static void drop_pair(void)
{
    object_decref(node_ring(0, 2, false));
    thread_safepoint(thread_self());
}

/* Off, every cycle stays. On, garbage is found without being asked for, once in 700 objects; threads that run at once
 * say only once in 512 what they have made. */
static void case_collects_by_itself(void)
{
    nodes_open();
    for (int i = 0; i < 5000; i++)
        drop_pair();
    check_deaths(0);
    CHECK_INT(gc.statistics.collections[GC_YOUNG], 0);
    CHECK_INT(gc_collect(GC_OLD), 10000);
    check_deaths(10000);
    gc_enable();
    for (int i = 0; i < 10000; i++)
        drop_pair();
    CHECK(a64_load_relaxed(&deaths.count) > 28000);
    uint64_t young = gc.statistics.collections[GC_YOUNG], middle = gc.statistics.collections[GC_MIDDLE];
    CHECK(young + middle >= 18 && young + middle <= 29);
    CHECK(middle >= 1);
    gc_disable();
    gc_collect(GC_OLD);
    check_deaths(30000);
    fixture_close();
}

static void case_thresholds(void)
{
    nodes_open();
    gc_enable();
    gc_set_thresholds(10, 2, 0);
    for (int i = 0; i < 330; i++)
        drop_pair();
    uint64_t young = gc.statistics.collections[GC_YOUNG], middle = gc.statistics.collections[GC_MIDDLE];
    CHECK_INT(young + middle, 55); /* the 11th object asks; at the next safepoint there are 12 */
    CHECK_INT(middle, 13);         /* after more than two young ones: every fourth */
    CHECK_INT(gc.statistics.collections[GC_OLD], 0);
    gc_set_thresholds(0, 2, 0);
    for (int i = 0; i < 100; i++)
        drop_pair();
    CHECK_INT(gc.statistics.collections[GC_YOUNG] + gc.statistics.collections[GC_MIDDLE], young + middle);
    gc_collect(GC_OLD);
    check_deaths(860);
    fixture_close();
}

/* What is frozen is not looked at, garbage or not; later it is. */
static void case_freeze(void)
{
    nodes_open();
    struct object *ring = node_ring(0, 5, false);
    gc_freeze();
    object_decref(ring);
    object_decref(node_ring(10, 5, false));
    settle();
    CHECK_INT(gc_collect(GC_OLD), 5);
    check_deaths(5);
    gc_unfreeze();
    CHECK_INT(gc_collect(GC_OLD), 5);
    check_deaths(10);
    fixture_close();
}

/* ---- finalizers ------------------------------------------------------------------------------------------- */

/* By the last reference, too. */
static void case_finalizer_runs_once(void)
{
    nodes_open();
    object_decref(final_node_new(1));
    settle();
    CHECK_INT(a64_load_relaxed(&node_log.finalized), 1);
    check_deaths(1);
    object_decref(node_ring(2, 3, true));
    settle();
    CHECK_INT(gc_collect(GC_OLD), 3);
    CHECK_INT(a64_load_relaxed(&node_log.finalized), 4);
    check_deaths(4);
    fixture_close();
}

static struct object *node_saved;
static void node_save(struct object *node)
{
    CHECK_INT(object_publish(node), 0);
    CHECK(node_saved == NULL);
    node_saved = object_incref(node);
}

/* Brought back by its finalizer: it lives, and dies for good the second time. */
static void case_resurrection_by_drop(void)
{
    nodes_open();
    node_log.finalizer = node_save;
    object_decref(final_node_new(1));
    settle();
    check_deaths(0);
    CHECK(node_saved != NULL);
    check_count(node_saved, 1);
    CHECK_INT(node_of(node_saved)->id, 1);
    object_decref(node_saved);
    node_saved = NULL;
    settle();
    CHECK_INT(a64_load_relaxed(&node_log.finalized), 1);
    check_deaths(1);
    fixture_close();
}

/* Of two garbage cycles one finalizer saves a member: with all that it reaches it lives on, the other cycle goes. */
static void node_save_second(struct object *node)
{
    if (node_of(node)->id == 2)
        node_save(node);
}

static void case_resurrection_by_collection(void)
{
    nodes_open();
    node_log.finalizer = node_save_second;
    struct object *ring = node_ring(1, 3, true);
    object_decref(node_ring(10, 4, true));
    object_decref(ring);
    settle();
    CHECK_INT(gc_collect(GC_OLD), 4);
    CHECK_INT(gc.statistics.resurrected, 3);
    check_deaths(4);
    check_count(node_saved, 2);
    CHECK_INT(gc_collect(GC_OLD), 0);
    object_decref(node_saved);
    node_saved = NULL;
    settle();
    CHECK_INT(gc_collect(GC_OLD), 3);
    CHECK_INT(a64_load_relaxed(&node_log.finalized), 7);
    check_deaths(7);
    fixture_close();
}

/* A finalizer that takes its cycle apart, and makes more garbage. */
static void node_dismantle(struct object *node)
{
    node_clear(node);
    if (node_of(node)->id < 100)
        object_decref(node_ring(100, 2, false));
}

static void case_finalizer_dismantles(void)
{
    nodes_open();
    node_log.finalizer = node_dismantle;
    object_decref(node_ring(1, 5, true));
    settle();
    CHECK_INT(gc_collect(GC_OLD), 5);
    settle();
    check_deaths(5);
    CHECK_INT(gc_collect(GC_OLD), 10);
    check_deaths(15);
    fixture_close();
}

/* ---- size ------------------------------------------------------------------------------------------------- */

enum { LARGE_RING = 100000 * EFFORT };

static void large_ring_crew(struct crew *crew, unsigned index)
{
    (void)crew;
    (void)index;
    struct object *ring = node_ring(0, LARGE_RING, false);
    CHECK_INT(gc_collect(GC_OLD), 0);
    object_decref(ring);
    settle();
    CHECK_INT(gc_collect(GC_OLD), LARGE_RING);
    settle();
}

/* One cycle through very many objects, alive and then garbage, found and destroyed on a small stack: with a log of its
 * references that is too short, and with one that has them all and is the kernel's memory. */
static void case_large_cycle(void)
{
    static const size_t rooms[] = {1 << 10, 1 << 21};
    nodes_open();
    for (int i = 0; i < 2; i++) {
        size_t room = shim_log_room;
        shim_log_room = rooms[i];
        crew_run_on(SMALL_STACK_BYTES, 1, large_ring_crew, NULL);
        shim_log_room = room;
    }
    check_deaths(2 * LARGE_RING);
    fixture_close();
}

#endif
