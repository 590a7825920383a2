/* Scenarios of who may run: the GIL's switch, and what is written while the world stands still. */
#ifndef RCBENCH_TESTS_SCHEMES_EXPLORE_TURNS_H
#define RCBENCH_TESTS_SCHEMES_EXPLORE_TURNS_H

#include "tests/schemes/explore/stage.h"

/* Plain, and guarded by what the scenario is about. */
static struct turns {
    int holder; /* the thread that runs, under a GIL */
    int others; /* threads that have had their turn */
    int stops;
} turns;

static void turns_prologue(int thread)
{
    (void)thread;
    turns = (struct turns){0};
}

/* Thread 1 works on until another one has had its turn: whoever waits gets the GIL, and a safepoint that lets it go
 * does not come back before somebody else has had it. Afterwards nobody asks any more. */
static void gil_turn_run(int thread)
{
    turns.holder = thread;
    if (thread != 1) {
        turns.others++;
        return;
    }
    while (turns.others == 0) {
        turns.holder = 1;
        if (thread_safepoint(thread_self()))
            CHECK(turns.holder != 1);
        shim_yield();
    }
    safepoint();
    safepoint();
}

/* What the one who stops the world writes is there for a thread that blocked meanwhile, and the other way round. */
static void world_run(int thread)
{
    if (thread == 1) {
        thread_detach(stage_threads[1]);
        thread_attach(stage_threads[1]);
        CHECK(turns.stops < stage_count);
        return;
    }
    world_stop(thread_self());
    turns.stops++;
    world_resume(thread_self());
}
static void world_finish(void) { CHECK(turns.stops == stage_count - 1); }

#endif
