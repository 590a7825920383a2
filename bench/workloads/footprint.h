/* footprint: what one object takes in memory. 50,000 objects of one type are made before the window and kept; what the
 * program asked for, what the allocator gave, and how much more of the process is resident, is divided by their number.
 * What they refer to is shared (None and small ints) and takes nothing more. An operation is one more such object, made
 * and dropped. */
#include "bench/workloads/in_use.h"
#include "bench/workloads/weakly.h"

enum { FOOTPRINT_OBJECTS = 50000, FOOTPRINT_ITEMS = 4 };

static const struct point footprint_points[] = {
    {"type=int", PROFILE_STANDARD},  {"type=str", PROFILE_STANDARD},  {"type=tuple", PROFILE_STANDARD},
    {"type=list", PROFILE_STANDARD}, {"type=dict", PROFILE_STANDARD}, {"type=instance", PROFILE_STANDARD},
    {NULL, PROFILE_QUICK},
};

struct footprint_state {
    struct object *class_; /* of the instances, whose one slot is empty; else NULL */
    struct set set;
    struct object *(*make)(struct footprint_state *state);
    double requested, usable, resident; /* bytes of one object; 0: not known */
};

static struct object *footprint_int(struct footprint_state *state) { return own_int(state->set.length); }

static struct object *footprint_str(struct footprint_state *state)
{
    (void)state;
    return str_new("sixteen letters.", 16);
}

static struct object *footprint_tuple(struct footprint_state *state)
{
    (void)state;
    struct object *tuple = tuple_new(FOOTPRINT_ITEMS);
    for (size_t i = 0; tuple != NULL && i < FOOTPRINT_ITEMS; i++)
        tuple_fill(tuple, i, object_incref(none()));
    return tuple;
}

static struct object *footprint_list(struct footprint_state *state)
{
    (void)state;
    struct object *list = list_new();
    for (size_t i = 0; list != NULL && i < FOOTPRINT_ITEMS; i++) {
        if (list_append(list, none()) != 0) {
            object_decref(list);
            return NULL;
        }
    }
    return list;
}

static struct object *footprint_dict(struct footprint_state *state)
{
    (void)state;
    struct object *dict = dict_new();
    for (int64_t i = 0; dict != NULL && i < FOOTPRINT_ITEMS; i++) {
        struct object *key = int_get(i);
        int status = dict_set(dict, key, none());
        object_decref(key);
        if (status != 0) {
            object_decref(dict);
            return NULL;
        }
    }
    return dict;
}

static struct object *footprint_instance(struct footprint_state *state) { return instance_new(state->class_); }

static void footprint_choose(const struct trial *trial, struct footprint_state *state)
{
    static const struct {
        const char *type;
        struct object *(*make)(struct footprint_state *state);
    } types[] = {
        {"int", footprint_int},   {"str", footprint_str},   {"tuple", footprint_tuple},
        {"list", footprint_list}, {"dict", footprint_dict}, {"instance", footprint_instance},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (trial_param_is(trial, "type", types[i].type))
            state->make = types[i].make;
}

static double footprint_each(uint64_t before, uint64_t after)
{
    return after > before ? (double)(after - before) / FOOTPRINT_OBJECTS : 0;
}

static int footprint_make_all(struct footprint_state *state)
{
    uint64_t requested = in_use_requested(), usable = in_use_bytes(), resident = memory_resident();
    while (state->set.length < FOOTPRINT_OBJECTS) {
        struct object *o = state->make(state);
        if (o == NULL)
            return -1;
        state->set.items[state->set.length++] = o;
    }
    state->requested = footprint_each(requested, in_use_requested());
    state->usable = footprint_each(usable, in_use_bytes());
    state->resident = footprint_each(resident, memory_resident());
    return 0;
}

static int footprint_start(struct worker *worker)
{
    struct footprint_state *state = state_alloc(sizeof *state);
    worker->state = state;
    if (state == NULL || set_reserve(&state->set, FOOTPRINT_OBJECTS) != 0)
        return -1;
    memset(state->set.items, 0, FOOTPRINT_OBJECTS * sizeof *state->set.items); /* resident from here on */
    footprint_choose(worker->trial, state);
    if (state->make == footprint_instance && (state->class_ = weakly_class()) == NULL)
        return -1;
    return footprint_make_all(state);
}

static uint64_t footprint_batch(struct worker *worker, uint64_t n)
{
    struct footprint_state *state = worker->state;
    for (uint64_t i = 0; i < n; i++) {
        struct object *o = state->make(state);
        if (o == NULL) {
            trial_fail(worker->trial, "out of memory for an object");
            return i;
        }
        OPAQUE(o);
        object_decref(o);
    }
    return n;
}

static void footprint_tell(struct trial *trial, const char *key, double bytes)
{
    if (bytes > 0)
        trial_measure(trial, key, bytes);
}

static void footprint_stop(struct worker *worker)
{
    struct footprint_state *state = worker->state;
    if (state == NULL)
        return;
    footprint_tell(worker->trial, "requested_bytes", state->requested);
    footprint_tell(worker->trial, "usable_bytes", state->usable);
    if (!RC_TRACED) /* its heap does not shrink: what is resident was another trial's */
        footprint_tell(worker->trial, "resident_bytes", state->resident);
    set_drop(worker->trial, &state->set);
    object_xdecref(state->class_);
    state_free(state, sizeof *state);
}

static const struct workload footprint_workload = {
    .name = "footprint",
    .driver = "memory",
    .summary = "make one object of a type and drop it; measures: bytes of each",
    .points = footprint_points,
    .threads_min = 1,
    .threads_max = 1,
    .prepare = prepare_nothing,
    .start = footprint_start,
    .batch = footprint_batch,
    .stop = footprint_stop,
    .finish = finish_nothing,
};
