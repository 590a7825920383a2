/* gc_tax: the same program without a single cycle, with the collector on and off: what it costs those who do not need
 * it. The program answers requests: each makes 500 records, a tuple with an int and a list of three, keeps them all
 * until the answer is complete, and drops them. Beside it lives a heap of 20,000 lists, which a full collection has to
 * walk. */
#include "bench/workloads/collecting.h"
#include "bench/workloads/graph.h"

enum { GC_TAX_RECORDS = 500, GC_TAX_CONTAINERS = 2, GC_TAX_ITEMS = 3, GC_TAX_HEAP = 20000 };

static const struct point gc_tax_points[] = {
    {"gc=on", PROFILE_STANDARD},
    {"gc=off", PROFILE_STANDARD},
    {NULL, PROFILE_QUICK},
};

static int gc_tax_prepare(struct trial *trial)
{
    collecting_begin(trial);
    return 0;
}

struct gc_tax_state {
    struct object *heap; /* owned */
};

static int gc_tax_start(struct worker *worker)
{
    struct gc_tax_state *state = state_alloc(sizeof *state);
    worker->state = state;
    if (state != NULL)
        state->heap = graph_heap(GC_TAX_HEAP, &worker->random, worker->trial->interrupted);
    return state != NULL && state->heap != NULL ? 0 : -1;
}

/* Owned; NULL: no memory. */
static struct object *gc_tax_record(uint64_t number)
{
    struct object *record = tuple_new(GC_TAX_CONTAINERS), *list = record != NULL ? list_new() : NULL;
    struct object *value = list != NULL ? own_int(number) : NULL;
    bool failed = value == NULL;
    for (int i = 0; !failed && i < GC_TAX_ITEMS; i++)
        failed = list_append(list, value) != 0;
    if (failed) {
        object_xdecref(value);
        object_xdecref(list);
        object_xdecref(record);
        return NULL;
    }
    tuple_fill(record, 0, value);
    tuple_fill(record, 1, list);
    return record;
}

/* -1: no memory. */
static int gc_tax_request(void)
{
    struct object *answer = list_new();
    int status = answer != NULL ? 0 : -1;
    for (uint64_t i = 0; status == 0 && i < GC_TAX_RECORDS; i++) {
        struct object *record = gc_tax_record(i);
        status = record != NULL ? list_append(answer, record) : -1;
        object_xdecref(record);
    }
    object_xdecref(answer);
    return status;
}

/* The safepoint within a request: an interpreter has one in every loop, and collects there. */
static uint64_t gc_tax_batch(struct worker *worker, uint64_t n)
{
    uint64_t done = 0;
    while (done < n) {
        if (gc_tax_request() != 0) {
            trial_fail(worker->trial, "out of memory for a request");
            break;
        }
        done += GC_TAX_RECORDS * GC_TAX_CONTAINERS + 1;
        thread_safepoint(worker->thread);
    }
    return done;
}

static void gc_tax_stop(struct worker *worker)
{
    struct gc_tax_state *state = worker->state;
    if (state != NULL)
        object_xdecref(state->heap);
    state_free(state, sizeof *state);
}

static void gc_tax_finish(struct trial *trial)
{
    if (collecting_end(trial) != 0)
        trial_fail(trial, "the collector found garbage in a program without cycles");
}

static const struct workload gc_tax_workload = {
    .name = "gc_tax",
    .driver = "memory",
    .summary = "make one container of a program without cycles, and drop it",
    .points = gc_tax_points,
    .threads_min = 1,
    .threads_max = 1,
    .unable = needs_collector,
    .prepare = gc_tax_prepare,
    .start = gc_tax_start,
    .batch = gc_tax_batch,
    .stop = gc_tax_stop,
    .finish = gc_tax_finish,
};
