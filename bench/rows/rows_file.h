/* The file that rows are added to. Until all are made it is PATH.part, and this process holds its lock: a second one
 * that wants the same file is refused before it looks at it. What is in the file is never shortened without a copy.
 */
#ifndef RCBENCH_BENCH_ROWS_ROWS_FILE_H
#define RCBENCH_BENCH_ROWS_ROWS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct rows_file {
    char *path, *part_path;
    int fd;       /* of part_path, locked; -1: not open */
    off_t length; /* of what is whole: a write that fails half-way is cut off again */
};

/* A piece of the file. */
struct span {
    off_t begin, end;
};

/* Opens and locks PATH.part, which it makes where it is missing; length is 0. All functions: 0, or -1 after one line
 * on standard error about --csv. */
int rows_file_open(struct rows_file *file, const char *path);

/* The bytes that are in the file now; -1: not known, or no plain file. */
off_t rows_file_size(const struct rows_file *file);

/* Adds text after `length`. Where somebody has removed or renamed the file meanwhile, it is written again with all
 * that it held. */
int rows_file_append(struct rows_file *file, const char *text, size_t size);

/* Takes the pieces, which are in order, out of the file and adds them to PATH.part.damaged; `length` is then that of
 * what stays. */
int rows_file_set_aside(struct rows_file *file, const struct span *pieces, size_t count);

/* Gives the file its name, where nothing of that name is yet. */
int rows_file_complete(struct rows_file *file);

void rows_file_close(struct rows_file *file);

/* Prints the line that the functions above print, with errno's text. Returns -1. */
int rows_file_complain(const struct rows_file *file, const char *what);

#endif
