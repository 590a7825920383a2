/* What the drivers see of one variant; tests/schemes/random/bodies.h exports one for each. Objects are untyped here:
 * the drivers are compiled once and know no variant. */
#ifndef RCBENCH_TESTS_SCHEMES_RANDOM_SUITE_H
#define RCBENCH_TESTS_SCHEMES_RANDOM_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COUNT_IMMORTAL = -1, ATTRIBUTES = 4, SHARED_OBJECTS = 4, SLOTS = 4 };

typedef void death_fn(void *object);

/* The object model as a table, with objects that report their deaths. Functions that return int return 0, or -1
 * when there was no memory; those that return an object return an owned reference, or NULL. Arguments are borrowed
 * unless it says otherwise. */
struct adapter {
    void (*open)(death_fn *on_death);
    void (*close)(void); /* also checks that all memory has been freed */

    /* `kind` from reference.h. number: of an int or a str; of a class, its slots (has_dict: a dict too). items: of a
     * tuple; a cell's content; an instance's class; a function's closure. */
    void *(*make)(int kind, int number, bool has_dict, void **items, size_t count);
    void *(*shared)(int which);

    void (*incref)(void *o);
    void (*decref)(void *o);
    bool (*try_incref)(void *o); /* allows it first */
    bool (*is_unique)(void *o);
    int (*publish)(void *o);
    bool (*immortalize)(void *o);
    int64_t (*count)(void *o);
    void (*clear)(void *o);
    void (*destroy)(void *o); /* an immortal one, at the end */

    /* What a tuple, list, cell or function refers to, borrowed; at most `max`, returns how many. */
    size_t (*items)(void *o, void **items, size_t max);
    size_t (*length)(void *dict);
    int (*append)(void *list, void *o);
    int (*list_set)(void *list, size_t index, void *o);
    void *(*list_get)(void *list, size_t index);
    void *(*pop)(void *list);
    int (*dict_set)(void *dict, void *key, void *o);
    void *(*dict_get)(void *dict, void *key);
    bool (*dict_delete)(void *dict, void *key);
    int (*cell_set)(void *cell, void *o);
    void *(*cell_get)(void *cell);
    int (*attribute_set)(void *instance, int which, void *o); /* 1: there is no such attribute */
    void *(*attribute_get)(void *instance, int which);
    void *(*call)(void *function, void *argument); /* returns its argument */

    int (*slot_store)(int which, void *o); /* steals `o`, not when it fails */
    void *(*slot_load)(int which);
    void *(*slot_take)(int which);

    void (*settle)(void);
    void (*detach)(void); /* and attach again */
};

struct multi_options {
    uint64_t seed;
    unsigned threads;
    unsigned steps; /* of each thread's each life */
    bool faults;    /* allocations fail now and then */
    bool forks;     /* another thread forks meanwhile */
    bool graphs;    /* with cycles, weak references, finalizers, collections and forks; no faults */
};

struct random_suite {
    const char *variant;
    bool exact_audit, immortal, late, never_frees, one_thread;
    const struct adapter *adapter;
    void (*multi)(const struct multi_options *options);
    void (*fork_stopped)(uint64_t seed);
    void (*fork_running)(const struct multi_options *options);
};

#endif
