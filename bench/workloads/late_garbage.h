/* late_garbage: how late an object dies after its last reference was dropped by a thread that does not own it, and how
 * many such objects wait. The owner makes 256 objects, hands them over and is then away for a while: busy, with nothing
 * that merges (no safepoint), or detached, in the kernel. The stranger drops what it gets. A scheme that frees at once
 * has nothing to wait for; one that queues to the owner waits until that is back.
 *
 * Each object carries the time of its drop, and its destruction looks at the clock: the latency is the time in
 * between. */
#include "bench/noise/native_work.h"
#include "bench/workloads/ring.h"

enum { LATE_BURST = 256 };

static const struct point late_garbage_points[] = {
    {"owner=busy;hold_us=1000", PROFILE_STANDARD},
    {"owner=detached;hold_us=1000", PROFILE_STANDARD},
    {"owner=busy;hold_us=10000", PROFILE_FULL},
    {NULL, PROFILE_QUICK},
};

struct late_object {
    struct object head;
    uint64_t dropped_ns; /* 0: not yet */
};

/* The worker that runs on this OS thread, for the destruction, which may be anywhere that merges. */
static _Thread_local struct worker *late_worker;

static void late_dealloc(struct object *self)
{
    struct late_object *o = (struct late_object *)self;
    if (late_worker != NULL && late_worker->latency != NULL && o->dropped_ns != 0)
        histogram_add(late_worker->latency, clock_ns() - o->dropped_ns);
    object_free(o, sizeof *o);
}

static const struct type late_type = {.name = "late", .size = sizeof(struct late_object), .dealloc = late_dealloc};

struct late_state {
    bool busy;
    uint64_t hold_ns, steps;
    struct object *kept; /* made, but there was no room */
};

static uint64_t late_hold_ns(const struct trial *trial) { return trial_param_u64(trial, "hold_us") * 1000; }

/* A hundred absences. */
static uint64_t late_window_ns(const struct trial *trial) { return late_hold_ns(trial) * 100; }

static int late_prepare(struct trial *trial)
{
    (void)native_steps_per_us();
    trial->shared = rings_make(1);
    return trial->shared != NULL ? 0 : -1;
}

static int late_start(struct worker *worker)
{
    const struct trial *trial = worker->trial;
    struct late_state *state = state_alloc(sizeof *state);
    worker->state = state;
    worker->role = worker->index == 0 ? "owner" : "stranger";
    late_worker = worker;
    if (state == NULL)
        return -1;
    state->busy = trial_param_is(trial, "owner", "busy");
    state->hold_ns = late_hold_ns(trial);
    state->steps = (uint64_t)(native_steps_per_us() * (double)state->hold_ns / 1000);
    return 0;
}

/* Owned, and published; NULL: no memory. */
static struct object *late_make(void)
{
    struct late_object *o = object_new(&late_type, sizeof *o);
    if (o == NULL)
        return NULL;
    o->dropped_ns = 0;
    if (object_publish(&o->head) == 0)
        return &o->head;
    object_decref(&o->head);
    return NULL;
}

static void late_hold(struct worker *worker, const struct late_state *state)
{
    if (state->busy) {
        uint64_t end = native_spin(state->steps);
        OPAQUE(&end);
        return;
    }
    thread_detach(worker->thread);
    native_block_ns(state->hold_ns);
    thread_attach(worker->thread);
}

static uint64_t late_own(struct worker *worker, struct late_state *state)
{
    struct ring *ring = worker->trial->shared;
    uint64_t done = 0;
    for (; done < LATE_BURST; done++) {
        struct object *o = state->kept != NULL ? state->kept : late_make();
        state->kept = NULL;
        if (o == NULL) {
            trial_fail(worker->trial, "out of memory for an object");
            return done;
        }
        if (!ring_push(ring, o)) {
            state->kept = o;
            break;
        }
    }
    late_hold(worker, state);
    return done;
}

static uint64_t late_drop(struct worker *worker, uint64_t n)
{
    struct ring *ring = worker->trial->shared;
    uint64_t done = 0;
    struct object *o;
    for (; done < n && (o = ring_pop(ring)) != NULL; done++) {
        ((struct late_object *)o)->dropped_ns = clock_ns();
        object_decref(o);
    }
    if (done == 0)
        ring_wait(worker);
    return done;
}

static uint64_t late_batch(struct worker *worker, uint64_t n)
{
    return worker->index == 0 ? late_own(worker, worker->state) : late_drop(worker, ring_batch(n));
}

static void late_stop(struct worker *worker)
{
    struct late_state *state = worker->state;
    if (state != NULL)
        object_xdecref(state->kept);
    state_free(state, sizeof *state);
    late_worker = NULL;
}

static void late_finish(struct trial *trial) { rings_drop(trial->shared, 1); }

static const struct workload late_garbage_workload = {
    .name = "late_garbage",
    .driver = "memory",
    .summary = "make an object, or drop one, while the owner is away; latency: from the last drop to the death",
    .points = late_garbage_points,
    .threads_min = 2,
    .threads_max = 2,
    .needs_deaths = true,
    .latency = "death",
    .staggered = true,
    .window_ns = late_window_ns,
    .prepare = late_prepare,
    .start = late_start,
    .batch = late_batch,
    .stop = late_stop,
    .finish = late_finish,
};
