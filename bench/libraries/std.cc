// std::shared_ptr of libstdc++, and the counter that C++ programs write themselves with std::atomic.
//
// shared_ptr counts with atomic operations only in a process that has made a second thread: each copy and each drop
// asks (__is_single_threaded, glibc's __libc_single_threaded). So there are three peers of it:
//   shared_ptr             the class as it is, in a process that has had a second thread
//   shared_ptr-unthreaded  the same code, in a process that has not yet: its cells come before all others
//   shared_ptr-single      std::__shared_ptr with libstdc++'s lock policy for one thread: never asks. No program gets
//                          it by writing std::shared_ptr; it is what the plain counts cost without the question
#include <atomic>
#include <memory>
#include <thread>

#include <ext/atomicity.h>

#include "bench/libraries/loops.hh"

#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)
#define LIBRARY "libstdc++"
#define VERSION TEXT(_GLIBCXX_RELEASE) " (" TEXT(__GLIBCXX__) ")"

namespace {

using peers::Value;

struct Shared {
    using Ref = std::shared_ptr<Value>;
    using Weak = std::weak_ptr<Value>;
    static Ref make(std::int64_t value) { return std::make_shared<Value>(value); }
    static ALWAYS_INLINE const void *address(const Ref &ref) { return ref.get(); }
    static std::int64_t count(const Ref &ref) { return ref.use_count(); }
    static ALWAYS_INLINE Ref lock(const Weak &weak) { return weak.lock(); }
};

// Another type, so that the functions of the two are not the same ones.
struct Unthreaded : Shared {};

struct Single {
    using Ref = std::__shared_ptr<Value, __gnu_cxx::_S_single>;
    using Weak = std::__weak_ptr<Value, __gnu_cxx::_S_single>;
    static Ref make(std::int64_t value) { return std::__make_shared<Value, __gnu_cxx::_S_single>(value); }
    static ALWAYS_INLINE const void *address(const Ref &ref) { return ref.get(); }
    static std::int64_t count(const Ref &ref) { return ref.use_count(); }
    static ALWAYS_INLINE Ref lock(const Weak &weak) { return weak.lock(); }
};

// The textbook's: relaxed increment, release decrement, an acquire fence for the last one. Only what has been moved
// from is empty, and that is never copied.
class Counted {
public:
    explicit Counted(std::int64_t value) : object_(new Object(value)) {}
    Counted(const Counted &other) : object_(other.object_)
    {
        if (object_ == nullptr)
            __builtin_unreachable();
        object_->count.fetch_add(1, std::memory_order_relaxed);
    }
    Counted(Counted &&other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    Counted &operator=(const Counted &) = delete;
    Counted &operator=(Counted &&other) noexcept
    {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Counted()
    {
        if (object_ == nullptr || object_->count.fetch_sub(1, std::memory_order_release) != 1)
            return;
        std::atomic_thread_fence(std::memory_order_acquire);
        delete object_;
    }
    Value &operator*() const { return object_->value; }
    Value *operator->() const { return &object_->value; }
    const void *address() const { return object_; }
    std::int64_t count() const { return object_->count.load(std::memory_order_relaxed); }

    struct Object {
        std::atomic<std::int64_t> count{1};
        Value value;
        explicit Object(std::int64_t v) : value(v) {}
    };

private:
    Object *object_;
};

struct Atomic {
    using Ref = Counted;
    static Ref make(std::int64_t value) { return Ref(value); }
    static ALWAYS_INLINE const void *address(const Ref &ref) { return ref.address(); }
    static std::int64_t count(const Ref &ref) { return ref.count(); }
};

const char *make_threaded()
{
    if (__gnu_cxx::__is_single_threaded())
        std::thread([] {}).join();
    return __gnu_cxx::__is_single_threaded() ? "libstdc++ takes this process for one with a single thread" : nullptr;
}

const char *find_unthreaded()
{
    return __gnu_cxx::__is_single_threaded() ? nullptr : "this process has had a second thread";
}

// What std::make_shared allocates: the virtual table's pointer, two counts, the value.
enum { SHARED_HEADER = sizeof(void *) + 2 * sizeof(_Atomic_word), SHARED_BYTES = SHARED_HEADER + sizeof(Value) };

} // namespace

PEER_PAIR_LOOPS(peer_std_shared_ptr, Shared)
PEER_WEAK_LOOPS(peer_std_shared_ptr, Shared)
PEER_PAIR_LOOPS(peer_std_shared_ptr_unthreaded, Unthreaded)
PEER_WEAK_LOOPS(peer_std_shared_ptr_unthreaded, Unthreaded)
PEER_PAIR_LOOPS(peer_std_shared_ptr_single, Single)
PEER_WEAK_LOOPS(peer_std_shared_ptr_single, Single)
PEER_PAIR_LOOPS(peer_std_atomic, Atomic)

static const struct peer shared = {
    PEER_LOOPS(peer_std_shared_ptr, Shared, LIBRARY, VERSION, PEER_THREADED, SHARED_BYTES, make_threaded),
    PEER_RINGS(Shared), PEER_WEAKS(peer_std_shared_ptr, Shared)};
static const struct peer unthreaded = {
    PEER_LOOPS(peer_std_shared_ptr_unthreaded, Unthreaded, LIBRARY, VERSION, PEER_UNTHREADED, SHARED_BYTES,
               find_unthreaded),
    PEER_WEAKS(peer_std_shared_ptr_unthreaded, Unthreaded)};
static const struct peer single = {
    PEER_LOOPS(peer_std_shared_ptr_single, Single, LIBRARY, VERSION, PEER_ANY_PROCESS, SHARED_BYTES, nullptr),
    PEER_WEAKS(peer_std_shared_ptr_single, Single)};
static const struct peer atomic_counter = {
    PEER_LOOPS(peer_std_atomic, Atomic, LIBRARY, VERSION, PEER_ANY_PROCESS, sizeof(Counted::Object), nullptr),
    PEER_RINGS(Atomic)};

extern "C" {
PEER_VARIANT(peer_std_shared_ptr, "peer:std-shared_ptr", "atomic", 0, SHARED_HEADER, peer_workloads_weak,
             PEER_WORKLOADS_FREE_WEAK, shared);
PEER_VARIANT(peer_std_shared_ptr_unthreaded, "peer:std-shared_ptr-unthreaded", "plain", 1, SHARED_HEADER,
             peer_workloads_weak, PEER_WORKLOADS_SINGLE_WEAK, unthreaded);
PEER_VARIANT(peer_std_shared_ptr_single, "peer:std-shared_ptr-single", "plain", 1, SHARED_HEADER, peer_workloads_weak,
             PEER_WORKLOADS_SINGLE_WEAK, single);
PEER_VARIANT(peer_std_atomic, "peer:std-atomic", "atomic", 0, sizeof(Counted::Object) - sizeof(Value), peer_workloads,
             PEER_WORKLOADS_FREE, atomic_counter);
}
