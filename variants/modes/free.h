/* Mode free: threads run at once; containers that they may change at once have a lock of their own.
 *
 * What a mode supplies (the contract of execution modes):
 *   MODE_NAME         text
 *   MODE_GIL          1: one thread runs at a time
 *   MODE_LOCKS        1: containers and slots need locks
 *   MODE_THREADS_MAX  1, or 0: no limit
 *   struct mode_thread, all zero before its thread enters, and for the calling thread
 *   mode_thread_enter / leave    it starts and stops to run operations
 *   mode_detach / mode_attach    it is about to block; it is back
 *   mode_pending                 cheap; true: mode_safepoint has something to do
 *   mode_safepoint               lets others run when they have asked to
 *   mode_turns                   turns that this thread has had (0 without a GIL)
 *   mode_waits                   how long it waited for each; NULL without a GIL. The thread's own: it may be reset
 *   mode_before_fork             holds still what threads share in the mode, for fork()
 *   mode_after_fork(t, child)    lets go of it; in the child no other thread exists
 *   mode_open                    once, before any thread enters */
#ifndef RCBENCH_VARIANTS_MODE_H
#define RCBENCH_VARIANTS_MODE_H

#define MODE_NAME "free"
#define MODE_THREADS_MAX 0
#define MODE_LOCKS 1
#include "variants/modes/ungated.h"

#endif
