/* deep_free: the last reference to a graph is dropped, and all of it dies in that one operation: how long the thread
 * that drops it is away. The building is not timed. An operation is one object destroyed; the latency is that of the
 * drop. */
#include "bench/workloads/graph.h"

static const struct point deep_free_points[] = {
    {"shape=tree;objects=1023", PROFILE_STANDARD},    {"shape=tree;objects=65535", PROFILE_STANDARD},
    {"shape=tree;objects=1048575", PROFILE_FULL},     {"shape=chain;objects=1000", PROFILE_FULL},
    {"shape=chain;objects=100000", PROFILE_STANDARD}, {"shape=chain;objects=1000000", PROFILE_FULL},
    {NULL, PROFILE_QUICK},
};

static uint64_t deep_free_objects(const struct trial *trial) { return trial_param_u64(trial, "objects"); }

/* Ten drops and their buildings. */
static uint64_t deep_free_window_ns(const struct trial *trial)
{
    enum { NS_PER_OBJECT = 100, DROPS = 10 };
    return deep_free_objects(trial) * NS_PER_OBJECT * DROPS;
}

static struct object *deep_free_build(const struct trial *trial, uint64_t *count)
{
    uint64_t objects = deep_free_objects(trial);
    if (trial_param_is(trial, "shape", "chain"))
        return graph_chain(objects, count);
    unsigned depth = 1;
    while ((UINT64_C(2) << depth) - 1 <= objects)
        depth++;
    return graph_tree(depth, count);
}

static uint64_t deep_free_batch(struct worker *worker, uint64_t n)
{
    uint64_t done = 0, begin = clock_ns();
    (void)n; /* a graph is as large as it is */
    int64_t live = graph_live();
    struct object *root = deep_free_build(worker->trial, &done);
    if (root != NULL)
        graph_audit(worker->trial, live, done);
    uint64_t built = clock_ns();
    worker->excluded_ns += built - begin;
    if (root == NULL) {
        trial_fail(worker->trial, "out of memory for a graph");
        return 0;
    }
    object_decref(root);
    histogram_add(worker->latency, clock_ns() - built);
    return done;
}

static const struct workload deep_free_workload = {
    .name = "deep_free",
    .driver = "memory",
    .summary = "destroy one object of a graph that dies in one drop",
    .points = deep_free_points,
    .threads_min = 1,
    .threads_max = 1,
    .needs_deaths = true,
    .latency = "drop",
    .staggered = true,
    .objects = deep_free_objects,
    .window_ns = deep_free_window_ns,
    .prepare = prepare_nothing,
    .start = start_nothing,
    .batch = deep_free_batch,
    .stop = stop_nothing,
    .finish = finish_nothing,
};
