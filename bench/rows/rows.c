/* The CSV. See rows.h. */
#include "bench/rows/rows.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "bench/memory/allocator.h"
#include "bench/rows/rows_file.h"

#define SCHEMA "1"

static const char header[] =
    "schema,run_id,host,utc,driver,workload,params,variant,threads,placement,cpus,process,repetition,order,seed,"
    "window_s,ops,ops_per_s,ns_per_op,thread_ops_min,thread_ops_max,jain,overlap,ctx_voluntary,ctx_involuntary,"
    "migrations,steal_ms,minor_faults,major_faults,allocated_bytes,resident_bytes,late_objects_max,gc_runs,"
    "gc_pause_max_ns,status,reason,cell,scheme,mode,roles,thread_ops,thread_ns,numa,drift,turns_min,batch_ops,"
    "working_set_bytes,allocator,audit,noise,waits,wait_p50_ns,wait_p99_ns,wait_max_ns,"
    "allocated_before_bytes,allocated_after_bytes,active_bytes,retained_bytes,peak_rss_bytes,live_objects,gc_pauses,"
    "gc_pause_p50_ns,gc_pause_p99_ns,gc_stop_max_ns,gc_found,latency,latency_count,latency_p50_ns,latency_p90_ns,"
    "latency_p99_ns,latency_p999_ns,latency_max_ns,measures,clock_step_ns,core_quotient,"
    "core_baseline,core_contended,cycles_per_op,cycles,instructions,branch_misses\n";

/* Columns that rows_read looks at, counted from 0. */
enum {
    COLUMN_THREADS = 8, COLUMN_PLACEMENT = 9, COLUMN_PROCESS = 11, COLUMN_REPETITION = 12, COLUMN_SEED = 14,
    COLUMN_STATUS = 34, COLUMN_REASON = 35, COLUMN_CELL = 36, COLUMN_AUDIT = 48, COLUMNS = 81
};

struct rows {
    const struct options *options;
    struct rows_file file;
    bool *kept;         /* by cell and repetition below options->rounds: trials that --resume found */
    unsigned order;
    bool failed_audit;  /* among the rows that --resume found */
    char host[65];
    char run_id[128];
};

/* A row as it is made: text that grows. */
struct text {
    FILE *out;
    char *bytes;
    size_t length;
};

/* ---- one row ------------------------------------------------------------------------------------- */

static void put_text(FILE *out, const char *value)
{
    bool quoted = strpbrk(value, ",\"\n\r") != NULL;
    if (quoted)
        fputc('"', out);
    for (; *value != '\0'; value++) {
        if (*value == '"')
            fputc('"', out);
        fputc(*value == '\n' || *value == '\r' ? ' ' : *value, out);
    }
    if (quoted)
        fputc('"', out);
    fputc(',', out);
}

static void put_u64(FILE *out, uint64_t value) { fprintf(out, "%" PRIu64 ",", value); }
/* A figure that may not be known: empty then. */
static void put_known(FILE *out, bool known, uint64_t value)
{
    if (known)
        fprintf(out, "%" PRIu64, value);
    fputc(',', out);
}

/* 0: unknown. */
static void put_bytes(FILE *out, uint64_t value) { put_known(out, value != 0, value); }

static void put_double(FILE *out, double value) { fprintf(out, "%.9g,", value); }

/* One value for each thread, joined by '+'. */
typedef void thread_value(FILE *out, const struct trial_thread *thread);

static void value_cpu(FILE *out, const struct trial_thread *t) { fprintf(out, "%u", t->cpu); }
static void value_numa(FILE *out, const struct trial_thread *t) { fprintf(out, "%d", t->numa_node); }
static void value_role(FILE *out, const struct trial_thread *t) { fputs(t->role, out); }
static void value_ops(FILE *out, const struct trial_thread *t) { fprintf(out, "%" PRIu64, t->window.ops); }
static void value_ns(FILE *out, const struct trial_thread *t)
{
    fprintf(out, "%" PRIu64, t->window.end_ns - t->window.begin_ns - t->window.excluded_ns);
}

static void put_threads(FILE *out, const struct trial_result *result, thread_value *value)
{
    for (unsigned i = 0; i < result->threads; i++) {
        if (i > 0)
            fputc('+', out);
        value(out, &result->thread[i]);
    }
    fputc(',', out);
}

static void put_empty(FILE *out, unsigned count)
{
    while (count-- > 0)
        fputc(',', out);
}

static void put_identity(FILE *out, struct rows *rows, const struct cell *cell, const struct trial_result *result)
{
    const struct options *options = rows->options;
    fputs(SCHEMA ",", out);
    put_text(out, rows->run_id);
    put_text(out, rows->host);
    put_text(out, result != NULL ? result->utc : "");
    put_text(out, cell->workload->driver);
    put_text(out, cell->workload->name);
    put_text(out, cell->params[0] != '\0' ? cell->params : "-"); /* an empty field is a number that is missing */
    put_text(out, cell->variant->name);
    put_u64(out, cell->threads);
    put_text(out, placement_name(options->placement));
    if (result != NULL && result->pinned)
        put_threads(out, result, value_cpu);
    else
        put_empty(out, 1);
    put_u64(out, options->process);
    put_u64(out, cell->repetition);
    put_u64(out, rows->order);
    put_u64(out, options->seed);
}

static void put_measured(FILE *out, const struct trial_result *r)
{
    put_double(out, r->window_s);
    put_u64(out, r->ops);
    put_double(out, r->ops_per_s);
    put_double(out, r->ns_per_op);
    put_u64(out, r->thread_ops_min);
    put_u64(out, r->thread_ops_max);
    put_double(out, r->jain);
    put_double(out, r->overlap);
    put_u64(out, (uint64_t)r->ctx_voluntary);
    put_u64(out, (uint64_t)r->ctx_involuntary);
    put_u64(out, r->migrations);
    put_known(out, r->has_steal, r->steal_ms);
    put_u64(out, (uint64_t)r->minor_faults);
    put_u64(out, (uint64_t)r->major_faults);
    put_bytes(out, r->memory.allocated);
    put_bytes(out, r->memory.resident);
    put_u64(out, r->late_objects_max);
    put_u64(out, r->collector.runs);
    put_u64(out, r->collector.pauses.max);
}

enum { MEASURED_COLUMNS = 19 };

static void put_details(FILE *out, const struct trial_result *r)
{
    put_threads(out, r, value_role);
    put_threads(out, r, value_ops);
    put_threads(out, r, value_ns);
    if (r->pinned)
        put_threads(out, r, value_numa);
    else
        put_empty(out, 1);
    if (r->has_drift)
        put_double(out, r->drift);
    else
        put_empty(out, 1);
    put_known(out, r->has_turns, r->turns_min);
    const struct window_result *first = &r->thread[0].window;
    put_u64(out, first->batches > 0 ? first->ops / first->batches : 0);
    put_known(out, r->working_set_bytes != 0, r->working_set_bytes);
}

enum { DETAIL_COLUMNS = 8 };

static void put_quantile(FILE *out, const struct histogram *histogram, double share)
{
    put_known(out, histogram->count > 0, histogram_quantile(histogram, share));
}

/* Waits: a thread alone waits for nobody. */
static void put_noise_and_waits(FILE *out, const struct trial_result *r)
{
    char noise[NOISE_TEXT];
    put_text(out, noise_text(r->noise, noise));
    put_known(out, r->has_turns, r->waits.count);
    put_quantile(out, &r->waits, 0.5);
    put_quantile(out, &r->waits, 0.99);
    put_known(out, r->waits.count > 0, r->waits.max);
}

static void put_memory(FILE *out, const struct trial_result *r)
{
    put_bytes(out, r->allocated_before);
    put_bytes(out, r->allocated_after);
    put_bytes(out, r->memory.active);
    put_bytes(out, r->memory.retained);
    put_bytes(out, r->peak_rss);
    if (r->has_live_objects)
        fprintf(out, "%" PRId64, r->live_objects);
    fputc(',', out);
    put_u64(out, r->collector.pauses.count);
    put_quantile(out, &r->collector.pauses, 0.5);
    put_quantile(out, &r->collector.pauses, 0.99);
    put_known(out, r->collector.pauses.count > 0, r->collector.stop_max_ns);
    put_u64(out, r->collector.found);
}

static void put_latency(FILE *out, const struct cell *cell, const struct trial_result *r)
{
    put_text(out, cell->workload->latency != NULL ? cell->workload->latency : "");
    put_known(out, cell->workload->latency != NULL, r->latency.count);
    put_quantile(out, &r->latency, 0.5);
    put_quantile(out, &r->latency, 0.9);
    put_quantile(out, &r->latency, 0.99);
    put_quantile(out, &r->latency, 0.999);
    put_known(out, r->latency.count > 0, r->latency.max);
}

/* 0 where it is not known: empty then. */
static void put_positive(FILE *out, double value)
{
    if (value > 0)
        fprintf(out, "%.6g", value);
    fputc(',', out);
}

static void put_processor(FILE *out, const struct trial_result *r)
{
    const struct noise_looks *looks = &r->looks;
    double made = looks->made > 0 ? looks->made : 1;
    double steps_per_op = r->clock_step_ns > 0 ? r->ns_per_op / r->clock_step_ns : 0;
    put_positive(out, looks->quotients / made);
    put_positive(out, looks->baselines / made);
    if (looks->made > 0)
        fprintf(out, "%.4g", looks->contended / made);
    fputc(',', out);
    put_positive(out, steps_per_op * r->step_cycles);
    for (unsigned i = 0; i < COUNTERS; i++) {
        if (i > 0)
            fputc(',', out);
        if (r->counts.known)
            fprintf(out, "%.0f", r->counts.value[i]);
    }
}

enum { LAST_COLUMNS = 32 };

/* No comma after the last column. */
static void put_last(FILE *out, const struct cell *cell, const struct trial_result *r)
{
    put_noise_and_waits(out, r);
    put_memory(out, r);
    put_latency(out, cell, r);
    put_text(out, r->measures);
    put_positive(out, r->clock_step_ns);
    put_processor(out, r);
}

int rows_write(struct rows *rows, const struct cell *cell, const struct trial_result *result)
{
    struct text text = {0};
    text.out = open_memstream(&text.bytes, &text.length);
    if (text.out == NULL)
        return rows_file_complain(&rows->file, "no memory for a row");
    put_identity(text.out, rows, cell, result);
    if (result != NULL)
        put_measured(text.out, result);
    else
        put_empty(text.out, MEASURED_COLUMNS);
    put_text(text.out, status_name(result != NULL ? result->status : cell->left_out ? STATUS_INVALID : STATUS_SKIPPED));
    put_text(text.out, result != NULL ? result->reason : cell->skipped);
    put_text(text.out, cell->name);
    put_text(text.out, cell->variant->scheme);
    put_text(text.out, cell->variant->mode);
    if (result != NULL)
        put_details(text.out, result);
    else
        put_empty(text.out, DETAIL_COLUMNS);
    put_text(text.out, cell->variant->allocator != NULL ? cell->variant->allocator : allocator_name());
    bool failed = result != NULL ? result->failed_audit : cell->left_out;
    put_text(text.out, failed ? "failed" : result != NULL ? "passed" : "");
    if (result != NULL)
        put_last(text.out, cell, result);
    else
        put_empty(text.out, LAST_COLUMNS - 1); /* commas stand between columns */
    fputc('\n', text.out);
    bool complete = fclose(text.out) == 0;
    int status = complete ? rows_file_append(&rows->file, text.bytes, text.length)
                          : rows_file_complain(&rows->file, "no memory for a row");
    free(text.bytes);
    rows->order++;
    return status;
}

/* ---- what an interrupted run left ---------------------------------------------------------------- */

/* Splits a row without its newline into fields, in place. False: not a row of this schema. */
static bool split(char *line, char **fields)
{
    size_t count = 0;
    bool last = false;
    for (char *in = line; count < COLUMNS; in++) {
        char *out = in;
        fields[count++] = out;
        bool quoted = *in == '"';
        if (quoted)
            in++;
        while (*in != '\0' && (quoted || *in != ',')) {
            if (quoted && *in == '"') {
                if (in[1] != '"') {
                    quoted = false;
                    in++;
                    continue;
                }
                in++;
            }
            *out++ = *in++;
        }
        last = *in == '\0';
        *out = '\0';
        if (last)
            break;
    }
    return last && count == COLUMNS && strcmp(fields[0], SCHEMA) == 0;
}

/* Rows of other processes may stand in the same file; they do not count. */
static bool of_this_process(const struct options *options, char **fields)
{
    return strtoull(fields[COLUMN_PROCESS], NULL, 10) == options->process &&
           strtoull(fields[COLUMN_SEED], NULL, 10) == options->seed;
}

static bool placed_alike(const struct options *options, char **fields)
{
    return strcmp(fields[COLUMN_PLACEMENT], placement_name(options->placement)) == 0;
}

static bool is_number(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* Whether a line is a row, as far as --resume looks at it; splits it. */
static bool is_row(char *line, ssize_t length, char **fields)
{
    if (line[length - 1] != '\n' || memchr(line, '\0', (size_t)length) != NULL)
        return false;
    line[length - 1] = '\0';
    if (!split(line, fields) || fields[COLUMN_CELL][0] == '\0')
        return false;
    for (int status = 0; status <= STATUS_OVERSUBSCRIBED; status++)
        if (strcmp(fields[COLUMN_STATUS], status_name(status)) == 0)
            return is_number(fields[COLUMN_THREADS]) && is_number(fields[COLUMN_PROCESS]) &&
                   is_number(fields[COLUMN_REPETITION]) && is_number(fields[COLUMN_SEED]);
    return false;
}

static void mark(struct rows *rows, struct cell *cells, size_t cell_count, char **fields)
{
    rows->failed_audit |= strcmp(fields[COLUMN_AUDIT], "failed") == 0;
    unsigned long repetition = strtoul(fields[COLUMN_REPETITION], NULL, 10);
    bool left_out = strcmp(fields[COLUMN_REASON], CELL_LEFT_OUT) == 0;
    bool skipped = left_out || strcmp(fields[COLUMN_STATUS], "skipped") == 0;
    /* Noise has spoiled it, and it may be that the run ended before the next attempt. */
    if (strcmp(fields[COLUMN_STATUS], "invalid") == 0 && strcmp(fields[COLUMN_AUDIT], "failed") != 0)
        return;
    for (size_t i = 0; i < cell_count; i++) {
        if (strcmp(cells[i].name, fields[COLUMN_CELL]) != 0)
            continue;
        if (left_out) /* whoever goes on need not name it again */
            cell_leave_out(&cells[i]);
        cells[i].measured |= skipped;
        if (!skipped && repetition < rows->options->rounds)
            rows->kept[i * rows->options->rounds + repetition] = true;
    }
}

/* Pieces of the file that are no rows, neighbours joined. */
struct damage {
    struct span *pieces;
    size_t count;
    unsigned lines;
};

/* -1: no memory; a line has been printed. */
static int add_damage(const struct rows *rows, struct damage *damage, struct span piece)
{
    damage->lines++;
    if (damage->count > 0 && damage->pieces[damage->count - 1].end == piece.begin) {
        damage->pieces[damage->count - 1].end = piece.end;
        return 0;
    }
    struct span *more = realloc(damage->pieces, (damage->count + 1) * sizeof *more);
    if (more == NULL)
        return rows_file_complain(&rows->file, "no memory for its damaged lines");
    damage->pieces = more;
    damage->pieces[damage->count++] = piece;
    return 0;
}

static int resume_line(struct rows *rows, struct cell *cells, size_t cell_count, char **fields)
{
    rows->order++;
    if (!of_this_process(rows->options, fields))
        return 0;
    if (!placed_alike(rows->options, fields)) {
        fprintf(stderr, "rcbench: --resume: '%s' line %u was made with another --placement: '%s'\n",
                rows->file.part_path, rows->order + 1, fields[COLUMN_PLACEMENT]);
        return -1;
    }
    mark(rows, cells, cell_count, fields);
    return 0;
}

/* The header of this schema, or what a full disk or a kill has left of it. */
static int resume_header(const struct rows *rows, const char *line, ssize_t length)
{
    if (strncmp(line, header, (size_t)length) == 0)
        return 0;
    fprintf(stderr, "rcbench: --resume: '%s' has another header than schema " SCHEMA ": move it away\n",
            rows->file.part_path);
    return -1;
}

/* Marks the cells of the rows, and finds what is none. */
static int resume_lines(struct rows *rows, struct cell *cells, size_t cell_count, FILE *in, struct damage *damage)
{
    char *line = NULL, *fields[COLUMNS];
    size_t capacity = 0;
    int status = 0;
    off_t at = 0;
    for (ssize_t length; status == 0 && (length = getline(&line, &capacity, in)) > 0; at += length) {
        const struct span piece = {at, at + length};
        if (at == 0)
            status = resume_header(rows, line, length);
        if (at == 0 && status == 0 && length == sizeof header - 1)
            continue;
        if (at > 0 && is_row(line, length, fields))
            status = resume_line(rows, cells, cell_count, fields);
        else if (status == 0)
            status = add_damage(rows, damage, piece);
    }
    rows->file.length = at;
    free(line);
    return status;
}

/* What is no row is kept beside the file, and its trials are made again. */
static int resume(struct rows *rows, struct cell *cells, size_t cell_count)
{
    if (rows_file_size(&rows->file) < 0) {
        fprintf(stderr, "rcbench: --resume: '%s' is not a plain file\n", rows->file.part_path);
        return -1;
    }
    rows->kept = calloc(cell_count * rows->options->rounds + 1, sizeof *rows->kept);
    FILE *in = rows->kept != NULL ? fopen(rows->file.part_path, "r") : NULL;
    if (in == NULL)
        return rows_file_complain(&rows->file, "cannot read");
    struct damage damage = {0};
    int status = resume_lines(rows, cells, cell_count, in, &damage);
    fclose(in);
    if (status == 0 && damage.count > 0 &&
        (status = rows_file_set_aside(&rows->file, damage.pieces, damage.count)) == 0)
        fprintf(stderr, "rcbench: --resume: %u damaged line%s of '%s' set aside in '%s.damaged'; all others are kept\n",
                damage.lines, damage.lines == 1 ? "" : "s", rows->file.part_path, rows->file.part_path);
    free(damage.pieces);
    return status;
}

bool rows_has(const struct rows *rows, size_t cell, unsigned repetition)
{
    return rows != NULL && rows->kept != NULL && repetition < rows->options->rounds &&
           rows->kept[cell * rows->options->rounds + repetition];
}

/* ---- the file ------------------------------------------------------------------------------------ */

static void name_run(struct rows *rows)
{
    if (gethostname(rows->host, sizeof rows->host) != 0)
        strcpy(rows->host, "unknown");
    time_t now = time(NULL);
    struct tm utc;
    char stamp[24];
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
    const char *given = getenv("RCBENCH_RUN_ID"); /* scripts/run: the same for all its processes */
    if (given != NULL && given[0] != '\0')
        snprintf(rows->run_id, sizeof rows->run_id, "%s", given);
    else
        snprintf(rows->run_id, sizeof rows->run_id, "%s-%s-%d", rows->host, stamp, (int)getpid());
}

int rows_open(struct rows **out, const struct options *options, struct cell *cells, size_t cell_count)
{
    struct rows *rows = calloc(1, sizeof *rows);
    *out = rows;
    if (rows == NULL) {
        fprintf(stderr, "rcbench: --csv: '%s': no memory\n", options->csv);
        return -1;
    }
    rows->options = options;
    name_run(rows);
    if (rows_file_open(&rows->file, options->csv) != 0)
        return -1;
    if (options->resume && resume(rows, cells, cell_count) != 0)
        return -1;
    if (!options->resume && rows_file_size(&rows->file) > 0) {
        fprintf(stderr, "rcbench: --csv: '%s' has rows of an interrupted run; --resume goes on with them\n",
                rows->file.part_path);
        return -1;
    }
    return rows->file.length == 0 ? rows_file_append(&rows->file, header, sizeof header - 1) : 0;
}

bool rows_failed_audit(const struct rows *rows) { return rows->failed_audit; }

int rows_complete(struct rows *rows) { return rows_file_complete(&rows->file); }

void rows_close(struct rows *rows)
{
    if (rows == NULL)
        return;
    rows_file_close(&rows->file);
    free(rows->kept);
    free(rows);
}
