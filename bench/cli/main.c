/* rcbench: reads the command line, registers the cells with Google Benchmark in an order of its own, makes
 * a row of each trial. Names no variant: it walks the registry. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "bench/memory/allocator.h"
#include "bench/rows/attempts.h"
#include "bench/trial/calibration.h"
#include "bench/gbench/gbench.h"
#include "bench/machine/machine.h"
#include "bench/memory/memory_stats.h"
#include "bench/cli/report_json.h"
#include "bench/cli/report_text.h"
#include "bench/plan/cells_file.h"
#include "bench/machine/topology.h"
#include "bench/trial/watch.h"
#include "bench/plan/time_limit.h"

enum { EXIT_BAD = 1, EXIT_USAGE = 2, EXIT_NOISE = 3, EXIT_INTERRUPTED = 130 };

struct session {
    struct options options;
    struct cell *cells;
    size_t cell_count;
    struct trial_run **runs;   /* by cell; NULL until the cell has run */
    struct rows *rows;         /* NULL: no --csv */
    struct attempts attempts;
    bool bad;                  /* a count was wrong */
    bool disturbed;            /* a trial has no good row, because of noise */
    const char *out_format;    /* of --benchmark_out; NULL where it is not given */
    char *companion;           /* goes beside the rows when they are complete */
};

static struct session session;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

/* Only thread 0 calls it, and no trial runs: what has been measured stays. */
static void leave_if_interrupted(void)
{
    if (!interrupted)
        return;
    if (session.rows != NULL)
        fprintf(stderr, "rcbench: interrupted; the rows are in '%s.part', --resume goes on\n", session.options.csv);
    rows_close(session.rows);
    fflush(NULL);
    _exit(EXIT_INTERRUPTED);
}

static void stop_on_bad_file(int status)
{
    if (status == 0)
        return;
    rows_close(session.rows);
    fflush(NULL);
    _exit(EXIT_BAD);
}

/* ---- trials --------------------------------------------------------------------------------------- */

/* On thread 0, after a trial. */
static void record(struct cell *cell, const struct trial_result *result, bool again)
{
    leave_if_interrupted();
    stop_on_bad_file(attempts_record(&session.attempts, cell, result, again));
    if (result->status != STATUS_INVALID)
        return;
    bool used = attempts_best(&session.attempts, result) == result;
    fprintf(stderr, "rcbench: %s: invalid: %s%s\n", cell->name, result->reason,
            again ? "; measured again" : used ? "" : "; an earlier attempt is kept");
    session.bad |= result->failed_audit;
    session.disturbed |= !again && used && !result->failed_audit;
}

static void fill_sample(struct gbench_sample *sample, const struct trial_result *result, unsigned index)
{
    const struct window_result *window = &result->thread[index].window;
    sample->operations = window->ops;
    sample->seconds = (double)(window->end_ns - window->begin_ns - window->excluded_ns) * 1e-9;
    sample->error = result->status == STATUS_INVALID ? result->reason : NULL;
    sample->totals = index == 0;
    sample->ns_per_op = result->ns_per_op;
    sample->ops_per_s = result->ops_per_s;
}

/* Called by every thread of the cell. All see the same results, so all make the same attempts. */
static void run_cell(void *argument, unsigned index, struct gbench_sample *sample)
{
    size_t number = (size_t)((struct cell *)argument - session.cells);
    struct cell *cell = argument;
    struct trial_run *run = session.runs[number];
    if (index == 0) {
        leave_if_interrupted();
        while (rows_has(session.rows, number, cell->repetition))
            cell->repetition++;
    }
    bool again = true;
    for (unsigned attempt = 0; again; attempt++) {
        const struct trial_result *result = trial_run_thread(run, index);
        again = attempts_again(&session.attempts, result, attempt);
        fill_sample(sample, attempts_best(&session.attempts, result), index);
        trial_run_leave(run); /* all have asked: what follows changes the answers */
        if (index == 0)
            record(cell, result, again);
    }
    if (index == 0) {
        attempts_end(&session.attempts);
        cell->repetition++;
    }
}

/* ---- order ---------------------------------------------------------------------------------------- */

/* Fisher and Yates, from the seed, the process and the round: every round has an order of its own, and
 * variants of one cell are neither neighbours by design nor all of A before all of B. */
static void shuffle(size_t *order, size_t count, unsigned round)
{
    uint64_t state = session.options.seed + (uint64_t)session.options.process * 1000003u + round;
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    for (size_t i = count; i > 1; i--) {
        size_t j = random_below(&state, i);
        size_t swap = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swap;
    }
}

/* Google Benchmark appends the threads itself. */
static void register_cell(struct cell *cell)
{
    char name[CELL_NAME_BYTES];
    snprintf(name, sizeof name, "%s", cell->name);
    *strrchr(name, '/') = '\0';
    gbench_register(name, cell->threads, run_cell, cell);
}

/* The cells of one round that want a process without a second thread, or the others. A cell that cannot run gets
 * its row in the first round. -1: a row could not be written, or there is no memory; a line has been printed. */
static int register_round(size_t *order, unsigned round, bool unthreaded)
{
    shuffle(order, session.cell_count, round);
    for (size_t i = 0; i < session.cell_count; i++) {
        struct cell *cell = &session.cells[order[i]];
        if (!gbench_matches(cell->name) || cell_is_unthreaded(cell) != unthreaded)
            continue;
        if (cell->skipped[0] != '\0') {
            session.bad |= cell->left_out;
            if (session.rows != NULL && !cell->measured && rows_write(session.rows, cell, NULL) != 0)
                return -1;
            cell->measured = true;
            continue;
        }
        if (rows_has(session.rows, order[i], round))
            continue;
        struct trial_run **run = &session.runs[order[i]];
        if (*run == NULL && (*run = trial_run_new(cell, &session.options)) == NULL) {
            fprintf(stderr, "rcbench: no memory for the cell '%s'\n", cell->name);
            return -1;
        }
        register_cell(cell);
    }
    return 0;
}

static int register_all(void)
{
    size_t *order = malloc((session.cell_count + 1) * sizeof *order);
    int status = order != NULL ? 0 : -1;
    /* What wants a process without a second thread comes first, all rounds of it: there is no way back. */
    for (unsigned round = 0; status == 0 && round < session.options.rounds; round++)
        status = register_round(order, round, true);
    for (unsigned round = 0; status == 0 && round < session.options.rounds; round++)
        status = register_round(order, round, false);
    free(order);
    return status;
}

/* ---- actions -------------------------------------------------------------------------------------- */

/* --benchmark_out_format, where --benchmark_out is given; NULL where it is not. To be called before Google
 * Benchmark takes its flags out of the arguments. */
static const char *out_format(void)
{
    const char *format = NULL, *name = "--benchmark_out=", *kind = "--benchmark_out_format=";
    for (int i = 1; i < session.options.benchmark_argc; i++) {
        const char *word = session.options.benchmark_argv[i];
        if (strncmp(word, name, strlen(name)) == 0 && format == NULL)
            format = "json";
        if (strncmp(word, kind, strlen(kind)) == 0)
            format = word + strlen(kind);
    }
    return format;
}

/* Where a cell that the filter leaves needs the reference cost, and no flag has told it. */
static int calibrate_for_cells(void)
{
    struct options *options = &session.options;
    for (size_t i = 0; i < session.cell_count && options->reference_cost <= 0; i++)
        if (gbench_matches(session.cells[i].name) && calibration_needed(&session.cells[i]) &&
            (options->reference_cost = calibration_reference_cost(options)) <= 0)
            return -1;
    return 0;
}

/* Unless whoever started us has it ignored, as nohup does. */
static void catch_signal(int number)
{
    struct sigaction action = {.sa_handler = on_interrupt}, before;
    if (sigaction(number, NULL, &before) != 0 || before.sa_handler != SIG_IGN)
        sigaction(number, &action, NULL);
}

static int run(void)
{
    const struct options *options = &session.options;
    session.runs = calloc(session.cell_count + 1, sizeof *session.runs);
    if (session.runs == NULL) {
        fprintf(stderr, "rcbench: no memory for %zu cells\n", session.cell_count);
        return EXIT_BAD;
    }
    signal(SIGXFSZ, SIG_IGN); /* a file at its limit is an error of write, as a full disk is */
    catch_signal(SIGINT);
    catch_signal(SIGTERM);
    catch_signal(SIGHUP);
    watch_open();
    if (options->csv != NULL && rows_open(&session.rows, options, session.cells, session.cell_count) != 0)
        return EXIT_BAD;
    if (calibrate_for_cells() != 0)
        return EXIT_BAD;
    bool alone = getenv("RCBENCH_RUN_ID") == NULL; /* scripts/run, which sets it, has these facts in run.json */
    if (session.rows != NULL && alone)
        session.companion = companion_text(options); /* now: later the load would be our own */
    session.attempts.rows = session.rows;
    session.bad = session.rows != NULL && rows_failed_audit(session.rows);
    fprintf(stderr, "rcbench: seed %llu, process %u\n", (unsigned long long)options->seed, options->process);
    if (machine_build_fault() != NULL)
        fprintf(stderr, "rcbench: this build %s: its times are of no use; cmake --preset release makes one to measure "
                "with\n", machine_build_fault());
    char kinds[2][TOPOLOGY_KINDS_TEXT];
    if (topology_kinds_text(options->topology, false, kinds[1])[0] != '\0')
        fprintf(stderr, "rcbench: uses %s; leaves %s: --all-kinds uses them, too\n",
                topology_kinds_text(options->topology, true, kinds[0]), kinds[1]);
    fprintf(stderr, "rcbench: a warning 'Library was built as DEBUG' is about Google Benchmark's own assertions, as "
                    "Debian builds it; no window holds its code\n");
    if (counters_unavailable() != NULL)
        fprintf(stderr, "rcbench: no processor's counters in the rows: %s\n", counters_unavailable());
    if (register_all() != 0)
        return EXIT_BAD;
    gbench_run(session.out_format);
    leave_if_interrupted();
    if (session.rows != NULL && rows_complete(session.rows) != 0)
        return EXIT_BAD;
    if (session.rows != NULL && alone && companion_write(options, session.companion) != 0)
        return EXIT_BAD;
    free(session.companion);
    rows_close(session.rows);
    for (size_t i = 0; i < session.cell_count; i++)
        if (session.runs[i] != NULL)
            trial_run_free(session.runs[i]);
    free(session.runs);
    return session.bad ? EXIT_BAD : session.disturbed ? EXIT_NOISE : 0;
}

/* False, after one line on standard error: the filter leaves nothing. */
static bool filter_matches_some(void)
{
    for (size_t i = 0; i < session.cell_count; i++)
        if (gbench_matches(session.cells[i].name))
            return true;
    fprintf(stderr, "rcbench: --benchmark_filter: matches none of the %zu cells that --plan lists without it\n",
            session.cell_count);
    return false;
}

/* Where no workload that was chosen runs on as many threads as --threads asks for. */
static void say_fewer_threads(void)
{
    const struct options *options = &session.options;
    unsigned asked = options->threads[options->thread_counts - 1], most = 0;
    for (size_t i = 0; i < session.cell_count; i++)
        if (gbench_matches(session.cells[i].name) && session.cells[i].threads > most)
            most = session.cells[i].threads;
    if (options->thread_list != NULL && most < asked)
        fprintf(stderr, "rcbench: --threads: no cell has %u threads: what was chosen is made for %u\n", asked, most);
}

static int list_tests(void)
{
    for (size_t i = 0; i < session.cell_count; i++)
        if (session.cells[i].skipped[0] == '\0' && gbench_matches(session.cells[i].name))
            puts(session.cells[i].name);
    return 0;
}

static int calibrate(void)
{
    double cost = calibration_reference_cost(&session.options);
    if (cost <= 0)
        return EXIT_BAD;
    printf("reference_cost %.4g\n", cost);
    return 0;
}

static int act(void)
{
    const struct options *options = &session.options;
    switch (options->action) {
    case ACTION_HELP: options_print_help(stdout); return 0;
    case ACTION_VERSION: print_versions(stdout); return 0;
    case ACTION_LIST: (options->json ? print_list_json : print_list)(stdout, options); return 0;
    case ACTION_MACHINE: return write_machine(options) == 0 ? 0 : EXIT_BAD;
    case ACTION_TOPOLOGY: return write_topology(options) == 0 ? 0 : EXIT_BAD;
    case ACTION_CALIBRATE: return calibrate();
    case ACTION_PLAN:
        (options->json ? print_plan_json : print_plan)(stdout, options, session.cells, session.cell_count);
        return 0;
    case ACTION_RUN: break;
    }
    return options->benchmark_list ? list_tests() : run();
}

/* A file that is opened while 0, 1 or 2 is closed would take its place, and messages would land in it. */
static void open_standard_streams(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)!open("/dev/null", O_RDWR); /* takes the lowest number, which is this one */
}

/* What was printed may be cut off where the disk is full. */
static int end_output(int status)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "rcbench: standard output cannot be written%s%s\n", errno != 0 ? ": " : "",
            errno != 0 ? strerror(errno) : ""); /* what failed before has left no reason */
    return status != 0 ? status : EXIT_BAD;
}

/* The cells of a run or a plan. 0, or the exit status after one line on standard error. */
static int prepare_cells(void)
{
    struct options *options = &session.options;
    session.out_format = out_format();
    if (!gbench_initialize(&options->benchmark_argc, options->benchmark_argv) || !gbench_filter_valid())
        return EXIT_USAGE;
    session.cells = cells_make(options, &session.cell_count);
    if (session.cells == NULL) {
        fprintf(stderr, "rcbench: no memory for the cells\n");
        return EXIT_BAD;
    }
    if (options->within_s > 0)
        session.cell_count = cells_keep_within(session.cells, session.cell_count, options);
    /* Before --cells, which may not name what is left out. */
    if (cells_leave_out(session.cells, session.cell_count, options->leave_out) != 0)
        return EXIT_USAGE;
    if (options->cells_file != NULL &&
        (session.cell_count = cells_keep_named(session.cells, session.cell_count, options->cells_file)) == 0)
        return EXIT_USAGE;
    if (!filter_matches_some())
        return EXIT_USAGE;
    say_fewer_threads();
    return 0;
}

int main(int argc, char **argv)
{
    struct options *options = &session.options;
    open_standard_streams();
    if (options_parse(options, argc, argv) != 0)
        return EXIT_USAGE;
    if (options->allocator != NULL && allocator_select(options->allocator, argv) != 0)
        return EXIT_USAGE;
    bool measures = options->action == ACTION_RUN && !options->benchmark_list;
    if ((measures || options->action == ACTION_CALIBRATE) && allocator_check(argv) != 0)
        return EXIT_USAGE;
    bool needs_cells = options->action == ACTION_RUN || options->action == ACTION_PLAN;
    int prepared = needs_cells ? prepare_cells() : 0;
    if (prepared != 0)
        return prepared;
    int status = end_output(act());
    free(session.cells);
    options_free(options);
    return status;
}
