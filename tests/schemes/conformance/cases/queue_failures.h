/* Allocation failure while objects are handed back to their owner: nobody can be told, so nothing may be
 * lost (hazard 9: queueing must fall back). */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_QUEUE_FAILURES_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_QUEUE_FAILURES_H

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/schemes/conformance/fixture.h"

enum { QUEUE_OBJECTS = 300 };

/* Each thread makes objects, and drops those of its neighbour. */
struct queue_failures {
    struct object *objects[CREW_MAX][QUEUE_OBJECTS];
    struct a32 finished;
    uint64_t fail_at; /* 0: all allocations fail */
};

static void queue_crew(struct crew *crew, unsigned index)
{
    struct queue_failures *shared = crew->argument;
    for (uint32_t i = 0; i < QUEUE_OBJECTS; i++)
        shared->objects[index][i] = probe_new_public(i);
    crew_meet(crew);
    if (index == 0) {
        memory_fail_at(shared->fail_at);
        memory_fail_all(shared->fail_at == 0);
    }
    crew_meet(crew);
    for (uint32_t i = 0; i < QUEUE_OBJECTS; i++) {
        struct object *o = shared->objects[(index + 1) % crew->size][i];
        CHECK_INT(probe_check(o), i);
        object_decref(o);
        thread_safepoint(thread_self());
    }
    a32_add_acq_rel(&shared->finished, 1);
    await(&shared->finished, crew->size); /* a thread that is done still merges what others wait for */
}

static void queue_run(unsigned threads, uint64_t fail_at, int64_t deaths_before)
{
    static struct queue_failures shared;
    memset(&shared, 0, sizeof shared);
    shared.fail_at = fail_at;
    crew_run(threads, queue_crew, &shared);
    memory_fail_all(false);
    memory_fail_at(0);
    settle();
    check_deaths(deaths_before + threads * (int64_t)QUEUE_OBJECTS);
}

static void case_queue_without_memory(void)
{
    fixture_open();
    queue_run(2, 0, 0);
    queue_run(CREW_MAX, 0, 2 * QUEUE_OBJECTS);
    fixture_close();
}

/* ---- destructions that queue, inside merges that come from the queue --------------------------------------- */

enum { NESTED = 100, NESTED_ITEMS = 8 };

/* Each thread makes tuples of its neighbour's probes; the neighbour drops them, so they are queued to their
 * maker, whose merge queues the probes to the neighbour. */
struct queue_nested {
    struct object *probes[CREW_MAX][NESTED * NESTED_ITEMS];
    struct object *tuples[CREW_MAX][NESTED];
    struct a32 finished;
};

static void nested_make(struct crew *crew, unsigned index)
{
    struct queue_nested *shared = crew->argument;
    for (uint32_t i = 0; i < NESTED * NESTED_ITEMS; i++)
        shared->probes[index][i] = probe_new_public(i);
    crew_meet(crew);
    for (uint32_t i = 0; i < NESTED; i++) {
        struct object *tuple = tuple_new(NESTED_ITEMS);
        CHECK(tuple != NULL);
        for (uint32_t j = 0; j < NESTED_ITEMS; j++)
            tuple_fill(tuple, j, shared->probes[(index + 1) % crew->size][i * NESTED_ITEMS + j]);
        CHECK_INT(object_publish(tuple), 0);
        shared->tuples[index][i] = tuple;
    }
    crew_meet(crew);
}

static void nested_crew(struct crew *crew, unsigned index)
{
    struct queue_nested *shared = crew->argument;
    nested_make(crew, index);
    crew_set_off(crew);
    for (uint32_t i = 0; i < NESTED; i++) {
        if (index == 0 && i == NESTED / 4) /* the queues have some room by then, but not enough */
            memory_fail_all(true);
        object_decref(shared->tuples[(index + 1) % crew->size][i]);
        if (i % 16 == 0)
            thread_safepoint(thread_self());
    }
    a32_add_acq_rel(&shared->finished, 1);
    await(&shared->finished, crew->size);
}

static void case_queue_nested_without_memory(void)
{
    static struct queue_nested shared;
    int64_t expected = 0;
    fixture_open();
    for (int round = 0; round < 10 * EFFORT; round++) {
        unsigned threads = round % 2 == 0 ? 2 : 3;
        memset(&shared, 0, sizeof shared);
        crew_run(threads, nested_crew, &shared);
        memory_fail_all(false);
        settle();
        expected += threads * NESTED * NESTED_ITEMS;
        check_deaths(expected);
    }
    fixture_close();
}

static void case_queue_growth_fails(void)
{
    fixture_open();
    for (uint64_t k = 1; k <= 8; k++)
        queue_run(2, k, (int64_t)(k - 1) * 2 * QUEUE_OBJECTS);
    fixture_close();
}

/* ---- a fork while one waits ----------------------------------------------------------------------------------- */

/* Thread 1 drops the last reference to an object of thread 0, who does not come to a safepoint, and there is no memory:
 * whatever keeps the reference is thread 1's own. Thread 2 forks. In the child neither of the others exists, and the
 * object is dead. */
struct fork_wait {
    struct object *object;
    struct thread *owner;
    struct a32 ready, dropped, forked;
};

static void fork_while_it_waits(void)
{
    struct thread *self = thread_self();
    fflush(NULL);
    thread_before_fork(self);
    pid_t pid = fork();
    if (pid == 0)
        memory_fail_all(false);
    thread_after_fork(self, pid == 0);
    CHECK(pid >= 0);
    if (pid == 0) {
        CHECK_INT(a64_load_relaxed(&deaths.count), 1);
        _exit(0);
    }
    int status = 0;
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK_INT(status, 0);
}

static void fork_wait_crew(struct crew *crew, unsigned index)
{
    struct fork_wait *shared = crew->argument;
    switch (index) {
    case 0:
        shared->owner = thread_self();
        shared->object = probe_new_public(0);
        memory_fail_all(true);
        a32_store_release(&shared->ready, 1);
        while (a32_load_acquire(&shared->forked) == 0)
            shim_yield(); /* no safepoint */
        memory_fail_all(false);
        settle();
        break;
    case 1:
        await(&shared->ready, 1);
        object_decref(shared->object);
        a32_store_release(&shared->dropped, 1);
        break;
    default:
        await(&shared->ready, 1);
        while (a32_load_acquire(&shared->dropped) == 0 && !rc_pending(&shared->owner->rc))
            shim_yield();
        fork_while_it_waits();
        a32_store_release(&shared->forked, 1);
    }
}

static void case_fork_while_one_waits(void)
{
    static struct fork_wait shared;
    fixture_open();
    crew_run(3, fork_wait_crew, &shared);
    check_deaths(1);
    fixture_close();
}

#endif
