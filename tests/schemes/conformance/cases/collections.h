/* Collections beside threads that work, and with every allocation failing: who stops, who merges, who destroys. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_COLLECTIONS_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_COLLECTIONS_H

#include "tests/schemes/conformance/cases/weakrefs.h"

enum { COLLECTION_ROUNDS = MODE_GIL ? 50 : 50 * EFFORT };

/* Threads that block do not delay a collection, threads that run stop at their next safepoint; what they come back to
 * is whole. Collections by all at once, one after the other. */
static void stop_crew(struct crew *crew, unsigned index)
{
    static struct a32 arrived;
    struct thread *self = thread_self();
    if (index == 0)
        a32_store_relaxed(&arrived, 0);
    crew_set_off(crew);
    for (int i = 0; i < 20 * EFFORT; i++) {
        object_decref(node_ring(0, 3, false));
        switch ((unsigned)i % 3 + index) {
        case 0:
            thread_detach(self);
            shim_yield();
            thread_attach(self);
            break;
        case 1: CHECK(gc_collect(GC_YOUNG) >= 0); break;
        default: thread_safepoint(self); break;
        }
    }
    /* The last one: all others have said that they wait, detached or in safepoints, for as long as it takes. */
    a32_add_acq_rel(&arrived, 1);
    if (index == 0) {
        await(&arrived, crew->size);
        while (gc_get_objects() > 0 && gc_collect(GC_OLD) != 0)
            continue;
        a32_store_release(&arrived, 0);
    } else if (index == 1) {
        thread_detach(self);
        while (a32_load_acquire(&arrived) != 0)
            shim_yield();
        thread_attach(self);
    } else {
        await(&arrived, 0);
    }
}

static void case_world_stops(void)
{
    nodes_open();
    crew_run(3, stop_crew, NULL);
    settle();
    CHECK(gc_collect(GC_OLD) >= 0);
    check_deaths(3 * 3 * 20 * EFFORT);
    fixture_close();
}

/* A finalizer that stops the world itself, of an object that waits to be merged by its owner, who stops the world
 * first: nothing of the sort may run while the world stands still. */
struct stopping {
    struct object *node;
    struct a32 made, dropped;
};

static void node_count_all(struct object *node)
{
    (void)node;
    CHECK((int64_t)gc_get_objects() >= 1);
}

static void stopping_crew(struct crew *crew, unsigned index)
{
    struct stopping *shared = crew->argument;
    if (index == 1) {
        await(&shared->made, 1);
        object_decref(shared->node);
        a32_store_release(&shared->dropped, 1);
        return;
    }
    shared->node = final_node_new(1);
    CHECK_INT(object_publish(shared->node), 0);
    a32_store_release(&shared->made, 1);
    while (a32_load_acquire(&shared->dropped) == 0) {
        if (!RC_LATE)
            thread_safepoint(thread_self()); /* otherwise the owner would merge here */
        shim_yield();
    }
    CHECK(gc_collect(GC_OLD) >= 0);
    settle();
    check_deaths(1);
}

static void case_finalizer_stops_world(void)
{
    struct stopping shared = {0};
    nodes_open();
    node_log.finalizer = node_count_all;
    crew_run(2, stopping_crew, &shared);
    fixture_close();
}

/* Garbage that outlives its collection: its owner is merging its queue, and rests in the finalizer of what comes before
 * it there. It dies later, and what has been made meanwhile stays tracked. */
static struct merging {
    struct object *first, *ring;
    struct a32 made, resting, collected;
} merging;

enum { MERGING_NEW = 600 };

static void node_rest(struct object *node)
{
    (void)node;
    if (!RC_LATE)
        return; /* it runs on the thread that drops */
    a32_store_release(&merging.resting, 1);
    await(&merging.collected, 1);
}

static void merging_stranger(void)
{
    static struct object *nodes[MERGING_NEW];
    await(&merging.made, 1);
    object_decref(merging.first);
    object_decref(merging.ring);
    a32_store_release(&merging.made, 2);
    if (RC_LATE)
        await(&merging.resting, 1);
    CHECK_INT(gc_collect(GC_OLD), 2);
    for (uint32_t i = 0; i < MERGING_NEW; i++)
        nodes[i] = node_new(i);
    a32_store_release(&merging.collected, 1);
    await(&merging.made, 3);
    CHECK_INT((int64_t)gc_get_objects(), MERGING_NEW);
    for (uint32_t i = 0; i < MERGING_NEW; i++)
        object_decref(nodes[i]);
}

static void merging_crew(struct crew *crew, unsigned index)
{
    (void)crew;
    if (index == 1) {
        merging_stranger();
        return;
    }
    merging.first = final_node_new(1);
    merging.ring = node_ring(2, 2, false);
    CHECK_INT(object_publish(merging.first) | object_publish(merging.ring), 0);
    a32_store_release(&merging.made, 1);
    while (a32_load_acquire(&merging.made) != 2) {
        if (!RC_LATE)
            thread_safepoint(thread_self()); /* otherwise the owner would merge here */
        shim_yield();
    }
    await(&merging.collected, 1);
    settle();
    a32_store_release(&merging.made, 3);
}

static void case_garbage_being_merged(void)
{
    nodes_open();
    node_log.finalizer = node_rest;
    crew_run(2, merging_crew, NULL);
    check_deaths(3 + MERGING_NEW);
    fixture_close();
}

/* Counts that are kept in two parts are one when the world goes on: the collector's last drop is the last, and garbage
 * dies there, though its owner, who has been stopped once and works again, does not come to another safepoint. */
static struct prompt {
    struct object *weak; /* to a piece of the garbage: its callback runs before the garbage is dropped */
    struct a32 stage;    /* 1: there is garbage, 2: its owner works again, 3: it was collected */
} prompt;

#define PROMPT_PATIENCE_NS UINT64_C(20000000000)

static void prompt_called(struct object *weak, struct object *argument)
{
    (void)weak;
    (void)argument;
    if (!MODE_GIL)
        await(&prompt.stage, 2);
}

static void prompt_owner(void)
{
    struct object *ring = node_ring(1, 2, false);
    prompt.weak = weakref_new(ring, prompt_called, NULL);
    CHECK(prompt.weak != NULL && object_publish(ring) == 0);
    object_decref(ring);
    a32_store_release(&prompt.stage, 1);
    while (!MODE_GIL && !thread_safepoint(thread_self()))
        shim_yield();
    if (!MODE_GIL)
        a32_store_release(&prompt.stage, 2);
    /* A collection that leaves something for its owner to do waits for it, and this loop would never end. */
    uint64_t begin = shim_clock_ns();
    while (!MODE_GIL && a32_load_acquire(&prompt.stage) != 3) {
        CHECK(shim_clock_ns() - begin < PROMPT_PATIENCE_NS);
        shim_yield();
    }
    await(&prompt.stage, 3);
}

static void prompt_crew(struct crew *crew, unsigned index)
{
    (void)crew;
    if (index == 0) {
        prompt_owner();
        return;
    }
    await(&prompt.stage, 1);
    CHECK_INT(gc_collect(GC_OLD), 2);
    check_deaths(2);
    object_decref(prompt.weak);
    a32_store_release(&prompt.stage, 3);
}

static void case_garbage_dies_in_its_collection(void)
{
    memset(&prompt, 0, sizeof prompt);
    nodes_open();
    crew_run(2, prompt_crew, NULL);
    check_deaths(2);
    fixture_close();
}

/* Garbage of one thread, which another collects, refers to what the first one counts meanwhile as its own. */
static void private_crew(struct crew *crew, unsigned index)
{
    struct a32 *done = crew->argument;
    while (index == 1 && a32_load_acquire(done) == 0) {
        CHECK(gc_collect(GC_YOUNG) >= 0);
        thread_safepoint(thread_self());
    }
    for (int round = 0; index == 0 && round < COLLECTION_ROUNDS; round++) {
        struct object *own = node_new(0), *ring = node_ring(1, 2, false);
        node_set(ring, 1, own);
        object_decref(ring);
        for (int i = 0; i < 300; i++) {
            object_incref(own);
            if (i % 16 == 0)
                thread_safepoint(thread_self());
            object_decref(own);
        }
        object_decref(own);
    }
    a32_store_release(done, 1);
}

static void case_garbage_of_others(void)
{
    struct a32 done = {0};
    nodes_open();
    crew_run(2, private_crew, &done);
    CHECK(gc_collect(GC_OLD) >= 0);
    settle();
    check_deaths(3 * COLLECTION_ROUNDS);
    fixture_close();
}

/* Threads that leave their objects to the collector, and new ones that come. */
static void leavers_crew(struct crew *crew, unsigned index)
{
    struct thread *self = thread_self();
    (void)crew;
    for (int i = 0; i < 10 * EFFORT; i++) {
        thread_detach(self);
        struct thread *other = thread_enter();
        CHECK(other != NULL);
        for (int ring = 0; ring < 10; ring++)
            object_decref(node_ring(0, 2 + index, false));
        if (i % 4 == 0)
            CHECK(gc_collect(GC_YOUNG) >= 0);
        thread_leave(other);
        thread_attach(self);
        if (i % 3 == 0)
            CHECK(gc_collect(GC_OLD) >= 0);
    }
}

static void case_collects_what_threads_left(void)
{
    nodes_open();
    crew_run(3, leavers_crew, NULL);
    CHECK(gc_collect(GC_OLD) >= 0);
    check_deaths(10 * EFFORT * 10 * (2 + 3 + 4));
    fixture_close();
}

/* Each allocation of making, weak references and collecting fails once: nothing leaks, nothing breaks. */
static int failing_garbage(void)
{
    struct object *first = node_try_new(1, &final_node_type);
    struct object *second = first != NULL ? node_try_new(2, &final_node_type) : NULL;
    struct object *weak = second != NULL ? weakref_new(second, node_callback, NULL) : NULL;
    struct object *other = weak != NULL ? weakref_new(first, NULL, NULL) : NULL;
    int status = other != NULL ? 0 : -1;
    if (status == 0) {
        struct object *target = weakref_get(other);
        CHECK(target == first);
        object_decref(target);
        status = object_before_store(first, second) | object_before_store(second, first);
    }
    if (status == 0) {
        node_set(first, 0, second);
        node_set(second, 0, first);
    }
    object_xdecref(first);
    object_xdecref(second);
    object_xdecref(other);
    object_xdecref(weak);
    int64_t found = gc_collect(GC_OLD);
    if (found < 0)
        CHECK(gc_collect(GC_OLD) >= 0); /* one allocation fails, the next does not */
    return status == 0 && found < 0 ? -1 : status;
}

static void case_collection_without_memory(void)
{
    bool failed = true;
    for (uint64_t k = 1; failed; k++) {
        nodes_open();
        memory_fail_at(k);
        (void)failing_garbage();
        failed = memory_has_failed();
        memory_fail_at(0);
        fixture_close();
        CHECK_INT(memory_live(), 0);
    }
}

#endif
