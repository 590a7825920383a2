/* Nodes: containers that refer to each other in any way, have a finalizer and weak references, and whose lives are
 * counted. For the cases of the collector and of weak references. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_NODES_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_NODES_H

#include "tests/schemes/conformance/fixture.h"

enum { NODE_PLACES = 3 };

struct node {
    struct tracked base;
    struct weak_list weak;
    uint32_t id;
    struct slot places[NODE_PLACES];
};

/* What happened to nodes, in order; `finalizer` is what finalizers do besides, or NULL. */
enum { NODE_EVENTS = 64 };
static struct node_log {
    struct a64 finalized;
    uint32_t length;
    uint32_t events[NODE_EVENTS]; /* one thread runs: FINALIZED, CALLED or DIED, and the id */
    void (*finalizer)(struct object *node);
} node_log;

enum { NODE_FINALIZED = 1000, NODE_CALLED = 2000, NODE_DIED = 3000 };

static void node_note(uint32_t event)
{
    if (deaths.logging && node_log.length < NODE_EVENTS)
        node_log.events[node_log.length++] = event;
}

static inline struct node *node_of(struct object *o) { return (struct node *)o; }

static void node_clear(struct object *self)
{
    for (size_t i = 0; i < NODE_PLACES; i++)
        object_xdecref(slot_exchange(&node_of(self)->places[i], NULL));
}

static void node_dealloc(struct object *self)
{
    struct node *node = node_of(self);
    node_note(NODE_DIED + node->id);
    for (size_t i = 0; i < NODE_PLACES; i++)
        object_xdecref(node->places[i].object);
    a64_add_relaxed(&deaths.count, 1);
    object_free(node, sizeof *node);
}

static int node_traverse(struct object *self, visit_fn *visit, void *argument)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < NODE_PLACES; i++)
        if (node_of(self)->places[i].object != NULL)
            status = visit(node_of(self)->places[i].object, argument);
    return status;
}

static void node_finalize(struct object *self)
{
    node_note(NODE_FINALIZED + node_of(self)->id);
    a64_add_relaxed(&node_log.finalized, 1);
    if (node_log.finalizer != NULL)
        node_log.finalizer(self);
}

static const struct type node_type = {.name = "node",
                                      .flags = TYPE_CONTAINER,
                                      .size = sizeof(struct node),
                                      .dealloc = node_dealloc,
                                      .traverse = node_traverse,
                                      .clear = node_clear,
                                      .weak_offset = offsetof(struct node, weak)};
static const struct type final_node_type = {.name = "final_node",
                                            .flags = TYPE_CONTAINER,
                                            .size = sizeof(struct node),
                                            .dealloc = node_dealloc,
                                            .traverse = node_traverse,
                                            .clear = node_clear,
                                            .finalize = node_finalize,
                                            .weak_offset = offsetof(struct node, weak)};

/* NULL: no memory. */
static struct object *node_try_new(uint32_t id, const struct type *type)
{
    struct node *node = object_new(type, sizeof *node);
    if (node == NULL)
        return NULL;
    node->id = id;
    weak_list_init(&node->weak);
    for (size_t i = 0; i < NODE_PLACES; i++)
        slot_init(&node->places[i], NULL);
    return object_track(&node->base);
}

static UNUSED struct object *node_new(uint32_t id)
{
    struct object *o = node_try_new(id, &node_type);
    CHECK(o != NULL);
    return o;
}

static UNUSED struct object *final_node_new(uint32_t id)
{
    struct object *o = node_try_new(id, &final_node_type);
    CHECK(o != NULL);
    return o;
}

/* Puts a new reference to `to` (borrowed, or NULL) into a place of `from`. */
static UNUSED void node_set(struct object *from, size_t place, struct object *to)
{
    if (to != NULL)
        CHECK_INT(object_before_store(from, to), 0);
    object_xdecref(slot_exchange(&node_of(from)->places[place], to != NULL ? object_incref(to) : NULL));
}

/* A ring of `count` nodes with ids from `first`; the caller owns a reference to the first. */
static UNUSED struct object *node_ring(uint32_t first, uint32_t count, bool final)
{
    struct object *start = final ? final_node_new(first) : node_new(first), *last = start;
    for (uint32_t i = 1; i < count; i++) {
        struct object *next = final ? final_node_new(first + i) : node_new(first + i);
        node_set(last, 0, next);
        object_decref(next);
        last = next;
    }
    node_set(last, 0, start);
    return start;
}

static UNUSED void nodes_open(void)
{
    fixture_open();
    node_log = (struct node_log){0};
}

#endif
