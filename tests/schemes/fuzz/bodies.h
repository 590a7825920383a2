/* The interpreter of scripts, compiled around one variant by variants/instantiate.h. */
#ifndef RCBENCH_TESTS_SCHEMES_FUZZ_BODIES_H
#define RCBENCH_TESTS_SCHEMES_FUZZ_BODIES_H

#include "tests/schemes/explore/stage.h"
#include "tests/schemes/fuzz/script.h"

enum { REGISTERS = 4, SLOTS = 3 };

static const struct script *script;
static struct slot fuzz_slots[SLOTS];
static struct object *fuzz_list; /* thread 0's; everybody may use it while the threads run */

struct registers {
    struct object *r[REGISTERS]; /* owned references, or NULL */
};

static bool is_list(const struct object *o) { return o != NULL && o->type == &list_type; }

static void use(struct object *o)
{
    if (o->type == &probe_type)
        probe_use(o);
}

static void set_register(struct object **r, struct object *o)
{
    object_xdecref(*r);
    *r = o;
}

static void make_probe(struct registers *regs, int r, int other)
{
    (void)other;
    set_register(&regs->r[r], probe_new(ANONYMOUS));
}

static void make_list(struct registers *regs, int r, int other)
{
    struct object *list = list_new();
    CHECK(list != NULL);
    if (regs->r[other] != NULL)
        CHECK(list_append(list, regs->r[other]) == 0);
    set_register(&regs->r[r], list);
}

static void copy(struct registers *regs, int r, int other)
{
    if (regs->r[other] == NULL)
        return;
    use(regs->r[other]);
    set_register(&regs->r[r], object_incref(regs->r[other]));
}

static void drop(struct registers *regs, int r, int other)
{
    (void)other;
    set_register(&regs->r[r], NULL);
}

static void load(struct registers *regs, int r, int other)
{
    set_register(&regs->r[r], slot_load(&fuzz_slots[other % SLOTS]));
    if (regs->r[r] != NULL)
        use(regs->r[r]);
}

static void store(struct registers *regs, int r, int other)
{
    CHECK(slot_store(&fuzz_slots[other % SLOTS], regs->r[r]) == 0);
    regs->r[r] = NULL;
}

static void exchange(struct registers *regs, int r, int other)
{
    if (regs->r[r] != NULL)
        CHECK(object_publish(regs->r[r]) == 0);
    regs->r[r] = slot_exchange(&fuzz_slots[other % SLOTS], regs->r[r]);
}

static void append(struct registers *regs, int r, int other)
{
    (void)other;
    if (regs->r[r] != NULL && !is_list(regs->r[r])) /* no cycles: they would leak */
        CHECK(list_append(fuzz_list, regs->r[r]) == 0);
}

static void pop(struct registers *regs, int r, int other)
{
    (void)other;
    set_register(&regs->r[r], list_pop(fuzz_list));
}

static void get_item(struct registers *regs, int r, int other)
{
    if (!is_list(regs->r[other]))
        return;
    struct object *item = list_get(regs->r[other], 0);
    if (item != NULL)
        use(item);
    set_register(&regs->r[r], item);
}

static void change_unique(struct registers *regs, int r, int other)
{
    (void)other;
    struct object *o = regs->r[r];
    if (o != NULL && o->type == &probe_type && rc_is_unique(&o->rc))
        probe_change(o);
}

static void take_none(struct registers *regs, int r, int other)
{
    (void)other;
    set_register(&regs->r[r], object_incref(none()));
}

static void pause_here(struct registers *regs, int r, int other)
{
    (void)regs, (void)r, (void)other;
    safepoint();
}

static void block(struct registers *regs, int r, int other)
{
    (void)regs, (void)r, (void)other;
    struct thread *self = thread_self();
    thread_detach(self);
    thread_attach(self);
}

typedef void operation_fn(struct registers *regs, int r, int other);
static operation_fn *const operations[16] = {
    make_probe, make_list, copy, drop, load,       store,         exchange,  append,
    pop,        get_item,  load, drop, pause_here, change_unique, take_none, block,
};

static void fuzz_run(int thread)
{
    struct registers regs = {{NULL}};
    for (int i = 0; i < script->length[thread]; i++) {
        uint8_t byte = script->operations[thread][i];
        operations[byte >> 4](&regs, byte & 3, byte >> 2 & 3);
    }
    for (int i = 0; i < REGISTERS; i++)
        set_register(&regs.r[i], NULL);
    safepoint();
}

static void fuzz_prepare(void)
{
    fuzz_list = list_new();
    CHECK(fuzz_list != NULL && object_publish(fuzz_list) == 0);
}

static void fuzz_finish(void)
{
    for (int i = 0; i < SLOTS; i++)
        object_xdecref(slot_exchange(&fuzz_slots[i], NULL));
    object_decref(fuzz_list);
}

/* Threads do not leave before all have finished: what one has queued to another that has gone is another scenario's.
 */
static const struct scenario fuzz_scenario = {
    .name = "fuzz", .prepare = fuzz_prepare, .run = fuzz_run, .finish = fuzz_finish};

static struct program fuzz_program(const struct script *s)
{
    script = s;
    return stage_program(&fuzz_scenario, MODE_THREADS_MAX == 1 ? 1 : SCRIPT_THREADS);
}

extern const struct fuzzed RC_SYMBOL(fuzzed);
const struct fuzzed RC_SYMBOL(fuzzed) = {.variant = RC_TEXT(RC_VARIANT), .program = fuzz_program};

#endif
