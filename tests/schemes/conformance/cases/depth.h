/* Deep structures: published, dropped and merged on a stack of 256 KiB. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_DEPTH_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_DEPTH_H

#include "tests/schemes/conformance/cases/classes.h"

enum { DEPTH = 1000000, DEPTH_MIXED = 100000 * EFFORT };

/* A container of its own that refers to `inner`, whose reference is used up. */
typedef struct object *wrap_fn(struct object *inner, uint32_t level);

static struct object *wrap_list(struct object *inner, uint32_t level)
{
    (void)level;
    struct object *list = list_new();
    CHECK(list != NULL);
    CHECK_INT(list_append(list, inner), 0);
    object_decref(inner);
    return list;
}

static struct object *wrap_tuple(struct object *inner, uint32_t level)
{
    (void)level;
    struct object *tuple = tuple_new(1);
    CHECK(tuple != NULL);
    tuple_fill(tuple, 0, inner);
    return tuple;
}

static struct object *depth_class;

static struct object *wrap_instance(struct object *inner)
{
    struct object *instance = instance_new(depth_class);
    CHECK(instance != NULL);
    CHECK(slot_exchange(&instance_of(instance)->slots[0], inner) == NULL);
    return instance;
}

static struct object *wrap_dict(struct object *inner)
{
    struct object *dict = dict_new();
    CHECK(dict != NULL);
    CHECK_INT(dict_set(dict, none(), inner), 0);
    object_decref(inner);
    return dict;
}

static struct object *wrap_mixed(struct object *inner, uint32_t level)
{
    struct object *cell;
    switch (level % 5) {
    case 0: return wrap_list(inner, level);
    case 1: return wrap_tuple(inner, level);
    case 2: return wrap_instance(inner);
    case 3: return wrap_dict(inner);
    default:
        cell = cell_new(inner);
        CHECK(cell != NULL);
        object_decref(inner);
        return cell;
    }
}

static struct object *nest(wrap_fn *wrap, uint32_t depth)
{
    struct object *o = probe_new(0);
    for (uint32_t i = 0; i < depth; i++)
        o = wrap(o, i);
    return o;
}

struct depth_kind {
    wrap_fn *wrap;
    uint32_t depth;
    struct object *root; /* NULL: the thread makes it, too */
};

static void depth_crew(struct crew *crew, unsigned index)
{
    struct depth_kind *kind = crew->argument;
    (void)index;
    struct object *root = kind->root != NULL ? kind->root : nest(kind->wrap, kind->depth);
    CHECK_INT(object_publish(root), 0);
    object_decref(root);
    settle();
}

static void depth_open(void)
{
    fixture_open();
    depth_class = point_class(false);
    CHECK_INT(object_publish(depth_class), 0);
}

/* The fixture's thread waits meanwhile, so this is no second thread to a scheme for one. */
static void depth_drop(struct depth_kind *kind)
{
    crew_run_on(SMALL_STACK_BYTES, 1, depth_crew, kind);
    check_deaths(1);
    object_decref(depth_class);
    fixture_close();
}

/* Dropped on the small stack by the thread that made it. */
static void depth_own(wrap_fn *wrap, uint32_t depth)
{
    struct depth_kind kind = {wrap, depth, NULL};
    depth_open();
    depth_drop(&kind);
}

static void case_deep_list(void) { depth_own(wrap_list, DEPTH); }
static void case_deep_tuple(void) { depth_own(wrap_tuple, DEPTH_MIXED); }
static void case_deep_mixed(void) { depth_own(wrap_mixed, DEPTH_MIXED); }

/* Dropped on the small stack by a stranger, while the owner of all levels is detached. */
static void case_deep_stranger(void)
{
    depth_open();
    struct depth_kind kind = {NULL, 0, nest(wrap_mixed, DEPTH_MIXED)};
    CHECK_INT(object_publish(kind.root), 0);
    depth_drop(&kind);
}

#endif
