/* A plain search for all containers that can be reached from one: what a collector is compared with. It does the least
 * that any tracing of a graph must do: it visits every object once, and every reference. */
#ifndef RCBENCH_BENCH_WORKLOADS_HEAP_SEARCH_H
#define RCBENCH_BENCH_WORKLOADS_HEAP_SEARCH_H

#include "bench/workloads/common.h"

/* In tracked.gc, beside TRACKED_FINALIZED and the address of an entry, which is a multiple of 16. No collection may be
 * made while an object carries it. */
enum { HEAP_VISITED = 2 };

struct heap_search {
    struct object **stack; /* room for all objects, borrowed */
    size_t length;
    uint64_t found;
    uintptr_t mark;        /* what visited objects carry in this search: every other search takes the marks away */
};

static int heap_search_visit(struct object *o, void *argument)
{
    struct heap_search *search = argument;
    if (!(o->type->flags & TYPE_CONTAINER) || (tracked_of(o)->gc & HEAP_VISITED) == search->mark)
        return 0;
    tracked_of(o)->gc ^= HEAP_VISITED;
    search->stack[search->length++] = o;
    search->found++;
    return 0;
}

static uint64_t heap_search_run(struct heap_search *search, struct object *root)
{
    search->found = 0;
    search->mark ^= HEAP_VISITED;
    heap_search_visit(root, search);
    while (search->length > 0) {
        struct object *o = search->stack[--search->length];
        o->type->traverse(o, heap_search_visit, search);
    }
    return search->found;
}

/* Nanoseconds of one search from `root`, the least of a few pairs; *found: containers. 0: no memory. Nobody else uses
 * the objects meanwhile, of which there are at most `most`. */
static UNUSED double heap_search_ns(struct object *root, uint64_t most, uint64_t *found)
{
    enum { PAIRS = 3 };
    struct heap_search search = {.stack = malloc(most * sizeof *search.stack)};
    uint64_t least = search.stack != NULL ? UINT64_MAX : 0;
    for (int i = 0; search.stack != NULL && i < 2 * PAIRS; i++) {
        uint64_t begin = clock_ns();
        *found = heap_search_run(&search, root);
        uint64_t took = clock_ns() - begin;
        least = took < least ? took : least;
    }
    free(search.stack);
    return (double)least;
}

#endif
