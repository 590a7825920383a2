/* What a thread of a random program does. It holds references of its own, draws what to do with them, and hands them
 * to others through slots, a list, a dict and mailboxes; it detaches, sleeps, leaves and comes back, with all its
 * references, as a new thread of the model (often under the old id: the memory is given out again). */
#ifndef RCBENCH_TESTS_SCHEMES_RANDOM_ACTORS_H
#define RCBENCH_TESTS_SCHEMES_RANDOM_ACTORS_H

#include "tests/schemes/random/oracle.h"
#include "tests/schemes/random/suite.h"

enum { MULTI_THREADS_MAX = 6, MULTI_HELD = 32, MULTI_SLOTS = 4, MULTI_MAIL = 32, MULTI_KEYS = 12, MULTI_LIVES = 3 };

/* References on their way to one thread. */
struct mailbox {
    struct lock8 lock;
    unsigned length;
    struct object *mail[MULTI_MAIL];
};

/* One thread of the operating system. */
struct actor {
    pthread_t id;
    unsigned index, life;
    uint64_t random;
    unsigned held_count;
    struct object *held[MULTI_HELD];
    bool own[MULTI_HELD]; /* created since this thread entered: the reference it is may be made immortal */
};

static struct multi {
    const struct multi_options *options;
    struct slot slots[MULTI_SLOTS];
    struct object *list, *dict;
    struct object *keys[MULTI_KEYS];
    struct mailbox mailboxes[MULTI_THREADS_MAX];
    struct mailbox gifts; /* for the thread that forks: see forks.h */
    struct lock8 immortals_lock;
    struct object *immortals[64];
    unsigned immortal_count;
    struct actor actors[MULTI_THREADS_MAX + 1]; /* the last is the thread that opens the round */
} multi;

static _Thread_local struct actor *actor_self; /* for finalizers */

static uint32_t actor_draw(struct actor *a, uint32_t limit) { return draw(&a->random, limit); }

/* A place in `held`, or MULTI_HELD when nothing is held. */
static unsigned actor_pick(struct actor *a) { return a->held_count ? actor_draw(a, a->held_count) : MULTI_HELD; }

/* Takes over the reference to `o` (or NULL); gives it up when there is no room. */
static void actor_keep(struct actor *a, struct object *o, bool own)
{
    if (o == NULL)
        return;
    if (a->held_count == MULTI_HELD) {
        object_decref(o);
        return;
    }
    a->own[a->held_count] = own;
    a->held[a->held_count++] = o;
}

static struct object *actor_release(struct actor *a, unsigned at)
{
    struct object *o = a->held[at];
    a->held[at] = a->held[--a->held_count];
    a->own[at] = a->own[a->held_count];
    return o;
}

static void touch(struct object *o)
{
    if (o->type == &known_type)
        known_touch(o);
    else if (o->type == &tuple_type && tuple_of(o)->length > 0 && tuple_peek(o, 0)->type == &known_type)
        known_touch(tuple_peek(o, 0));
}

/* ---- what a thread does with what it holds ----------------------------------------------------------------------
 */

static void do_new(struct actor *a)
{
    struct object *o = known_new();
    if (o != NULL && actor_draw(a, 4) == 0 && object_publish(o) == 0)
        known_make_weak(o, actor_draw(a, ORACLE_WEAK));
    actor_keep(a, o, o != NULL && ((struct known *)o)->weak == ORACLE_NO_WEAK);
}

/* A tuple of up to three references that it takes over. */
static void do_tuple(struct actor *a)
{
    size_t length = actor_draw(a, 4);
    if (length == 0 || length > a->held_count)
        return;
    struct object *tuple = tuple_new(length);
    for (size_t i = 0; tuple != NULL && i < length; i++)
        tuple_fill(tuple, i, actor_release(a, actor_pick(a)));
    actor_keep(a, tuple, false);
}

static void do_copy(struct actor *a)
{
    unsigned at = actor_pick(a);
    if (at == MULTI_HELD)
        return;
    touch(a->held[at]);
    actor_keep(a, object_incref(a->held[at]), false);
}

/* Counts what is inside a tuple that others may have as well. */
static void do_unpack(struct actor *a)
{
    unsigned at = actor_pick(a);
    if (at == MULTI_HELD || a->held[at]->type != &tuple_type)
        return;
    struct object *item = tuple_peek(a->held[at], actor_draw(a, (uint32_t)tuple_of(a->held[at])->length));
    CHECK(!rc_is_published(&a->held[at]->rc) || rc_is_published(&item->rc));
    actor_keep(a, object_incref(item), false);
}

static void do_drop(struct actor *a)
{
    unsigned at = actor_pick(a);
    if (at != MULTI_HELD)
        object_decref(actor_release(a, at));
}

static void do_touch(struct actor *a)
{
    for (unsigned i = 0; i < a->held_count; i++)
        touch(a->held[i]);
}

/* Writes a plain field if nobody else can see it. Not of what a weak reference leads to: it may come at any time. */
static void do_write(struct actor *a)
{
    unsigned at = actor_pick(a);
    if (at == MULTI_HELD || a->held[at]->type != &known_type)
        return;
    struct known *known = (struct known *)a->held[at];
    if (known->weak == ORACLE_NO_WEAK && rc_is_unique(&known->head.rc))
        known->written++;
}

static void do_upgrade(struct actor *a) { actor_keep(a, known_upgrade(actor_draw(a, ORACLE_WEAK)), false); }

static void do_slot_store(struct actor *a)
{
    unsigned at = actor_pick(a);
    if (at == MULTI_HELD)
        return;
    bool own = a->own[at];
    struct object *o = actor_release(a, at);
    if (slot_store(&multi.slots[actor_draw(a, MULTI_SLOTS)], o) != 0)
        actor_keep(a, o, own);
}

static void do_slot_load(struct actor *a)
{
    actor_keep(a, slot_load(&multi.slots[actor_draw(a, MULTI_SLOTS)]), false);
}

static void do_list(struct actor *a)
{
    unsigned at = actor_pick(a);
    size_t index = actor_draw(a, 8);
    switch (actor_draw(a, 4)) {
    case 0:
        if (at != MULTI_HELD)
            (void)list_append(multi.list, a->held[at]);
        break;
    case 1:
        if (at != MULTI_HELD)
            (void)list_set(multi.list, index, a->held[at]);
        break;
    case 2: actor_keep(a, list_get(multi.list, index), false); break;
    default: actor_keep(a, list_pop(multi.list), false); break;
    }
    if (index == 0 && actor_draw(a, 8) == 0)
        list_clear(multi.list);
}

static void do_dict(struct actor *a)
{
    unsigned at = actor_pick(a);
    struct object *key = multi.keys[actor_draw(a, MULTI_KEYS)];
    switch (actor_draw(a, 3)) {
    case 0:
        if (at != MULTI_HELD)
            (void)dict_set(multi.dict, key, a->held[at]);
        break;
    case 1: actor_keep(a, dict_get(multi.dict, key), false); break;
    default: (void)dict_delete(multi.dict, key); break;
    }
}

static void do_send(struct actor *a)
{
    struct mailbox *box = &multi.mailboxes[actor_draw(a, multi.options->threads)];
    unsigned at = actor_pick(a);
    if (at == MULTI_HELD || object_publish(a->held[at]) != 0)
        return;
    lock8_acquire(&box->lock);
    if (box->length < MULTI_MAIL)
        box->mail[box->length++] = actor_release(a, at);
    lock8_release(&box->lock);
}

static void do_receive(struct actor *a)
{
    struct mailbox *box = &multi.mailboxes[a->index];
    lock8_acquire(&box->lock);
    struct object *o = box->length > 0 ? box->mail[--box->length] : NULL;
    lock8_release(&box->lock);
    actor_keep(a, o, false);
}

/* A new object with its only reference, for the thread that forks. */
static void do_give(struct actor *a)
{
    struct object *o = multi.options->forks ? known_new() : NULL;
    (void)a;
    if (o == NULL)
        return;
    bool sent = object_publish(o) == 0;
    lock8_acquire(&multi.gifts.lock);
    sent = sent && multi.gifts.length < MULTI_MAIL;
    if (sent)
        multi.gifts.mail[multi.gifts.length++] = o;
    lock8_release(&multi.gifts.lock);
    if (!sent)
        object_decref(o);
}

/* By its owner, while others may hold references. */
static void do_immortalize(struct actor *a)
{
    unsigned at = actor_pick(a);
    if (at == MULTI_HELD || !a->own[at] || object_publish(a->held[at]) != 0)
        return;
    lock8_acquire(&multi.immortals_lock);
    if (multi.immortal_count < sizeof multi.immortals / sizeof *multi.immortals) {
        struct known *known = (struct known *)a->held[at];
        if (object_immortalize(a->held[at])) {
            known_change(known->number, LIFE_ALIVE, LIFE_IMMORTAL);
            multi.immortals[multi.immortal_count++] = actor_release(a, at);
        }
    }
    lock8_release(&multi.immortals_lock);
}

/* ---- what a thread does with itself -----------------------------------------------------------------------------
 */

static void do_safepoint(struct actor *a)
{
    (void)a;
    thread_safepoint(thread_self());
}

/* Blocked: others merge what it owns. */
static void do_sleep(struct actor *a)
{
    struct thread *self = thread_self();
    struct timespec moment = {.tv_nsec = (long)actor_draw(a, 30000)};
    thread_detach(self);
    if (actor_draw(a, 4) == 0)
        nanosleep(&moment, NULL);
    else
        sched_yield();
    thread_attach(self);
}

/* With faults the allocation may fail, as often as it likes. */
static struct thread *enter_at_last(void)
{
    struct thread *self;
    while ((self = thread_enter()) == NULL)
        sched_yield();
    return self;
}

/* What it held belongs from now on to no thread of the model, or to one that gets the old id. */
static void do_leave(struct actor *a)
{
    thread_leave(thread_self());
    for (unsigned i = 0; i < a->held_count; i++)
        a->own[i] = false;
    if (actor_draw(a, 2) == 0)
        sched_yield();
    enter_at_last();
}

static void do_fault(struct actor *a)
{
    if (multi.options->faults)
        memory_fail_at(1 + actor_draw(a, 16));
}

/* ---- what is shared, at the end ------------------------------------------------------------------------------- */

static void multi_drop_shared(void)
{
    for (unsigned i = 0; i < multi.options->threads; i++)
        while (multi.mailboxes[i].length > 0)
            object_decref(multi.mailboxes[i].mail[--multi.mailboxes[i].length]);
    for (int i = 0; i < MULTI_SLOTS; i++)
        object_xdecref(slot_exchange(&multi.slots[i], NULL));
    list_clear(multi.list);
    dict_clear(multi.dict);
}

#endif
