/* What the threads of a soak share, and what each has: places where references lie, and the numbers that it draws. */
#ifndef RCBENCH_TESTS_SCHEMES_SOAK_SOAK_H
#define RCBENCH_TESTS_SCHEMES_SOAK_SOAK_H

#include "tests/schemes/conformance/cases/nodes.h"
#include "tests/schemes/soak/suite.h"

enum { SOAK_HELD = 16, SOAK_SLOTS = 8, SOAK_MAIL = 16, SOAK_PLACES = NODE_PLACES };

/* FREE: no OS thread. STARTING and ENDED: it may be anywhere in the system's own code. */
enum soaker_phase { SOAKER_FREE, SOAKER_STARTING, SOAKER_RUNNING, SOAKER_ENDED };

/* One thread. Number 0 is the controller: it makes and joins the others, and runs alone where there is one thread. */
struct soaker {
    pthread_t id;
    enum soaker_phase phase; /* guarded by soak.gate */
    unsigned index;
    uint64_t random;
    uint32_t epoch; /* as of which it has dropped everything */
    unsigned held_count;
    struct object *held[SOAK_HELD];
};

struct soak_mailbox {
    struct lock8 lock;
    unsigned length;
    struct object *mail[SOAK_MAIL];
};

static struct soak {
    const struct soak_options *options;
    struct a32 stop;     /* the threads end */
    struct a32 epoch;    /* grows when all must drop what they hold, so that graphs do not grow for ever */
    struct a32 fork_due; /* 1: whoever sees it first forks */
    struct a32 inside;   /* threads at a safepoint within a finalizer or a callback: they hold more than soaker.held */

    /* Held by a thread while it enters, leaves, starts or ends, and by one that forks: an allocator's lock must not be
     * somebody else's in the child. Nobody waits for it attached. */
    pthread_mutex_t gate;
    unsigned moving; /* threads STARTING or ENDED */
    struct soaker soakers[SOAK_THREADS_MAX + 1];

    struct slot slots[SOAK_SLOTS];
    struct soak_mailbox mail;
    struct object *list, *dict;
    struct object *names[SOAK_PLACES]; /* of attributes, and keys */
    struct object *classes[2];         /* with slots; with a dict */
} soak;

static _Thread_local struct soaker *soaker_self;

static inline uint32_t soak_draw(struct soaker *s, uint32_t limit) { return draw(&s->random, limit); }

static inline void soak_count(struct a64 *counter) { a64_add_relaxed(counter, 1); }

/* ---- what a thread holds ------------------------------------------------------------------------------------- */

/* A place in `held`, or SOAK_HELD where nothing is held. */
static inline unsigned soak_pick(struct soaker *s)
{
    return s->held_count != 0 ? soak_draw(s, s->held_count) : SOAK_HELD;
}

/* The caller gets the reference. */
static struct object *soak_release(struct soaker *s, unsigned at)
{
    struct object *o = s->held[at];
    s->held[at] = s->held[--s->held_count];
    return o;
}

/* Takes over the reference to `o`, or NULL. Where there is no room another one is dropped. */
static void soak_keep(struct soaker *s, struct object *o)
{
    if (o == NULL)
        return;
    CHECK(o->type->size >= sizeof(struct object)); /* a look at what a freed object no longer has */
    struct object *dropped = s->held_count == SOAK_HELD ? soak_release(s, soak_draw(s, SOAK_HELD)) : NULL;
    s->held[s->held_count++] = o;
    object_xdecref(dropped);
}

static void soak_drop_held(struct soaker *s)
{
    while (s->held_count > 0)
        object_decref(soak_release(s, s->held_count - 1));
}

/* ---- what all can reach -------------------------------------------------------------------------------------- */

/* False: the box is full, and the caller keeps its reference. The object has been published. */
static bool soak_post(struct object *o)
{
    lock8_acquire(&soak.mail.lock);
    bool posted = soak.mail.length < SOAK_MAIL;
    if (posted)
        soak.mail.mail[soak.mail.length++] = o;
    lock8_release(&soak.mail.lock);
    return posted;
}

/* An owned reference, or NULL. */
static struct object *soak_fetch(void)
{
    lock8_acquire(&soak.mail.lock);
    struct object *o = soak.mail.length > 0 ? soak.mail.mail[--soak.mail.length] : NULL;
    lock8_release(&soak.mail.lock);
    return o;
}

static void soak_drop_shared(void)
{
    for (int i = 0; i < SOAK_SLOTS; i++)
        object_xdecref(slot_exchange(&soak.slots[i], NULL));
    for (struct object *o; (o = soak_fetch()) != NULL;)
        object_decref(o);
    list_clear(soak.list);
    dict_clear(soak.dict);
}

#endif
