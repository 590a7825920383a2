/* dict, also against a model of itself: an array. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_DICTS_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_DICTS_H

#include "tests/schemes/conformance/fixture.h"

/* The value of the int `key`, or -1 where there is none. */
static int64_t dict_look_up(struct object *dict, int64_t key)
{
    struct object *k = int_new(key);
    CHECK(k != NULL);
    struct object *value = dict_get(dict, k);
    int64_t found = value != NULL ? int_value(value) : -1;
    object_xdecref(value);
    object_decref(k);
    return found;
}

static void dict_put(struct object *dict, int64_t key, int64_t value)
{
    struct object *k = int_new(key), *v = int_new(value);
    CHECK(k != NULL && v != NULL);
    CHECK_INT(dict_set(dict, k, v), 0);
    object_decref(k);
    object_decref(v);
}

static int dict_remove(struct object *dict, int64_t key)
{
    struct object *k = int_new(key);
    CHECK(k != NULL);
    int status = dict_delete(dict, k);
    object_decref(k);
    return status;
}

static void case_dict_counts(void)
{
    fixture_open();
    struct object *dict = dict_new(), *key = text("key"), *a = probe_new(1), *b = probe_new(2);
    CHECK(dict != NULL);
    CHECK(dict_get(dict, key) == NULL);
    CHECK_INT(dict_delete(dict, key), 1);
    CHECK_INT(dict_set(dict, key, a), 0);
    check_count(key, 2);
    check_count(a, 2);
    struct object *same = text("key"), *got = dict_get(dict, same);
    CHECK(got == a);
    check_count(a, 3);
    object_decref(got);
    CHECK_INT(dict_set(dict, same, b), 0); /* replaces the value, keeps the key */
    check_count(same, 1);
    check_count(key, 2);
    check_count(a, 1);
    check_count(b, 2);
    CHECK_INT(dict_length(dict), 1);
    object_decref(b);
    check_deaths_now(0);
    CHECK_INT(dict_delete(dict, same), 0);
    check_deaths_now(1);
    CHECK_INT(dict_length(dict), 0);
    CHECK(dict_get(dict, key) == NULL);
    CHECK_INT(dict_set(dict, same, a), 0); /* in the place of the one that was deleted */
    check_count(a, 2);
    object_decref(dict);
    check_count(a, 1);
    check_count(key, 1);
    object_decref(same);
    object_decref(key);
    object_decref(a);
    check_deaths_now(2);
    fixture_close();
}

static void case_dict_keys(void)
{
    fixture_open();
    struct object *dict = dict_new();
    CHECK(dict != NULL);
    struct object *keys[] = {int_new(1),
                             float_new(1.0),
                             text("1"),
                             text(""),
                             object_incref(none()),
                             object_incref(bool_of(true)),
                             object_incref(bool_of(false))};
    enum { KEYS = sizeof keys / sizeof *keys };
    for (size_t i = 0; i < KEYS; i++) {
        struct object *value = own_int((int64_t)i);
        CHECK_INT(dict_set(dict, keys[i], value), 0);
        object_decref(value);
    }
    CHECK_INT(dict_length(dict), KEYS);
    for (size_t i = 0; i < KEYS; i++) {
        struct object *value = dict_get(dict, keys[i]);
        CHECK(value != NULL);
        CHECK_INT(int_value(value), SMALL_INT_MAX + 1 + (int64_t)i);
        object_decref(value);
        object_decref(keys[i]);
    }
    object_decref(dict);
    fixture_close();
}

/* Keys that all want the same place of a table of 64. */
static void case_dict_collisions(void)
{
    enum { KEYS = 16, TABLE = 64 };
    int64_t keys[KEYS];
    size_t count = 0;
    for (int64_t candidate = 0; count < KEYS; candidate++)
        if (hash_mix((uint64_t)candidate) % TABLE == 5)
            keys[count++] = candidate;
    fixture_open();
    struct object *dict = dict_new();
    CHECK(dict != NULL);
    for (size_t i = 0; i < KEYS; i++)
        dict_put(dict, keys[i], (int64_t)i);
    for (size_t i = 0; i < KEYS; i += 2)
        CHECK_INT(dict_remove(dict, keys[i]), 0);
    for (size_t i = 0; i < KEYS; i++)
        CHECK_INT(dict_look_up(dict, keys[i]), i % 2 == 0 ? -1 : (int64_t)i);
    for (size_t i = 0; i < KEYS; i += 4)
        dict_put(dict, keys[i], 100 + (int64_t)i);
    for (size_t i = 0; i < KEYS; i++)
        CHECK_INT(dict_look_up(dict, keys[i]), i % 4 == 0 ? 100 + (int64_t)i : i % 2 == 0 ? -1 : (int64_t)i);
    CHECK_INT(dict_length(dict), KEYS / 2 + KEYS / 4);
    object_decref(dict);
    fixture_close();
}

static void case_dict_grows(void)
{
    enum { KEYS = 10000 };
    fixture_open();
    struct object *dict = dict_new();
    CHECK(dict != NULL);
    for (int64_t i = 0; i < KEYS; i++)
        dict_put(dict, i, i * 3);
    CHECK_INT(dict_length(dict), KEYS);
    for (int64_t i = 0; i < KEYS; i++)
        CHECK_INT(dict_look_up(dict, i), i * 3);
    CHECK_INT(dict_look_up(dict, KEYS), -1);
    for (int64_t i = 0; i < KEYS; i++)
        CHECK_INT(dict_remove(dict, i), 0);
    CHECK_INT(dict_length(dict), 0);
    dict_put(dict, 1, 2); /* into a table of deleted entries */
    CHECK_INT(dict_look_up(dict, 1), 2);
    dict_clear(dict);
    CHECK_INT(dict_length(dict), 0);
    dict_put(dict, 1, 3);
    CHECK_INT(dict_look_up(dict, 1), 3);
    object_decref(dict);
    fixture_close();
}

static void case_dict_random(void)
{
    enum { KEYS = 200, STEPS = 20000 };
    int64_t expected[KEYS];
    size_t length = 0;
    uint64_t random = 20240501;
    fixture_open();
    struct object *dict = dict_new();
    CHECK(dict != NULL);
    for (size_t i = 0; i < KEYS; i++)
        expected[i] = -1;
    for (int64_t step = 0; step < STEPS; step++) {
        uint32_t key = draw(&random, KEYS), what = draw(&random, 5);
        if (what < 2) {
            length += expected[key] < 0;
            dict_put(dict, key, expected[key] = step);
        } else if (what == 2) {
            CHECK_INT(dict_remove(dict, key), expected[key] < 0);
            length -= expected[key] >= 0;
            expected[key] = -1;
        } else {
            CHECK_INT(dict_look_up(dict, key), expected[key]);
        }
        CHECK_INT(dict_length(dict), length);
    }
    object_decref(dict);
    fixture_close();
}

#endif
