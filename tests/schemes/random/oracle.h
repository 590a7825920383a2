/* What must be true of each object among threads: created once, destroyed once, touched only in between. Knows the
 * objects by number and counts nothing. Relaxed atomics alone: it orders nothing between threads, so that a
 * sanitizer still sees every race that the scheme under test leaves.
 *
 * Objects carry plain fields. Whoever has a reference reads them, dealloc and a unique owner write them: memory that
 * dies too early shows itself as a wrong value, a report of a sanitizer, or a race. */
#ifndef RCBENCH_TESTS_SCHEMES_RANDOM_ORACLE_H
#define RCBENCH_TESTS_SCHEMES_RANDOM_ORACLE_H

#include "tests/schemes/conformance/fixture.h"

enum { ORACLE_OBJECTS_MAX = 1 << 16, ORACLE_WEAK = 8, ORACLE_NO_WEAK = 255 };
enum { LIFE_NONE, LIFE_ALIVE, LIFE_DEAD, LIFE_IMMORTAL };

static struct oracle {
    struct a32 life[ORACLE_OBJECTS_MAX];
    struct a32 next; /* number */
    /* Weak references: the lock is held by whoever looks, and by whoever dies. So rc_try_incref finds the memory of
     * an object, which may be dying. */
    struct {
        struct lock8 lock;
        struct object *object;
    } weak[ORACLE_WEAK];
} oracle;

struct known {
    struct object head;
    uint32_t number;
    uint8_t weak; /* its place among the weak references; set before anybody else can reach it */
    uint64_t canary;
    uint64_t written; /* by threads that hold the only reference */
};

static void known_change(uint32_t number, uint32_t from, uint32_t to)
{
    if (!a32_cas_relaxed(&oracle.life[number], &from, to))
        check_failed(__FILE__, __LINE__, "object %u: state %u cannot follow state %u", number, to, from);
}

/* A weak reference to a dying object goes before the object does. */
static void known_forget_weak(struct known *known)
{
    if (known->weak == ORACLE_NO_WEAK)
        return;
    lock8_acquire(&oracle.weak[known->weak].lock);
    if (oracle.weak[known->weak].object == &known->head)
        oracle.weak[known->weak].object = NULL;
    lock8_release(&oracle.weak[known->weak].lock);
}

static void known_dealloc(struct object *self)
{
    struct known *known = (struct known *)self;
    CHECK(known->canary == PROBE_ALIVE);
    known_change(known->number, LIFE_ALIVE, LIFE_DEAD);
    known_forget_weak(known);
    known->canary = PROBE_DEAD;
    known->written++;
    object_free(known, sizeof *known);
}

static const struct type known_type = {.name = "known", .size = sizeof(struct known), .dealloc = known_dealloc};

/* NULL: no memory, or all numbers are used. */
static struct object *known_new(void)
{
    if (a32_load_relaxed(&oracle.next) >= ORACLE_OBJECTS_MAX - 64) /* each thread may add one more */
        return NULL;
    struct known *known = object_new(&known_type, sizeof *known);
    if (known == NULL)
        return NULL;
    known->number = a32_add_relaxed(&oracle.next, 1) - 1;
    known->weak = ORACLE_NO_WEAK;
    known->canary = PROBE_ALIVE;
    known->written = 0;
    known_change(known->number, LIFE_NONE, LIFE_ALIVE);
    return &known->head;
}

/* The caller has a reference. */
static void known_touch(struct object *o)
{
    struct known *known = (struct known *)o;
    CHECK(known->canary == PROBE_ALIVE);
    CHECK(known->written < UINT64_C(1) << 40);
    uint32_t life = a32_load_relaxed(&oracle.life[known->number]);
    if (life != LIFE_ALIVE && life != LIFE_IMMORTAL)
        check_failed(__FILE__, __LINE__, "object %u is used in state %u", known->number, life);
}

/* Lets a weak reference lead to `o`, which the caller alone can reach and has published. */
static void known_make_weak(struct object *o, unsigned place)
{
    ((struct known *)o)->weak = (uint8_t)place;
    rc_allow_try_incref(&o->rc);
    lock8_acquire(&oracle.weak[place].lock);
    oracle.weak[place].object = o;
    lock8_release(&oracle.weak[place].lock);
}

/* An owned reference, or NULL. */
static struct object *known_upgrade(unsigned place)
{
    lock8_acquire(&oracle.weak[place].lock);
    struct object *o = oracle.weak[place].object;
    if (o != NULL && !rc_try_incref(&o->rc))
        o = NULL;
    lock8_release(&oracle.weak[place].lock);
    return o;
}

/* All threads have settled, and nothing is referred to any more. */
static void oracle_check_end(void)
{
    uint32_t count = a32_load_relaxed(&oracle.next);
    for (uint32_t i = 0; !RC_NEVER_FREES && i < count; i++)
        if (a32_load_relaxed(&oracle.life[i]) == LIFE_ALIVE)
            check_failed(__FILE__, __LINE__, "object %u has not been destroyed", i);
}

#endif
