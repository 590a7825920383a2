/* The collector against a model: random graphs, of which the test itself knows what is reachable. */
#ifndef RCBENCH_TESTS_CONFORMANCE_CASES_GRAPHS_H
#define RCBENCH_TESTS_CONFORMANCE_CASES_GRAPHS_H

#include "tests/conformance/cases/weakrefs.h"

enum {
    GRAPH_NODES = 24, GRAPH_EDGES = NODE_PLACES, GRAPH_THREADS = 3,
    GRAPHS = 1000 * EFFORT, GRAPHS_OF_THREADS = MODE_GIL ? 50 : 50 * EFFORT
};

/* Node i is the objects' id. Thread t alone changes the edges and the root of nodes with i % GRAPH_THREADS == t. */
static struct graph {
    struct object *nodes[GRAPH_NODES];  /* borrowed; NULL: dead, or a tuple took its place */
    bool roots[GRAPH_NODES];            /* the test has a reference */
    int edges[GRAPH_NODES][GRAPH_EDGES]; /* to node, or -1 */
    struct a8 dead[GRAPH_NODES];
    bool reachable[GRAPH_NODES];
    uint64_t random[GRAPH_THREADS];
} graph;

static void graph_node_dealloc(struct object *self)
{
    struct node *node = node_of(self);
    CHECK(a8_load_relaxed(&graph.dead[node->id]) == 0);
    a8_store_relaxed(&graph.dead[node->id], 1);
    node_dealloc(self);
}

static const struct type graph_node_type = {.name = "graph_node",
                                            .flags = TYPE_CONTAINER,
                                            .size = sizeof(struct node),
                                            .dealloc = graph_node_dealloc,
                                            .traverse = node_traverse,
                                            .clear = node_clear,
                                            .weak_offset = offsetof(struct node, weak)};

/* A reference may lead through another container: what the collector must see through. */
static struct object *graph_wrap(struct object *target, uint32_t how)
{
    struct object *wrapped = NULL;
    switch (how) {
    case 0:
        wrapped = list_new();
        CHECK(wrapped != NULL && list_append(wrapped, target) == 0);
        return wrapped;
    case 1:
        wrapped = tuple_new(1);
        CHECK(wrapped != NULL);
        tuple_fill(wrapped, 0, object_incref(target));
        return wrapped;
    case 2:
        wrapped = dict_new();
        CHECK(wrapped != NULL && dict_set(wrapped, none(), target) == 0);
        return wrapped;
    case 3:
        wrapped = cell_new(target);
        CHECK(wrapped != NULL);
        return wrapped;
    default: return object_incref(target);
    }
}

/* The caller holds a reference to both, or something that it holds does. */
static void graph_set(uint32_t from, uint32_t place, int to, uint32_t how)
{
    struct object *held = to >= 0 ? graph_wrap(graph.nodes[to], how) : NULL;
    node_set(graph.nodes[from], place, held);
    object_xdecref(held);
    graph.edges[from][place] = to;
}

static void graph_reach(uint32_t from)
{
    if (graph.reachable[from])
        return;
    graph.reachable[from] = true;
    for (uint32_t e = 0; e < GRAPH_EDGES; e++)
        if (graph.edges[from][e] >= 0)
            graph_reach((uint32_t)graph.edges[from][e]);
}

static void graph_reach_all(void)
{
    memset(graph.reachable, 0, sizeof graph.reachable);
    for (uint32_t i = 0; i < GRAPH_NODES; i++)
        if (graph.roots[i])
            graph_reach(i);
}

/* Everything dead is unreachable; after a full collection everything unreachable is dead. */
static void graph_check(bool collected)
{
    graph_reach_all();
    for (uint32_t i = 0; i < GRAPH_NODES; i++) {
        bool dead = a8_load_relaxed(&graph.dead[i]) != 0;
        CHECK(!(dead && graph.reachable[i]));
        CHECK(dead || graph.reachable[i] || !collected);
    }
}

static void graph_make(uint32_t i)
{
    struct object *node = node_try_new(i, &graph_node_type);
    CHECK(node != NULL && object_publish(node) == 0);
    graph.nodes[i] = node;
    graph.roots[i] = true;
    for (uint32_t e = 0; e < GRAPH_EDGES; e++)
        graph.edges[i][e] = -1;
    a8_store_relaxed(&graph.dead[i], 0);
}

static void graph_drop_root(uint32_t i)
{
    if (!graph.roots[i])
        return;
    graph.roots[i] = false;
    object_decref(graph.nodes[i]);
}

/* Few edges make trees and chains, many make one large knot. */
static void graph_connect(uint64_t *random, uint32_t first, uint32_t step)
{
    uint32_t density = draw(random, 4);
    for (uint32_t i = first; i < GRAPH_NODES; i += step)
        for (uint32_t e = 0; e < GRAPH_EDGES; e++)
            if (draw(random, 4) < density)
                graph_set(i, e, (int)draw(random, GRAPH_NODES), draw(random, 10));
}

static void graph_drop_roots(uint64_t *random, uint32_t first, uint32_t step)
{
    uint32_t kept = draw(random, 6);
    for (uint32_t i = first; i < GRAPH_NODES; i += step)
        if (draw(random, 6) >= kept)
            graph_drop_root(i);
}

static void graph_round(uint64_t *random)
{
    for (uint32_t i = 0; i < GRAPH_NODES; i++)
        graph_make(i);
    graph_connect(random, 0, 1);
    graph_drop_roots(random, 0, 1);
    graph_check(false);
    (void)gc_collect((int)draw(random, GC_GENERATIONS));
    graph_check(false);
    CHECK(gc_collect(GC_OLD) >= 0);
    graph_check(true);
    for (uint32_t i = 0; i < GRAPH_NODES; i++)
        graph_drop_root(i);
    CHECK(gc_collect(GC_OLD) >= 0);
    graph_check(true);
}

static void case_random_graphs(void)
{
    nodes_open();
    uint64_t random = 20261121;
    for (int i = 0; i < GRAPHS; i++) {
        static const size_t rooms[] = {0, 1 << 10, GRAPH_NODES}; /* no log, one of all, one that is too short */
        size_t room = shim_log_room;
        shim_near_entries = i % 2 == 0 ? 0 : SIZE_MAX; /* as in a large heap, and as in one that the cache has */
        shim_log_room = rooms[i % 3];
        graph_round(&random);
        shim_log_room = room;
    }
    shim_near_entries = 0;
    check_deaths((int64_t)GRAPHS * GRAPH_NODES);
    fixture_close();
}

/* The same with threads: each changes edges of its own nodes, to anybody's, while any of them collects. */
static void graph_change(unsigned index)
{
    uint64_t *random = &graph.random[index];
    for (int change = 0; change < 30; change++) {
        uint32_t from = draw(random, GRAPH_NODES / GRAPH_THREADS) * GRAPH_THREADS + index;
        graph_set(from, draw(random, GRAPH_EDGES), (int)draw(random, GRAPH_NODES + 4) - 4, draw(random, 10));
        if (draw(random, 20) == 0)
            CHECK(gc_collect((int)draw(random, GC_GENERATIONS)) >= 0);
        thread_safepoint(thread_self());
    }
}

/* Another may be collecting: then it is not this one's turn. */
static void graph_collect(void)
{
    CHECK(gc_collect(GC_OLD) >= 0);
    settle();
}

static void graph_crew(struct crew *crew, unsigned index)
{
    for (int round = 0; round < GRAPHS_OF_THREADS; round++) {
        for (uint32_t i = index; i < GRAPH_NODES; i += GRAPH_THREADS)
            graph_make(i);
        crew_set_off(crew);
        graph_change(index);
        crew_set_off(crew);
        graph_drop_roots(&graph.random[index], index, GRAPH_THREADS);
        settle();
        crew_set_off(crew);
        if (index == 0) {
            graph_collect();
            graph_check(true);
        }
        crew_set_off(crew);
        for (uint32_t i = index; i < GRAPH_NODES; i += GRAPH_THREADS)
            graph_drop_root(i);
        settle();
        crew_set_off(crew);
        if (index == 1)
            graph_collect();
        crew_set_off(crew);
        if (index == 2)
            graph_check(true);
        crew_set_off(crew);
    }
}

static void case_random_graphs_of_threads(void)
{
    nodes_open();
    for (unsigned i = 0; i < GRAPH_THREADS; i++)
        graph.random[i] = 20261121 + i;
    crew_run(GRAPH_THREADS, graph_crew, NULL);
    check_deaths((int64_t)GRAPHS_OF_THREADS * GRAPH_NODES);
    fixture_close();
}

/* ---- stopping the world ----------------------------------------------------------------------------------- */

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
    for (int round = 0; index == 0 && round < GRAPHS_OF_THREADS; round++) {
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
    check_deaths(3 * GRAPHS_OF_THREADS);
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

/* ---- no memory -------------------------------------------------------------------------------------------- */

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
