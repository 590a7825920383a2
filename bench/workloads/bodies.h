/* The set of bodies that rcbench measures: all workloads around one variant, and its descriptor
 * rcbench_variant_NAME. Compiled by variants/variant.c through variants/instantiate.h. */
#ifndef RCBENCH_BENCH_WORKLOADS_BODIES_H
#define RCBENCH_BENCH_WORKLOADS_BODIES_H

#include "bench/registry/variant.h"
#include "bench/workloads/common.h"

/* Written by CMake from bench/workloads/workloads.def: includes each workload's file and lists them. */
#include "generated/workloads.h"

#if RC_TRACED
#define BODY_ALLOCATOR TRACE_ALLOCATOR
#else
#define BODY_ALLOCATOR NULL
#endif

static void body_open(uint64_t switch_interval_ns)
{
    mode_open(switch_interval_ns);
    memory_open();
}
static void *body_enter(void) { return thread_enter(); }
static void body_leave(void *thread) { thread_leave(thread); }
static void body_detach(void *thread) { thread_detach(thread); }
static void body_attach(void *thread) { thread_attach(thread); }
static bool body_safepoint(void *thread) { return thread_safepoint(thread); }
static uint64_t body_turns(void *thread) { return mode_turns(&((struct thread *)thread)->mode); }
static struct histogram *body_waits(void *thread) { return mode_waits(&((struct thread *)thread)->mode); }
static uint64_t body_late_max(void *thread) { return rc_late_max(&((struct thread *)thread)->rc); }
static uint64_t body_objects(void *thread) { return memory_objects(&((struct thread *)thread)->memory); }

static struct collector_watch *body_watch;
static void body_on_pause(uint64_t pause_ns, uint64_t stop_ns) { collector_watch_pause(body_watch, pause_ns, stop_ns); }
static void body_on_collection(uint64_t found) { collector_watch_collection(body_watch, found); }

static void body_watch_collector(struct collector_watch *watch)
{
    body_watch = watch;
    gc.on_pause = body_on_pause;
    gc.on_collection = body_on_collection;
}

static uint64_t body_close(void)
{
    struct memory total = model_account();
    return memory_held(&total);
}

extern const struct variant RC_JOIN(rcbench_variant_, RC_VARIANT);
const struct variant RC_JOIN(rcbench_variant_, RC_VARIANT) = {
    .name = RC_TEXT(RC_VARIANT),
    .scheme = RC_SCHEME,
    .mode = MODE_NAME,
    .allocator = BODY_ALLOCATOR,
    .threads_max = MODE_THREADS_MAX,
    .object_bytes = sizeof(struct object),
    .gil = MODE_GIL,
    .thread_safe = RC_THREAD_SAFE,
    .counts = RC_EXACT_AUDIT || !RC_NEVER_FREES, /* who knows how many references there are has counted them */
    .exact_audit = RC_EXACT_AUDIT,
    .immortal = RC_IMMORTAL,
    .late = RC_LATE,
    .never_frees = RC_NEVER_FREES,
    .traced = RC_TRACED,
    .workloads = body_workloads,
    .workload_count = sizeof body_workloads / sizeof *body_workloads,
    .open = body_open,
    .enter = body_enter,
    .leave = body_leave,
    .detach = body_detach,
    .attach = body_attach,
    .safepoint = body_safepoint,
    .turns = body_turns,
    .waits = body_waits,
    .late_max = body_late_max,
    .objects = body_objects,
    .watch_collector = body_watch_collector,
    .own_heap = memory_heap,
    .populate = model_open,
    .depopulate = model_close,
    .close = body_close,
};

#endif
