/* Lists, dicts and slots that several threads change at once. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_SHARED_CONTAINERS_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_SHARED_CONTAINERS_H

#include "tests/schemes/conformance/fixture.h"

enum { SHARED_STEPS = 1500 * EFFORT };

/* ---- list ------------------------------------------------------------------------------------------------ */

struct shared_list {
    struct object *list;
    struct a64 appended, popped, replaced;
};

static void list_step(struct shared_list *shared, uint64_t *random)
{
    struct object *o = NULL;
    switch (draw(random, 4)) {
    case 0:
        o = probe_new(draw(random, 1000));
        CHECK_INT(list_append(shared->list, o), 0);
        a64_add_relaxed(&shared->appended, 1);
        break;
    case 1:
        o = list_pop(shared->list);
        a64_add_relaxed(&shared->popped, o != NULL);
        break;
    case 2:
        o = probe_new(draw(random, 1000));
        a64_add_relaxed(&shared->replaced, list_set(shared->list, draw(random, 50), o) == 0);
        break;
    default: o = list_get(shared->list, draw(random, 50)); break;
    }
    if (o != NULL)
        probe_check(o);
    object_xdecref(o);
}

static void list_crew(struct crew *crew, unsigned index)
{
    uint64_t random = 77 + index;
    for (int i = 0; i < SHARED_STEPS; i++) {
        list_step(crew->argument, &random);
        thread_safepoint(thread_self());
    }
}

static void case_shared_list(void)
{
    static struct shared_list shared;
    fixture_open();
    shared.list = list_new();
    CHECK(shared.list != NULL);
    CHECK_INT(object_publish(shared.list), 0);
    crew_run(CREW_MAX, list_crew, &shared);
    settle();
    size_t left = list_length(shared.list);
    CHECK_INT(left, a64_load_relaxed(&shared.appended) - a64_load_relaxed(&shared.popped));
    for (size_t i = 0; i < left; i++) {
        struct object *o = list_get(shared.list, i);
        probe_check(o);
        check_count(o, 2);
        object_decref(o);
    }
    int64_t before = a64_load_relaxed(&deaths.count);
    list_clear(shared.list);
    settle();
    check_deaths(before + (int64_t)left);
    check_count(shared.list, 1);
    object_decref(shared.list);
    fixture_close();
}

/* ---- dict ------------------------------------------------------------------------------------------------ */

enum { SHARED_KEYS = 64 };

/* A key is written by one thread, key % size, and read by all. A value's id: key, then a number that
 * grows with each write of the key. */
struct shared_dict {
    struct object *dict;
    struct object *keys[SHARED_KEYS];
    uint32_t last[SHARED_KEYS]; /* id of the value; 0: deleted. Its writer's */
};

static void dict_write(struct shared_dict *shared, uint32_t key, uint32_t number, bool erase)
{
    if (erase) {
        CHECK_INT(dict_delete(shared->dict, shared->keys[key]), shared->last[key] == 0);
        shared->last[key] = 0;
        return;
    }
    struct object *value = probe_new(number * SHARED_KEYS + key);
    CHECK_INT(dict_set(shared->dict, shared->keys[key], value), 0);
    shared->last[key] = number * SHARED_KEYS + key;
    object_decref(value);
}

static void dict_read(struct shared_dict *shared, uint32_t key)
{
    struct object *value = dict_get(shared->dict, shared->keys[key]);
    if (value == NULL)
        return;
    CHECK_INT(probe_check(value) % SHARED_KEYS, key);
    object_decref(value);
}

static void dict_crew(struct crew *crew, unsigned index)
{
    struct shared_dict *shared = crew->argument;
    uint64_t random = 99 + index;
    for (uint32_t i = 1; i <= SHARED_STEPS; i++) {
        uint32_t key = draw(&random, SHARED_KEYS);
        if (key % crew->size == index)
            dict_write(shared, key, i, draw(&random, 4) == 0);
        else
            dict_read(shared, key);
        thread_safepoint(thread_self());
    }
}

static void check_last_values(struct shared_dict *shared)
{
    size_t length = 0;
    for (uint32_t key = 0; key < SHARED_KEYS; key++) {
        struct object *value = dict_get(shared->dict, shared->keys[key]);
        CHECK_INT(value != NULL, shared->last[key] != 0);
        if (value == NULL)
            continue;
        length++;
        CHECK_INT(probe_check(value), shared->last[key]);
        check_count(value, 2);
        object_decref(value);
    }
    CHECK_INT(dict_length(shared->dict), length);
}

static void case_shared_dict(void)
{
    static struct shared_dict shared;
    fixture_open();
    shared.dict = dict_new();
    CHECK(shared.dict != NULL);
    for (uint32_t i = 0; i < SHARED_KEYS; i++) {
        shared.keys[i] = own_int(i);
        CHECK_INT(object_publish(shared.keys[i]), 0);
    }
    CHECK_INT(object_publish(shared.dict), 0);
    crew_run(CREW_MAX, dict_crew, &shared);
    settle();
    check_last_values(&shared);
    object_decref(shared.dict);
    for (uint32_t i = 0; i < SHARED_KEYS; i++) {
        check_count(shared.keys[i], 1);
        object_decref(shared.keys[i]);
    }
    fixture_close();
}

/* ---- slots ------------------------------------------------------------------------------------------------ */

enum { SLOTS = 4 };

struct shared_slots {
    struct slot slots[SLOTS];
    struct a64 made;
};

static void slot_step(struct shared_slots *shared, struct slot *slot, uint32_t what)
{
    if (what == 0) {
        struct object *fresh = probe_new(1);
        a64_add_relaxed(&shared->made, 1);
        CHECK_INT(slot_store(slot, fresh), 0);
    } else if (what == 1) {
        object_xdecref(slot_exchange(slot, NULL));
    } else {
        struct object *o = slot_load(slot);
        if (o != NULL)
            CHECK_INT(probe_check(o), 1);
        object_xdecref(o);
    }
}

static void slot_crew(struct crew *crew, unsigned index)
{
    struct shared_slots *shared = crew->argument;
    uint64_t random = 55 + index;
    for (int i = 0; i < SHARED_STEPS; i++) {
        slot_step(shared, &shared->slots[draw(&random, SLOTS)], draw(&random, 8));
        thread_safepoint(thread_self());
    }
}

static void case_shared_slots(void)
{
    static struct shared_slots shared;
    fixture_open();
    for (size_t i = 0; i < SLOTS; i++)
        slot_init(&shared.slots[i], NULL);
    crew_run(CREW_MAX, slot_crew, &shared);
    for (size_t i = 0; i < SLOTS; i++)
        CHECK_INT(slot_store(&shared.slots[i], NULL), 0);
    settle();
    check_deaths(a64_load_relaxed(&shared.made));
    fixture_close();
}

/* What hangs below a published container is counted by many threads, too: an inner list that each reader
 * reaches through the outer one. */
static void inner_crew(struct crew *crew, unsigned index)
{
    (void)index;
    for (int i = 0; i < SHARED_STEPS; i++) {
        struct object *inner = list_get(crew->argument, 0);
        struct object *o = list_get(inner, 0);
        probe_check(o);
        object_decref(o);
        object_decref(inner);
        thread_safepoint(thread_self());
    }
}

static void case_shared_inner(void)
{
    fixture_open();
    struct object *outer = list_new(), *inner = list_new(), *o = probe_new(1);
    CHECK(outer != NULL && inner != NULL);
    CHECK_INT(list_append(inner, o), 0);
    CHECK_INT(list_append(outer, inner), 0);
    CHECK_INT(object_publish(outer), 0);
    crew_run(CREW_MAX, inner_crew, outer);
    settle();
    check_count(inner, 2);
    check_count(o, 2);
    object_decref(inner);
    object_decref(o);
    object_decref(outer);
    check_deaths_now(1);
    fixture_close();
}

#endif
