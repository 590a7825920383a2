#include "tests/schemes/explore/engine/atomic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/schemes/explore/engine/engine.h"
#include "tests/schemes/explore/engine/memory.h"
#include "tests/schemes/explore/engine/schedule.h"
#include "tests/schemes/explore/engine/trace.h"

struct store {
    uint64_t value, id;   /* id: which store of which thread */
    struct view released; /* what an acquire load of it makes known */
    uint32_t position;    /* in the modification order; grows when a store comes late */
    uint32_t sc;          /* which seq_cst event, counted from 1; 0: none */
    uint8_t thread;
    bool rmw;             /* nothing may come between it and the store before it */
};

/* That a thread has read or written a store at one of its events: later ones cannot go behind it, nor can those
 * that the event happens before (coherence). */
struct sight {
    uint32_t event;
    struct store *store;
};

struct sights {
    struct sight *items;
    uint32_t length, capacity;
};

struct location {
    struct store **order; /* the modification order */
    uint32_t length, capacity;
    struct sights seen[THREADS_MAX];
    struct store *sc_read; /* the latest store that a seq_cst load has read */
    uint32_t written[THREADS_MAX], read[THREADS_MAX]; /* last atomic events, for races with plain accesses */
    uintptr_t address;
    uint64_t hash;
    unsigned size;
};

enum { STORES_MAX = 1 << 15, LOCATIONS_MAX = 1 << 12 };

static struct {
    struct store stores[STORES_MAX];
    struct location locations[LOCATIONS_MAX]; /* their arrays are kept from one execution to the next */
    uint32_t stores_used, locations_used;
    uint64_t hash;            /* the sum over all locations */
    struct vclock sc_fences;  /* what seq_cst fences so far have known */
    uint32_t sc_events;
    uint64_t sc_hash;
    bool fences_used;
} atomics;

static const char *const order_names[] = {"relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"};

static bool acquires(int order)
{
    return order == __ATOMIC_ACQUIRE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST ||
           order == __ATOMIC_CONSUME;
}

static bool releases(int order)
{
    return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

void atomic_start_execution(void)
{
    atomics.stores_used = atomics.locations_used = 0;
    atomics.hash = atomics.sc_hash = 0;
    atomics.sc_fences = (struct vclock){0};
    atomics.sc_events = 0;
    atomics.fences_used = false;
}

/* With fences, the order of all seq_cst events matters; without, only that within each location. */
uint64_t atomic_state(void) { return mix(atomics.hash, atomics.fences_used ? atomics.sc_hash : 0); }

/* ---- memory itself: the newest value of each location, for plain code --------------------------- */

static uint64_t peek(uintptr_t address, unsigned size)
{
    uint64_t value = 0;
    memcpy(&value, (void *)address, size); /* little-endian, as all that this runs on */
    return value;
}

static void poke(uintptr_t address, unsigned size, uint64_t value) { memcpy((void *)address, &value, size); }

/* ---- the modification order ----------------------------------------------------------------------- */

static void *larger(void *array, uint32_t *capacity, size_t item)
{
    *capacity = *capacity ? *capacity * 2 : 8;
    array = realloc(array, *capacity * item);
    if (array == NULL) {
        fputs("explore: out of memory\n", stderr);
        exit(1);
    }
    return array;
}

static void rehash(struct location *l)
{
    atomics.hash -= l->hash;
    l->hash = mix(l->address, l->sc_read != NULL ? l->sc_read->id : 0);
    for (uint32_t i = 0; i < l->length; i++)
        l->hash = mix(l->hash, l->order[i]->id);
    atomics.hash += l->hash;
}

static struct store *new_store(uint64_t value, uint64_t id)
{
    if (atomics.stores_used == STORES_MAX)
        engine_fail("livelock: %d stores in one execution", STORES_MAX);
    struct store *s = &atomics.stores[atomics.stores_used++];
    *s = (struct store){.value = value, .id = id, .thread = (uint8_t)schedule.current->id};
    return s;
}

static void insert(struct location *l, struct store *s, uint32_t position)
{
    if (l->length == l->capacity)
        l->order = larger(l->order, &l->capacity, sizeof *l->order);
    for (uint32_t i = l->length; i > position; i--) {
        l->order[i] = l->order[i - 1];
        l->order[i]->position = i;
    }
    l->order[position] = s;
    s->position = position;
    l->length++;
    rehash(l);
}

static void saw(struct location *l, struct store *s)
{
    struct fiber *self = schedule.current;
    struct sights *seen = &l->seen[self->id];
    if (seen->length > 0 && seen->items[seen->length - 1].store->position >= s->position)
        return;
    if (seen->length == seen->capacity)
        seen->items = larger(seen->items, &seen->capacity, sizeof *seen->items);
    seen->items[seen->length++] = (struct sight){.event = self->events, .store = s};
}

static struct location *find(uintptr_t address, unsigned size, const void *pc)
{
    struct granule *g = memory_granule(address);
    if (g == NULL)
        engine_fail("an atomic operation on %#lx, which is not the program's memory", (unsigned long)address);
    if (g->state == MEMORY_FREED) {
        trace_step(pc, "atomic operation on %s", memory_text(address));
        engine_fail("use after free: thread %d uses %s atomically", schedule.current->id, memory_text(address));
    }
    bool fresh;
    memory_check_initial(g, address, size, pc, &fresh);
    struct location *l = g->locations[address % 8];
    if (l != NULL)
        return l;
    if (atomics.locations_used == LOCATIONS_MAX)
        engine_fail("more than %d atomic locations", LOCATIONS_MAX);
    l = &atomics.locations[atomics.locations_used++];
    l->length = 0;
    for (int i = 0; i < THREADS_MAX; i++) {
        l->seen[i].length = 0;
        l->written[i] = l->read[i] = 0;
    }
    l->sc_read = NULL;
    l->address = address;
    l->size = size;
    l->hash = 0;
    g->locations[address % 8] = l;
    insert(l, new_store(peek(address, size), fresh ? UINT64_MAX : 0), 0);
    return l;
}

/* ---- what may be read ----------------------------------------------------------------------------- */

/* The oldest store that the calling thread may still read: the newest that it, or an event that it must have seen,
 * has seen; for seq_cst not older than the last seq_cst store either (C11 7.17.3, 29.3 in C++11). */
static uint32_t oldest(struct location *l, int order)
{
    struct fiber *self = schedule.current;
    struct vclock seen = self->now.seen;
    if (order == __ATOMIC_SEQ_CST)
        vclock_join(&seen, &atomics.sc_fences);
    uint32_t position = 0;
    for (int i = 0; i < THREADS_MAX; i++) {
        struct sights *s = &l->seen[i];
        uint32_t at = s->length;
        while (at > 0 && s->items[at - 1].event > seen.at[i])
            at--;
        if (at > 0 && s->items[at - 1].store->position > position)
            position = s->items[at - 1].store->position;
    }
    uint32_t sc_limit = order == __ATOMIC_SEQ_CST ? UINT32_MAX : self->now.fence;
    for (uint32_t i = l->length; sc_limit > 0 && i > position + 1; i--)
        if (l->order[i - 1]->sc != 0 && l->order[i - 1]->sc <= sc_limit)
            position = i - 1;
    return position;
}

static bool followed_by_rmw(struct location *l, uint32_t position)
{
    return position + 1 < l->length && l->order[position + 1]->rmw;
}

/* Which store the operation reads: the newest, or, within the budget, an older one. */
static struct store *read_from(struct location *l, int order)
{
    uint32_t first = oldest(l, order);
    int ways = (int)(l->length - first);
    int back = schedule_unlikely(ways, &schedule.left.stale);
    struct store *s = l->order[l->length - 1 - (uint32_t)back];
    if (s->id == UINT64_MAX) {
        engine_fail("thread %d reads %s, which was never written", schedule.current->id, memory_text(l->address));
    }
    return s;
}

/* Where the store goes: to the end, or, within the budget, before stores that it need not follow. */
static uint32_t place(struct location *l, int order)
{
    uint32_t first = oldest(l, order) + 1;
    if (order == __ATOMIC_SEQ_CST && l->sc_read != NULL && l->sc_read->position >= first)
        first = l->sc_read->position + 1;
    int ways = 1;
    for (uint32_t i = l->length; i > first; i--)
        ways += !l->order[i - 1]->rmw;
    int late = schedule_unlikely(ways, &schedule.left.stale);
    uint32_t position = l->length;
    while (late > 0)
        late -= !l->order[--position]->rmw;
    return position;
}

/* ---- operations ----------------------------------------------------------------------------------- */

static uint32_t new_event(struct location *l, unsigned what, uint64_t with)
{
    return schedule_event(mix(l->address, what), with);
}

static void take(struct store *s, int order)
{
    struct fiber *self = schedule.current;
    if (acquires(order))
        view_join(&self->now, &s->released);
    else
        view_join(&self->acquired, &s->released);
}

static void note_read(struct location *l, struct store *s, int order)
{
    struct fiber *self = schedule.current;
    saw(l, s);
    l->read[self->id] = self->events;
    if (order == __ATOMIC_SEQ_CST && (l->sc_read == NULL || l->sc_read->position < s->position)) {
        l->sc_read = s;
        rehash(l);
    }
}

static struct store *write(struct location *l, uint64_t value, int order, uint32_t position, struct store *read)
{
    struct fiber *self = schedule.current;
    struct store *s = new_store(value, mix((uint64_t)self->id + 1, self->events));
    /* A release sequence goes on through read-modify-writes (C11 as C++20 and RC11 have it: not through later stores
     * of the same thread). */
    s->released = releases(order) ? self->now : self->released;
    if (read != NULL) {
        view_join(&s->released, &read->released);
        s->rmw = true;
    }
    if (order == __ATOMIC_SEQ_CST) {
        s->sc = ++atomics.sc_events;
        atomics.sc_hash = mix(atomics.sc_hash, s->id);
    }
    insert(l, s, position);
    saw(l, s);
    l->written[self->id] = self->events;
    memory_save(memory_granule(l->address), l->address);
    if (position == l->length - 1)
        poke(l->address, l->size, value);
    schedule_progress();
    return s;
}

static const char *age(struct location *l, struct store *s)
{
    return s->position + 1 == l->length ? "" : ", not the newest";
}

static bool direct(void) { return schedule.phase != PHASE_EXPLORE && schedule.phase != PHASE_QUIET; }

uint64_t atomic_load(uintptr_t address, unsigned size, int order, const void *pc)
{
    if (direct())
        return peek(address, size);
    schedule_point(address);
    struct location *l = find(address, size, pc);
    struct store *s = read_from(l, order);
    new_event(l, 1, s->id);
    trace_step(pc, "load %s %s: %#lx%s", order_names[order], memory_text(address), (unsigned long)s->value, age(l, s));
    take(s, order);
    note_read(l, s, order);
    return s->value;
}

void atomic_store(uintptr_t address, unsigned size, uint64_t value, int order, const void *pc)
{
    if (direct()) {
        poke(address, size, value);
        return;
    }
    schedule_point(address);
    struct location *l = find(address, size, pc);
    new_event(l, 2, value);
    struct store *s = write(l, value, order, place(l, order), NULL);
    trace_step(pc, "store %s %s: %#lx%s", order_names[order], memory_text(address), (unsigned long)value, age(l, s));
}

static uint64_t truncate_to(uint64_t value, unsigned size)
{
    return size == 8 ? value : value & ((UINT64_C(1) << size * 8) - 1);
}

static uint64_t combine(enum rmw kind, uint64_t old, uint64_t operand)
{
    switch (kind) {
    case RMW_ADD: return old + operand;
    case RMW_SUB: return old - operand;
    case RMW_AND: return old & operand;
    case RMW_OR: return old | operand;
    case RMW_XOR: return old ^ operand;
    default: return operand;
    }
}

/* A read-modify-write reads the store just before its own: an older one only where no other read-modify-write has done
 * so, and where nothing that it must follow came later. */
static struct store *read_for_rmw(struct location *l, int order)
{
    uint32_t first = oldest(l, order);
    if (order == __ATOMIC_SEQ_CST && l->sc_read != NULL && l->sc_read->position > first)
        first = l->sc_read->position;
    int ways = 1;
    for (uint32_t i = l->length - 1; i > first; i--)
        ways += !followed_by_rmw(l, i - 1);
    int back = schedule_unlikely(ways, &schedule.left.stale);
    uint32_t position = l->length - 1;
    while (back > 0)
        back -= !followed_by_rmw(l, --position);
    if (l->order[position]->id == UINT64_MAX)
        engine_fail("thread %d reads %s, which was never written", schedule.current->id, memory_text(l->address));
    return l->order[position];
}

static struct store *finish_rmw(struct location *l, struct store *read, uint64_t value, int order)
{
    note_read(l, read, order);
    struct store *s = write(l, value, order, read->position + 1, read);
    take(read, order); /* after the write: what it makes known is in the store by the release sequence already */
    return s;
}

uint64_t atomic_rmw(uintptr_t address, unsigned size, enum rmw kind, uint64_t operand, int order, const void *pc)
{
    if (direct()) {
        uint64_t old = peek(address, size);
        poke(address, size, combine(kind, old, operand));
        return old;
    }
    schedule_point(address);
    struct location *l = find(address, size, pc);
    struct store *read = read_for_rmw(l, order);
    uint64_t value = truncate_to(combine(kind, read->value, operand), size);
    new_event(l, 3, mix(read->id, operand));
    struct store *s = finish_rmw(l, read, value, order);
    trace_step(pc, "read-modify-write %s %s: %#lx -> %#lx%s", order_names[order], memory_text(address),
               (unsigned long)read->value, (unsigned long)value, age(l, s));
    return read->value;
}

bool atomic_cas(uintptr_t address, unsigned size, uint64_t *expected, uint64_t desired, int order, int failure,
                const void *pc)
{
    if (direct()) {
        uint64_t found = peek(address, size);
        if (found == *expected)
            poke(address, size, desired);
        bool same = found == *expected;
        *expected = found;
        return same;
    }
    schedule_point(address);
    struct location *l = find(address, size, pc);
    struct store *read = read_from(l, failure);
    bool replaces = read->value == *expected;
    /* Where the store that was drawn cannot be replaced any more, the newest is. */
    if (replaces && (followed_by_rmw(l, read->position) || read->position < oldest(l, order) ||
                     (order == __ATOMIC_SEQ_CST && l->sc_read != NULL && read->position < l->sc_read->position))) {
        read = l->order[l->length - 1];
        replaces = read->value == *expected;
    }
    new_event(l, replaces ? 4 : 5, mix(read->id, desired));
    trace_step(pc, "compare and swap %s %s: %#lx%s, %s%#lx", order_names[replaces ? order : failure],
               memory_text(address), (unsigned long)read->value, age(l, read), replaces ? "-> " : "not ",
               (unsigned long)(replaces ? desired : *expected));
    if (replaces) {
        finish_rmw(l, read, desired, order);
        return true;
    }
    *expected = read->value;
    take(read, failure);
    note_read(l, read, failure);
    return false;
}

void atomic_fence(int order, const void *pc)
{
    if (direct())
        return;
    struct fiber *self = schedule.current;
    atomics.fences_used = true;
    schedule_point(0);
    schedule_event(6, (uint64_t)order);
    trace_step(pc, "fence %s", order_names[order]);
    if (acquires(order))
        view_join(&self->now, &self->acquired);
    if (order == __ATOMIC_SEQ_CST) {
        vclock_join(&self->now.seen, &atomics.sc_fences);
        vclock_join(&atomics.sc_fences, &self->now.seen);
        self->now.fence = ++atomics.sc_events;
        atomics.sc_hash = mix(atomics.sc_hash, mix((uint64_t)self->id + 1, self->events));
    }
    if (releases(order))
        self->released = self->now;
}

/* ---- plain accesses to the same bytes ------------------------------------------------------------- */

static void check_against(struct location *l, const uint32_t *events, bool write_here, bool wrote, const void *pc)
{
    struct fiber *self = schedule.current;
    for (int i = 0; i < THREADS_MAX; i++) {
        if (i == self->id || events[i] <= self->now.hb.at[i])
            continue;
        trace_step(pc, "%s %s, not atomically", write_here ? "writes" : "reads", memory_text(l->address));
        engine_fail("data race: thread %d %s %s, and thread %d has %s it atomically; neither happens before the other",
                    self->id, write_here ? "writes (or frees)" : "reads", memory_text(l->address), i,
                    wrote ? "written" : "read");
    }
}

void atomic_meet_plain(struct granule *g, uintptr_t address, size_t size, bool is_write, const void *pc)
{
    for (int i = 0; i < 8; i++) {
        struct location *l = g->locations[i];
        if (l == NULL || l->address >= address + size || address >= l->address + l->size)
            continue;
        check_against(l, l->written, is_write, true, pc);
        if (!is_write)
            continue;
        check_against(l, l->read, is_write, false, pc);
        atomics.hash -= l->hash;
        g->locations[i] = NULL; /* the next atomic access starts from what is in memory then */
    }
}
