/* dict: a hash table of references, open addressing, linear probing. Several threads may use one dict at
 * once. Keys must not change: int, str, float, bool, None. */
#ifndef RCBENCH_CORE_TYPES_DICT_H
#define RCBENCH_CORE_TYPES_DICT_H

#include "core/object/container.h"

struct dict_entry {
    uint64_t hash;
    struct object *key;   /* NULL: never used, ends a probe */
    struct object *value; /* NULL with a key: deleted, does not end a probe; the key stays until a resize */
};

struct dict_object {
    struct container base;
    size_t length;   /* entries with a value */
    size_t used;     /* entries with a key */
    size_t capacity; /* a power of two, or 0 while there is no table */
    struct dict_entry *entries;
};

enum { DICT_CAPACITY_MIN = 8 };

static inline struct dict_object *dict_of(struct object *o) { return (struct dict_object *)o; }

/* No lock: only while no other thread changes the dict. */
static inline size_t dict_length(struct object *dict) { return dict_of(dict)->length; }

static UNUSED void dict_free_entries(struct dict_entry *entries, size_t capacity)
{
    if (entries != NULL)
        mem_free_buffer(memory_self(), entries, capacity * sizeof *entries);
}

static UNUSED void dict_drop_entries(struct dict_entry *entries, size_t capacity)
{
    for (size_t i = 0; i < capacity; i++) {
        object_xdecref(entries[i].value);
        object_xdecref(entries[i].key);
    }
    dict_free_entries(entries, capacity);
}

/* Drops all entries. The dict is emptied first: a destruction may come back to it. */
static UNUSED void dict_clear(struct object *self)
{
    struct dict_object *dict = dict_of(self);
    container_lock(&dict->base);
    struct dict_entry *entries = dict->entries;
    size_t capacity = dict->capacity;
    dict->entries = NULL;
    dict->length = dict->used = dict->capacity = 0;
    container_unlock(&dict->base);
    dict_drop_entries(entries, capacity);
}

/* Nobody else can reach a dead dict: no lock. */
static UNUSED void dict_dealloc(struct object *self)
{
    struct dict_object *dict = dict_of(self);
    dict_drop_entries(dict->entries, dict->capacity);
    object_free(dict, sizeof *dict);
}

static inline int dict_traverse(struct object *self, visit_fn *visit, void *argument)
{
    struct dict_object *dict = dict_of(self);
    int status = 0;
    for (size_t i = 0; status == 0 && i < dict->capacity; i++) {
        if (dict->entries[i].key != NULL)
            status = visit(dict->entries[i].key, argument);
        if (status == 0 && dict->entries[i].value != NULL)
            status = visit(dict->entries[i].value, argument);
    }
    return status;
}

static const struct type dict_type UNUSED = {.name = "dict",
                                             .flags = TYPE_CONTAINER,
                                             .size = sizeof(struct dict_object),
                                             .dealloc = dict_dealloc,
                                             .traverse = dict_traverse,
                                             .clear = dict_clear};

static UNUSED struct object *dict_new(void)
{
    struct dict_object *dict = object_new(&dict_type, sizeof *dict);
    if (dict == NULL)
        return NULL;
    container_init(&dict->base);
    dict->length = dict->used = dict->capacity = 0;
    dict->entries = NULL;
    return object_track(&dict->base.tracked);
}

/* The entry of `key`, or the unused one where it belongs. The table has an unused entry. */
static inline struct dict_entry *dict_probe(struct dict_entry *entries, size_t capacity, struct object *key,
                                            uint64_t hash)
{
    for (size_t i = hash & (capacity - 1);; i = (i + 1) & (capacity - 1)) {
        struct dict_entry *entry = &entries[i];
        if (entry->key == NULL || entry->key == key)
            return entry;
        if (entry->hash == hash && object_compare(entry->key, key) == 0)
            return entry;
    }
}

/* A larger table, without the deleted entries. Their keys are dropped by the caller: they are returned as
 * the old table, in which only those are left. Called with the lock held. -1: no memory. */
static COLD UNUSED int dict_grow(struct dict_object *dict, struct dict_entry **old, size_t *old_capacity)
{
    size_t capacity = DICT_CAPACITY_MIN;
    while (capacity < dict->length * 3)
        capacity *= 2;
    struct dict_entry *entries = mem_alloc_buffer(memory_self(), capacity * sizeof *entries);
    if (entries == NULL)
        return -1;
    memset(entries, 0, capacity * sizeof *entries);
    size_t length = 0;
    for (size_t i = 0; i < dict->capacity; i++) {
        struct dict_entry *entry = &dict->entries[i];
        if (entry->value == NULL)
            continue;
        *dict_probe(entries, capacity, entry->key, entry->hash) = *entry;
        entry->key = entry->value = NULL;
        length++;
    }
    *old = dict->entries;
    *old_capacity = dict->capacity;
    dict->entries = entries;
    dict->capacity = capacity;
    dict->used = length;
    return 0;
}

/* `key` and `value` are borrowed: the dict takes references of its own. A key that is there stays, its
 * value is replaced. */
static UNUSED int dict_set(struct object *self, struct object *key, struct object *value)
{
    struct dict_object *dict = dict_of(self);
    uint64_t hash = object_hash(key);
    if (object_before_store(self, key) != 0 || object_before_store(self, value) != 0)
        return -1;
    struct dict_entry *grown_from = NULL;
    size_t grown_capacity = 0;
    container_lock(&dict->base);
    /* Full at two thirds. */
    if (UNLIKELY(dict->used * 3 >= dict->capacity * 2) && dict_grow(dict, &grown_from, &grown_capacity) != 0) {
        container_unlock(&dict->base);
        return -1;
    }
    struct dict_entry *entry = dict_probe(dict->entries, dict->capacity, key, hash);
    struct object *old = entry->value;
    if (entry->key == NULL) {
        entry->hash = hash;
        entry->key = object_incref(key);
        dict->used++;
    }
    entry->value = object_incref(value);
    dict->length += old == NULL;
    container_unlock(&dict->base);
    object_xdecref(old);
    if (grown_from != NULL)
        dict_drop_entries(grown_from, grown_capacity);
    return 0;
}

/* An owned reference to the value, or NULL. */
static inline struct object *dict_get(struct object *self, struct object *key)
{
    struct dict_object *dict = dict_of(self);
    uint64_t hash = object_hash(key);
    struct object *value = NULL;
    container_lock(&dict->base);
    if (dict->capacity != 0)
        value = dict_probe(dict->entries, dict->capacity, key, hash)->value;
    if (value != NULL)
        object_incref(value);
    container_unlock(&dict->base);
    return value;
}

/* 1: there is no such key. */
static UNUSED int dict_delete(struct object *self, struct object *key)
{
    struct dict_object *dict = dict_of(self);
    uint64_t hash = object_hash(key);
    struct object *old = NULL;
    container_lock(&dict->base);
    if (dict->capacity != 0) {
        struct dict_entry *entry = dict_probe(dict->entries, dict->capacity, key, hash);
        old = entry->value;
        entry->value = NULL;
        dict->length -= old != NULL;
    }
    container_unlock(&dict->base);
    object_xdecref(old);
    return old == NULL;
}

#endif
