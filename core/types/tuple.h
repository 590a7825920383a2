/* tuple: a fixed number of references, inline; immutable once it has been filled. */
#ifndef RCBENCH_CORE_TYPES_TUPLE_H
#define RCBENCH_CORE_TYPES_TUPLE_H

#include "core/object/tracked.h"

struct tuple_object {
    struct tracked base;
    size_t length;
    struct object *items[];
};

static inline struct tuple_object *tuple_of(struct object *o) { return (struct tuple_object *)o; }

static inline size_t tuple_size(size_t length)
{
    return sizeof(struct tuple_object) + length * sizeof(struct object *);
}

static UNUSED void tuple_dealloc(struct object *self)
{
    struct tuple_object *t = tuple_of(self);
    for (size_t i = 0; i < t->length; i++)
        object_xdecref(t->items[i]);
    object_free(t, tuple_size(t->length));
}

static ALWAYS_INLINE int tuple_traverse(struct object *self, visit_fn *visit, void *argument)
{
    struct tuple_object *t = tuple_of(self);
    int status = 0;
    for (size_t i = 0; status == 0 && i < t->length; i++)
        if (t->items[i] != NULL)
            status = visit(t->items[i], argument);
    return status;
}

static UNUSED int tuple_compare(struct object *a, struct object *b)
{
    size_t la = tuple_of(a)->length, lb = tuple_of(b)->length;
    for (size_t i = 0; i < la && i < lb; i++) {
        int order = object_compare(tuple_of(a)->items[i], tuple_of(b)->items[i]);
        if (order != 0)
            return order;
    }
    return (la > lb) - (la < lb);
}

static const struct type tuple_type UNUSED = {.name = "tuple",
                                              .flags = TYPE_CONTAINER | TYPE_FIXED,
                                              .size = sizeof(struct tuple_object),
                                              .dealloc = tuple_dealloc,
                                              .traverse = tuple_traverse,
                                              .compare = tuple_compare};

/* All items NULL; tuple_fill sets them before anybody else sees the tuple. */
static UNUSED struct object *tuple_new(size_t length)
{
    struct tuple_object *t = object_new(&tuple_type, tuple_size(length));
    if (t == NULL)
        return NULL;
    t->length = length;
    for (size_t i = 0; i < length; i++)
        t->items[i] = NULL;
    return object_track(&t->base);
}

/* `item` is stolen; the place was NULL. */
static inline void tuple_fill(struct object *tuple, size_t index, struct object *item)
{
    tuple_of(tuple)->items[index] = item;
}

/* Borrowed from the tuple. */
static inline struct object *tuple_peek(struct object *tuple, size_t index)
{
    return tuple_of(tuple)->items[index];
}

#endif
