/* The shim: everything through which a scheme touches memory that threads share, and the only file
 * that names a memory order. A scheme that keeps to it runs natively (below), and, unchanged, under
 * whatever another shim does: delays before each step, an interleaving explorer, a model checker.
 *
 * To replace the shim, define RCBENCH_SHIM as the header to use instead. It must supply:
 *   struct a8, a32, a64, aptr    an atomic location: of uint8_t, uint32_t, int64_t, void *
 *   aN_init                      its first value, before anybody else can reach it: need not be atomic
 *   aN_load_ORDER                relaxed, acquire
 *   aN_store_ORDER               relaxed, release
 *   aN_cas_ORDER                 relaxed, acquire, release, acq_rel. Strong; when it fails, *expected is what was found,
 *                                read acquire if the order acquires, else relaxed
 *   aN_exchange_ORDER            acq_rel; returns what was there
 *   aN_add_ORDER                 relaxed, acq_rel, seq_cst     | a32 and a64; both return the NEW value, unlike the
 *   aN_sub_ORDER                 release, seq_cst              | language's own fetch_add
 *   aN_fetch_or_ORDER            relaxed, acq_rel              | a32 and a64; returns what was there, since the new value
 *                                                                does not say whether a bit was set before
 *   a64_sub_release_last         subtracts with release; true, with acquire, when that leaves 0
 *   pN_get / pN_set              a plain field that several threads reach (never at once: races are bugs)
 *   struct lock8                 one byte, mutual exclusion: lock8_acquire, lock8_release
 *   struct shim_mutex, shim_cond a mutex and a condition variable that can wake all, and wait with a timeout
 *   shim_alloc, shim_free        memory by size; NULL when there is none
 *   shim_self, shim_set_self     "which thread am I": a word that the thread sets for itself, 0 at first
 *   shim_yield                   let others run
 *   shim_clock_ns                monotonic time, for figures: nothing that a scheme or a mode does may depend on it
 * No mixed sizes, no 16-byte CAS, no fences. */
#ifndef RCBENCH_CORE_BASE_ATOMICS_H
#define RCBENCH_CORE_BASE_ATOMICS_H

#ifdef RCBENCH_SHIM
#include RCBENCH_SHIM
#else
#include "core/base/atomics_native.h"
#endif

#endif
