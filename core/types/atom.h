/* Atoms: objects that refer to no other. None, True, False, int, float, str. All immutable. */
#ifndef RCBENCH_CORE_TYPES_ATOM_H
#define RCBENCH_CORE_TYPES_ATOM_H

#include "core/object/object.h"

/* ---- None, True, False: told apart by identity; model.h makes the only ones ------------------------ */

static UNUSED void singleton_dealloc(struct object *self) { object_free(self, sizeof *self); }
static UNUSED uint64_t singleton_hash(struct object *self) { return (uintptr_t)self >> 4; }

static const struct type none_type UNUSED = {
    .name = "NoneType", .size = sizeof(struct object), .dealloc = singleton_dealloc, .hash = singleton_hash};
static const struct type bool_type UNUSED = {
    .name = "bool", .size = sizeof(struct object), .dealloc = singleton_dealloc, .hash = singleton_hash};

/* ---- int: 64 bits ---------------------------------------------------------------------------------- */

struct int_object {
    struct object head;
    int64_t value;
};

static inline int64_t int_value(const struct object *o) { return ((const struct int_object *)o)->value; }
static UNUSED void int_dealloc(struct object *self) { object_free(self, sizeof(struct int_object)); }

static UNUSED int int_compare(struct object *a, struct object *b)
{
    return (int_value(a) > int_value(b)) - (int_value(a) < int_value(b));
}

/* Spreads consecutive values: the finalizer of splitmix64 (Steele, Lea, Flood, OOPSLA 2014). */
static inline uint64_t hash_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static UNUSED uint64_t int_hash(struct object *self) { return hash_mix((uint64_t)int_value(self)); }

static const struct type int_type UNUSED = {.name = "int",
                                            .size = sizeof(struct int_object),
                                            .dealloc = int_dealloc,
                                            .compare = int_compare,
                                            .hash = int_hash};

/* A new object, also for the small values that model.h shares: see int_get there. */
static inline struct object *int_new(int64_t value)
{
    struct int_object *o = object_new(&int_type, sizeof *o);
    if (UNLIKELY(o == NULL))
        return NULL;
    o->value = value;
    return &o->head;
}

/* ---- float ------------------------------------------------------------------------------------------ */

struct float_object {
    struct object head;
    double value;
};

static inline double float_value(const struct object *o) { return ((const struct float_object *)o)->value; }
static UNUSED void float_dealloc(struct object *self) { object_free(self, sizeof(struct float_object)); }

/* NaN is unequal to everything and ordered after it, by the bits among NaNs. */
static UNUSED int float_compare(struct object *a, struct object *b)
{
    double x = float_value(a), y = float_value(b);
    if (x == y)
        return 0;
    if (x < y)
        return -1;
    return x > y || x != x ? 1 : -1;
}

static UNUSED uint64_t float_hash(struct object *self)
{
    double value = float_value(self) + 0.0; /* -0.0 equals 0.0 */
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return hash_mix(bits);
}

static const struct type float_type UNUSED = {.name = "float",
                                              .size = sizeof(struct float_object),
                                              .dealloc = float_dealloc,
                                              .compare = float_compare,
                                              .hash = float_hash};

static UNUSED struct object *float_new(double value)
{
    struct float_object *o = object_new(&float_type, sizeof *o);
    if (UNLIKELY(o == NULL))
        return NULL;
    o->value = value;
    return &o->head;
}

/* ---- str: bytes, inline, with their hash -------------------------------------------------------------- */

struct str_object {
    struct object head;
    uint64_t hash;
    size_t length; /* in bytes */
    char bytes[];  /* and a NUL that is not counted */
};

static inline struct str_object *str_of(struct object *o) { return (struct str_object *)o; }
static inline size_t str_size(size_t length) { return sizeof(struct str_object) + length + 1; }

static UNUSED void str_dealloc(struct object *self) { object_free(self, str_size(str_of(self)->length)); }

static UNUSED int str_compare(struct object *a, struct object *b)
{
    size_t la = str_of(a)->length, lb = str_of(b)->length;
    int order = memcmp(str_of(a)->bytes, str_of(b)->bytes, la < lb ? la : lb);
    return order != 0 ? order : (la > lb) - (la < lb);
}

static UNUSED uint64_t str_hash(struct object *self) { return str_of(self)->hash; }

static const struct type str_type UNUSED = {.name = "str",
                                            .size = sizeof(struct str_object),
                                            .dealloc = str_dealloc,
                                            .compare = str_compare,
                                            .hash = str_hash};

/* Copies `length` bytes. The hash is FNV-1a, mixed. */
static UNUSED struct object *str_new(const char *bytes, size_t length)
{
    struct str_object *o = object_new(&str_type, str_size(length));
    if (o == NULL)
        return NULL;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    o->hash = hash_mix(hash);
    o->length = length;
    memcpy(o->bytes, bytes, length);
    o->bytes[length] = '\0';
    return &o->head;
}

#endif
