/* The collector's entry points for a traced variant, with the names of gc.h: the scheme's own collector does the work,
 * for all memory, as often as it thinks right. There are no generations, no thresholds and no table of containers. */
#ifndef RCBENCH_CORE_GC_GC_TRACED_H
#define RCBENCH_CORE_GC_GC_TRACED_H

#include "core/gc/gc_statistics.h"
#include "core/object/tracked.h"
#include "core/weak/weakref.h"

/* Changed by the one that collects, with the collector locked; read when all threads are quiet. */
static struct gc {
    bool enabled;
    struct gc_statistics statistics;
    /* As in gc.h; how many objects were garbage nobody knows: 0. */
    void (*on_pause)(uint64_t pause_ns, uint64_t stop_ns);
    void (*on_collection)(uint64_t found);
} gc;

/* The scheme tells of each collection. */
static void trace_collected(uint64_t pause_ns, uint64_t stop_ns)
{
    gc.statistics.collections[GC_OLD]++;
    gc_statistics_stopped(&gc.statistics, stop_ns);
    gc_statistics_resumed(&gc.statistics, pause_ns);
    if (gc.on_pause != NULL)
        gc.on_pause(pause_ns, stop_ns);
    if (gc.on_collection != NULL)
        gc.on_collection(0);
}

/* Collects whatever the generation: there is one. Finalizers and callbacks that are due run. The calling thread is at a
 * safepoint. 0, as for a collection that finds nothing: nobody counts what is taken back. */
static UNUSED int64_t gc_collect(int generation)
{
    (void)generation;
    trace_collect();
    return 0;
}

static UNUSED void gc_enable(void)
{
    gc.enabled = true;
    trace_enable(true);
}

/* Off, nothing is taken back: memory grows until gc_enable, or gc_collect. */
static UNUSED void gc_disable(void)
{
    gc.enabled = false;
    trace_enable(false);
}

/* Thresholds count containers, which nobody counts here; nothing is frozen, and get_objects finds nothing, as with
 * every variant that tracks nothing. */
static UNUSED void gc_set_thresholds(int64_t young, int64_t middle, int64_t old)
{
    (void)young;
    (void)middle;
    (void)old;
}
static UNUSED void gc_freeze(void) {}
static UNUSED void gc_unfreeze(void) {}
static UNUSED uint64_t gc_get_objects(void) { return 0; }

/* On when the model is opened, unlike the collector of cycles: nothing else takes memory back. */
static UNUSED void gc_open(void)
{
    memset(&gc, 0, sizeof gc);
    gc_enable();
}

/* When the model is closed: what it leaves behind is not the next one's burden. */
static UNUSED void gc_close(void) { (void)gc_collect(GC_OLD); }

/* What threads ask of the collector of cycles. The scheme's safepoint does all that is to be done at one. */
static UNUSED void gc_thread_enter(struct gc_thread *own) { (void)own; }
static UNUSED void gc_safepoint(struct thread *thread) { (void)thread; }
static UNUSED void gc_after_fork(void) {}

#endif
