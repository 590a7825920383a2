/* The driver of random single-thread programs. See single.h. What an operation means is decided by the reference
 * model alone, before the variant sees it: a variant that is wrong cannot choose what is asked of it. */
#include "tests/schemes/random/single.h"

#include <stdio.h>
#include <string.h>

#include "tests/schemes/conformance/check.h"
#include "tests/schemes/conformance/memory.h"
#include "tests/schemes/random/compare.h"

enum { CHECK_EVERY = 8 /* operations between two looks at everything */ };

static struct run run;

/* What an operation says when it had no sense where it stood. */
enum { STATUS_IDLE = 1 };

static enum kind kind_of(int id) { return run.reference.objects[id].kind; }

/* The first register from `start` on that holds an object of one of `kinds`, a bit mask; REF_NONE: there is none. */
static int pick(unsigned start, unsigned kinds)
{
    for (unsigned i = 0; i < REGISTERS; i++) {
        unsigned at = (start + i) % REGISTERS;
        if (run.registers[at] != REF_NONE && (kinds >> kind_of(run.registers[at]) & 1))
            return (int)at;
    }
    return REF_NONE;
}

static int pick_empty(unsigned start)
{
    for (unsigned i = 0; i < REGISTERS; i++)
        if (run.registers[(start + i) % REGISTERS] == REF_NONE)
            return (int)((start + i) % REGISTERS);
    return REF_NONE;
}

#define BIT(kind) (1u << (kind))
#define ANY_KIND  (BIT(KINDS) - 1)
#define KEYS      (BIT(KIND_INT) | BIT(KIND_STR))
#define CLEARABLE (BIT(KIND_LIST) | BIT(KIND_DICT) | BIT(KIND_CELL) | BIT(KIND_INSTANCE))
/* What can be emptied, or has nothing to empty. */
#define IMMORTALS (BIT(KIND_INT) | BIT(KIND_STR) | BIT(KIND_PROBE) | BIT(KIND_LIST) | BIT(KIND_DICT) | BIT(KIND_CELL))

/* The register's object as the variant knows it. */
static void *object_in(int at) { return run.address[run.registers[at]]; }

/* ---- new objects ---------------------------------------------------------------------------------------------- */

static int put_new(int place, enum kind kind, int number, bool has_dict, const int *items, size_t count)
{
    void *addresses[REF_ITEMS_MAX];
    for (size_t i = 0; i < count; i++)
        addresses[i] = run.address[items[i]];
    void *o = run.adapter->make(kind, number, has_dict, addresses, count);
    if (o == NULL)
        return -1;
    int id = ref_new(&run.reference, kind);
    run.reference.objects[id].number = number;
    run.reference.objects[id].has_dict = has_dict;
    run.address[id] = o;
    run.registers[place] = id;
    if (kind == KIND_INSTANCE)
        for (int i = 0; i < ATTRIBUTES; i++)
            ref_append(&run.reference, id, REF_NONE);
    for (size_t i = 0; i < count; i++)
        ref_append(&run.reference, id, items[i]);
    if (kind == KIND_CELL && count == 0)
        ref_append(&run.reference, id, REF_NONE);
    return 0;
}

static int new_tuple(int place, const struct op *op)
{
    int items[8];
    size_t count = 0;
    for (unsigned i = 0; i < op->c % 8u; i++) {
        int at = pick(op->b + i * 3u, ANY_KIND);
        if (at != REF_NONE)
            items[count++] = run.registers[at];
    }
    return put_new(place, KIND_TUPLE, 0, false, items, count);
}

/* With one item, of `kinds`; without any if there is none and it is `optional`. */
static int new_holder(int place, const struct op *op, enum kind kind, unsigned kinds, bool optional)
{
    int at = pick(op->b, kinds);
    if (at == REF_NONE && !optional)
        return STATUS_IDLE;
    const struct ref_object *held = at != REF_NONE ? &run.reference.objects[run.registers[at]] : NULL;
    bool instance = kind == KIND_INSTANCE;
    return put_new(place, kind, instance ? held->number : 0, instance && held->has_dict,
                   held != NULL ? &run.registers[at] : NULL, held != NULL);
}

static int step_new(const struct op *op)
{
    int place = pick_empty(op->a);
    if (place == REF_NONE)
        return STATUS_IDLE;
    switch (op->code) {
    case OP_new_int: return put_new(place, KIND_INT, op->c % 24, false, NULL, 0);
    case OP_new_str: return put_new(place, KIND_STR, op->c % 24, false, NULL, 0);
    case OP_new_probe: return put_new(place, KIND_PROBE, op->c, false, NULL, 0);
    case OP_new_tuple: return new_tuple(place, op);
    case OP_new_list: return put_new(place, KIND_LIST, 0, false, NULL, 0);
    case OP_new_dict: return put_new(place, KIND_DICT, 0, false, NULL, 0);
    case OP_new_cell: return new_holder(place, op, KIND_CELL, ANY_KIND, true);
    case OP_new_class: return put_new(place, KIND_CLASS, op->c % ATTRIBUTES, op->c & 64, NULL, 0);
    case OP_new_instance: return new_holder(place, op, KIND_INSTANCE, BIT(KIND_CLASS), false);
    default: return new_holder(place, op, KIND_FUNCTION, BIT(KIND_TUPLE), true);
    }
}

/* ---- references that come to a register ----------------------------------------------------------------------- */

/* The variant gave `o`, a reference of the caller's own, for what the model calls `id` (REF_NONE: nothing). */
static void receive(int place, void *o, int id)
{
    compare_same(&run, o, id);
    if (id != REF_NONE)
        run.registers[place] = id;
}

static int receive_new_reference(int place, void *o, int id)
{
    receive(place, o, id);
    if (id != REF_NONE)
        ref_incref(&run.reference, id);
    return 0;
}

static int item_of(int id, int index)
{
    const struct ref_object *o = &run.reference.objects[id];
    return index != REF_NONE && index < o->length ? o->items[index] : REF_NONE;
}

static int step_dict_get(int place, const struct op *op)
{
    int at = pick(op->b, BIT(KIND_DICT)), key = pick(op->c, KEYS);
    if (at == REF_NONE || key == REF_NONE)
        return STATUS_IDLE;
    int dict = run.registers[at];
    void *o = run.adapter->dict_get(run.address[dict], object_in(key));
    return receive_new_reference(place, o, item_of(dict, ref_dict_find(&run.reference, dict, run.registers[key])));
}

static int step_pop(int place, const struct op *op)
{
    int at = pick(op->b, BIT(KIND_LIST));
    if (at == REF_NONE)
        return STATUS_IDLE;
    void *o = run.adapter->pop(object_in(at));
    receive(place, o, ref_pop(&run.reference, run.registers[at]));
    return 0;
}

static int step_call(int place, const struct op *op)
{
    int function = pick(op->b, BIT(KIND_FUNCTION)), argument = pick(op->c, ANY_KIND);
    if (function == REF_NONE)
        return STATUS_IDLE;
    void *o = run.adapter->call(object_in(function), object_in(argument));
    return receive_new_reference(place, o, run.registers[argument]);
}

static int step_slot(int place, const struct op *op)
{
    int slot = op->b % SLOTS, id = run.slots[slot];
    if (op->code == OP_slot_load)
        return receive_new_reference(place, run.adapter->slot_load(slot), id);
    receive(place, run.adapter->slot_take(slot), id);
    run.slots[slot] = REF_NONE;
    return 0;
}

static int step_upgrade(int place, int at)
{
    if (!run.adapter->try_incref(object_in(at)))
        check_failed(__FILE__, __LINE__, "rc_try_incref says that a live object is dead");
    ref_incref(&run.reference, run.registers[at]);
    run.registers[place] = run.registers[at];
    return 0;
}

static int step_incref(int place, int at)
{
    run.adapter->incref(object_in(at));
    ref_incref(&run.reference, run.registers[at]);
    run.registers[place] = run.registers[at];
    return 0;
}

static int step_shared(int place, int which)
{
    return receive_new_reference(place, run.adapter->shared(which), run.shared[which]);
}

static int step_receive(const struct op *op)
{
    static const unsigned kinds[OP_CODES] = {[OP_incref] = ANY_KIND,
                                             [OP_upgrade] = ANY_KIND,
                                             [OP_list_get] = BIT(KIND_LIST),
                                             [OP_cell_get] = BIT(KIND_CELL),
                                             [OP_attribute_get] = BIT(KIND_INSTANCE)};
    int place = pick_empty(op->a), at = kinds[op->code] != 0 ? pick(op->b, kinds[op->code]) : 0;
    if (place == REF_NONE || at == REF_NONE)
        return STATUS_IDLE;
    int id = run.registers[at], index = op->c % 8;
    switch (op->code) {
    case OP_shared: return step_shared(place, op->c % SHARED_OBJECTS);
    case OP_incref: return step_incref(place, at);
    case OP_upgrade: return step_upgrade(place, at);
    case OP_list_get:
        return receive_new_reference(place, run.adapter->list_get(run.address[id], (size_t)index),
                                     item_of(id, index));
    case OP_cell_get: return receive_new_reference(place, run.adapter->cell_get(run.address[id]), item_of(id, 0));
    case OP_attribute_get:
        index %= ATTRIBUTES;
        return receive_new_reference(place, run.adapter->attribute_get(run.address[id], index), item_of(id, index));
    case OP_dict_get: return step_dict_get(place, op);
    case OP_pop: return step_pop(place, op);
    case OP_call: return step_call(place, op);
    default: return step_slot(place, op);
    }
}

/* ---- changing containers -------------------------------------------------------------------------------------- */

/* Would `container` come to contain itself, in a program that leaves that out? */
static bool closes_cycle(int container, int value)
{
    return !run.program->cycles && ref_reaches(&run.reference, value, container);
}

static int step_dict_set(int dict, int key, int value)
{
    if (run.reference.objects[dict].length == REF_ITEMS_MAX)
        return STATUS_IDLE;
    if (run.adapter->dict_set(run.address[dict], run.address[key], run.address[value]) != 0)
        return -1;
    ref_dict_set(&run.reference, dict, key, value);
    return 0;
}

static int step_list(const struct op *op, int list, int value)
{
    struct ref_object *o = &run.reference.objects[list];
    int index = op->a % 8, status;
    if (op->code == OP_append) {
        if (o->length == REF_ITEMS_MAX)
            return STATUS_IDLE;
        status = run.adapter->append(run.address[list], run.address[value]);
        if (status == 0)
            ref_append(&run.reference, list, value);
        return status;
    }
    status = run.adapter->list_set(run.address[list], (size_t)index, run.address[value]);
    if (status == 0)
        ref_replace(&run.reference, list, index, value);
    if (status >= 0 && status != (index >= o->length))
        check_failed(__FILE__, __LINE__, "list_set returns %d at %d of %d", status, index, o->length);
    return status < 0 ? -1 : 0;
}

static int step_attribute_set(const struct op *op, int instance, int value)
{
    const struct ref_object *o = &run.reference.objects[instance];
    int which = op->a % ATTRIBUTES;
    int status = run.adapter->attribute_set(run.address[instance], which, run.address[value]);
    if (status >= 0 && status != (which >= o->number && !o->has_dict))
        check_failed(__FILE__, __LINE__, "attribute_set returns %d", status);
    if (status == 0)
        ref_replace(&run.reference, instance, which, value);
    return status < 0 ? -1 : 0;
}

static int step_store(const struct op *op)
{
    static const enum kind kinds[OP_CODES] = {[OP_append] = KIND_LIST,
                                              [OP_list_set] = KIND_LIST,
                                              [OP_dict_set] = KIND_DICT,
                                              [OP_cell_set] = KIND_CELL,
                                              [OP_attribute_set] = KIND_INSTANCE};
    int at = pick(op->b, BIT(kinds[op->code])), from = pick(op->c, ANY_KIND), key = pick(op->a, KEYS);
    if (at == REF_NONE || from == REF_NONE || closes_cycle(run.registers[at], run.registers[from]))
        return STATUS_IDLE;
    int container = run.registers[at], value = run.registers[from], status;
    switch (op->code) {
    case OP_dict_set: return key != REF_NONE ? step_dict_set(container, run.registers[key], value) : STATUS_IDLE;
    case OP_cell_set:
        status = run.adapter->cell_set(run.address[container], run.address[value]);
        if (status == 0)
            ref_replace(&run.reference, container, 0, value);
        return status;
    case OP_attribute_set: return step_attribute_set(op, container, value);
    default: return step_list(op, container, value);
    }
}

static int step_dict_delete(const struct op *op)
{
    int at = pick(op->b, BIT(KIND_DICT)), key = pick(op->c, KEYS);
    if (at == REF_NONE || key == REF_NONE)
        return STATUS_IDLE;
    bool deleted = run.adapter->dict_delete(object_in(at), object_in(key));
    if (deleted != ref_dict_delete(&run.reference, run.registers[at], run.registers[key]))
        check_failed(__FILE__, __LINE__, "dict_delete says that there %s such a key", deleted ? "was" : "was no");
    return 0;
}

static int step_clear(const struct op *op)
{
    int at = pick(op->b, CLEARABLE);
    if (at == REF_NONE)
        return STATUS_IDLE;
    run.adapter->clear(object_in(at));
    ref_clear(&run.reference, run.registers[at]);
    return 0;
}

static int step_slot_store(const struct op *op)
{
    int at = pick(op->b, ANY_KIND), slot = op->a % SLOTS, old = run.slots[slot];
    if (at == REF_NONE)
        return STATUS_IDLE;
    if (run.adapter->slot_store(slot, object_in(at)) != 0)
        return -1;
    run.slots[slot] = run.registers[at];
    run.registers[at] = REF_NONE;
    ref_decref(&run.reference, old);
    return 0;
}

/* ---- the rest ------------------------------------------------------------------------------------------------- */

static int drop_register(int at)
{
    int id = run.registers[at];
    run.registers[at] = REF_NONE;
    run.adapter->decref(run.address[id]);
    ref_decref(&run.reference, id);
    return 0;
}

static int step_unique(int at)
{
    const struct ref_object *o = &run.reference.objects[run.registers[at]];
    if (run.adapter->is_unique(object_in(at)) && (o->immortal || o->count != 1))
        check_failed(__FILE__, __LINE__, "rc_is_unique says yes, with %lld references", (long long)o->count);
    return 0;
}

/* Its reference is used up where the scheme has immortality. */
static int step_immortalize(const struct op *op)
{
    int at = pick(op->b, IMMORTALS);
    if (at == REF_NONE || !run.program->immortals || run.reference.objects[run.registers[at]].immortal)
        return STATUS_IDLE;
    if (run.adapter->publish(object_in(at)) != 0)
        return -1;
    if (run.adapter->immortalize(object_in(at)) != run.suite->immortal)
        check_failed(__FILE__, __LINE__, "object_immortalize does not do what RC_IMMORTAL says");
    if (run.suite->immortal) {
        run.reference.objects[run.registers[at]].immortal = true;
        run.registers[at] = REF_NONE;
    }
    return 0;
}

static int step_other(const struct op *op)
{
    int at = pick(op->b, ANY_KIND);
    switch (op->code) {
    case OP_safepoint: run.adapter->settle(); return 0;
    case OP_detach: run.adapter->detach(); return 0;
    case OP_dict_delete: return step_dict_delete(op);
    case OP_clear: return step_clear(op);
    case OP_slot_store: return step_slot_store(op);
    case OP_immortalize: return step_immortalize(op);
    default: break;
    }
    if (at == REF_NONE)
        return STATUS_IDLE;
    if (op->code == OP_publish)
        return run.adapter->publish(object_in(at));
    return op->code == OP_unique ? step_unique(at) : drop_register(at);
}

static int step(const struct op *op)
{
    switch (op->code) {
    case OP_new_int:
    case OP_new_str:
    case OP_new_probe:
    case OP_new_tuple:
    case OP_new_list:
    case OP_new_dict:
    case OP_new_cell:
    case OP_new_class:
    case OP_new_instance:
    case OP_new_function: return step_new(op);
    case OP_shared:
    case OP_incref:
    case OP_upgrade:
    case OP_list_get:
    case OP_pop:
    case OP_dict_get:
    case OP_cell_get:
    case OP_attribute_get:
    case OP_call:
    case OP_slot_load:
    case OP_slot_take: return step_receive(op);
    case OP_append:
    case OP_list_set:
    case OP_dict_set:
    case OP_cell_set:
    case OP_attribute_set: return step_store(op);
    default: return step_other(op);
    }
}

/* ---- the whole ------------------------------------------------------------------------------------------------ */

/* A failed allocation is reported, nothing else is, and what failed has changed nothing. */
static void step_checked(const struct op *op, bool look_at_all)
{
    memory_fail_at(op->fail);
    int status = step(op);
    bool failed = memory_has_failed();
    memory_fail_at(0);
    if ((status == -1) != failed)
        check_failed(__FILE__, __LINE__,
                     failed ? "no memory, and the operation does not say so"
                            : "an operation says that there is no memory");
    compare_deaths(&run);
    compare_counts(&run);
    if (look_at_all || failed)
        compare_contents(&run);
}

static void begin(const struct random_suite *suite, const struct program *program, struct single_result *result)
{
    run.suite = suite;
    run.adapter = suite->adapter;
    run.program = program;
    run.result = result;
    *result = (struct single_result){0};
    ref_reset(&run.reference);
    compare_open(&run);
    for (int i = 0; i < REGISTERS; i++)
        run.registers[i] = REF_NONE;
    for (int i = 0; i < SLOTS; i++)
        run.slots[i] = REF_NONE;
}

/* Empties what can be emptied of the objects that are left: mortal ones that cycles keep, or immortal ones. */
static void clear_left(bool immortal)
{
    for (int id = 0; id < run.reference.count; id++) {
        struct ref_object *o = &run.reference.objects[id];
        if (o->dead || o->immortal != immortal || !(CLEARABLE >> o->kind & 1))
            continue;
        run.adapter->incref(run.address[id]);
        ref_incref(&run.reference, id);
        run.adapter->clear(run.address[id]);
        ref_clear(&run.reference, id);
        run.adapter->decref(run.address[id]);
        ref_decref(&run.reference, id);
        compare_deaths(&run);
    }
}

static void end(void)
{
    compare_contents(&run);
    for (int i = 0; i < REGISTERS; i++)
        if (run.registers[i] != REF_NONE)
            drop_register(i);
    compare_deaths(&run);
    for (int i = 0; i < SLOTS; i++) {
        struct op take = {.code = OP_slot_take, .b = (uint8_t)i};
        step(&take);
        if (run.registers[0] != REF_NONE)
            drop_register(0);
        compare_deaths(&run);
    }
    clear_left(true);
    clear_left(false);
    compare_all_dead(&run);
    compare_close(&run);
}

static void trace_step(const struct op *op, size_t index)
{
    printf("  %4zu %-14s a=%-3u b=%-3u c=%-3u", index, program_op_name(op->code), op->a, op->b, op->c);
    if (op->fail != 0)
        printf(" allocation %u fails", op->fail);
    putchar('\n');
    fflush(stdout);
}

void single_run(const struct random_suite *suite, const struct program *program, struct single_result *result,
                bool trace)
{
    static char context[120];
    check_context = context;
    begin(suite, program, result);
    for (size_t i = 0; i < program->length; i++) {
        const struct op *op = &program->ops[i];
        snprintf(context, sizeof context, "%s, seed %llu, operation %u (%s)", suite->variant,
                 (unsigned long long)program->seed, program->index[i], program_op_name(op->code));
        result->at = i + 1;
        if (trace)
            trace_step(op, program->index[i]);
        step_checked(op, i % CHECK_EVERY == 0);
    }
    snprintf(context, sizeof context, "%s, seed %llu, at the end", suite->variant, (unsigned long long)program->seed);
    end();
}
