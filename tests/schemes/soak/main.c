/* soak: threads that come and go, graphs with cycles, weak references, finalizers, collections and forks, all at
 * random, for as long as is asked; in the end nothing may be left. One variant after the other, each in a process of
 * its own.
 *
 *   soak --seconds N [--seed S] [--threads MAX] [--variant NAME] [--verbose]
 *
 * Without --variant the seconds are divided among all variants that can. A line every ten seconds where the output is
 * a terminal, or with --verbose. Exit status: 0 nothing wrong, 1 something, 2 bad usage, 77 the variant cannot do
 * this. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/schemes/random/apart.h"
#include "tests/schemes/soak/suite.h"

#ifndef SOAK_REGISTRY
#define SOAK_REGISTRY "variants/variants.def"
#endif

#define VARIANT(name, ...) extern const struct soak_suite soak_##name;
#include SOAK_REGISTRY
#undef VARIANT

#define VARIANT(name, ...) &soak_##name,
static const struct soak_suite *const suites[] = {
#include SOAK_REGISTRY
};
#undef VARIANT

enum {
    SUITES = sizeof suites / sizeof *suites,
    EXIT_WRONG = 1,
    EXIT_USAGE = 2,
    EXIT_SKIPPED = 77,
    HANG_SECONDS = 300, /* beyond what was asked for */
    SECONDS_MAX = 1000000
};

struct choice {
    const struct soak_suite *suite; /* NULL: all */
    uint64_t seconds, seed, threads;
    bool verbose;
};

static int bad_usage(const char *what, const char *value)
{
    fprintf(stderr,
            "soak: %s '%s'; usage: --seconds N (1 to %d) [--seed S] [--threads MAX (1 to %d)] [--variant NAME] "
            "[--verbose]\n",
            what, value, SECONDS_MAX, SOAK_THREADS_MAX);
    return EXIT_USAGE;
}

static const struct soak_suite *find_suite(const char *name)
{
    for (size_t i = 0; i < SUITES; i++)
        if (strcmp(suites[i]->variant, name) == 0)
            return suites[i];
    return NULL;
}

static bool parse_number(uint64_t *number, const char *value, uint64_t least, uint64_t most)
{
    char *end;
    if (*value < '0' || *value > '9')
        return false;
    *number = strtoull(value, &end, 10);
    return *end == '\0' && *number >= least && *number <= most;
}

static int parse_value(struct choice *choice, const char *name, const char *value)
{
    bool good = false;
    if (value == NULL)
        return bad_usage("there is no value for", name);
    if (strcmp(name, "--seconds") == 0)
        good = parse_number(&choice->seconds, value, 1, SECONDS_MAX);
    else if (strcmp(name, "--seed") == 0)
        good = parse_number(&choice->seed, value, 0, UINT64_MAX);
    else if (strcmp(name, "--threads") == 0)
        good = parse_number(&choice->threads, value, 1, SOAK_THREADS_MAX);
    else if (strcmp(name, "--variant") == 0)
        good = (choice->suite = find_suite(value)) != NULL;
    else
        return bad_usage("cannot use", name);
    char what[40];
    snprintf(what, sizeof what, "%s cannot be", name);
    return good ? 0 : bad_usage(what, value);
}

static int parse(struct choice *choice, int argc, char **argv)
{
    int bad = 0;
    for (int i = 1; i < argc && bad == 0; i++) {
        if (strcmp(argv[i], "--verbose") == 0)
            choice->verbose = true;
        else if ((bad = parse_value(choice, argv[i], argv[i + 1])) == 0)
            i++;
    }
    if (bad == 0 && choice->seconds == 0)
        bad = bad_usage("missing", "--seconds");
    return bad;
}

struct soak_job {
    const struct soak_suite *suite;
    struct soak_options options;
};

static void soak_job_run(void *argument)
{
    struct soak_job *job = argument;
    job->suite->run(&job->options);
}

static void print_tally(const char *variant, const struct soak_tally *t)
{
    printf("soak: %s: %lld threads, %lld objects, %lld collections asked for, %lld found, %lld resurrected, "
           "%lld callbacks, %lld audits, %lld forks, %lld of them to the end: nothing is left\n",
           variant, (long long)a64_load_relaxed(&t->threads), (long long)a64_load_relaxed(&t->objects),
           (long long)a64_load_relaxed(&t->collections), (long long)a64_load_relaxed(&t->found),
           (long long)a64_load_relaxed(&t->resurrected), (long long)a64_load_relaxed(&t->called),
           (long long)a64_load_relaxed(&t->audits), (long long)a64_load_relaxed(&t->forks),
           (long long)a64_load_relaxed(&t->forks_to_the_end));
}

static int soak_one(const struct choice *choice, const struct soak_suite *suite, uint64_t ns)
{
    struct soak_job job = {.suite = suite,
                           .options = {.seed = choice->seed,
                                       .ns = ns,
                                       .threads = (unsigned)choice->threads,
                                       .progress = choice->verbose || isatty(STDOUT_FILENO),
                                       .tally = apart_shared(sizeof(struct soak_tally))}};
    int status = apart_run(soak_job_run, &job, false, (unsigned)(ns / 1000000000) + HANG_SECONDS);
    if (status == 0) {
        print_tally(suite->variant, job.options.tally);
        return 0;
    }
    printf("soak: %s: seed %llu failed (%s). To repeat it, as far as threads can: soak --variant %s --seed %llu "
           "--threads %llu --seconds %llu\n",
           suite->variant, (unsigned long long)choice->seed, apart_says(status), suite->variant,
           (unsigned long long)choice->seed, (unsigned long long)choice->threads,
           (unsigned long long)(ns + 999999999) / 1000000000);
    return EXIT_WRONG;
}

int main(int argc, char **argv)
{
    struct choice choice = {.seed = 1, .threads = 4};
    int wrong = parse(&choice, argc, argv);
    uint64_t able = 0;
    if (wrong != 0)
        return wrong;
    if (choice.suite != NULL && choice.suite->skip != NULL) {
        printf("skipped: %s: %s\n", choice.suite->variant, choice.suite->skip);
        return EXIT_SKIPPED;
    }
    if (choice.suite != NULL)
        return soak_one(&choice, choice.suite, choice.seconds * UINT64_C(1000000000));
    for (size_t i = 0; i < SUITES; i++)
        able += suites[i]->skip == NULL;
    for (size_t i = 0; i < SUITES; i++)
        if (suites[i]->skip == NULL)
            wrong |= soak_one(&choice, suites[i], choice.seconds * UINT64_C(1000000000) / able);
    return wrong;
}
