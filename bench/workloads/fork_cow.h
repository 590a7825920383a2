/* fork_cow: a server builds its heap, forks, and the children only read: which pages do they write all the same? Counts
 * are written by readers, so pages that the kernel shares until somebody writes them are copied (Instagram, 2017:
 * "Dismissing Python Garbage Collection at Instagram"; PEP 683 made their None and code immortal for it).
 *
 * The heap is a list of records, each a list of an int, a float and a str: four objects. An operation is one child: it
 * reads every record through references of its own, with gc=on and gc=frozen makes one full collection, as comes in the
 * life of a process, and then asks the kernel for its private dirty pages (smaps_rollup), beyond those that it had
 * before it read. The latency is the life of the child.
 *
 *   gc=off            no collection in the child
 *   gc=on             the heap is the oldest generation
 *   gc=frozen         gc_freeze before the fork, as CPython's gc.freeze (bpo-31558)
 *   immortal=1        every object of the heap is made immortal before the fork */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/workloads/collecting.h"
#include "bench/workloads/in_use.h"

enum { COW_FIELDS = 3, COW_STR_BYTES = 16 };

static const struct point fork_cow_points[] = {
    {"gc=off;immortal=0;objects=200000", PROFILE_STANDARD}, {"gc=on;immortal=0;objects=200000", PROFILE_STANDARD},
    {"gc=frozen;immortal=0;objects=200000", PROFILE_STANDARD}, {"gc=off;immortal=1;objects=200000", PROFILE_STANDARD},
    {"gc=on;immortal=1;objects=200000", PROFILE_STANDARD}, {"gc=frozen;immortal=1;objects=200000", PROFILE_STANDARD},
    {NULL, PROFILE_QUICK},
};

/* What a child tells its parent through a pipe. */
struct cow_told {
    uint64_t dirty_bytes;
    uint64_t checksum; /* of what it has read */
    uint64_t wrong;    /* counts of the heap, and objects that it has lost or freed */
    uint64_t audit_ns; /* what it took to find out, which is no part of its life */
};

struct cow_state {
    struct object *heap;      /* owned: the list */
    struct object **records;  /* its items, borrowed from it, or immortal */
    size_t length, room;
    bool collects, immortal;
    uint64_t checksum;
    uint64_t heap_bytes;      /* as the allocator gave them; as they were asked for where it does not tell */
    uint64_t children, dirty_bytes, lives_ns;
};

static uint64_t cow_objects(const struct trial *trial) { return trial_param_u64(trial, "objects"); }

static uint64_t cow_window_ns(const struct trial *trial)
{
    enum { NS_PER_OBJECT = 100, CHILDREN = 5 };
    return cow_objects(trial) * NS_PER_OBJECT * CHILDREN;
}

static const char *cow_unable(const struct trial *trial)
{
    if (trial_param_is(trial, "immortal", "1") && !RC_IMMORTAL)
        return RC_TEXT(RC_VARIANT) " has no immortal objects";
    return trial_param_is(trial, "gc", "off") ? NULL : needs_collector(trial);
}

/* ---- the heap ------------------------------------------------------------------------------------ */

/* Owned; NULL: no memory. */
static struct object *cow_record(uint64_t number)
{
    struct object *record = list_new();
    struct object *fields[COW_FIELDS] = {own_int(number), float_new((double)number),
                                         str_new("a string of text", COW_STR_BYTES)};
    bool complete = record != NULL;
    for (size_t i = 0; i < COW_FIELDS; i++) {
        complete = complete && fields[i] != NULL && list_append(record, fields[i]) == 0;
        object_xdecref(fields[i]);
    }
    if (complete)
        return record;
    object_xdecref(record);
    return NULL;
}

static int cow_build(struct cow_state *state, size_t records)
{
    uint64_t in_use = in_use_bytes(), requested = in_use_requested();
    state->room = records;
    state->records = state_alloc(records * sizeof *state->records);
    state->heap = state->records != NULL ? list_new() : NULL;
    if (state->heap == NULL)
        return -1;
    for (; state->length < records; state->length++) {
        struct object *record = cow_record(state->length);
        int status = record != NULL ? list_append(state->heap, record) : -1;
        state->records[state->length] = record;
        object_xdecref(record);
        if (status != 0)
            return -1;
    }
    state->heap_bytes = in_use != 0 ? in_use_bytes() - in_use : in_use_requested() - requested;
    return 0;
}

/* Its count is gone then: looked at before. */
static void cow_immortalize(struct trial *trial, struct object *o)
{
    object_incref(o);
    audit_count(trial, "an object of the heap", o, 2);
    object_immortalize(o);
}

/* -1: no memory to publish them. */
static int cow_immortalize_all(struct trial *trial, struct cow_state *state)
{
    if (object_publish(state->heap) != 0)
        return -1;
    for (size_t i = 0; i < state->length; i++) {
        for (size_t field = 0; field < COW_FIELDS; field++)
            cow_immortalize(trial, list_of(state->records[i])->items[field]);
        cow_immortalize(trial, state->records[i]);
    }
    return 0;
}

/* Immortal objects are nobody's to free but whoever made them so. */
static void cow_free_immortals(struct cow_state *state)
{
    static const size_t sizes[COW_FIELDS - 1] = {sizeof(struct int_object), sizeof(struct float_object)};
    for (size_t i = 0; i < state->length; i++) {
        struct list_object *record = list_of(state->records[i]);
        for (size_t field = 0; field < COW_FIELDS; field++)
            object_free(record->items[field], field < COW_FIELDS - 1 ? sizes[field] : str_size(COW_STR_BYTES));
        list_free_items(record->items, record->capacity);
        object_untrack(&record->base.tracked);
        object_free(record, sizeof *record);
    }
}

/* ---- the child ----------------------------------------------------------------------------------- */

/* As an interpreter reads: each object under a reference. Returns a sum of what there is to read. */
static uint64_t cow_read(const struct cow_state *state)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < state->length; i++) {
        struct object *record = list_get(state->heap, i);
        for (size_t field = 0; field < COW_FIELDS; field++) {
            struct object *o = list_get(record, field);
            OPAQUE(o);
            sum += o->type->hash(o);
            object_decref(o);
        }
        object_decref(record);
    }
    return sum;
}

static uint64_t cow_is_wrong(struct object *o)
{
    int64_t count = rc_audit(&o->rc);
    return RC_EXACT_AUDIT && count != RC_AUDIT_IMMORTAL && count != 1;
}

/* How many objects of the heap have another count than 1, between two readings. Writes to no page. */
static uint64_t cow_wrong_counts(const struct cow_state *state)
{
    uint64_t wrong = 0;
    for (size_t i = 0; i < state->length; i++) {
        wrong += cow_is_wrong(state->records[i]);
        for (size_t field = 0; field < COW_FIELDS; field++)
            wrong += cow_is_wrong(list_of(state->records[i])->items[field]);
    }
    return wrong;
}

/* The child's own counts die with it, so it looks at them itself. */
static void cow_audit(const struct cow_state *state, uint64_t held, struct cow_told *told)
{
    uint64_t begin = clock_ns();
    told->wrong = memory_held(memory_self()) != held ? 1 : cow_wrong_counts(state);
    told->audit_ns = clock_ns() - begin;
}

/* Does not return. It uses nothing that would allocate, beyond what the model does. */
static void cow_child(const struct cow_state *state, int pipe_end)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* where the parent takes it for hung */
    uint64_t before = memory_private_dirty(), held = memory_held(memory_self());
    struct cow_told told = {.checksum = cow_read(state)};
    if (state->collects && gc_collect(GC_OLD) < 0)
        _exit(1);
    uint64_t after = memory_private_dirty();
    told.dirty_bytes = after > before ? after - before : 0;
    cow_audit(state, held, &told);
    bool written = write(pipe_end, &told, sizeof told) == (ssize_t)sizeof told;
    _exit(written && before != 0 ? 0 : 1);
}

/* Returns the child's number, or -1; in the child it does not return. */
static pid_t cow_fork(struct thread *self, const struct cow_state *state, const int ends[2])
{
    world_stop(self);
    thread_before_fork(self);
    pid_t child = fork();
    thread_after_fork(self, child == 0);
    if (child == 0)
        cow_child(state, ends[1]);
    world_resume(self);
    return child;
}

/* Waits for the child. False: it has not said what it should. */
static bool cow_hear(pid_t child, int end, struct cow_told *told)
{
    bool heard = read(end, told, sizeof *told) == (ssize_t)sizeof *told;
    int status = 0;
    return waitpid(child, &status, 0) == child && status == 0 && heard;
}

static uint64_t cow_batch(struct worker *worker, uint64_t n)
{
    struct cow_state *state = worker->state;
    struct cow_told told = {0};
    int ends[2];
    (void)n; /* one child is long enough */
    if (pipe(ends) != 0) {
        trial_fail(worker->trial, "no pipe to a child");
        return 0;
    }
    uint64_t begin = clock_ns();
    pid_t child = cow_fork(worker->thread, state, ends);
    close(ends[1]);
    if (child < 0)
        trial_fail(worker->trial, "the process cannot be forked");
    else if (!cow_hear(child, ends[0], &told))
        trial_fail(worker->trial, "a child told nothing: no smaps_rollup here, or no memory");
    else if (told.checksum != state->checksum)
        trial_fail(worker->trial, "a child has read something else than its parent");
    else if (told.wrong != 0)
        trial_fail(worker->trial, "%llu counts of a child are wrong", (unsigned long long)told.wrong);
    close(ends[0]);
    uint64_t life = clock_ns() - begin - told.audit_ns;
    worker->excluded_ns += told.audit_ns;
    histogram_add(worker->latency, life);
    state->lives_ns += life;
    state->children++;
    state->dirty_bytes += told.dirty_bytes;
    return 1;
}

/* ---- the trial ----------------------------------------------------------------------------------- */

static int cow_start(struct worker *worker)
{
    struct trial *trial = worker->trial;
    struct cow_state *state = state_alloc(sizeof *state);
    worker->state = state;
    if (state == NULL || cow_build(state, cow_objects(trial) / (COW_FIELDS + 1)) != 0)
        return -1;
    state->checksum = cow_read(state);
    uint64_t wrong = cow_wrong_counts(state); /* before immortality hides them */
    if (wrong != 0)
        trial_fail(trial, "%llu counts of the heap are wrong", (unsigned long long)wrong);
    state->collects = !trial_param_is(trial, "gc", "off");
    state->immortal = trial_param_is(trial, "immortal", "1");
    if (state->immortal && cow_immortalize_all(trial, state) != 0) {
        state->immortal = false;
        return -1;
    }
    if (state->collects)
        collect_now(worker); /* all of it is old from now on */
    if (trial_param_is(trial, "gc", "frozen"))
        gc_freeze();
    return 0;
}

static void cow_stop(struct worker *worker)
{
    struct cow_state *state = worker->state;
    if (state == NULL)
        return;
    if (state->children > 0 && state->heap_bytes > 0) {
        double dirty = (double)state->dirty_bytes / (double)state->children, heap = (double)state->heap_bytes;
        trial_measure(worker->trial, "heap_kib", heap / 1024);
        trial_measure(worker->trial, "dirty_kib", dirty / 1024);
        trial_measure(worker->trial, "percent_dirtied", 100 * dirty / heap);
        trial_measure(worker->trial, "child_ms", (double)state->lives_ns / (double)state->children * 1e-6);
    }
    gc_unfreeze();
    object_xdecref(state->heap);
    if (state->immortal)
        cow_free_immortals(state);
    state_free(state->records, state->room * sizeof *state->records);
    state_free(state, sizeof *state);
}

static const struct workload fork_cow_workload = {
    .name = "fork_cow",
    .driver = "memory",
    .summary = "fork a child that only reads the heap; measures: how much of it that child dirties",
    .points = fork_cow_points,
    .threads_min = 1,
    .threads_max = 1,
    .latency = "life of a child",
    .staggered = true,
    .unable = cow_unable,
    .objects = cow_objects,
    .window_ns = cow_window_ns,
    .prepare = prepare_nothing,
    .start = cow_start,
    .batch = cow_batch,
    .stop = cow_stop,
    .finish = finish_nothing,
};
