/* The independent model. See reference.h. */
#include "tests/schemes/random/reference.h"

#include <string.h>

#include "tests/schemes/conformance/check.h"

void ref_reset(struct reference *r)
{
    r->count = 0;
    ref_deaths_reset(r);
}

void ref_deaths_reset(struct reference *r)
{
    r->death_count = 0;
    r->unordered = false;
}

int ref_new(struct reference *r, enum kind kind)
{
    CHECK(r->count < REF_OBJECTS_MAX);
    r->objects[r->count] = (struct ref_object){.kind = kind, .count = 1};
    return r->count++;
}

void ref_incref(struct reference *r, int id)
{
    CHECK(!r->objects[id].dead);
    r->objects[id].count += !r->objects[id].immortal;
}

static void destroy(struct reference *r, int id, int depth);

static void decref(struct reference *r, int id, int depth)
{
    if (id == REF_NONE || r->objects[id].immortal)
        return;
    CHECK(!r->objects[id].dead && r->objects[id].count > 0);
    if (--r->objects[id].count == 0)
        destroy(r, id, depth);
}

void ref_decref(struct reference *r, int id) { decref(r, id, 0); }

/* The entries of a dict die in the order of its table, which is no concern of this model. */
static void note_order(struct reference *r, const struct ref_object *o, int entries)
{
    if (entries > 1 && (o->kind == KIND_DICT || (o->kind == KIND_INSTANCE && o->has_dict)))
        r->unordered = true;
}

/* Values before keys: as a dict drops an entry. */
static void drop_items(struct reference *r, struct ref_object *o, int depth)
{
    int length = o->length, last = o->kind == KIND_INSTANCE ? length - 1 : length;
    note_order(r, o, last);
    o->length = 0;
    for (int i = 0; i < length; i++) {
        decref(r, o->items[i], depth);
        if (o->kind == KIND_DICT)
            decref(r, o->keys[i], depth);
    }
}

static void destroy(struct reference *r, int id, int depth)
{
    struct ref_object *o = &r->objects[id];
    o->dead = true;
    r->deaths[r->death_count++] = id;
    if (depth > REF_DEPTH_MAX)
        r->unordered = true;
    drop_items(r, o, depth + 1);
}

void ref_destroy(struct reference *r, int id) { destroy(r, id, 0); }

void ref_append(struct reference *r, int container, int value)
{
    struct ref_object *o = &r->objects[container];
    CHECK(o->length < REF_ITEMS_MAX);
    if (value != REF_NONE)
        ref_incref(r, value);
    o->items[o->length++] = value;
}

void ref_replace(struct reference *r, int container, int index, int value)
{
    int old = r->objects[container].items[index];
    ref_incref(r, value);
    r->objects[container].items[index] = value;
    ref_decref(r, old);
}

int ref_pop(struct reference *r, int list)
{
    struct ref_object *o = &r->objects[list];
    return o->length > 0 ? o->items[--o->length] : REF_NONE;
}

/* A cell and an instance keep their places, which become unset, and an instance its class. */
void ref_clear(struct reference *r, int container)
{
    struct ref_object *o = &r->objects[container];
    struct ref_object cleared = *o;
    if (o->kind == KIND_INSTANCE || o->kind == KIND_CELL) {
        cleared.length -= o->kind == KIND_INSTANCE;
        for (int i = 0; i < cleared.length; i++)
            o->items[i] = REF_NONE;
    } else {
        o->length = o->capacity = 0;
    }
    note_order(r, &cleared, cleared.length);
    for (int i = 0; i < cleared.length; i++) {
        ref_decref(r, cleared.items[i]);
        if (cleared.kind == KIND_DICT)
            ref_decref(r, cleared.keys[i]);
    }
}

static bool equal(const struct reference *r, int a, int b)
{
    const struct ref_object *x = &r->objects[a], *y = &r->objects[b];
    return a == b || (x->kind == y->kind && x->kind != KIND_SHARED && x->number == y->number);
}

static int find_entry(const struct reference *r, int dict, int key)
{
    const struct ref_object *o = &r->objects[dict];
    for (int i = 0; i < o->length; i++)
        if (equal(r, o->keys[i], key))
            return i;
    return REF_NONE;
}

int ref_dict_find(struct reference *r, int dict, int key)
{
    int i = find_entry(r, dict, key);
    return i != REF_NONE && r->objects[dict].items[i] != REF_NONE ? i : REF_NONE;
}

int ref_dict_length(const struct reference *r, int dict)
{
    int length = 0;
    for (int i = 0; i < r->objects[dict].length; i++)
        length += r->objects[dict].items[i] != REF_NONE;
    return length;
}

/* Two thirds full, deleted entries counted: a table for three times the live ones, and the others' keys go. Fills
 * `dropped` and returns how many there are. */
static int rebuild(struct reference *r, int dict, int *dropped)
{
    struct ref_object *o = &r->objects[dict];
    int live = ref_dict_length(r, dict), kept = 0, count = 0;
    for (o->capacity = 8; o->capacity < 3 * live;)
        o->capacity *= 2;
    for (int i = 0; i < o->length; i++) {
        if (o->items[i] == REF_NONE) {
            dropped[count++] = o->keys[i];
            continue;
        }
        o->items[kept] = o->items[i];
        o->keys[kept++] = o->keys[i];
    }
    o->length = kept;
    return count;
}

void ref_dict_set(struct reference *r, int dict, int key, int value)
{
    struct ref_object *o = &r->objects[dict];
    int dropped[REF_ITEMS_MAX], drops = 0, old = REF_NONE;
    if (3 * o->length >= 2 * o->capacity)
        drops = rebuild(r, dict, dropped);
    int i = find_entry(r, dict, key);
    ref_incref(r, value);
    if (i != REF_NONE) {
        old = o->items[i];
    } else {
        CHECK(o->length < REF_ITEMS_MAX);
        i = o->length++;
        ref_incref(r, key);
        o->keys[i] = key;
    }
    o->items[i] = value;
    ref_decref(r, old);
    note_order(r, o, drops);
    for (int j = 0; j < drops; j++)
        ref_decref(r, dropped[j]);
}

bool ref_dict_delete(struct reference *r, int dict, int key)
{
    int i = ref_dict_find(r, dict, key);
    if (i == REF_NONE)
        return false;
    int old = r->objects[dict].items[i];
    r->objects[dict].items[i] = REF_NONE;
    ref_decref(r, old);
    return true;
}

static bool reaches(const struct reference *r, int from, int to, bool *seen)
{
    const struct ref_object *o = &r->objects[from];
    if (from == to)
        return true;
    if (seen[from])
        return false;
    seen[from] = true;
    for (int i = 0; i < o->length; i++) {
        if (o->items[i] != REF_NONE && reaches(r, o->items[i], to, seen))
            return true;
        if (o->kind == KIND_DICT && reaches(r, o->keys[i], to, seen))
            return true;
    }
    return false;
}

bool ref_reaches(const struct reference *r, int from, int to)
{
    bool seen[REF_OBJECTS_MAX] = {false};
    return reaches(r, from, to, seen);
}
