/* Random programs with several threads: each one lives three times (actors.h, graphs.h), and the oracle says what
 * must hold. A run cannot be repeated exactly; its draws can. */
#ifndef RCBENCH_TESTS_SCHEMES_RANDOM_MULTI_H
#define RCBENCH_TESTS_SCHEMES_RANDOM_MULTI_H

#include "tests/schemes/random/graphs.h"

struct step {
    void (*run)(struct actor *a);
    unsigned weight;
};

static const struct step actor_steps[] = {
    {do_new, 10},       {do_tuple, 4}, {do_unpack, 6}, {do_give, 4},    {do_copy, 12},
    {do_drop, 24},      {do_touch, 4}, {do_write, 6},  {do_upgrade, 8}, {do_slot_store, 8},
    {do_slot_load, 8},  {do_list, 8},  {do_dict, 6},   {do_send, 10},   {do_receive, 10},
    {do_safepoint, 10}, {do_sleep, 2}, {do_leave, 1},  {do_fault, 1},   {do_immortalize, 1},
};

static const struct step graph_steps[] = {
    {do_make, 900},         {do_connect, 1200},
    {do_load, 900},         {do_copy, 400},
    {do_drop, 900},         {do_clear, 60},
    {do_count, 400},        {do_tuple, 100},
    {do_refer_weakly, 300}, {do_follow, 500},
    {do_new, 100},          {do_touch, 50},
    {do_upgrade, 50},       {do_slot_store, 200},
    {do_slot_load, 300},    {do_send, 100},
    {do_receive, 100},      {do_list, 150},
    {do_dict, 150},         {do_safepoint, 1500},
    {do_sleep, 20},         {do_leave_by_the_gate, 5},
    {do_collect, 5},        {do_set, 3},
    {do_audit, 2},          {do_fork, 2},
};

static void draw_step(struct actor *a, const struct step *steps, size_t count)
{
    unsigned total = 0, which = 0;
    for (size_t i = 0; i < count; i++)
        total += steps[i].weight;
    unsigned at = actor_draw(a, total);
    while (at >= steps[which].weight)
        at -= steps[which++].weight;
    steps[which].run(a);
}

static void actor_work(struct actor *a)
{
    actor_self = a;
    for (unsigned i = 0; i < multi.options->steps; i++)
        if (multi.options->graphs)
            draw_step(a, graph_steps, sizeof graph_steps / sizeof *graph_steps);
        else
            draw_step(a, actor_steps, sizeof actor_steps / sizeof *actor_steps);
    while (a->life == MULTI_LIVES - 1 && a->held_count > 0)
        do_drop(a);
}

/* One life. In the last one it keeps nothing; in the others what it holds waits for the next, while it is gone. */
static void *actor_live(void *argument)
{
    struct actor *a = argument;
    if (multi.options->graphs)
        gate_close();
    enter_at_last();
    if (multi.options->graphs)
        gate_open();
    actor_work(a);
    if (multi.options->graphs)
        gate_close_detached();
    thread_leave(thread_self());
    if (multi.options->graphs)
        gate_open();
    for (unsigned i = 0; i < a->held_count; i++)
        a->own[i] = false;
    return NULL;
}

/* ---- the round --------------------------------------------------------------------------------------------------
 */

static void multi_open(const struct multi_options *options)
{
    static char context[100];
    snprintf(context, sizeof context, "%s, seed %llu, %u threads%s", RC_TEXT(RC_VARIANT),
             (unsigned long long)options->seed, options->threads, options->faults ? ", faults" : "");
    check_context = context;
    multi.options = options;
    nodes_open();
    actor_self = &multi.actors[MULTI_THREADS_MAX];
    for (unsigned i = 0; i <= MULTI_THREADS_MAX; i++)
        multi.actors[i] = (struct actor){
            .index = i, .random = (options->seed * UINT64_C(0x9e3779b97f4a7c15) + 1) * (2 * i + 3) | 1};
    /* Half of the rounds: handing out the memory of a thread at once orders the two threads. */
    if (options->seed % 2 == 0)
        memory_reuse(sizeof(struct thread) + LINE_BYTES);
    multi.list = list_new();
    multi.dict = dict_new();
    CHECK(multi.list != NULL && multi.dict != NULL);
    CHECK_INT(object_publish(multi.list), 0);
    CHECK_INT(object_publish(multi.dict), 0);
    for (int i = 0; i < MULTI_KEYS; i++) {
        multi.keys[i] = own_int(i);
        CHECK_INT(object_publish(multi.keys[i]), 0);
    }
    for (int i = 0; i < MULTI_SLOTS; i++)
        slot_init(&multi.slots[i], NULL);
    if (options->graphs)
        graphs_open();
}

/* Nobody else runs. */
static void multi_close(void)
{
    memory_fail_at(0);
    if (multi.options->graphs)
        graphs_close();
    multi_drop_shared();
    object_decref(multi.list);
    object_decref(multi.dict);
    for (int i = 0; i < MULTI_KEYS; i++)
        object_decref(multi.keys[i]);
    settle();
    if (multi.options->graphs)
        CHECK_INT((int64_t)gc_get_objects(), 0);
    oracle_check_end();
    for (unsigned i = 0; i < multi.immortal_count; i++) {
        known_touch(multi.immortals[i]);
        check_count(multi.immortals[i], RC_AUDIT_IMMORTAL);
        object_free(multi.immortals[i], sizeof(struct known));
    }
    memory_reuse(0);
    fixture_close();
}

/* Once in a process: the oracle's objects are not numbered anew. */
static void multi_run(const struct multi_options *options)
{
    struct actor *actors = multi.actors;
    CHECK(options->threads <= MULTI_THREADS_MAX);
    multi_open(options);
    struct thread *self = thread_self();
    if (MODE_THREADS_MAX == 1) {
        actors[0].life = MULTI_LIVES - 1;
        actor_work(&actors[0]);
        multi_close();
        return;
    }
    thread_detach(self);
    for (unsigned life = 0; life < MULTI_LIVES; life++)
        for (unsigned i = 0; i < options->threads; i++) {
            if (life > 0)
                CHECK_INT(pthread_join(actors[i].id, NULL), 0);
            actors[i].life = life;
            CHECK_INT(pthread_create(&actors[i].id, NULL, actor_live, &actors[i]), 0);
        }
    for (unsigned i = 0; i < options->threads; i++)
        CHECK_INT(pthread_join(actors[i].id, NULL), 0);
    thread_attach(self);
    multi_close();
}

#endif
