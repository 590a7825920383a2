/* tuple and list. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_SEQUENCES_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_SEQUENCES_H

#include "tests/schemes/conformance/fixture.h"

/* (values[0], values[1], ...) of ints. */
static struct object *tuple_of_ints(const int64_t *values, size_t count)
{
    struct object *tuple = tuple_new(count);
    CHECK(tuple != NULL);
    for (size_t i = 0; i < count; i++)
        tuple_fill(tuple, i, own_int(values[i]));
    return tuple;
}

static void case_tuples(void)
{
    fixture_open();
    static const int64_t values[] = {1, 2, 3, 4}, others[] = {1, 2, 4, 0};
    struct object *a = tuple_of_ints(values, 3), *b = tuple_of_ints(values, 3), *c = tuple_of_ints(others, 3);
    struct object *d = tuple_of_ints(values, 4), *empty = tuple_new(0), *unfilled = tuple_new(2);
    CHECK(empty != NULL && unfilled != NULL);
    CHECK_INT(object_compare(a, b), 0);
    CHECK(object_compare(a, c) < 0 && object_compare(c, a) > 0);
    CHECK(object_compare(a, d) < 0 && object_compare(d, a) > 0);
    CHECK(object_compare(empty, a) < 0);
    CHECK_INT(tuple_of(a)->length, 3);
    CHECK_INT(int_value(tuple_peek(a, 1)), SMALL_INT_MAX + 1 + 2);
    check_count(tuple_peek(a, 1), 1);
    struct object *all[] = {a, b, c, d, empty, unfilled};
    for (size_t i = 0; i < 6; i++)
        object_decref(all[i]);
    fixture_close();
}

static void case_list_items(void)
{
    fixture_open();
    struct object *list = list_new(), *a = probe_new(1), *b = probe_new(2);
    CHECK(list != NULL);
    CHECK(list_get(list, 0) == NULL && list_pop(list) == NULL);
    CHECK_INT(list_set(list, 0, a), 1);
    check_count(a, 1);
    CHECK_INT(list_append(list, a), 0);
    CHECK_INT(list_append(list, a), 0);
    check_count(a, 3);
    CHECK_INT(list_length(list), 2);
    struct object *got = list_get(list, 1);
    CHECK(got == a);
    check_count(a, 4);
    object_decref(got);
    CHECK_INT(list_set(list, 1, b), 0);
    CHECK_INT(list_set(list, 1, b), 0); /* with itself */
    check_count(a, 2);
    check_count(b, 2);
    CHECK_INT(list_set(list, 2, b), 1);
    CHECK(list_get(list, 2) == NULL);
    got = list_pop(list);
    CHECK(got == b);
    check_count(b, 2);
    CHECK_INT(list_length(list), 1);
    object_decref(got);
    object_decref(a);
    object_decref(b);
    check_deaths_now(1);
    object_decref(list);
    check_deaths_now(2);
    fixture_close();
}

static void case_list_grows(void)
{
    enum { LENGTH = 10000 };
    fixture_open();
    struct object *list = list_new();
    CHECK(list != NULL);
    for (int64_t i = 0; i < LENGTH; i++) {
        struct object *o = own_int(i);
        CHECK_INT(list_append(list, o), 0);
        object_decref(o);
    }
    CHECK_INT(list_length(list), LENGTH);
    for (int64_t i = 0; i < LENGTH; i += 7) {
        struct object *o = list_get(list, (size_t)i);
        CHECK_INT(int_value(o), SMALL_INT_MAX + 1 + i);
        check_count(o, 2);
        object_decref(o);
    }
    for (int64_t i = LENGTH; i-- > LENGTH / 2;) {
        struct object *o = list_pop(list);
        CHECK_INT(int_value(o), SMALL_INT_MAX + 1 + i);
        object_decref(o);
    }
    CHECK_INT(list_length(list), LENGTH / 2);
    object_decref(list);
    fixture_close();
}

static void case_list_clear(void)
{
    fixture_open();
    struct object *list = list_new();
    CHECK(list != NULL);
    list_clear(list);
    CHECK_INT(list_append(list, list), 0); /* a cycle: clear breaks it */
    for (uint32_t i = 0; i < 20; i++) {
        struct object *o = probe_new(i);
        CHECK_INT(list_append(list, o), 0);
        object_decref(o);
    }
    check_count(list, 2);
    list_clear(list);
    check_deaths_now(20);
    CHECK_INT(list_length(list), 0);
    check_count(list, 1);
    CHECK_INT(list_append(list, none()), 0); /* still a list */
    object_decref(list);
    fixture_close();
}

#endif
