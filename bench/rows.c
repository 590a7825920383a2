/* The CSV. See rows.h. */
#include "bench/rows.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/allocator.h"

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
    COLUMN_PLACEMENT = 9, COLUMN_PROCESS = 11, COLUMN_REPETITION = 12, COLUMN_SEED = 14, COLUMN_STATUS = 34,
    COLUMN_REASON = 35, COLUMN_CELL = 36, COLUMN_AUDIT = 48, COLUMNS = 81
};

struct rows {
    const struct options *options;
    char *path, *part_path;
    int fd;
    off_t length;       /* of the rows written: a row that fails half-way is cut off again */
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

static int complain(const struct rows *rows, const char *what)
{
    fprintf(stderr, "rcbench: --csv: '%s': %s: %s\n", rows->part_path, what, strerror(errno));
    return -1;
}

static int write_all(struct rows *rows, const char *bytes, size_t length)
{
    size_t done = 0;
    while (done < length) {
        ssize_t count = write(rows->fd, bytes + done, length - done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) {
            int error = count == 0 ? ENOSPC : errno;
            if (ftruncate(rows->fd, rows->length) == 0)
                lseek(rows->fd, rows->length, SEEK_SET);
            errno = error;
            return complain(rows, "cannot write; the rows before are intact");
        }
        done += (size_t)count;
    }
    rows->length += (off_t)length;
    return 0;
}

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

/* 0: nobody tells. */
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
        return complain(rows, "no memory for a row");
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
    int status = complete ? write_all(rows, text.bytes, text.length) : complain(rows, "no memory for a row");
    free(text.bytes);
    rows->order++;
    return status;
}

/* ---- what an interrupted run left ---------------------------------------------------------------- */

/* Splits a row without its newline into fields, in place. False: not a row of this schema. */
static bool split(char *line, char **fields)
{
    size_t count = 0;
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
        bool last = *in == '\0';
        *out = '\0';
        if (last)
            break;
    }
    return count == COLUMNS && strcmp(fields[0], SCHEMA) == 0;
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

static void mark(struct rows *rows, struct cell *cells, size_t cell_count, char **fields)
{
    rows->failed_audit |= strcmp(fields[COLUMN_AUDIT], "failed") == 0;
    unsigned repetition = (unsigned)strtoul(fields[COLUMN_REPETITION], NULL, 10);
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
        if (!skipped && cells[i].repetition <= repetition)
            cells[i].repetition = repetition + 1;
    }
}

/* Marks the cells of the rows that are there; the file then ends after the last whole row. */
static int resume(struct rows *rows, struct cell *cells, size_t cell_count)
{
    FILE *in = fopen(rows->part_path, "r");
    if (in == NULL)
        return errno == ENOENT ? 0 : complain(rows, "cannot read");
    char *line = NULL, *fields[COLUMNS];
    int status = 0;
    size_t capacity = 0;
    ssize_t length = getline(&line, &capacity, in);
    bool same = length > 0 && strcmp(line, header) == 0;
    for (rows->length = same ? length : 0; same; rows->length += length) {
        length = getline(&line, &capacity, in);
        if (length <= 0 || line[length - 1] != '\n')
            break;
        line[length - 1] = '\0';
        if (!split(line, fields))
            break;
        if (of_this_process(rows->options, fields) && !placed_alike(rows->options, fields)) {
            fprintf(stderr, "rcbench: --resume: '%s' line %u was made with another --placement: '%s'\n",
                    rows->part_path, rows->order + 2, fields[COLUMN_PLACEMENT]);
            status = -1;
            break;
        }
        if (of_this_process(rows->options, fields))
            mark(rows, cells, cell_count, fields);
        rows->order++;
    }
    free(line);
    fclose(in);
    if (length > 0 && !same) {
        fprintf(stderr, "rcbench: --resume: '%s' has another header than schema " SCHEMA ": move it away\n",
                rows->part_path);
        return -1;
    }
    return status;
}

/* ---- the file ------------------------------------------------------------------------------------ */

static void name_run(struct rows *rows)
{
    if (gethostname(rows->host, sizeof rows->host - 1) != 0)
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
    if (rows == NULL || asprintf(&rows->part_path, "%s.part", options->csv) < 0 ||
        (rows->path = strdup(options->csv)) == NULL) {
        fprintf(stderr, "rcbench: --csv: '%s': no memory\n", options->csv);
        return -1;
    }
    rows->options = options;
    rows->fd = -1;
    name_run(rows);
    struct stat found;
    if (options->resume && resume(rows, cells, cell_count) != 0)
        return -1;
    if (!options->resume && stat(rows->part_path, &found) == 0 && S_ISREG(found.st_mode) && found.st_size > 0) {
        fprintf(stderr, "rcbench: --csv: '%s' has rows of an interrupted run; --resume goes on with them\n",
                rows->part_path);
        return -1;
    }
    rows->fd = open(rows->part_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (rows->fd < 0)
        return complain(rows, "cannot write");
    if (ftruncate(rows->fd, rows->length) != 0 && rows->length != 0)
        return complain(rows, "cannot cut off the unfinished row");
    lseek(rows->fd, rows->length, SEEK_SET);
    return rows->length == 0 ? write_all(rows, header, sizeof header - 1) : 0;
}

bool rows_failed_audit(const struct rows *rows) { return rows->failed_audit; }

int rows_complete(struct rows *rows)
{
    if (fsync(rows->fd) != 0 && errno != EINVAL) /* EINVAL: a device, where there is nothing to sync */
        return complain(rows, "cannot write");
    if (rename(rows->part_path, rows->path) != 0)
        return complain(rows, "cannot be renamed");
    return 0;
}

void rows_close(struct rows *rows)
{
    if (rows == NULL)
        return;
    if (rows->fd >= 0)
        close(rows->fd);
    free(rows->path);
    free(rows->part_path);
    free(rows);
}
