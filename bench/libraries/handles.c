/* Arrays of handles, and what was made and destroyed in a trial. See handles.h. */
#include "bench/libraries/handles.h"

#include "core/memory/account.h"

/* ---- the thread and the account --------------------------------------------------------------------------------- */

/* Made and not destroyed, of all threads of a trial. */
static uint64_t held_total;

struct peer_thread peer_main_thread;
static bool main_entered;

void peer_open(uint64_t switch_interval_ns)
{
    (void)switch_interval_ns;
    held_total = 0;
    main_entered = false;
}

void *peer_enter(void)
{
    if (main_entered)
        return calloc(1, sizeof(struct peer_thread));
    main_entered = true;
    peer_main_thread = (struct peer_thread){.is_main = true};
    return &peer_main_thread;
}

void peer_leave(void *thread)
{
    if (thread != &peer_main_thread)
        free(thread);
}

void peer_move(void *thread) { (void)thread; }

uint64_t peer_objects(void *thread)
{
    const struct peer_thread *self = thread;
    uint64_t objects = self->made + (self->produced != NULL ? (uint64_t)*self->produced : 0);
    if (self->peer != NULL && !self->is_main)
        objects -= self->peer->destroyed() - self->destroyed;
    return objects * held_block(0);
}

void peer_watch_collector(struct collector_watch *watch) { (void)watch; }

uint64_t peer_own_heap(uint64_t *in_use)
{
    *in_use = 0;
    return 0;
}
bool peer_safepoint(void *thread) { (void)thread; return false; }
uint64_t peer_zero(void *thread) { (void)thread; return 0; }
struct histogram *peer_waits(void *thread) { (void)thread; return NULL; }
int peer_populate(void) { return 0; }
void peer_depopulate(void) {}
uint64_t peer_close(void) { return held_total; }

/* Relaxed: read when the threads have met at a barrier. */
void account_made(const struct peer *peer, uint64_t count)
{
    __atomic_add_fetch(&held_total, count * held_block(peer->object_bytes), __ATOMIC_RELAXED);
}

void account_destroyed(const struct peer *peer, uint64_t before)
{
    uint64_t count = peer->destroyed() - before;
    __atomic_sub_fetch(&held_total, count * held_block(peer->object_bytes), __ATOMIC_RELAXED);
}

/* ---- arrays of handles ------------------------------------------------------------------------------------------ */

enum { SLICE = 1 << 16 };

int handles_reserve(const struct peer *peer, struct handles *handles, uint64_t capacity)
{
    handles->length = 0;
    handles->items = malloc(capacity * peer->handle_bytes);
    return handles->items != NULL ? 0 : -1;
}

/* In slices: a set for DRAM takes seconds, and Ctrl-C must not wait for it. */
int handles_make(struct trial *trial, struct peer_thread *thread, struct handles *handles, uint64_t length)
{
    const struct peer *peer = peer_of(trial);
    if (handles_reserve(peer, handles, length) != 0)
        return -1;
    while (handles->length < length) {
        uint64_t slice = length - handles->length < SLICE ? length - handles->length : SLICE;
        uint64_t made = peer->make(handle_at(peer, handles, handles->length), slice, (int64_t)handles->length);
        account_made(peer, made);
        thread->made += made;
        handles->length += made;
        if (made < slice)
            return -1;
        if (*trial->interrupted)
            break;
    }
    return 0;
}

/* Fisher and Yates. */
void handles_shuffle(const struct peer *peer, struct handles *handles, uint64_t *random)
{
    for (uint64_t i = handles->length; i > 1; i--)
        peer->swap(handle_at(peer, handles, i - 1), handle_at(peer, handles, random_below(random, i)));
}

void handles_drop_last(struct trial *trial, struct handles *handles)
{
    const struct peer *peer = peer_of(trial);
    for (uint64_t i = 0; i < handles->length; i++) {
        int64_t count = peer->count(handle_at(peer, handles, i));
        if (count >= 0 && count != 1)
            trial_fail(trial, "an object of the set has %lld references, 1 is right", (long long)count);
    }
    uint64_t before = peer->destroyed();
    if (handles->length > 0)
        peer->drop(handles->items, handles->length);
    uint64_t died = peer->destroyed() - before;
    if (died != handles->length)
        trial_fail(trial, "%llu objects died with the last reference to %llu", (unsigned long long)died,
                   (unsigned long long)handles->length);
    free(handles->items);
    *handles = (struct handles){0};
}
