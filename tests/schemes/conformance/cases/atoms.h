/* None, True, False, int, float, str: identity, order, hashes, sharing. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_ATOMS_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_ATOMS_H

#include "tests/schemes/conformance/fixture.h"

/* Both ways round: equal, or ordered by `order`'s sign. Uses both references up. */
static void check_order(struct object *a, struct object *b, int order)
{
    int forwards = object_compare(a, b), backwards = object_compare(b, a);
    CHECK_INT((forwards > 0) - (forwards < 0), order);
    CHECK_INT((backwards > 0) - (backwards < 0), -order);
    if (order == 0)
        CHECK(object_hash(a) == object_hash(b));
    object_decref(a);
    object_decref(b);
}

static void case_singletons(void)
{
    fixture_open();
    CHECK(none() != NULL && none() == none());
    CHECK(bool_of(true) != bool_of(false) && bool_of(true) == bool_of(7 > 2));
    CHECK_INT(object_compare(none(), none()), 0);
    CHECK(object_compare(bool_of(true), bool_of(false)) != 0);
    CHECK(object_compare(none(), bool_of(false)) != 0);
    CHECK(object_hash(none()) == object_hash(none()));
    for (int i = 0; i < 1000; i++) {
        object_incref(none());
        object_incref(bool_of(i % 2 == 0));
    }
    for (int i = 0; i < 1000; i++) {
        object_decref(none());
        object_decref(bool_of(i % 2 == 0));
    }
    CHECK(object_check(none()) == NULL && object_check(bool_of(true)) == NULL);
    fixture_close();
}

static void case_small_ints(void)
{
    fixture_open();
    for (int64_t value = SMALL_INT_MIN - 3; value <= SMALL_INT_MAX + 3; value++) {
        struct object *a = int_get(value), *b = int_get(value);
        CHECK(a != NULL && b != NULL);
        CHECK_INT(int_value(a), value);
        CHECK_INT(a == b, value >= SMALL_INT_MIN && value <= SMALL_INT_MAX);
        check_order(a, b, 0);
    }
    struct object *fresh = int_new(1), *shared = int_get(1);
    CHECK(fresh != NULL && fresh != shared);
    check_order(fresh, shared, 0);
    fixture_close();
}

static void case_ints(void)
{
    fixture_open();
    check_order(own_int(1), own_int(2), -1);
    check_order(int_new(INT64_MIN), int_new(INT64_MAX), -1);
    check_order(int_new(-1), int_new(1), -1);
    check_order(int_new(INT64_MIN), int_new(INT64_MIN), 0);
    fixture_close();
}

static void case_floats(void)
{
    fixture_open();
    check_order(float_new(1.5), float_new(1.5), 0);
    check_order(float_new(-0.0), float_new(0.0), 0);
    check_order(float_new(-1e300), float_new(1e-300), -1);
    check_order(float_new(__builtin_inf()), float_new(1e300), 1);
    struct object *nan = float_new(__builtin_nan("")), *one = float_new(1.0), *other = float_new(__builtin_nan(""));
    CHECK(nan != NULL && one != NULL && other != NULL);
    CHECK(object_compare(nan, one) > 0 && object_compare(one, nan) < 0);
    CHECK(object_compare(nan, other) != 0);
    CHECK_INT(float_value(one) == 1.0, 1);
    object_decref(nan);
    object_decref(one);
    object_decref(other);
    fixture_close();
}

static void case_strs(void)
{
    fixture_open();
    check_order(text("spam"), text("spam"), 0);
    check_order(text(""), text(""), 0);
    check_order(text(""), text("a"), -1);
    check_order(text("spam"), text("spammer"), -1);
    check_order(text("b"), text("aa"), 1);
    check_order(str_new("a\0b", 3), str_new("a\0c", 3), -1);
    check_order(text("\xc3\xa9"), text("z"), 1); /* bytes are unsigned */
    struct object *s = text("spam");
    CHECK_INT(str_of(s)->length, 4);
    CHECK_INT(strcmp(str_of(s)->bytes, "spam"), 0);
    object_decref(s);
    fixture_close();
}

static void case_types_differ(void)
{
    fixture_open();
    struct object *i = int_new(1), *f = float_new(1.0), *s = text("1"), *t = tuple_new(0);
    CHECK(i != NULL && f != NULL && t != NULL);
    struct object *all[] = {i, f, s, t, none()};
    for (size_t a = 0; a < 5; a++)
        for (size_t b = 0; b < 5; b++)
            CHECK_INT(object_compare(all[a], all[b]) == 0, a == b);
    for (size_t a = 0; a < 4; a++)
        object_decref(all[a]);
    fixture_close();
}

#endif
