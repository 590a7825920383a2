/* Peers that do one thing wrong each, and one that does not: the audits around a peer must tell them apart. A handle is
 * a pointer to a counter; nothing here is atomic, but for the destroyed ones' count. */
#include "bench/libraries/peer.h"

struct counter {
    int64_t count, weaks, value; /* `weaks`: references of both kinds that keep the memory, all strong ones as one */
};

static _Thread_local uint64_t dead;

static uint64_t destroyed(void) { return dead; }

static void release_weak(struct counter *counter)
{
    if (__atomic_sub_fetch(&counter->weaks, 1, __ATOMIC_ACQ_REL) == 0)
        free(counter);
}

static void release(struct counter *counter)
{
    if (__atomic_sub_fetch(&counter->count, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    dead++;
    release_weak(counter);
}

static struct counter *counter_new(int64_t value)
{
    struct counter *counter = malloc(sizeof *counter);
    if (counter != NULL)
        *counter = (struct counter){1, 1, value};
    return counter;
}

static uint64_t make(void *handles, uint64_t n, int64_t first)
{
    struct counter **items = handles;
    for (uint64_t i = 0; i < n; i++)
        if ((items[i] = counter_new(first + (int64_t)i)) == NULL)
            return i;
    return n;
}

static void clone_one(void *to, const void *handle)
{
    struct counter *counter = *(struct counter *const *)handle;
    __atomic_add_fetch(&counter->count, 1, __ATOMIC_RELAXED);
    *(struct counter **)to = counter;
}

static void swap(void *a, void *b)
{
    void **x = a, **y = b, *kept = *x;
    *x = *y;
    *y = kept;
}

static void drop(void *handles, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        release(((struct counter **)handles)[i]);
}

static int64_t count(const void *handle) { return (*(struct counter *const *)handle)->count; }

static uint64_t pair_set(const void *handles, uint64_t n)
{
    struct counter *const *items = handles;
    for (uint64_t i = 0; i < n; i++) {
        __atomic_add_fetch(&items[i]->count, 1, __ATOMIC_RELAXED);
        release(items[i]);
    }
    return n;
}

static uint64_t pair_hot(const void *handle, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        pair_set(handle, 1);
    return n;
}

static uint64_t produce(struct peer_ring *ring, struct peer_producer *producer, uint64_t n)
{
    uint64_t i = 0, tail;
    for (; i < n && ring_room(&ring->ends, &tail); i++) {
        struct counter *counter = counter_new(producer->next);
        if ((producer->no_memory = counter == NULL))
            break;
        producer->next++;
        ((struct counter **)ring->items)[tail % RING_CAPACITY] = counter;
        ring_pushed(&ring->ends, tail);
    }
    return i;
}

static uint64_t consume(struct peer_ring *ring, struct peer_consumer *consumer, uint64_t n)
{
    uint64_t i = 0, head;
    for (; i < n && ring_ready(&ring->ends, &head); i++) {
        struct counter *counter = ((struct counter **)ring->items)[head % RING_CAPACITY];
        ring_popped(&ring->ends, head);
        consumer->wrong |= counter->value != consumer->next++;
        release(counter);
    }
    return i;
}

static void weak_make(void *weaks, const void *handles, uint64_t n)
{
    struct counter **to = weaks, *const *from = handles;
    for (uint64_t i = 0; i < n; i++) {
        to[i] = from[i];
        __atomic_add_fetch(&to[i]->weaks, 1, __ATOMIC_RELAXED);
    }
}

static void weak_drop(void *weaks, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        release_weak(((struct counter **)weaks)[i]);
}

static uint64_t upgrade(struct counter *counter)
{
    int64_t found = __atomic_load_n(&counter->count, __ATOMIC_RELAXED);
    while (found > 0)
        if (__atomic_compare_exchange_n(&counter->count, &found, found + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
            release(counter);
            return 1;
        }
    return 0;
}

static uint64_t upgrade_set(const void *weaks, uint64_t n)
{
    uint64_t got = 0;
    for (uint64_t i = 0; i < n; i++)
        got += upgrade(((struct counter *const *)weaks)[i]);
    return got;
}

static uint64_t upgrade_hot(const void *weak, uint64_t n)
{
    uint64_t got = 0;
    for (uint64_t i = 0; i < n; i++)
        got += upgrade_set(weak, 1);
    return got;
}

/* ---- what each does wrong --------------------------------------------------------------------------------------- */

/* Takes a reference and keeps it. */
static uint64_t leak_set(const void *handles, uint64_t n)
{
    struct counter *const *items = handles;
    __atomic_add_fetch(&items[0]->count, 1, __ATOMIC_RELAXED);
    return n;
}

/* Counts right, and does not free. */
static void lose_drop(void *handles, uint64_t n)
{
    if (n > 1)
        drop(handles, n - 1);
}

static int64_t lose_count(const void *handle)
{
    (void)handle;
    return -1;
}

/* Skips a value. */
static uint64_t order_produce(struct peer_ring *ring, struct peer_producer *producer, uint64_t n)
{
    producer->next++;
    return produce(ring, producer, n);
}

/* Finds the object in every second call. */
static uint64_t weak_half(const void *weak, uint64_t n)
{
    (void)weak;
    return n / 2;
}

/* Finds it when it is dead. */
static uint64_t undead_set(const void *weaks, uint64_t n)
{
    (void)weaks;
    return n;
}

static const char *never_ready(void) { return "this peer is never ready"; }

#define COMMON                                                                                                     \
    .library = "broken", .version = "1", .handle_bytes = sizeof(void *), .object_bytes = sizeof(struct counter),   \
    .make = make, .clone = clone_one, .swap = swap, .destroyed = destroyed, .consume = consume,                    \
    .weak_bytes = sizeof(void *), .weak_make = weak_make, .weak_drop = weak_drop
#define RIGHT_DROP .drop = drop, .count = count
#define RIGHT_LOOPS                                                                                                \
    .pair_hot = pair_hot, .pair_set = pair_set, .produce = produce, .upgrade_hot = upgrade_hot,          \
    .upgrade_set = upgrade_set

static const struct peer good = {COMMON, RIGHT_DROP, RIGHT_LOOPS};
static const struct peer leak = {COMMON, RIGHT_DROP, .pair_hot = leak_set, .pair_set = leak_set, .produce = produce};
static const struct peer lose = {COMMON, .drop = lose_drop, .count = lose_count, RIGHT_LOOPS};
static const struct peer order = {COMMON, RIGHT_DROP, .pair_hot = pair_hot, .pair_set = pair_set,
                                  .produce = order_produce};
static const struct peer weak = {COMMON, RIGHT_DROP, .pair_hot = pair_hot, .pair_set = pair_set, .produce = produce,
                                 .upgrade_hot = weak_half, .upgrade_set = upgrade_set};
static const struct peer undead = {COMMON, RIGHT_DROP, .pair_hot = pair_hot, .pair_set = pair_set, .produce = produce,
                                   .upgrade_hot = upgrade_hot, .upgrade_set = undead_set};
static const struct peer process = {COMMON, RIGHT_DROP, RIGHT_LOOPS, .ready = never_ready};

#define BROKEN(which)                                                                                              \
    PEER_VARIANT(broken_##which, "peer:" #which, "atomic", 0, 8, peer_workloads_weak, PEER_WORKLOADS_FREE_WEAK, which)
BROKEN(good);
BROKEN(leak);
BROKEN(lose);
BROKEN(order);
BROKEN(weak);
BROKEN(undead);
BROKEN(process);
