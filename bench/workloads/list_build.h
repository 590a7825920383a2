/* list_build: append 128 references to a new list, then drop the list: traffic of containers. */
#include "bench/workloads/common.h"

enum { LIST_BUILD_LENGTH = 128 };

static int list_build_start(struct worker *worker) { return start_set(worker, LIST_BUILD_LENGTH); }

static uint64_t list_build_batch(struct worker *worker, uint64_t n)
{
    struct set *set = worker->state;
    uint64_t done = 0;
    while (done < n) {
        struct object *list = list_new();
        int status = list != NULL ? 0 : -1;
        for (size_t i = 0; status == 0 && i < LIST_BUILD_LENGTH; i++)
            status = list_append(list, set->items[i]);
        if (status != 0)
            trial_fail(worker->trial, "out of memory for a list");
        object_xdecref(list);
        done += LIST_BUILD_LENGTH;
    }
    return done;
}

static const struct workload list_build_workload = {
    .name = "list_build",
    .driver = "overhead",
    .summary = "append one reference to a list and drop it with the list",
    .points = no_points,
    .threads_min = 1,
    .threads_max = 1,
    .prepare = prepare_nothing,
    .start = list_build_start,
    .batch = list_build_batch,
    .stop = stop_set,
    .finish = finish_nothing,
};
