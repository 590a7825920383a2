/* What a thread does besides in a round with graphs: containers refer to each other in any way, have finalizers that
 * bring them back, and weak references that call; there are collections, forks, and audits of all that is tracked.
 *
 * When the world stops, every reference that an actor has lies in its `held`, unless it rests within a finalizer. */
#ifndef RCBENCH_TESTS_SCHEMES_RANDOM_GRAPHS_H
#define RCBENCH_TESTS_SCHEMES_RANDOM_GRAPHS_H

#include "tests/schemes/conformance/cases/nodes.h"
#include "tests/schemes/random/actors.h"
#include "tests/schemes/random/child.h"

static struct graphs {
    struct a32 inside; /* threads that rest within a finalizer or a callback */
    struct a64 called; /* callbacks */
    /* Held by who enters or leaves, and by who forks: the child must not inherit half of that. Nobody waits for it
     * attached. */
    pthread_mutex_t gate;
    struct object *names[NODE_PLACES]; /* of attributes, and keys */
    struct object *classes[2];         /* with slots; with a dict */
} graphs = {.gate = PTHREAD_MUTEX_INITIALIZER};

/* ---- finalizers and callbacks: on any thread, in the midst of any drop --------------------------------------- */

static void rest_inside(struct actor *a)
{
    a32_add_acq_rel(&graphs.inside, 1);
    switch (actor_draw(a, 3)) {
    case 0: thread_safepoint(thread_self()); break;
    case 1: CHECK(gc_collect(GC_YOUNG) >= 0); break;
    default: (void)gc_get_objects(); break;
    }
    a32_add_acq_rel(&graphs.inside, (uint32_t)-1);
}

/* Brings itself back, where others find it; makes garbage; changes what it refers to; lets others run. */
static void graphs_finalize(struct object *node)
{
    struct actor *a = actor_self;
    switch (actor_draw(a, 12)) {
    case 0: CHECK_INT(slot_store(&multi.slots[actor_draw(a, MULTI_SLOTS)], object_incref(node)), 0); break;
    case 1: CHECK_INT(list_append(multi.list, node), 0); break;
    case 2: object_decref(node_ring(0, 2, true)); break;
    case 3: node_clear(node); break;
    case 4: node_set(node, 0, node); break;
    case 5: rest_inside(a); break;
    default: break;
    }
}

static void graphs_called(struct object *weak, struct object *argument)
{
    struct actor *a = actor_self;
    CHECK(weakref_get(weak) == NULL);
    a64_add_relaxed(&graphs.called, 1);
    if (argument != NULL && actor_draw(a, 2) == 0)
        CHECK_INT(slot_store(&multi.slots[actor_draw(a, MULTI_SLOTS)], object_incref(argument)), 0);
    if (actor_draw(a, 8) == 0)
        rest_inside(a);
}

/* ---- making, connecting, reading ------------------------------------------------------------------------------ */

/* Borrowed: something held, or None. */
static struct object *any_held(struct actor *a)
{
    unsigned at = actor_pick(a);
    return at != MULTI_HELD ? a->held[at] : none();
}

static struct object *graphs_entered(struct object *function, struct object **arguments, size_t count)
{
    return (void)function, (void)count, object_incref(arguments[0]);
}

static struct object *closure_new(struct object *content)
{
    struct object *closure = tuple_new(1);
    CHECK(closure != NULL);
    tuple_fill(closure, 0, cell_new(content));
    struct object *function = function_new(graphs.names[0], closure, graphs_entered);
    object_decref(closure);
    return function;
}

static void do_make(struct actor *a)
{
    struct object *made;
    switch (actor_draw(a, 8)) {
    case 0: made = list_new(); break;
    case 1: made = dict_new(); break;
    case 2: made = cell_new(any_held(a)); break;
    case 3: made = closure_new(any_held(a)); break;
    case 4: made = final_node_new(0); break;
    case 5: made = node_new(0); break;
    default: made = instance_new(graphs.classes[actor_draw(a, 2)]); break;
    }
    CHECK(made != NULL);
    actor_keep(a, made, false);
}

static bool is_node(const struct object *o) { return o->type == &node_type || o->type == &final_node_type; }

/* What cannot refer to others, or never to something else, is left as it is. */
static void do_connect(struct actor *a)
{
    struct object *into = any_held(a), *o = any_held(a);
    uint32_t place = actor_draw(a, NODE_PLACES);
    int status = 0;
    if (into->type == &list_type)
        status = list_set(into, place, o) == 1 ? list_append(into, o) : 0;
    else if (into->type == &dict_type)
        status = dict_set(into, graphs.names[place], o);
    else if (into->type == &instance_type)
        status = instance_set(into, graphs.names[place], o);
    else if (into->type == &cell_type)
        status = cell_set(into, o);
    else if (is_node(into))
        node_set(into, place, o);
    CHECK_INT(status, 0);
}

static void do_load(struct actor *a)
{
    struct object *from = any_held(a), *found = NULL;
    uint32_t place = actor_draw(a, NODE_PLACES);
    if (from->type == &list_type)
        found = list_get(from, place);
    else if (from->type == &dict_type)
        found = dict_get(from, graphs.names[place]);
    else if (from->type == &instance_type)
        found = instance_get(from, graphs.names[place]);
    else if (from->type == &cell_type)
        found = cell_get(from);
    else if (is_node(from))
        found = slot_load(&node_of(from)->places[place]);
    actor_keep(a, found, false);
}

static void do_clear(struct actor *a)
{
    struct object *o = any_held(a);
    if (o->type == &list_type || o->type == &dict_type || is_node(o))
        o->type->clear(o);
}

/* Many times: a count that two threads write differently is wrong only when they meet. */
static void do_count(struct actor *a)
{
    struct object *o = any_held(a);
    for (int i = 0; i < 50; i++) {
        object_incref(o);
        OPAQUE(o);
        object_decref(o);
    }
}

/* ---- weak references ------------------------------------------------------------------------------------------ */

/* To what has a finalizer always with a callback: see do_follow. */
static void do_refer_weakly(struct actor *a)
{
    struct object *o = any_held(a), *argument = actor_draw(a, 2) == 0 ? any_held(a) : NULL;
    if (o->type->weak_offset == 0)
        return;
    struct object *weak =
        weakref_new(o, argument != NULL || o->type->finalize != NULL ? graphs_called : NULL, argument);
    CHECK(weak != NULL);
    actor_keep(a, weak, false);
}

/* Once it leads nowhere it does so for ever, unless a finalizer may bring the object back. */
static void do_follow(struct actor *a)
{
    struct object *weak = any_held(a);
    if (weak->type != &weakref_type)
        return;
    struct object *found = weakref_get(weak);
    if (found == NULL && weakref_of(weak)->callback == NULL)
        CHECK(weakref_get(weak) == NULL);
    actor_keep(a, found, false);
}

/* ---- the audit: that counts are right while the world stands still -------------------------------------------- */

typedef void audit_pass_fn(struct gc_entry *entry, struct object *o, struct gc_scope *scope);

static void audit_each(audit_pass_fn *pass, struct gc_scope *scope)
{
    lock8_acquire(&all_threads.lock);
    for (struct thread *t = all_threads.entered; t != NULL; t = t->next)
        gc_step(t->gc.segments, pass, scope);
    lock8_release(&all_threads.lock);
    gc_step(gc_heap.shared.segments, pass, scope);
    for (int set = GC_YOUNG; set <= GC_FROZEN; set++)
        gc_step(gc_heap.sets[set], pass, scope);
}

static void audit_forget(struct gc_entry *entry, struct object *o, struct gc_scope *scope)
{
    (void)o, (void)scope;
    entry->scratch = 0;
}

/* A sound object, whose count is not less than the references from other objects, which have been subtracted. Who
 * rests within a finalizer may be merging a queue: of what is still in it, dead objects are no error. */
static void audit_one(struct gc_entry *entry, struct object *o, struct gc_scope *scope)
{
    const char *wrong = object_check(o);
    (void)scope;
    if (wrong != NULL && !(RC_LATE && a32_load_relaxed(&graphs.inside) != 0))
        check_failed(__FILE__, __LINE__, "audit: a %s is %s", o->type != NULL ? o->type->name : "block", wrong);
    if ((intptr_t)entry->scratch < 0)
        check_failed(__FILE__, __LINE__, "audit: a %s has %lld references more than its count of %lld", o->type->name,
                     -(long long)(intptr_t)entry->scratch / GC_COUNT_ONE, (long long)rc_audit(&o->rc));
}

/* Of all tracked objects, with the collector's own passes: no collection uses their scratch meanwhile. */
static void do_audit(struct actor *a)
{
    struct gc_scope scope = {.first = GC_YOUNG, .last = GC_FROZEN};
    struct thread *self = thread_self();
    (void)a;
    world_stop(self);
    audit_each(audit_forget, &scope);
    audit_each(gc_balance, &scope);
    gc_arrive(&scope, gc_subtract);
    audit_each(audit_one, &scope);
    world_resume(self);
}

/* ---- what a thread does with itself --------------------------------------------------------------------------- */

/* Another thread may be collecting: then it is not this one's turn. */
static void do_collect(struct actor *a) { CHECK(gc_collect((int)actor_draw(a, GC_GENERATIONS)) >= 0); }

static void do_set(struct actor *a)
{
    switch (actor_draw(a, 6)) {
    case 0: gc_disable(); break;
    case 1:
    case 2: gc_enable(); break;
    case 3: gc_freeze(); break;
    case 4: gc_unfreeze(); break;
    default: gc_set_thresholds(1 + actor_draw(a, 1000), actor_draw(a, 12), actor_draw(a, 12)); break;
    }
}

static void gate_close(void) { CHECK_INT(pthread_mutex_lock(&graphs.gate), 0); }
static void gate_open(void) { CHECK_INT(pthread_mutex_unlock(&graphs.gate), 0); }
static void gate_close_detached(void)
{
    struct thread *self = thread_self();
    thread_detach(self);
    gate_close();
    thread_attach(self);
}

static void do_leave_by_the_gate(struct actor *a)
{
    gate_close_detached();
    do_leave(a);
    gate_open();
}

/* ---- opening, closing, forking -------------------------------------------------------------------------------- */

/* All threads will use it. */
static struct object *graphs_class(bool has_dict)
{
    struct object *slots = tuple_new(has_dict ? 0 : NODE_PLACES);
    CHECK(slots != NULL);
    for (size_t i = 0; !has_dict && i < NODE_PLACES; i++)
        tuple_fill(slots, i, object_incref(graphs.names[i]));
    struct object *class_ = class_new(graphs.names[0], slots, has_dict);
    CHECK(class_ != NULL && object_publish(class_) == 0);
    object_decref(slots);
    return class_;
}

static void graphs_open(void)
{
    node_log.finalizer = graphs_finalize;
    for (int i = 0; i < NODE_PLACES; i++) {
        graphs.names[i] = text((const char[]){(char)('a' + i), '\0'});
        CHECK_INT(object_publish(graphs.names[i]), 0);
    }
    for (int i = 0; i < 2; i++)
        graphs.classes[i] = graphs_class(i == 1);
}

/* Nobody else runs or holds anything. Finalizers and callbacks put things into shared places again; each runs once,
 * so that this ends. Then no object may be tracked but the list and the dict that are shared. */
static void graphs_close(void)
{
    int64_t ran, before;
    gc_unfreeze();
    do {
        before = a64_load_relaxed(&node_log.finalized) + a64_load_relaxed(&graphs.called);
        multi_drop_shared();
        settle();
        int64_t found = gc_collect(GC_OLD);
        CHECK(found >= 0);
        ran = a64_load_relaxed(&node_log.finalized) + a64_load_relaxed(&graphs.called) - before + found;
    } while (ran != 0);
    do_audit(actor_self);
    for (int i = 0; i < 2; i++)
        object_decref(graphs.classes[i]);
    for (int i = 0; i < NODE_PLACES; i++)
        object_decref(graphs.names[i]);
    settle();
}

static void multi_close(void);

/* The child is the heir of all threads: what each held it drops, and then nothing is left. Where one of them rested
 * within a finalizer, or collected, it held more than anybody can see: then the child only looks. */
static void heir(void *inherits)
{
    do_collect(actor_self);
    do_audit(actor_self);
    for (unsigned i = 0; *(bool *)inherits && i <= MULTI_THREADS_MAX; i++)
        while (multi.actors[i].held_count > 0)
            do_drop(&multi.actors[i]);
    if (*(bool *)inherits)
        multi_close();
}

/* The others stand still, at a safepoint or detached. */
static void do_fork(struct actor *a)
{
    struct thread *self = thread_self();
    (void)a;
    if (!FORK_AT_WORK)
        return;
    gate_close_detached();
    world_stop(self);
    bool inherits = a32_load_acquire(&graphs.inside) == 0 && a32_load_relaxed(&gc.collecting) == 0;
    pid_t pid = fork_child(heir, &inherits);
    world_resume(self);
    gate_open();
    fork_await(pid);
}

#endif
