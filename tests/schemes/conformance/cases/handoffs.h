/* Streams of objects from thread to thread. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_HANDOFFS_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_HANDOFFS_H

#include "tests/schemes/conformance/fixture.h"

enum { RING_PLACES = 256, HANDED = 10000 * EFFORT };

/* One producer, one consumer. */
struct handoff_ring {
    struct a64 head LINE_ALIGNED; /* written by the consumer */
    struct a64 tail LINE_ALIGNED; /* written by the producer */
    struct object *places[RING_PLACES];
};

static bool handoff_push(struct handoff_ring *ring, struct object *o)
{
    int64_t tail = a64_load_relaxed(&ring->tail);
    if (tail - a64_load_acquire(&ring->head) == RING_PLACES)
        return false;
    ring->places[tail % RING_PLACES] = o;
    a64_store_release(&ring->tail, tail + 1);
    return true;
}

static struct object *handoff_pop(struct handoff_ring *ring)
{
    int64_t head = a64_load_relaxed(&ring->head);
    if (head == a64_load_acquire(&ring->tail))
        return NULL;
    struct object *o = ring->places[head % RING_PLACES];
    a64_store_release(&ring->head, head + 1);
    return o;
}

static void handoff_pause(void)
{
    thread_safepoint(thread_self());
    shim_yield();
}

static void handoff_produce(struct handoff_ring *ring)
{
    for (uint32_t i = 0; i < HANDED; i++) {
        struct object *o = probe_new_public(i);
        while (!handoff_push(ring, o))
            handoff_pause();
        thread_safepoint(thread_self());
    }
}

static void handoff_consume(struct handoff_ring *ring)
{
    for (uint32_t i = 0; i < HANDED; i++) {
        struct object *o;
        while ((o = handoff_pop(ring)) == NULL)
            handoff_pause();
        CHECK_INT(probe_check(o), i);
        object_decref(o);
        thread_safepoint(thread_self());
    }
}

static void handoff_crew(struct crew *crew, unsigned index)
{
    if (index == 0)
        handoff_produce(crew->argument);
    else
        handoff_consume(crew->argument);
}

static void case_handoff(void)
{
    static struct handoff_ring ring;
    fixture_open();
    crew_run(2, handoff_crew, &ring);
    check_deaths(HANDED);
    fixture_close();
}

/* Through all threads in turn, and back to the first one, which made them and drops them. */
static void circle_start(struct handoff_ring *in, struct handoff_ring *out)
{
    struct object *waiting = NULL;
    uint32_t made = 0, received = 0;
    while (received < HANDED) {
        if (waiting == NULL && made < HANDED)
            waiting = probe_new_public(made++);
        if (waiting != NULL && handoff_push(out, waiting))
            waiting = NULL;
        struct object *o = handoff_pop(in);
        if (o != NULL) {
            CHECK_INT(probe_check(o), received++);
            object_decref(o);
        }
        thread_safepoint(thread_self());
    }
}

/* Passes on a reference of its own, and then drops the one that came. */
static void circle_pass(struct handoff_ring *in, struct handoff_ring *out)
{
    for (uint32_t i = 0; i < HANDED; i++) {
        struct object *o;
        while ((o = handoff_pop(in)) == NULL)
            handoff_pause();
        CHECK_INT(probe_check(o), i);
        object_incref(o);
        while (!handoff_push(out, o))
            handoff_pause();
        object_decref(o);
    }
}

static void circle_crew(struct crew *crew, unsigned index)
{
    struct handoff_ring *rings = crew->argument;
    if (index == 0)
        circle_start(&rings[0], &rings[1]);
    else
        circle_pass(&rings[index], &rings[(index + 1) % crew->size]);
}

static void case_handoff_circle(void)
{
    static struct handoff_ring rings[3];
    fixture_open();
    crew_run(3, circle_crew, rings);
    check_deaths(HANDED);
    fixture_close();
}

#endif
