/* The audits of a soak: that counts are right while the world stands still, and that nothing is left in the end. */
#ifndef RCBENCH_TESTS_SCHEMES_SOAK_AUDIT_H
#define RCBENCH_TESTS_SCHEMES_SOAK_AUDIT_H

#include "tests/schemes/soak/soak.h"

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
    (void)o;
    (void)scope;
    entry->scratch = 0;
}

/* A sound object, whose count is not less than the references from other objects, which have been subtracted. Who rests
 * within a finalizer may be merging a queue: of what is still in it, dead objects are no error. */
static void audit_one(struct gc_entry *entry, struct object *o, struct gc_scope *scope)
{
    const char *wrong = object_check(o);
    (void)scope;
    if (wrong != NULL && !(RC_LATE && a32_load_relaxed(&soak.inside) != 0))
        check_failed(__FILE__, __LINE__, "audit: a %s is %s", o->type != NULL ? o->type->name : "block", wrong);
    if ((intptr_t)entry->scratch < 0)
        check_failed(__FILE__, __LINE__, "audit: a %s has %lld references more than its count of %lld", o->type->name,
                     -(long long)(intptr_t)entry->scratch / GC_COUNT_ONE, (long long)rc_audit(&o->rc));
}

/* Of all tracked objects, with the collector's own passes: their scratch is nobody's while no collection looks. */
static void soak_audit(void)
{
    struct gc_scope scope = {.first = GC_YOUNG, .last = GC_FROZEN};
    struct thread *self = thread_self();
    world_stop(self);
    audit_each(audit_forget, &scope);
    audit_each(gc_balance, &scope);
    gc_arrive(&scope, gc_subtract);
    audit_each(audit_one, &scope);
    world_resume(self);
    soak_count(&soak.options->tally->audits);
}

/* Nobody else runs or holds anything, and all shared places are the caller's to empty. Finalizers and callbacks put
 * things there again; each runs once, so that this ends. */
static void soak_collect_all(void)
{
    int64_t ran, before;
    gc_unfreeze();
    do {
        before = a64_load_relaxed(&node_log.finalized) + a64_load_relaxed(&soak.options->tally->called);
        soak_drop_shared();
        settle();
        int64_t found = gc_collect(GC_OLD);
        CHECK(found >= 0);
        ran = a64_load_relaxed(&node_log.finalized) + a64_load_relaxed(&soak.options->tally->called) - before + found;
    } while (ran != 0);
}

#endif
