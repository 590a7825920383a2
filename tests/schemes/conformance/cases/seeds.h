/* The seeds' scenarios about counts: what refers to an object, when it dies, what a read writes. docs/memory.md has
 * the questions and, from `conformance --verbose`, the answers. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_SEEDS_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_SEEDS_H

#include "tests/schemes/conformance/fixture.h"

/* ---- variables -------------------------------------------------------------------------------------------- */

/* What `name = o` does: the new reference is taken before the old one is dropped, or `a = a` would end its object. */
static void name_bind(struct object **name, struct object *o)
{
    struct object *old = *name;
    *name = object_incref(o);
    object_decref(old);
}

/* sys.getrefcount: a function that is called with the object, and so has a reference of its own while it counts. */
static struct object *count_of_argument(struct object *function, struct object **arguments, size_t count)
{
    (void)function;
    CHECK_INT(count, 1);
    return int_get(rc_audit(&arguments[0]->rc));
}

static int64_t getrefcount(struct object *function, struct object *o)
{
    struct object *arguments[] = {o}, *answer = function_call(function, arguments, 1);
    CHECK(answer != NULL);
    int64_t count = int_value(answer);
    object_decref(answer);
    return count;
}

static void check_step(const char *what, int64_t count, int64_t expected)
{
    CHECK_INT(count, expected);
    check_measured(what, "%lld", (long long)count);
}

/* Assignment, rebinding, a container, passing an argument. */
static void case_counts_of_variables(void)
{
    fixture_open();
    struct object *name = text("getrefcount"), *function = function_new(name, NULL, count_of_argument);
    struct object *a = probe_new(1), *b = probe_new(2), *list = list_new();
    CHECK(function != NULL && list != NULL);
    check_step("`a = Object()`", rc_audit(&a->rc), 1);
    name_bind(&b, a);
    check_deaths_now(1); /* what b was bound to */
    check_step("then `b = a`", rc_audit(&a->rc), 2);
    check_step("`getrefcount(a)` meanwhile", getrefcount(function, a), 3);
    check_step("after that call", rc_audit(&a->rc), 2);
    CHECK_INT(list_append(list, a), 0);
    check_step("then `list.append(a)`", rc_audit(&a->rc), 3);
    name_bind(&b, none());
    check_step("then `b = None`", rc_audit(&a->rc), 2);
    name_bind(&a, a);
    check_step("then `a = a`", rc_audit(&a->rc), 2);
    list_clear(list);
    check_step("then `list.clear()`", rc_audit(&a->rc), 1);
    check_step("`getrefcount(a)` at last", getrefcount(function, a), 2);
    object_decref(a);
    check_deaths_now(2);
    object_decref(b);
    object_decref(list);
    object_decref(function);
    object_decref(name);
    fixture_close();
}

/* ---- death ------------------------------------------------------------------------------------------------ */

struct last_drop {
    struct object *object;
    struct a32 made, dropped;
};

/* Thread 1 drops the last reference to what thread 0 has made. Thread 0 works on, without a safepoint where it can. */
static void last_drop_crew(struct crew *crew, unsigned index)
{
    struct last_drop *shared = crew->argument;
    if (index == 1) {
        await(&shared->made, 1);
        object_decref(shared->object);
        a32_store_release(&shared->dropped, 1);
        return;
    }
    int64_t before = a64_load_relaxed(&deaths.count);
    shared->object = probe_new_public(3);
    a32_store_release(&shared->made, 1);
    while (a32_load_acquire(&shared->dropped) == 0) {
        if (MODE_GIL)
            thread_safepoint(thread_self());
        shim_yield();
    }
    int64_t at_once = a64_load_relaxed(&deaths.count) - before;
    CHECK(at_once == 1 || (RC_LATE && at_once == 0));
    check_measured("deaths after another thread's last drop", "%lld", (long long)at_once);
    settle();
    CHECK_INT(a64_load_relaxed(&deaths.count) - before, 1);
    check_measured("deaths after the owner's next safepoint", "1");
}

/* The statement after the last drop finds the object dead, and what it referred to. */
static void case_death_at_last_drop(void)
{
    fixture_open();
    struct object *a = list_new(), *inside = probe_new(1);
    CHECK(a != NULL && list_append(a, inside) == 0);
    object_decref(inside);
    struct object *b = object_incref(a);
    object_decref(a);
    check_deaths(0);
    check_measured("deaths after the last but one drop", "0");
    object_decref(b);
    check_deaths(1); /* no safepoint, no collection */
    check_measured("deaths after the last drop", "1");
    if (MODE_THREADS_MAX != 1) {
        struct last_drop shared = {0};
        crew_run(2, last_drop_crew, &shared);
    }
    fixture_close();
}

/* ---- None --------------------------------------------------------------------------------------------------- */

enum { NONES = 5000 };

/* Each place that holds None counts, or None is not written at all. */
static void case_references_to_none(void)
{
    fixture_open();
    struct rc_head before = none()->rc;
    int64_t references = RC_EXACT_AUDIT ? rc_audit(&none()->rc) : 0;
    struct object *tuple = tuple_new(NONES);
    CHECK(tuple != NULL);
    for (size_t i = 0; i < NONES; i++)
        tuple_fill(tuple, i, object_incref(none()));
    bool written = memcmp(&before, &none()->rc, sizeof before) != 0;
    CHECK_INT(written, !model.immortal);
    if (!model.immortal)
        check_count(none(), references + NONES);
    check_measured("what a tuple of 5000 `None` changes", written ? "the count of `None`, by 5000" : "nothing");
    object_decref(tuple);
    CHECK_INT(memcmp(&before, &none()->rc, sizeof before), 0);
    fixture_close();
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

/* Where the header first differs from what it was, in bytes; -1: nowhere. */
static int header_change(const struct rc_head *before, const struct rc_head *now)
{
    for (size_t i = 0; i < sizeof *before; i++)
        if (((const unsigned char *)before)[i] != ((const unsigned char *)now)[i])
            return (int)i;
    return -1;
}

static void measure_change(const char *what, int byte)
{
    if (byte < 0)
        check_measured(what, "nothing");
    else
        check_measured(what, "byte %d", byte);
}

/* What changes while a reader has a reference of its own; nothing has, once it is dropped. */
static int read_and_drop(struct slot *slot)
{
    struct rc_head before = slot->object->rc;
    struct object *o = slot_load(slot);
    int byte = header_change(&before, &o->rc);
    object_decref(o);
    CHECK_INT(header_change(&before, &slot->object->rc), -1);
    return byte;
}

static void read_by_stranger_crew(struct crew *crew, unsigned index)
{
    (void)index;
    int byte = read_and_drop(crew->argument);
    CHECK(byte >= 0 || !RC_EXACT_AUDIT);
    measure_change("an own reference, on another thread", byte);
}

/* Who reads a shared object writes its count, unless it borrows or the object is immortal. */
static void case_reading_writes_count(void)
{
    fixture_open();
    struct object *o = probe_new_public(1), *tuple = tuple_new(1);
    struct slot slot;
    CHECK(tuple != NULL);
    tuple_fill(tuple, 0, object_incref(o));
    slot_init(&slot, o);
    struct rc_head before = o->rc;
    probe_check(tuple_peek(tuple, 0));
    CHECK_INT(header_change(&before, &o->rc), -1);
    measure_change("a borrowed reference", header_change(&before, &o->rc));
    int byte = read_and_drop(&slot);
    CHECK(byte >= 0 || !RC_EXACT_AUDIT);
    measure_change("an own reference, on the thread that made the object", byte);
    if (MODE_THREADS_MAX != 1)
        crew_run(1, read_by_stranger_crew, &slot);
    before = none()->rc;
    object_incref(none());
    byte = header_change(&before, &none()->rc);
    CHECK_INT(byte < 0, model.immortal);
    measure_change("an own reference to `None`", byte);
    object_decref(none());
    object_decref(tuple);
    object_decref(slot_exchange(&slot, NULL));
    fixture_close();
}

#endif
