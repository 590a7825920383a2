/* biased: PEP 703's biased reference counting (CPython 3.13t, Include/refcount.h and Python/brc.c; the
 * idea: Choi, Shull, Torrellas, PACT 2018). The owner counts in a field of its own without atomic
 * operations; everybody else counts atomically in another.
 *
 *   tid     64 bits   the owner's id; 0 once merged
 *   flags   16 bits   unused here, as gc_bits; PEP 703 keeps flags and the collector's bits there
 *   lock     8 bits   the container lock
 *   gc_bits  8 bits
 *   local   32 bits   the owner's count; all ones: immortal
 *   shared  64 bits   62 bits of signed count, then 2 bits of state:
 *             0 DEFAULT   only the owner may end the object without an atomic operation
 *             1 TRY       rc_try_incref may be used, so every death goes through a CAS on this word
 *             2 QUEUED    one reference is in the owner's queue, to be merged
 *             3 MERGED    tid and local are 0; the object is dead when the count is 0
 *
 * State only grows. The sum local + shared is the number of references, the queue's one included.
 *
 * A death is found by: the owner when local becomes 0 (rc_decref), anybody when the count of a MERGED
 * object becomes 0, or whoever merges a queued object. biased_queue.h is the queue. */
#ifndef RCBENCH_VARIANTS_SCHEMES_BIASED_H
#define RCBENCH_VARIANTS_SCHEMES_BIASED_H

#include "core/scheme/contract.h"

#define RC_SCHEME "biased"
#define RC_HEAD_BYTES 24
#define RC_THREAD_SAFE 1
#define RC_EXACT_AUDIT 1
#define RC_IMMORTAL 1
#define RC_LATE 1
#define RC_PUBLISH_WALKS 0
#define RC_NEVER_FREES 0
#define RC_TRACED 0
#define RC_HEAD_HAS_LOCK 1
#define RC_COUNT_MAX (UINT32_MAX - 1)
#define RC_COUNT_ABORTS 0

struct rc_head {
    struct a64 tid;
    uint16_t flags;
    struct lock8 lock;
    uint8_t gc_bits;
    struct a32 local;
    struct a64 shared;
};

enum { BIASED_DEFAULT = 0, BIASED_TRY = 1, BIASED_QUEUED = 2, BIASED_MERGED = 3, BIASED_STATE = 3, BIASED_ONE = 4 };
#define BIASED_IMMORTAL UINT32_MAX

static bool biased_queue(struct rc_head *h);

static inline struct lock8 *rc_head_lock(struct rc_head *h) { return &h->lock; }

/* Relaxed: only the owner can see its own id here, it wrote it itself, and nobody else takes it away while
 * the owner runs. Others see some other value, stale or not, and then go the shared way. */
static inline bool biased_owned(const struct rc_head *h) { return a64_load_relaxed(&h->tid) == (int64_t)shim_self(); }

static inline int64_t biased_count(int64_t shared) { return shared >> 2; }

/* Nothing here needs to be atomic: nobody else can reach the object, and what makes it reachable synchronizes. So
 * compilers join what lies between tid and shared, and a new object costs one store for each 8 bytes, as CPython's. */
static inline void rc_init(struct rc_head *h)
{
    a64_init(&h->tid, (int64_t)shim_self());
    h->flags = 0;
    h->lock = (struct lock8){0};
    h->gc_bits = 0;
    a32_init(&h->local, 1);
    a64_init(&h->shared, BIASED_DEFAULT);
}

/* One reference, nobody's: whoever drops it finds it dead. */
static inline void biased_bury(struct rc_head *h)
{
    a64_init(&h->tid, 0);
    a64_init(&h->shared, BIASED_ONE + BIASED_MERGED);
}
#define RC_BURY biased_bury

/* All ones plus one is zero: the test for immortality costs no constant. An owner's count that reaches all
 * ones becomes immortal by itself: a leak, never a wrap. Relaxed as in atomic.h. */
static inline void rc_incref(struct rc_head *h)
{
    uint32_t local = a32_load_relaxed(&h->local) + 1;
    if (UNLIKELY(local == 0))
        return;
    if (LIKELY(biased_owned(h)))
        a32_store_relaxed(&h->local, local);
    else
        a64_add_relaxed(&h->shared, BIASED_ONE);
}

/* The owner has given up its last counted reference. True: nobody else holds one.
 * Acquire on the first load: the count may be 0 because a stranger gave its reference up, and what it did
 * to the object must happen before the destruction (CPython gh-118111).
 * tid is cleared before MERGED is published: after that any stranger may free the object, and a later
 * write would go to freed memory (CPython gh-119999). The CAS releases that write, and our use of the
 * object, to whoever finds the count at 0; it acquires what earlier strangers released. */
static NOINLINE UNUSED bool biased_owner_last(struct rc_head *h)
{
    int64_t shared = a64_load_acquire(&h->shared);
    if (shared == BIASED_DEFAULT)
        return true;
    a64_store_relaxed(&h->tid, 0);
    int64_t merged;
    do {
        merged = (shared & ~(int64_t)BIASED_STATE) | BIASED_MERGED;
    } while (!a64_cas_acq_rel(&h->shared, &shared, merged));
    return biased_count(merged) == 0;
}

/* A stranger gives up a reference. Where the shared count would go below 0, that reference is one which the
 * owner counted: it is not subtracted, it moves to the owner's queue. Only the thread whose CAS sets QUEUED
 * puts the object there, so it is queued once. Release on the way down, acquire for the last one: as in
 * atomic.h; failure of the CAS needs neither, and acquiring there costs nothing on x86-64 or LSE. */
static NOINLINE UNUSED bool biased_decref_shared(struct rc_head *h)
{
    int64_t shared = a64_load_relaxed(&h->shared);
    int64_t desired;
    bool queue;
    do {
        queue = shared == BIASED_DEFAULT || shared == BIASED_TRY;
        desired = queue ? BIASED_QUEUED : shared - BIASED_ONE;
    } while (!a64_cas_acq_rel(&h->shared, &shared, desired));
    if (queue)
        return biased_queue(h);
    return desired == BIASED_MERGED;
}

static inline bool rc_decref(struct rc_head *h)
{
    uint32_t local = a32_load_relaxed(&h->local);
    if (UNLIKELY(local == BIASED_IMMORTAL))
        return false;
    if (UNLIKELY(!biased_owned(h)))
        return biased_decref_shared(h);
    a32_store_relaxed(&h->local, --local);
    if (LIKELY(local != 0))
        return false;
    return biased_owner_last(h);
}

/* Adds the owner's count, and `extra`, to the shared one. Called by the owner, or by the thread that holds
 * the lock of the owner's bucket while the owner is detached or gone: local is then nobody else's. True:
 * dead. An object made immortal while it was queued stays (CPython gh-152276). The order of the writes is
 * that of biased_owner_last, for the same reason. */
static bool biased_merge(struct rc_head *h, int64_t extra)
{
    int64_t local = a32_load_relaxed(&h->local);
    if (local == BIASED_IMMORTAL)
        return false;
    a32_store_relaxed(&h->local, 0);
    a64_store_relaxed(&h->tid, 0);
    int64_t shared = a64_load_relaxed(&h->shared);
    int64_t count;
    do {
        count = biased_count(shared) + local + extra;
    } while (!a64_cas_acq_rel(&h->shared, &shared, count * BIASED_ONE + BIASED_MERGED));
    return count == 0;
}

/* For strangers: in DEFAULT with a count of 0 the owner may be freeing the object without having written
 * here, and MERGED with 0 is dead. A state of TRY or more keeps the owner from that, so then the CAS
 * decides. Relaxed: as in atomic_rest.h. */
static UNUSED bool biased_try_shared(struct rc_head *h)
{
    int64_t shared = a64_load_relaxed(&h->shared);
    do {
        if (shared == BIASED_DEFAULT || shared == BIASED_MERGED)
            return false;
    } while (!a64_cas_relaxed(&h->shared, &shared, shared + BIASED_ONE));
    return true;
}

/* The owner of an object with local == 0 is in the middle of destroying it: no way back. */
static inline bool rc_try_incref(struct rc_head *h)
{
    uint32_t local = a32_load_relaxed(&h->local);
    if (local == BIASED_IMMORTAL)
        return true;
    if (!biased_owned(h))
        return biased_try_shared(h);
    if (local == 0)
        return false;
    a32_store_relaxed(&h->local, local + 1);
    return true;
}

/* Relaxed: it only keeps the owner from its short way, and what makes the object reachable synchronizes. */
static inline void rc_allow_try_incref(struct rc_head *h)
{
    int64_t shared = a64_load_relaxed(&h->shared);
    while ((shared & BIASED_STATE) == BIASED_DEFAULT && !a64_cas_relaxed(&h->shared, &shared, shared | BIASED_TRY))
        continue;
}

/* All three must hold (CPython gh-140061), the last one with the state: in any other one somebody else has a reference,
 * or may get one at any moment. So an object that was ever open to rc_try_incref is never found unique, nor is a merged
 * one: false may be wrong, true not. Acquire as in atomic_rest.h. */
static inline bool rc_is_unique(struct rc_head *h)
{
    return biased_owned(h) && a32_load_relaxed(&h->local) == 1 && a64_load_acquire(&h->shared) == BIASED_DEFAULT;
}

/* Strangers that still see the old local count change `shared`, which no longer matters; the caller's
 * reference, which is used up, stays counted there or in local, so none of them can bring it to 0. */
static inline bool rc_immortalize(struct rc_head *h)
{
    a32_store_relaxed(&h->local, BIASED_IMMORTAL);
    return true;
}

static inline bool rc_publish(struct rc_head *h) { (void)h; return false; }
static inline void rc_unpublish(struct rc_head *h) { (void)h; }
static inline bool rc_is_published(struct rc_head *h) { (void)h; return false; }

static inline void rc_set_count(struct rc_head *h, int64_t n) { a32_store_relaxed(&h->local, (uint32_t)n); }

/* Also checks what must hold: tid == 0 if and only if merged (CPython gh-121794). -1: it does not. Relaxed: as in
 * atomic_rest.h. */
static inline int64_t rc_audit(struct rc_head *h)
{
    uint32_t local = a32_load_relaxed(&h->local);
    int64_t shared = a64_load_relaxed(&h->shared);
    bool merged = (shared & BIASED_STATE) == BIASED_MERGED;
    if (local == BIASED_IMMORTAL)
        return RC_AUDIT_IMMORTAL;
    if (merged != (a64_load_relaxed(&h->tid) == 0) || (merged && local != 0))
        return -1;
    return local + biased_count(shared) - ((shared & BIASED_STATE) == BIASED_QUEUED);
}

/* The calling thread becomes the owner. TRY, as others may look: then each further death goes through `shared`, and
 * rc_try_incref may be used. Strangers look at that word alone. Relaxed: as in atomic_rest.h. */
static inline void rc_revive(struct rc_head *h, bool shared)
{
    (void)shared;
    a64_store_relaxed(&h->tid, (int64_t)shim_self());
    a32_store_relaxed(&h->local, 1);
    a64_store_relaxed(&h->shared, BIASED_TRY);
}

static inline void rc_stopped_merge(struct rc_head *h) { (void)biased_merge(h, 0); }

/* In tid: an object's address is no thread's id, and local and shared still say that it is dead. */
static inline void rc_dead_link(struct rc_head *h, void *next) { a64_store_relaxed(&h->tid, (int64_t)next); }
static inline void *rc_dead_next(struct rc_head *h) { return (void *)a64_load_relaxed(&h->tid); }

#include "variants/schemes/biased_queue.h"

#endif
