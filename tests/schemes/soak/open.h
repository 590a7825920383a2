/* The world of a soak, opened before its threads and closed after them. In the child of a fork it is closed as well, by
 * the only thread that is left. */
#ifndef RCBENCH_TESTS_SCHEMES_SOAK_OPEN_H
#define RCBENCH_TESTS_SCHEMES_SOAK_OPEN_H

#include <stdio.h>

#include "tests/schemes/soak/actions.h"
#include "tests/schemes/soak/audit.h"

/* One with a slot for each name, one whose instances have a dict. All threads will use them. */
static struct object *soak_class(bool has_dict)
{
    struct object *slots = tuple_new(has_dict ? 0 : SOAK_PLACES);
    CHECK(slots != NULL);
    for (size_t i = 0; !has_dict && i < SOAK_PLACES; i++)
        tuple_fill(slots, i, object_incref(soak.names[i]));
    struct object *class_ = class_new(soak.names[0], slots, has_dict);
    CHECK(class_ != NULL && object_publish(class_) == 0);
    object_decref(slots);
    return class_;
}

static void soak_open(const struct soak_options *options)
{
    static char context[100];
    snprintf(context, sizeof context, "soak: %s, seed %llu", RC_TEXT(RC_VARIANT), (unsigned long long)options->seed);
    check_context = context;
    nodes_open();
    node_log.finalizer = soak_finalize;
    soak.options = options;
    CHECK_INT(pthread_mutex_init(&soak.gate, NULL), 0);
    for (unsigned i = 0; i <= SOAK_THREADS_MAX; i++)
        soak.soakers[i] = (struct soaker){.index = i, .random = options->seed * UINT64_C(0x9e3779b97f4a7c15) | 1};
    soaker_self = &soak.soakers[0];
    for (int i = 0; i < SOAK_PLACES; i++) {
        soak.names[i] = text((const char[]){(char)('a' + i), '\0'});
        CHECK_INT(object_publish(soak.names[i]), 0);
    }
    for (int i = 0; i < SOAK_SLOTS; i++)
        slot_init(&soak.slots[i], NULL);
    soak.classes[0] = soak_class(false);
    soak.classes[1] = soak_class(true);
    soak.list = list_new();
    soak.dict = dict_new();
    CHECK(soak.list != NULL && soak.dict != NULL);
    CHECK_INT(object_publish(soak.list) | object_publish(soak.dict), 0);
}

/* The caller is the only thread, and nothing is held by any. Everything goes: no object is tracked, each block has been
 * freed, once and by its size. */
static void soak_close(void)
{
    soak_collect_all();
    soak_audit();
    object_decref(soak.list);
    object_decref(soak.dict);
    for (int i = 0; i < 2; i++)
        object_decref(soak.classes[i]);
    for (int i = 0; i < SOAK_PLACES; i++)
        object_decref(soak.names[i]);
    settle();
    CHECK_INT((int64_t)gc_get_objects(), 0);
    fixture_close();
}

#endif
