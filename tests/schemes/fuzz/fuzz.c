/* The fuzz target: bytes become a program of three threads (script.h) and the choices of one execution in the
 * explorer. libFuzzer looks for bytes that reach new code of the variant, or new orders of it; the engine says when
 * something is wrong. One executable a variant, RCBENCH_FUZZED.
 *
 *   fuzz_NAME CORPUS -max_total_time=60     look for more
 *   fuzz_NAME CORPUS -runs=0                run the corpus
 *   fuzz_NAME FILE                          run one, and print the execution if something is wrong
 *
 * A byte of length for each thread, its operations, then choices up to the end. */
#include <stdlib.h>
#include <string.h>

#include "tests/schemes/fuzz/script.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b)  JOIN_(a, b)
extern const struct fuzzed JOIN(fuzzed__, RCBENCH_FUZZED);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static struct script script;

/* Returns what is left of the bytes: the choices. */
static const uint8_t *read_script(const uint8_t *at, const uint8_t *end)
{
    memset(&script, 0, sizeof script);
    for (int thread = 1; thread <= SCRIPT_THREADS && at < end; thread++) {
        size_t wanted = *at++ % (SCRIPT_OPERATIONS_MAX + 1), there = (size_t)(end - at);
        size_t count = wanted < there ? wanted : there;
        memcpy(script.operations[thread], at, count);
        script.length[thread] = (int)count;
        at += count;
    }
    return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static bool prepared;
    if (!prepared) {
        static struct program program;
        program = JOIN(fuzzed__, RCBENCH_FUZZED).program(&script);
        explore_prepare(&program, stderr);
        prepared = true;
    }
    const uint8_t *choices = read_script(bytes, bytes + length);
    if (!explore_bytes(choices, (size_t)(bytes + length - choices)))
        abort();
    return 0;
}
