/* Random programs for one thread: a sequence of operations drawn from a seed. An operation names registers and small
 * numbers; what they mean is found when it runs, so that any subset of a program is a program: that is what makes
 * shrinking possible. The first K operations of a seed do not depend on how many follow. */
#ifndef RCBENCH_TESTS_SCHEMES_RANDOM_PROGRAM_H
#define RCBENCH_TESTS_SCHEMES_RANDOM_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* name, how often it is drawn. One list: the codes, the names in reports, and the weights. */
#define PROGRAM_OPS(OP)                                                                                              \
    OP(new_int, 6)                                                                                                   \
    OP(new_str, 4)                                                                                                   \
    OP(new_probe, 6)                                                                                                 \
    OP(new_tuple, 5)                                                                                                 \
    OP(new_list, 4)                                                                                                  \
    OP(new_dict, 4)                                                                                                  \
    OP(new_cell, 3)                                                                                                  \
    OP(new_class, 2)                                                                                                 \
    OP(new_instance, 4)                                                                                              \
    OP(new_function, 2)                                                                                              \
    OP(shared, 3)                                                                                                    \
    OP(incref, 10)                                                                                                   \
    OP(decref, 26)                                                                                                   \
    OP(append, 12)                                                                                                   \
    OP(list_set, 5)                                                                                                  \
    OP(list_get, 4)                                                                                                  \
    OP(pop, 5)                                                                                                       \
    OP(dict_set, 14)                                                                                                 \
    OP(dict_get, 3)                                                                                                  \
    OP(dict_delete, 6)                                                                                               \
    OP(cell_set, 5)                                                                                                  \
    OP(cell_get, 2)                                                                                                  \
    OP(attribute_set, 7)                                                                                             \
    OP(attribute_get, 3)                                                                                             \
    OP(call, 3)                                                                                                      \
    OP(clear, 2)                                                                                                     \
    OP(slot_store, 5)                                                                                                \
    OP(slot_load, 3)                                                                                                 \
    OP(slot_take, 3)                                                                                                 \
    OP(publish, 3)                                                                                                   \
    OP(unique, 4)                                                                                                    \
    OP(upgrade, 4)                                                                                                   \
    OP(immortalize, 1)                                                                                               \
    OP(safepoint, 2)                                                                                                 \
    OP(detach, 1)

#define PROGRAM_CODE(name, weight) OP_##name,
enum op_code { PROGRAM_OPS(PROGRAM_CODE) OP_CODES };
#undef PROGRAM_CODE

struct op {
    uint8_t code;
    uint8_t a, b, c;
    uint8_t fail; /* the allocation of this operation that fails, counted from 1; 0: none */
};

enum { PROGRAM_OPS_MAX = 12000 };

struct program {
    uint64_t seed;
    bool cycles; /* containers may come to contain themselves; else such a store is left out */
    bool immortals;
    size_t length;
    struct op ops[PROGRAM_OPS_MAX];
    uint16_t index[PROGRAM_OPS_MAX]; /* the place of each operation among those of the seed */
};

/* splitmix64: any seed will do, also 0. */
uint64_t program_draw(uint64_t *state);

/* `comparable`: only what every variant must do alike: nothing becomes immortal, nothing fails. */
void program_make(struct program *program, uint64_t seed, size_t length, bool comparable);
const char *program_op_name(unsigned code);

/* Keeps the operations for which keep[i] holds. */
void program_keep(struct program *program, const bool *keep);

#endif
