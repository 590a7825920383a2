/* What several workloads use: audits, working sets. */
#ifndef RCBENCH_BENCH_WORKLOADS_COMMON_H
#define RCBENCH_BENCH_WORKLOADS_COMMON_H

#include "bench/workloads/set_length.h"
#include "core/model.h"

static const struct point no_points[] UNUSED = {{"", PROFILE_QUICK}, {NULL, PROFILE_QUICK}};

static UNUSED int prepare_nothing(struct trial *trial)
{
    (void)trial;
    return 0;
}

static UNUSED int start_nothing(struct worker *worker)
{
    (void)worker;
    return 0;
}

static UNUSED void stop_nothing(struct worker *worker) { (void)worker; }
static UNUSED void finish_nothing(struct trial *trial) { (void)trial; }

/* Called while nobody else counts `o`: it must have `expected` references, where the scheme can tell. */
static UNUSED void audit_count(struct trial *trial, const char *what, struct object *o, int64_t expected)
{
    int64_t count = rc_audit(&o->rc);
    if (RC_EXACT_AUDIT && count != RC_AUDIT_IMMORTAL && count != expected)
        trial_fail(trial, "%s has %lld references, %lld are right", what, (long long)count, (long long)expected);
}

/* ---- working sets: objects of one thread, reached through an array of pointers ----------------------- */

struct set {
    size_t length;
    struct object **items; /* each an owned reference; NULL: the set has not been made */
    size_t capacity;
};

/* An owned int with a count of its own: above the small ints, which are shared. */
static inline struct object *own_int(uint64_t i) { return int_new((int64_t)(i + SMALL_INT_MAX + 1)); }

/* The array alone. */
static UNUSED void set_free(struct set *set)
{
    state_free(set->items, set->capacity * sizeof *set->items);
    *set = (struct set){0};
}

static UNUSED void set_drop(struct trial *trial, struct set *set)
{
    for (size_t i = 0; i < set->length; i++) {
        audit_count(trial, "an object of the set", set->items[i], 1);
        object_decref(set->items[i]);
    }
    set_free(set);
}

/* Room for `capacity` objects. -1: no memory. */
static UNUSED int set_reserve(struct set *set, size_t capacity)
{
    set->length = 0;
    set->capacity = capacity ? capacity : 1;
    set->items = state_alloc(set->capacity * sizeof *set->items);
    return set->items != NULL ? 0 : -1;
}

/* Makes objects until there are `length`, for which there is room. -1: no memory; the set is then shorter and still
 * to be dropped. */
static UNUSED int set_fill(struct set *set, size_t length)
{
    while (set->length < length) {
        struct object *o = own_int(set->length);
        if (o == NULL)
            return -1;
        set->items[set->length++] = o;
    }
    return 0;
}

static UNUSED int set_make(struct set *set, size_t length)
{
    return set_reserve(set, length) == 0 ? set_fill(set, length) : -1;
}

/* How many random choices a thread draws before the window, where branches of the timed loop depend on them (a probe
 * that goes on, an owner who is somebody else). Branch predictors learn shorter orders by heart: with 4096 draws a
 * dict update had 26 % fewer nanoseconds than it has for a program, and it depended on the addresses of the code how
 * many. docs/method.md has the figures. */
enum { DRAWS = 1 << 16 };

/* Fisher and Yates. */
static UNUSED void set_shuffle(struct set *set, uint64_t *random)
{
    for (size_t i = set->length; i > 1; i--) {
        size_t j = random_below(random, i);
        struct object *swap = set->items[i - 1];
        set->items[i - 1] = set->items[j];
        set->items[j] = swap;
    }
}

/* For workloads whose own state is one set. */
static UNUSED int start_set(struct worker *worker, size_t length)
{
    struct set *set = state_alloc(sizeof *set);
    worker->state = set;
    return set != NULL ? set_make(set, length) : -1;
}

static UNUSED void stop_set(struct worker *worker)
{
    struct set *set = worker->state;
    if (set != NULL)
        set_drop(worker->trial, set);
    state_free(set, sizeof *set);
}

/* For workloads whose threads share one set: made on worker 0's main thread, which then waits, detached,
 * while the workers run: to all of them these are a stranger's objects. */
static UNUSED int prepare_set(struct trial *trial, size_t length)
{
    struct set *set = state_alloc(sizeof *set);
    trial->shared = set;
    if (set == NULL || set_make(set, length) != 0)
        return -1;
    for (size_t i = 0; i < set->length; i++)
        if (object_publish(set->items[i]) != 0)
            return -1;
    return 0;
}

static UNUSED void finish_set(struct trial *trial)
{
    struct set *set = trial->shared;
    if (set != NULL)
        set_drop(trial, set);
    state_free(set, sizeof *set);
}

#endif
