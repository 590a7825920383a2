/* What the workloads around a peer share: arrays of handles, and the account of the objects that were made and
 * destroyed, which must balance when a trial ends. */
#ifndef RCBENCH_BENCH_LIBRARIES_HANDLES_H
#define RCBENCH_BENCH_LIBRARIES_HANDLES_H

#include "bench/libraries/peer.h"

/* What a thread enters as. */
struct peer_thread {
    const struct peer *peer; /* NULL: it has no objects yet */
    uint64_t made;
    uint64_t destroyed;      /* by its OS thread before it started */
    const int64_t *produced; /* handoff: made besides. NULL: none */
    bool is_main;            /* makes the shared objects, and destroys none before the end of the trial */
};

/* The first that enters: prepare and finish have no worker to find it by. */
extern struct peer_thread peer_main_thread;

struct handles {
    uint64_t length;
    unsigned char *items; /* each an owned reference */
};

static inline const struct peer *peer_of(const struct trial *trial) { return trial->variant->peer; }

static inline void *handle_at(const struct peer *peer, const struct handles *handles, uint64_t i)
{
    return handles->items + i * peer->handle_bytes;
}

/* What was made; and what the calling thread has destroyed since it had destroyed `before`. */
void account_made(const struct peer *peer, uint64_t count);
void account_destroyed(const struct peer *peer, uint64_t before);

/* Room for `capacity` handles. -1: no memory. */
int handles_reserve(const struct peer *peer, struct handles *handles, uint64_t capacity);

/* Objects with one reference each, fewer after Ctrl-C. -1: no memory; what there is must still be dropped. */
int handles_make(struct trial *trial, struct peer_thread *thread, struct handles *handles, uint64_t length);

void handles_shuffle(const struct peer *peer, struct handles *handles, uint64_t *random);

/* Nobody else counts them. Each must be the only reference to its object: as many objects die. */
void handles_drop_last(struct trial *trial, struct handles *handles);

#endif
