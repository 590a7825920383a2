/* Drawing random programs. See program.h. */
#include "tests/schemes/random/program.h"

#define PROGRAM_NAME(name, weight) #name,
static const char *const names[] = {PROGRAM_OPS(PROGRAM_NAME)};
#undef PROGRAM_NAME

#define PROGRAM_WEIGHT(name, weight) weight,
static const unsigned weights[] = {PROGRAM_OPS(PROGRAM_WEIGHT)};
#undef PROGRAM_WEIGHT

/* Steele, Lea, Flood, OOPSLA 2014. */
uint64_t program_draw(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static unsigned draw_code(uint64_t random)
{
    unsigned total = 0, code = 0;
    for (unsigned i = 0; i < OP_CODES; i++)
        total += weights[i];
    unsigned at = (unsigned)(random % total);
    while (at >= weights[code])
        at -= weights[code++];
    return code;
}

/* What kind of program it is comes from the seed too: a seed says all. One program in two has allocations that
 * fail, one operation in 16; one in four has cycles, one in two immortal objects. */
void program_make(struct program *program, uint64_t seed, size_t length, bool comparable)
{
    uint64_t state = seed, traits = program_draw(&state);
    bool faults = !comparable && traits % 2 == 0;
    program->seed = seed;
    program->cycles = (traits >> 8) % 4 == 0;
    program->immortals = !comparable && (traits >> 16) % 2 == 0;
    program->length = length < PROGRAM_OPS_MAX ? length : PROGRAM_OPS_MAX;
    for (size_t i = 0; i < program->length; i++) {
        uint64_t random = program_draw(&state), fault = program_draw(&state);
        program->ops[i] = (struct op){.code = (uint8_t)draw_code(random >> 32),
                                      .a = (uint8_t)random,
                                      .b = (uint8_t)(random >> 8),
                                      .c = (uint8_t)(random >> 16),
                                      .fail = faults && fault % 16 == 0 ? (uint8_t)(1 + (fault >> 8) % 4) : 0};
        program->index[i] = (uint16_t)i;
    }
}

const char *program_op_name(unsigned code) { return code < OP_CODES ? names[code] : "?"; }

void program_keep(struct program *program, const bool *keep)
{
    size_t kept = 0;
    for (size_t i = 0; i < program->length; i++) {
        if (!keep[i])
            continue;
        program->ops[kept] = program->ops[i];
        program->index[kept++] = program->index[i];
    }
    program->length = kept;
}
