/* collector.h - what the harness learns of the collector of cycles: each stop of the world, and each collection, as far
 * as they end within the window. The model tells it on the thread that collects; one does at a time. */
#ifndef RCBENCH_BENCH_REGISTRY_COLLECTOR_H
#define RCBENCH_BENCH_REGISTRY_COLLECTOR_H

#include "core/base/histogram.h"

struct collector_watch {
    uint64_t begin_ns, end_ns; /* the window; both 0 until it is known. They change while no thread is attached */
    uint64_t runs, found;      /* collections, and the objects that they found to be garbage */
    uint64_t stop_max_ns;      /* from a request until all threads stood still */
    struct histogram pauses;   /* ns from a request until the world went on, of each stop */
};

static inline bool collector_watch_counts(const struct collector_watch *watch)
{
    uint64_t now = clock_ns();
    return now >= watch->begin_ns && now < watch->end_ns;
}

static inline void collector_watch_pause(struct collector_watch *watch, uint64_t pause_ns, uint64_t stop_ns)
{
    if (!collector_watch_counts(watch))
        return;
    histogram_add(&watch->pauses, pause_ns);
    watch->stop_max_ns = stop_ns > watch->stop_max_ns ? stop_ns : watch->stop_max_ns;
}

static inline void collector_watch_collection(struct collector_watch *watch, uint64_t found)
{
    if (!collector_watch_counts(watch))
        return;
    watch->runs++;
    watch->found += found;
}

#endif
