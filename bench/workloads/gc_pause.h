/* gc_pause: full collections of a heap that lives, beside threads that work: how long the world stands still, and how
 * that grows with the heap.
 *
 * The first worker collects, with a pause of 2 ms in between in which it counts like the others, so that these are at
 * work when the next collection asks them to stop; those 2 ms are not timed. Its operation is one collection. In the
 * same trial, before the window, a plain search of the same graph is timed: the least that any collector must do. */
#include "bench/workloads/collecting.h"
#include "bench/workloads/graph.h"
#include "bench/workloads/heap_search.h"
#include "bench/workloads/pair_loop.h"

enum { GC_PAUSE_SET = 256, GC_PAUSE_GAP_NS = 2000000, GC_PAUSE_NS_PER_OBJECT = 150 };

static const struct point gc_pause_points[] = {
    {"objects=10000", PROFILE_STANDARD},
    {"objects=100000", PROFILE_STANDARD},
    {"objects=1000000", PROFILE_STANDARD},
    {"objects=10000000", PROFILE_FULL},
    {NULL, PROFILE_QUICK},
};

struct gc_pause_state {
    struct set set;
    size_t next;
    struct object *heap;     /* owned; the collector's */
    uint64_t length;         /* of the heap */
    double search_ns;        /* a plain search of it */
    uint64_t least_ns;       /* of all collections, as search_ns is of several searches; 0: none yet */
};

static uint64_t gc_pause_length(const struct trial *trial) { return trial_param_u64(trial, "objects"); }

/* A list, its items and its entry, beside cell_object_bytes of one object. */
static uint64_t gc_pause_objects(const struct trial *trial) { return gc_pause_length(trial) * 3; }

/* Some ten collections with what lies between them. */
static uint64_t gc_pause_window_ns(const struct trial *trial)
{
    return 10 * (gc_pause_length(trial) * GC_PAUSE_NS_PER_OBJECT + GC_PAUSE_GAP_NS);
}

static int gc_pause_make_heap(struct worker *worker, struct gc_pause_state *state)
{
    state->length = gc_pause_length(worker->trial);
    state->heap = graph_heap(state->length, &worker->random, worker->trial->interrupted);
    if (state->heap == NULL)
        return -1;
    collect_now(worker); /* all of it is old from now on */
    uint64_t found = 0;
    state->search_ns = heap_search_ns(state->heap, state->length, &found);
    if (found != state->length && !*worker->trial->interrupted)
        trial_fail(worker->trial, "a search found %llu containers of a heap of %llu", (unsigned long long)found,
                   (unsigned long long)state->length);
    return state->search_ns > 0 ? 0 : -1;
}

static int gc_pause_start(struct worker *worker)
{
    struct gc_pause_state *state = state_alloc(sizeof *state);
    worker->state = state;
    worker->role = worker->index == 0 ? "collector" : "mutator";
    if (state == NULL || set_make(&state->set, GC_PAUSE_SET) != 0)
        return -1;
    return worker->index == 0 ? gc_pause_make_heap(worker, state) : 0;
}

/* Counts until the gap is over. */
static void gc_pause_gap(struct worker *worker, struct gc_pause_state *state)
{
    uint64_t begin = clock_ns();
    do {
        pair_cycle(state->set.items, GC_PAUSE_SET, &state->next, GC_PAUSE_SET);
        thread_safepoint(worker->thread);
    } while (clock_ns() - begin < GC_PAUSE_GAP_NS);
    worker->excluded_ns += clock_ns() - begin;
}

static uint64_t gc_pause_batch(struct worker *worker, uint64_t n)
{
    struct gc_pause_state *state = worker->state;
    if (worker->index != 0) {
        pair_cycle(state->set.items, GC_PAUSE_SET, &state->next, n);
        return n;
    }
    gc_pause_gap(worker, state);
    uint64_t begin = clock_ns();
    collect_now(worker);
    uint64_t took = clock_ns() - begin;
    histogram_add(worker->latency, took);
    state->least_ns = state->least_ns == 0 || took < state->least_ns ? took : state->least_ns;
    return 1;
}

static void gc_pause_stop(struct worker *worker)
{
    struct gc_pause_state *state = worker->state;
    if (state == NULL)
        return;
    if (worker->index == 0 && state->least_ns > 0 && !RC_TRACED) { /* there some calls return at once */
        double objects = (double)state->length;
        trial_measure(worker->trial, "collect_ns_per_object", (double)state->least_ns / objects);
        trial_measure(worker->trial, "traverse_ns_per_object", state->search_ns / objects);
    }
    object_xdecref(state->heap);
    set_drop(worker->trial, &state->set);
    state_free(state, sizeof *state);
}

static void gc_pause_finish(struct trial *trial)
{
    if (collecting_end(trial) != 0)
        trial_fail(trial, "the collector found garbage in a heap without cycles");
}

static const struct workload gc_pause_workload = {
    .name = "gc_pause",
    .driver = "memory",
    .summary = "one full collection of a live heap, beside threads that count",
    .points = gc_pause_points,
    .threads_min = 1,
    .latency = "collection",
    .staggered = true,
    .unable = needs_collector,
    .objects = gc_pause_objects,
    .window_ns = gc_pause_window_ns,
    .prepare = prepare_nothing,
    .start = gc_pause_start,
    .batch = gc_pause_batch,
    .stop = gc_pause_stop,
    .finish = gc_pause_finish,
};
