/* class, instance, cell, function: attributes, closures, and what a call counts. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_CLASSES_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_CLASSES_H

#include "tests/schemes/conformance/fixture.h"

/* A class `Point` with the slots x and y. */
static struct object *point_class(bool has_dict)
{
    struct object *name = text("Point"), *names = tuple_new(2);
    CHECK(names != NULL);
    tuple_fill(names, 0, text("x"));
    tuple_fill(names, 1, text("y"));
    struct object *class_ = class_new(name, names, has_dict);
    CHECK(class_ != NULL);
    object_decref(name);
    object_decref(names);
    return class_;
}

static int set_attribute(struct object *instance, const char *name, struct object *value)
{
    struct object *key = text(name);
    int status = instance_set(instance, key, value);
    object_decref(key);
    return status;
}

/* Owned, or NULL. */
static struct object *get_attribute(struct object *instance, const char *name)
{
    struct object *key = text(name);
    struct object *value = instance_get(instance, key);
    object_decref(key);
    return value;
}

static void case_instance_slots(void)
{
    fixture_open();
    struct object *class_ = point_class(false), *a = instance_new(class_), *b = instance_new(class_);
    CHECK(a != NULL && b != NULL);
    check_count(class_, 3);
    struct object *value = probe_new(1);
    CHECK(get_attribute(a, "x") == NULL);
    CHECK_INT(set_attribute(a, "x", value), 0);
    CHECK_INT(set_attribute(a, "z", value), 1);
    check_count(value, 2);
    struct object *got = get_attribute(a, "x");
    CHECK(got == value);
    check_count(value, 3);
    object_decref(got);
    CHECK(get_attribute(b, "x") == NULL && get_attribute(a, "y") == NULL);
    CHECK_INT(set_attribute(a, "x", none()), 0);
    check_count(value, 1);
    CHECK_INT(set_attribute(a, "y", value), 0);
    CHECK_INT(set_attribute(b, "y", value), 0);
    object_decref(value);
    object_decref(class_);
    object_decref(a);
    check_deaths_now(0);
    instance_clear(b);
    check_deaths_now(1);
    CHECK(get_attribute(b, "y") == NULL);
    object_decref(b); /* and with it the class */
    fixture_close();
}

static void case_instance_dict(void)
{
    fixture_open();
    struct object *class_ = point_class(true), *a = instance_new(class_);
    CHECK(a != NULL);
    struct object *mine = probe_new(1), *shared = probe_new(2), *key = text("colour");
    CHECK_INT(dict_set(class_of(class_)->members, key, shared), 0);
    struct object *got = get_attribute(a, "colour");
    CHECK(got == shared); /* the class's, while the instance has none */
    object_decref(got);
    CHECK_INT(instance_set(a, key, mine), 0);
    got = get_attribute(a, "colour");
    CHECK(got == mine);
    object_decref(got);
    CHECK_INT(dict_length(instance_of(a)->dict), 1);
    CHECK_INT(set_attribute(a, "x", a), 0); /* a cycle: clear breaks it */
    check_count(a, 2);
    object_decref(mine);
    object_decref(shared);
    object_decref(key);
    instance_clear(a);
    check_count(a, 1);
    check_deaths_now(1);
    class_clear(class_);
    check_deaths_now(2);
    object_decref(a);
    object_decref(class_);
    fixture_close();
}

static void case_cells(void)
{
    fixture_open();
    struct object *empty = cell_new(NULL), *a = probe_new(1), *b = probe_new(2), *cell = cell_new(a);
    CHECK(empty != NULL && cell != NULL);
    CHECK(cell_get(empty) == NULL);
    check_count(a, 2);
    struct object *got = cell_get(cell);
    CHECK(got == a);
    object_decref(got);
    CHECK_INT(cell_set(cell, b), 0);
    check_count(a, 1);
    check_count(b, 2);
    CHECK_INT(cell_set(empty, a), 0);
    object_decref(a);
    object_decref(b);
    cell_clear(cell);
    check_deaths_now(1);
    CHECK(cell_get(cell) == NULL);
    object_decref(cell);
    object_decref(empty);
    check_deaths_now(2);
    fixture_close();
}

/* The code of a function with one cell: returns what was in it, and puts its argument there. */
static struct object *swap_cell(struct object *function, struct object **arguments, size_t count)
{
    CHECK_INT(count, 1);
    struct object *cell = tuple_peek(function_of(function)->closure, 0);
    check_count(function, 2);
    check_count(arguments[0], 2);
    struct object *old = cell_get(cell);
    CHECK_INT(cell_set(cell, arguments[0]), 0);
    return old;
}

static void case_functions(void)
{
    fixture_open();
    struct object *name = text("swap"), *cell = cell_new(none()), *closure = tuple_new(1);
    CHECK(cell != NULL && closure != NULL);
    tuple_fill(closure, 0, object_incref(cell));
    struct object *function = function_new(name, closure, swap_cell);
    CHECK(function != NULL);
    check_count(name, 2);
    check_count(closure, 2);
    object_decref(closure);
    object_decref(name);
    struct object *a = probe_new(1), *b = probe_new(2);
    struct object *result = function_call(function, &a, 1);
    CHECK(result == none());
    object_decref(result);
    check_count(a, 2);
    result = function_call(function, &b, 1);
    CHECK(result == a);
    check_count(a, 2);
    object_decref(result);
    object_decref(a);
    check_deaths_now(1);
    check_count(function, 1);
    object_decref(b);
    object_decref(function);
    struct object *last = cell_get(cell); /* the cell outlives the function, and keeps its content */
    CHECK(last == b);
    object_decref(last);
    object_decref(cell);
    check_deaths_now(2);
    fixture_close();
}

static struct object *count_arguments(struct object *function, struct object **arguments, size_t count)
{
    (void)function;
    for (size_t i = 0; i < count; i++)
        CHECK(probe_check(arguments[i]) < CALL_ARGUMENTS_MAX);
    return int_new((int64_t)count);
}

static void case_function_arguments(void)
{
    fixture_open();
    struct object *name = text("count"), *function = function_new(name, NULL, count_arguments);
    struct object *arguments[CALL_ARGUMENTS_MAX];
    CHECK(function != NULL);
    for (uint32_t i = 0; i < CALL_ARGUMENTS_MAX; i++)
        arguments[i] = probe_new(i);
    for (size_t count = 0; count <= CALL_ARGUMENTS_MAX; count++) {
        struct object *result = function_call(function, arguments, count);
        CHECK_INT(int_value(result), count);
        object_decref(result);
    }
    for (size_t i = 0; i < CALL_ARGUMENTS_MAX; i++) {
        check_count(arguments[i], 1);
        object_decref(arguments[i]);
    }
    check_deaths_now(CALL_ARGUMENTS_MAX);
    object_decref(function);
    object_decref(name);
    fixture_close();
}

#endif
