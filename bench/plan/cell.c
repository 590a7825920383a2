/* Which cells there are. See cell.h. */
#include "bench/plan/cell.h"

#include "bench/memory/memory_stats.h"
#include "bench/libraries/peer.h"

/* key=value;key=value as key:value/key:value */
static void cell_name(struct cell *cell)
{
    char params[CELL_NAME_BYTES / 2];
    snprintf(params, sizeof params, "%s%s", cell->params, cell->params[0] != '\0' ? "/" : "");
    for (char *at = params; *at != '\0'; at++)
        *at = *at == '=' ? ':' : *at == ';' ? '/' : *at;
    snprintf(cell->name, sizeof cell->name, "%s/%s/%s%s/threads:%u", cell->workload->driver, cell->workload->name,
             params, cell->variant->name, cell->threads);
}

/* An int, rounded up as allocators do, and the pointer to it. */
static uint64_t cell_object_bytes(const struct variant *variant) { return variant->object_bytes + 32; }

static uint64_t cell_objects(const struct cell *cell, const struct options *options)
{
    struct trial trial = {.params = cell->params};
    memcpy(trial.cache_bytes, options->cache_bytes, sizeof trial.cache_bytes);
    return cell->workload->objects != NULL ? cell->workload->objects(&trial) : 0;
}

static const char *cell_unable(const struct cell *cell)
{
    struct trial trial = {.params = cell->params};
    return cell->workload->unable != NULL ? cell->workload->unable(&trial) : NULL;
}

static bool cell_leaks(const struct cell *cell)
{
    struct trial trial = {.params = cell->params};
    if (cell->variant->never_frees && !cell->variant->traced)
        return true;
    return cell->workload->leaks != NULL && cell->workload->leaks(&trial);
}

static void cell_check(struct cell *cell, const struct options *options)
{
    const struct variant *variant = cell->variant;
    char *reason = cell->skipped;
    if (variant->threads_max != 0 && cell->threads > variant->threads_max)
        snprintf(reason, CELL_REASON_BYTES, "%s is not safe for more than %u thread", variant->name,
                 variant->threads_max);
    else if (cell->threads < cell->workload->threads_min)
        snprintf(reason, CELL_REASON_BYTES, "%s needs %u threads or more", cell->workload->name,
                 cell->workload->threads_min);
    else if (cell->workload->needs_deaths && variant->never_frees)
        snprintf(reason, CELL_REASON_BYTES, "%s destroys nothing, and %s times destruction", variant->name,
                 cell->workload->name);
    else if (cell_unable(cell) != NULL)
        snprintf(reason, CELL_REASON_BYTES, "%s", cell_unable(cell));
    else if (cell_objects(cell, options) * cell_object_bytes(variant) > memory_total_bytes() / 4)
        snprintf(reason, CELL_REASON_BYTES, "the set needs more than a quarter of the memory");
    else if (cell->threads > options->pus && !options->oversubscribe)
        snprintf(reason, CELL_REASON_BYTES, "%u threads on %u CPUs: --oversubscribe measures such cells",
                 cell->threads, options->pus);
}

/* The bodies that a variant has for the workload `w` of the registry, on so many threads. All of ours have all; a peer
 * has few, found by name, and where it has none there is no cell: a row for each would hide the others. */
static const struct workload *workload_of(const struct variant *variant, size_t w, unsigned threads)
{
    if (variant->peer == NULL)
        return variant->workloads[w];
    if (variant->threads_max != 0 && threads > variant->threads_max)
        return NULL;
    for (size_t i = 0; i < variant->workload_count; i++)
        if (strcmp(variant->workloads[i]->name, variants[0]->workloads[w]->name) == 0)
            return variant->workloads[i];
    return NULL;
}

/* Up to which profile a workload's points are measured: --points, and for a workload that was asked for by name and has
 * none so early, the first that has some. */
static enum profile last_profile(const struct options *options, const struct workload *workload)
{
    enum profile least = PROFILE_FULL;
    for (const struct point *point = workload->points; point->params != NULL; point++)
        least = point->from < least ? point->from : least;
    return options->workload_list != NULL && least > options->points ? least : options->points;
}

/* Of the counts of threads that were asked for the `t`th, but no more than the workload is made for; 0: that count was
 * there already. */
static unsigned thread_count(const struct options *options, const struct workload *workload, size_t t)
{
    unsigned most = workload->threads_max, count = options->threads[t];
    if (most == 0 || count <= most)
        return count;
    return t > 0 && options->threads[t - 1] >= most ? 0 : most;
}

/* Writes the cells to `cells`, or only counts them when it is NULL. */
static size_t cells_list(const struct options *options, struct cell *cells)
{
    const struct workload *const *workloads = variants[0]->workloads;
    size_t count = 0;
    for (size_t w = 0; w < variants[0]->workload_count; w++) {
        if (!options->workload_chosen[w])
            continue;
        enum profile last = last_profile(options, workloads[w]);
        for (const struct point *point = workloads[w]->points; point->params != NULL; point++) {
            for (size_t t = 0; point->from <= last && t < options->thread_counts; t++) {
                unsigned threads = thread_count(options, workloads[w], t);
                for (size_t v = 0; v < variant_count; v++) {
                    if (!options->variant_chosen[v] || threads == 0)
                        continue;
                    const struct workload *workload = workload_of(variants[v], w, threads);
                    if (workload == NULL)
                        continue;
                    if (cells != NULL) {
                        cells[count] = (struct cell){.variant = variants[v],
                                                     .workload = workload,
                                                     .params = point->params,
                                                     .threads = threads};
                        cell_name(&cells[count]);
                        cell_check(&cells[count], options);
                    }
                    count++;
                }
            }
        }
    }
    return count;
}

struct cell *cells_make(const struct options *options, size_t *count)
{
    *count = cells_list(options, NULL);
    struct cell *cells = malloc((*count + 1) * sizeof *cells);
    if (cells != NULL)
        cells_list(options, cells);
    return cells;
}

void cell_leave_out(struct cell *cell)
{
    cell->left_out = true;
    snprintf(cell->skipped, sizeof cell->skipped, "%s", CELL_LEFT_OUT);
}

int cells_leave_out(struct cell *cells, size_t count, const char *names)
{
    for (const char *at = names; at != NULL; at = strchr(at, ','), at += at != NULL) {
        size_t length = strcspn(at, ",");
        struct cell *found = NULL;
        for (size_t i = 0; i < count; i++)
            if (strlen(cells[i].name) == length && strncmp(cells[i].name, at, length) == 0)
                found = &cells[i];
        if (found == NULL) {
            fprintf(stderr, "rcbench: --leave-out: '%.*s' is no cell; accepted: names that --plan prints, joined by "
                            "commas\n", (int)length, at);
            return -1;
        }
        cell_leave_out(found);
    }
    return 0;
}

/* How long a cell in which nothing is freed may run before it has filled a quarter of the memory. */
static uint64_t filling_ns(const struct cell *cell)
{
    const double bytes_per_ns_and_thread = 2; /* making ints and nothing else fills 1.5 */
    return (uint64_t)((double)memory_total_bytes() / 4 / bytes_per_ns_and_thread / cell->threads);
}

/* Threads begin and end to measure with their batches, so the window must be long beside them: twice one batch is then
 * less than what the gate for the overlap allows. */
static uint64_t batches_ns(const struct cell *cell)
{
    enum { BATCHES = 250 };
    struct trial trial = {.params = cell->params};
    return cell->workload->batch_ns != NULL ? cell->workload->batch_ns(&trial) * BATCHES : 0;
}

static uint64_t window_asked_ns(const struct cell *cell, const struct options *options)
{
    struct trial trial = {.params = cell->params};
    uint64_t least_ns = cell->workload->window_ns != NULL ? cell->workload->window_ns(&trial) : batches_ns(cell);
    return least_ns > options->window_ns ? least_ns : options->window_ns;
}

uint64_t cell_switch_interval_ns(const struct cell *cell, const struct options *options)
{
    struct trial trial = {.params = cell->params};
    uint64_t ms = trial_param_u64(&trial, "interval_ms");
    return ms != 0 ? ms * 1000000 : options->switch_interval_ns;
}

bool cell_is_unthreaded(const struct cell *cell)
{
    return cell->variant->peer != NULL && cell->variant->peer->process == PEER_UNTHREADED;
}

uint64_t cell_window_ns(const struct cell *cell, const struct options *options)
{
    uint64_t asked_ns = window_asked_ns(cell, options);
    /* A turn is one switch interval, and a little for the switch itself. */
    enum { SLACK_PERCENT = 150 };
    uint64_t turns_ns = cell_switch_interval_ns(cell, options) * cell->threads * GIL_TURNS_MIN * SLACK_PERCENT / 100;
    if (cell->variant->gil && cell->threads > 1 && turns_ns > asked_ns)
        return turns_ns;
    if (cell_leaks(cell) && filling_ns(cell) < asked_ns)
        return filling_ns(cell);
    return asked_ns;
}

uint64_t cell_ramp_ns(const struct cell *cell, const struct options *options)
{
    /* Every thread gets a turn, so that all have sized their batches. */
    uint64_t turns_ns = cell_switch_interval_ns(cell, options) * cell->threads * 2;
    bool turns = cell->variant->gil && cell->threads > 1;
    return turns && turns_ns > options->ramp_ns ? turns_ns : options->ramp_ns;
}

double cell_seconds(const struct cell *cell, const struct options *options)
{
    double overhead_s = 0.005; /* threads, pins, shared objects, audit: measured on the machine of results/ */
    double objects_s = (double)cell_objects(cell, options) * 100e-9; /* making, shuffling and dropping one */
    return (double)(cell_ramp_ns(cell, options) + cell_window_ns(cell, options)) * 1e-9 + overhead_s + objects_s;
}
