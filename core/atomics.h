/* The shim: everything through which a scheme touches memory that threads share, and the only file
 * that names a memory order. A scheme that keeps to it runs natively (below), and, unchanged, under
 * whatever another shim does: delays before each step, an interleaving explorer, a model checker.
 *
 * To replace the shim, define RCBENCH_SHIM as the header to use instead. It must supply:
 *   struct a8, a32, a64, aptr    an atomic location; operations below, each with its order in its name
 *   aN_init                      its first value, before anybody else can reach it: need not be atomic
 *   a64_sub_release_last         subtracts with release; true, with acquire, when that leaves 0
 *   pN_get / pN_set              a plain field that several threads reach (never at once: races are bugs)
 *   struct lock8                 one byte, mutual exclusion: lock8_acquire, lock8_release
 *   struct shim_mutex, shim_cond a mutex and a condition variable that can wake all, and wait with a timeout
 *   shim_alloc, shim_free        memory by size; NULL when there is none
 *   shim_self, shim_set_self     "which thread am I": a word that the thread sets for itself, 0 at first
 *   shim_yield                   let others run
 *   shim_clock_ns                monotonic time, for figures: nothing that a scheme or a mode does may depend on it
 * Read-modify-writes return the NEW value. No mixed sizes, no 16-byte CAS, no fences. */
#ifndef RCBENCH_CORE_ATOMICS_H
#define RCBENCH_CORE_ATOMICS_H

#ifdef RCBENCH_SHIM
#include RCBENCH_SHIM
#else
#include "core/atomics_native.h"
#endif

#endif
