/* cell and function: a cell is one reference that closures share; a function is code with a name and the
 * cells it closes over. */
#ifndef RCBENCH_CORE_TYPES_FUNCTION_H
#define RCBENCH_CORE_TYPES_FUNCTION_H

#include "core/object/slot.h"
#include "core/types/tuple.h"
#include "core/weak/weakref.h"

struct cell_object {
    struct tracked base;
    struct slot slot;
};

static inline struct cell_object *cell_of(struct object *o) { return (struct cell_object *)o; }

static UNUSED void cell_clear(struct object *self)
{
    object_xdecref(slot_exchange(&cell_of(self)->slot, NULL));
}

static UNUSED void cell_dealloc(struct object *self)
{
    object_xdecref(cell_of(self)->slot.object);
    object_free(self, sizeof(struct cell_object));
}

static UNUSED int cell_traverse(struct object *self, visit_fn *visit, void *argument)
{
    struct object *content = cell_of(self)->slot.object;
    return content != NULL ? visit(content, argument) : 0;
}

static const struct type cell_type UNUSED = {.name = "cell",
                                             .flags = TYPE_CONTAINER,
                                             .size = sizeof(struct cell_object),
                                             .dealloc = cell_dealloc,
                                             .traverse = cell_traverse,
                                             .clear = cell_clear};

/* `content` is borrowed; NULL: an empty cell. */
static UNUSED struct object *cell_new(struct object *content)
{
    struct cell_object *cell = object_new(&cell_type, sizeof *cell);
    if (cell == NULL)
        return NULL;
    slot_init(&cell->slot, content != NULL ? object_incref(content) : NULL);
    return object_track(&cell->base);
}

/* An owned reference, or NULL. */
static inline struct object *cell_get(struct object *self) { return slot_load(&cell_of(self)->slot); }

/* `content` is borrowed. */
static UNUSED int cell_set(struct object *self, struct object *content)
{
    if (object_before_store(self, content) != 0)
        return -1;
    object_xdecref(slot_exchange(&cell_of(self)->slot, object_incref(content)));
    return 0;
}

/* What runs in a call: `arguments` are borrowed from the caller's frame; returns an owned reference, or
 * NULL when there is no memory. */
typedef struct object *code_fn(struct object *function, struct object **arguments, size_t count);

struct function_object {
    struct tracked base;
    struct weak_list weak;
    struct object *name;    /* str */
    struct object *closure; /* tuple of cells, or NULL */
    code_fn *code;
};

static inline struct function_object *function_of(struct object *o) { return (struct function_object *)o; }

static UNUSED void function_dealloc(struct object *self)
{
    object_decref(function_of(self)->name);
    object_xdecref(function_of(self)->closure);
    object_free(self, sizeof(struct function_object));
}

static UNUSED int function_traverse(struct object *self, visit_fn *visit, void *argument)
{
    int status = visit(function_of(self)->name, argument);
    struct object *closure = function_of(self)->closure;
    return status == 0 && closure != NULL ? visit(closure, argument) : status;
}

static const struct type function_type UNUSED = {.name = "function",
                                                 .flags = TYPE_CONTAINER,
                                                 .size = sizeof(struct function_object),
                                                 .dealloc = function_dealloc,
                                                 .traverse = function_traverse,
                                                 .weak_offset = offsetof(struct function_object, weak)};

/* `name` and `closure` (or NULL) are borrowed. */
static UNUSED struct object *function_new(struct object *name, struct object *closure, code_fn *code)
{
    struct function_object *function = object_new(&function_type, sizeof *function);
    if (function == NULL)
        return NULL;
    function->name = object_incref(name);
    function->closure = closure != NULL ? object_incref(closure) : NULL;
    function->code = code;
    weak_list_init(&function->weak);
    return object_track(&function->base);
}

enum { CALL_ARGUMENTS_MAX = 8 };

/* A call as an interpreter makes it: the function and its arguments are pushed (counted) onto a frame, used,
 * and dropped. All are borrowed from the caller; at most CALL_ARGUMENTS_MAX arguments. */
static inline struct object *function_call(struct object *self, struct object **arguments, size_t count)
{
    struct object *frame[CALL_ARGUMENTS_MAX];
    object_incref(self);
    for (size_t i = 0; i < count; i++)
        frame[i] = object_incref(arguments[i]);
    struct object *result = function_of(self)->code(self, frame, count);
    for (size_t i = count; i-- > 0;)
        object_decref(frame[i]);
    object_decref(self);
    return result;
}

#endif
