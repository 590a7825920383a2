/* weakref_read: follow a weak reference to an object that lives, and drop what it gives: of an object of the thread's
 * own, or of one that all threads follow through the same weak reference. */
#include "bench/workloads/weakly.h"

static const struct point weakref_read_points[] = {
    {"of=own", PROFILE_STANDARD},
    {"of=shared", PROFILE_STANDARD},
    {NULL, PROFILE_QUICK},
};

struct weakref_read_state {
    struct object *class_, *target, *weak; /* owned, or NULL */
};

/* What is missing stays NULL. -1: no memory. */
static int weakref_read_make(struct weakref_read_state *made)
{
    made->class_ = weakly_class();
    made->target = made->class_ != NULL ? instance_new(made->class_) : NULL;
    made->weak = made->target != NULL ? weakref_new(made->target, NULL, NULL) : NULL;
    return made->weak != NULL ? 0 : -1;
}

static void weakref_read_drop(struct trial *trial, struct weakref_read_state *made)
{
    if (made->target != NULL)
        audit_count(trial, "the target of the weak reference", made->target, 1);
    object_xdecref(made->target);
    struct object *back = made->weak != NULL && made->target != NULL ? weakref_get(made->weak) : NULL;
    if (back != NULL && !RC_LATE)
        trial_fail(trial, "a weak reference led to an object whose last reference was gone");
    object_xdecref(back);
    object_xdecref(made->weak);
    object_xdecref(made->class_);
}

static bool weakref_read_shared(const struct trial *trial) { return trial_param_is(trial, "of", "shared"); }

static int weakref_read_prepare(struct trial *trial)
{
    struct weakref_read_state *shared = state_alloc(sizeof *shared);
    trial->shared = shared;
    if (shared == NULL)
        return -1;
    return weakref_read_shared(trial) ? weakref_read_make(shared) : 0;
}

static int weakref_read_start(struct worker *worker)
{
    struct weakref_read_state *state = state_alloc(sizeof *state);
    worker->state = state;
    if (state == NULL)
        return -1;
    return weakref_read_shared(worker->trial) ? 0 : weakref_read_make(state);
}

static uint64_t weakref_read_batch(struct worker *worker, uint64_t n)
{
    const struct weakref_read_state *own = worker->state;
    struct object *weak = own->weak;
    if (weak == NULL)
        weak = ((const struct weakref_read_state *)worker->trial->shared)->weak;
    for (uint64_t i = 0; i < n; i++) {
        struct object *target = weakref_get(weak);
        if (UNLIKELY(target == NULL)) {
            trial_fail(worker->trial, "a weak reference led to nothing while its object lived");
            return i;
        }
        OPAQUE(target);
        object_decref(target);
    }
    return n;
}

static void weakref_read_stop(struct worker *worker)
{
    if (worker->state != NULL)
        weakref_read_drop(worker->trial, worker->state);
    state_free(worker->state, sizeof(struct weakref_read_state));
}

static void weakref_read_finish(struct trial *trial)
{
    if (trial->shared != NULL)
        weakref_read_drop(trial, trial->shared);
    state_free(trial->shared, sizeof(struct weakref_read_state));
}

static const struct workload weakref_read_workload = {
    .name = "weakref_read",
    .driver = "memory",
    .summary = "follow a weak reference to a live object and drop what it gives",
    .points = weakref_read_points,
    .threads_min = 1,
    .prepare = weakref_read_prepare,
    .start = weakref_read_start,
    .batch = weakref_read_batch,
    .stop = weakref_read_stop,
    .finish = weakref_read_finish,
};
