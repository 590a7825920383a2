/* system_file.h - the files through which the kernel tells about the machine, below /proc and /sys.
 *
 * The environment variable RCBENCH_SYSTEM_ROOT names a directory that stands in for "/": tests make trees there that
 * say what no machine says on demand. What is not in such a tree is not told by such a machine. */
#ifndef RCBENCH_BENCH_BASE_SYSTEM_FILE_H
#define RCBENCH_BENCH_BASE_SYSTEM_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Opens it for reading; NULL and -1 when it is not there. */
FILE *system_open(const char *path);
int system_open_fd(const char *path);

/* The `field`th number, from 0, of a file that stays open and is read anew from its beginning. False: it has none. */
bool system_read_number(int fd, unsigned field, uint64_t *number);

/* The first number of a file that is opened for this alone. False: there is none. */
bool system_number(const char *path, uint64_t *number);

#endif
