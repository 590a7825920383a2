/* Comparing a variant with the reference model. See compare.h. */
#include "tests/schemes/random/compare.h"

#include <string.h>

#include "tests/schemes/conformance/check.h"

static struct run *current; /* on_death has no argument of its own */

/* FNV-1a, by words. */
static void mix(uint64_t *digest, uint64_t value) { *digest = (*digest ^ value) * UINT64_C(0x100000001b3); }

static const struct ref_object *object(const struct run *run, int id) { return &run->reference.objects[id]; }

/* An address may have belonged to another object, which has died. */
static void on_death(void *o)
{
    struct run *run = current;
    for (int id = 0; id < run->reference.count; id++) {
        if (run->address[id] != o || run->found_dead[id])
            continue;
        run->found_dead[id] = true;
        run->found[run->found_count++] = id;
        return;
    }
    check_failed(__FILE__, __LINE__, "something is destroyed that is no live object: a second death?");
}

void compare_open(struct run *run)
{
    current = run;
    run->found_count = 0;
    memset(run->found_dead, 0, sizeof run->found_dead);
    run->adapter->open(on_death);
    for (int i = 0; i < SHARED_OBJECTS; i++) {
        int id = ref_new(&run->reference, KIND_SHARED);
        run->shared[i] = id;
        run->reference.objects[id].immortal = run->suite->immortal;
        run->address[id] = run->adapter->shared(i);
        run->adapter->decref(run->address[id]);
    }
}

void compare_close(struct run *run) { run->adapter->close(); }

void compare_same(struct run *run, const void *o, int id)
{
    if (o != (id != REF_NONE ? run->address[id] : NULL))
        check_failed(__FILE__, __LINE__, "the variant gives %s object than #%d", o != NULL ? "another" : "no", id);
}

/* ---- deaths --------------------------------------------------------------------------------------------------- */

static void check_found_are_dead(const struct run *run)
{
    for (int i = 0; i < run->found_count; i++)
        if (!object(run, run->found[i])->dead)
            check_failed(__FILE__, __LINE__, "#%d has been destroyed with %lld references", run->found[i],
                         (long long)object(run, run->found[i])->count);
}

static void check_none_missing(const struct run *run)
{
    for (int id = 0; id < run->reference.count; id++)
        if (object(run, id)->dead && !run->found_dead[id])
            check_failed(__FILE__, __LINE__, "#%d has no reference left and has not been destroyed", id);
}

static void check_order(const struct run *run)
{
    for (int i = 0; i < run->found_count; i++)
        if (run->found[i] != run->reference.deaths[i])
            check_failed(__FILE__, __LINE__, "#%d died where #%d should have", run->found[i],
                         run->reference.deaths[i]);
}

void compare_deaths(struct run *run)
{
    if (run->suite->never_frees && run->found_count != 0)
        check_failed(__FILE__, __LINE__, "#%d was destroyed by a scheme that frees nothing", run->found[0]);
    check_found_are_dead(run);
    if (!run->suite->late && !run->suite->never_frees) {
        check_none_missing(run);
        if (!run->reference.unordered)
            check_order(run);
    }
    for (int i = 0; i < run->found_count; i++)
        mix(&run->result->order, (uint64_t)run->found[i]);
    run->found_count = 0;
    ref_deaths_reset(&run->reference);
}

/* ---- counts and contents -------------------------------------------------------------------------------------- */

void compare_counts(struct run *run)
{
    for (int id = 0; run->suite->exact_audit && id < run->reference.count; id++) {
        const struct ref_object *o = object(run, id);
        if (o->dead)
            continue;
        int64_t expected = o->immortal ? COUNT_IMMORTAL : o->count, count = run->adapter->count(run->address[id]);
        if (count != expected)
            check_failed(__FILE__, __LINE__, "#%d has %lld references, not %lld (%lld: immortal)", id,
                         (long long)count, (long long)expected, (long long)COUNT_IMMORTAL);
    }
}

static void check_items(struct run *run, int id)
{
    void *items[REF_ITEMS_MAX + 2];
    const struct ref_object *o = object(run, id);
    int length = o->kind == KIND_CELL && o->items[0] == REF_NONE ? 0 : o->length;
    size_t count = run->adapter->items(run->address[id], items, REF_ITEMS_MAX + 2);
    if (count != (size_t)length)
        check_failed(__FILE__, __LINE__, "#%d refers to %zu objects, not %d", id, count, length);
    for (int i = 0; i < length; i++) {
        compare_same(run, items[i], o->items[i]);
        mix(&run->result->contents, (uint64_t)o->items[i]);
    }
}

/* Reads each entry, with a reference of its own. */
static void check_dict(struct run *run, int id)
{
    const struct ref_object *o = object(run, id);
    size_t length = run->adapter->length(run->address[id]);
    if (length != (size_t)ref_dict_length(&run->reference, id))
        check_failed(__FILE__, __LINE__, "#%d, a dict, has %zu entries", id, length);
    for (int i = 0; i < o->length; i++) {
        void *value = run->adapter->dict_get(run->address[id], run->address[o->keys[i]]);
        compare_same(run, value, o->items[i]);
        mix(&run->result->contents, (uint64_t)o->items[i]);
        if (value != NULL)
            run->adapter->decref(value);
    }
}

static void check_instance(struct run *run, int id)
{
    for (int i = 0; i < ATTRIBUTES; i++) {
        void *value = run->adapter->attribute_get(run->address[id], i);
        compare_same(run, value, object(run, id)->items[i]);
        mix(&run->result->contents, (uint64_t)object(run, id)->items[i]);
        if (value != NULL)
            run->adapter->decref(value);
    }
}

void compare_contents(struct run *run)
{
    for (int id = 0; id < run->reference.count; id++) {
        if (object(run, id)->dead)
            continue;
        mix(&run->result->contents, (uint64_t)id);
        switch (object(run, id)->kind) {
        case KIND_TUPLE:
        case KIND_LIST:
        case KIND_CELL:
        case KIND_FUNCTION: check_items(run, id); break;
        case KIND_DICT: check_dict(run, id); break;
        case KIND_INSTANCE: check_instance(run, id); break;
        default: break;
        }
    }
}

/* ---- the end -------------------------------------------------------------------------------------------------- */

/* Their contents have been dropped before; the shared ones are the model's. */
static void destroy_immortals(struct run *run)
{
    for (int id = SHARED_OBJECTS; id < run->reference.count; id++) {
        if (object(run, id)->dead || !object(run, id)->immortal)
            continue;
        run->adapter->destroy(run->address[id]);
        ref_destroy(&run->reference, id);
        compare_deaths(run);
    }
}

void compare_all_dead(struct run *run)
{
    run->adapter->settle();
    compare_deaths(run);
    for (int id = SHARED_OBJECTS; id < run->reference.count; id++) {
        if (!object(run, id)->dead && !object(run, id)->immortal)
            check_failed(__FILE__, __LINE__, "the model itself still has %lld references to #%d",
                         (long long)object(run, id)->count, id);
        if (run->found_dead[id])
            mix(&run->result->deaths, (uint64_t)id);
    }
    if (run->suite->never_frees)
        return;
    check_none_missing(run);
    destroy_immortals(run);
    check_none_missing(run);
}
