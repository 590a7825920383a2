/* The command line. See options.h. One table says of each flag what it is called, which values it takes, where they go
 * and how --help explains it; reading, checking, --help and the suggestions for misspelt names all come from it. */
#include "bench/plan/options.h"

#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/memory/allocator.h"
#include "bench/base/suggest.h"
#include "bench/machine/topology.h"
#include "bench/plan/benchmark_flags.h"
#include "bench/plan/selection.h"
#include "bench/plan/refuse.h"
#include "bench/plan/thread_list.h"
#include "bench/plan/values.h"
#include "bench/registry/variant.h"

enum { WINDOW_MS_DEFAULT = 100, WINDOW_MS_MAX = 3600 * 1000, SWITCH_US_DEFAULT = 5000, PATIENCE_S_DEFAULT = 120 };
enum { RAMP_NS_MIN = 2000000, RAMP_NS_MAX = 10000000 };
/* A unit of work takes some 80 cycles, a reference less than two, or a few hundred on a processor yet unknown. */
#define REFERENCE_COST_MIN 0.001
#define REFERENCE_COST_MAX 10.0
#define RAMP_BY_WINDOW UINT64_MAX /* --ramp is not given */
enum { SWITCH_US_MAX = 1000 * 1000, ROUNDS_MAX = 100000, PATIENCE_S_MAX = 7 * 86400, WITHIN_S_MAX = 1000 * 1000 };

/* ---- kinds of flags ---------------------------------------------------------------------------------- */

struct flag {
    const char *name;
    const char *brief;    /* another name for it, of one letter; NULL: none */
    const char *argument; /* what --help calls its value; NULL: it takes none */
    /* The kind: checks the value and puts it where it goes. "" where the flag takes none. */
    int (*read)(struct options *options, const struct flag *flag, const char *value);
    size_t field;         /* where it goes: its offset in struct options */
    struct whole_range whole;
    struct decimal_range decimal;
    const char *const *(*words)(void);
    const char *noun;     /* what the words name */
    enum action action;
    const char *help;
};

static void *field_of(struct options *options, const struct flag *flag) { return (char *)options + flag->field; }

static int read_switch(struct options *options, const struct flag *flag, const char *value)
{
    (void)value;
    *(bool *)field_of(options, flag) = true;
    return 0;
}

static int read_text(struct options *options, const struct flag *flag, const char *value)
{
    *(const char **)field_of(options, flag) = value;
    return 0;
}

static int read_unsigned(struct options *options, const struct flag *flag, const char *value)
{
    uint64_t number;
    if (value_whole(flag->name, value, flag->whole, &number) != 0)
        return -1;
    *(unsigned *)field_of(options, flag) = (unsigned)number;
    return 0;
}

static int read_seed(struct options *options, const struct flag *flag, const char *value)
{
    options->seed_given = true;
    return value_whole(flag->name, value, flag->whole, &options->seed);
}

static int read_decimal(struct options *options, const struct flag *flag, const char *value)
{
    return value_decimal(flag->name, value, flag->decimal, field_of(options, flag));
}

/* A whole number of microseconds; it goes into a field of nanoseconds. */
static int read_microseconds(struct options *options, const struct flag *flag, const char *value)
{
    uint64_t us;
    if (value_whole(flag->name, value, flag->whole, &us) != 0)
        return -1;
    *(uint64_t *)field_of(options, flag) = us * 1000;
    return 0;
}

/* Milliseconds, with decimals; they too go into a field of nanoseconds. */
static int read_milliseconds(struct options *options, const struct flag *flag, const char *value)
{
    double ms;
    if (value_decimal(flag->name, value, flag->decimal, &ms) != 0)
        return -1;
    *(uint64_t *)field_of(options, flag) = (uint64_t)(ms * 1e6);
    return 0;
}

/* One of the words: its index, as enums number them. */
static int read_word(struct options *options, const struct flag *flag, const char *value)
{
    _Static_assert(sizeof(enum placement) == sizeof(unsigned) && sizeof(enum profile) == sizeof(unsigned),
                   "an enum is an unsigned int");
    return value_word(flag->name, value, flag->noun, flag->words(), field_of(options, flag));
}

/* One of the words: the text itself. */
static int read_word_text(struct options *options, const struct flag *flag, const char *value)
{
    unsigned index;
    if (value_word(flag->name, value, flag->noun, flag->words(), &index) != 0)
        return -1;
    return read_text(options, flag, value);
}

/* What rcbench is to do instead of measuring: one thing alone. */
static int read_action(struct options *options, const struct flag *flag, const char *value)
{
    if (options->action_flag != NULL)
        return refuse(flag->name, NULL, "conflicts with %s: give one of them", options->action_flag);
    options->action_flag = flag->name;
    options->action = flag->action;
    options->action_path = value;
    return flag->argument != NULL ? value_new_file(flag->name, value) : 0;
}

static const char *const *profile_names(void)
{
    static const char *const names[] = {"quick", "standard", "full", NULL};
    return names;
}

/* ---- the table -------------------------------------------------------------------------------------- */

#define TO(member) .field = offsetof(struct options, member)

/* In the order of --help; two actions conflict in this order, too. */
static const struct flag flags[] = {
    {"--help", .brief = "-h", .read = read_action, .action = ACTION_HELP, .help = "print this"},
    {"--version", .read = read_action, .action = ACTION_VERSION,
     .help = "print the versions of rcbench and its libraries"},
    {"--list", .read = read_action, .action = ACTION_LIST,
     .help = "print variants, workloads and their parameters; run nothing"},
    {"--plan", .read = read_action, .action = ACTION_PLAN,
     .help = "print each cell with the CPUs it would use; run nothing"},
    {"--json", .read = read_switch, TO(json), .help = "with --list or --plan: print JSON, for programs"},
    {"--machine", .argument = "FILE", .read = read_action, .action = ACTION_MACHINE,
     .help = "what this machine and this build are, as JSON, to a new file or -"},
    {"--topology-out", .argument = "FILE", .read = read_action, .action = ACTION_TOPOLOGY,
     .help = "the topology as hwloc XML, to a new file or -; run nothing"},
    {"--calibrate", .read = read_action, .action = ACTION_CALIBRATE,
     .help = "measure the reference cost and print it; run nothing else"},
    {"--variants", .argument = "A,B", .read = read_text, TO(variant_list),
     .help = "which variants; all but the peers by default (--list names them)"},
    {"--peers", .read = read_switch, TO(peers),
     .help = "measure the peers of other languages and libraries, too (docs/runtimes.md)"},
    {"--workloads", .argument = "X,Y", .read = read_text, TO(workload_list), .help = "which workloads; all by default"},
    {"--points", .argument = "PROFILE", .read = read_word, TO(points), .words = profile_names, .noun = "profile",
     .help = "how many parameter points: quick (default), standard, full"},
    {"--threads", .argument = "LIST", .read = read_text, TO(thread_list),
     .help = "for scaling workloads, e.g. 1,2,4-8,max; by default 1,2,4,... and max"},
    {"--within", .argument = "S", .read = read_decimal, TO(within_s), .decimal = {1, WITHIN_S_MAX, "seconds"},
     .help = "fewer counts of threads, and cells under a GIL, until a round takes S seconds or less"},
    {"--cells", .argument = "FILE", .read = read_text, TO(cells_file),
     .help = "only the cells that this file names, one a line, as --plan prints them"},
    {"--oversubscribe", .read = read_switch, TO(oversubscribe),
     .help = "measure cells with more threads than CPUs, too, and mark them"},
    {"--placement", .argument = "HOW", .read = read_word, TO(placement), .words = placement_names, .noun = "placement",
     .help = "compact, cores (default), scatter, numa, none (not pinned)"},
    {"--topology", .argument = "WHAT", .read = read_text, TO(topology_source),
     .help = "plan for this hwloc XML file or synthetic description (with --plan)"},
    {"--all-kinds", .read = read_switch, TO(all_kinds),
     .help = "use all kinds of cores of a hybrid processor, not one alone"},
    {"--window", .argument = "MS", .read = read_milliseconds, TO(window_ns),
     .decimal = {1, WINDOW_MS_MAX, "milliseconds"},
     .help = "length of the measured window, 100 by default; longer where a GIL needs it"},
    {"--ramp", .argument = "MS", .read = read_milliseconds, TO(ramp_ns), .decimal = {0, WINDOW_MS_MAX, "milliseconds"},
     .help = "full load before the window; by default half of it, 2 to 10"},
    {"--switch-interval", .argument = "US", .read = read_microseconds, TO(switch_interval_ns),
     .whole = {1, SWITCH_US_MAX}, .help = "of the GIL, 5000 by default"},
    {"--reference-cost", .argument = "C", .read = read_decimal, TO(reference_cost),
     .decimal = {REFERENCE_COST_MIN, REFERENCE_COST_MAX, "what --calibrate prints,"},
     .help = "for `counted_work`: a reference's time in units of work; measured by default"},
    {"--allocator", .argument = "NAME", .read = read_word_text, TO(allocator), .words = allocator_names,
     .noun = "allocator", .help = "jemalloc (default), system, mimalloc: preloaded, by a second start"},
    {"--seed", .argument = "N", .read = read_seed, .whole = {0, UINT64_MAX},
     .help = "of the order of cells and of random indices; drawn and logged by default"},
    {"--rounds", .argument = "N", .read = read_unsigned, TO(rounds), .whole = {1, ROUNDS_MAX},
     .help = "measure every cell N times, each round in a new order; 1 by default"},
    {"--process", .argument = "N", .read = read_unsigned, TO(process), .whole = {0, ROUNDS_MAX},
     .help = "number of this process in a run of several, for the rows"},
    {"--csv", .argument = "FILE", .read = read_text, TO(csv),
     .help = "write a row for each trial, FILE.part until all are made; FILE.json as --machine"},
    {"--resume", .read = read_switch, TO(resume),
     .help = "keep the rows in FILE.part and go on after them (same --seed, --process)"},
    {"--leave-out", .argument = "CELLS", .read = read_text, TO(leave_out),
     .help = "with --csv: not these, joined by commas; each gets a row that says failed"},
    {"--patience", .argument = "S", .read = read_unsigned, TO(patience_s), .whole = {1, PATIENCE_S_MAX},
     .help = "a trial that takes so much longer than expected hangs; 120 seconds by default"},
};

enum { FLAGS = sizeof flags / sizeof *flags };

void options_print_help(FILE *out)
{
    fputs("rcbench measures reference counting: one binary, all variants, pinned trials.\n\n"
          "usage: rcbench [options] [--benchmark_...]\n\n",
          out);
    for (size_t i = 0; i < FLAGS; i++) {
        char names[32];
        snprintf(names, sizeof names, "%s%s%s", flags[i].name, flags[i].brief != NULL ? ", " : "",
                 flags[i].brief != NULL ? flags[i].brief : "");
        fprintf(out, "  %-17s %-8s %s\n", names, flags[i].argument != NULL ? flags[i].argument : "", flags[i].help);
    }
    fputs("\nFlags that start with --benchmark_ are Google Benchmark's and keep their meaning:\n"
          "  --benchmark_filter=REGEX  --benchmark_list_tests  --benchmark_repetitions=N\n"
          "  --benchmark_out=FILE  --benchmark_format=console|json|csv  --benchmark_counters_tabular  ...\n\n"
          "Exit status: 0 every trial has a good row; 1 a count was wrong, or a row could not be written; 2 usage;\n"
          "3 nothing failed, but noise has left a trial without a good row; 130 Ctrl-C.\n",
          out);
}

/* ---- words ------------------------------------------------------------------------------------------- */

/* What was given to each flag of the table; NULL: it was not given. */
struct given {
    const char *value[FLAGS];
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

/* The flag that a word is, alone or with =VALUE; FLAGS: none. */
static size_t find_flag(const char *word)
{
    size_t i = 0, length = strcspn(word, "=");
    for (; i < FLAGS; i++) {
        if (strncmp(word, flags[i].name, length) == 0 && flags[i].name[length] == '\0')
            break;
        if (flags[i].brief != NULL && strcmp(word, flags[i].brief) == 0)
            break;
    }
    return i;
}

/* Takes argv[*at], and the next word where the flag needs one. */
static int take_flag(struct given *given, int argc, char **argv, int *at)
{
    const char *word = argv[*at], *equals = strchr(word, '=');
    size_t i = find_flag(word);
    if (i == FLAGS)
        return unknown_flag(word);
    const struct flag *flag = &flags[i];
    if (given->value[i] != NULL)
        return refuse(flag->name, NULL, "given twice; once is enough");
    if (flag->argument == NULL && equals != NULL)
        return refuse(flag->name, equals + 1, "is not taken: no value");
    if (flag->argument == NULL)
        given->value[i] = "";
    else if (equals != NULL)
        given->value[i] = equals + 1;
    else if (*at + 1 == argc)
        return refuse(flag->name, NULL, "needs a value: %s", flag->argument);
    else if (find_flag(argv[*at + 1]) != FLAGS) /* forgotten, and what follows would be taken for it */
        return refuse(flag->name, NULL, "needs a value: %s; '%s' is a flag (%s=%s for that very value)", flag->argument,
                      argv[*at + 1], flag->name, argv[*at + 1]);
    else
        given->value[i] = argv[++*at];
    return 0;
}

static int take_benchmark_flag(struct options *options, char *word)
{
    if (benchmark_flag_check(word) != 0)
        return -1;
    options->benchmark_list |= benchmark_flag_lists(word);
    options->benchmark_argv[options->benchmark_argc++] = word;
    return 0;
}

static int take_words(struct options *options, struct given *given, int argc, char **argv)
{
    options->benchmark_argv = calloc((size_t)argc + 1, sizeof *options->benchmark_argv);
    if (options->benchmark_argv == NULL)
        return refuse("argv", NULL, "no memory");
    options->benchmark_argv[options->benchmark_argc++] = argv[0];
    if (benchmark_environment_check() != 0)
        return -1;
    int status = 0;
    for (int at = 1; at < argc && status == 0; at++)
        status = benchmark_flag(argv[at]) ? take_benchmark_flag(options, argv[at])
                                          : take_flag(given, argc, argv, &at);
    return status;
}

/* ---- flags that need each other ---------------------------------------------------------------------- */

/* A file name in a directory that exists. Whether it can be written to is found out before the first trial. */
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

static int check_together(const struct options *options)
{
    bool foreign = options->topology_source != NULL;
    if (options->within_s > 0 && options->thread_list != NULL)
        return refuse("--within", NULL, "'%.10g' conflicts with --threads, which says which counts: give one of them",
                      options->within_s);
    if (options->csv != NULL && check_csv(options->csv, options->resume) != 0)
        return -1;
    if (foreign && options->action != ACTION_PLAN && options->action != ACTION_TOPOLOGY)
        return refuse("--topology", options->topology_source, "can only be planned for; add --plan");
    if (options->json && options->action != ACTION_LIST && options->action != ACTION_PLAN)
        return refuse("--json", NULL, "is for what --list and --plan print; add one of them");
    if (options->resume && options->csv == NULL)
        return refuse("--resume", NULL, "conflicts with no --csv FILE: there is nothing to go on with");
    if (options->resume && !options->seed_given)
        return refuse("--resume", NULL, "needs the --seed N of the run that it goes on with");
    if (options->benchmark_list && options->action_flag != NULL)
        return refuse("--benchmark_list_tests", NULL, "conflicts with %s: give one of them", options->action_flag);
    return 0;
}

/* Half of the window, within limits: long enough for caches and predictors, and to size the batches. */
static uint64_t default_ramp_ns(uint64_t window_ns)
{
    uint64_t half = window_ns / 2;
    return half < RAMP_NS_MIN ? RAMP_NS_MIN : half > RAMP_NS_MAX ? RAMP_NS_MAX : half;
}

static uint64_t drawn_seed(void)
{
    uint64_t seed;
    return getrandom(&seed, sizeof seed, 0) == sizeof seed ? seed : clock_ns();
}

static int read_flags(struct options *options, const struct given *given)
{
    for (size_t i = 0; i < FLAGS; i++)
        if (given->value[i] != NULL && flags[i].read(options, &flags[i], given->value[i]) != 0)
            return -1;
    return 0;
}

static int choose_names(struct options *options)
{
    options->variant_chosen = calloc(variant_count, sizeof *options->variant_chosen);
    options->workload_chosen = calloc(variants[0]->workload_count, sizeof *options->workload_chosen);
    if (options->variant_chosen == NULL || options->workload_chosen == NULL)
        return refuse("--variants", NULL, "no memory");
    if (chosen_variants(options->variant_list, options->peers, options->variant_chosen) != 0)
        return -1;
    return chosen_workloads(options->workload_list, options->workload_chosen);
}

/* ---- the machine ------------------------------------------------------------------------------------- */

/* Where there is no such cache, the size of the one below it. */
static void read_caches(struct options *options)
{
    options->cache_bytes[0] = 32 * 1024;
    for (unsigned level = 1; level <= CACHE_LEVELS; level++) {
        size_t bytes = topology_cache_bytes(options->topology, options->cpu_order[0], level);
        options->cache_bytes[level] = bytes != 0 ? bytes : options->cache_bytes[level - 1];
    }
}

static int open_topology(struct options *options)
{
    char error[400];
    if (topology_open(&options->topology, options->topology_source, error, sizeof error) != 0)
        return refuse("--topology", NULL, "%s", error); /* it names the source */
    topology_use_all_kinds(options->topology, options->all_kinds);
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

/* So many threads on the CPUs that may be used, which are fewer. */
static int refuse_threads(const struct options *options, unsigned most)
{
    char left[TOPOLOGY_KINDS_TEXT], used[TOPOLOGY_KINDS_TEXT];
    if (topology_kinds_text(options->topology, false, left)[0] != '\0')
        return refuse("--threads", options->thread_list,
                      "asks for %u threads on %s; accepted: up to %u, --oversubscribe, or --all-kinds, which also uses %s",
                      most, topology_kinds_text(options->topology, true, used), options->pus, left);
    return refuse("--threads", options->thread_list,
                  "asks for %u threads on %u CPUs; accepted: up to %u, or --oversubscribe", most, options->pus,
                  options->pus);
}

static int read_threads(struct options *options)
{
    if (options->thread_list == NULL)
        return default_threads(options);
    char error[400];
    options->thread_counts = thread_list_parse(options->thread_list, options->pus, &options->threads, error, sizeof error);
    if (options->thread_counts == 0)
        return refuse("--threads", NULL, "%s", error);
    unsigned most = options->threads[options->thread_counts - 1];
    return most > options->pus && !options->oversubscribe ? refuse_threads(options, most) : 0;
}

int options_parse(struct options *options, int argc, char **argv)
{
    struct given given = {{NULL}};
    *options = (struct options){.window_ns = WINDOW_MS_DEFAULT * UINT64_C(1000000),
                                .ramp_ns = RAMP_BY_WINDOW,
                                .switch_interval_ns = SWITCH_US_DEFAULT * UINT64_C(1000),
                                .patience_s = PATIENCE_S_DEFAULT,
                                .placement = PLACEMENT_CORES,
                                .rounds = 1};
    if (take_words(options, &given, argc, argv) != 0 || read_flags(options, &given) != 0 || check_together(options) != 0)
        return -1;
    if (options->ramp_ns == RAMP_BY_WINDOW)
        options->ramp_ns = default_ramp_ns(options->window_ns);
    if (!options->seed_given)
        options->seed = drawn_seed();
    if (options->action == ACTION_HELP || options->action == ACTION_VERSION)
        return 0;
    return choose_names(options) == 0 && open_topology(options) == 0 ? read_threads(options) : -1;
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
