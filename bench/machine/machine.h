/* machine.h - what a run was measured on: the facts about machine, kernel, compiler and libraries that
 * run.json keeps, and the warnings that follow from them.
 *
 * Facts are read from /proc, /sys and /etc once, when asked. A fact that this machine does not tell is
 * null; that is never an error.
 */
#ifndef RCBENCH_BENCH_MACHINE_MACHINE_H
#define RCBENCH_BENCH_MACHINE_MACHINE_H

#include <stdio.h>

struct json;
struct machine_topology;

/* A library that the caller knows the version of (machine.c knows hwloc's and the C library's). Both
 * strings stay the caller's; a NULL version is written as null. */
struct machine_library {
    const char *name;
    const char *version;
};

struct machine_libraries {
    const struct machine_library *items;
    unsigned count;
};

/* Why times of this build are of no use, as the end of a sentence that begins with "this build"; NULL: nothing is known
 * against them. Static. */
const char *machine_build_fault(void);

/* Writes one JSON object, indented, without a newline after it, in UTF-8 whatever the sources hold. Its
 * keys are always the same ones. Sizes are bytes (keys ending in _bytes), frequencies kHz (_khz).
 * `warnings` is an array of sentences, each with what to do. libs may be NULL. `more` adds members of the
 * caller's own; NULL: none. Main thread. Flushes `out`. Returns 0, or -1 when it could not be written. */
int machine_write_json(FILE *out, const struct machine_topology *t, const struct machine_libraries *libs,
                       void (*more)(struct json *j));

#endif
