/* What a scheme must supply. A scheme is one header in variants/ that includes core/base/atomics.h, defines
 * what stands here, and knows nothing of objects: it sees a header and answers "who must destroy?".
 *
 * Words: reference: the right to use an object, one unit of its count. Owner: the thread that created
 * the object. Borrowed: used under somebody else's reference. Immortal: never counted, never freed.
 * Publish: make an object reachable by other threads. Quiet: no other thread runs operations.
 *
 * Traits: macros, each 0 or 1 unless said otherwise
 *   RC_SCHEME                name as text
 *   RC_HEAD_BYTES            bytes of struct rc_head (the type pointer, 8 bytes more, is the model's)
 *   RC_THREAD_SAFE           references may be dropped by any thread, without a GIL
 *   RC_EXACT_AUDIT           rc_audit is exact when all threads are quiet
 *   RC_IMMORTAL              rc_immortalize works; otherwise None is an object like any other
 *   RC_LATE                  a dead object may be found dead later than by its last decref
 *   RC_PUBLISH_WALKS         rc_publish marks; all that becomes reachable must be marked too
 *   RC_NEVER_FREES           no decref finds a death: memory comes from an arena that goes as a whole, unless RC_TRACED
 *   RC_TRACED                with RC_NEVER_FREES: a collector that follows references takes back what nobody can reach.
 *                            Memory is the scheme's: see Tracing. Nobody learns of a death, but by a finalizer or a
 *                            weak reference, some time after it
 *   RC_HEAD_HAS_LOCK         the header holds a byte for the container lock: rc_head_lock(h)
 *   RC_COUNT_MAX             the most references that are counted; the object of one more never dies, whatever is
 *                            dropped, or, with RC_COUNT_ABORTS, the process is aborted. 0: no run that ends can have
 *                            so many
 *   RC_COUNT_ABORTS          see there
 *
 * Functions: static inline, called on any thread that has entered
 *   void rc_init(h)              a new object: count 1, owned by the calling thread
 *   void rc_incref(h)            the caller holds a reference, or borrows one that stays alive
 *   bool rc_decref(h)            gives up the caller's reference; true: the caller must destroy the object
 *                                now, and nobody else will
 *   bool rc_try_incref(h)        the caller holds none, but the memory is an object's still; false: dead,
 *                                dying, or not to be had this way
 *   void rc_allow_try_incref(h)  the caller holds a reference and makes it reachable without one (weak
 *                                reference, shared slot): from here on rc_try_incref sees every death
 *                                and gets a reference to what is alive
 *   bool rc_is_unique(h)         true: the caller's reference is the only one that is counted, and what others did to the
 *                                object before they gave theirs up happened before. May say false when it is. It
 *                                speaks of counted references: once rc_allow_try_incref was called, a scheme may say
 *                                true, and rc_try_incref makes a second one the next moment. So programs that are
 *                                about to write ask object_is_unique (core/weak/weak_lists.h), which knows of weak
 *                                references
 *   bool rc_immortalize(h)       the owner calls it, or whoever alone can reach the object; its reference
 *                                is used up. false: the scheme has no immortality, nothing has changed
 *   bool rc_publish(h)           called before another thread can reach the object. true: it was private
 *                                until now, so what it refers to must be published too
 *   void rc_unpublish(h)         takes rc_publish back: nobody else has reached the object yet
 *   bool rc_is_published(h)      what is stored into the object must be published first
 *   void rc_set_count(h, n)      where RC_COUNT_MAX is not 0, for tests: as if the calling thread, the owner and the only
 *                                one to reach the object, had n references
 *   int64_t rc_audit(h)          references that exist, when quiet; RC_AUDIT_IMMORTAL for an immortal
 *   void rc_revive(h, shared)    a dead object has one reference again, the caller's, which alone reaches it; `shared`:
 *                                but for those who use rc_try_incref at this moment, and it was published
 *   void rc_stopped_merge(h)     all other threads stand still: a count that is kept in parts becomes one, so that
 *                                whoever drops the last reference finds out at once. rc_is_unique may say false
 *   void rc_dead_link(h, next)   keeps a pointer (aligned to 8, or NULL) in the header of a dead object, which
 *                                stays dead for rc_try_incref
 *   void *rc_dead_next(h)        that pointer
 *
 * When the header may be gone. The caller's reference keeps it until the function returns, except for:
 *   rc_decref           up to the one step by which it gives the reference up (the read-modify-write, the CAS). From
 *                       that step on others may find the last reference gone and free the memory: what follows is
 *                       decided by what that step returned, with no access to the header, not even a load or a CAS
 *                       that fails. Where the step itself says that this thread has found the death, the header is the
 *                       caller's until it frees it. A reference that is handed over (queued) is given up when whoever
 *                       takes it can see it: the header is not touched afterwards
 *   rc_try_incref       there is no reference: the caller keeps the memory in place until it returns, dead or alive.
 *                       Others may read and write the header meanwhile, also where it says dead
 *   rc_revive, rc_dead_link, rc_dead_next   the object is dead and the caller's, but for those who use rc_try_incref
 *   rc_immortalize      others may still be counting by what they read before: what they write must not make it mortal
 *   rc_stopped_merge    nobody runs; a reference, or the collector's knowledge of the object, keeps it
 *   rc_safepoint, rc_thread_leave, rc_thread_detach, rc_after_fork   each queued reference keeps its object until it is
 *                       merged, and no longer: a list of them is walked without looking back
 * A thread's struct rc_thread is there from rc_thread_enter until rc_thread_leave returns. Others find it by what the
 * scheme shares, and must not use it after that: it is gone, and its id may be another thread's.
 *
 * Threads: struct rc_thread is one thread's part of the scheme; `id` is never 0
 *   void rc_thread_enter(t, id)  the calling thread starts to own objects
 *   void rc_thread_leave(t)      it stops: hands over or merges what it owned. It may destroy objects
 *   void rc_thread_detach(t)     it is about to block, or to stand still: others may act on its behalf. Nothing is
 *                                queued to it until it is back
 *   void rc_thread_attach(t)     it is back
 *   bool rc_pending(t)           cheap; true: rc_safepoint has work
 *   void rc_safepoint(t)         merges what others have queued. It may destroy objects
 *   uint64_t rc_late_max(t)      most objects that were queued at once, since it entered
 *   void rc_before_fork(t)       holds still what the scheme shares between threads, for fork()
 *   void rc_after_fork(t, child) lets go of it. In the child no other thread exists: what was queued to one
 *                                is merged, what it owned can be merged. It may destroy objects
 *
 * Tracing: where RC_TRACED is 1, and not needed elsewhere. A reference in memory leads to the first byte of its object
 *   TRACE_ALLOCATOR              whose memory it is, as text
 *   void trace_open()            before any thread enters; again for each run, and then it does nothing
 *   void *trace_alloc(size, refers)   nobody frees it. `refers`: it will hold references, and is zeroed; otherwise it
 *                                will never hold one. NULL: no memory
 *   void *trace_state_alloc(size)   zeroed memory, looked into, that is freed by hand alone
 *   void trace_state_free(p)     p lies in its first LINE_BYTES; or NULL
 *   void trace_finalizer(object, run)   run(object) once, at some thread's safepoint, after a collection has found
 *                                that nobody reaches the object; it and what it reaches live until then, and longer
 *                                if it is reached again. Without memory for that it is never run
 *   bool trace_weaken(link, object)   makes *link, a word in memory of trace_alloc that holds references, lead to the
 *                                object without keeping it alive: a collection that finds that nobody reaches the
 *                                object (finalizers of others do not count) sets it to 0. What is in it is for
 *                                trace_follow alone. false: no memory
 *   void *trace_follow(link)     what *link leads to, from now on kept alive by the caller; NULL: nothing any more
 *   void trace_collect()         collects now; then runs the finalizers that are due. At a safepoint
 *   void trace_enable(on)        off: no collection but by trace_collect
 *   uint64_t trace_heap(bytes)   bytes of memory that the collector holds; *bytes: in use, or not yet found free
 *
 * Fork: thread_before_fork and thread_after_fork, in thread.h, call these two. Guaranteed in the child:
 *   Locks and queues of the scheme, the mode and the model are whole and free, whatever the others did.
 *   Counts are right for every reference, also for one that another thread's stack held: it stays counted.
 * Nobody gives that one up, so what it refers to lives on. The same goes for a reference that another thread
 * was giving up at that moment, and for what it had taken from its queue and not merged yet: lost to the child,
 * never freed too early. Not covered, as no scheme knows them: locks of containers and slots, which stay held
 * where another thread held them; and collections in the child, which need objects that nobody was changing. Whoever
 * needs these forks while the others are at safepoints or detached, as
 * free-threaded CPython does, which stops the world for it (gh-116522).
 *
 * A scheme that learns of a death outside rc_decref calls rc_destroy(h), which the model supplies. A traced one calls
 * trace_collected(pause, stop) after each collection: for how many ns it stopped the other threads, and how many of
 * them it took until they stood still. Whatever that does must allocate no memory of the scheme's. */
#ifndef RCBENCH_CORE_SCHEME_CONTRACT_H
#define RCBENCH_CORE_SCHEME_CONTRACT_H

#include "core/base/atomics.h"

#define RC_AUDIT_IMMORTAL INT64_MIN

struct rc_head;
struct rc_thread;
static void rc_destroy(struct rc_head *head);

#endif
