/* One thread: counts follow what is done, and an object dies with its last reference. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_COUNTING_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_COUNTING_H

#include "tests/schemes/conformance/fixture.h"

/* Enough to reach a defect that shows once in some thousands of operations. */
enum { COUNTING_MANY = 20000 };

static void case_count_follows(void)
{
    fixture_open();
    struct object *o = probe_new(0);
    check_count(o, 1);
    for (int i = 0; i < COUNTING_MANY; i++)
        CHECK(object_incref(o) == o);
    check_count(o, 1 + COUNTING_MANY);
    for (int i = 0; i < COUNTING_MANY; i++)
        object_decref(o);
    check_count(o, 1);
    probe_check(o);
    check_deaths_now(0);
    object_decref(o);
    check_deaths_now(1);
    object_xdecref(NULL);
    fixture_close();
}

/* Each of many objects dies once, when its last reference goes. */
static void case_every_object_dies_once(void)
{
    fixture_open();
    for (int i = 0; i < COUNTING_MANY; i++) {
        struct object *o = probe_new(0);
        object_incref(o);
        object_decref(o);
        check_deaths_now(i);
        probe_check(o);
        object_decref(o);
        check_deaths_now(i + 1);
    }
    fixture_close();
}

static void case_unique(void)
{
    fixture_open();
    struct object *o = probe_new(0);
    if (!RC_LATE)
        CHECK(rc_is_unique(&o->rc)); /* a scheme that is late may not know */
    for (int i = 0; i < 3; i++) {
        object_incref(o);
        CHECK(!rc_is_unique(&o->rc));
        object_decref(o);
    }
    if (!RC_LATE)
        CHECK(rc_is_unique(&o->rc));
    object_decref(o);
    fixture_close();
}

static void case_try_incref_alive(void)
{
    fixture_open();
    struct object *o = probe_new(0);
    rc_allow_try_incref(&o->rc);
    rc_allow_try_incref(&o->rc); /* once more changes nothing */
    check_count(o, 1);
    CHECK(rc_try_incref(&o->rc));
    check_count(o, 2);
    object_decref(o);
    check_count(o, 1);
    object_decref(o);
    check_deaths_now(1);
    fixture_close();
}

/* A list of probes and lists: [first, [first + 1], first + 2]. */
static struct object *counting_nest(uint32_t first)
{
    struct object *outer = list_new(), *inner = list_new();
    CHECK(outer != NULL && inner != NULL);
    struct object *items[] = {probe_new(first), inner, probe_new(first + 2)};
    struct object *deep = probe_new(first + 1);
    CHECK_INT(list_append(inner, deep), 0);
    object_decref(deep);
    for (size_t i = 0; i < 3; i++) {
        CHECK_INT(list_append(outer, items[i]), 0);
        object_decref(items[i]);
    }
    return outer;
}

/* What an object refers to dies with it, in the order in which it refers to it; a late scheme may choose
 * another order but not another set. */
static void case_death_order(void)
{
    enum { LISTS = 4, EACH = 3 };
    bool seen[LISTS * EACH] = {false};
    fixture_open();
    deaths.logging = true;
    for (uint32_t i = 0; i < LISTS; i++) {
        struct object *list = counting_nest(i * EACH);
        check_deaths_now(i * EACH);
        object_decref(list);
        check_deaths_now((i + 1) * EACH);
    }
    for (uint32_t i = 0; i < LISTS * EACH && !RC_NEVER_FREES; i++) {
        if (!RC_LATE)
            CHECK_INT(deaths.order[i], i);
        CHECK(deaths.order[i] < LISTS * EACH && !seen[deaths.order[i]]);
        seen[deaths.order[i]] = true;
    }
    fixture_close();
}

static void case_referent_outlives(void)
{
    fixture_open();
    struct object *kept = probe_new(7), *tuple = tuple_new(2);
    CHECK(tuple != NULL);
    tuple_fill(tuple, 0, object_incref(kept));
    tuple_fill(tuple, 1, probe_new(8));
    check_count(kept, 2);
    object_decref(tuple);
    check_deaths_now(1);
    check_count(kept, 1);
    CHECK_INT(probe_check(kept), 7);
    object_decref(kept);
    check_deaths_now(2);
    fixture_close();
}

#endif
