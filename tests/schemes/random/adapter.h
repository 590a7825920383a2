/* The object model of one variant as the table that the single-thread driver calls: see struct adapter. Objects get a
 * type of their own, a copy of the model's whose dealloc reports the death first. */
#ifndef RCBENCH_TESTS_SCHEMES_RANDOM_ADAPTER_H
#define RCBENCH_TESTS_SCHEMES_RANDOM_ADAPTER_H

#include <stdio.h>

#include "tests/schemes/conformance/fixture.h"
#include "tests/schemes/random/reference.h"
#include "tests/schemes/random/suite.h"

struct watched_type {
    struct type type;
    const struct type *base;
};

static struct watched_type watched_types[KINDS];
static death_fn *watched_death;
static struct slot watched_slots[SLOTS];
static struct object *watched_names[ATTRIBUTES]; /* of attributes: str */

static void watched_dealloc(struct object *self)
{
    watched_death(self);
    ((const struct watched_type *)self->type)->base->dealloc(self);
}

static void watched_prepare(void)
{
    static const struct type *const bases[KINDS] = {
        [KIND_INT] = &int_type,           [KIND_STR] = &str_type,     [KIND_PROBE] = &probe_type,
        [KIND_TUPLE] = &tuple_type,       [KIND_LIST] = &list_type,   [KIND_DICT] = &dict_type,
        [KIND_CELL] = &cell_type,         [KIND_CLASS] = &class_type, [KIND_INSTANCE] = &instance_type,
        [KIND_FUNCTION] = &function_type,
    };
    for (size_t i = KIND_INT; i < KINDS; i++) {
        watched_types[i] = (struct watched_type){.type = *bases[i], .base = bases[i]};
        watched_types[i].type.dealloc = watched_dealloc;
    }
}

static void adapter_open(death_fn *on_death)
{
    fixture_open();
    watched_prepare();
    watched_death = on_death;
    for (int i = 0; i < ATTRIBUTES; i++)
        watched_names[i] = text((const char[]){(char)('a' + i), '\0'});
    for (int i = 0; i < SLOTS; i++)
        slot_init(&watched_slots[i], NULL);
}

static void adapter_close(void)
{
    for (int i = 0; i < ATTRIBUTES; i++)
        object_decref(watched_names[i]);
    settle();
    fixture_close();
}

/* ---- making ------------------------------------------------------------------------------------------------- */

static struct object *make_str(int number)
{
    char bytes[16];
    snprintf(bytes, sizeof bytes, "text %d", number);
    return str_new(bytes, strlen(bytes));
}

static struct object *make_tuple(void **items, size_t count)
{
    struct object *tuple = tuple_new(count);
    for (size_t i = 0; tuple != NULL && i < count; i++)
        tuple_fill(tuple, i, object_incref(items[i]));
    return tuple;
}

static struct object *make_class(int slots, bool has_dict)
{
    struct object *names = tuple_new((size_t)slots);
    if (names == NULL)
        return NULL;
    for (int i = 0; i < slots; i++)
        tuple_fill(names, (size_t)i, object_incref(watched_names[i]));
    struct object *class_ = class_new(watched_names[0], names, has_dict);
    object_decref(names);
    return class_;
}

static struct object *make_code(struct object *function, struct object **arguments, size_t count)
{
    (void)function;
    CHECK_INT(count, 1);
    return object_incref(arguments[0]);
}

static struct object *make_kind(int kind, int number, bool has_dict, void **items, size_t count)
{
    struct object *first = count > 0 ? items[0] : NULL;
    switch (kind) {
    case KIND_INT: return int_new(SMALL_INT_MAX + 1 + number);
    case KIND_STR: return make_str(number);
    case KIND_PROBE: return probe_try_new((uint32_t)number);
    case KIND_TUPLE: return make_tuple(items, count);
    case KIND_LIST: return list_new();
    case KIND_DICT: return dict_new();
    case KIND_CELL: return cell_new(first);
    case KIND_CLASS: return make_class(number, has_dict);
    case KIND_INSTANCE: return instance_new(first);
    default: return function_new(watched_names[0], first, make_code);
    }
}

static void *adapter_make(int kind, int number, bool has_dict, void **items, size_t count)
{
    struct object *o = make_kind(kind, number, has_dict, items, count);
    if (o != NULL)
        o->type = &watched_types[kind].type;
    return o;
}

static void *adapter_shared(int which)
{
    return which == 0 ? object_incref(none()) : which == 1 ? object_incref(bool_of(true)) : int_get(which);
}

/* ---- counting ----------------------------------------------------------------------------------------------- */

static void adapter_incref(void *o) { object_incref(o); }
static void adapter_decref(void *o) { object_decref(o); }
static bool adapter_is_unique(void *o) { return rc_is_unique(&((struct object *)o)->rc); }
static int adapter_publish(void *o) { return object_publish(o); }
static bool adapter_immortalize(void *o) { return object_immortalize(o); }
static void adapter_destroy(void *o) { ((struct object *)o)->type->dealloc(o); }

static bool adapter_try_incref(void *o)
{
    rc_allow_try_incref(&((struct object *)o)->rc);
    return rc_try_incref(&((struct object *)o)->rc);
}

static int64_t adapter_count(void *o)
{
    CHECK(object_check(o) == NULL);
    int64_t count = rc_audit(&((struct object *)o)->rc);
    return count == RC_AUDIT_IMMORTAL ? COUNT_IMMORTAL : count;
}

static void adapter_clear(void *o) { ((struct object *)o)->type->clear(o); }

/* ---- contents ----------------------------------------------------------------------------------------------- */

struct collected {
    struct object *container;
    void **items;
    size_t count, max;
};

static int collect(struct object *referent, void *argument)
{
    struct collected *all = argument;
    CHECK(all->count < all->max);
    CHECK(!rc_is_published(&all->container->rc) || rc_is_published(&referent->rc));
    all->items[all->count++] = referent;
    return 0;
}

/* A function's name is no concern of the driver. */
static size_t adapter_items(void *o, void **items, size_t max)
{
    struct collected all = {.container = o, .items = items, .max = max};
    const struct type *type = ((struct object *)o)->type;
    CHECK_INT(type->traverse(o, collect, &all), 0);
    if (type != &watched_types[KIND_FUNCTION].type)
        return all.count;
    CHECK(items[0] == watched_names[0]);
    items[0] = all.count > 1 ? items[1] : NULL;
    return all.count - 1;
}

static size_t adapter_length(void *dict) { return dict_length(dict); }
static int adapter_append(void *list, void *o) { return list_append(list, o); }
static int adapter_list_set(void *list, size_t index, void *o) { return list_set(list, index, o); }
static void *adapter_list_get(void *list, size_t index) { return list_get(list, index); }
static void *adapter_pop(void *list) { return list_pop(list); }
static int adapter_dict_set(void *dict, void *key, void *o) { return dict_set(dict, key, o); }
static void *adapter_dict_get(void *dict, void *key) { return dict_get(dict, key); }
static bool adapter_dict_delete(void *dict, void *key) { return dict_delete(dict, key) == 0; }
static int adapter_cell_set(void *cell, void *o) { return cell_set(cell, o); }
static void *adapter_cell_get(void *cell) { return cell_get(cell); }
static int adapter_attribute_set(void *o, int which, void *v) { return instance_set(o, watched_names[which], v); }
static void *adapter_attribute_get(void *o, int which) { return instance_get(o, watched_names[which]); }

static void *adapter_call(void *function, void *argument)
{
    struct object *arguments[] = {argument};
    return function_call(function, arguments, 1);
}

static int adapter_slot_store(int which, void *o) { return slot_store(&watched_slots[which], o); }
static void *adapter_slot_load(int which) { return slot_load(&watched_slots[which]); }
static void *adapter_slot_take(int which) { return slot_exchange(&watched_slots[which], NULL); }

static void adapter_detach(void)
{
    struct thread *self = thread_self();
    thread_detach(self);
    thread_attach(self);
}

static const struct adapter adapter_table = {
    .open = adapter_open,
    .close = adapter_close,
    .make = adapter_make,
    .shared = adapter_shared,
    .incref = adapter_incref,
    .decref = adapter_decref,
    .try_incref = adapter_try_incref,
    .is_unique = adapter_is_unique,
    .publish = adapter_publish,
    .immortalize = adapter_immortalize,
    .count = adapter_count,
    .clear = adapter_clear,
    .destroy = adapter_destroy,
    .items = adapter_items,
    .length = adapter_length,
    .append = adapter_append,
    .list_set = adapter_list_set,
    .list_get = adapter_list_get,
    .pop = adapter_pop,
    .dict_set = adapter_dict_set,
    .dict_get = adapter_dict_get,
    .dict_delete = adapter_dict_delete,
    .cell_set = adapter_cell_set,
    .cell_get = adapter_cell_get,
    .attribute_set = adapter_attribute_set,
    .attribute_get = adapter_attribute_get,
    .call = adapter_call,
    .slot_store = adapter_slot_store,
    .slot_load = adapter_slot_load,
    .slot_take = adapter_slot_take,
    .settle = settle,
    .detach = adapter_detach,
};

#endif
