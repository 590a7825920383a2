/* explore: runs the scenarios of a variant through every interleaving and every C11 weak outcome within bounds.
 *
 *   explore --variant NAME [--scenario NAME]... [--threads 2,3] [--preemptions N] [--stale N] [--seconds S]
 *                          all: 0, a bug was found: 1, the time was over before all was seen: 3
 *   explore --random S     at random for S seconds a scenario, from --seed N
 *   explore --replay TEXT  one execution again, step by step; with one --variant, --scenario, --threads
 *   explore --list         variants and scenarios
 *
 * Each scenario runs in a process of its own, so that it finds all variables as new. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/schemes/explore/engine/engine.h"
#include "tests/schemes/explore/scenario.h"

#ifndef EXPLORE_REGISTRY
#define EXPLORE_REGISTRY "variants/variants.def"
#endif

#define VARIANT(name, ...) extern const struct scenarios explore__##name;
#include EXPLORE_REGISTRY
#undef VARIANT

#define VARIANT(name, ...) &explore__##name,
static const struct scenarios *const variants[] = {
#include EXPLORE_REGISTRY
};
#undef VARIANT

enum { VARIANTS = sizeof variants / sizeof *variants, EXIT_USAGE = 2, EXIT_INCOMPLETE = 3, NAMES_MAX = 32 };

static struct {
    const struct scenarios *variant;
    const char *scenarios[NAMES_MAX];
    int scenarios_length;
    bool threads[THREADS_MAX];
    bool threads_given;
    bool first; /* one bug is enough */
    unsigned part, parts;
    struct limits limits;
} options = {.part = 1, .parts = 1, .limits = {.budget = {3, 3, 0}, .mode = SEARCH_ALL, .seconds = 0}};

static struct verdict *shared_verdict; /* what a child process found */
static int incomplete;                 /* cases whose time was over */

__attribute__((noreturn, format(printf, 1, 2))) static void usage(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("explore: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs("\n", stderr);
    exit(EXIT_USAGE);
}

static double number(const char *flag, const char *text, double most)
{
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    if (errno != 0 || end == text || *end != 0 || !(value >= 0 && value <= most))
        usage("%s: '%s' is not a number from 0 to %g", flag, text, most);
    return value;
}

static uint64_t seed(const char *text)
{
    char *end;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != 0 || *text == '-')
        usage("--seed: '%s' is not a number of 64 bits", text);
    return value;
}

static const struct scenarios *find_variant(const char *name)
{
    for (int i = 0; i < VARIANTS; i++)
        if (strcmp(variants[i]->variant, name) == 0)
            return variants[i];
    usage("--variant: '%s' is none; --list shows them", name);
}

static const struct scenario *find_scenario(const char *name)
{
    for (size_t i = 0; i < variants[0]->count; i++)
        if (strcmp(variants[0]->items[i].name, name) == 0)
            return &variants[0]->items[i];
    usage("--scenario: '%s' is none; --list shows them", name);
}

static void list_all(void)
{
    puts("variants:");
    for (int i = 0; i < VARIANTS; i++)
        printf("  %s\n", variants[i]->variant);
    puts("scenarios:");
    for (size_t i = 0; i < variants[0]->count; i++)
        printf("  %-18s %s\n", variants[0]->items[i].name, variants[0]->items[i].summary);
}

static void set_threads(const char *text)
{
    options.threads_given = true;
    for (const char *c = text; *c != 0; c++) {
        if (*c == ',')
            continue;
        if (*c < '1' || *c >= '0' + THREADS_MAX)
            usage("--threads: '%s' is not a list of numbers from 1 to %d", text, THREADS_MAX - 1);
        options.threads[*c - '0'] = true;
    }
}

static void set_part(const char *text)
{
    char rest;
    if (sscanf(text, "%u/%u%c", &options.part, &options.parts, &rest) != 2 || options.part < 1 ||
        options.part > options.parts)
        usage("--part: '%s' is not one of several parts, as 1/4", text);
}

enum { FLAG_LIST = 256, FLAG_VARIANT, FLAG_SCENARIO, FLAG_THREADS, FLAG_PREEMPTIONS, FLAG_STALE, FLAG_SECONDS, FLAG_RANDOM,
       FLAG_SEED, FLAG_REPLAY, FLAG_FIRST, FLAG_PART, FLAG_HELP };

static void print_help(void)
{
    puts("usage: explore --variant NAME [--scenario NAME]... [--threads 2,3] [--preemptions 3] [--stale 3] [--seconds S]\n"
         "       explore --variant NAME --random SECONDS [--seed N]\n"
         "       explore --variant NAME --scenario NAME --threads N --replay TEXT\n"
         "       explore --list\n\n"
         "  --preemptions, --stale  how often a thread is stopped that could go on, how often a load returns another\n"
         "                          store than the newest, in one execution; 15: without bound\n"
         "  --first                 end with the first bug\n"
         "  --part K/N              the K-th of N parts of the cases, for several processes at once\n"
         "  --seconds               limit a scenario; what it did not come to is said\n"
         "Exit status: 0 nothing found, 1 a bug was found, 2 usage, 3 nothing found, but the time was over before all was\n"
         "seen. A search at random ends when its time is over, with 0.");
}

static void parse(int argc, char **argv)
{
    static const struct option flags[] = {
        {"list", 0, NULL, FLAG_LIST},         {"variant", 1, NULL, FLAG_VARIANT},
        {"scenario", 1, NULL, FLAG_SCENARIO}, {"threads", 1, NULL, FLAG_THREADS},
        {"stale", 1, NULL, FLAG_STALE},       {"preemptions", 1, NULL, FLAG_PREEMPTIONS},
        {"seconds", 1, NULL, FLAG_SECONDS},   {"random", 1, NULL, FLAG_RANDOM},
        {"seed", 1, NULL, FLAG_SEED},         {"replay", 1, NULL, FLAG_REPLAY},
        {"first", 0, NULL, FLAG_FIRST},       {"part", 1, NULL, FLAG_PART},
        {"help", 0, NULL, FLAG_HELP},         {0},
    };
    for (int flag; (flag = getopt_long(argc, argv, "", flags, NULL)) != -1;) {
        switch (flag) {
        case FLAG_LIST: list_all(); exit(0);
        case FLAG_HELP: print_help(); exit(0);
        case FLAG_VARIANT: options.variant = find_variant(optarg); break;
        case FLAG_SCENARIO:
            if (options.scenarios_length == NAMES_MAX)
                usage("--scenario: more than %d", NAMES_MAX);
            options.scenarios[options.scenarios_length++] = find_scenario(optarg)->name;
            break;
        case FLAG_THREADS: set_threads(optarg); break;
        case FLAG_PREEMPTIONS:
            options.limits.budget.preemptions = (int)number("--preemptions", optarg, BUDGET_MOST);
            break;
        case FLAG_STALE:
            options.limits.budget.stale = (int)number("--stale", optarg, BUDGET_MOST);
            break;
        case FLAG_SECONDS: options.limits.seconds = number("--seconds", optarg, 1e6); break;
        case FLAG_RANDOM:
            options.limits.mode = SEARCH_RANDOM;
            options.limits.seconds = number("--random", optarg, 1e6);
            options.limits.budget = (struct budget){BUDGET_MOST, BUDGET_MOST, 0};
            break;
        case FLAG_SEED: options.limits.seed = seed(optarg); break;
        case FLAG_FIRST: options.first = true; break;
        case FLAG_PART: set_part(optarg); break;
        case FLAG_REPLAY:
            options.limits.mode = SEARCH_REPLAY;
            options.limits.replay = optarg;
            options.limits.trace = true;
            break;
        default: usage("see --help");
        }
    }
    if (optind < argc)
        usage("'%s' is not a flag; see --help", argv[optind]);
    if (options.variant == NULL)
        usage("--variant is missing; --list shows them");
}

static bool wanted(const struct scenario *scenario)
{
    for (int i = 0; i < options.scenarios_length; i++)
        if (strcmp(options.scenarios[i], scenario->name) == 0)
            return true;
    return options.scenarios_length == 0;
}

/* What is asked for beyond the bounds of the tests is done, however long it takes. */
static bool bounds_are_less(const struct scenario *scenario, int threads)
{
    return threads >= 3 && scenario->bounds_of_three != 0 && options.limits.mode == SEARCH_ALL &&
           options.limits.budget.preemptions <= 3 && options.limits.budget.stale <= 3;
}

/* In a child process. */
static void run(const struct scenario *scenario, int threads)
{
    struct program program = options.variant->program(scenario, threads);
    struct limits limits = options.limits;
    if (bounds_are_less(scenario, threads))
        limits.budget.preemptions = limits.budget.stale = scenario->bounds_of_three;
    limits.budget.faults = scenario->faults;
    *shared_verdict = explore(&program, &limits, stdout);
    exit(shared_verdict->failed ? 1 : 0);
}

static int run_apart(const struct scenario *scenario, int threads)
{
    *shared_verdict = (struct verdict){0};
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        run(scenario, threads);
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        perror("explore: fork");
        exit(1);
    }
    bool bug = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    const struct verdict *v = shared_verdict;
    incomplete += !bug && !v->exhausted && options.limits.mode == SEARCH_ALL;
    printf("%-14s %-17s %d threads %9lu executions %9lu states %6.1f s  %s\n", options.variant->variant, scenario->name,
           threads, (unsigned long)v->executions, (unsigned long)v->states, v->seconds,
           bug ? (WIFEXITED(status) ? "BUG" : "CRASH") : v->exhausted ? "all" : "time is over");
    if (bounds_are_less(scenario, threads))
        printf("%-14s %-17s %d threads with bounds %d and %d: --preemptions or --stale above 3 lifts them\n",
               options.variant->variant, scenario->name, threads, scenario->bounds_of_three, scenario->bounds_of_three);
    return bug ? 1 : 0;
}

static void print_skipped(void)
{
    for (size_t i = 0; i < options.variant->count; i++) {
        const struct scenario *scenario = &options.variant->items[i];
        if (wanted(scenario) && scenario->skip != NULL)
            printf("%-14s %-17s skipped: %s\n", options.variant->variant, scenario->name, scenario->skip);
    }
}

static bool has_threads(const struct scenario *scenario, int threads)
{
    if (scenario->skip != NULL || (options.threads_given && !options.threads[threads]))
        return false;
    int most = options.variant->threads_max;
    return threads >= scenario->threads_min && threads <= scenario->threads_max && (most == 0 || threads <= most);
}

int main(int argc, char **argv)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    options.limits.seed = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec; /* unless --seed is given */
    parse(argc, argv);
    shared_verdict = mmap(NULL, sizeof *shared_verdict, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (options.limits.mode == SEARCH_RANDOM)
        printf("seed %lu\n", (unsigned long)options.limits.seed);
    print_skipped();
    int bugs = 0;
    unsigned cases = 0;
    /* Few threads first: most bugs need no more, and are found sooner. */
    for (int threads = 1; threads < THREADS_MAX; threads++)
        for (size_t i = 0; i < options.variant->count && !(options.first && bugs > 0); i++)
            if (wanted(&options.variant->items[i]) && has_threads(&options.variant->items[i], threads) &&
                cases++ % options.parts == options.part - 1)
                bugs += run_apart(&options.variant->items[i], threads);
    if (incomplete > 0)
        printf("%d cases were not seen to their end: --seconds gives them more time\n", incomplete);
    return bugs > 0 ? 1 : incomplete > 0 ? EXIT_INCOMPLETE : 0;
}
