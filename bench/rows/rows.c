/* The CSV. See rows.h; the columns are in columns.def. */
#include "bench/rows/rows.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <time.h>
#include <unistd.h>

#include "bench/memory/allocator.h"
#include "bench/rows/rows_file.h"

#define SCHEMA "1"

#define COLUMN(name, ...) COLUMN_##name,
enum {
#include "bench/rows/columns.def"
    COLUMNS
};
#undef COLUMN

#define COLUMN(name, ...) "," #name
static const char names[] =
#include "bench/rows/columns.def"
    "\n";
#undef COLUMN

static const char *const header = names + 1; /* a comma stands before each name */
enum { HEADER_LENGTH = sizeof names - 2 };

struct rows {
    const struct options *options;
    struct rows_file file;
    bool *kept;         /* by cell and repetition below options->rounds: trials that --resume found */
    unsigned order;
    bool failed_audit;  /* among the rows that --resume found */
    char host[65];
    char run_id[128];
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
}

/* The types of columns.def. */
static void put_count(FILE *out, uint64_t value) { fprintf(out, "%" PRIu64, value); }
static void put_id(FILE *out, uint64_t value) { put_count(out, value); }
static void put_whole(FILE *out, uint64_t value) { put_count(out, value); }
static void put_signed(FILE *out, int64_t value) { fprintf(out, "%" PRId64, value); }
static void put_real9(FILE *out, double value) { fprintf(out, "%.9g", value); }
static void put_real6(FILE *out, double value) { fprintf(out, "%.6g", value); }
static void put_real4(FILE *out, double value) { fprintf(out, "%.4g", value); }

typedef void thread_value(FILE *out, const struct trial_thread *thread);

static void value_cpu(FILE *out, const struct trial_thread *t) { fprintf(out, "%u", t->cpu); }
static void value_numa(FILE *out, const struct trial_thread *t) { fprintf(out, "%d", t->numa_node); }
static void value_role(FILE *out, const struct trial_thread *t) { fputs(t->role, out); }
static void value_ops(FILE *out, const struct trial_thread *t) { put_count(out, t->window.ops); }
static void value_ns(FILE *out, const struct trial_thread *t)
{
    put_count(out, t->window.end_ns - t->window.begin_ns - t->window.excluded_ns);
}

static void put_list(FILE *out, const struct trial_result *result, thread_value *value)
{
    for (unsigned i = 0; i < result->threads; i++) {
        if (i > 0)
            fputc('+', out);
        value(out, &result->thread[i]);
    }
}

/* The value of a column of type `list`. */
#define EACH_THREAD(value) r, value_##value

/* ---- values of columns.def that take more than a member ------------------------------------------ */

static const char *params_of(const struct cell *cell)
{
    return cell->params[0] != '\0' ? cell->params : "-"; /* an empty field is a number that is missing */
}

static const char *allocator_of(const struct cell *cell)
{
    return cell->variant->allocator != NULL ? cell->variant->allocator : allocator_name();
}

static enum status status_of(const struct cell *cell, const struct trial_result *r)
{
    return r != NULL ? r->status : cell->left_out ? STATUS_INVALID : STATUS_SKIPPED;
}

static const char *audit_of(const struct cell *cell, const struct trial_result *r)
{
    if (r != NULL ? r->failed_audit : cell->left_out)
        return "failed";
    return r != NULL ? "passed" : "";
}

static uint64_t batch_of(const struct window_result *window)
{
    return window->batches > 0 ? window->ops / window->batches : 0;
}

/* 0: unknown. */
static double cycles_per_op(const struct trial_result *r)
{
    return r->clock_step_ns > 0 ? r->ns_per_op / r->clock_step_ns * r->step_cycles : 0;
}

/* Scaled counts are fractions. */
static uint64_t counted(const struct trial_result *r, enum counter counter)
{
    return (uint64_t)rint(r->counts.value[counter]);
}

/* `r` is NULL for a cell that is skipped. */
static void put_row(FILE *out, const struct rows *rows, const struct cell *cell, const struct trial_result *r)
{
#define COLUMN(name, unit, type, known, value, ...)                                                                  \
    if (COLUMN_##name > 0)                                                                                           \
        fputc(',', out);                                                                                             \
    if (known)                                                                                                       \
        put_##type(out, value);
#include "bench/rows/columns.def"
#undef COLUMN
    fputc('\n', out);
}

int rows_write(struct rows *rows, const struct cell *cell, const struct trial_result *result)
{
    char *bytes = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&bytes, &length);
    if (out == NULL)
        return rows_file_complain(&rows->file, "no memory for a row");
    put_row(out, rows, cell, result);
    bool complete = fclose(out) == 0;
    int status = complete ? rows_file_append(&rows->file, bytes, length)
                          : rows_file_complain(&rows->file, "no memory for a row");
    free(bytes);
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
    return strtoull(fields[COLUMN_process], NULL, 10) == options->process &&
           strtoull(fields[COLUMN_seed], NULL, 10) == options->seed;
}

static bool placed_alike(const struct options *options, char **fields)
{
    return strcmp(fields[COLUMN_placement], placement_name(options->placement)) == 0;
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
    if (!split(line, fields) || fields[COLUMN_cell][0] == '\0')
        return false;
    for (int status = 0; status <= STATUS_OVERSUBSCRIBED; status++)
        if (strcmp(fields[COLUMN_status], status_name(status)) == 0)
            return is_number(fields[COLUMN_threads]) && is_number(fields[COLUMN_process]) &&
                   is_number(fields[COLUMN_repetition]) && is_number(fields[COLUMN_seed]);
    return false;
}

static void mark(struct rows *rows, struct cell *cells, size_t cell_count, char **fields)
{
    rows->failed_audit |= strcmp(fields[COLUMN_audit], "failed") == 0;
    unsigned long repetition = strtoul(fields[COLUMN_repetition], NULL, 10);
    bool left_out = strcmp(fields[COLUMN_reason], CELL_LEFT_OUT) == 0;
    bool skipped = left_out || strcmp(fields[COLUMN_status], "skipped") == 0;
    /* Noise has spoiled it, and it may be that the run ended before the next attempt. */
    if (strcmp(fields[COLUMN_status], "invalid") == 0 && strcmp(fields[COLUMN_audit], "failed") != 0)
        return;
    for (size_t i = 0; i < cell_count; i++) {
        if (strcmp(cells[i].name, fields[COLUMN_cell]) != 0)
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
                rows->file.part_path, rows->order + 1, fields[COLUMN_placement]);
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
        if (at == 0 && status == 0 && length == HEADER_LENGTH)
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
    return rows->file.length == 0 ? rows_file_append(&rows->file, header, HEADER_LENGTH) : 0;
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
