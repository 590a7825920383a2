/* slot: 64 shared slots; nine operations in ten load a reference and drop it, one replaces what is in the
 * slot. Which slot, and which of the two, is drawn before the window. */
#include "bench/workloads/common.h"

enum { SLOT_COUNT = 64, SLOT_OWN = 16, SLOT_STORE_ONE_IN = 10 };

struct slot_shared {
    struct {
        struct slot slot;
    } LINE_ALIGNED places[SLOT_COUNT];
};

struct slot_state {
    struct set own;       /* what this thread stores */
    uint8_t order[DRAWS]; /* the slot; SLOT_STORE added: a store */
    size_t next;
};

enum { SLOT_STORE = 128 };

static int slot_prepare(struct trial *trial)
{
    struct slot_shared *shared = state_alloc_lines(sizeof *shared);
    trial->shared = shared;
    if (shared == NULL)
        return -1;
    for (uint64_t i = 0; i < SLOT_COUNT; i++) {
        struct object *o = own_int(i);
        if (o == NULL || object_publish(o) != 0) {
            object_xdecref(o);
            return -1;
        }
        slot_init(&shared->places[i].slot, o);
    }
    return 0;
}

static int slot_start(struct worker *worker)
{
    struct slot_state *state = state_alloc(sizeof *state);
    worker->state = state;
    if (state == NULL || set_make(&state->own, SLOT_OWN) != 0)
        return -1;
    for (size_t i = 0; i < DRAWS; i++) {
        bool store = random_below(&worker->random, SLOT_STORE_ONE_IN) == 0;
        state->order[i] = (uint8_t)(random_below(&worker->random, SLOT_COUNT) + (store ? SLOT_STORE : 0));
    }
    return 0;
}

static uint64_t slot_batch(struct worker *worker, uint64_t n)
{
    struct slot_shared *shared = worker->trial->shared;
    struct slot_state *state = worker->state;
    for (uint64_t i = 0; i < n; i++) {
        uint8_t what = state->order[state->next];
        struct slot *slot = &shared->places[what & (SLOT_STORE - 1)].slot;
        if (what & SLOT_STORE) {
            struct object *fresh = object_incref(state->own.items[state->next % SLOT_OWN]);
            if (slot_store(slot, fresh) != 0) {
                object_decref(fresh);
                trial_fail(worker->trial, "out of memory for publishing");
            }
        } else {
            struct object *o = slot_load(slot);
            OPAQUE(o);
            object_decref(o);
        }
        state->next = (state->next + 1) % DRAWS;
    }
    return n;
}

/* Other threads may still hold references from the slots: the counts are checked by the balance of
 * allocations and frees at the end. */
static void slot_stop(struct worker *worker)
{
    struct slot_state *state = worker->state;
    if (state == NULL)
        return;
    for (size_t i = 0; i < state->own.length; i++)
        object_decref(state->own.items[i]);
    set_free(&state->own);
    state_free(state, sizeof *state);
}

static void slot_finish(struct trial *trial)
{
    struct slot_shared *shared = trial->shared;
    for (size_t i = 0; shared != NULL && i < SLOT_COUNT; i++)
        object_xdecref(slot_exchange(&shared->places[i].slot, NULL));
    state_free(shared, sizeof *shared);
}

static const struct workload slot_workload = {
    .name = "slot",
    .driver = "scaling",
    .summary = "load a reference from a shared slot and drop it; one time in 10 replace it",
    .points = no_points,
    .threads_min = 1,
    .prepare = slot_prepare,
    .start = slot_start,
    .batch = slot_batch,
    .stop = slot_stop,
    .finish = slot_finish,
};
