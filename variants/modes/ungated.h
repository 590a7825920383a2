/* The part that the modes without a GIL have in common: nothing gates a thread. Not a mode. */
#ifndef RCBENCH_VARIANTS_MODES_UNGATED_H
#define RCBENCH_VARIANTS_MODES_UNGATED_H

#include "core/base/atomics.h"
#include "core/base/histogram.h"

#define MODE_GIL 0

struct mode_thread { char none; };

static inline void mode_open(uint64_t switch_interval_ns) { (void)switch_interval_ns; }
static inline void mode_thread_enter(struct mode_thread *t) { (void)t; }
static inline void mode_thread_leave(struct mode_thread *t) { (void)t; }
static inline void mode_detach(struct mode_thread *t) { (void)t; }
static inline void mode_attach(struct mode_thread *t) { (void)t; }
static inline bool mode_pending(struct mode_thread *t) { (void)t; return false; }
static inline void mode_safepoint(struct mode_thread *t) { (void)t; }
static inline void mode_before_fork(struct mode_thread *t) { (void)t; }
static inline void mode_after_fork(struct mode_thread *t, bool child) { (void)t; (void)child; }
static inline uint64_t mode_turns(struct mode_thread *t) { (void)t; return 0; }
static inline struct histogram *mode_waits(struct mode_thread *t) { (void)t; return NULL; }

#endif
