/* An independent model of what the object model must do: a graph of numbered objects with exact counts, in plain C.
 * Shares no code with core/ or variants/: what the two agree on was written twice.
 *
 * A death is logged when the object's count becomes 0, before its referents are given up, as dealloc is called. */
#ifndef RCBENCH_TESTS_SCHEMES_RANDOM_REFERENCE_H
#define RCBENCH_TESTS_SCHEMES_RANDOM_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kind {
    KIND_SHARED, /* None, a small int */
    KIND_INT,
    KIND_STR,
    KIND_PROBE,
    KIND_TUPLE,
    KIND_LIST,
    KIND_DICT,
    KIND_CELL,
    KIND_CLASS,
    KIND_INSTANCE, /* the last item is its class, the others are attributes */
    KIND_FUNCTION, /* one item: the closure, or none */
    KINDS
};

enum {
    REF_OBJECTS_MAX = 12288,
    REF_ITEMS_MAX = 40,
    REF_NONE = -1,
    REF_DEPTH_MAX = 20 /* well below the depth at which core/ puts destructions off */
};

struct ref_object {
    enum kind kind;
    bool dead, immortal;
    int64_t count;
    int number;               /* of an int or a str: equal numbers are equal keys; of a class: its slots */
    bool has_dict;            /* of a class and its instances */
    int length;               /* of items, and of keys in a dict */
    int items[REF_ITEMS_MAX]; /* a deleted entry of a dict, or an unset attribute: REF_NONE */
    int keys[REF_ITEMS_MAX];  /* a dict keeps the key of a deleted entry until its table is rebuilt */
    int capacity;             /* of a dict's table */
};

struct reference {
    int count;
    struct ref_object objects[REF_OBJECTS_MAX];
    int deaths[REF_OBJECTS_MAX]; /* since the last ref_deaths_reset, in order */
    int death_count;
    bool unordered; /* several deaths came from one dict, whose order is its table's, or from too deep */
};

void ref_reset(struct reference *r);
void ref_deaths_reset(struct reference *r);

/* A new object with one reference. */
int ref_new(struct reference *r, enum kind kind);
void ref_incref(struct reference *r, int id);
void ref_decref(struct reference *r, int id); /* REF_NONE: nothing */

/* `value` is borrowed by all that store. */
void ref_append(struct reference *r, int container, int value);
void ref_replace(struct reference *r, int container, int index, int value);
int ref_pop(struct reference *r, int list); /* an owned reference */
void ref_clear(struct reference *r, int container);
void ref_dict_set(struct reference *r, int dict, int key, int value);
int ref_dict_find(struct reference *r, int dict, int key); /* index of the entry, or REF_NONE */
bool ref_dict_delete(struct reference *r, int dict, int key);
int ref_dict_length(const struct reference *r, int dict);

/* Destroys an immortal object at the end. */
void ref_destroy(struct reference *r, int id);

/* Can `to` be reached from `from`? */
bool ref_reaches(const struct reference *r, int from, int to);

#endif
