/* memory_misuse WHAT: does to the suite's guarded memory what no scheme may do. Each must be noticed. */
#include <stdio.h>
#include <string.h>

#include "tests/schemes/conformance/check.h"
#include "tests/schemes/conformance/memory.h"

enum { SIZE = 40 };

static void free_twice(char *block)
{
    memory_free(block, SIZE);
    memory_free(block, SIZE);
}

static void free_as_smaller(char *block) { memory_free(block, SIZE - 8); }

static void write_past_end(char *block)
{
    block[SIZE] = 1;
    memory_free(block, SIZE);
}

static void write_after_free(char *block)
{
    memory_free(block, SIZE);
    block[SIZE / 2] = 1;
    memory_inspect_freed();
}

static void leak(char *block)
{
    (void)block;
    CHECK_INT(memory_live(), 0);
}

static const struct misuse {
    const char *name;
    void (*run)(char *block);
} misuses[] = {
    {"free_twice", free_twice},
    {"free_as_smaller", free_as_smaller},
    {"write_past_end", write_past_end},
    {"write_after_free", write_after_free},
    {"leak", leak},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < sizeof misuses / sizeof *misuses; i++) {
        if (strcmp(misuses[i].name, argv[1]) != 0)
            continue;
        char *block = memory_alloc(SIZE);
        CHECK(block != NULL);
        check_context = misuses[i].name;
        misuses[i].run(block);
        puts("nothing was noticed");
        return 0;
    }
    fprintf(stderr, "usage: memory_misuse free_twice|free_as_smaller|write_past_end|write_after_free|leak\n");
    return 2;
}
