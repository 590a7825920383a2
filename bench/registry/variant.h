/* What the harness sees of a variant: one descriptor each, exported by bench/workloads/bodies.h, found through the
 * registry (bench/registry/registry.c). The functions are called on the worker's own thread. */
#ifndef RCBENCH_BENCH_REGISTRY_VARIANT_H
#define RCBENCH_BENCH_REGISTRY_VARIANT_H

#include "bench/registry/collector.h"
#include "bench/registry/workload.h"

struct peer;

struct variant {
    const char *name;
    const char *scheme;
    const char *mode;          /* single, free, gil */
    const char *allocator;     /* of objects, where they have one of their own: libgc; NULL: the process's */
    unsigned threads_max;      /* 0: no limit */
    unsigned object_bytes;     /* header and type pointer */
    bool gil;
    bool thread_safe;          /* the scheme: references may be dropped by any thread, without a GIL */
    bool counts;               /* references, with whatever operations; otherwise an increment does nothing */
    bool exact_audit, immortal, late, never_frees;
    bool traced;               /* never_frees, but a collector takes memory back: it does not grow with the trial */

    const struct workload *const *workloads;
    size_t workload_count;

    /* Once for each trial, before any worker enters. */
    void (*open)(uint64_t switch_interval_ns);
    /* The worker's thread becomes one of the model's, attached. NULL: no memory. */
    void *(*enter)(void);
    void (*leave)(void *thread);
    void (*detach)(void *thread);
    void (*attach)(void *thread);
    bool (*safepoint)(void *thread); /* true: was suspended */
    uint64_t (*turns)(void *thread); /* of the GIL */
    struct histogram *(*waits)(void *thread); /* for it, in ns; the harness may reset them. NULL: there is no GIL */
    uint64_t (*late_max)(void *thread);
    /* Objects made on this thread less objects freed on it, as core/memory/account.h counts: the sum over threads says how many
     * live. The thread is quiet, or the caller's own. */
    uint64_t (*objects)(void *thread);
    /* From now until close: the watch is told of stops and collections. After populate. */
    void (*watch_collector)(struct collector_watch *watch);
    /* Bytes of memory that jemalloc's statistics do not see, and how many of them are in use. Not within a window. */
    uint64_t (*own_heap)(uint64_t *in_use);
    /* The shared objects: on worker 0, which has entered. -1: no memory. */
    int (*populate)(void);
    void (*depopulate)(void);
    /* After the last worker has left: what was allocated and not freed, as core/memory/account.h counts. */
    uint64_t (*close)(void);

    const struct peer *peer; /* bench/libraries/peer.h; NULL: one of our own */
};

/* In the order of the registry; the peers that this build has come last. */
extern const struct variant *const variants[];
extern const size_t variant_count, peer_count;

/* The runtimes and libraries that count as this variant of the registry does, in words; NULL: none is named. */
const char *variant_stands_for(const struct variant *variant);

/* Peers that this build does not have. */
struct missing_peer {
    const char *name;
    const char *remedy;
};
extern const struct missing_peer missing_peers[];
extern const size_t missing_peer_count;

#endif
