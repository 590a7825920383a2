/* Allocation failure: each allocation of a scenario fails in turn; all of it unwinds, and the caller is
 * told. Nothing leaks, and a failed change has changed nothing. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_FAILURES_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_FAILURES_H

#include "tests/schemes/conformance/fixture.h"

/* ---- parts of the scenario: an owned object, or NULL when there is no memory ------------------------------ */

/* Gives `o` up and returns NULL where status is not 0. */
static struct object *unless_failed(struct object *o, int status)
{
    if (status == 0)
        return o;
    object_decref(o);
    return NULL;
}

static struct object *fail_atoms(void)
{
    struct object *all[] = {int_get(100000), int_get(3), float_new(1.5), str_new("text", 4), probe_try_new(1)};
    enum { COUNT = sizeof all / sizeof *all };
    struct object *tuple = tuple_new(COUNT);
    int status = tuple == NULL ? -1 : 0;
    for (size_t i = 0; i < COUNT; i++) {
        status = all[i] == NULL ? -1 : status;
        if (tuple != NULL)
            tuple_fill(tuple, i, all[i]);
        else
            object_xdecref(all[i]);
    }
    return tuple != NULL ? unless_failed(tuple, status) : NULL;
}

/* Appends a new object; on failure the list is as it was. */
static int fail_append(struct object *list)
{
    struct object *o = probe_try_new(2);
    if (o == NULL)
        return -1;
    size_t length = list_length(list);
    int status = list_append(list, o);
    CHECK_INT(list_length(list), length + (status == 0));
    check_count(o, status == 0 ? 2 : 1);
    object_decref(o);
    return status;
}

static struct object *fail_list(void)
{
    struct object *list = list_new();
    int status = list != NULL ? 0 : -1;
    for (int i = 0; status == 0 && i < 40; i++)
        status = fail_append(list);
    return list != NULL ? unless_failed(list, status) : NULL;
}

/* Sets a key; on failure the dict is as it was. */
static int fail_dict_set(struct object *dict, int64_t number)
{
    struct object *key = int_new(number), *value = probe_try_new(3);
    int status = key != NULL && value != NULL ? 0 : -1;
    if (status == 0) {
        size_t length = dict_length(dict);
        status = dict_set(dict, key, value);
        CHECK_INT(dict_length(dict), length + (status == 0));
        struct object *got = dict_get(dict, key);
        CHECK(got == (status == 0 ? value : NULL));
        object_xdecref(got);
        check_count(value, status == 0 ? 2 : 1);
        check_count(key, status == 0 ? 2 : 1);
    }
    object_xdecref(key);
    object_xdecref(value);
    return status;
}

static struct object *fail_dict(void)
{
    struct object *dict = dict_new();
    int status = dict != NULL ? 0 : -1;
    for (int64_t i = 0; status == 0 && i < 40; i++)
        status = fail_dict_set(dict, 1000 + i);
    return dict != NULL ? unless_failed(dict, status) : NULL;
}

static struct object *fail_class(bool has_dict)
{
    struct object *name = str_new("C", 1), *names = tuple_new(1), *class_ = NULL;
    if (names != NULL)
        tuple_fill(names, 0, str_new("x", 1));
    if (name != NULL && names != NULL && tuple_peek(names, 0) != NULL)
        class_ = class_new(name, names, has_dict);
    object_xdecref(name);
    object_xdecref(names);
    return class_;
}

static int fail_attribute(struct object *instance, const char *name)
{
    struct object *key = str_new(name, strlen(name)), *value = probe_try_new(4);
    int status = key != NULL && value != NULL ? instance_set(instance, key, value) : -1;
    object_xdecref(key);
    object_xdecref(value);
    return status;
}

static struct object *fail_instance(bool has_dict)
{
    struct object *class_ = fail_class(has_dict);
    struct object *instance = class_ != NULL ? instance_new(class_) : NULL;
    if (class_ != NULL)
        check_count(class_, instance != NULL ? 2 : 1);
    object_xdecref(class_);
    if (instance == NULL)
        return NULL;
    int status = fail_attribute(instance, "x");
    if (status == 0 && has_dict)
        status = fail_attribute(instance, "free");
    return unless_failed(instance, status);
}

static struct object *fail_slots(void) { return fail_instance(false); }
static struct object *fail_dict_instance(void) { return fail_instance(true); }

static struct object *fail_code(struct object *function, struct object **arguments, size_t count)
{
    struct object *cell = tuple_peek(function_of(function)->closure, 0);
    CHECK_INT(count, 1);
    return cell_set(cell, arguments[0]) == 0 ? int_new(1000) : NULL;
}

/* A function with a cell, called once. */
static struct object *fail_function(void)
{
    struct object *name = str_new("f", 1), *closure = tuple_new(1), *function = NULL;
    if (closure != NULL)
        tuple_fill(closure, 0, cell_new(none()));
    if (name != NULL && closure != NULL && tuple_peek(closure, 0) != NULL)
        function = function_new(name, closure, fail_code);
    object_xdecref(name);
    object_xdecref(closure);
    if (function == NULL)
        return NULL;
    struct object *argument = probe_try_new(5);
    struct object *result = argument != NULL ? function_call(function, &argument, 1) : NULL;
    int status = result != NULL ? 0 : -1;
    object_xdecref(result);
    object_xdecref(argument);
    return unless_failed(function, status);
}

typedef struct object *fail_fn(void);
static fail_fn *const fail_parts[] = {fail_atoms, fail_list,          fail_dict,
                                      fail_slots, fail_dict_instance, fail_function};

/* ---- the scenario -------------------------------------------------------------------------------------------- */

/* One list with a part of each kind, published, then changed under the eyes of others. */
static int fail_objects(void)
{
    struct object *root = list_new();
    int status = root != NULL ? 0 : -1;
    for (size_t i = 0; status == 0 && i < sizeof fail_parts / sizeof *fail_parts; i++) {
        struct object *part = fail_parts[i]();
        status = part != NULL ? list_append(root, part) : -1;
        object_xdecref(part);
    }
    if (status == 0)
        status = object_publish(root);
    if (status == 0) {
        struct object *late = fail_list();
        status = late != NULL ? list_append(root, late) : -1;
        object_xdecref(late);
    }
    object_xdecref(root);
    return status;
}

/* A thread of the model from its start to its end. */
static int fail_scenario(void)
{
    mode_open(SWITCH_INTERVAL_NS);
    struct thread *self = thread_enter();
    if (self == NULL)
        return -1;
    int status = model_open();
    if (status == 0) {
        status = fail_objects();
        model_close();
    }
    thread_leave(self);
    struct memory total = model_account();
    if (!RC_NEVER_FREES)
        CHECK_INT(memory_held(&total), 0);
    return status;
}

static void case_every_allocation_fails(void)
{
    bool failed = true;
    for (uint64_t k = 1; failed; k++) {
        memory_fail_at(k);
        int status = fail_scenario();
        failed = memory_has_failed();
        memory_fail_at(0);
        CHECK_INT(status, failed ? -1 : 0);
        CHECK_INT(memory_live(), 0);
    }
    memory_inspect_freed();
}

/* As above, but from the k-th allocation on all of them fail. */
static void case_memory_runs_out(void)
{
    fixture_open();
    for (uint32_t appended = 0; appended < 100; appended++) {
        struct object *list = list_new();
        CHECK(list != NULL);
        for (uint32_t i = 0; i < appended; i++)
            CHECK_INT(fail_append(list), 0);
        memory_fail_all(true);
        /* Full or not, nothing new can be made; what is there can be used and dropped. */
        CHECK(int_new(1000) == NULL && dict_new() == NULL && list_new() == NULL && tuple_new(1) == NULL);
        CHECK_INT(fail_append(list), -1);
        struct object *o = int_get(1), *last = list_pop(list);
        CHECK(o != NULL);
        object_decref(o);
        object_xdecref(last);
        object_decref(list);
        memory_fail_all(false);
    }
    fixture_close();
}

#endif
