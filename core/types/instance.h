/* class and instance: an instance counts a reference to its class, as in CPython since 3.8, so every
 * creation and every death of an instance writes the class's count: sharing that a program does not see.
 * Attributes live in slots, named by the class, or in a dict of the instance's own. */
#ifndef RCBENCH_CORE_TYPES_INSTANCE_H
#define RCBENCH_CORE_TYPES_INSTANCE_H

#include "core/types/dict.h"
#include "core/object/slot.h"
#include "core/types/tuple.h"
#include "core/weak/weakref.h"

struct class_object {
    struct tracked base;
    struct object *name;       /* str */
    struct object *slot_names; /* tuple of str; its length is the number of slots */
    struct object *members;    /* dict: str to what all instances share, functions above all */
    bool has_dict;             /* instances have a dict too */
};

static inline struct class_object *class_of(struct object *o) { return (struct class_object *)o; }

static UNUSED void class_dealloc(struct object *self)
{
    object_decref(class_of(self)->name);
    object_decref(class_of(self)->slot_names);
    object_decref(class_of(self)->members);
    object_free(self, sizeof(struct class_object));
}

static UNUSED int class_traverse(struct object *self, visit_fn *visit, void *argument)
{
    int status = visit(class_of(self)->name, argument);
    if (status == 0)
        status = visit(class_of(self)->slot_names, argument);
    return status != 0 ? status : visit(class_of(self)->members, argument);
}

static UNUSED void class_clear(struct object *self) { dict_clear(class_of(self)->members); }

static const struct type class_type UNUSED = {.name = "class",
                                              .flags = TYPE_CONTAINER,
                                              .size = sizeof(struct class_object),
                                              .dealloc = class_dealloc,
                                              .traverse = class_traverse,
                                              .clear = class_clear};

/* All three are borrowed. */
static UNUSED struct object *class_new(struct object *name, struct object *slot_names, bool has_dict)
{
    struct object *members = dict_new();
    struct class_object *c = members != NULL ? object_new(&class_type, sizeof *c) : NULL;
    if (c == NULL) {
        object_xdecref(members);
        return NULL;
    }
    c->name = object_incref(name);
    c->slot_names = object_incref(slot_names);
    c->members = members;
    c->has_dict = has_dict;
    return object_track(&c->base);
}

struct instance_object {
    struct tracked base;
    struct weak_list weak;
    struct object *class_;
    struct object *dict;  /* or NULL */
    size_t slot_count;
    struct slot slots[];
};

static inline struct instance_object *instance_of(struct object *o) { return (struct instance_object *)o; }

static inline size_t instance_size(size_t slots)
{
    return sizeof(struct instance_object) + slots * sizeof(struct slot);
}

static UNUSED void instance_clear(struct object *self)
{
    struct instance_object *instance = instance_of(self);
    for (size_t i = 0; i < instance->slot_count; i++)
        object_xdecref(slot_exchange(&instance->slots[i], NULL));
    if (instance->dict != NULL)
        dict_clear(instance->dict);
}

/* Nobody else can reach a dead instance: its slots need no lock. */
static UNUSED void instance_dealloc(struct object *self)
{
    struct instance_object *instance = instance_of(self);
    for (size_t i = 0; i < instance->slot_count; i++)
        object_xdecref(instance->slots[i].object);
    object_xdecref(instance->dict);
    struct object *class_ = instance->class_;
    object_free(instance, instance_size(instance->slot_count));
    object_decref(class_);
}

static inline int instance_traverse(struct object *self, visit_fn *visit, void *argument)
{
    struct instance_object *instance = instance_of(self);
    int status = visit(instance->class_, argument);
    if (status == 0 && instance->dict != NULL)
        status = visit(instance->dict, argument);
    for (size_t i = 0; status == 0 && i < instance->slot_count; i++)
        if (instance->slots[i].object != NULL)
            status = visit(instance->slots[i].object, argument);
    return status;
}

static const struct type instance_type UNUSED = {.name = "instance",
                                                 .flags = TYPE_CONTAINER,
                                                 .size = sizeof(struct instance_object),
                                                 .dealloc = instance_dealloc,
                                                 .traverse = instance_traverse,
                                                 .clear = instance_clear,
                                                 .weak_offset = offsetof(struct instance_object, weak)};

/* `class_` is borrowed: the instance takes a reference of its own. All attributes are unset. */
static UNUSED struct object *instance_new(struct object *class_)
{
    size_t slots = tuple_of(class_of(class_)->slot_names)->length;
    struct object *dict = class_of(class_)->has_dict ? dict_new() : NULL;
    if (class_of(class_)->has_dict && dict == NULL)
        return NULL;
    struct instance_object *instance = object_new(&instance_type, instance_size(slots));
    if (instance == NULL) {
        object_xdecref(dict);
        return NULL;
    }
    instance->class_ = object_incref(class_);
    instance->dict = dict;
    instance->slot_count = slots;
    for (size_t i = 0; i < slots; i++)
        slot_init(&instance->slots[i], NULL);
    weak_list_init(&instance->weak);
    return object_track(&instance->base);
}

/* The slot that the class calls `name`, or NULL. */
static inline struct slot *instance_slot(struct instance_object *instance, struct object *name)
{
    struct tuple_object *names = tuple_of(class_of(instance->class_)->slot_names);
    for (size_t i = 0; i < names->length; i++)
        if (object_compare(names->items[i], name) == 0)
            return &instance->slots[i];
    return NULL;
}

/* An owned reference: from the slot, the dict, or the class, in this order; NULL: no such attribute. */
static UNUSED struct object *instance_get(struct object *self, struct object *name)
{
    struct instance_object *instance = instance_of(self);
    struct slot *slot = instance_slot(instance, name);
    struct object *value = slot != NULL ? slot_load(slot) : NULL;
    if (value == NULL && instance->dict != NULL)
        value = dict_get(instance->dict, name);
    return value != NULL ? value : dict_get(class_of(instance->class_)->members, name);
}

/* `value` is borrowed. 1: the class has neither such a slot nor a dict. */
static UNUSED int instance_set(struct object *self, struct object *name, struct object *value)
{
    struct instance_object *instance = instance_of(self);
    struct slot *slot = instance_slot(instance, name);
    if (slot == NULL)
        return instance->dict != NULL ? dict_set(instance->dict, name, value) : 1;
    if (object_before_store(self, value) != 0)
        return -1;
    object_xdecref(slot_exchange(slot, object_incref(value)));
    return 0;
}

#endif
