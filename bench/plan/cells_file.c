/* --cells FILE. See cells_file.h. */
#include "bench/plan/cells_file.h"

#include <errno.h>

#include "bench/plan/refuse.h"

/* The number of the cell; `count`: there is none of this name. */
static size_t find(const struct cell *cells, size_t count, const char *name)
{
    size_t i = 0;
    while (i < count && strcmp(cells[i].name, name) != 0)
        i++;
    return i;
}

/* Marks the cells that the lines name. */
static int read_lines(FILE *file, const char *path, const struct cell *cells, size_t count, bool *named)
{
    char *line = NULL;
    size_t capacity = 0;
    int status = 0;
    for (unsigned number = 1; status == 0 && getline(&line, &capacity, file) >= 0; number++) {
        line[strcspn(line, "\n")] = '\0';
        size_t found = find(cells, count, line);
        if (found == count)
            status = refuse("--cells", path, "line %u: '%.200s' is no cell; accepted: names that --plan prints, one a line",
                            number, line);
        else
            named[found] = true;
    }
    if (status == 0 && ferror(file))
        status = refuse("--cells", path, "cannot be read: %s", strerror(errno));
    free(line);
    return status;
}

static size_t keep(struct cell *cells, size_t count, const bool *named)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (named[i])
            cells[kept++] = cells[i];
    return kept;
}

size_t cells_keep_named(struct cell *cells, size_t count, const char *path)
{
    size_t kept = 0;
    bool *named = calloc(count + 1, sizeof *named);
    FILE *file = fopen(path, "r");
    if (named == NULL || file == NULL)
        refuse("--cells", path, "cannot be read: %s", strerror(errno));
    else if (read_lines(file, path, cells, count, named) == 0 && (kept = keep(cells, count, named)) == 0)
        refuse("--cells", path, "names no cell; accepted: a file of names that --plan prints, one a line");
    if (file != NULL)
        fclose(file);
    free(named);
    return kept;
}
