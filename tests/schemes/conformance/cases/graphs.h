/* The collector against a model: random graphs, of which the test itself knows what is reachable. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_GRAPHS_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_GRAPHS_H

#include "tests/schemes/conformance/cases/weakrefs.h"

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

#endif
