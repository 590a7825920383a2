/* A traced variant: what nobody reaches is taken back, what somebody reaches is not, whoever it is. The collector takes
 * every word on a stack for a reference, so a few objects live longer than they should: deaths count in shares. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_TRACED_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_TRACED_H

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/schemes/conformance/cases/nodes.h"

#define MIB ((uint64_t)1 << 20)

enum { TRACED_MANY = 10000, TRACED_MOST = TRACED_MANY * 9 / 10 };

/* A set of places that holds references, outside of objects. */
static struct object **places_new(size_t count)
{
    struct object **places = state_alloc(count * sizeof *places);
    CHECK(places != NULL);
    for (size_t i = 0; i < count; i++)
        CHECK(places[i] == NULL);
    return places;
}

/* Overwrites what calls before have left on the stack. */
static NOINLINE void wipe_stack(void)
{
    volatile char bytes[16384];
    memset((char *)bytes, 0, sizeof bytes);
    OPAQUE(bytes);
}

/* All that is garbage, but for what stacks and registers still seem to hold; finalizers of one collection leave garbage
 * for the next. */
static void traced_collect(void)
{
    for (int i = 0; i < 3; i++) {
        wipe_stack();
        (void)gc_collect(GC_OLD);
        settle();
    }
}

/* ---- taken back ------------------------------------------------------------------------------------------- */

/* A list of 100 ints and a str, dropped. */
static NOINLINE uint64_t traced_litter(void)
{
    struct object *list = list_new(), *string = text("garbage");
    CHECK(list != NULL);
    for (int i = 0; i < 100; i++)
        CHECK_INT(list_append(list, own_int(i)), 0);
    CHECK_INT(list_append(list, string), 0);
    object_decref(list);
    return 100 * sizeof(struct int_object) + 100 * sizeof(struct object *);
}

/* Memory for many times what is alive: the heap stays small, and somebody is told of each collection. */
static uint64_t traced_pauses_told;
static void traced_count_pause(uint64_t pause_ns, uint64_t stop_ns)
{
    CHECK(stop_ns <= pause_ns);
    traced_pauses_told++;
}

/* The largest heap meanwhile. */
static uint64_t traced_litter_for(uint64_t bytes, bool safepoints)
{
    uint64_t heap_max = 0, in_use;
    for (uint64_t made = 0; made < bytes;) {
        made += traced_litter();
        if (safepoints)
            thread_safepoint(thread_self());
        uint64_t heap = memory_heap(&in_use);
        heap_max = heap > heap_max ? heap : heap_max;
    }
    return heap_max;
}

static void case_traced_memory_is_bounded(void)
{
    fixture_open();
    traced_pauses_told = 0;
    gc.on_pause = traced_count_pause;
    CHECK(traced_litter_for(256 * MIB, true) < 32 * MIB);
    uint64_t with_safepoints = gc.statistics.collections[GC_OLD];
    CHECK(with_safepoints >= 8);
    CHECK(traced_litter_for(256 * MIB, false) < 32 * MIB);
    CHECK(gc.statistics.collections[GC_OLD] >= with_safepoints + 8);
    CHECK_INT(gc.statistics.pauses, gc.statistics.collections[GC_OLD]);
    CHECK_INT(traced_pauses_told, gc.statistics.pauses);
    CHECK(gc.statistics.pause_max_ns > 0 && gc.statistics.pause_ns >= gc.statistics.pause_max_ns);
    CHECK(gc.statistics.stop_max_ns <= gc.statistics.pause_max_ns);
    fixture_close();
}

/* What an account of allocations and frees would tell of counted objects: when all is dropped, nothing is left. */
static NOINLINE void traced_build_large(void)
{
    struct object **places = places_new(TRACED_MANY);
    for (uint32_t i = 0; i < TRACED_MANY; i++) {
        places[i] = node_ring(i, 5, false);
        struct object *list = list_new();
        for (int item = 0; item < 20; item++)
            CHECK_INT(list_append(list, own_int(item)), 0);
        node_set(places[i], 1, list);
    }
    uint64_t in_use;
    (void)memory_heap(&in_use);
    CHECK(in_use > 10 * MIB);
    state_free(places, TRACED_MANY * sizeof *places);
}

static void case_traced_nothing_is_left(void)
{
    nodes_open();
    uint64_t before, after;
    traced_collect();
    (void)memory_heap(&before);
    traced_build_large();
    traced_collect();
    (void)memory_heap(&after);
    CHECK(after < before + 2 * MIB);
    fixture_close();
}

/* Off, nothing is taken back but by asking. */
static void case_traced_disabled(void)
{
    fixture_open();
    gc_disable();
    uint64_t runs = gc.statistics.collections[GC_OLD], in_use;
    for (uint64_t made = 0; made < 64 * MIB;) {
        made += traced_litter();
        thread_safepoint(thread_self());
    }
    CHECK_INT(gc.statistics.collections[GC_OLD], runs);
    CHECK(memory_heap(&in_use) >= 64 * MIB);
    (void)gc_collect(GC_YOUNG);
    CHECK_INT(gc.statistics.collections[GC_OLD], runs + 1);
    (void)memory_heap(&in_use);
    CHECK(in_use < 32 * MIB);
    gc_disable(); /* once more changes nothing */
    gc_enable();
    (void)traced_litter_for(256 * MIB, true);
    CHECK(gc.statistics.collections[GC_OLD] >= runs + 8);
    fixture_close();
}

/* ---- kept ------------------------------------------------------------------------------------------------- */

/* Threads change a graph that hangs from all kinds of places, and look whether it is whole, while one collects. */
enum { KEPT = 64, KEPT_STEPS = 2000 * EFFORT, KEPT_COLLECTIONS = 20 * EFFORT };

struct kept {
    struct slot shared[KEPT];
    struct object *dict; /* of KEPT ints to lists of one int each */
    struct a32 done;
};
static struct kept kept_by_all; /* static data are roots */

/* Node `id` leads to a list of `id` and its text. */
static struct object *kept_node(uint32_t id)
{
    struct object *node = node_new(id), *list = list_new(), *tuple = tuple_new(2);
    char digits[16];
    snprintf(digits, sizeof digits, "%u", id);
    tuple_fill(tuple, 0, text(digits));
    tuple_fill(tuple, 1, own_int(id));
    CHECK_INT(list_append(list, tuple), 0);
    node_set(node, 2, list);
    return node;
}

static void kept_check(struct object *node)
{
    CHECK(node->type == &node_type);
    uint32_t id = node_of(node)->id;
    struct object *list = node_of(node)->places[2].object, *tuple = list_get(list, 0);
    CHECK(list->type == &list_type && list_length(list) == 1 && tuple->type == &tuple_type);
    CHECK_INT(int_value(tuple_peek(tuple, 1)), SMALL_INT_MAX + 1 + (int64_t)id);
    CHECK_INT(strtoull(str_of(tuple_peek(tuple, 0))->bytes, NULL, 10), id);
}

static void kept_dict_step(uint32_t key, uint32_t value)
{
    struct object *name = own_int(key), *list = list_new();
    CHECK_INT(list_append(list, own_int(value)), 0);
    CHECK_INT(dict_set(kept_by_all.dict, name, list), 0);
    struct object *found = dict_get(kept_by_all.dict, name);
    CHECK(found->type == &list_type && list_get(found, 0)->type == &int_type);
}

static void kept_work(unsigned index)
{
    struct object **own = places_new(KEPT), **lines = state_alloc_lines(LINE_BYTES), *local = kept_node(index);
    uint64_t random = index + 1;
    CHECK(lines != NULL && lines[0] == NULL && (uintptr_t)lines % LINE_BYTES == 0);
    for (uint32_t step = 0; step < KEPT_STEPS; step++) {
        uint32_t at = draw(&random, KEPT);
        if (own[at] != NULL)
            kept_check(own[at]);
        own[at] = kept_node(step);
        struct object *other = slot_exchange(&kept_by_all.shared[draw(&random, KEPT)], own[draw(&random, KEPT)]);
        if (other != NULL)
            kept_check(other);
        lines[draw(&random, LINE_BYTES / sizeof *lines)] = other;
        for (size_t i = 0; i < LINE_BYTES / sizeof *lines; i++)
            if (lines[i] != NULL)
                kept_check(lines[i]);
        kept_dict_step(at, step);
        kept_check(local);
        thread_safepoint(thread_self());
    }
    CHECK_INT(node_of(local)->id, index);
    state_free(own, KEPT * sizeof *own);
    state_free(lines, LINE_BYTES);
}

static void kept_crew(struct crew *crew, unsigned index)
{
    if (index == 0) {
        for (int i = 0; i < KEPT_COLLECTIONS || a32_load_acquire(&kept_by_all.done) + 1 < crew->size; i++) {
            (void)gc_collect(GC_OLD);
            shim_yield();
        }
        return;
    }
    kept_work(index);
    a32_add_acq_rel(&kept_by_all.done, 1);
}

static void case_traced_kept(void)
{
    nodes_open();
    kept_by_all.dict = dict_new();
    crew_run(CREW_MAX, kept_crew, NULL);
    CHECK(gc.statistics.collections[GC_OLD] >= KEPT_COLLECTIONS);
    CHECK(dict_length(kept_by_all.dict) > 0);
    for (size_t i = 0; i < KEPT; i++)
        if (kept_by_all.shared[i].object != NULL)
            kept_check(kept_by_all.shared[i].object);
    fixture_close();
}

/* A thread that blocks, detached, keeps what its stack leads to, and keeps nobody from collecting. */
static void blocked_crew(struct crew *crew, unsigned index)
{
    struct object *mine = kept_node(index);
    crew_meet(crew);
    if (index == 0) {
        (void)traced_litter_for(128 * MIB, true);
        (void)gc_collect(GC_OLD);
    }
    crew_meet(crew);
    kept_check(mine);
    CHECK_INT(node_of(mine)->id, index);
}

static void case_traced_blocked(void)
{
    nodes_open();
    crew_run(3, blocked_crew, NULL);
    CHECK(gc.statistics.collections[GC_OLD] >= 8);
    fixture_close();
}

/* Many threads come and go; each leaves its objects to the one that comes next. */
static void passing_crew(struct crew *crew, unsigned index)
{
    struct object **place = crew->argument;
    if (*place != NULL)
        kept_check(*place);
    *place = kept_node(index + 7);
    (void)traced_litter_for(16 * MIB, true);
}

static void case_traced_threads_leave(void)
{
    nodes_open();
    struct object **place = places_new(1);
    for (int i = 0; i < 3 * EFFORT; i++)
        crew_run(1, passing_crew, place);
    kept_check(*place);
    state_free(place, sizeof *place);
    fixture_close();
}

/* ---- fork ------------------------------------------------------------------------------------------------- */

struct forking {
    struct object **places;
    struct a32 stop;
};

/* In the child: all is there, and it goes on to collect. */
static void forking_child(struct forking *forking)
{
    for (uint32_t i = 0; i < KEPT; i++) {
        kept_check(forking->places[i]);
        forking->places[i] = kept_node(i);
    }
    uint64_t runs = gc.statistics.collections[GC_OLD];
    (void)traced_litter_for(128 * MIB, true);
    (void)gc_collect(GC_OLD);
    CHECK(gc.statistics.collections[GC_OLD] > runs + 4);
    for (uint32_t i = 0; i < KEPT; i++)
        kept_check(forking->places[i]);
}

static void forking_crew(struct crew *crew, unsigned index)
{
    struct forking *forking = crew->argument;
    if (index > 0) {
        while (a32_load_acquire(&forking->stop) == 0) {
            (void)traced_litter();
            thread_safepoint(thread_self());
        }
        return;
    }
    for (int i = 0; i < 5; i++) {
        thread_before_fork(thread_self());
        pid_t child = fork();
        CHECK(child >= 0);
        thread_after_fork(thread_self(), child == 0);
        if (child == 0) {
            forking_child(forking);
            _exit(0);
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child);
        CHECK_INT(status, 0);
    }
    a32_store_release(&forking->stop, 1);
}

static void case_traced_fork(void)
{
    nodes_open();
    struct forking forking = {.places = places_new(KEPT)};
    for (uint32_t i = 0; i < KEPT; i++)
        forking.places[i] = kept_node(i);
    crew_run(3, forking_crew, &forking);
    state_free(forking.places, KEPT * sizeof *forking.places);
    fixture_close();
}

#endif
