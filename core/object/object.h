/* struct object and struct type: what every value is. The scheme's header comes first, as in PyObject.
 *
 * References: a function takes its arguments borrowed and returns an owned reference unless its comment
 * says otherwise. A function that makes an object returns NULL when there is no memory, and then has
 * changed nothing; one that returns int returns 0, or -1 when there is no memory. */
#ifndef RCBENCH_CORE_OBJECT_OBJECT_H
#define RCBENCH_CORE_OBJECT_OBJECT_H

#include "core/scheme/contract_check.h"
#include "core/threads/thread.h"

struct type;

struct object {
    struct rc_head rc;
    const struct type *type;
};

/* A container: an object that refers to others, which the collector therefore knows (core/object/tracked.h). */
struct tracked {
    struct object head;
    uintptr_t gc; /* its entry's address, 0 when it is not tracked; and TRACKED_FINALIZED */
};

/* Called by traverse for each object that is referred to, borrowed. Nonzero ends the traversal. */
typedef int visit_fn(struct object *referent, void *argument);

enum {
    TYPE_CONTAINER = 1, /* refers to other objects: a struct tracked */
    TYPE_FIXED = 2,     /* its referents never change once they are set */
};

struct type {
    const char *name;
    unsigned flags;
    size_t size; /* of the fixed part, in bytes */

    /* The last reference is gone: drops what the object refers to, frees its memory. */
    void (*dealloc)(struct object *self);
    /* Containers: visits each referent once per reference; returns what ended it, or 0. */
    int (*traverse)(struct object *self, visit_fn *visit, void *argument);
    /* Containers that can be part of a cycle: drops the referents, stays a valid empty object. */
    void (*clear)(struct object *self);
    /* 0: equal. Otherwise the sign orders, where the type has an order. Types differ: never called. */
    int (*compare)(struct object *self, struct object *other);
    /* NULL: cannot be a key. */
    uint64_t (*hash)(struct object *self);
    /* Containers: runs once before the death of an object, which lives on if a reference is left then. */
    void (*finalize)(struct object *self);
    /* Containers: where their struct weak_list is, in bytes from the object; 0: cannot be referred to weakly. */
    size_t weak_offset;
};

/* ---- counting --------------------------------------------------------------------------------- */

static inline struct object *object_incref(struct object *o)
{
    rc_incref(&o->rc);
    return o;
}

/* How many containers may be in destruction inside each other before the next one has to wait. CPython's
 * trashcan has 50 as well. */
enum { DESTROY_DEPTH_MAX = 50 };

static bool tracked_before_death(struct object *o);

/* Destroys a dead object. Containers deeper than the limit are linked through their dead headers and
 * destroyed when the outermost one is done: a chain of any length needs a bounded stack. */
static NOINLINE UNUSED void object_destroy(struct object *o)
{
    if (!(o->type->flags & TYPE_CONTAINER)) {
        o->type->dealloc(o);
        return;
    }
    if (!tracked_before_death(o))
        return;
    struct thread *self = thread_self();
    if (self->destroy_depth == DESTROY_DEPTH_MAX) {
        rc_dead_link(&o->rc, self->dying);
        self->dying = o;
        return;
    }
    self->destroy_depth++;
    o->type->dealloc(o);
    if (self->destroy_depth == 1) {
        while (self->dying != NULL) {
            struct object *next = self->dying;
            self->dying = rc_dead_next(&next->rc);
            next->type->dealloc(next);
        }
    }
    self->destroy_depth--;
}

static UNUSED void rc_destroy(struct rc_head *head) { object_destroy((struct object *)head); }

/* Gives up an owned reference. */
static inline void object_decref(struct object *o)
{
    if (UNLIKELY(rc_decref(&o->rc)))
        object_destroy(o);
}

static inline void object_xdecref(struct object *o)
{
    if (o != NULL)
        object_decref(o);
}

/* ---- making and freeing ------------------------------------------------------------------------ */

/* An object of `size` bytes with count 1, its fields not set; `size` is type->size or more. */
static inline void *object_new(const struct type *type, size_t size)
{
    struct memory *memory = memory_self();
    struct object *o = type->flags & TYPE_CONTAINER ? mem_alloc(memory, size) : mem_alloc_atom(memory, size);
    if (UNLIKELY(o == NULL))
        return NULL;
    rc_init(&o->rc);
    o->type = type;
    return o;
}

/* What the memory of a freed object says until somebody else gets it: an object with one reference, of this type. Whoever
 * drops a reference that a wrong count has left over finds it there and frees it once more, which the balance of the account
 * then shows. Without it that drop would count a dead header from 0 to -1, and nobody would ever know. Two stores to a line
 * that the death has just written; tests whose memory notices each use of what is freed do without. */
#ifndef OBJECT_GRAVES
#define OBJECT_GRAVES (!RC_NEVER_FREES)
#endif

/* A scheme whose headers are long may have a shorter way to say that there is one reference. */
#ifndef RC_BURY
#define RC_BURY rc_init
#endif

static UNUSED void grave_dealloc(struct object *self)
{
    (void)self;
    memory_self()->freed += held_block(0);
}

static const struct type grave_type UNUSED = {.name = "a dead object", .dealloc = grave_dealloc};

/* For dealloc: the memory alone. */
static inline void object_free(void *o, size_t size)
{
    if (OBJECT_GRAVES) {
        struct object *grave = o;
        RC_BURY(&grave->rc);
        grave->type = &grave_type;
    }
    mem_free(memory_self(), o, size);
}

/* ---- publishing -------------------------------------------------------------------------------- */

/* A growing stack of borrowed references, for walks that must not recurse. */
struct object_stack {
    struct object **items;
    size_t length, capacity;
};

static UNUSED int object_stack_push(struct object_stack *stack, struct object *o)
{
    if (stack->length == stack->capacity) {
        size_t capacity = stack->capacity ? stack->capacity * 2 : 64;
        struct object **items = mem_alloc_buffer(memory_self(), capacity * sizeof *items);
        if (items == NULL)
            return -1;
        if (stack->items != NULL) {
            memcpy(items, stack->items, stack->length * sizeof *items);
            mem_free_buffer(memory_self(), stack->items, stack->capacity * sizeof *items);
        }
        stack->items = items;
        stack->capacity = capacity;
    }
    stack->items[stack->length++] = o;
    return 0;
}

static UNUSED void object_stack_free(struct object_stack *stack)
{
    if (stack->items != NULL)
        mem_free_buffer(memory_self(), stack->items, stack->capacity * sizeof *stack->items);
}

/* Marks a container's referent; containers go to the stack, their own referents come later. */
static UNUSED int publish_visit(struct object *referent, void *argument)
{
    if (!rc_publish(&referent->rc) || !(referent->type->flags & TYPE_CONTAINER))
        return 0;
    if (object_stack_push(argument, referent) == 0)
        return 0;
    rc_unpublish(&referent->rc);
    return -1;
}

/* Marks all that can be reached from `root`, which is marked itself. On failure no container stays marked
 * with referents that are not, so that the next call starts afresh; atoms may stay marked. */
static UNUSED int publish_walk(struct object *root)
{
    struct object_stack marked = {0};
    int status = object_stack_push(&marked, root);
    if (status != 0)
        rc_unpublish(&root->rc);
    for (size_t i = 0; status == 0 && i < marked.length; i++)
        status = marked.items[i]->type->traverse(marked.items[i], publish_visit, &marked);
    for (size_t i = 0; status != 0 && i < marked.length; i++)
        rc_unpublish(&marked.items[i]->rc);
    object_stack_free(&marked);
    return status;
}

/* Before another thread can reach `o`: marks it, and all that can be reached from it, where the scheme
 * needs marks. -1: no memory; `o` is then still private and must not be made reachable. */
static inline int object_publish(struct object *o)
{
    if (!rc_publish(&o->rc) || !RC_PUBLISH_WALKS || !(o->type->flags & TYPE_CONTAINER))
        return 0;
    return publish_walk(o);
}

/* Before a reference to `value` is stored into `container`. */
static inline int object_before_store(struct object *container, struct object *value)
{
    if (RC_PUBLISH_WALKS && rc_is_published(&container->rc))
        return object_publish(value);
    return 0;
}

/* Never counted, never freed, as far as the scheme can; uses up the caller's reference then and returns
 * true. false: the caller keeps its reference, and the object is one like any other. An immortal object may
 * be reached by every thread: publish it first. */
static inline bool object_immortalize(struct object *o) { return rc_immortalize(&o->rc); }

/* ---- comparing --------------------------------------------------------------------------------- */

/* 0: equal. Objects of different types are unequal, in the order of their types' addresses. */
static inline int object_compare(struct object *a, struct object *b)
{
    if (a == b)
        return 0;
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    return a->type->compare != NULL ? a->type->compare(a, b) : a < b ? -1 : 1;
}

static inline uint64_t object_hash(struct object *o) { return o->type->hash(o); }

#endif
