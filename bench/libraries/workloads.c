/* Our workloads around a peer: what bench/workloads/NAME.h does with objects of the model, done with handles. The loops
 * are the peer's own (peer.h); what is made, shared, audited and counted around them is here, once for all peers. */
#include <sched.h>

#include "bench/libraries/handles.h"
#include "bench/workloads/set_length.h"
#include "bench/workloads/zipf.h"

/* ---- a worker --------------------------------------------------------------------------------------------------- */

struct peer_state {
    struct handles handles; /* pair, weakref_read: its own objects; shared_set: the sequence, further references */
    unsigned char *weaks;   /* weakref_read: to its own objects */
    uint64_t next;          /* index where the next batch starts */
    bool calls;             /* pair: the functions that clone and drop a handle, instead of a loop that holds both */
    struct peer_producer producer;
    struct peer_consumer consumers[]; /* handoff: by producer */
};

/* NULL: no memory. */
static struct peer_state *state_new(struct worker *worker)
{
    struct peer_state *state =
        calloc(1, sizeof *state + worker->trial->threads * sizeof *state->consumers);
    worker->state = state;
    if (state == NULL)
        return NULL;
    struct peer_thread *thread = worker->thread;
    thread->peer = peer_of(worker->trial);
    thread->destroyed = thread->peer->destroyed();
    thread->produced = &state->producer.next;
    return state;
}

static void state_free(struct worker *worker)
{
    struct peer_state *state = worker->state;
    struct peer_thread *thread = worker->thread;
    account_destroyed(thread->peer, thread->destroyed);
    thread->produced = NULL;
    free(state);
}

static int prepare_ready(struct trial *trial)
{
    const struct peer *peer = peer_of(trial);
    const char *reason = peer->ready != NULL ? peer->ready() : NULL;
    if (reason != NULL)
        trial_fail(trial, "%s", reason);
    return 0;
}

typedef uint64_t peer_loop(const void *handles, uint64_t n);

/* `n` operations round and round an array, from *next on. Returns the sum of what the loop returns. */
static uint64_t cycle(peer_loop *loop, const unsigned char *items, size_t bytes, uint64_t length, uint64_t *next,
                      uint64_t n)
{
    uint64_t done = 0;
    for (uint64_t left = n; left > 0;) {
        uint64_t run = length - *next < left ? length - *next : left;
        done += loop(items + *next * bytes, run);
        left -= run;
        *next = *next + run < length ? *next + run : 0;
    }
    return done;
}

/* ---- pair ------------------------------------------------------------------------------------------------------- */

static int pair_start(struct worker *worker)
{
    struct trial *trial = worker->trial;
    const struct peer *peer = peer_of(trial);
    struct peer_state *state = state_new(worker);
    if (state == NULL)
        return -1;
    state->calls = trial_param_is(trial, "code", "calls");
    uint64_t length = set_length_of(trial);
    trial->working_set_bytes = length * (peer->object_bytes + peer->handle_bytes);
    if (handles_make(trial, worker->thread, &state->handles, length) != 0)
        return -1;
    if (trial_param_is(trial, "order", "shuffled"))
        handles_shuffle(peer, &state->handles, &worker->random);
    return 0;
}

/* As a program hands a reference over: a handle is made in memory by one function and dropped by another. */
static uint64_t pair_calls(const struct peer *peer, const unsigned char *handle, uint64_t n)
{
    uint64_t copy[PEER_HANDLE_BYTES_MAX / sizeof(uint64_t)];
    for (uint64_t i = n; i > 0; i--) {
        peer->clone(copy, handle);
        OPAQUE(copy);
        peer->drop(copy, 1);
        OPAQUE(copy);
    }
    return n;
}

static uint64_t pair_batch(struct worker *worker, uint64_t n)
{
    const struct peer *peer = peer_of(worker->trial);
    struct peer_state *state = worker->state;
    if (state->calls)
        return pair_calls(peer, state->handles.items, n);
    if (state->handles.length == 1)
        return peer->pair_hot(state->handles.items, n);
    return cycle(peer->pair_set, state->handles.items, peer->handle_bytes, state->handles.length, &state->next, n);
}

static void pair_stop(struct worker *worker)
{
    struct peer_state *state = worker->state;
    if (state == NULL)
        return;
    handles_drop_last(worker->trial, &state->handles);
    state_free(worker);
}

static void finish_nothing(struct trial *trial) { (void)trial; }

/* ---- shared_one, shared_set: objects of the main thread --------------------------------------------------------- */

static int shared_prepare(struct trial *trial, uint64_t length)
{
    prepare_ready(trial);
    struct handles *shared = calloc(1, sizeof *shared);
    trial->shared = shared;
    return shared != NULL ? handles_make(trial, &peer_main_thread, shared, length) : -1;
}

static int shared_one_prepare(struct trial *trial) { return shared_prepare(trial, 1); }
static int shared_set_prepare(struct trial *trial) { return shared_prepare(trial, SHARED_SET_LENGTH); }

static void shared_finish(struct trial *trial)
{
    struct handles *shared = trial->shared;
    uint64_t before = peer_of(trial)->destroyed();
    if (shared != NULL)
        handles_drop_last(trial, shared);
    account_destroyed(peer_of(trial), before);
    free(shared);
}

static int shared_one_start(struct worker *worker) { return state_new(worker) != NULL ? 0 : -1; }

static uint64_t shared_one_batch(struct worker *worker, uint64_t n)
{
    const struct handles *shared = worker->trial->shared;
    return peer_of(worker->trial)->pair_hot(shared->items, n);
}

static void shared_one_stop(struct worker *worker)
{
    if (worker->state != NULL)
        state_free(worker);
}

/* Ours have an array of borrowed pointers. A peer's handle cannot be copied without counting, so the sequence holds
 * references of its own: the loop walks an array of handles either way. */
static int shared_set_start(struct worker *worker)
{
    const struct peer *peer = peer_of(worker->trial);
    const struct handles *shared = worker->trial->shared;
    struct peer_state *state = state_new(worker);
    uint16_t *indices = malloc(SHARED_SET_SEQUENCE * sizeof *indices);
    bool complete = shared != NULL && shared->length == SHARED_SET_LENGTH;
    int status = state != NULL && indices != NULL && complete ? zipf_draw(&worker->random, indices) : -1;
    if (status == 0)
        status = handles_reserve(peer, &state->handles, SHARED_SET_SEQUENCE);
    for (; status == 0 && state->handles.length < SHARED_SET_SEQUENCE; state->handles.length++)
        peer->clone(handle_at(peer, &state->handles, state->handles.length),
                    handle_at(peer, shared, indices[state->handles.length]));
    free(indices);
    return status;
}

static uint64_t shared_set_batch(struct worker *worker, uint64_t n)
{
    const struct peer *peer = peer_of(worker->trial);
    struct peer_state *state = worker->state;
    return cycle(peer->pair_set, state->handles.items, peer->handle_bytes, SHARED_SET_SEQUENCE, &state->next, n);
}

static void shared_set_stop(struct worker *worker)
{
    struct peer_state *state = worker->state;
    if (state == NULL)
        return;
    if (state->handles.length > 0)
        peer_of(worker->trial)->drop(state->handles.items, state->handles.length);
    free(state->handles.items);
    state_free(worker);
}

/* ---- weakref_read: a reference through a weak one, and dropped -------------------------------------------------- */

struct weak_shared {
    struct handles handles; /* one object of the main thread */
    unsigned char *weak;
};

static bool weak_is_shared(const struct trial *trial) { return trial_param_is(trial, "of", "shared"); }

static unsigned char *weak_make(const struct peer *peer, const struct handles *handles)
{
    unsigned char *weaks = malloc(handles->length * peer->weak_bytes);
    if (weaks != NULL)
        peer->weak_make(weaks, handles->items, handles->length);
    return weaks;
}

/* The objects go first: after that a weak handle must lead nowhere. */
static void weak_drop_last(struct trial *trial, struct handles *handles, unsigned char *weaks)
{
    const struct peer *peer = peer_of(trial);
    uint64_t length = handles->length;
    handles_drop_last(trial, handles);
    if (weaks == NULL)
        return;
    if (peer->upgrade_set(weaks, length) != 0)
        trial_fail(trial, "a weak reference led to an object whose last reference was gone");
    peer->weak_drop(weaks, length);
    free(weaks);
}

static int weakref_prepare(struct trial *trial)
{
    prepare_ready(trial);
    if (!weak_is_shared(trial))
        return 0;
    struct weak_shared *shared = calloc(1, sizeof *shared);
    trial->shared = shared;
    if (shared == NULL || handles_make(trial, &peer_main_thread, &shared->handles, 1) != 0)
        return -1;
    shared->weak = weak_make(peer_of(trial), &shared->handles);
    return shared->weak != NULL ? 0 : -1;
}

static int weakref_start(struct worker *worker)
{
    struct peer_state *state = state_new(worker);
    if (state == NULL)
        return -1;
    if (weak_is_shared(worker->trial))
        return 0;
    if (handles_make(worker->trial, worker->thread, &state->handles, 1) != 0)
        return -1;
    state->weaks = weak_make(peer_of(worker->trial), &state->handles);
    return state->weaks != NULL ? 0 : -1;
}

static uint64_t weakref_batch(struct worker *worker, uint64_t n)
{
    struct trial *trial = worker->trial;
    const struct weak_shared *shared = trial->shared;
    struct peer_state *state = worker->state;
    uint64_t got = peer_of(trial)->upgrade_hot(weak_is_shared(trial) ? shared->weak : state->weaks, n);
    if (got != n)
        trial_fail(trial, "%llu weak references led nowhere, while the object was alive",
                   (unsigned long long)(n - got));
    return n;
}

static void weakref_stop(struct worker *worker)
{
    struct peer_state *state = worker->state;
    if (state == NULL)
        return;
    weak_drop_last(worker->trial, &state->handles, state->weaks);
    state_free(worker);
}

static void weakref_finish(struct trial *trial)
{
    struct weak_shared *shared = trial->shared;
    if (shared == NULL)
        return;
    uint64_t before = peer_of(trial)->destroyed();
    weak_drop_last(trial, &shared->handles, shared->weak);
    account_destroyed(peer_of(trial), before);
    free(shared);
}

/* ---- handoff ---------------------------------------------------------------------------------------------------- */

static int handoff_prepare(struct trial *trial)
{
    prepare_ready(trial);
    struct peer_ring *rings = aligned_alloc(LINE_BYTES, trial->threads * sizeof *rings);
    if (rings != NULL)
        memset(rings, 0, trial->threads * sizeof *rings);
    trial->shared = rings;
    return rings != NULL ? 0 : -1;
}

/* Even workers produce, odd ones consume, as ours. */
static int handoff_start(struct worker *worker)
{
    worker->role = worker->index % 2 == 0 ? "producer" : "consumer";
    return state_new(worker) != NULL ? 0 : -1;
}

static void ring_wait(void)
{
    for (unsigned i = 0; i < 64; i++)
        cpu_pause();
    sched_yield();
}

static uint64_t handoff_produce(struct worker *worker, uint64_t n)
{
    struct peer_ring *ring = (struct peer_ring *)worker->trial->shared + worker->index;
    struct peer_state *state = worker->state;
    uint64_t done = peer_of(worker->trial)->produce(ring, &state->producer, n);
    if (state->producer.no_memory)
        trial_fail(worker->trial, "out of memory for a new object");
    else if (done < n)
        ring_wait();
    return done;
}

static uint64_t handoff_consume(struct worker *worker, uint64_t n)
{
    struct trial *trial = worker->trial;
    struct peer_ring *rings = trial->shared;
    struct peer_state *state = worker->state;
    uint64_t done = 0;
    for (unsigned producer = worker->index / 2; producer * 2 < trial->threads; producer += trial->threads / 2) {
        struct peer_consumer *consumer = &state->consumers[producer];
        done += peer_of(trial)->consume(&rings[producer * 2], consumer, n - done);
        if (consumer->wrong)
            trial_fail(trial, "an object came with value %lld, and was not the next", (long long)consumer->found);
    }
    if (done == 0)
        ring_wait();
    return done;
}

static uint64_t handoff_batch(struct worker *worker, uint64_t n)
{
    n = ring_batch(n);
    return worker->index % 2 == 0 ? handoff_produce(worker, n) : handoff_consume(worker, n);
}

static void handoff_stop(struct worker *worker)
{
    struct peer_state *state = worker->state;
    if (state == NULL)
        return;
    account_made(peer_of(worker->trial), (uint64_t)state->producer.next);
    state_free(worker);
}

static void handoff_finish(struct trial *trial)
{
    const struct peer *peer = peer_of(trial);
    struct peer_ring *rings = trial->shared;
    uint64_t head, before = peer->destroyed();
    for (unsigned i = 0; rings != NULL && i < trial->threads; i++) {
        while (ring_ready(&rings[i].ends, &head)) {
            peer->drop((unsigned char *)rings[i].items + head % RING_CAPACITY * peer->handle_bytes, 1);
            ring_popped(&rings[i].ends, head);
        }
    }
    account_destroyed(peer, before);
    free(rings);
}

/* ---- tables: names and drivers are ours; parameters come from our cells ----------------------------------------- */

static const struct workload pair_workload = {
    .name = "pair",
    .driver = "overhead",
    .objects = set_length_of,
    .prepare = prepare_ready,
    .start = pair_start,
    .batch = pair_batch,
    .stop = pair_stop,
    .finish = finish_nothing,
};

static const struct workload weakref_read_workload = {
    .name = "weakref_read",
    .driver = "memory",
    .prepare = weakref_prepare,
    .start = weakref_start,
    .batch = weakref_batch,
    .stop = weakref_stop,
    .finish = weakref_finish,
};

static const struct workload shared_one_workload = {
    .name = "shared_one",
    .driver = "scaling",
    .prepare = shared_one_prepare,
    .start = shared_one_start,
    .batch = shared_one_batch,
    .stop = shared_one_stop,
    .finish = shared_finish,
};

static const struct workload shared_set_workload = {
    .name = "shared_set",
    .driver = "scaling",
    .prepare = shared_set_prepare,
    .start = shared_set_start,
    .batch = shared_set_batch,
    .stop = shared_set_stop,
    .finish = shared_finish,
};

static const struct workload handoff_workload = {
    .name = "handoff",
    .driver = "scaling",
    .threads_min = 2,
    .prepare = handoff_prepare,
    .start = handoff_start,
    .batch = handoff_batch,
    .stop = handoff_stop,
    .finish = handoff_finish,
};

const struct workload *const peer_workloads_weak[] = {
    &pair_workload, &weakref_read_workload, &shared_one_workload, &shared_set_workload, &handoff_workload,
};

const struct workload *const peer_workloads[] = {
    &pair_workload, &shared_one_workload, &shared_set_workload, &handoff_workload,
};
