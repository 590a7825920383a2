/* Rust's Rc and Arc: the descriptors. The loops are in rust.rs. */
#include "bench/libraries/peer.h"

#define LIBRARY "Rust"
#define VERSION RCBENCH_RUSTC_VERSION

extern const size_t PEER_RUST_RING_BYTES;
uint64_t peer_rust_destroyed(void);

/* rust.rs has a ring of its own, which must be the one of peer.h. */
static const char *check_ring(void)
{
    return PEER_RUST_RING_BYTES == sizeof(struct peer_ring) ? NULL : "bench/libraries/rust.rs has another ring than peer.h";
}

#define RUST_FUNCTIONS(symbol)                                                                                     \
    uint64_t symbol##_make(void *handles, uint64_t n, int64_t first);                                              \
    void symbol##_clone(void *to, const void *handle);                                                             \
    void symbol##_swap(void *a, void *b);                                                                          \
    void symbol##_drop(void *handles, uint64_t n);                                                                 \
    int64_t symbol##_count(const void *handle);                                                                    \
    uint64_t pair_hot__##symbol(const void *handle, uint64_t n);                                                   \
    uint64_t pair_set__##symbol(const void *handles, uint64_t n);                                                  \
    void symbol##_weak_make(void *weaks, const void *handles, uint64_t n);                                         \
    void symbol##_weak_drop(void *weaks, uint64_t n);                                                              \
    uint64_t upgrade_hot__##symbol(const void *weak, uint64_t n);                                                  \
    uint64_t upgrade_set__##symbol(const void *weaks, uint64_t n)

RUST_FUNCTIONS(peer_rust_arc);
RUST_FUNCTIONS(peer_rust_rc);
uint64_t peer_rust_arc_produce(struct peer_ring *ring, struct peer_producer *producer, uint64_t n);
uint64_t peer_rust_arc_consume(struct peer_ring *ring, struct peer_consumer *consumer, uint64_t n);

/* Both have a strong and a weak count in front of the value. */
enum { RUST_HEADER = 2 * sizeof(size_t), RUST_BYTES = RUST_HEADER + sizeof(int64_t) };

#define RUST_PEER(symbol)                                                                                          \
    .library = LIBRARY, .version = VERSION, .handle_bytes = sizeof(void *), .object_bytes = RUST_BYTES,            \
    .ready = check_ring, .make = symbol##_make, .clone = symbol##_clone, .swap = symbol##_swap,                    \
    .drop = symbol##_drop, .count = symbol##_count, .destroyed = peer_rust_destroyed,                              \
    .pair_hot = pair_hot__##symbol, .pair_set = pair_set__##symbol, .weak_bytes = sizeof(void *),                  \
    .weak_make = symbol##_weak_make, .weak_drop = symbol##_weak_drop, .upgrade_hot = upgrade_hot__##symbol,        \
    .upgrade_set = upgrade_set__##symbol

static const struct peer arc = {
    RUST_PEER(peer_rust_arc), .produce = peer_rust_arc_produce, .consume = peer_rust_arc_consume};
static const struct peer rc = {RUST_PEER(peer_rust_rc)};

PEER_VARIANT(peer_rust_arc, "peer:rust-arc", "atomic", 0, RUST_HEADER, peer_workloads_weak, PEER_WORKLOADS_FREE_WEAK,
             arc);
PEER_VARIANT(peer_rust_rc, "peer:rust-rc", "plain", 1, RUST_HEADER, peer_workloads_weak, PEER_WORKLOADS_SINGLE_WEAK,
             rc);
