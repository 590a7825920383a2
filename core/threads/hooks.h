/* What the rooms above supply to threads and objects, which call it and know nothing else of it: each is defined in the
 * room that is named. */
#ifndef RCBENCH_CORE_THREADS_HOOKS_H
#define RCBENCH_CORE_THREADS_HOOKS_H

#include <stdbool.h>

struct gc_thread;
struct object;
struct thread;
struct weak_list;

/* core/gc: a thread has entered; it is at a safepoint and THREAD_COLLECT is set; this is the child of a fork. */
static void gc_thread_enter(struct gc_thread *own);
static void gc_safepoint(struct thread *thread);
static void gc_after_fork(void);

/* A traced variant's collector learns of objects by itself. */
#if !RC_TRACED

/* core/gc: enough has been allocated to look at what the policy says. */
static void gc_news(struct gc_thread *mine);

/* core/weak: whether an object has weak references; it has died, so they are cut off and called. */
static bool weak_list_used(struct weak_list *list);
static void weak_list_die(struct object *o);

#endif
#endif
