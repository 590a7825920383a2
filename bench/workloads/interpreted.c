/* interpreted.c - work that counts no reference. See interpreted.h. */
#include "bench/workloads/interpreted.h"

#include "core/base/platform.h"

enum opcode { OP_LOAD, OP_CONSTANT, OP_ADD, OP_XOR, OP_STORE, OP_LOAD_ITEM, OP_STORE_ITEM, OP_LESS, OP_POP_JUMP, OP_END };

/* Four statements on variables of their own, as `a += 3; b = b ^ c; t[7] = d; if (e < 9) {}`: each hangs on itself a
 * round ago, and on no other, so that a core has something to do while one of them waits. */
static const uint8_t unit[] = {
    OP_LOAD,     0, OP_CONSTANT, 3, OP_ADD,       0, OP_STORE,    0, /**/
    OP_LOAD,     1, OP_LOAD,     2, OP_XOR,       0, OP_STORE,    1, /**/
    OP_LOAD,     3, OP_CONSTANT, 7, OP_STORE_ITEM, 0,                /**/
    OP_CONSTANT, 9, OP_LOAD_ITEM, 0, OP_STORE,    5,                 /**/
    OP_LOAD,     4, OP_CONSTANT, 9, OP_LESS,      0, OP_POP_JUMP, 0, /**/
    OP_END,      0,
};

NOINLINE void interpreted_unit(struct interpreted *state)
{
    static const void *const code[] = {&&load, &&constant, &&add, &&xor, &&store, &&load_item, &&store_item, &&less,
                                       &&pop_jump, &&end};
    const uint8_t *at = unit;
    int64_t *top = state->stack;
    uint8_t operand;
#define DISPATCH                                                                                                       \
    do {                                                                                                               \
        const void *next = code[at[0]];                                                                                \
        operand = at[1];                                                                                               \
        at += 2;                                                                                                       \
        goto *next;                                                                                                    \
    } while (0)
    DISPATCH;
load:
    *top++ = state->slots[operand];
    DISPATCH;
constant:
    *top++ = operand;
    DISPATCH;
add:
    top--;
    top[-1] += top[0];
    DISPATCH;
xor:
    top--;
    top[-1] ^= top[0];
    DISPATCH;
store:
    state->slots[operand] = *--top;
    DISPATCH;
load_item:
    top[-1] = state->table[(uint64_t)top[-1] % INTERPRETED_TABLE];
    DISPATCH;
store_item:
    top -= 2;
    state->table[(uint64_t)top[1] % INTERPRETED_TABLE] = top[0];
    DISPATCH;
less:
    top--;
    top[-1] = top[-1] < top[0];
    DISPATCH;
pop_jump:
    if (*--top == 0)
        at += operand;
    DISPATCH;
end:
    return;
#undef DISPATCH
}
