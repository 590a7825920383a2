/* read_mostly: a dict of 1024 ints to ints that all threads read; one operation in 1000 replaces a value.
 * A module's or a class's namespace in a threaded program. */
#include "bench/workloads/common.h"

enum { READ_MOSTLY_KEYS = 1024, READ_MOSTLY_WRITE_EVERY = 1000 };

struct read_mostly_shared {
    struct set keys, values;
    struct object *dict;
};

struct read_mostly_state {
    uint16_t order[DRAWS]; /* of keys; drawn before the window */
    size_t next;
    uint64_t until_write;
    size_t writes;
};

static int read_mostly_prepare(struct trial *trial)
{
    struct read_mostly_shared *shared = state_alloc(sizeof *shared);
    trial->shared = shared;
    if (shared == NULL || set_make(&shared->keys, READ_MOSTLY_KEYS) != 0 ||
        set_make(&shared->values, READ_MOSTLY_KEYS) != 0 || (shared->dict = dict_new()) == NULL)
        return -1;
    for (size_t i = 0; i < READ_MOSTLY_KEYS; i++)
        if (dict_set(shared->dict, shared->keys.items[i], shared->values.items[i]) != 0)
            return -1;
    return object_publish(shared->dict);
}

static int read_mostly_start(struct worker *worker)
{
    struct read_mostly_state *state = state_alloc(sizeof *state);
    worker->state = state;
    if (state == NULL)
        return -1;
    for (size_t i = 0; i < DRAWS; i++)
        state->order[i] = (uint16_t)random_below(&worker->random, READ_MOSTLY_KEYS);
    /* Threads write at different times. */
    state->until_write = random_below(&worker->random, READ_MOSTLY_WRITE_EVERY) + 1;
    return 0;
}

static uint64_t read_mostly_batch(struct worker *worker, uint64_t n)
{
    struct read_mostly_shared *shared = worker->trial->shared;
    struct read_mostly_state *state = worker->state;
    for (uint64_t i = 0; i < n; i++) {
        size_t index = state->order[state->next];
        state->next = (state->next + 1) % DRAWS;
        struct object *key = shared->keys.items[index];
        if (UNLIKELY(--state->until_write == 0)) {
            state->until_write = READ_MOSTLY_WRITE_EVERY;
            struct object *fresh = shared->values.items[(index + ++state->writes) % READ_MOSTLY_KEYS];
            if (dict_set(shared->dict, key, fresh) != 0)
                trial_fail(worker->trial, "out of memory for a dict");
            continue;
        }
        struct object *value = dict_get(shared->dict, key);
        OPAQUE(value);
        if (LIKELY(value != NULL))
            object_decref(value);
        else
            trial_fail(worker->trial, "a key of the dict has no value");
    }
    return n;
}

static void read_mostly_stop(struct worker *worker)
{
    state_free(worker->state, sizeof(struct read_mostly_state));
}

static void read_mostly_finish(struct trial *trial)
{
    struct read_mostly_shared *shared = trial->shared;
    if (shared == NULL)
        return;
    if (shared->dict != NULL)
        object_decref(shared->dict);
    set_drop(trial, &shared->keys);
    set_drop(trial, &shared->values);
    state_free(shared, sizeof *shared);
}

static const struct workload read_mostly_workload = {
    .name = "read_mostly",
    .driver = "scaling",
    .summary = "read a value from a shared dict; one time in 1000 replace it",
    .points = no_points,
    .threads_min = 1,
    .prepare = read_mostly_prepare,
    .start = read_mostly_start,
    .batch = read_mostly_batch,
    .stop = read_mostly_stop,
    .finish = read_mostly_finish,
};
