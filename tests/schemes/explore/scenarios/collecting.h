/* Scenarios of weak references, and of collections while others run. Threads that take part in a collection leave at
 * the end of their run: one that ran on without a safepoint would be waited for. */
#ifndef RCBENCH_TESTS_SCHEMES_EXPLORE_COLLECTING_H
#define RCBENCH_TESTS_SCHEMES_EXPLORE_COLLECTING_H

#include "tests/schemes/explore/stage.h"

/* A container with one place, weak references, and a payload as probes have one. */
struct link {
    struct tracked base;
    struct weak_list weak;
    struct slot place;
    uint64_t payload;
    uint32_t id;
};

static void link_clear(struct object *self) { object_xdecref(slot_exchange(&((struct link *)self)->place, NULL)); }

static void link_dealloc(struct object *self)
{
    struct link *link = (struct link *)self;
    CHECK(link->payload == PROBE_ALIVE);
    link->payload = PROBE_DEAD;
    stage.deaths[link->id]++;
    object_xdecref(link->place.object);
    object_free(link, sizeof *link);
}

static int link_traverse(struct object *self, visit_fn *visit, void *argument)
{
    struct object *o = ((struct link *)self)->place.object;
    return o != NULL ? visit(o, argument) : 0;
}

static const struct type link_type = {.name = "link",
                                      .flags = TYPE_CONTAINER,
                                      .size = sizeof(struct link),
                                      .dealloc = link_dealloc,
                                      .traverse = link_traverse,
                                      .clear = link_clear,
                                      .weak_offset = offsetof(struct link, weak)};

/* It has the caller's reference to `to` (or NULL) in its place. */
static struct object *link_make(const struct type *type, uint32_t id, struct object *to)
{
    struct link *link = object_new(type, sizeof *link);
    CHECK(link != NULL);
    weak_list_init(&link->weak);
    slot_init(&link->place, to);
    link->payload = PROBE_ALIVE;
    link->id = id;
    struct object *o = object_track(&link->base);
    CHECK(o != NULL);
    return o;
}

static struct object *link_new(uint32_t id, struct object *to) { return link_make(&link_type, id, to); }

/* Two that refer to each other; the caller has a reference to the first. */
static struct object *link_pair(uint32_t first)
{
    struct object *a = link_new(first, NULL), *b = link_new(first + 1, a);
    object_incref(a);
    CHECK(slot_store(&((struct link *)a)->place, b) == 0);
    CHECK(object_publish(a) == 0);
    return a;
}

/* The caller has a reference: nothing of it has been taken apart. */
static void link_use(struct object *o)
{
    CHECK(o->type->dealloc == link_dealloc && ((struct link *)o)->payload == PROBE_ALIVE);
}

/* The caller has the only reference. */
static UNUSED void link_change(struct object *o) { ((struct link *)o)->payload = PROBE_ALIVE; }

static void pair_use(struct object *a)
{
    link_use(a);
    struct object *b = slot_load(&((struct link *)a)->place);
    CHECK(b != NULL);
    link_use(b);
    object_decref(b);
}

/* Follows the weak reference stage.o[1] and uses what it finds. */
static void follow(void (*use)(struct object *))
{
    struct object *found = weakref_get(stage.o[1]);
    if (found == NULL)
        return;
    use(found);
    object_decref(found);
}

static void weak_finish(void)
{
    check_deaths(0, 1);
    CHECK(RC_NEVER_FREES || weakref_get(stage.o[1]) == NULL);
    object_decref(stage.o[1]);
}

/* ---- weak references ------------------------------------------------------------------------------ */

static void weak_prologue(int thread)
{
    if (thread != 1)
        return;
    stage.o[0] = link_new(0, NULL);
    CHECK(object_publish(stage.o[0]) == 0);
    stage.o[1] = weakref_new(stage.o[0], NULL, NULL);
    CHECK(stage.o[1] != NULL);
}

/* The owner drops the last reference while others follow the weak one. */
static void weak_run(int thread)
{
    if (thread != 1) {
        follow(link_use);
        return;
    }
    object_decref(stage.o[0]);
    safepoint();
}

/* A stranger does. */
static void weak_stranger_run(int thread)
{
    if (thread == 2)
        object_decref(stage.o[0]);
    else
        follow(link_use);
    if (thread == 1)
        safepoint();
}

/* Weak references are made and dropped while the object dies of its last drop but the makers'. */
static void weak_make_prologue(int thread)
{
    if (thread == 1)
        stage.o[0] = link_new(0, NULL);
    if (thread == 1)
        CHECK(object_publish(stage.o[0]) == 0);
    for (int i = 2; thread == 1 && i <= stage_count; i++)
        object_incref(stage.o[0]);
}
static void weak_make_run(int thread)
{
    struct object *o = stage.o[0];
    if (thread != 1) {
        struct object *weak = weakref_new(o, NULL, NULL);
        CHECK(weak != NULL);
        struct object *found = weakref_get(weak);
        CHECK(found == o); /* it is alive: this thread has a reference */
        object_decref(found);
        object_decref(o);
        object_decref(weak);
        return;
    }
    object_decref(o);
    safepoint();
}

/* ---- collections ---------------------------------------------------------------------------------- */

static void pairs_finish(void)
{
    while (gc_collect(GC_OLD) != 0)
        settle();
    check_deaths(0, 1);
    check_deaths(1, 1);
}

static void garbage_prologue(int thread)
{
    if (thread == 1)
        object_decref(link_pair(0));
}

/* One collects while the other, whose garbage it is, works, blocks and leaves. */
static void collect_run(int thread)
{
    if (thread != 1) {
        int64_t found = gc_collect(GC_OLD);
        CHECK(found == 0 || found == 2);
        if (found == 2) {
            check_deaths(0, 1); /* now, not when their owner gets to it */
            check_deaths(1, 1);
        }
        return;
    }
    struct object *own = link_new(2, NULL);
    safepoint();
    object_decref(own);
    thread_detach(stage_threads[1]);
    thread_attach(stage_threads[1]);
}

/* All collect at once. */
static void collect_all_run(int thread)
{
    (void)thread;
    CHECK(gc_collect(GC_YOUNG) >= 0);
}

/* A pair that is reachable by a slot, which one empties while the next collects and the third reads. */
static void collect_slot_prologue(int thread)
{
    if (thread == 1)
        slot_init(&stage.slot, link_pair(0));
}
static void collect_slot_run(int thread)
{
    struct object *o = NULL;
    switch (thread) {
    case 1: object_xdecref(slot_exchange(&stage.slot, NULL)); break;
    case 2: CHECK(gc_collect(GC_OLD) >= 0); break;
    default:
        o = slot_load(&stage.slot);
        if (o != NULL) {
            pair_use(o);
            object_decref(o);
        }
    }
    safepoint();
}

/* A weak reference to a garbage pair is followed while another thread collects it: either the pair comes back whole, or
 * it is gone. */
static void collect_weak_prologue(int thread)
{
    if (thread != 1)
        return;
    struct object *pair = link_pair(0);
    stage.o[1] = weakref_new(pair, NULL, NULL);
    CHECK(stage.o[1] != NULL);
    object_decref(pair);
}
static void collect_weak_run(int thread)
{
    if (thread == 2) {
        CHECK(gc_collect(GC_OLD) >= 0);
        return;
    }
    safepoint();
    follow(pair_use);
    safepoint();
}
static void collect_weak_finish(void)
{
    pairs_finish();
    weak_finish();
}

#endif
