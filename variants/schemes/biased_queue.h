/* The queues of the biased scheme: references that a stranger gave up and the owner counted, on their way
 * to be merged (CPython: Python/brc.c).
 *
 * Threads are found by id in buckets. A bucket's lock guards which threads are in it, their queues, and
 * whether they are detached. So whoever holds it knows that an owner which is detached or not there stays
 * so, and may merge the object in its place: an owner that blocks delays nobody's memory (CPython
 * gh-157838), and one that has left cannot come back under the same id in between (ids are reused).
 *
 * A queue that cannot grow loses nothing: the stranger then waits until the owner has taken the object
 * from a node on the stranger's own stack. */
#ifndef RCBENCH_VARIANTS_SCHEMES_BIASED_QUEUE_H
#define RCBENCH_VARIANTS_SCHEMES_BIASED_QUEUE_H

#include "core/scheme/contract.h"

/* Prime, so that thread addresses, multiples of a large power of two, spread. */
enum { BIASED_BUCKETS = 61 };

struct biased_array {
    struct rc_head **items;
    size_t length, capacity;
};

struct biased_waiter {
    struct biased_waiter *next;
    struct rc_head *head;
    struct a32 taken;
};

struct rc_thread {
    uintptr_t id;
    struct rc_thread *next;        /* in the bucket */
    bool detached;                 /* others may merge what this thread owns */
    struct biased_array queue;     /* what strangers have put here */
    struct biased_array draining;  /* what the owner is merging: the two swap */
    struct biased_waiter *waiting; /* strangers for whom the queue could not grow */
    uint64_t late_max;
    struct a32 pending LINE_ALIGNED; /* written by strangers, read at every safepoint */
};

static struct biased_bucket {
    struct lock8 lock;
    struct rc_thread *threads;
} LINE_ALIGNED biased_buckets[BIASED_BUCKETS];

static inline struct biased_bucket *biased_bucket_of(uintptr_t id)
{
    return &biased_buckets[(id / LINE_BYTES) % BIASED_BUCKETS];
}

static struct rc_thread *biased_find(struct biased_bucket *bucket, uintptr_t id)
{
    struct rc_thread *t = bucket->threads;
    while (t != NULL && t->id != id)
        t = t->next;
    return t;
}

static bool biased_array_push(struct biased_array *array, struct rc_head *h)
{
    if (array->length == array->capacity) {
        size_t capacity = array->capacity ? array->capacity * 2 : 64;
        struct rc_head **items = shim_alloc(capacity * sizeof *items);
        if (items == NULL)
            return false;
        for (size_t i = 0; i < array->length; i++)
            items[i] = array->items[i];
        if (array->items != NULL)
            shim_free(array->items, array->capacity * sizeof *items);
        array->items = items;
        array->capacity = capacity;
    }
    array->items[array->length++] = h;
    return true;
}

/* The array is not used again. */
static void biased_array_free(struct biased_array *array)
{
    if (array->items != NULL)
        shim_free(array->items, array->capacity * sizeof *array->items);
}

/* Each queued object holds one reference that was not subtracted: hence the -1. */
static void biased_merge_queued(struct rc_head *h)
{
    if (biased_merge(h, -1))
        rc_destroy(h);
}

/* Takes all that is queued and merges it. Destruction happens outside the lock: it may queue and merge
 * other objects. Ends with the queue empty and, if `detach` is the new state, in that state. */
static COLD UNUSED void biased_drain(struct rc_thread *t, bool detach)
{
    struct biased_bucket *bucket = biased_bucket_of(t->id);
    for (;;) {
        lock8_acquire(&bucket->lock);
        a32_store_relaxed(&t->pending, 0); /* relaxed: the lock orders it */
        struct biased_array taken = t->queue;
        struct biased_waiter *waiting = t->waiting;
        if (taken.length == 0 && waiting == NULL) {
            t->detached = detach;
            lock8_release(&bucket->lock);
            return;
        }
        t->queue = t->draining;
        t->draining = (struct biased_array){0}; /* a drain inside a destruction must not share it */
        t->waiting = NULL;
        lock8_release(&bucket->lock);

        for (size_t i = 0; i < taken.length; i++)
            biased_merge_queued(taken.items[i]);
        while (waiting != NULL) {
            struct biased_waiter *next = waiting->next; /* the node is gone once taken */
            struct rc_head *h = waiting->head;
            a32_store_release(&waiting->taken, 1);
            biased_merge_queued(h);
            waiting = next;
        }
        taken.length = 0;
        if (t->draining.items == NULL)
            t->draining = taken;
        else
            biased_array_free(&taken);
    }
}

/* Waits until the owner has taken the object. This thread merges its own queue meanwhile: two threads that
 * wait for each other must both get on. */
static COLD UNUSED void biased_wait(struct biased_waiter *node)
{
    uintptr_t id = shim_self();
    struct biased_bucket *bucket = biased_bucket_of(id);
    lock8_acquire(&bucket->lock);
    struct rc_thread *self = biased_find(bucket, id); /* in there until it has left, and it is here */
    lock8_release(&bucket->lock);
    while (a32_load_acquire(&node->taken) == 0) {
        if (a32_load_relaxed(&self->pending))
            biased_drain(self, false);
        shim_yield();
    }
}

/* The caller has set QUEUED and hands its reference over. True: the caller must destroy the object. */
static NOINLINE bool biased_queue(struct rc_head *h)
{
    uintptr_t owner = (uintptr_t)a64_load_relaxed(&h->tid);
    /* 0: the owner has merged since the CAS that set QUEUED, and our reference is in the shared count. A merge would
     * read the owner's count, and nothing says that this thread sees it at 0 already. */
    if (owner == 0)
        return biased_decref_shared(h);
    struct biased_bucket *bucket = biased_bucket_of(owner);
    lock8_acquire(&bucket->lock);
    struct rc_thread *t = biased_find(bucket, owner);
    if (t == NULL || t->detached) {
        bool dead = biased_merge(h, -1);
        lock8_release(&bucket->lock);
        return dead;
    }
    struct biased_waiter node = {.next = NULL, .head = h, .taken = {0}};
    bool queued = biased_array_push(&t->queue, h);
    if (queued) {
        if (t->queue.length > t->late_max)
            t->late_max = t->queue.length;
    } else {
        node.next = t->waiting;
        t->waiting = &node;
    }
    a32_store_relaxed(&t->pending, 1); /* relaxed: only a hint; the lock orders the queue */
    lock8_release(&bucket->lock);
    if (!queued)
        biased_wait(&node);
    return false;
}

static inline void rc_thread_enter(struct rc_thread *t, uintptr_t id)
{
    *t = (struct rc_thread){.id = id};
    struct biased_bucket *bucket = biased_bucket_of(id);
    lock8_acquire(&bucket->lock);
    t->next = bucket->threads;
    bucket->threads = t;
    lock8_release(&bucket->lock);
}

/* Detached first: from then on strangers merge for themselves, and the queue stays empty. So there is no
 * window between the last drain and the end of the id. */
static inline void rc_thread_leave(struct rc_thread *t)
{
    biased_drain(t, true);
    struct biased_bucket *bucket = biased_bucket_of(t->id);
    lock8_acquire(&bucket->lock);
    struct rc_thread **link = &bucket->threads;
    while (*link != t)
        link = &(*link)->next;
    *link = t->next;
    lock8_release(&bucket->lock);
    biased_array_free(&t->queue);
    biased_array_free(&t->draining);
}

static inline void rc_thread_detach(struct rc_thread *t) { biased_drain(t, true); }

/* The lock makes visible what others merged in the meantime. */
static inline void rc_thread_attach(struct rc_thread *t)
{
    struct biased_bucket *bucket = biased_bucket_of(t->id);
    lock8_acquire(&bucket->lock);
    t->detached = false;
    lock8_release(&bucket->lock);
}

/* No bucket's lock is taken while another one is held, except here: any order will do. */
static COLD UNUSED void rc_before_fork(struct rc_thread *t)
{
    (void)t;
    for (size_t i = 0; i < BIASED_BUCKETS; i++)
        lock8_acquire(&biased_buckets[i].lock);
}

/* Leaves `t` alone in its bucket, and empties the others; returns the threads that were there. */
static struct rc_thread *biased_take_gone(struct rc_thread *t)
{
    struct rc_thread *gone = NULL;
    for (size_t i = 0; i < BIASED_BUCKETS; i++) {
        while (biased_buckets[i].threads != NULL) {
            struct rc_thread *one = biased_buckets[i].threads;
            biased_buckets[i].threads = one->next;
            if (one == t)
                continue;
            one->next = gone;
            gone = one;
        }
    }
    t->next = NULL;
    biased_bucket_of(t->id)->threads = t;
    return gone;
}

/* Merges what was queued to a thread that the fork has left behind. Those who waited because its queue could
 * not grow are gone too, but their nodes are still there, on stacks that nobody has reused yet. */
static void biased_merge_gone(struct rc_thread *gone)
{
    for (size_t i = 0; i < gone->queue.length; i++)
        biased_merge_queued(gone->queue.items[i]);
    for (struct biased_waiter *node = gone->waiting; node != NULL; node = node->next)
        biased_merge_queued(node->head);
    biased_array_free(&gone->queue);
    biased_array_free(&gone->draining);
}

/* A thread that is gone owns nothing from here on: its objects are merged by whoever gives up a reference that
 * it had counted (biased_queue finds no such thread). The own queue is drained at once for the nodes in it. */
static COLD UNUSED void rc_after_fork(struct rc_thread *t, bool child)
{
    struct rc_thread *gone = child ? biased_take_gone(t) : NULL;
    for (size_t i = 0; i < BIASED_BUCKETS; i++)
        lock8_release(&biased_buckets[i].lock);
    while (gone != NULL) {
        struct rc_thread *next = gone->next;
        biased_merge_gone(gone);
        gone = next;
    }
    if (child)
        biased_drain(t, false);
}

static inline bool rc_pending(struct rc_thread *t) { return a32_load_relaxed(&t->pending) != 0; }
static inline void rc_safepoint(struct rc_thread *t) { biased_drain(t, false); }

static inline uint64_t rc_late_max(struct rc_thread *t)
{
    struct biased_bucket *bucket = biased_bucket_of(t->id);
    lock8_acquire(&bucket->lock);
    uint64_t most = t->late_max;
    lock8_release(&bucket->lock);
    return most;
}

#endif
