/* Graphs of containers that workloads build: trees and chains to drop, heaps to collect and to read. */
#ifndef RCBENCH_BENCH_WORKLOADS_GRAPH_H
#define RCBENCH_BENCH_WORKLOADS_GRAPH_H

#include "bench/workloads/common.h"

/* A binary tree of tuples, `depth` levels; adds its objects to *count. NULL: no memory. */
static UNUSED struct object *graph_tree(unsigned depth, uint64_t *count)
{
    struct object *node = tuple_new(depth > 1 ? 2 : 0);
    if (node == NULL)
        return NULL;
    ++*count;
    for (size_t i = 0; depth > 1 && i < 2; i++) {
        struct object *child = graph_tree(depth - 1, count);
        if (child == NULL) {
            object_decref(node);
            return NULL;
        }
        tuple_fill(node, i, child);
    }
    return node;
}

/* Lists, one in the other; adds their number to *count. NULL: no memory. */
static UNUSED struct object *graph_chain(uint64_t length, uint64_t *count)
{
    struct object *outer = NULL;
    for (uint64_t i = 0; i < length; i++) {
        struct object *list = list_new();
        bool failed = list == NULL || (outer != NULL && list_append(list, outer) != 0);
        object_xdecref(outer);
        outer = list;
        if (failed) {
            object_xdecref(list);
            return NULL;
        }
        ++*count;
    }
    return outer;
}

/* Objects that this thread has made and not freed. */
static UNUSED int64_t graph_live(void) { return held_blocks(memory_objects(memory_self())); }

/* When a graph of `count` objects was built, and `before` lived then: all of it lives. A graph whose counts are wrong may
 * fall apart while it is built, and give back as much as it took. */
static UNUSED void graph_audit(struct trial *trial, int64_t before, uint64_t count)
{
    int64_t live = graph_live() - before;
    if (!RC_NEVER_FREES && live != (int64_t)count)
        trial_fail(trial, "%lld objects of a graph live, %llu are right", (long long)live, (unsigned long long)count);
}

/* A heap of `length` lists in which each but the first is an item of one that was made before it, drawn at random: what
 * is near in the graph lies far apart in memory, as in a program that has run for a while. Returns the first, owned, or
 * NULL: no memory. */
static UNUSED struct object *graph_heap(uint64_t length, uint64_t *random, const volatile int *interrupted)
{
    struct object **made = state_alloc(length * sizeof *made); /* borrowed */
    struct object *root = NULL;
    for (uint64_t i = 0; made != NULL && i < length && !*interrupted; i++) {
        made[i] = list_new();
        if (i == 0)
            root = made[i];
        bool failed = made[i] == NULL || (i > 0 && list_append(made[random_below(random, i)], made[i]) != 0);
        if (i > 0)
            object_xdecref(made[i]); /* its parent has it, or it is to go */
        if (failed) {
            if (i > 0)
                object_decref(root);
            root = NULL;
            break;
        }
    }
    state_free(made, length * sizeof *made);
    return root;
}

#endif
