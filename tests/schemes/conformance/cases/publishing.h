/* Publishing: what another thread can reach is marked, all of it, where the scheme has marks. Told by
 * whether rc_publish marks, not by the trait: a scheme whose trait is wrong must not pass. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_PUBLISHING_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_PUBLISHING_H

#include "tests/schemes/conformance/cases/classes.h"

static bool scheme_marks(void)
{
    struct object *o = own_int(0);
    bool marks = rc_publish(&o->rc);
    object_decref(o);
    return marks;
}

enum { REACHED_MAX = 1024 };

struct reached {
    struct object *items[REACHED_MAX];
    size_t length;
};

static int reach(struct object *o, void *argument)
{
    struct reached *reached = argument;
    for (size_t i = 0; i < reached->length; i++)
        if (reached->items[i] == o)
            return 0;
    CHECK(reached->length < REACHED_MAX);
    reached->items[reached->length++] = o;
    return 0;
}

/* Everything that can be reached from `root`, itself included. */
static void reach_all(struct reached *reached, struct object *root)
{
    reached->length = 0;
    reach(root, reached);
    for (size_t i = 0; i < reached->length; i++)
        if (reached->items[i]->type->traverse != NULL)
            CHECK_INT(reached->items[i]->type->traverse(reached->items[i], reach, reached), 0);
}

/* How many objects that can be reached from `root` are marked; `containers`: of these alone. */
static size_t count_marked(struct object *root, bool containers)
{
    struct reached reached;
    size_t marked = 0;
    reach_all(&reached, root);
    for (size_t i = 0; i < reached.length; i++) {
        struct object *o = reached.items[i];
        marked += (!containers || o->type->flags & TYPE_CONTAINER) && rc_is_published(&o->rc);
    }
    return marked;
}

static size_t count_reached(struct object *root)
{
    struct reached reached;
    reach_all(&reached, root);
    return reached.length;
}

/* Marked as a whole where the scheme marks, not at all where it does not. */
static void check_published(struct object *root)
{
    CHECK_INT(count_marked(root, false), scheme_marks() ? (int64_t)count_reached(root) : 0);
}

static void append_new(struct object *list, struct object *item)
{
    CHECK(item != NULL);
    CHECK_INT(list_append(list, item), 0);
    object_decref(item);
}

/* A list with one of each: everything is reached through something else. */
static struct object *graph_of_all_types(void)
{
    struct object *root = list_new(), *class_ = point_class(true), *instance = instance_new(class_);
    struct object *closure = tuple_new(1), *name = text("f"), *value = probe_new(1), *key = text("key");
    CHECK(root != NULL && instance != NULL && closure != NULL);
    tuple_fill(closure, 0, cell_new(value));
    append_new(root, function_new(name, closure, swap_cell));
    CHECK_INT(set_attribute(instance, "x", key), 0);
    CHECK_INT(set_attribute(instance, "free", name), 0);
    append_new(root, instance);
    struct object *dict = dict_new(), *inner = list_new();
    CHECK(dict != NULL && inner != NULL);
    append_new(inner, float_new(2.5));
    CHECK_INT(dict_set(dict, key, inner), 0);
    object_decref(inner);
    append_new(root, dict);
    struct object *owned[] = {class_, closure, name, value, key};
    for (size_t i = 0; i < 5; i++)
        object_decref(owned[i]);
    return root;
}

static void case_publish_reaches_all(void)
{
    fixture_open();
    struct object *root = graph_of_all_types();
    CHECK_INT(count_marked(root, false), 0);
    CHECK_INT(object_publish(root), 0);
    check_published(root);
    CHECK_INT(object_publish(root), 0); /* once more changes nothing */
    check_published(root);
    check_count(root, 1);
    object_decref(root);
    check_deaths_now(1);
    fixture_close();
}

static void case_publish_cycle(void)
{
    fixture_open();
    struct object *a = list_new(), *b = list_new(), *dict = dict_new(), *key = text("a");
    CHECK(a != NULL && b != NULL && dict != NULL);
    CHECK_INT(list_append(a, a), 0);
    CHECK_INT(list_append(a, b), 0);
    CHECK_INT(list_append(b, dict), 0);
    CHECK_INT(dict_set(dict, key, a), 0);
    CHECK_INT(object_publish(a), 0);
    check_published(a);
    check_count(a, 3);
    list_clear(a);
    dict_clear(dict);
    struct object *all[] = {a, b, dict, key};
    for (size_t i = 0; i < 4; i++)
        object_decref(all[i]);
    fixture_close();
}

/* A value, itself a container, that is stored where others look: by each way of storing. */
static void case_publish_by_storing(void)
{
    fixture_open();
    struct object *list = list_new(), *dict = dict_new(), *cell = cell_new(NULL), *class_ = point_class(true);
    struct object *instance = instance_new(class_), *root = list_new(), *key = text("key");
    struct object *parts[] = {list, dict, cell, class_, instance};
    CHECK(list != NULL && dict != NULL && cell != NULL && instance != NULL && root != NULL);
    CHECK_INT(list_append(list, none()), 0);
    for (size_t i = 0; i < 5; i++)
        CHECK_INT(list_append(root, parts[i]), 0);
    CHECK_INT(object_publish(root), 0);
    append_new(list, graph_of_all_types());
    check_published(root);
    struct object *graphs[5];
    for (size_t i = 0; i < 5; i++)
        graphs[i] = graph_of_all_types();
    CHECK_INT(list_set(list, 0, graphs[0]), 0);
    CHECK_INT(dict_set(dict, key, graphs[1]), 0);
    CHECK_INT(cell_set(cell, graphs[2]), 0);
    CHECK_INT(set_attribute(instance, "y", graphs[3]), 0);
    CHECK_INT(set_attribute(instance, "other", graphs[4]), 0);
    check_published(root);
    struct slot slot;
    slot_init(&slot, NULL);
    struct object *through_slot = graph_of_all_types();
    CHECK_INT(slot_store(&slot, through_slot), 0);
    check_published(through_slot);
    CHECK_INT(slot_store(&slot, NULL), 0);
    for (size_t i = 0; i < 5; i++) {
        object_decref(graphs[i]);
        object_decref(parts[i]);
    }
    object_decref(key);
    object_decref(root);
    check_deaths_now(7);
    fixture_close();
}

/* A private container keeps what is stored into it private. */
static void case_private_stays_private(void)
{
    fixture_open();
    struct object *root = graph_of_all_types();
    append_new(root, graph_of_all_types());
    CHECK_INT(count_marked(root, false), 0);
    object_decref(root);
    fixture_close();
}

/* Wide, so that the walk has to ask for memory more than once. */
static struct object *wide_graph(void)
{
    enum { WIDTH = 300 };
    struct object *root = list_new();
    CHECK(root != NULL);
    for (int i = 0; i < WIDTH; i++) {
        struct object *inner = list_new();
        CHECK(inner != NULL);
        append_new(inner, own_int(i));
        append_new(root, inner);
    }
    return root;
}

/* Each allocation of the walk fails in turn: no container is left marked, and the next try is complete. */
static void case_publish_out_of_memory(void)
{
    fixture_open();
    for (uint64_t k = 1;; k++) {
        struct object *root = wide_graph();
        int64_t live = memory_live();
        memory_fail_at(k);
        int status = object_publish(root);
        bool failed = memory_has_failed();
        memory_fail_at(0);
        CHECK_INT(status, failed ? -1 : 0);
        if (!RC_NEVER_FREES)
            CHECK_INT(memory_live(), live);
        if (failed)
            CHECK_INT(count_marked(root, true), 0);
        CHECK_INT(object_publish(root), 0);
        check_published(root);
        check_count(root, 1);
        object_decref(root);
        if (!failed)
            break;
    }
    fixture_close();
}

/* Stores `value` into every kind of published place. The number of them that said that there is no memory. */
static int store_everywhere(struct object **places, struct slot *slot, struct object *key, struct object *value)
{
    int status[] = {list_append(places[0], value),       list_set(places[0], 0, value),
                    dict_set(places[1], key, value),     cell_set(places[2], value),
                    instance_set(places[3], key, value), slot_store(slot, object_incref(value))};
    int failed = 0;
    for (size_t i = 0; i < sizeof status / sizeof *status; i++)
        failed += status[i] == -1;
    if (status[5] != 0)
        object_decref(value); /* still the caller's */
    return failed;
}

/* No memory for the walk of what is stored: nothing is stored, and it stays private. */
static void case_store_out_of_memory(void)
{
    fixture_open();
    struct object *class_ = point_class(false), *key = text("x"), *value = list_new();
    struct object *places[] = {list_new(), dict_new(), cell_new(none()), instance_new(class_)};
    struct slot slot;
    CHECK(value != NULL && places[0] != NULL && places[1] != NULL && places[2] != NULL && places[3] != NULL);
    CHECK_INT(object_publish(key), 0);
    append_new(value, list_new());
    for (int i = 0; i < 5; i++)
        CHECK_INT(list_append(places[0], none()), 0); /* one more fits without growing */
    CHECK_INT(dict_set(places[1], key, none()), 0);
    slot_init(&slot, NULL);
    for (size_t i = 0; i < 4; i++)
        CHECK_INT(object_publish(places[i]), 0);
    if (scheme_marks()) {
        memory_fail_all(true);
        int failed = store_everywhere(places, &slot, key, value);
        memory_fail_all(false);
        CHECK_INT(failed, 6);
        CHECK_INT(count_marked(value, true), 0);
        check_count(value, 1);
        CHECK_INT(list_length(places[0]), 5);
    }
    CHECK_INT(store_everywhere(places, &slot, key, value), 0);
    check_published(value);
    check_count(value, 7);
    CHECK_INT(slot_store(&slot, NULL), 0);
    struct object *owned[] = {class_, key, value};
    for (size_t i = 0; i < 3; i++)
        object_decref(owned[i]);
    for (size_t i = 0; i < 4; i++)
        object_decref(places[i]);
    fixture_close();
}

#endif
