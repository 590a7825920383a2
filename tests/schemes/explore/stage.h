/* What scenarios stand on: objects that notice their death, and threads of the model around a scenario. */
#ifndef RCBENCH_TESTS_SCHEMES_EXPLORE_STAGE_H
#define RCBENCH_TESTS_SCHEMES_EXPLORE_STAGE_H

#include "core/model.h"
#include "tests/schemes/explore/scenario.h"

#define CHECK(condition)                                                                                             \
    do {                                                                                                             \
        if (!(condition))                                                                                            \
            engine_fail("%s:%d: does not hold: %s", __FILE__, __LINE__, #condition);                                 \
    } while (0)

/* ---- objects ----------------------------------------------------------------------------------------- */

enum { PROBES_MAX = 8, ANONYMOUS = PROBES_MAX /* an id for many: their deaths are not counted */ };

/* An object whose death is counted. Its payload is plain memory: whoever has a reference may read it, whoever has the
 * only one may write it, and its destruction writes it. So an order that is missing is a data race. */
struct probe {
    struct object head;
    uint64_t payload;
    uint32_t id;
    bool kept; /* its memory stays until probe_bury: for those who look at the dead */
};

#define PROBE_ALIVE UINT64_C(0xa11fea11fea11fe0)
#define PROBE_DEAD  UINT64_C(0xdeaddeaddeaddead)

/* What the threads of a scenario share. Each place is written before the threads start, or by one thread alone. */
static struct stage {
    struct object *o[4];
    struct object *graves[PROBES_MAX];
    struct slot slot, second_slot;
    int deaths[PROBES_MAX];
} stage;

static void probe_dealloc(struct object *self)
{
    struct probe *probe = (struct probe *)self;
    CHECK(probe->payload != PROBE_DEAD);
    probe->payload = PROBE_DEAD;
    if (probe->id != ANONYMOUS)
        stage.deaths[probe->id]++;
    if (!probe->kept)
        object_free(probe, sizeof *probe);
}

static const struct type probe_type = {.name = "probe", .size = sizeof(struct probe), .dealloc = probe_dealloc};

/* NULL only where allocations may fail. */
static UNUSED struct object *probe_try_new(uint32_t id)
{
    static const char *const names[PROBES_MAX + 1] = {"probe 0", "probe 1", "probe 2", "probe 3", "probe 4",
                                                      "probe 5", "probe 6", "probe 7", "a probe"};
    struct probe *probe = object_new(&probe_type, sizeof *probe);
    if (probe == NULL)
        return NULL;
    probe->payload = PROBE_ALIVE;
    probe->id = id;
    probe->kept = false;
    engine_name(probe, names[id]);
    return &probe->head;
}

static UNUSED struct object *probe_new(uint32_t id)
{
    struct object *o = probe_try_new(id);
    CHECK(o != NULL);
    return o;
}

/* One for which `references` references exist, and which other threads may reach. */
static UNUSED struct object *probe_shared(uint32_t id, int references)
{
    struct object *o = probe_new(id);
    CHECK(object_publish(o) == 0);
    for (int i = 1; i < references; i++)
        object_incref(o);
    return o;
}

/* One that stays in memory when it is dead. */
static UNUSED struct object *probe_kept(uint32_t id, int references)
{
    struct object *o = probe_shared(id, references);
    ((struct probe *)o)->kept = true;
    stage.graves[id] = o;
    rc_allow_try_incref(&o->rc);
    return o;
}

static UNUSED void probe_bury(uint32_t id) { object_free(stage.graves[id], sizeof(struct probe)); }

/* The caller has a reference. */
static UNUSED void probe_use(struct object *o)
{
    CHECK(o->type == &probe_type);
    CHECK(((struct probe *)o)->payload != PROBE_DEAD);
}

/* The caller has the only reference. */
static UNUSED void probe_change(struct object *o) { ((struct probe *)o)->payload++; }

static UNUSED void check_deaths(uint32_t id, int expected)
{
    if (!RC_NEVER_FREES)
        CHECK(stage.deaths[id] == expected);
}

static UNUSED void check_count(struct object *o, int64_t expected)
{
    if (RC_EXACT_AUDIT)
        CHECK(rc_audit(&o->rc) == expected);
}

static UNUSED void safepoint(void) { thread_safepoint(thread_self()); }

/* The merge of what is queued may queue more. */
static UNUSED void settle(void)
{
    while (rc_pending(&thread_self()->rc))
        safepoint();
}

/* ---- threads ----------------------------------------------------------------------------------------- */

static const struct scenario *stage_scenario;
static int stage_count;                           /* threads, without thread 0 */
static struct thread *stage_threads[THREADS_MAX]; /* each its own: one that is detached does not know who it is */

static bool in_set(unsigned set, int thread) { return (set >> thread & 1) != 0; }

static void stage_enter(int thread)
{
    stage_threads[thread] = thread_enter();
    CHECK(stage_threads[thread] != NULL);
}

static void stage_prepare(void)
{
    mode_open(1);
    stage_enter(0);
    CHECK(model_open() == 0);
    CHECK(gc_reserve() == 0); /* a block with segments for all: it stays until the model is closed */
    engine_mark();
    if (stage_scenario->prepare != NULL)
        stage_scenario->prepare();
    thread_detach(stage_threads[0]);
}

/* Under a GIL the threads wait for their turn; otherwise all are attached from the start. */
static void stage_prologue(int thread)
{
    if (in_set(stage_scenario->enters, thread))
        return;
    stage_enter(thread);
    if (stage_scenario->prologue != NULL)
        stage_scenario->prologue(thread);
    if (MODE_GIL)
        thread_detach(stage_threads[thread]);
}

static void stage_run(int thread)
{
    if (in_set(stage_scenario->enters, thread))
        stage_enter(thread);
    else if (MODE_GIL)
        thread_attach(stage_threads[thread]);
    stage_scenario->run(thread);
    if (in_set(stage_scenario->leaves, thread))
        thread_leave(stage_threads[thread]);
    else if (MODE_GIL)
        thread_detach(stage_threads[thread]);
}

static void stage_settle(int thread)
{
    if (in_set(stage_scenario->leaves, thread))
        return;
    if (MODE_GIL)
        thread_attach(stage_threads[thread]);
    thread_leave(stage_threads[thread]);
}

static void stage_finish(void)
{
    thread_attach(stage_threads[0]);
    settle();
    if (stage_scenario->finish != NULL)
        stage_scenario->finish();
    settle();
}

static struct program stage_program(const struct scenario *scenario, int threads)
{
    stage_scenario = scenario;
    stage_count = threads;
    return (struct program){
        .threads = threads,
        .reuse_memory = scenario->reuse_memory,
        .prepare = stage_prepare,
        .prologue = stage_prologue,
        .run = stage_run,
        .settle = stage_settle,
        .finish = stage_finish,
        .check_leaks = !RC_NEVER_FREES,
    };
}

#endif
