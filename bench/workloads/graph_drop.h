/* graph_drop: drop the root of a graph and with it everything. The building is not timed. A tree is dropped
 * along many branches; a chain, one list in the other, is as deep as it is long: the model must bound its
 * stack there. */
#include "bench/workloads/graph.h"

enum { GRAPH_TREE_DEPTH = 12, GRAPH_CHAIN_LENGTH = 4096 };

static const struct point graph_drop_points[] = {
    {"shape=tree", PROFILE_QUICK},
    {"shape=chain", PROFILE_QUICK},
    {NULL, PROFILE_QUICK},
};

static uint64_t graph_drop_batch(struct worker *worker, uint64_t n)
{
    bool tree = trial_param_is(worker->trial, "shape", "tree");
    uint64_t done = 0;
    while (done < n) {
        uint64_t begin = clock_ns(), built = done;
        int64_t live = graph_live();
        struct object *root = tree ? graph_tree(GRAPH_TREE_DEPTH, &done) : graph_chain(GRAPH_CHAIN_LENGTH, &done);
        if (root != NULL)
            graph_audit(worker->trial, live, done - built);
        worker->excluded_ns += clock_ns() - begin;
        if (root == NULL) {
            trial_fail(worker->trial, "out of memory for a graph");
            break;
        }
        object_decref(root);
    }
    return done;
}

static const struct workload graph_drop_workload = {
    .name = "graph_drop",
    .driver = "overhead",
    .summary = "destroy one object of a graph whose root is dropped",
    .points = graph_drop_points,
    .threads_min = 1,
    .threads_max = 1,
    .needs_deaths = true,
    .prepare = prepare_nothing,
    .start = start_nothing,
    .batch = graph_drop_batch,
    .stop = stop_nothing,
    .finish = finish_nothing,
};
