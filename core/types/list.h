/* list: references in an array that grows. Several threads may use one list at once. */
#ifndef RCBENCH_CORE_TYPES_LIST_H
#define RCBENCH_CORE_TYPES_LIST_H

#include "core/object/container.h"

struct list_object {
    struct container base;
    size_t length, capacity;
    struct object **items; /* NULL while the capacity is 0 */
};

static inline struct list_object *list_of(struct object *o) { return (struct list_object *)o; }

static UNUSED void list_free_items(struct object **items, size_t capacity)
{
    if (items != NULL)
        mem_free_buffer(memory_self(), items, capacity * sizeof *items);
}

static UNUSED void list_drop_items(struct object **items, size_t length, size_t capacity)
{
    for (size_t i = 0; i < length; i++)
        object_decref(items[i]);
    list_free_items(items, capacity);
}

/* Drops all items. The list is emptied first: a destruction may come back to it. */
static UNUSED void list_clear(struct object *self)
{
    struct list_object *list = list_of(self);
    container_lock(&list->base);
    struct object **items = list->items;
    size_t length = list->length, capacity = list->capacity;
    list->items = NULL;
    list->length = list->capacity = 0;
    container_unlock(&list->base);
    list_drop_items(items, length, capacity);
}

/* Nobody else can reach a dead list: no lock. */
static UNUSED void list_dealloc(struct object *self)
{
    struct list_object *list = list_of(self);
    list_drop_items(list->items, list->length, list->capacity);
    object_free(list, sizeof *list);
}

static ALWAYS_INLINE int list_traverse(struct object *self, visit_fn *visit, void *argument)
{
    struct list_object *list = list_of(self);
    int status = 0;
    for (size_t i = 0; status == 0 && i < list->length; i++)
        status = visit(list->items[i], argument);
    return status;
}

static const struct type list_type UNUSED = {.name = "list",
                                             .flags = TYPE_CONTAINER,
                                             .size = sizeof(struct list_object),
                                             .dealloc = list_dealloc,
                                             .traverse = list_traverse,
                                             .clear = list_clear};

static UNUSED struct object *list_new(void)
{
    struct list_object *list = object_new(&list_type, sizeof *list);
    if (list == NULL)
        return NULL;
    container_init(&list->base);
    list->length = list->capacity = 0;
    list->items = NULL;
    return object_track(&list->base.tracked);
}

/* No lock: only while no other thread changes the list. */
static inline size_t list_length(struct object *list) { return list_of(list)->length; }

/* By an eighth and a little more, as CPython does: appending costs amortized constant time. */
static COLD UNUSED int list_grow(struct list_object *list)
{
    size_t capacity = list->capacity + (list->capacity >> 3) + 6;
    struct object **items = mem_alloc_buffer(memory_self(), capacity * sizeof *items);
    if (items == NULL)
        return -1;
    if (list->items != NULL)
        memcpy(items, list->items, list->length * sizeof *items);
    list_free_items(list->items, list->capacity);
    list->items = items;
    list->capacity = capacity;
    return 0;
}

/* `item` is borrowed: the list takes a reference of its own. */
static inline int list_append(struct object *self, struct object *item)
{
    struct list_object *list = list_of(self);
    if (object_before_store(self, item) != 0)
        return -1;
    container_lock(&list->base);
    if (UNLIKELY(list->length == list->capacity) && list_grow(list) != 0) {
        container_unlock(&list->base);
        return -1;
    }
    list->items[list->length++] = object_incref(item);
    container_unlock(&list->base);
    return 0;
}

/* An owned reference; NULL where there is no such index. */
static inline struct object *list_get(struct object *self, size_t index)
{
    struct list_object *list = list_of(self);
    container_lock(&list->base);
    struct object *item = index < list->length ? object_incref(list->items[index]) : NULL;
    container_unlock(&list->base);
    return item;
}

/* Replaces the item at an index that exists; `item` is borrowed. 1: there is no such index. */
static inline int list_set(struct object *self, size_t index, struct object *item)
{
    struct list_object *list = list_of(self);
    if (object_before_store(self, item) != 0)
        return -1;
    container_lock(&list->base);
    if (index >= list->length) {
        container_unlock(&list->base);
        return 1;
    }
    struct object *old = list->items[index];
    list->items[index] = object_incref(item);
    container_unlock(&list->base);
    object_decref(old);
    return 0;
}

/* Takes the last item off and gives its reference to the caller; NULL from an empty list. */
static inline struct object *list_pop(struct object *self)
{
    struct list_object *list = list_of(self);
    container_lock(&list->base);
    struct object *item = list->length > 0 ? list->items[--list->length] : NULL;
    container_unlock(&list->base);
    return item;
}

#endif
