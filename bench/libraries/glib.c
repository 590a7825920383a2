/* GLib: GObject, and the counted boxes of plain C (g_rc_box for one thread, g_atomic_rc_box for several).
 *
 * GLib's counts are behind functions of a shared library, so each reference and each drop is a call; that is how
 * programs get them. A GObject checks its type, its toggle references and its weak ones on the way. */
#include <glib-object.h>

#include "bench/libraries/peer.h"

#define LIBRARY "GLib"
#define VERSION G_STRINGIFY(GLIB_MAJOR_VERSION) "." G_STRINGIFY(GLIB_MINOR_VERSION) "." G_STRINGIFY(GLIB_MICRO_VERSION)

static _Thread_local uint64_t objects_destroyed;

/* ---- a GObject with a value ------------------------------------------------------------------------------------- */

struct value_object {
    GObject base;
    int64_t value;
};

static gpointer value_object_parent;

static void value_object_finalize(GObject *object)
{
    objects_destroyed++;
    G_OBJECT_CLASS(value_object_parent)->finalize(object);
}

static void value_object_class_init(gpointer class, gpointer data)
{
    (void)data;
    value_object_parent = g_type_class_peek_parent(class);
    G_OBJECT_CLASS(class)->finalize = value_object_finalize;
}

static GType value_object_type(void)
{
    static gsize type;
    if (g_once_init_enter(&type)) {
        GType made = g_type_register_static_simple(G_TYPE_OBJECT, "RcbenchValue", sizeof(GObjectClass),
                                                   value_object_class_init, sizeof(struct value_object), NULL, 0);
        g_once_init_leave(&type, made);
    }
    return type;
}

static inline void *object_make(int64_t value)
{
    struct value_object *object = g_object_new(value_object_type(), NULL);
    object->value = value;
    return object;
}

static inline int64_t object_value(const void *handle) { return ((const struct value_object *)handle)->value; }
static inline void *object_acquire(void *handle) { return g_object_ref(handle); }
static inline void object_release(void *handle) { g_object_unref(handle); }
static int64_t object_count(const void *handle) { return (*(struct value_object *const *)handle)->base.ref_count; }

/* ---- boxes ------------------------------------------------------------------------------------------------------ */

struct value_box {
    int64_t value;
};

static void box_clear(gpointer box)
{
    (void)box;
    objects_destroyed++;
}

static inline int64_t box_value(const void *handle) { return ((const struct value_box *)handle)->value; }

static inline void *atomic_box_make(int64_t value)
{
    struct value_box *box = g_atomic_rc_box_new(struct value_box);
    box->value = value;
    return box;
}

static inline void *atomic_box_acquire(void *handle) { return g_atomic_rc_box_acquire(handle); }
static inline void atomic_box_release(void *handle) { g_atomic_rc_box_release_full(handle, box_clear); }

static inline void *box_make(int64_t value)
{
    struct value_box *box = g_rc_box_new(struct value_box);
    box->value = value;
    return box;
}

static inline void *box_acquire(void *handle) { return g_rc_box_acquire(handle); }
static inline void box_release(void *handle) { g_rc_box_release_full(handle, box_clear); }

/* The boxes do not tell their counts: what dies with the last reference must do. */
static int64_t box_count(const void *handle)
{
    (void)handle;
    return -1;
}

/* ---- what is the same for all: a handle is a pointer ------------------------------------------------------------ */

/* One kind of objects. The functions below are inlined where they get one of the constants, so its calls are direct. */
struct kind {
    void *(*make)(int64_t value); /* ends the process when there is no memory */
    int64_t (*value)(const void *object);
    void *(*acquire)(void *object);
    void (*release)(void *object);
};

static const struct kind object_kind = {object_make, object_value, object_acquire, object_release};
static const struct kind atomic_box_kind = {atomic_box_make, box_value, atomic_box_acquire, atomic_box_release};
static const struct kind box_kind = {box_make, box_value, box_acquire, box_release};

static uint64_t destroyed(void) { return objects_destroyed; }

static void swap(void *a, void *b)
{
    void **x = a, **y = b, *kept = *x;
    *x = *y;
    *y = kept;
}

static ALWAYS_INLINE uint64_t make_all(const struct kind *kind, void **handles, uint64_t n, int64_t first)
{
    for (uint64_t i = 0; i < n; i++)
        handles[i] = kind->make(first + (int64_t)i);
    return n;
}

static ALWAYS_INLINE void drop_all(const struct kind *kind, void **handles, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        kind->release(handles[i]);
}

/* OPAQUE as in bench/workloads/pair_loop.h. */
static ALWAYS_INLINE void pair_once(const struct kind *kind, void *object)
{
    void *reference = kind->acquire(object);
    OPAQUE(reference);
    kind->release(reference);
    OPAQUE(object);
}

static ALWAYS_INLINE uint64_t hot_loop(const struct kind *kind, void *object, uint64_t n)
{
    for (uint64_t i = n; i > 0; i--)
        pair_once(kind, object);
    return n;
}

static ALWAYS_INLINE uint64_t set_loop(const struct kind *kind, void *const *handles, uint64_t n)
{
    for (void *const *end = handles + n; handles < end; handles++)
        pair_once(kind, *handles);
    return n;
}

static ALWAYS_INLINE uint64_t produce_loop(const struct kind *kind, struct peer_ring *ring,
                                           struct peer_producer *producer, uint64_t n)
{
    uint64_t i = 0, tail;
    for (; i < n && ring_room(&ring->ends, &tail); i++) {
        ((void **)ring->items)[tail % RING_CAPACITY] = kind->make(producer->next++);
        ring_pushed(&ring->ends, tail);
    }
    return i;
}

static ALWAYS_INLINE uint64_t consume_loop(const struct kind *kind, struct peer_ring *ring,
                                           struct peer_consumer *consumer, uint64_t n)
{
    uint64_t i = 0, head;
    for (; i < n && ring_ready(&ring->ends, &head); i++) {
        void *object = ((void **)ring->items)[head % RING_CAPACITY];
        ring_popped(&ring->ends, head);
        if (UNLIKELY(kind->value(object) != consumer->next++) && !consumer->wrong) {
            consumer->wrong = true;
            consumer->found = kind->value(object);
        }
        kind->release(object);
    }
    return i;
}

/* The functions of struct peer for KIND, and the timed loops of the peer SYMBOL, which a listing shows by name. */
#define KIND_FUNCTIONS(symbol, kind)                                                                               \
    uint64_t pair_hot__##symbol(const void *handle, uint64_t n);                                                   \
    uint64_t pair_set__##symbol(const void *handles, uint64_t n);                                                  \
    NOINLINE uint64_t pair_hot__##symbol(const void *h, uint64_t n) { return hot_loop(&kind, *(void *const *)h, n); } \
    NOINLINE uint64_t pair_set__##symbol(const void *h, uint64_t n) { return set_loop(&kind, h, n); }              \
    static uint64_t kind##_make(void *h, uint64_t n, int64_t first) { return make_all(&kind, h, n, first); }       \
    static void kind##_clone(void *to, const void *h) { *(void **)to = kind.acquire(*(void *const *)h); }          \
    static void kind##_drop(void *h, uint64_t n) { drop_all(&kind, h, n); }
#define KIND_RING_FUNCTIONS(kind)                                                                                  \
    static uint64_t kind##_produce(struct peer_ring *ring, struct peer_producer *producer, uint64_t n)             \
    {                                                                                                              \
        return produce_loop(&kind, ring, producer, n);                                                             \
    }                                                                                                              \
    static uint64_t kind##_consume(struct peer_ring *ring, struct peer_consumer *consumer, uint64_t n)             \
    {                                                                                                              \
        return consume_loop(&kind, ring, consumer, n);                                                             \
    }

KIND_FUNCTIONS(peer_glib_object, object_kind)
KIND_RING_FUNCTIONS(object_kind)
KIND_FUNCTIONS(peer_glib_atomic_rc_box, atomic_box_kind)
KIND_RING_FUNCTIONS(atomic_box_kind)
KIND_FUNCTIONS(peer_glib_rc_box, box_kind)

/* ---- weak references to a GObject ------------------------------------------------------------------------------- */

static void weak_make(void *weaks, const void *handles, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        g_weak_ref_init((GWeakRef *)weaks + i, ((void *const *)handles)[i]);
}

static void weak_drop(void *weaks, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        g_weak_ref_clear((GWeakRef *)weaks + i);
}

/* 1 when the object was there. */
static ALWAYS_INLINE uint64_t upgrade(GWeakRef *weak)
{
    void *reference = g_weak_ref_get(weak);
    if (UNLIKELY(reference == NULL))
        return 0;
    OPAQUE(reference);
    g_object_unref(reference);
    OPAQUE(weak);
    return 1;
}

uint64_t upgrade_hot__peer_glib_object(const void *weak, uint64_t n);
NOINLINE uint64_t upgrade_hot__peer_glib_object(const void *weak, uint64_t n)
{
    uint64_t got = 0;
    for (uint64_t i = n; i > 0; i--)
        got += upgrade((GWeakRef *)weak);
    return got;
}

uint64_t upgrade_set__peer_glib_object(const void *weaks, uint64_t n);
NOINLINE uint64_t upgrade_set__peer_glib_object(const void *weaks, uint64_t n)
{
    uint64_t got = 0;
    GWeakRef *weak = (GWeakRef *)weaks;
    for (GWeakRef *end = weak + n; weak < end; weak++)
        got += upgrade(weak);
    return got;
}

/* ---- descriptors ------------------------------------------------------------------------------------------------ */

/* In front of a box lies what only GLib's sources tell (grcboxprivate.h): count, size, and a mark; and it is rounded up
 * so that the block is aligned. */
enum { BOX_HEADER = 32 };

#define KIND_PEER(symbol, kind, bytes, counts)                                                                     \
    .library = LIBRARY, .version = VERSION, .handle_bytes = sizeof(void *), .object_bytes = bytes,                 \
    .make = kind##_make, .clone = kind##_clone, .swap = swap, .drop = kind##_drop, .count = counts,                \
    .destroyed = destroyed, .pair_hot = pair_hot__##symbol, .pair_set = pair_set__##symbol

static const struct peer object = {
    KIND_PEER(peer_glib_object, object_kind, sizeof(struct value_object), object_count),
    .produce = object_kind_produce,
    .consume = object_kind_consume,
    .weak_bytes = sizeof(GWeakRef),
    .weak_make = weak_make,
    .weak_drop = weak_drop,
    .upgrade_hot = upgrade_hot__peer_glib_object,
    .upgrade_set = upgrade_set__peer_glib_object,
};
static const struct peer atomic_box = {
    KIND_PEER(peer_glib_atomic_rc_box, atomic_box_kind, BOX_HEADER + sizeof(struct value_box), box_count),
    .produce = atomic_box_kind_produce,
    .consume = atomic_box_kind_consume,
};
static const struct peer box = {
    KIND_PEER(peer_glib_rc_box, box_kind, BOX_HEADER + sizeof(struct value_box), box_count),
};

PEER_VARIANT(peer_glib_object, "peer:glib-object", "atomic", 0, sizeof(GObject), peer_workloads_weak,
             PEER_WORKLOADS_FREE_WEAK, object);
PEER_VARIANT(peer_glib_atomic_rc_box, "peer:glib-atomic_rc_box", "atomic", 0, BOX_HEADER, peer_workloads,
             PEER_WORKLOADS_FREE, atomic_box);
PEER_VARIANT(peer_glib_rc_box, "peer:glib-rc_box", "plain", 1, BOX_HEADER, peer_workloads, PEER_WORKLOADS_SINGLE, box);
