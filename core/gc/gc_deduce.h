/* What is garbage: of a set of tracked objects, those that no reference from outside of the set reaches. All of it
 * while the world is stopped. No memory is needed but for two segments: counts, and the list of what is still to be
 * visited, lie in the entries. With more memory it is faster (gc_log.h).
 *
 * From each object's count the references that come from within the set are subtracted. What is left comes from
 * outside: from frames, from objects of older generations, from what is not tracked. Such objects, and all that they
 * reach, are alive; the rest refers only to itself (CPython: update_refs, subtract_refs, move_unreachable). */
#ifndef RCBENCH_CORE_GC_GC_DEDUCE_H
#define RCBENCH_CORE_GC_GC_DEDUCE_H

#include "core/types/dict.h"
#include "core/gc/gc_log.h"
#include "core/types/instance.h"
#include "core/types/list.h"
#include "core/types/tuple.h"
#include "core/weak/weakref.h"

struct gc_deduced {
    struct gc_segment *garbage;  /* in no set of the heap */
    uint64_t found, survivors;   /* objects */
};

enum { GC_FETCHED = 16 };

/* With their objects, some 2 MiB: what a second-level cache has. Tests, whose heaps are small, have another limit. */
#ifndef GC_NEAR_ENTRIES
#define GC_NEAR_ENTRIES 16384
#endif

/* Which segments are looked at: those of the sets from `first` to `last`. */
struct gc_scope {
    uint8_t first, last;
    bool all;     /* these are all that there are: no need to ask where an object is */
    bool near;    /* they are so few that the cache has them: no need to fetch what is referred to */
    int64_t held; /* references that are the collector's own, of each object */
    struct gc_entry *visit; /* objects that are alive and whose referents are still to be visited, linked by scratch */
    struct gc_entry *from;  /* whose references are being visited */
    struct gc_log log;
    /* Referents on their way, round and round: what a visit is about is first fetched from memory, and looked at when
     * so many more have come; first the object, then its entry. A graph's references lead anywhere, and a collector
     * that waits for each of them does nothing else. */
    struct object *objects[GC_FETCHED];
    struct gc_entry *objects_from[GC_FETCHED];
    struct gc_reference references[GC_FETCHED];
    unsigned at;
};

/* An entry's scratch, by its two lowest bits:
 *   0                     four times the count of references from outside, as far as it is known
 *   GC_PASSED             none was found when the scan came by; alone
 *   GC_ALIVE              reached; the rest links those whose referents are still to be visited
 *   GC_ALIVE | GC_PASSED  reached, and the scan has still to come by; alone. By the log, which does not come by objects
 *                         without references, it stays so */
enum { GC_ALIVE = 1, GC_PASSED = 2, GC_COUNT_ONE = 4 };
#define GC_AHEAD (GC_ALIVE | GC_PASSED)
#define GC_MANY (INT64_MAX / 16)

/* The entry of a referent within the scope, or NULL. */
static ALWAYS_INLINE struct gc_entry *gc_in_scope(const struct gc_scope *scope, struct object *o)
{
    if (!(o->type->flags & TYPE_CONTAINER))
        return NULL;
    struct gc_entry *entry = tracked_entry(tracked_of(o));
    if (entry == NULL)
        return NULL;
    if (LIKELY(scope->all))
        return entry;
    uint8_t set = gc_segment_of(entry)->set;
    return set >= scope->first && set <= scope->last ? entry : NULL;
}

/* The same as o->type->traverse(o, visit, scope). Those of the common types are compiled in here together with
 * `visit`, without calls by pointer (CPython 3.14 does so for lists and tuples: Python/gc_free_threading.c). */
static ALWAYS_INLINE void gc_traverse(struct object *o, visit_fn *visit, struct gc_scope *scope)
{
    const struct type *type = o->type;
    if (type == &list_type)
        list_traverse(o, visit, scope);
    else if (type == &tuple_type)
        tuple_traverse(o, visit, scope);
    else if (type == &instance_type)
        instance_traverse(o, visit, scope);
    else if (type == &dict_type)
        dict_traverse(o, visit, scope);
    else
        type->traverse(o, visit, scope);
}

/* Returns how many entries there are. */
static size_t gc_forget(struct gc_segment *segments)
{
    size_t entries = 0;
    for (struct gc_segment *segment = segments; segment != NULL; segment = segment->next) {
        entries += GC_SEGMENT_ENTRIES;
        for (size_t i = 0; i < GC_SEGMENT_ENTRIES; i++)
            gc_entries(segment)[i].scratch = 0; /* those without an object, too: nobody looks there */
    }
    return entries;
}

/* `referent` (or NULL, to get the last ones through) is on its way; returns a reference whose turn has come, to NULL
 * where there is none or it leads out of the scope. They come in the order in which they went. */
static ALWAYS_INLINE struct gc_reference gc_fetch(struct gc_scope *scope, struct object *referent)
{
    if (scope->near)
        return (struct gc_reference){scope->from, referent != NULL ? gc_in_scope(scope, referent) : NULL};
    unsigned at = scope->at++ % GC_FETCHED;
    struct gc_reference arrived = scope->references[at];
    struct object *next = scope->objects[at];
    struct gc_entry *to = next != NULL ? gc_in_scope(scope, next) : NULL;
    scope->references[at] = (struct gc_reference){scope->objects_from[at], to};
    PREFETCH(to);
    scope->objects[at] = referent;
    scope->objects_from[at] = scope->from;
    PREFETCH(referent);
    return arrived;
}

static inline int gc_subtract(struct object *referent, void *argument)
{
    struct gc_scope *scope = argument;
    struct gc_reference arrived = gc_fetch(scope, referent);
    if (arrived.to != NULL) {
        arrived.to->scratch -= GC_COUNT_ONE;
        gc_log_add(&scope->log, arrived);
    }
    return 0;
}

/* All that are on their way arrive. */
static void gc_arrive(struct gc_scope *scope, int (*visit)(struct object *referent, void *argument))
{
    for (unsigned i = 0; i < 2 * GC_FETCHED; i++)
        visit(NULL, scope);
}

/* Adds the object's count to what others have subtracted already: one pass over the objects for both. An immortal
 * object, and one whose scheme does not know its count, has references from outside. */
static ALWAYS_INLINE void gc_balance(struct gc_entry *entry, struct object *o, struct gc_scope *scope)
{
    int64_t count = RC_EXACT_AUDIT ? rc_audit(&o->rc) : RC_AUDIT_IMMORTAL;
    entry->scratch += (uintptr_t)(count == RC_AUDIT_IMMORTAL ? GC_MANY : count - scope->held) * GC_COUNT_ONE;
    scope->from = entry;
    gc_traverse(o, gc_subtract, scope);
}

/* An entry that an object which is alive refers to. What the scan has yet to come by only gets a mark; what it has
 * passed is linked, to be visited now. */
static ALWAYS_INLINE void gc_reach_entry(struct gc_entry *entry, struct gc_scope *scope)
{
    if (entry->scratch & GC_ALIVE)
        return;
    if (entry->scratch != GC_PASSED) {
        entry->scratch = GC_AHEAD;
        return;
    }
    entry->scratch = (uintptr_t)scope->visit | GC_ALIVE;
    scope->visit = entry;
    PREFETCH(gc_entry_object(entry));
}

static inline int gc_reach(struct object *referent, void *argument)
{
    struct gc_reference arrived = gc_fetch(argument, referent);
    if (arrived.to != NULL)
        gc_reach_entry(arrived.to, argument);
    return 0;
}

static NOINLINE void gc_reach_all(struct gc_scope *scope)
{
    while (scope->visit != NULL) {
        struct gc_entry *entry = scope->visit;
        struct object *o = gc_entry_object(entry);
        scope->visit = (struct gc_entry *)(entry->scratch & ~(uintptr_t)GC_ALIVE);
        gc_traverse(o, gc_reach, scope);
    }
}

/* The scan comes by: an object that is known to live, or that has references from outside, makes its referents live. */
static ALWAYS_INLINE void gc_pass(struct gc_entry *entry, struct object *o, struct gc_scope *scope)
{
    if (entry->scratch == 0) {
        entry->scratch = GC_PASSED;
        return;
    }
    if ((entry->scratch & GC_ALIVE) && entry->scratch != GC_AHEAD)
        return; /* reached after the scan had passed it, by way of another one: visited already */
    entry->scratch = GC_ALIVE;
    gc_traverse(o, gc_reach, scope);
    gc_reach_all(scope);
}

typedef void gc_step_fn(struct gc_entry *entry, struct object *o, struct gc_scope *scope);

/* So many entries before an object's turn it is fetched: about the time that memory takes to answer. */
enum { GC_FETCH_AHEAD = 12 };

static ALWAYS_INLINE void gc_step(struct gc_segment *segments, gc_step_fn *step, struct gc_scope *scope)
{
    for (struct gc_segment *segment = segments; segment != NULL; segment = segment->next) {
        struct gc_entry *entries = gc_entries(segment);
        for (size_t i = 0; i < GC_SEGMENT_ENTRIES; i++) {
            if (i + GC_FETCH_AHEAD < GC_SEGMENT_ENTRIES)
                PREFETCH(aptr_load_relaxed(&entries[i + GC_FETCH_AHEAD].object));
            struct object *o = gc_entry_object(&entries[i]);
            if (o != NULL)
                step(&entries[i], o, scope);
        }
    }
}

/* And all that is on its way. */
static void gc_reach_last(struct gc_scope *scope)
{
    do {
        gc_reach_all(scope);
        gc_arrive(scope, gc_reach);
    } while (scope->visit != NULL);
}

/* By the objects. */
static void gc_scan(struct gc_segment *segments, struct gc_scope *scope)
{
    gc_step(segments, gc_pass, scope);
    gc_reach_last(scope);
}

/* By the log, which has their references in the order of the scan: no object is looked at, but for those that the scan
 * has passed before another one reached them. */
static void gc_scan_log(struct gc_segment *segments, struct gc_scope *scope)
{
    for (struct gc_segment *segment = segments; segment != NULL; segment = segment->next) {
        struct gc_entry *entries = gc_entries(segment);
        for (size_t i = 0; i < GC_SEGMENT_ENTRIES; i++)
            entries[i].scratch = entries[i].scratch != 0 ? GC_AHEAD : 0;
    }
    const struct gc_log *log = &scope->log;
    for (const struct gc_reference *one = log->references; one != log->next; one++) {
        if (log->next - one > GC_FETCHED)
            PREFETCH(one[GC_FETCHED].to);
        if (!(one->from->scratch & GC_ALIVE)) {
            one->from->scratch = GC_PASSED;
            continue;
        }
        gc_reach_entry(one->to, scope);
        if (UNLIKELY(scope->visit != NULL))
            gc_reach_all(scope);
    }
    gc_reach_last(scope);
}

static void gc_mark(struct gc_segment *segments, struct gc_scope *scope)
{
    size_t entries = gc_forget(segments);
    scope->near = entries <= GC_NEAR_ENTRIES;
    gc_log_open(&scope->log, entries);
    gc_step(segments, gc_balance, scope);
    gc_arrive(scope, gc_subtract);
    if (!scope->log.lacks)
        gc_scan_log(segments, scope);
    else
        gc_scan(segments, scope);
    gc_log_close(&scope->log);
}

/* ---- sets of segments -------------------------------------------------------------------------- */

static void gc_prepend(struct gc_segment **list, struct gc_segment *segment)
{
    segment->next = *list;
    *list = segment;
}

/* Takes all of `from` into `to`, whose order then is the other way round: what was made first, and comes last in a
 * thread's own list, is looked at first. */
static void gc_append(struct gc_segment **to, struct gc_segment **from)
{
    while (*from != NULL) {
        struct gc_segment *segment = *from;
        *from = segment->next;
        gc_prepend(to, segment);
    }
}

/* Takes all of `from`, in its order, before what is in `to`. */
static void gc_put_before(struct gc_segment **to, struct gc_segment *from)
{
    struct gc_segment **end = &from;
    while (*end != NULL)
        end = &(*end)->next;
    *end = *to;
    *to = from;
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
static bool gc_may_stay(struct gc_segment *segment, uint8_t set, size_t *count)
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
    *count = living;
    return living >= GC_SEGMENT_ENTRIES / 4 * 3;
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
        size_t count;
        sources = segment->next;
        if (gc_may_stay(segment, set, &count)) {
            deduced->survivors += count;
            gc_prepend(&gc_heap.sets[set], segment);
        } else {
            gc_part_one(segment, &living, &dead, held, deduced);
        }
    }
    gc_put_before(&gc_heap.sets[set], living.segments); /* the last comes first, as in gc_gather */
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
    struct gc_scope scope = {.first = GC_YOUNG,
                             .last = (uint8_t)generation,
                             .all = generation == GC_OLD && gc_heap.sets[GC_FROZEN] == NULL};
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
