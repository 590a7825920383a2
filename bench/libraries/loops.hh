// The loops of a peer in C++, around a smart pointer: what peer.h asks for, as templates. A library's file defines a
// class for each of its peers and instantiates them with PEER_LOOPS:
//
//   struct P {
//       using Ref = ...;                              // the smart pointer: copying counts, destroying drops
//       static Ref make(std::int64_t value);          // to a Value; may throw std::bad_alloc
//       static const void *address(const Ref &);      // of what the pointer holds, as cheap as it can be had
//       static std::int64_t count(const Ref &);       // references that exist
//       using Weak = ...;                             // void: has none. Otherwise it is made from a Ref, and
//       static Ref lock(const Weak &);                // gives one, null when the object is gone
//   };
#ifndef RCBENCH_BENCH_PEERS_LOOPS_HH
#define RCBENCH_BENCH_PEERS_LOOPS_HH

#include <cstdint>
#include <new>
#include <utility>

#include "bench/libraries/peer.h"

namespace peers {

// What is counted: a value, and a destructor that tells of its death.
struct Value {
    static inline thread_local std::uint64_t destroyed = 0;
    std::int64_t value;
    explicit Value(std::int64_t v) : value(v) {}
    Value(const Value &) = delete;
    Value &operator=(const Value &) = delete;
    ~Value() { destroyed++; }
};

template <class P> struct Loops {
    using Ref = typename P::Ref;

    static Ref *at(void *handles, std::uint64_t i = 0) { return static_cast<Ref *>(handles) + i; }
    static const Ref *at(const void *handles) { return static_cast<const Ref *>(handles); }

    static std::uint64_t make(void *handles, std::uint64_t n, std::int64_t first)
    {
        std::uint64_t i = 0;
        try {
            for (; i < n; i++)
                new (at(handles, i)) Ref(P::make(first + static_cast<std::int64_t>(i)));
        } catch (const std::bad_alloc &) {
        }
        return i;
    }

    static void clone(void *to, const void *handle) { new (to) Ref(*at(handle)); }

    static void swap(void *a, void *b)
    {
        using std::swap;
        swap(*at(a), *at(b));
    }

    static void drop(void *handles, std::uint64_t n)
    {
        for (std::uint64_t i = 0; i < n; i++)
            at(handles, i)->~Ref();
    }

    static std::int64_t count(const void *handle) { return P::count(*at(handle)); }
    static std::uint64_t destroyed() { return Value::destroyed; }

    // A copy, and its end. OPAQUE as in bench/workloads/pair_loop.h: the count may be read in between.
    static ALWAYS_INLINE void pair(const Ref &ref)
    {
        const void *object;
        {
            Ref copy(ref);
            object = P::address(copy);
            OPAQUE(object);
        }
        OPAQUE(object);
    }

    static ALWAYS_INLINE std::uint64_t hot(const void *handle, std::uint64_t n)
    {
        const Ref one(*at(handle)); // in a register, as our loops have the object's pointer in one
        for (std::uint64_t i = n; i > 0; i--)
            pair(one);
        return n;
    }

    static ALWAYS_INLINE std::uint64_t set(const void *handles, std::uint64_t n)
    {
        const Ref *ref = at(handles);
        for (const Ref *end = ref + n; ref < end; ref++)
            pair(*ref);
        return n;
    }

    static std::uint64_t produce(struct peer_ring *ring, struct peer_producer *producer, std::uint64_t n)
    {
        std::uint64_t i = 0, tail;
        try {
            for (; i < n && ring_room(&ring->ends, &tail); i++) {
                new (at(ring->items, tail % RING_CAPACITY)) Ref(P::make(producer->next));
                producer->next++;
                ring_pushed(&ring->ends, tail);
            }
        } catch (const std::bad_alloc &) {
            producer->no_memory = true;
        }
        return i;
    }

    // Out of the ring first, as ours: its place is free again before the object dies.
    static ALWAYS_INLINE Ref take(struct peer_ring *ring, std::uint64_t head)
    {
        Ref *place = at(ring->items, head % RING_CAPACITY);
        Ref ref(std::move(*place));
        place->~Ref();
        ring_popped(&ring->ends, head);
        return ref;
    }

    static std::uint64_t consume(struct peer_ring *ring, struct peer_consumer *consumer, std::uint64_t n)
    {
        std::uint64_t i = 0, head;
        for (; i < n && ring_ready(&ring->ends, &head); i++) {
            Ref ref(take(ring, head));
            if (UNLIKELY(ref->value != consumer->next++) && !consumer->wrong) {
                consumer->wrong = true;
                consumer->found = ref->value;
            }
        }
        return i;
    }
};

template <class P> struct WeakLoops {
    using Ref = typename P::Ref;
    using Weak = typename P::Weak;

    static Weak *at(void *weaks, std::uint64_t i) { return static_cast<Weak *>(weaks) + i; }
    static const Weak *at(const void *weaks) { return static_cast<const Weak *>(weaks); }

    static void make(void *weaks, const void *handles, std::uint64_t n)
    {
        for (std::uint64_t i = 0; i < n; i++)
            new (at(weaks, i)) Weak(static_cast<const Ref *>(handles)[i]);
    }

    static void drop(void *weaks, std::uint64_t n)
    {
        for (std::uint64_t i = 0; i < n; i++)
            at(weaks, i)->~Weak();
    }

    // 1 when the object was there.
    static ALWAYS_INLINE std::uint64_t upgrade(const Weak &weak)
    {
        const void *object;
        {
            Ref ref(P::lock(weak));
            object = P::address(ref);
            OPAQUE(object);
        }
        OPAQUE(object);
        return object != nullptr;
    }

    static ALWAYS_INLINE std::uint64_t hot(const void *weak, std::uint64_t n)
    {
        std::uint64_t got = 0;
        const Weak one(*at(weak));
        for (std::uint64_t i = n; i > 0; i--)
            got += upgrade(one);
        return got;
    }

    static ALWAYS_INLINE std::uint64_t set(const void *weaks, std::uint64_t n)
    {
        std::uint64_t got = 0;
        const Weak *weak = at(weaks);
        for (const Weak *end = weak + n; weak < end; weak++)
            got += upgrade(*weak);
        return got;
    }
};

} // namespace peers

// The timed loops as functions of their own, named after the peer, so that they are found in a listing: the two of the
// pairs, and the two of the weak handles.
#define PEER_PAIR_LOOPS(symbol, P)                                                                                  \
    extern "C" NOINLINE std::uint64_t pair_hot__##symbol(const void *handle, std::uint64_t n)                       \
    {                                                                                                               \
        return peers::Loops<P>::hot(handle, n);                                                                     \
    }                                                                                                               \
    extern "C" NOINLINE std::uint64_t pair_set__##symbol(const void *handles, std::uint64_t n)                      \
    {                                                                                                               \
        return peers::Loops<P>::set(handles, n);                                                                    \
    }
#define PEER_WEAK_LOOPS(symbol, P)                                                                                  \
    extern "C" NOINLINE std::uint64_t upgrade_hot__##symbol(const void *weak, std::uint64_t n)                      \
    {                                                                                                               \
        return peers::WeakLoops<P>::hot(weak, n);                                                                   \
    }                                                                                                               \
    extern "C" NOINLINE std::uint64_t upgrade_set__##symbol(const void *weaks, std::uint64_t n)                     \
    {                                                                                                               \
        return peers::WeakLoops<P>::set(weaks, n);                                                                  \
    }

// The members of a struct peer, in their order: what all have, what threads need, what weak handles need.
#define PEER_LOOPS(symbol, P, library_name, library_version, which_process, bytes, is_ready)                        \
    .library = library_name, .version = library_version, .process = which_process,                                  \
    .handle_bytes = sizeof(P::Ref), .object_bytes = bytes, .ready = is_ready, .make = peers::Loops<P>::make,        \
    .clone = peers::Loops<P>::clone, .swap = peers::Loops<P>::swap, .drop = peers::Loops<P>::drop,                  \
    .count = peers::Loops<P>::count, .destroyed = peers::Loops<P>::destroyed, .pair_hot = pair_hot__##symbol,       \
    .pair_set = pair_set__##symbol
#define PEER_RINGS(P) .produce = peers::Loops<P>::produce, .consume = peers::Loops<P>::consume
#define PEER_WEAKS(symbol, P)                                                                                       \
    .weak_bytes = sizeof(P::Weak), .weak_make = peers::WeakLoops<P>::make, .weak_drop = peers::WeakLoops<P>::drop,  \
    .upgrade_hot = upgrade_hot__##symbol, .upgrade_set = upgrade_set__##symbol

#endif
