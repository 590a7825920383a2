/* Objects that workloads refer to weakly: instances of one class with one slot. */
#ifndef RCBENCH_BENCH_WORKLOADS_WEAKLY_H
#define RCBENCH_BENCH_WORKLOADS_WEAKLY_H

#include "bench/workloads/common.h"

/* A class whose instances have one slot, `value`. Owned; NULL: no memory. */
static UNUSED struct object *weakly_class(void)
{
    struct object *name = str_new("node", 4), *value = str_new("value", 5), *names = tuple_new(1);
    struct object *made = NULL;
    if (name != NULL && value != NULL && names != NULL) {
        tuple_fill(names, 0, object_incref(value));
        made = class_new(name, names, false);
    }
    object_xdecref(names);
    object_xdecref(value);
    object_xdecref(name);
    return made;
}

#endif
