/* A peer: reference counting as other languages and libraries have it, measured beside ours. Each library has one file
 * here, in the language of the library, which holds the loops, the making and the dropping of its objects; peers.def
 * lists them. workloads.c puts our workloads around these, so that a trial of a peer is a trial like any other.
 *
 * Words: handle: a reference as the peer keeps it in memory (a pointer; for shared_ptr two). A loop walks an array of
 * handles, as ours walk arrays of object pointers. What the functions below get as `void *` are handles. */
#ifndef RCBENCH_BENCH_LIBRARIES_PEER_H
#define RCBENCH_BENCH_LIBRARIES_PEER_H

#ifdef __cplusplus
#define _Static_assert static_assert /* of C11, in the headers below */
#endif

#include "bench/registry/variant.h"
#include "bench/workloads/ring_ends.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PEER_HANDLE_BYTES_MAX = 16 };

/* In which processes a peer can be measured. libstdc++ counts without atomic operations until the process has made its
 * first thread, and with them from then on, also when that thread is gone. */
enum peer_process { PEER_ANY_PROCESS, PEER_THREADED, PEER_UNTHREADED };

/* A queue of `handoff`: as struct ring, with places that any handle fits in. */
struct peer_ring {
    struct ring_ends ends;
    uint64_t items[RING_CAPACITY * PEER_HANDLE_BYTES_MAX / sizeof(uint64_t)];
} LINE_ALIGNED;

struct peer_producer {
    int64_t next;   /* the value of the object that it makes next */
    bool no_memory; /* the last object could not be made */
};

/* The objects of one producer. */
struct peer_consumer {
    int64_t next;  /* the value of the object that must come next */
    int64_t found; /* another one came: the first such */
    bool wrong;
};

/* Functions are called on the thread of a worker. A loop is called once per batch. */
struct peer {
    const char *library;
    const char *version;
    enum peer_process process;
    size_t handle_bytes;
    size_t object_bytes; /* of an object with its header and a value of 64 bits, as its allocator is asked for it */

    /* Just before a trial, alone: makes the process what `process` says. NULL, or why that cannot be. */
    const char *(*ready)(void);
    /* Objects with the values first, first + 1, ..., each with one reference, at `handles`. How many: fewer than `n`
     * when there is no memory. */
    uint64_t (*make)(void *handles, uint64_t n, int64_t first);
    /* A further reference to what `handle` refers to, at `to`. */
    void (*clone)(void *to, const void *handle);
    void (*swap)(void *a, void *b);
    void (*drop)(void *handles, uint64_t n);
    /* References that exist, when quiet; negative where the peer does not tell. */
    int64_t (*count)(const void *handle);
    /* Objects that the calling thread has destroyed so far. */
    uint64_t (*destroyed)(void);

    /* n times a further reference, opaque to the compiler, dropped at once: of one object, and of each of n. */
    uint64_t (*pair_hot)(const void *handle, uint64_t n);
    uint64_t (*pair_set)(const void *handles, uint64_t n);

    /* NULL where threads cannot share objects. Makes objects and queues them until there is no room; takes and drops
     * them until there is none. How many. */
    uint64_t (*produce)(struct peer_ring *ring, struct peer_producer *producer, uint64_t n);
    uint64_t (*consume)(struct peer_ring *ring, struct peer_consumer *consumer, uint64_t n);

    /* Weak handles; 0: the peer has none. upgrade_hot, upgrade_set: as the pairs, of references that were got through a
     * weak one; how many of the n were got. */
    size_t weak_bytes;
    void (*weak_make)(void *weaks, const void *handles, uint64_t n);
    void (*weak_drop)(void *weaks, uint64_t n);
    uint64_t (*upgrade_hot)(const void *weak, uint64_t n);
    uint64_t (*upgrade_set)(const void *weaks, uint64_t n);
};

/* ---- the descriptor: a variant whose bodies are those of workloads.c -------------------------------------------- */

/* pair, weakref_read, shared_one, shared_set, handoff: a peer has the first of them (one thread) or all; the same
 * without weakref_read. */
extern const struct workload *const peer_workloads_weak[];
extern const struct workload *const peer_workloads[];
enum {
    PEER_WORKLOADS_SINGLE_WEAK = 2, PEER_WORKLOADS_FREE_WEAK = 5,
    PEER_WORKLOADS_SINGLE = 1, PEER_WORKLOADS_FREE = 4
};

void peer_open(uint64_t switch_interval_ns);
void *peer_enter(void);
void peer_leave(void *thread);
void peer_move(void *thread); /* detaches, attaches: nothing is to be handed over */
bool peer_safepoint(void *thread);
uint64_t peer_zero(void *thread);
struct histogram *peer_waits(void *thread);
uint64_t peer_objects(void *thread);
void peer_watch_collector(struct collector_watch *watch);
uint64_t peer_own_heap(uint64_t *in_use);
int peer_populate(void);
void peer_depopulate(void);
uint64_t peer_close(void);

/* Defines rcbench_variant_SYMBOL, the variant of the peer `ops`. `threads_most` as in struct variant: 1, or 0.
 * `header`: bytes that an object has beside its value. */
#define PEER_VARIANT(symbol, public_name, scheme_name, threads_most, header, table, table_count, ops)              \
    extern const struct variant rcbench_variant_##symbol;                                                          \
    const struct variant rcbench_variant_##symbol = {                                                              \
        .name = public_name,                                                                                       \
        .scheme = scheme_name,                                                                                     \
        .mode = (threads_most) == 1 ? "single" : "free",                                                           \
        .threads_max = threads_most,                                                                               \
        .object_bytes = header,                                                                                    \
        .exact_audit = true,                                                                                       \
        .workloads = table,                                                                                        \
        .workload_count = table_count,                                                                             \
        .open = peer_open,                                                                                         \
        .enter = peer_enter,                                                                                       \
        .leave = peer_leave,                                                                                       \
        .detach = peer_move,                                                                                       \
        .attach = peer_move,                                                                                       \
        .safepoint = peer_safepoint,                                                                               \
        .turns = peer_zero,                                                                                        \
        .waits = peer_waits,                                                                                       \
        .late_max = peer_zero,                                                                                     \
        .objects = peer_objects,                                                                                   \
        .watch_collector = peer_watch_collector,                                                                   \
        .own_heap = peer_own_heap,                                                                                 \
        .populate = peer_populate,                                                                                 \
        .depopulate = peer_depopulate,                                                                             \
        .close = peer_close,                                                                                       \
        .peer = &(ops),                                                                                            \
    }

#ifdef __cplusplus
}
#endif

#endif
