/* The command line. See options.h. Flags are a table: name, what value they take, how they are read. */
#include "bench/plan/options.h"

#include <errno.h>
#include <math.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/memory/allocator.h"
#include "bench/base/suggest.h"
#include "bench/plan/thread_list.h"
#include "bench/machine/topology.h"
#include "bench/registry/variant.h"

enum { WINDOW_MS_DEFAULT = 100, WINDOW_MS_MAX = 3600 * 1000, SWITCH_US_DEFAULT = 5000, PATIENCE_S_DEFAULT = 120 };
enum { RAMP_NS_MIN = 2000000, RAMP_NS_MAX = 10000000 };
/* A unit of work takes some 80 cycles, a reference less than two, or a few hundred on a processor yet unknown. */
#define REFERENCE_COST_MIN 0.001
#define REFERENCE_COST_MAX 10.0
enum { SWITCH_US_MAX = 1000 * 1000, ROUNDS_MAX = 100000, PATIENCE_S_MAX = 7 * 86400, REPETITIONS_MAX = 10000 };

__attribute__((format(printf, 3, 4))) static int refuse(const char *flag, const char *value, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "rcbench: %s: ", flag);
    if (value != NULL)
        fprintf(stderr, "'%s' ", value);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return -1;
}

/* ---- names ------------------------------------------------------------------------------------------ */

static const char *variant_name(size_t i) { return variants[i]->name; }
static const char *workload_name(size_t i) { return variants[0]->workloads[i]->name; }

static int refuse_name(const char *flag, const char *value, const char *kind, const char *const *names, size_t count)
{
    const char *near = suggest(value, names, count);
    const char *article = strchr("aeiou", kind[0]) != NULL ? "an" : "a";
    if (near != NULL)
        return refuse(flag, value, "is not %s %s; did you mean '%s'?", article, kind, near);
    char all[1024] = "";
    for (size_t i = 0; i < count; i++) {
        strncat(all, i > 0 ? ", " : "", sizeof all - strlen(all) - 1);
        strncat(all, names[i], sizeof all - strlen(all) - 1);
    }
    return refuse(flag, value, "is not %s %s; accepted: %s", article, kind, all);
}

/* A peer that this build does not have: says what would bring it. */
static int refuse_missing(const char *flag, const char *value)
{
    for (size_t i = 0; i < missing_peer_count; i++)
        if (strcmp(value, missing_peers[i].name) == 0)
            return refuse(flag, value, "is not in this build: %s", missing_peers[i].remedy);
    return 0;
}

/* A list of names, or "all", which are the first `all_count`; chosen[i] says which of them were named. */
static int choose(const char *flag, const char *list, const char *kind, const char *(*name)(size_t), size_t count,
                  size_t all_count, bool *chosen)
{
    const char **names = malloc(count * sizeof *names);
    char *copy = strdup(list), *state = NULL;
    int status = names != NULL && copy != NULL ? 0 : refuse(flag, list, "needs more memory than there is");
    for (size_t i = 0; names != NULL && i < count; i++)
        names[i] = name(i);
    if (status == 0 && (list[0] == '\0' || list[0] == ',' || list[strlen(list) - 1] == ',' || strstr(list, ",,")))
        status = refuse(flag, list, "has an empty name; accepted: %ss joined by commas, or all", kind);
    for (char *word = status == 0 ? strtok_r(copy, ",", &state) : NULL; word != NULL && status == 0;
         word = strtok_r(NULL, ",", &state)) {
        bool all = strcmp(word, "all") == 0, known = all;
        for (size_t i = 0; i < count; i++) {
            if ((all && i < all_count) || strcmp(word, names[i]) == 0)
                known = chosen[i] = true;
        }
        if (!known && (status = refuse_missing(flag, word)) == 0)
            status = refuse_name(flag, word, kind, names, count);
    }
    free(names);
    free(copy);
    return status;
}

/* ---- numbers ---------------------------------------------------------------------------------------- */

static int read_u64(const char *flag, const char *value, uint64_t least, uint64_t most, uint64_t *out)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 || number < least || number > most)
        return refuse(flag, value, "is not right; accepted: a whole number from %llu to %llu",
                      (unsigned long long)least, (unsigned long long)most);
    *out = number;
    return 0;
}

static int read_ms(const char *flag, const char *value, double least, uint64_t *ns)
{
    char *end;
    double ms = strtod(value, &end);
    if (end == value || *end != '\0' || !isfinite(ms) || ms < least || ms > WINDOW_MS_MAX)
        return refuse(flag, value, "is not right; accepted: milliseconds from %g to %d", least, WINDOW_MS_MAX);
    *ns = (uint64_t)(ms * 1e6);
    return 0;
}

/* ---- the table -------------------------------------------------------------------------------------- */

enum flag {
    FLAG_VARIANTS, FLAG_PEERS, FLAG_WORKLOADS, FLAG_POINTS, FLAG_THREADS, FLAG_WITHIN, FLAG_OVERSUBSCRIBE, FLAG_PLACEMENT,
    FLAG_TOPOLOGY, FLAG_ALL_KINDS, FLAG_WINDOW, FLAG_RAMP, FLAG_SWITCH_INTERVAL, FLAG_REFERENCE_COST, FLAG_ALLOCATOR, FLAG_SEED,
    FLAG_ROUNDS, FLAG_PROCESS, FLAG_CSV, FLAG_RESUME, FLAG_LEAVE_OUT, FLAG_PATIENCE, FLAG_PLAN, FLAG_LIST, FLAG_MACHINE,
    FLAG_TOPOLOGY_OUT, FLAG_CALIBRATE, FLAG_VERSION, FLAG_HELP, FLAGS
};

static const struct {
    const char *name;
    const char *value; /* NULL: takes none */
    const char *help;
} flags[FLAGS] = {
    [FLAG_VARIANTS] = {"--variants", "A,B", "which variants; all but the peers by default (--list names them)"},
    [FLAG_PEERS] = {"--peers", NULL, "measure the peers of other languages and libraries, too (docs/runtimes.md)"},
    [FLAG_WORKLOADS] = {"--workloads", "X,Y", "which workloads; all by default"},
    [FLAG_POINTS] = {"--points", "PROFILE", "how many parameter points: quick (default), standard, full"},
    [FLAG_THREADS] = {"--threads", "LIST", "for scaling workloads, e.g. 1,2,4-8,max; by default 1,2,4,... and max"},
    [FLAG_WITHIN] = {"--within", "S", "fewer counts of threads, and cells under a GIL, until a round takes S seconds or less"},
    [FLAG_OVERSUBSCRIBE] = {"--oversubscribe", NULL, "measure cells with more threads than CPUs, too, and mark them"},
    [FLAG_PLACEMENT] = {"--placement", "HOW", "compact, cores (default), scatter, numa, none (not pinned)"},
    [FLAG_TOPOLOGY] = {"--topology", "WHAT", "plan for this hwloc XML file or synthetic description (with --plan)"},
    [FLAG_ALL_KINDS] = {"--all-kinds", NULL, "use all kinds of cores of a hybrid processor, not one alone"},
    [FLAG_WINDOW] = {"--window", "MS", "length of the measured window, 100 by default; longer where a GIL needs it"},
    [FLAG_RAMP] = {"--ramp", "MS", "full load before the window; by default half of it, 2 to 10"},
    [FLAG_SWITCH_INTERVAL] = {"--switch-interval", "US", "of the GIL, 5000 by default"},
    [FLAG_REFERENCE_COST] = {"--reference-cost", "C", "for `work`: a reference's time in units of work; measured by default"},
    [FLAG_ALLOCATOR] = {"--allocator", "NAME", "jemalloc (default), system, mimalloc: preloaded, by a second start"},
    [FLAG_SEED] = {"--seed", "N", "of the order of cells and of random indices; drawn and logged by default"},
    [FLAG_ROUNDS] = {"--rounds", "N", "measure every cell N times, each round in a new order; 1 by default"},
    [FLAG_PROCESS] = {"--process", "N", "number of this process in a run of several, for the rows"},
    [FLAG_CSV] = {"--csv", "FILE", "write a row for each trial, FILE.part until all are made; FILE.json as --machine"},
    [FLAG_RESUME] = {"--resume", NULL, "keep the rows in FILE.part and go on after them (same --seed, --process)"},
    [FLAG_LEAVE_OUT] = {"--leave-out", "CELLS", "with --csv: not these, joined by commas; each gets a row that says failed"},
    [FLAG_PATIENCE] = {"--patience", "S", "a trial that takes so much longer than expected hangs; 120 seconds by default"},
    [FLAG_PLAN] = {"--plan", NULL, "print each cell with the CPUs it would use; run nothing"},
    [FLAG_LIST] = {"--list", NULL, "print variants, workloads and their parameters; run nothing"},
    [FLAG_MACHINE] = {"--machine", "FILE", "what this machine and this build are, as JSON, to a new file or -"},
    [FLAG_TOPOLOGY_OUT] = {"--topology-out", "FILE", "the topology as hwloc XML, to a new file or -; run nothing"},
    [FLAG_CALIBRATE] = {"--calibrate", NULL, "measure the reference cost and print it; run nothing else"},
    [FLAG_VERSION] = {"--version", NULL, "print the versions of rcbench and its libraries"},
    [FLAG_HELP] = {"--help", NULL, "print this"},
};

void options_print_help(FILE *out)
{
    fputs("rcbench measures reference counting: one binary, all variants, pinned trials.\n\n"
          "usage: rcbench [options] [--benchmark_...]\n\n",
          out);
    for (size_t i = 0; i < FLAGS; i++)
        fprintf(out, "  %-17s %-8s %s\n", flags[i].name, flags[i].value != NULL ? flags[i].value : "", flags[i].help);
    fputs("\nFlags that start with --benchmark_ are Google Benchmark's and keep their meaning:\n"
          "  --benchmark_filter=REGEX  --benchmark_list_tests  --benchmark_repetitions=N\n"
          "  --benchmark_out=FILE  --benchmark_format=console|json|csv  --benchmark_counters_tabular  ...\n\n"
          "Exit status: 0 every trial has a good row; 1 a count was wrong, or a row could not be written; 2 usage;\n"
          "3 nothing failed, but noise has left a trial without a good row; 130 Ctrl-C.\n",
          out);
}

struct given {
    const char *value[FLAGS]; /* NULL: not given; "" for flags without a value */
};

static int unknown_flag(const char *word)
{
    const char *names[FLAGS];
    for (size_t i = 0; i < FLAGS; i++)
        names[i] = flags[i].name;
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    const char *near = suggest(name, names, FLAGS);
    return near != NULL ? refuse(name, NULL, "no such flag; did you mean %s?", near)
                        : refuse(name, NULL, "no such flag; --help lists them");
}

/* Takes argv[*at], and the next word where the flag needs one. */
static int take_flag(struct given *given, int argc, char **argv, int *at)
{
    const char *word = argv[*at];
    for (size_t i = 0; i < FLAGS; i++) {
        size_t length = strlen(flags[i].name);
        if (strncmp(word, flags[i].name, length) != 0 || (word[length] != '\0' && word[length] != '='))
            continue;
        if (given->value[i] != NULL)
            return refuse(flags[i].name, NULL, "given twice; once is enough");
        if (flags[i].value == NULL) {
            given->value[i] = "";
            return word[length] == '\0' ? 0 : refuse(flags[i].name, word + length + 1, "is not taken: no value");
        }
        if (word[length] == '=')
            given->value[i] = word + length + 1;
        else if (*at + 1 < argc)
            given->value[i] = argv[++*at];
        else
            return refuse(flags[i].name, NULL, "needs a value: %s", flags[i].value);
        return 0;
    }
    return unknown_flag(word);
}

static bool is_benchmark_flag(const char *word)
{
    return strncmp(word, "--benchmark_", 12) == 0 || strncmp(word, "--v=", 4) == 0;
}

/* What the library itself answers with an abort, its usage and status 0, or all of the memory. */
static int check_benchmark_value(const char *flag, const char *value)
{
    static const char *const formats[] = {"console", "json", "csv"};
    uint64_t number;
    if (strcmp(flag, "--benchmark_repetitions") == 0)
        return read_u64(flag, value, 1, REPETITIONS_MAX, &number);
    if (strcmp(flag, "--benchmark_min_warmup_time") == 0 && strtod(value, NULL) != 0)
        return refuse(flag, value, "is not taken: each trial has a ramp of its own; accepted: --ramp MS");
    if (strcmp(flag, "--benchmark_format") != 0 && strcmp(flag, "--benchmark_out_format") != 0)
        return 0;
    for (size_t i = 0; i < 3; i++)
        if (strcmp(value, formats[i]) == 0)
            return 0;
    return refuse_name(flag, value, "format", formats, 3);
}

static int check_benchmark_flag(const char *word)
{
    char flag[64];
    size_t length = strcspn(word, "=");
    snprintf(flag, sizeof flag, "%.*s", (int)(length < sizeof flag ? length : sizeof flag - 1), word);
    return word[length] == '=' ? check_benchmark_value(flag, word + length + 1) : 0;
}

/* The library takes its defaults from there. */
static int check_benchmark_environment(void)
{
    static const char *const names[][2] = {{"BENCHMARK_REPETITIONS", "--benchmark_repetitions"},
                                           {"BENCHMARK_MIN_WARMUP_TIME", "--benchmark_min_warmup_time"},
                                           {"BENCHMARK_FORMAT", "--benchmark_format"},
                                           {"BENCHMARK_OUT_FORMAT", "--benchmark_out_format"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i][0]);
        if (value != NULL && check_benchmark_value(names[i][1], value) != 0)
            return -1;
    }
    return 0;
}

/* What the library takes for false. */
static bool is_false(const char *value)
{
    static const char *const names[] = {"=false", "=0", "=no", "=off", "=n", "=f"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(value, names[i]) == 0)
            return true;
    return false;
}

static int take_all(struct options *options, struct given *given, int argc, char **argv)
{
    options->benchmark_argv = calloc((size_t)argc + 1, sizeof *options->benchmark_argv);
    if (options->benchmark_argv == NULL)
        return refuse("argv", NULL, "no memory");
    options->benchmark_argv[options->benchmark_argc++] = argv[0];
    if (check_benchmark_environment() != 0)
        return -1;
    for (int at = 1; at < argc; at++) {
        if (is_benchmark_flag(argv[at])) {
            if (check_benchmark_flag(argv[at]) != 0)
                return -1;
            const char *list = "--benchmark_list_tests";
            if (strncmp(argv[at], list, strlen(list)) == 0 && !is_false(argv[at] + strlen(list)))
                options->benchmark_list = true;
            options->benchmark_argv[options->benchmark_argc++] = argv[at];
        } else if (take_flag(given, argc, argv, &at) != 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- what the flags mean ---------------------------------------------------------------------------- */

/* Of --machine and --topology-out. */
static int check_new(const char *flag, const char *path)
{
    struct stat found;
    if (path[0] == '\0' || (stat(path, &found) == 0 && S_ISREG(found.st_mode)))
        return refuse(flag, path, "%s; accepted: a new file name, or - for standard output",
                      path[0] == '\0' ? "is no file name" : "is there already and would be lost");
    return 0;
}

static int read_action(struct options *options, const struct given *given)
{
    static const struct {
        enum flag flag;
        enum action action;
    } actions[] = {{FLAG_HELP, ACTION_HELP},       {FLAG_VERSION, ACTION_VERSION}, {FLAG_LIST, ACTION_LIST},
                   {FLAG_PLAN, ACTION_PLAN},       {FLAG_MACHINE, ACTION_MACHINE}, {FLAG_TOPOLOGY_OUT, ACTION_TOPOLOGY},
                   {FLAG_CALIBRATE, ACTION_CALIBRATE}};
    const char *first = NULL;
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        const char *value = given->value[actions[i].flag];
        if (value == NULL)
            continue;
        if (first != NULL)
            return refuse(flags[actions[i].flag].name, NULL, "conflicts with %s: give one of them", first);
        first = flags[actions[i].flag].name;
        options->action = actions[i].action;
        options->action_path = value;
    }
    if ((options->action == ACTION_MACHINE || options->action == ACTION_TOPOLOGY) &&
        check_new(first, options->action_path) != 0)
        return -1;
    if (given->value[FLAG_TOPOLOGY] != NULL && options->action != ACTION_PLAN && options->action != ACTION_TOPOLOGY)
        return refuse("--topology", given->value[FLAG_TOPOLOGY], "can only be planned for; add --plan");
    if (options->resume && options->csv == NULL)
        return refuse("--resume", NULL, "conflicts with no --csv FILE: there is nothing to go on with");
    if (options->resume && given->value[FLAG_SEED] == NULL)
        return refuse("--resume", NULL, "needs the --seed N of the run that it goes on with");
    if (options->benchmark_list && first != NULL)
        return refuse("--benchmark_list_tests", NULL, "conflicts with %s: give one of them", first);
    return 0;
}

static int read_points(struct options *options, const char *value)
{
    static const char *const names[] = {"quick", "standard", "full"};
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(value, names[i]) == 0) {
            options->points = (enum profile)i;
            return 0;
        }
    }
    return refuse_name("--points", value, "profile", names, 3);
}

static int read_placement(struct options *options, const char *value)
{
    if (placement_parse(value, &options->placement) == 0)
        return 0;
    size_t count = 0;
    while (placement_names()[count] != NULL)
        count++;
    return refuse_name("--placement", value, "placement", placement_names(), count);
}

static int read_allocator(struct options *options, const char *value)
{
    size_t count = 0;
    for (; allocator_names()[count] != NULL; count++)
        if (strcmp(allocator_names()[count], value) == 0)
            options->allocator = value;
    return options->allocator != NULL ? 0 : refuse_name("--allocator", value, "allocator", allocator_names(), count);
}

/* A file name in a directory that is there. Whether it can be written to is found out before the first trial. */
static int check_csv(const char *path, bool resume)
{
    struct stat found;
    char directory[4096];
    const char *slash = strrchr(path, '/');
    snprintf(directory, sizeof directory, "%.*s", slash != NULL ? (int)(slash - path) : 1, slash != NULL ? path : ".");
    bool exists = stat(path, &found) == 0;
    if (strcmp(path, "-") == 0)
        return refuse("--csv", path, "is not a plain file; accepted: a file name (./- for one of that name)");
    if (path[0] == '\0' || (exists && !S_ISREG(found.st_mode)))
        return refuse("--csv", path, "is not a plain file; accepted: a new file in a directory that exists");
    if (exists)
        return refuse("--csv", path, "is there already and would be lost; accepted: a new file name");
    char companion[sizeof directory + 8];
    snprintf(companion, sizeof companion, "%s.json", path);
    if (!resume && stat(companion, &found) == 0)
        return refuse("--csv", path, "would replace '%s', which is there already; accepted: a new file name", companion);
    if (slash != path && (stat(directory, &found) != 0 || !S_ISDIR(found.st_mode)))
        return refuse("--csv", path, "is in a directory that does not exist: '%s'", directory);
    return 0;
}

/* Half of the window, within limits: long enough for caches and predictors, and to size the batches. */
static uint64_t default_ramp_ns(uint64_t window_ns)
{
    uint64_t half = window_ns / 2;
    return half < RAMP_NS_MIN ? RAMP_NS_MIN : half > RAMP_NS_MAX ? RAMP_NS_MAX : half;
}

/* Of a reference, in units of work. */
static int read_cost(const char *flag, const char *value, double *cost)
{
    char *end;
    double number = strtod(value, &end);
    if (end == value || *end != '\0' || !(number >= REFERENCE_COST_MIN && number <= REFERENCE_COST_MAX))
        return refuse(flag, value, "is not right; accepted: what --calibrate prints, from %g to %g", REFERENCE_COST_MIN,
                      REFERENCE_COST_MAX);
    *cost = number;
    return 0;
}

static int read_within(const char *value, double *seconds)
{
    char *end;
    *seconds = strtod(value, &end);
    if (end == value || *end != '\0' || !(*seconds >= 1 && *seconds <= 1e6))
        return refuse("--within", value, "is not right; accepted: seconds from 1 to 1000000");
    return 0;
}

static int read_simple(struct options *options, const struct given *given)
{
    uint64_t number;
    const char *value;
    if ((value = given->value[FLAG_POINTS]) != NULL && read_points(options, value) != 0)
        return -1;
    if ((value = given->value[FLAG_PLACEMENT]) != NULL && read_placement(options, value) != 0)
        return -1;
    if ((value = given->value[FLAG_WINDOW]) != NULL && read_ms("--window", value, 1, &options->window_ns) != 0)
        return -1;
    if ((value = given->value[FLAG_ALLOCATOR]) != NULL && read_allocator(options, value) != 0)
        return -1;
    options->ramp_ns = default_ramp_ns(options->window_ns);
    if ((value = given->value[FLAG_RAMP]) != NULL && read_ms("--ramp", value, 0, &options->ramp_ns) != 0)
        return -1;
    if ((value = given->value[FLAG_SWITCH_INTERVAL]) != NULL) {
        if (read_u64("--switch-interval", value, 1, SWITCH_US_MAX, &number) != 0)
            return -1;
        options->switch_interval_ns = number * 1000;
    }
    if ((value = given->value[FLAG_REFERENCE_COST]) != NULL &&
        read_cost("--reference-cost", value, &options->reference_cost) != 0)
        return -1;
    if ((value = given->value[FLAG_SEED]) != NULL) {
        if (read_u64("--seed", value, 0, UINT64_MAX, &options->seed) != 0)
            return -1;
    } else if (getrandom(&options->seed, sizeof options->seed, 0) != sizeof options->seed) {
        options->seed = clock_ns();
    }
    if ((value = given->value[FLAG_ROUNDS]) != NULL) {
        if (read_u64("--rounds", value, 1, ROUNDS_MAX, &number) != 0)
            return -1;
        options->rounds = (unsigned)number;
    }
    if ((value = given->value[FLAG_PROCESS]) != NULL) {
        if (read_u64("--process", value, 0, ROUNDS_MAX, &number) != 0)
            return -1;
        options->process = (unsigned)number;
    }
    if ((value = given->value[FLAG_PATIENCE]) != NULL) {
        if (read_u64("--patience", value, 1, PATIENCE_S_MAX, &number) != 0)
            return -1;
        options->patience_s = (unsigned)number;
    }
    options->leave_out = given->value[FLAG_LEAVE_OUT];
    if ((value = given->value[FLAG_WITHIN]) != NULL && read_within(value, &options->within_s) != 0)
        return -1;
    if (value != NULL && given->value[FLAG_THREADS] != NULL)
        return refuse("--within", value, "conflicts with --threads, which says which counts: give one of them");
    options->csv = given->value[FLAG_CSV];
    options->resume = given->value[FLAG_RESUME] != NULL;
    options->oversubscribe = given->value[FLAG_OVERSUBSCRIBE] != NULL;
    return options->csv != NULL ? check_csv(options->csv, options->resume) : 0;
}

/* --peers, beside whatever --variants says. */
static int choose_peers(struct options *options)
{
    if (peer_count == 0 && missing_peer_count > 0)
        return refuse("--peers", NULL, "this build has none of them: %s", missing_peers[0].remedy);
    if (peer_count == 0)
        return refuse("--peers", NULL, "this binary has none");
    for (size_t i = variant_count - peer_count; i < variant_count; i++)
        options->variant_chosen[i] = true;
    return 0;
}

static int read_names(struct options *options, const struct given *given)
{
    const char *chosen_variants = given->value[FLAG_VARIANTS], *chosen_workloads = given->value[FLAG_WORKLOADS];
    options->workloads_named = chosen_workloads != NULL;
    options->variant_chosen = calloc(variant_count, sizeof *options->variant_chosen);
    options->workload_chosen = calloc(variants[0]->workload_count, sizeof *options->workload_chosen);
    if (options->variant_chosen == NULL || options->workload_chosen == NULL)
        return refuse("--variants", NULL, "no memory");
    if (choose("--variants", chosen_variants != NULL ? chosen_variants : "all", "variant", variant_name, variant_count,
               variant_count - peer_count, options->variant_chosen) != 0)
        return -1;
    if (given->value[FLAG_PEERS] != NULL && choose_peers(options) != 0)
        return -1;
    return choose("--workloads", chosen_workloads != NULL ? chosen_workloads : "all", "workload", workload_name,
                  variants[0]->workload_count, variants[0]->workload_count, options->workload_chosen);
}

/* Where there is no such cache, the size of the one below it. */
static void read_caches(struct options *options)
{
    options->cache_bytes[0] = 32 * 1024;
    for (unsigned level = 1; level <= CACHE_LEVELS; level++) {
        size_t bytes = topology_cache_bytes(options->topology, options->cpu_order[0], level);
        options->cache_bytes[level] = bytes != 0 ? bytes : options->cache_bytes[level - 1];
    }
}

static int open_topology(struct options *options, const struct given *given)
{
    char error[400];
    const char *source = options->topology_source = given->value[FLAG_TOPOLOGY];
    if (topology_open(&options->topology, source, error, sizeof error) != 0)
        return refuse("--topology", NULL, "%s", error); /* it names the source */
    topology_use_all_kinds(options->topology, given->value[FLAG_ALL_KINDS] != NULL);
    bool here = topology_is_this_machine(options->topology);
    if (!here && options->action == ACTION_RUN && !options->benchmark_list && options->placement != PLACEMENT_NONE)
        return refuse("--placement", placement_name(options->placement),
                      "cannot be done: hwloc was told of another machine (HWLOC_... variables); accepted: none");
    options->pus = topology_pus(options->topology);
    options->cpu_order = calloc(options->pus, sizeof *options->cpu_order);
    if (options->cpu_order == NULL ||
        placement_order(options->topology, options->placement, options->cpu_order, options->pus) < 0)
        return refuse("--placement", placement_name(options->placement), "no memory for the order of CPUs");
    read_caches(options);
    return 0;
}

/* 1, 2, 4, ... and all CPUs. */
static int default_threads(struct options *options)
{
    options->threads = calloc(34, sizeof *options->threads);
    if (options->threads == NULL)
        return refuse("--threads", NULL, "no memory");
    for (unsigned n = 1; n < options->pus; n *= 2)
        options->threads[options->thread_counts++] = n;
    options->threads[options->thread_counts++] = options->pus;
    return 0;
}

static int read_threads(struct options *options, const char *value)
{
    options->threads_named = value != NULL;
    if (value == NULL)
        return default_threads(options);
    char error[400];
    options->thread_counts = thread_list_parse(value, options->pus, &options->threads, error, sizeof error);
    if (options->thread_counts == 0)
        return refuse("--threads", NULL, "%s", error);
    unsigned most = options->threads[options->thread_counts - 1];
    char left[TOPOLOGY_KINDS_TEXT], used[TOPOLOGY_KINDS_TEXT];
    bool some_left = topology_kinds_text(options->topology, false, left)[0] != '\0';
    if (most > options->pus && !options->oversubscribe && some_left)
        return refuse("--threads", value,
                      "asks for %u threads on %s; accepted: up to %u, --oversubscribe, or --all-kinds, which also uses %s",
                      most, topology_kinds_text(options->topology, true, used), options->pus, left);
    if (most > options->pus && !options->oversubscribe)
        return refuse("--threads", value, "asks for %u threads on %u CPUs; accepted: up to %u, or --oversubscribe", most,
                      options->pus, options->pus);
    return 0;
}

int options_parse(struct options *options, int argc, char **argv)
{
    struct given given = {{NULL}};
    *options = (struct options){.window_ns = WINDOW_MS_DEFAULT * UINT64_C(1000000),
                                .switch_interval_ns = SWITCH_US_DEFAULT * UINT64_C(1000),
                                .patience_s = PATIENCE_S_DEFAULT,
                                .placement = PLACEMENT_CORES,
                                .rounds = 1};
    if (take_all(options, &given, argc, argv) != 0 || read_simple(options, &given) != 0 ||
        read_action(options, &given) != 0)
        return -1;
    if (options->action == ACTION_HELP || options->action == ACTION_VERSION)
        return 0;
    if (read_names(options, &given) != 0 || open_topology(options, &given) != 0)
        return -1;
    return read_threads(options, given.value[FLAG_THREADS]);
}

void options_free(struct options *options)
{
    free(options->variant_chosen);
    free(options->workload_chosen);
    free(options->threads);
    free(options->cpu_order);
    free(options->benchmark_argv);
    topology_close(options->topology);
}
