/* Shrinking. See shrink.h. */
#include "tests/schemes/random/shrink.h"

#include <string.h>

#include "tests/schemes/random/apart.h"

enum { HANG_SECONDS = 60, TRIES_MAX = 3000 };

struct job {
    const struct random_suite *suite;
    const struct program *program;
    struct single_result *result;
    bool trace;
};

static void run_job(void *argument)
{
    struct job *job = argument;
    single_run(job->suite, job->program, job->result, job->trace);
}

int shrink_run(const struct random_suite *suite, const struct program *program, struct single_result *result,
               bool quiet, bool trace)
{
    struct job job = {suite, program, result, trace};
    return apart_run(run_job, &job, quiet, HANG_SECONDS);
}

static bool still_fails(const struct random_suite *suite, const struct program *program, struct single_result *result)
{
    return shrink_run(suite, program, result, true, false) != 0;
}

/* Without the operations from `begin` on, `count` of them. */
static void leave_out(struct program *program, size_t begin, size_t count)
{
    bool keep[PROGRAM_OPS_MAX];
    for (size_t i = 0; i < program->length; i++)
        keep[i] = i < begin || i >= begin + count;
    program_keep(program, keep);
}

void shrink(const struct random_suite *suite, struct program *program)
{
    static struct program candidate;
    struct single_result *result = apart_shared(sizeof *result);
    unsigned tries = 0;
    if (!still_fails(suite, program, result))
        return;
    candidate = *program;
    candidate.length = result->at;
    if (still_fails(suite, &candidate, result))
        *program = candidate;
    for (size_t chunk = program->length / 2; chunk > 0; chunk /= 2) {
        for (size_t begin = 0; begin < program->length && tries < TRIES_MAX; tries++) {
            candidate = *program;
            leave_out(&candidate, begin, chunk);
            if (still_fails(suite, &candidate, result))
                *program = candidate;
            else
                begin += chunk;
        }
    }
}
