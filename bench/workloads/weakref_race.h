/* weakref_race: one thread makes objects, lets weak references to them be found in shared slots, and drops them a
 * moment later; the others follow what they find there. So the last drop and the following of a weak reference meet,
 * again and again. A reader's operation is one weak reference followed, alive or not; the dropper's, one object made
 * and dropped. */
#include "bench/workloads/weakly.h"

enum { RACE_SLOTS = 64 };

static const struct point weakref_race_points[] = {{"", PROFILE_STANDARD}, {NULL, PROFILE_QUICK}};

struct race_shared {
    struct {
        struct slot slot; /* a weak reference */
    } LINE_ALIGNED places[RACE_SLOTS];
};

struct race_state {
    struct object *class_;             /* the dropper's */
    struct object *kept[RACE_SLOTS];   /* the dropper's: the objects that live */
    uint64_t next, alive, dead;
};

static int race_prepare(struct trial *trial)
{
    trial->shared = state_alloc_lines(sizeof(struct race_shared));
    return trial->shared != NULL ? 0 : -1;
}

static int race_start(struct worker *worker)
{
    struct race_state *state = state_alloc(sizeof *state);
    worker->state = state;
    worker->role = worker->index == 0 ? "dropper" : "reader";
    if (state == NULL)
        return -1;
    if (worker->index == 0)
        state->class_ = weakly_class();
    return worker->index != 0 || state->class_ != NULL ? 0 : -1;
}

/* The object that was in this place dies, the next is to be found there. -1: no memory. */
static int race_replace(struct race_shared *shared, struct race_state *state)
{
    size_t place = state->next++ % RACE_SLOTS;
    struct object *fresh = instance_new(state->class_);
    struct object *weak = fresh != NULL ? weakref_new(fresh, NULL, NULL) : NULL;
    if (weak == NULL) {
        object_xdecref(fresh);
        return -1;
    }
    if (slot_store(&shared->places[place].slot, weak) != 0) {
        object_decref(weak);
        object_decref(fresh);
        return -1;
    }
    struct object *next = state->kept[(place + RACE_SLOTS / 2) % RACE_SLOTS];
    state->kept[(place + RACE_SLOTS / 2) % RACE_SLOTS] = NULL;
    object_xdecref(next); /* its weak reference stays for half a round: readers find it dead, or dying */
    object_xdecref(state->kept[place]);
    state->kept[place] = fresh;
    return 0;
}

static void race_read(struct worker *worker, struct race_shared *shared, struct race_state *state)
{
    struct object *weak = slot_load(&shared->places[state->next++ % RACE_SLOTS].slot);
    if (weak == NULL)
        return;
    struct object *target = weakref_get(weak);
    if (target != NULL) {
        state->alive++;
        object_decref(target);
    } else {
        state->dead++;
        target = weakref_get(weak);
        if (target != NULL)
            trial_fail(worker->trial, "a weak reference led to nothing, and then to an object again");
        object_xdecref(target);
    }
    object_decref(weak);
}

static uint64_t race_batch(struct worker *worker, uint64_t n)
{
    struct race_shared *shared = worker->trial->shared;
    struct race_state *state = worker->state;
    for (uint64_t i = 0; i < n; i++) {
        if (worker->index != 0) {
            race_read(worker, shared, state);
        } else if (race_replace(shared, state) != 0) {
            trial_fail(worker->trial, "out of memory for an object and its weak reference");
            return i;
        }
    }
    return n;
}

static void race_stop(struct worker *worker)
{
    struct race_state *state = worker->state;
    if (state == NULL)
        return;
    if (worker->index == 1 && state->alive + state->dead > 0)
        trial_measure(worker->trial, "alive_percent",
                      100.0 * (double)state->alive / (double)(state->alive + state->dead));
    for (size_t i = 0; i < RACE_SLOTS; i++)
        object_xdecref(state->kept[i]);
    object_xdecref(state->class_);
    state_free(state, sizeof *state);
}

static void race_finish(struct trial *trial)
{
    struct race_shared *shared = trial->shared;
    for (size_t i = 0; shared != NULL && i < RACE_SLOTS; i++)
        object_xdecref(slot_exchange(&shared->places[i].slot, NULL));
    state_free(shared, sizeof *shared);
}

static const struct workload weakref_race_workload = {
    .name = "weakref_race",
    .driver = "memory",
    .summary = "follow weak references while another thread drops the last strong ones",
    .points = weakref_race_points,
    .threads_min = 2,
    .prepare = race_prepare,
    .start = race_start,
    .batch = race_batch,
    .stop = race_stop,
    .finish = race_finish,
};
