/* What the cases stand on: the model opened and closed around a case, objects that notice their own death,
 * and threads of the model. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_FIXTURE_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_FIXTURE_H

#include "core/model.h"
#include "tests/schemes/conformance/check.h"
#include "tests/schemes/conformance/memory.h"

/* Under a GIL: short, so that threads alternate often within a case. */
#define SWITCH_INTERVAL_NS UINT64_C(50000)

/* Sanitizers and emulators slow the work down ten times and more: these builds repeat less. */
#if RCBENCH_SYSTEM_ALLOCATOR
enum { EFFORT = 3 };
#else
enum { EFFORT = 10 };
#endif

/* ---- the model around a case ------------------------------------------------------------------- */

static void fixture_open(void)
{
    mode_open(SWITCH_INTERVAL_NS);
    CHECK(thread_enter() != NULL);
    CHECK_INT(model_open(), 0);
}

/* Everything that was made has been freed, each block once and by its size. */
static void fixture_close(void)
{
    model_close();
    thread_leave(thread_self());
    struct memory total = model_account();
    if (!RC_NEVER_FREES) {
        CHECK_INT(held_blocks(memory_held(&total)), 0);
        CHECK_INT(held_bytes(memory_held(&total)), 0);
    }
    CHECK_INT(memory_live(), 0);
    memory_inspect_freed();
}

/* The calling thread has nothing left to merge. */
static void settle(void)
{
    while (rc_pending(&thread_self()->rc))
        thread_safepoint(thread_self());
}

/* ---- objects ------------------------------------------------------------------------------------- */

/* An owned int that is not one of the shared ones. */
static UNUSED struct object *own_int(int64_t i)
{
    struct object *o = int_new(SMALL_INT_MAX + 1 + i);
    CHECK(o != NULL);
    return o;
}

static UNUSED struct object *text(const char *bytes)
{
    struct object *o = str_new(bytes, strlen(bytes));
    CHECK(o != NULL);
    return o;
}

static UNUSED void check_count(struct object *o, int64_t expected)
{
    if (RC_EXACT_AUDIT)
        CHECK_INT(rc_audit(&o->rc), expected);
}

/* An object that knows whether it lives, and whose death is counted. */
struct probe {
    struct object head;
    uint64_t canary;
    uint32_t id;
};

#define PROBE_ALIVE UINT64_C(0xa11fea11fea11fe0)
#define PROBE_DEAD  UINT64_C(0xdeaddeaddeaddead)

enum { DEATHS_LOGGED = 64 };

static struct deaths {
    struct a64 count;
    bool logging; /* one thread runs: the order is kept too */
    uint32_t order[DEATHS_LOGGED];
} deaths;

static void probe_dealloc(struct object *self)
{
    struct probe *probe = (struct probe *)self;
    CHECK(probe->canary == PROBE_ALIVE);
    probe->canary = PROBE_DEAD;
    int64_t count = a64_add_relaxed(&deaths.count, 1);
    if (deaths.logging && count <= DEATHS_LOGGED)
        deaths.order[count - 1] = probe->id;
    object_free(probe, sizeof *probe);
}

static const struct type probe_type = {.name = "probe", .size = sizeof(struct probe), .dealloc = probe_dealloc};

/* NULL: no memory. */
static struct object *probe_try_new(uint32_t id)
{
    struct probe *probe = object_new(&probe_type, sizeof *probe);
    if (probe == NULL)
        return NULL;
    probe->canary = PROBE_ALIVE;
    probe->id = id;
    return &probe->head;
}

static struct object *probe_new(uint32_t id)
{
    struct object *o = probe_try_new(id);
    CHECK(o != NULL);
    return o;
}

/* One that other threads will reach. */
static UNUSED struct object *probe_new_public(uint32_t id)
{
    struct object *o = probe_new(id);
    CHECK_INT(object_publish(o), 0);
    return o;
}

/* The caller has a reference: it must be a live probe. Its id. */
static UNUSED uint32_t probe_check(struct object *o)
{
    CHECK(o->type == &probe_type);
    CHECK(((struct probe *)o)->canary == PROBE_ALIVE);
    return ((struct probe *)o)->id;
}

/* After the threads that may know of dead objects have settled. */
static UNUSED void check_deaths(int64_t expected)
{
    if (!RC_NEVER_FREES)
        CHECK_INT(a64_load_relaxed(&deaths.count), expected);
}

/* Right after a decref on the thread that made the object: a scheme that is not late has destroyed it. */
static UNUSED void check_deaths_now(int64_t expected)
{
    if (RC_LATE)
        settle();
    check_deaths(expected);
}

/* ---- threads --------------------------------------------------------------------------------------- */

enum { CREW_MAX = 4, SMALL_STACK_BYTES = 256 * 1024 };

struct crew;
typedef void crew_fn(struct crew *crew, unsigned index);

/* Threads of the model that run one function at once. */
struct crew {
    unsigned size;
    crew_fn *run;
    void *argument;
    pthread_barrier_t barrier;
    struct a64 arrived; /* at crew_set_off, all rounds together */
};

struct crew_member {
    struct crew *crew;
    unsigned index;
    pthread_t id;
};

/* Waits, detached, until all threads of the crew are here. */
static UNUSED void crew_meet(struct crew *crew)
{
    struct thread *self = thread_self();
    thread_detach(self);
    pthread_barrier_wait(&crew->barrier);
    thread_attach(self);
}

/* Waits, attached, until *flag is `value`: goes through safepoints as a thread that works would. */
static UNUSED void await(struct a32 *flag, uint32_t value)
{
    while (a32_load_acquire(flag) != value) {
        thread_safepoint(thread_self());
        shim_yield();
    }
}

/* Waits, attached and spinning, until all threads of the crew are here: they set off at the same moment, while
 * from a barrier one would be done before the next has woken up. */
static void crew_set_off(struct crew *crew)
{
    int64_t size = crew->size, ticket = a64_add_acq_rel(&crew->arrived, 1);
    int64_t all = (ticket + size - 1) / size * size;
    for (unsigned spins = 1; a64_load_acquire(&crew->arrived) < all; spins++) {
        thread_safepoint(thread_self());
        if (spins % 256 == 0)
            shim_yield();
        else
            cpu_pause();
    }
}

static void *crew_thread(void *argument)
{
    struct crew_member *member = argument;
    struct thread *self = thread_enter();
    CHECK(self != NULL);
    crew_set_off(member->crew);
    member->crew->run(member->crew, member->index);
    CHECK(thread_self() == self);
    thread_leave(self);
    return NULL;
}

/* Runs `size` threads, each on `stack` bytes (0: the system's choice), and waits for them, detached. */
static void crew_run_on(size_t stack, unsigned size, crew_fn *run, void *argument)
{
    struct crew crew = {.size = size, .run = run, .argument = argument};
    struct crew_member members[CREW_MAX];
    pthread_attr_t attributes;
    struct thread *self = thread_self();
    CHECK(size <= CREW_MAX);
    pthread_barrier_init(&crew.barrier, NULL, size);
    pthread_attr_init(&attributes);
    if (stack != 0)
        CHECK_INT(pthread_attr_setstacksize(&attributes, stack), 0);
    thread_detach(self);
    for (unsigned i = 0; i < size; i++) {
        members[i] = (struct crew_member){.crew = &crew, .index = i};
        CHECK_INT(pthread_create(&members[i].id, &attributes, crew_thread, &members[i]), 0);
    }
    for (unsigned i = 0; i < size; i++)
        CHECK_INT(pthread_join(members[i].id, NULL), 0);
    thread_attach(self);
    pthread_attr_destroy(&attributes);
    pthread_barrier_destroy(&crew.barrier);
}

static UNUSED void crew_run(unsigned size, crew_fn *run, void *argument) { crew_run_on(0, size, run, argument); }

/* xorshift64*: what a thread draws while it runs. The state is not 0. */
static UNUSED uint32_t draw(uint64_t *state, uint32_t limit)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % limit;
}

#endif
