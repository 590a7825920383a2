// Boost.SmartPtr: intrusive_ptr with the library's own counters, and local_shared_ptr.
//
// intrusive_ref_counter lies in the object: with thread_safe_counter it is Boost's atomic_count, with
// thread_unsafe_counter an unsigned int. local_shared_ptr is a shared_ptr for one thread: plain counts beside, in front
// of one shared reference. It has no weak pointer of its own.
#include <memory>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <boost/smart_ptr/local_shared_ptr.hpp>
#include <boost/smart_ptr/make_local_shared.hpp>
#include <boost/version.hpp>

#include "bench/libraries/loops.hh"

#define LIBRARY "Boost"
#define VERSION BOOST_LIB_VERSION

namespace {

using peers::Value;

template <class Counter>
struct Object : boost::intrusive_ref_counter<Object<Counter>, Counter>, Value {
    using Value::Value;
};

template <class Counter> struct Intrusive {
    using Ref = boost::intrusive_ptr<Object<Counter>>;
    static Ref make(std::int64_t value) { return Ref(new Object<Counter>(value)); }
    static ALWAYS_INLINE const void *address(const Ref &ref) { return ref.get(); }
    static std::int64_t count(const Ref &ref) { return ref->use_count(); }
};

using Safe = Intrusive<boost::thread_safe_counter>;
using Unsafe = Intrusive<boost::thread_unsafe_counter>;

struct Local {
    using Ref = boost::local_shared_ptr<Value>;
    static Ref make(std::int64_t value) { return boost::make_local_shared<Value>(value); }
    static ALWAYS_INLINE const void *address(const Ref &ref) { return ref.get(); }
    static std::int64_t count(const Ref &ref) { return ref.local_use_count(); }
};

// What make_local_shared allocates: the shared count, and in it the local count and the value.
using Allocator = std::allocator<Value>;
using LocalDeleter = boost::detail::lsp_ms_deleter<Value, Allocator>;
using LocalBlock = boost::detail::sp_counted_impl_pda<Value *, LocalDeleter, Allocator>;

} // namespace

PEER_PAIR_LOOPS(peer_boost_intrusive, Safe)
PEER_PAIR_LOOPS(peer_boost_intrusive_single, Unsafe)
PEER_PAIR_LOOPS(peer_boost_local_shared_ptr, Local)

static const struct peer safe = {
    PEER_LOOPS(peer_boost_intrusive, Safe, LIBRARY, VERSION, PEER_ANY_PROCESS,
               sizeof(Object<boost::thread_safe_counter>), nullptr),
    PEER_RINGS(Safe)};
static const struct peer unsafe = {
    PEER_LOOPS(peer_boost_intrusive_single, Unsafe, LIBRARY, VERSION, PEER_ANY_PROCESS,
               sizeof(Object<boost::thread_unsafe_counter>), nullptr)};
static const struct peer local = {
    PEER_LOOPS(peer_boost_local_shared_ptr, Local, LIBRARY, VERSION, PEER_ANY_PROCESS, sizeof(LocalBlock), nullptr)};

extern "C" {
PEER_VARIANT(peer_boost_intrusive, "peer:boost-intrusive", "atomic", 0,
             sizeof(Object<boost::thread_safe_counter>) - sizeof(Value), peer_workloads, PEER_WORKLOADS_FREE, safe);
PEER_VARIANT(peer_boost_intrusive_single, "peer:boost-intrusive-single", "plain", 1,
             sizeof(Object<boost::thread_unsafe_counter>) - sizeof(Value), peer_workloads, PEER_WORKLOADS_SINGLE,
             unsafe);
PEER_VARIANT(peer_boost_local_shared_ptr, "peer:boost-local_shared_ptr", "plain", 1,
             sizeof(LocalBlock) - sizeof(Value), peer_workloads, PEER_WORKLOADS_SINGLE, local);
}
