/* What collections did, for programs that ask and for the harness: the same for a collector of cycles and for one that
 * traces. */
#ifndef RCBENCH_CORE_GC_GC_STATISTICS_H
#define RCBENCH_CORE_GC_GC_STATISTICS_H

#include "core/base/platform.h"

enum { GC_GENERATIONS = 3 };

/* Since gc_open; changed by the one that collects. */
struct gc_statistics {
    uint64_t collections[GC_GENERATIONS]; /* of a traced variant all are of the last: of everything */
    uint64_t found, resurrected;          /* objects; 0 of a traced variant, which does not know */
    uint64_t died_held;                   /* objects, before the collector dropped its own reference: a count was wrong */
    uint64_t pauses, pause_ns, pause_max_ns; /* from the request until the world goes on; of each stop */
    uint64_t stop_max_ns;                 /* longest wait for the world to stand still */
};

static inline void gc_statistics_stopped(struct gc_statistics *statistics, uint64_t waited_ns)
{
    if (waited_ns > statistics->stop_max_ns)
        statistics->stop_max_ns = waited_ns;
}

static inline void gc_statistics_resumed(struct gc_statistics *statistics, uint64_t pause_ns)
{
    statistics->pauses++;
    statistics->pause_ns += pause_ns;
    if (pause_ns > statistics->pause_max_ns)
        statistics->pause_max_ns = pause_ns;
}

#endif
