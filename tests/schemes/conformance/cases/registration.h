/* Threads of the model that enter and leave while others do: whatever a scheme keeps of them stays whole. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_REGISTRATION_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_REGISTRATION_H

#include "tests/schemes/conformance/fixture.h"

/* ---- in the order in which they entered -------------------------------------------------------------------- */

/* More than a table of threads by their id has places, so that several share one. */
enum { REGISTERED = 400 };

/* The first half leaves; then the objects of the other half are dropped by a stranger, who looks for the owners. */
static void case_first_in_first_out(void)
{
    struct thread *threads[REGISTERED];
    struct object *objects[REGISTERED];
    fixture_open();
    struct thread *self = thread_self();
    thread_detach(self);
    for (uint32_t i = 0; i < REGISTERED; i++) {
        threads[i] = thread_enter();
        CHECK(threads[i] != NULL);
        objects[i] = probe_new_public(i);
        thread_detach(threads[i]);
    }
    for (uint32_t i = 0; i < REGISTERED / 2; i++) {
        thread_attach(threads[i]);
        thread_leave(threads[i]);
    }
    thread_attach(self);
    for (uint32_t i = 0; i < REGISTERED; i++)
        object_decref(objects[i]);
    settle();
    check_deaths(REGISTERED);
    thread_detach(self);
    for (uint32_t i = REGISTERED / 2; i < REGISTERED; i++) {
        thread_attach(threads[i]);
        thread_leave(threads[i]);
    }
    thread_attach(self);
    fixture_close();
}

/* ---- each its own ------------------------------------------------------------------------------------------- */

/* All are attached and run nothing; a stranger drops an object of each. Whatever a scheme leaves to the owner is left
 * to that one: its next safepoint destroys its own object, and nobody else's. */
static void case_left_to_its_owner(void)
{
    struct thread *threads[REGISTERED];
    struct object *objects[REGISTERED];
    fixture_open();
    struct thread *self = thread_self();
    for (uint32_t i = 0; i < REGISTERED; i++) {
        threads[i] = thread_enter();
        CHECK(threads[i] != NULL);
        objects[i] = probe_new_public(i);
    }
    shim_set_self((uintptr_t)self);
    for (uint32_t i = 0; i < REGISTERED; i++)
        object_decref(objects[i]);
    int64_t before = a64_load_relaxed(&deaths.count);
    CHECK(before == REGISTERED || (RC_LATE && before == 0));
    for (uint32_t i = 0; i < REGISTERED; i++) {
        shim_set_self((uintptr_t)threads[i]);
        thread_safepoint(threads[i]);
        CHECK_INT(a64_load_relaxed(&deaths.count), before == 0 ? i + 1 : REGISTERED);
    }
    for (uint32_t i = 0; i < REGISTERED; i++) {
        shim_set_self((uintptr_t)threads[i]);
        thread_leave(threads[i]);
    }
    shim_set_self((uintptr_t)self);
    fixture_close();
}

/* ---- at once ------------------------------------------------------------------------------------------------- */

enum { AT_ONCE = 64, AT_ONCE_ROUNDS = 5 };

/* Each of the crew enters many times before it has anything to do with the others, then leaves as often. */
static void enter_and_leave_crew(struct crew *crew, unsigned index)
{
    struct thread *self = thread_self(), *threads[AT_ONCE];
    struct object *objects[AT_ONCE];
    for (int round = 0; round < AT_ONCE_ROUNDS; round++) {
        crew_set_off(crew);
        thread_detach(self);
        for (size_t i = 0; i < AT_ONCE; i++) {
            threads[i] = thread_enter();
            CHECK(threads[i] != NULL);
            objects[i] = probe_new_public(index);
            thread_detach(threads[i]);
        }
        thread_attach(self);
        for (size_t i = 0; i < AT_ONCE; i++)
            object_decref(objects[i]);
        crew_set_off(crew);
        thread_detach(self);
        for (size_t i = 0; i < AT_ONCE; i++) {
            thread_attach(threads[i]);
            thread_leave(threads[i]);
        }
        thread_attach(self);
    }
}

static void case_enter_and_leave_at_once(void)
{
    fixture_open();
    crew_run(CREW_MAX, enter_and_leave_crew, NULL);
    check_deaths(CREW_MAX * AT_ONCE * AT_ONCE_ROUNDS);
    fixture_close();
}

#endif
