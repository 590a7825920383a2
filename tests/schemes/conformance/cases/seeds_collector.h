/* The seeds' scenarios about the collector: what leaks without it, collections that the program asks for itself, and
 * the one that switches it off to save memory after a fork. docs/memory.md has the questions and, from
 * `conformance --verbose`, the answers. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_SEEDS_COLLECTOR_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_SEEDS_COLLECTOR_H

#include <sys/wait.h>
#include <unistd.h>

#include "tests/schemes/conformance/cases/nodes.h"

/* ---- what leaks ------------------------------------------------------------------------------------------- */

static struct object *shape_chain(void)
{
    struct object *first = node_new(1), *second = node_new(2);
    node_set(first, 0, second);
    object_decref(second);
    return first;
}

static struct object *shape_pair(void) { return node_ring(1, 2, false); }
static struct object *shape_itself(void) { return node_ring(1, 1, false); }

static struct object *shape_list_in_itself(void)
{
    struct object *list = list_new();
    CHECK(list != NULL && list_append(list, list) == 0);
    check_count(list, 2);
    return list;
}

static const struct shape {
    const char *what;
    struct object *(*make)(void);
    int64_t leaks; /* objects */
} shapes[] = {
    {"a chain of two objects", shape_chain, 0},
    {"two objects that refer to each other", shape_pair, 2},
    {"an object that refers to itself", shape_itself, 1},
    {"a list that contains itself", shape_list_in_itself, 1},
};

enum { SHAPES = sizeof shapes / sizeof *shapes, SHAPE_REPEATS = 100 };

/* What this thread, the only one, has allocated and not freed. */
struct held {
    int64_t blocks, bytes;
};

static struct held held_now(void)
{
    uint64_t held = memory_held(memory_self());
    return (struct held){.blocks = held_blocks(held), .bytes = held_bytes(held)};
}

static void check_leak(const struct shape *shape)
{
    struct held before = held_now();
    int64_t tracked = (int64_t)gc_get_objects(), leaked = shape->leaks * SHAPE_REPEATS;
    for (int i = 0; i < SHAPE_REPEATS; i++)
        object_decref(shape->make());
    settle();
    struct held after = held_now();
    CHECK_INT((int64_t)gc_get_objects() - tracked, leaked);
    CHECK_INT((after.blocks - before.blocks) % SHAPE_REPEATS, 0);
    CHECK_INT(after.blocks > before.blocks, leaked > 0);
    check_measured(shape->what, "%lld object%s, %lld bytes", (long long)shape->leaks, shape->leaks == 1 ? "" : "s",
                   (long long)(after.bytes - before.bytes) / SHAPE_REPEATS);
    CHECK_INT(gc_collect(GC_OLD), leaked);
    CHECK_INT(held_now().blocks, before.blocks);
    CHECK_INT(held_now().bytes, before.bytes);
}

/* With the collector off the cycles leak, and nothing else does; collect() finds them, and nothing else. */
static void case_cycles_leak_exactly(void)
{
    nodes_open();
    struct object *reachable = node_ring(10, 3, false);
    for (size_t i = 0; i < SHAPES; i++)
        check_leak(&shapes[i]);
    check_count(reachable, 2);
    CHECK_INT(node_of(reachable)->id, 10);
    object_decref(reachable);
    settle();
    CHECK_INT(gc_collect(GC_OLD), 3);
    fixture_close();
}

/* ---- collections that the program asks for ------------------------------------------------------------------ */

enum { REQUESTS = 200, REQUEST_OBJECTS = 30, REQUESTS_A_COLLECTION = 10 };

/* A program that makes a cycle in each request, and collects after every so many of them (0: never). The most garbage
 * that there ever was. */
static int64_t serve_requests(int every)
{
    int64_t most = 0, begin = (int64_t)gc_get_objects();
    for (int request = 1; request <= REQUESTS; request++) {
        object_decref(node_ring(0, REQUEST_OBJECTS, false));
        settle();
        int64_t garbage = (int64_t)gc_get_objects() - begin;
        most = garbage > most ? garbage : most;
        if (every != 0 && request % every == 0)
            CHECK_INT(gc_collect(GC_OLD), every * REQUEST_OBJECTS);
    }
    return most;
}

static void case_collections_by_event(void)
{
    nodes_open();
    gc_disable();
    int64_t never = serve_requests(0);
    CHECK_INT(never, REQUESTS * REQUEST_OBJECTS);
    CHECK_INT(gc_collect(GC_OLD), never);
    check_measured("200 requests that leave 30 objects each: garbage at most", "%lld objects", (long long)never);
    int64_t collected = serve_requests(REQUESTS_A_COLLECTION);
    CHECK_INT(collected, REQUESTS_A_COLLECTION * REQUEST_OBJECTS);
    check_measured("the same, with `collect()` after every tenth: garbage at most", "%lld objects",
                   (long long)collected);
    check_deaths(2 * REQUESTS * REQUEST_OBJECTS);
    CHECK_INT(gc.statistics.collections[GC_YOUNG], 0);
    fixture_close();
}

enum { TIMED_COLLECTIONS = 5 };
#define COLLECT_EVERY_NS UINT64_C(2000000)

/* The clock says when: each collection finds all that has been made since the last one. */
static void case_collections_by_time(void)
{
    nodes_open();
    gc_disable();
    uint64_t due = shim_clock_ns() + COLLECT_EVERY_NS;
    for (int collections = 0, made = 0; collections < TIMED_COLLECTIONS;) {
        object_decref(node_ring(0, 3, false));
        made += 3;
        settle();
        if (shim_clock_ns() < due)
            continue;
        CHECK_INT(gc_collect(GC_OLD), made);
        CHECK_INT((int64_t)gc_get_objects(), 0);
        due = shim_clock_ns() + COLLECT_EVERY_NS;
        collections++;
        made = 0;
    }
    CHECK_INT(gc.statistics.collections[GC_OLD], TIMED_COLLECTIONS);
    CHECK_INT(gc.statistics.collections[GC_YOUNG], 0);
    check_measured("garbage that each collection leaves", "0 objects");
    fixture_close();
}

/* ---- after a fork ------------------------------------------------------------------------------------------- */

enum { FORKED = 2000, FORKED_GARBAGE = 100 };

/* What the parent has, and how it looked when the child began. */
static struct forked {
    struct object *nodes[FORKED];
    struct node images[FORKED];
} forked;

struct forked_result {
    int64_t written, garbage; /* objects of the parent's that the child has written to; that the child has left */
};

static struct forked_result forked_child(bool collects)
{
    struct forked_result result = {0};
    int64_t before = (int64_t)gc_get_objects();
    for (int i = 0; i < FORKED_GARBAGE; i += 2)
        object_decref(node_ring(0, 2, false));
    settle();
    if (collects)
        CHECK_INT(gc_collect(GC_OLD), FORKED_GARBAGE);
    for (size_t i = 0; i < FORKED; i++)
        result.written += memcmp(&forked.images[i], forked.nodes[i], sizeof forked.images[i]) != 0;
    result.garbage = (int64_t)gc_get_objects() - before;
    return result;
}

static struct forked_result fork_and_ask(bool collects)
{
    struct forked_result result;
    struct thread *self = thread_self();
    int ends[2], status = 0;
    for (size_t i = 0; i < FORKED; i++)
        memcpy(&forked.images[i], forked.nodes[i], sizeof forked.images[i]);
    CHECK_INT(pipe(ends), 0);
    thread_before_fork(self);
    pid_t child = fork();
    thread_after_fork(self, child == 0);
    CHECK(child >= 0);
    if (child == 0) {
        result = forked_child(collects);
        _exit(write(ends[1], &result, sizeof result) != sizeof result);
    }
    close(ends[1]);
    CHECK_INT(read(ends[0], &result, sizeof result), sizeof result);
    close(ends[0]);
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK_INT(status, 0);
    return result;
}

static struct forked_result measure_fork(const char *what, bool collects)
{
    struct forked_result result = fork_and_ask(collects);
    check_measured(what, "%lld of 2000 objects written, %lld left as garbage", (long long)result.written,
                   (long long)result.garbage);
    CHECK_INT(result.garbage, collects ? 0 : FORKED_GARBAGE);
    return result;
}

/* What a child's collection writes to is copied: each object that grows older gets another entry. Nothing is written
 * where the child does not collect, or where the objects were frozen before the fork. */
static void case_collector_off_after_fork(void)
{
    nodes_open();
    for (uint32_t i = 0; i < FORKED; i++)
        forked.nodes[i] = node_new(i);
    CHECK_INT(measure_fork("the child does not collect", false).written, 0);
    CHECK_INT(measure_fork("it collects", true).written, FORKED);
    CHECK_INT(gc_collect(GC_OLD), 0);
    CHECK(measure_fork("it collects, and so did its parent before the fork", true).written < FORKED / 4);
    gc_freeze();
    CHECK_INT(measure_fork("it collects, and its parent called `freeze()` before the fork", true).written, 0);
    gc_unfreeze();
    for (uint32_t i = 0; i < FORKED; i++)
        object_decref(forked.nodes[i]);
    settle();
    check_deaths(FORKED);
    fixture_close();
}

#endif
