/* What a thread of a soak does to objects: makes, connects, reads, hands over, drops; and what finalizers and callbacks
 * do. Every reference that a thread has between two actions is in its `held`; those that an action needs besides it
 * takes and gives up itself. */
#ifndef RCBENCH_TESTS_SCHEMES_SOAK_ACTIONS_H
#define RCBENCH_TESTS_SCHEMES_SOAK_ACTIONS_H

#include "tests/schemes/soak/soak.h"

/* ---- finalizers and callbacks: on any thread, in the midst of any drop --------------------------------------- */

static void soak_rest_inside(struct soaker *s)
{
    a32_add_acq_rel(&soak.inside, 1);
    switch (soak_draw(s, 3)) {
    case 0: thread_safepoint(thread_self()); break;
    case 1: CHECK(gc_collect(GC_YOUNG) >= 0); break;
    default: (void)gc_get_objects(); break;
    }
    a32_add_acq_rel(&soak.inside, (uint32_t)-1);
}

/* Brings itself back, where others find it; makes garbage; changes what it refers to; lets others run. */
static void soak_finalize(struct object *node)
{
    struct soaker *s = soaker_self;
    switch (soak_draw(s, 12)) {
    case 0: CHECK_INT(slot_store(&soak.slots[soak_draw(s, SOAK_SLOTS)], object_incref(node)), 0); break;
    case 1: CHECK_INT(list_append(soak.list, node), 0); break;
    case 2: object_decref(node_ring(0, 2, true)); break;
    case 3: node_clear(node); break;
    case 4: node_set(node, 0, node); break;
    case 5: soak_rest_inside(s); break;
    default: break;
    }
}

static void soak_called(struct object *weak, struct object *argument)
{
    struct soaker *s = soaker_self;
    CHECK(weakref_get(weak) == NULL);
    soak_count(&soak.options->tally->called);
    if (argument != NULL && soak_draw(s, 2) == 0)
        CHECK_INT(slot_store(&soak.slots[soak_draw(s, SOAK_SLOTS)], object_incref(argument)), 0);
    if (soak_draw(s, 8) == 0)
        soak_rest_inside(s);
}

/* ---- making -------------------------------------------------------------------------------------------------- */

/* An owned reference to something held, or to None. */
static struct object *soak_any(struct soaker *s)
{
    unsigned at = soak_pick(s);
    return object_incref(at != SOAK_HELD ? s->held[at] : none());
}

static struct object *soak_tuple(struct soaker *s)
{
    size_t length = soak_draw(s, 4);
    struct object *tuple = tuple_new(length);
    for (size_t i = 0; tuple != NULL && i < length; i++)
        tuple_fill(tuple, i, soak_any(s));
    return tuple;
}

static struct object *soak_cell(struct soaker *s)
{
    struct object *content = soak_any(s), *cell = cell_new(content);
    object_decref(content);
    return cell;
}

static struct object *soak_return_argument(struct object *function, struct object **arguments, size_t count)
{
    (void)function;
    CHECK_INT(count, 1);
    return object_incref(arguments[0]);
}

static struct object *soak_function(struct soaker *s)
{
    struct object *closure = tuple_new(1);
    CHECK(closure != NULL);
    tuple_fill(closure, 0, soak_cell(s));
    struct object *function = function_new(soak.names[0], closure, soak_return_argument);
    object_decref(closure);
    return function;
}

static void do_make(struct soaker *s)
{
    struct object *made;
    switch (soak_draw(s, 10)) {
    case 0: made = soak_tuple(s); break;
    case 1: made = list_new(); break;
    case 2: made = dict_new(); break;
    case 3: made = soak_cell(s); break;
    case 4: made = soak_function(s); break;
    case 5: made = own_int((int64_t)soak_draw(s, 1000)); break;
    case 6: made = final_node_new(0); break;
    case 7: made = node_new(0); break;
    default: made = instance_new(soak.classes[soak_draw(s, 2)]); break;
    }
    CHECK(made != NULL);
    soak_count(&soak.options->tally->objects);
    soak_keep(s, made);
}

/* ---- connecting and reading ---------------------------------------------------------------------------------- */

static bool is_node(const struct object *o) { return o->type == &node_type || o->type == &final_node_type; }

/* Both are borrowed. What cannot refer to others, or never to something else, is left as it is. */
static void soak_store(struct object *into, uint32_t place, struct object *o)
{
    int status = 0;
    if (into->type == &list_type)
        status = list_set(into, place, o) == 1 ? list_append(into, o) : 0;
    else if (into->type == &dict_type)
        status = dict_set(into, soak.names[place], o);
    else if (into->type == &instance_type)
        status = instance_set(into, soak.names[place], o);
    else if (into->type == &cell_type)
        status = cell_set(into, o);
    else if (is_node(into))
        node_set(into, place, o);
    CHECK_INT(status, 0);
}

/* An owned reference, or NULL. */
static struct object *soak_load(struct object *from, uint32_t place)
{
    if (from->type == &list_type)
        return list_get(from, place);
    if (from->type == &dict_type)
        return dict_get(from, soak.names[place]);
    if (from->type == &instance_type)
        return instance_get(from, soak.names[place]);
    if (from->type == &cell_type)
        return cell_get(from);
    if (is_node(from))
        return slot_load(&node_of(from)->places[place]);
    if (from->type == &tuple_type && place < tuple_of(from)->length)
        return object_incref(tuple_peek(from, place));
    return NULL;
}

static void do_connect(struct soaker *s)
{
    unsigned from = soak_pick(s), to = soak_pick(s);
    if (from != SOAK_HELD)
        soak_store(s->held[from], soak_draw(s, SOAK_PLACES), s->held[to]);
}

static void do_load(struct soaker *s)
{
    unsigned from = soak_pick(s);
    if (from != SOAK_HELD)
        soak_keep(s, soak_load(s->held[from], soak_draw(s, SOAK_PLACES)));
}

static void do_clear(struct soaker *s)
{
    unsigned at = soak_pick(s);
    if (at != SOAK_HELD && (s->held[at]->type == &list_type || s->held[at]->type == &dict_type || is_node(s->held[at])))
        s->held[at]->type->clear(s->held[at]);
}

static void do_call(struct soaker *s)
{
    unsigned at = soak_pick(s);
    if (at == SOAK_HELD || s->held[at]->type != &function_type)
        return;
    struct object *argument = soak_any(s), *result = function_call(s->held[at], &argument, 1);
    CHECK(result == argument);
    object_decref(argument);
    soak_keep(s, result);
}

static void do_copy(struct soaker *s) { soak_keep(s, soak_any(s)); }

/* Many times: a count that two threads write differently is wrong only when they meet. */
static void do_count(struct soaker *s)
{
    unsigned at = soak_pick(s);
    for (int i = 0; at != SOAK_HELD && i < 50; i++) {
        object_incref(s->held[at]);
        OPAQUE(s->held[at]);
        object_decref(s->held[at]);
    }
}

static void do_drop(struct soaker *s)
{
    unsigned at = soak_pick(s);
    if (at != SOAK_HELD)
        object_decref(soak_release(s, at));
}

/* ---- weak references ----------------------------------------------------------------------------------------- */

/* To what has a finalizer always with a callback: see do_follow. */
static void do_refer_weakly(struct soaker *s)
{
    unsigned at = soak_pick(s);
    if (at == SOAK_HELD || s->held[at]->type->weak_offset == 0)
        return;
    struct object *argument = soak_draw(s, 2) == 0 ? soak_any(s) : NULL;
    bool called = argument != NULL || s->held[at]->type->finalize != NULL;
    struct object *weak = weakref_new(s->held[at], called ? soak_called : NULL, argument);
    CHECK(weak != NULL);
    object_xdecref(argument);
    soak_keep(s, weak);
}

/* Once it leads nowhere it does so for ever, unless a finalizer may bring the object back. */
static void do_follow(struct soaker *s)
{
    unsigned at = soak_pick(s);
    if (at == SOAK_HELD || s->held[at]->type != &weakref_type)
        return;
    struct object *found = weakref_get(s->held[at]);
    if (found == NULL && weakref_of(s->held[at])->callback == NULL)
        CHECK(weakref_get(s->held[at]) == NULL);
    soak_keep(s, found);
}

/* ---- handing over -------------------------------------------------------------------------------------------- */

static void do_store_slot(struct soaker *s)
{
    struct slot *slot = &soak.slots[soak_draw(s, SOAK_SLOTS)];
    unsigned at = soak_pick(s);
    if (at == SOAK_HELD)
        object_xdecref(slot_exchange(slot, NULL));
    else
        CHECK_INT(slot_store(slot, soak_release(s, at)), 0);
}

static void do_load_slot(struct soaker *s)
{
    soak_keep(s, slot_load(&soak.slots[soak_draw(s, SOAK_SLOTS)]));
}

static void do_post(struct soaker *s)
{
    unsigned at = soak_pick(s);
    if (at == SOAK_HELD)
        return;
    struct object *o = soak_release(s, at);
    CHECK_INT(object_publish(o), 0);
    if (!soak_post(o))
        soak_keep(s, o);
}

static void do_fetch(struct soaker *s) { soak_keep(s, soak_fetch()); }

static void do_share(struct soaker *s)
{
    struct object *shared = soak_draw(s, 2) == 0 ? soak.list : soak.dict;
    uint32_t place = soak_draw(s, SOAK_PLACES);
    unsigned at = soak_pick(s);
    if (at != SOAK_HELD && soak_draw(s, 2) == 0)
        soak_store(shared, place, s->held[at]);
    else
        soak_keep(s, soak_load(shared, place));
    if (soak_draw(s, 64) == 0)
        object_xdecref(list_pop(soak.list));
}

#endif
