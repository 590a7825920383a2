/* What is garbage: of a set of tracked objects, those that no reference from outside of the set reaches. All of it while
 * the world is stopped. No memory is needed but for two segments: counts, and the list of what is still to be visited,
 * lie in the entries.
 *
 * From each object's count the references that come from within the set are subtracted. What is left comes from outside:
 * from frames, from objects of older generations, from what is not tracked. Such objects, and all that they reach, are
 * alive; the rest refers only to itself (CPython: update_refs, subtract_refs, move_unreachable). */
#ifndef RCBENCH_CORE_GC_DEDUCE_H
#define RCBENCH_CORE_GC_DEDUCE_H

#include "core/tracked.h"
#include "core/weakref.h"

struct gc_deduced {
    struct gc_segment *garbage;  /* in no set of the heap */
    uint64_t found, survivors;   /* objects */
};

/* Which segments are looked at: those of the sets from `first` to `last`. */
struct gc_scope {
    uint8_t first, last;
    int64_t held; /* references that are the collector's own, of each object */
    struct gc_entry *visit; /* objects that are alive and whose referents are still to be visited, linked by scratch */
};

/* An entry's scratch: an even number is twice the count; an odd one says that the object is alive, and links it. */
enum { GC_ALIVE = 1 };
#define GC_MANY (INT64_MAX / 4)

/* The entry of a referent within the scope, or NULL. */
static inline struct gc_entry *gc_in_scope(const struct gc_scope *scope, struct object *o)
{
    if (!(o->type->flags & TYPE_CONTAINER))
        return NULL;
    struct gc_entry *entry = tracked_entry(tracked_of(o));
    if (entry == NULL)
        return NULL;
    uint8_t set = gc_segment_of(entry)->set;
    return set >= scope->first && set <= scope->last ? entry : NULL;
}

/* An immortal object, and one whose scheme does not know its count, has references from outside. */
static void gc_load_count(struct gc_entry *entry, struct object *o, struct gc_scope *scope)
{
    int64_t count = RC_EXACT_AUDIT ? rc_audit(&o->rc) : RC_AUDIT_IMMORTAL;
    entry->scratch = (uintptr_t)(count == RC_AUDIT_IMMORTAL ? GC_MANY : count - scope->held) * 2;
}

static int gc_subtract(struct object *referent, void *argument)
{
    struct gc_entry *entry = gc_in_scope(argument, referent);
    if (entry != NULL)
        entry->scratch -= 2;
    return 0;
}

static void gc_reach(struct gc_entry *entry, struct gc_scope *scope)
{
    if (entry->scratch & GC_ALIVE)
        return;
    entry->scratch = (uintptr_t)scope->visit | GC_ALIVE;
    scope->visit = entry;
}

static int gc_reach_referent(struct object *referent, void *argument)
{
    struct gc_entry *entry = gc_in_scope(argument, referent);
    if (entry != NULL)
        gc_reach(entry, argument);
    return 0;
}

static void gc_reach_all(struct gc_scope *scope)
{
    while (scope->visit != NULL) {
        struct gc_entry *entry = scope->visit;
        struct object *o = gc_entry_object(entry);
        scope->visit = (struct gc_entry *)(entry->scratch & ~(uintptr_t)GC_ALIVE);
        o->type->traverse(o, gc_reach_referent, scope);
    }
}

static void gc_subtract_referents(struct gc_entry *entry, struct object *o, struct gc_scope *scope)
{
    (void)entry;
    o->type->traverse(o, gc_subtract, scope);
}

static void gc_reach_from_outside(struct gc_entry *entry, struct object *o, struct gc_scope *scope)
{
    (void)o;
    if ((entry->scratch & GC_ALIVE) || entry->scratch == 0)
        return;
    gc_reach(entry, scope);
    gc_reach_all(scope);
}

typedef void gc_step_fn(struct gc_entry *entry, struct object *o, struct gc_scope *scope);

static void gc_step(struct gc_segment *segments, gc_step_fn *step, struct gc_scope *scope)
{
    for (struct gc_segment *segment = segments; segment != NULL; segment = segment->next)
        for (size_t i = 0; i < GC_SEGMENT_ENTRIES; i++) {
            struct gc_entry *entry = &gc_entries(segment)[i];
            struct object *o = gc_entry_object(entry);
            if (o != NULL)
                step(entry, o, scope);
        }
}

static void gc_mark(struct gc_segment *segments, struct gc_scope *scope)
{
    gc_step(segments, gc_load_count, scope);
    gc_step(segments, gc_subtract_referents, scope);
    gc_step(segments, gc_reach_from_outside, scope);
}

/* ---- sets of segments -------------------------------------------------------------------------- */

static void gc_prepend(struct gc_segment **list, struct gc_segment *segment)
{
    segment->next = *list;
    *list = segment;
}

/* Takes all of `from` into `to`. */
static void gc_append(struct gc_segment **to, struct gc_segment **from)
{
    while (*from != NULL) {
        struct gc_segment *segment = *from;
        *from = segment->next;
        gc_prepend(to, segment);
    }
}

/* A thread's young objects become nobody's; its entries that are free are not used again. */
static void gc_take_from(struct gc_thread *own, struct gc_segment **sources)
{
    for (struct gc_segment *segment = own->segments; segment != NULL; segment = segment->next)
        aptr_store_relaxed(&segment->owner, NULL); /* relaxed: its thread attaches again before it looks */
    gc_append(sources, &own->segments);
    own->free = NULL;
    own->held = own->fresh = 0;
    own->count = 0;
}

/* All segments of the generations up to `generation`. */
static struct gc_segment *gc_gather(int generation)
{
    struct gc_segment *sources = NULL;
    lock8_acquire(&all_threads.lock);
    for (struct thread *t = all_threads.entered; t != NULL; t = t->next)
        gc_take_from(&t->gc, &sources);
    lock8_release(&all_threads.lock);
    gc_take_from(&gc_heap.shared, &sources);
    for (int set = GC_YOUNG; set <= generation; set++)
        gc_append(&sources, &gc_heap.sets[set]);
    return sources;
}

/* Moves every segment of `segments` to a set, as it is. */
static UNUSED void gc_relabel(struct gc_segment **segments, uint8_t set)
{
    for (struct gc_segment *segment = *segments; segment != NULL; segment = segment->next)
        segment->set = set;
    gc_append(&gc_heap.sets[set], segments);
}

static UNUSED void gc_move_all(int generation, uint8_t set)
{
    struct gc_segment *sources = gc_gather(generation);
    gc_relabel(&sources, set);
}

/* ---- parting the living from the dead ---------------------------------------------------------- */

/* Where entries go: a list of segments of one set, the first of them not full. There is always a segment for the next:
 * two are taken before anything is changed, and each source that has been emptied is one more. */
struct gc_filler {
    struct gc_segment *segments;
    size_t used; /* entries of the first */
    uint8_t set;
};

static void gc_fill(struct gc_filler *filler, struct object *o)
{
    if (filler->segments == NULL || filler->used == GC_SEGMENT_ENTRIES) {
        struct gc_segment *segment = gc_segment_take();
        aptr_store_relaxed(&segment->owner, NULL);
        segment->set = filler->set;
        gc_prepend(&filler->segments, segment);
        filler->used = 0;
    }
    struct gc_entry *entry = &gc_entries(filler->segments)[filler->used++];
    aptr_store_relaxed(&entry->object, o);
    tracked_set_entry(tracked_of(o), entry);
}

static int gc_is_container(struct object *referent, void *argument)
{
    (void)argument;
    return (referent->type->flags & TYPE_CONTAINER) != 0;
}

/* It can never be part of a cycle: nothing that it refers to is a container, and that will stay so. */
static bool gc_is_harmless(struct object *o)
{
    return (o->type->flags & TYPE_FIXED) && o->type->traverse(o, gc_is_container, NULL) == 0;
}

/* A segment whose objects all live, and that is where they belong and mostly full, stays as it is: moving its entries
 * would write to every object, and so copy its page in a child that shares it. */
static bool gc_may_stay(struct gc_segment *segment, uint8_t set)
{
    size_t living = 0;
    if (segment->set != set)
        return false;
    for (size_t i = 0; i < GC_SEGMENT_ENTRIES; i++) {
        struct gc_entry *entry = &gc_entries(segment)[i];
        if (gc_entry_object(entry) == NULL)
            continue;
        if (!(entry->scratch & GC_ALIVE))
            return false;
        living++;
    }
    return living >= GC_SEGMENT_ENTRIES / 4 * 3;
}

static size_t gc_count_living(struct gc_segment *segment)
{
    size_t living = 0;
    for (size_t i = 0; i < GC_SEGMENT_ENTRIES; i++)
        living += gc_entry_object(&gc_entries(segment)[i]) != NULL;
    return living;
}

/* `held`: the collector has a reference to each, and gives up that to the living. They have others: none dies. */
static void gc_part_one(struct gc_segment *segment, struct gc_filler *living, struct gc_filler *dead, bool held,
                        struct gc_deduced *deduced)
{
    for (size_t i = 0; i < GC_SEGMENT_ENTRIES; i++) {
        struct gc_entry *entry = &gc_entries(segment)[i];
        struct object *o = gc_entry_object(entry);
        if (o == NULL)
            continue;
        if (!(entry->scratch & GC_ALIVE)) {
            gc_fill(dead, o);
            deduced->found++;
            continue;
        }
        if (gc_is_harmless(o)) {
            tracked_set_entry(tracked_of(o), NULL);
        } else {
            gc_fill(living, o);
            deduced->survivors++;
        }
        if (held)
            (void)rc_decref(&o->rc);
    }
    gc_segment_give(segment);
}

/* Parts the marked objects: the living go to `set`, the others to deduced->garbage. */
static void gc_part(struct gc_segment *sources, uint8_t set, bool held, struct gc_deduced *deduced)
{
    struct gc_filler living = {.set = set}, dead = {.set = GC_GARBAGE};
    *deduced = (struct gc_deduced){0};
    while (sources != NULL) {
        struct gc_segment *segment = sources;
        sources = segment->next;
        if (gc_may_stay(segment, set)) {
            deduced->survivors += gc_count_living(segment);
            gc_prepend(&gc_heap.sets[set], segment);
        } else {
            gc_part_one(segment, &living, &dead, held, deduced);
        }
    }
    gc_append(&gc_heap.sets[set], &living.segments);
    deduced->garbage = dead.segments;
}

/* So that two segments are in the pool. -1: no memory. */
static int gc_reserve(void)
{
    struct gc_segment *first = gc_segment_take(), *second = gc_segment_take();
    if (first != NULL)
        gc_segment_give(first);
    if (second != NULL)
        gc_segment_give(second);
    return second != NULL ? 0 : -1;
}

/* The garbage of a generation and of all younger ones; the survivors become a generation older. -1: no memory. */
static int gc_deduce(int generation, struct gc_deduced *deduced)
{
    if (gc_reserve() != 0)
        return -1;
    struct gc_segment *sources = gc_gather(generation);
    struct gc_scope scope = {.first = GC_YOUNG, .last = (uint8_t)generation};
    gc_mark(sources, &scope);
    gc_part(sources, (uint8_t)(generation < GC_OLD ? generation + 1 : GC_OLD), false, deduced);
    return 0;
}

static void gc_let_live(struct gc_entry *entry, struct object *o, struct gc_scope *scope)
{
    (void)entry;
    (void)scope;
    object_decref(o);
}

/* Of garbage, each piece of which the collector holds a reference to, what is garbage still; without memory: nothing,
 * all of it lives on. */
static void gc_deduce_garbage(struct gc_deduced *deduced)
{
    struct gc_scope scope = {.first = GC_GARBAGE, .last = GC_GARBAGE, .held = 1};
    bool parts = gc_reserve() == 0;
    gc_mark(deduced->garbage, &scope);
    if (!parts) {
        gc_step(deduced->garbage, gc_let_live, &scope);
        gc_relabel(&deduced->garbage, GC_OLD);
        *deduced = (struct gc_deduced){0};
        return;
    }
    gc_part(deduced->garbage, GC_OLD, true, deduced);
}

#endif
