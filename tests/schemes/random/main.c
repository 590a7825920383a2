/* random: random programs on a variant.
 *
 *   random single --variant NAME [--seed N] [--programs P] [--ops K] [--keep I,J,...] [--trace]
 *   random multi --variant NAME [--seed N] [--rounds R | --seconds S] [--threads T]
 *   random graphs --variant NAME [--seed N] [--rounds R | --seconds S] [--threads T]     with cycles and collections
 *   random fork --variant NAME [--seed N] [--rounds R]
 *   random digests [--seed N] [--programs P] [--ops K]     all variants: the same seed, the same deaths and contents
 *   random --list
 *
 * Programs P start at seed N and count upwards; a failure says which, and what repeats it. Exit status: 0 nothing
 * wrong, 1 something, 2 bad usage, 77 the variant cannot do this. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/platform.h"
#include "tests/schemes/random/apart.h"
#include "tests/schemes/random/shrink.h"

#ifndef RANDOM_REGISTRY
#define RANDOM_REGISTRY "variants/variants.def"
#endif

#define VARIANT(name, ...) extern const struct random_suite random_##name;
#include RANDOM_REGISTRY
#undef VARIANT

#define VARIANT(name, ...) &random_##name,
static const struct random_suite *const suites[] = {
#include RANDOM_REGISTRY
};
#undef VARIANT

enum {
    SUITES = sizeof suites / sizeof *suites,
    EXIT_WRONG = 1,
    EXIT_USAGE = 2,
    EXIT_SKIPPED = 77,
    HANG_SECONDS = 300
};

struct options {
    const char *command;
    const struct random_suite *suite;
    uint64_t seed, programs, ops, rounds, seconds, threads;
    const char *keep;
    bool trace;
};

static int bad_usage(const char *what, const char *value)
{
    fprintf(stderr, "random: %s '%s'; the head of tests/schemes/random/main.c lists what there is\n", what, value);
    return EXIT_USAGE;
}

/* ---- single ---------------------------------------------------------------------------------------------------- */

/* Keeps the operations in a list of numbers with commas. */
static void keep_listed(struct program *program, const char *list)
{
    bool keep[PROGRAM_OPS_MAX] = {false};
    for (const char *at = list; *at != '\0';) {
        char *end;
        unsigned long index = strtoul(at, &end, 10);
        if (end == at)
            break;
        if (index < PROGRAM_OPS_MAX)
            keep[index] = true;
        at = *end == ',' ? end + 1 : end;
    }
    program_keep(program, keep);
}

static void report_shrunk(const struct options *options, struct program *program, struct single_result *result)
{
    size_t length = program->length;
    shrink(options->suite, program);
    printf("seed %llu fails; %zu of its %zu operations are enough:\n", (unsigned long long)program->seed,
           program->length, length);
    int status = shrink_run(options->suite, program, result, false, true);
    printf("%s. To repeat it: random single --variant %s --seed %llu --ops %zu --trace --keep ", apart_says(status),
           options->suite->variant, (unsigned long long)program->seed, length);
    for (size_t i = 0; i < program->length; i++)
        printf("%s%u", i > 0 ? "," : "", program->index[i]);
    putchar('\n');
}

static int run_single(const struct options *options)
{
    static struct program program;
    struct single_result *result = apart_shared(sizeof *result);
    uint64_t failed = 0;
    for (uint64_t i = 0; i < options->programs; i++) {
        program_make(&program, options->seed + i, options->ops, false);
        if (options->keep != NULL)
            keep_listed(&program, options->keep);
        bool again = options->keep != NULL || options->trace;
        int status = shrink_run(options->suite, &program, result, false, again && options->trace);
        if (status == 0)
            continue;
        printf("%s: seed %llu: %s\n", options->suite->variant, (unsigned long long)program.seed, apart_says(status));
        if (!again && failed == 0)
            report_shrunk(options, &program, result);
        failed++;
    }
    printf("%s: %llu of %llu programs failed (seeds from %llu)\n", options->suite->variant,
           (unsigned long long)failed, (unsigned long long)options->programs, (unsigned long long)options->seed);
    return failed != 0 ? EXIT_WRONG : 0;
}

/* ---- digests -----------------------------------------------------------------------------------------------------
 */

/* Are they the same as those of the first variant that can be compared? */
static bool same_digests(const struct random_suite *suite, const struct single_result *r,
                         const struct single_result *first)
{
    if (r->contents != first->contents)
        return false;
    if (suite->never_frees)
        return true;
    return r->deaths == first->deaths && (suite->late || r->order == first->order);
}

static int compare_variants(const struct program *program, struct single_result *result, uint64_t *folded)
{
    struct single_result first = {0};
    int wrong = 0;
    bool have_first = false;
    /* Immediate variants first: one of them sets what the others must do. */
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < SUITES; i++) {
            const struct random_suite *suite = suites[i];
            bool immediate = !suite->late && !suite->never_frees;
            if (immediate != (pass == 0))
                continue;
            int status = shrink_run(suite, program, result, false, false);
            if (!have_first)
                first = *result;
            have_first = true;
            if (status == 0 && same_digests(suite, result, &first))
                continue;
            printf("seed %llu: %s differs: contents %016llx, deaths %016llx, order %016llx\n",
                   (unsigned long long)program->seed, suite->variant, (unsigned long long)result->contents,
                   (unsigned long long)result->deaths, (unsigned long long)result->order);
            wrong = 1;
        }
    *folded = *folded * 31 + (first.contents ^ first.deaths ^ first.order);
    return wrong;
}

static int run_digests(const struct options *options)
{
    static struct program program;
    struct single_result *result = apart_shared(sizeof *result);
    uint64_t folded = 0;
    int wrong = 0;
    for (uint64_t i = 0; i < options->programs; i++) {
        program_make(&program, options->seed + i, options->ops, true);
        wrong |= compare_variants(&program, result, &folded);
    }
    printf("digest of seeds %llu to %llu, %llu operations each, %d variants: %016llx\n",
           (unsigned long long)options->seed, (unsigned long long)(options->seed + options->programs - 1),
           (unsigned long long)options->ops, SUITES, (unsigned long long)folded);
    return wrong ? EXIT_WRONG : 0;
}

/* ---- multi, fork -------------------------------------------------------------------------------------------------
 */

struct round {
    const struct random_suite *suite;
    struct multi_options multi;
};

static void multi_round(void *argument)
{
    struct round *round = argument;
    round->suite->multi(&round->multi);
}

static void graphs_round(void *argument)
{
    struct round *round = argument;
    round->multi.graphs = true;
    round->multi.faults = false;
    round->suite->multi(&round->multi);
}

static void fork_round(void *argument)
{
    struct round *round = argument;
    round->multi.forks = true;
    round->suite->fork_stopped(round->multi.seed);
    round->suite->fork_running(&round->multi);
}

static bool another_round(const struct options *options, uint64_t round, uint64_t begin_ns)
{
    if (options->seconds != 0)
        return clock_ns() - begin_ns < options->seconds * UINT64_C(1000000000);
    return round < options->rounds;
}

static int run_rounds(const struct options *options, apart_fn *run)
{
    uint64_t begin_ns = clock_ns(), failed = 0, round = 0;
    for (; another_round(options, round, begin_ns); round++) {
        uint64_t seed = options->seed + round;
        struct round one = {options->suite,
                            {.seed = seed,
                             .threads = options->threads != 0 ? (unsigned)options->threads : 2 + (unsigned)(seed % 3),
                             .steps = (unsigned)options->ops,
                             .faults = seed / 3 % 2}};
        int status = apart_run(run, &one, false, HANG_SECONDS);
        if (status == 0)
            continue;
        failed++;
        printf("%s: %s of seed %llu failed (%s). To repeat it, as far as threads can: random %s --variant %s --seed "
               "%llu --ops %llu\n",
               options->suite->variant, options->command, (unsigned long long)seed, apart_says(status),
               options->command, options->suite->variant, (unsigned long long)seed, (unsigned long long)options->ops);
    }
    printf("%s: %llu of %llu rounds failed (seeds from %llu)\n", options->suite->variant, (unsigned long long)failed,
           (unsigned long long)round, (unsigned long long)options->seed);
    return failed != 0 ? EXIT_WRONG : 0;
}

/* ---- the command line --------------------------------------------------------------------------------------------
 */

static const struct random_suite *find_suite(const char *name)
{
    for (size_t i = 0; i < SUITES; i++)
        if (strcmp(suites[i]->variant, name) == 0)
            return suites[i];
    return NULL;
}

static uint64_t *number_option(struct options *options, const char *name)
{
    struct {
        const char *name;
        uint64_t *value;
    } numbers[] = {{"--seed", &options->seed},       {"--programs", &options->programs},
                   {"--ops", &options->ops},         {"--rounds", &options->rounds},
                   {"--seconds", &options->seconds}, {"--threads", &options->threads}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(name, numbers[i].name) == 0)
            return numbers[i].value;
    return NULL;
}

static int parse(struct options *options, int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        uint64_t *number = number_option(options, argv[i]);
        if (strcmp(argv[i], "--trace") == 0) {
            options->trace = true;
            continue;
        }
        if (i + 1 == argc)
            return bad_usage("no value for", argv[i]);
        const char *value = argv[++i];
        char *end = NULL;
        if (number != NULL)
            *number = strtoull(value, &end, 10);
        else if (strcmp(argv[i - 1], "--keep") == 0)
            options->keep = value;
        else if (strcmp(argv[i - 1], "--variant") != 0 || (options->suite = find_suite(value)) == NULL)
            return bad_usage("cannot use", argv[i - 1]);
        if (number != NULL && (*end != '\0' || end == value))
            return bad_usage("no number:", value);
    }
    return 0;
}

static int skipped(const struct options *options, const char *why)
{
    printf("skipped: %s %s\n", options->suite->variant, why);
    return EXIT_SKIPPED;
}

static int list_all(void)
{
    for (size_t i = 0; i < SUITES; i++)
        puts(suites[i]->variant);
    return 0;
}

int main(int argc, char **argv)
{
    struct options options = {.seed = 1, .programs = 1, .ops = 300, .rounds = 1};
    options.command = argc > 1 ? argv[1] : "";
    if (strcmp(options.command, "--list") == 0)
        return list_all();
    int bad = parse(&options, argc, argv);
    if (bad != 0)
        return bad;
    if (strcmp(options.command, "digests") == 0)
        return run_digests(&options);
    if (options.suite == NULL)
        return bad_usage("no --variant for", options.command);
    if (strcmp(options.command, "single") == 0)
        return run_single(&options);
    if (strcmp(options.command, "graphs") == 0)
        return options.suite->never_frees ? skipped(&options, "frees nothing") : run_rounds(&options, graphs_round);
    bool fork_command = strcmp(options.command, "fork") == 0;
    if (!fork_command && strcmp(options.command, "multi") != 0)
        return bad_usage("no such command", options.command);
    if (options.suite->one_thread)
        return skipped(&options, "has one thread");
    return run_rounds(&options, fork_command ? fork_round : multi_round);
}
