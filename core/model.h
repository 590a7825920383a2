/* The object model as a whole: the objects that all programs share (None, True, False, small ints), and
 * opening and closing it around a run. */
#ifndef RCBENCH_CORE_MODEL_H
#define RCBENCH_CORE_MODEL_H

#include "core/types/atom.h"
#include "core/types/dict.h"
#include "core/types/function.h"
#include "core/types/instance.h"
#include "core/types/list.h"
#include "core/gc/gc.h"
#include "core/object/slot.h"
#include "core/types/tuple.h"

/* CPython's range of shared small ints. The explorer, which makes them anew thousands of times, has fewer. */
#ifndef SMALL_INT_LAST
#define SMALL_INT_LAST 256
#endif
enum { SMALL_INT_MIN = -5, SMALL_INT_MAX = SMALL_INT_LAST, SMALL_INTS = SMALL_INT_MAX - SMALL_INT_MIN + 1 };

/* Every thread reads these pointers; they change only while the model is opened and closed. */
static struct model {
    struct object *none, *true_, *false_;
    struct object *small_ints[SMALL_INTS];
    bool immortal; /* they are never counted; otherwise they are objects like any other */
} model;

/* Borrowed. */
static inline struct object *none(void) { return model.none; }
static inline struct object *bool_of(bool value) { return value ? model.true_ : model.false_; }

/* An owned reference: to the shared object for a small value. */
static inline struct object *int_get(int64_t value)
{
    if (value >= SMALL_INT_MIN && value <= SMALL_INT_MAX)
        return object_incref(model.small_ints[value - SMALL_INT_MIN]);
    return int_new(value);
}

/* Visits the places of the shared objects, with the size of what belongs there. */
typedef void shared_fn(struct object **place, size_t size);

static UNUSED void model_each_shared(shared_fn *visit)
{
    visit(&model.none, sizeof(struct object));
    visit(&model.true_, sizeof(struct object));
    visit(&model.false_, sizeof(struct object));
    for (size_t i = 0; i < SMALL_INTS; i++)
        visit(&model.small_ints[i], sizeof(struct int_object));
}

static UNUSED void model_free_shared(struct object **place, size_t size)
{
    if (*place != NULL)
        object_free(*place, size);
    *place = NULL;
}

/* Others will reach them without asking: published, immortal where the scheme can, and open to
 * rc_try_incref. Atoms are published without a walk: this cannot fail. */
static UNUSED void model_share(struct object **place, size_t size)
{
    (void)size;
    (void)object_publish(*place);
    rc_allow_try_incref(&(*place)->rc);
    model.immortal = object_immortalize(*place);
}

static UNUSED void model_drop_shared(struct object **place, size_t size)
{
    if (model.immortal)
        model_free_shared(place, size);
    else
        object_decref(*place);
    *place = NULL;
}

/* Makes the shared objects. The calling thread has entered and is the only one. -1: no memory. */
static UNUSED int model_open(void)
{
    memset(&model, 0, sizeof model);
    gc_open();
    model.none = object_new(&none_type, sizeof(struct object));
    model.true_ = object_new(&bool_type, sizeof(struct object));
    model.false_ = object_new(&bool_type, sizeof(struct object));
    bool complete = model.none != NULL && model.true_ != NULL && model.false_ != NULL;
    for (int64_t i = 0; i < SMALL_INTS; i++) {
        model.small_ints[i] = int_new(SMALL_INT_MIN + i);
        complete &= model.small_ints[i] != NULL;
    }
    model_each_shared(complete ? model_share : model_free_shared);
    return complete ? 0 : -1;
}

/* Drops the shared objects. The calling thread has entered and is the only one left; it leaves next. */
static UNUSED void model_close(void)
{
    model_each_shared(model_drop_shared);
    gc_close();
}

/* After the last thread has left: what all of them counted, and the end of the arena. */
static UNUSED struct memory model_account(void)
{
    struct memory total = all_threads.left;
    gc_heap_close();
    arena_free(total.chunks);
    all_threads.left = (struct memory){0};
    total.chunks = NULL;
    return total;
}

/* What must hold for a live object when all threads are quiet; NULL, or what does not. */
static UNUSED const char *object_check(struct object *o)
{
    if (o->type == NULL || o->type->name == NULL || o->type->dealloc == NULL)
        return "an object without a type";
    if ((o->type->flags & TYPE_CONTAINER) && o->type->traverse == NULL)
        return "a container that cannot be traversed";
    int64_t count = rc_audit(&o->rc);
    if (RC_EXACT_AUDIT && count <= 0 && count != RC_AUDIT_IMMORTAL)
        return "a live object with a count of 0 or less";
    return NULL;
}

#endif
