#include "tests/schemes/explore/engine/trace.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/schemes/explore/engine/schedule.h"

/* Of a long execution, a livelock for instance, the beginning and the end are printed. */
enum { STEPS_MAX = 1 << 16, TEXT_BYTES = 200, STEPS_FIRST = 150, STEPS_LAST = 50 };

struct step {
    const void *pc;
    int thread;
    char text[TEXT_BYTES];
};

static struct {
    struct step *steps;
    size_t length;
} trace;

void trace_start(void) { trace.length = 0; }

void trace_step(const void *pc, const char *format, ...)
{
    if (!schedule.tracing || schedule.phase == PHASE_PREPARE)
        return;
    if (trace.steps == NULL && (trace.steps = malloc(STEPS_MAX * sizeof *trace.steps)) == NULL)
        return;
    if (trace.length == STEPS_MAX)
        return;
    struct step *step = &trace.steps[trace.length++];
    step->pc = pc;
    step->thread = schedule.current->id;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(step->text, sizeof step->text, format, arguments);
    va_end(arguments);
}

/* ---- where: addr2line, asked for all steps at once ------------------------------------------------- */

/* The program's own folders are long: what comes after the last known folder name is enough. */
static const char *shorten(const char *path)
{
    static const char *const roots[] = {"/variants/", "/core/", "/tests/", "/bench/"};
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        const char *found = strstr(path, roots[i]);
        if (found != NULL)
            return found + 1;
    }
    return path;
}

/* The shim's one-line functions say nothing: what is wanted is who called them. */
static int is_shim(const char *place) { return strstr(place, "core/atomics_") != NULL || strstr(place, "/shim.h") != NULL; }

/* Reads the frames of one address ("0x...", then pairs of function and file:line), innermost first. */
static void read_frames(FILE *pipe, char *line, size_t bytes, char *text, size_t room)
{
    char function[256];
    size_t used = 0;
    int frames = 0;
    text[0] = 0;
    while (fgets(line, (int)bytes, pipe) != NULL && strncmp(line, "0x", 2) != 0) {
        snprintf(function, sizeof function, "%.*s", (int)strcspn(line, "\n"), line);
        if (fgets(line, (int)bytes, pipe) == NULL)
            break;
        line[strcspn(line, " \n")] = 0;
        if (is_shim(line) || frames == 4 || used >= room)
            continue;
        used += (size_t)snprintf(text + used, room - used, "%s%s (%s)", frames++ ? " < " : "", shorten(line), function);
    }
}

static bool is_printed(size_t i) { return i < STEPS_FIRST || i + STEPS_LAST >= trace.length; }

/* addr2line, asked for all steps that are printed; NULL when it cannot be. */
static FILE *ask_where(void)
{
    static char command[64 + (STEPS_FIRST + STEPS_LAST) * 20];
    size_t used = (size_t)snprintf(command, sizeof command, "addr2line -a -i -f -e /proc/%d/exe", (int)getpid());
    for (size_t i = 0; i < trace.length; i++)
        if (is_printed(i))
            used += (size_t)snprintf(command + used, sizeof command - used, " %#lx",
                                     (unsigned long)trace.steps[i].pc - 1);
    return trace.length > 0 ? popen(command, "r") : NULL;
}

void trace_print(FILE *out)
{
    FILE *pipe = ask_where();
    char line[1024] = "", where[1024];
    if (pipe != NULL && fgets(line, sizeof line, pipe) == NULL)
        line[0] = 0;
    for (size_t i = 0; i < trace.length; i++) {
        if (i == STEPS_FIRST && !is_printed(i))
            fprintf(out, "  ... %zu steps\n", trace.length - STEPS_FIRST - STEPS_LAST);
        if (!is_printed(i))
            continue;
        where[0] = 0;
        if (pipe != NULL)
            read_frames(pipe, line, sizeof line, where, sizeof where);
        fprintf(out, "  %3zu  thread %d  %-60s %s\n", i + 1, trace.steps[i].thread, trace.steps[i].text, where);
    }
    if (pipe != NULL)
        pclose(pipe);
}
