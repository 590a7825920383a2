/* A traced variant: how a program learns of deaths, by weak references and finalizers: not of every one, some time
 * after it, and never twice. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_TRACED_DEATHS_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_TRACED_DEATHS_H

#include "tests/schemes/conformance/cases/traced.h"

/* ---- weak references -------------------------------------------------------------------------------------- */

/* Nodes of which every second is kept, all with a weak reference. */
struct weak_many {
    struct object *kept[TRACED_MANY], *weak[TRACED_MANY];
};

static NOINLINE struct weak_many *weak_many_new(void)
{
    struct weak_many *many = state_alloc(sizeof *many);
    CHECK(many != NULL);
    for (uint32_t i = 0; i < TRACED_MANY; i++) {
        struct object *node = kept_node(i);
        many->weak[i] = weakref_new(node, NULL, NULL);
        CHECK(many->weak[i] != NULL && weakref_new(node, NULL, NULL) == many->weak[i]);
        many->kept[i] = i % 2 == 0 ? node : NULL;
    }
    return many;
}

/* How many are dead; the others lead to their node, and what was dead stays dead. */
static NOINLINE uint32_t weak_many_count(struct weak_many *many, bool *dead)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < TRACED_MANY; i++) {
        struct object *found = weakref_get(many->weak[i]);
        CHECK(many->kept[i] == NULL || found == many->kept[i]);
        CHECK(found == NULL || !dead[i]);
        if (found != NULL) {
            kept_check(found);
            CHECK_INT(node_of(found)->id, i);
        }
        dead[i] = found == NULL;
        count += dead[i];
    }
    return count;
}

static void case_traced_weakrefs(void)
{
    nodes_open();
    static bool dead[TRACED_MANY];
    struct weak_many *many = weak_many_new();
    CHECK(weak_many_count(many, dead) <= TRACED_MANY / 2);
    traced_collect();
    CHECK(weak_many_count(many, dead) >= TRACED_MOST / 2);
    (void)traced_litter_for(64 * MIB, true); /* where they were is now something else */
    traced_collect();
    (void)weak_many_count(many, dead);
    memset(many->kept, 0, sizeof many->kept);
    traced_collect();
    CHECK(weak_many_count(many, dead) >= TRACED_MOST);
    state_free(many, sizeof *many);
    fixture_close();
}

/* Threads follow weak references while another one drops their objects and collects: each gets the object, whole, or
 * nothing, and nothing for ever. */
struct follow {
    struct weak_many *many;
    struct a32 stop;
};

static void follow_crew(struct crew *crew, unsigned index)
{
    struct follow *follow = crew->argument;
    if (index == 0) {
        for (uint32_t i = 0; i < TRACED_MANY; i += 100) {
            for (uint32_t k = i; k < i + 100; k++)
                follow->many->kept[k] = NULL;
            wipe_stack();
            (void)gc_collect(GC_OLD);
        }
        a32_store_release(&follow->stop, 1);
        return;
    }
    bool dead[TRACED_MANY] = {false};
    uint64_t random = index;
    while (a32_load_acquire(&follow->stop) == 0) {
        uint32_t i = draw(&random, TRACED_MANY);
        struct object *found = weakref_get(follow->many->weak[i]);
        CHECK(found == NULL || (!dead[i] && node_of(found)->id == i));
        if (found != NULL)
            kept_check(found);
        dead[i] = found == NULL;
        thread_safepoint(thread_self());
    }
}

static void case_traced_weakref_race(void)
{
    nodes_open();
    static bool dead[TRACED_MANY];
    struct follow follow = {.many = weak_many_new()};
    crew_run(3, follow_crew, &follow);
    traced_collect();
    CHECK(weak_many_count(follow.many, dead) >= TRACED_MOST);
    state_free(follow.many, sizeof *follow.many);
    fixture_close();
}

/* Callbacks: once for each object that dies before its weak reference, and never for the others. */
static struct callbacks {
    uint8_t called[TRACED_MANY];
    uint32_t total;
} callbacks;

static void callback_note(struct object *weak, struct object *argument)
{
    int64_t id = int_value(argument) - SMALL_INT_MAX - 1;
    CHECK(weakref_get(weak) == NULL);
    CHECK(id >= 0 && id < TRACED_MANY && callbacks.called[id]++ == 0);
    callbacks.total++;
}

static NOINLINE void callbacks_make(struct object **nodes, struct object **weak)
{
    for (uint32_t i = 0; i < TRACED_MANY; i++) {
        nodes[i] = node_new(i);
        weak[i] = weakref_new(nodes[i], callback_note, own_int(i));
        CHECK(weak[i] != NULL);
    }
}

static void case_traced_callbacks(void)
{
    nodes_open();
    struct object **nodes = places_new(TRACED_MANY), **weak = places_new(TRACED_MANY);
    callbacks = (struct callbacks){0};
    callbacks_make(nodes, weak);
    traced_collect();
    CHECK_INT(callbacks.total, 0);
    for (uint32_t i = 0; i < TRACED_MANY; i += 2) /* these are gone before their objects */
        weak[i] = NULL;
    traced_collect();
    memset(nodes, 0, TRACED_MANY * sizeof *nodes);
    traced_collect();
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < TRACED_MANY; i += 2)
        wrong += callbacks.called[i];
    CHECK(wrong <= TRACED_MANY - TRACED_MOST);
    CHECK(callbacks.total - wrong >= TRACED_MOST / 2);
    state_free(nodes, TRACED_MANY * sizeof *nodes);
    state_free(weak, TRACED_MANY * sizeof *weak);
    fixture_close();
}

/* ---- finalizers ------------------------------------------------------------------------------------------- */

static struct finals {
    uint8_t runs[TRACED_MANY];
    struct object **saved; /* those whose number is a multiple of 10 are brought back */
} finals;

static void finals_run(struct object *node)
{
    uint32_t id = node_of(node)->id;
    CHECK(node->type == &final_node_type && id < TRACED_MANY);
    CHECK_INT(finals.runs[id]++, 0);
    struct object *next = node_of(node)->places[0].object; /* what it reaches is whole */
    CHECK(next == NULL || next->type == &final_node_type);
    if (id % 10 == 0)
        finals.saved[id] = node;
}

/* Half of them alone, half in rings of ten. */
static NOINLINE void finals_make(void)
{
    for (uint32_t i = 0; i < TRACED_MANY / 2; i++)
        (void)final_node_new(i);
    for (uint32_t i = TRACED_MANY / 2; i < TRACED_MANY; i += 10)
        (void)node_ring(i, 10, true);
}

static void case_traced_finalizers(void)
{
    nodes_open();
    finals = (struct finals){.saved = places_new(TRACED_MANY)};
    node_log.finalizer = finals_run;
    finals_make();
    traced_collect();
    int64_t finalized = a64_load_relaxed(&node_log.finalized);
    CHECK(finalized >= TRACED_MOST && finalized <= TRACED_MANY);
    uint32_t saved = 0;
    for (uint32_t i = 0; i < TRACED_MANY; i++) {
        struct object *node = finals.saved[i];
        saved += node != NULL;
        CHECK(node == NULL || node_of(node)->id == i);
    }
    CHECK(saved >= TRACED_MOST / 10);
    (void)traced_litter_for(64 * MIB, true);
    for (uint32_t i = TRACED_MANY / 2; i < TRACED_MANY; i += 10) /* with all that they reach */
        for (struct object *node = finals.saved[i], *at = node; at != NULL;) {
            at = node_of(at)->places[0].object;
            CHECK(at->type == &final_node_type && node_of(at)->id / 10 == i / 10);
            if (at == node)
                break;
        }
    memset(finals.saved, 0, TRACED_MANY * sizeof *finals.saved);
    traced_collect(); /* finals_run checks that nothing runs twice */
    CHECK(a64_load_relaxed(&node_log.finalized) <= TRACED_MANY);
    state_free(finals.saved, TRACED_MANY * sizeof *finals.saved);
    fixture_close();
}

#endif
