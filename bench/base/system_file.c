/* system_file.c - reading the kernel's files. See system_file.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "bench/base/system_file.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH = 512, TEXT = 256 };

int system_open_fd(const char *path)
{
    char full[PATH];
    const char *root = getenv("RCBENCH_SYSTEM_ROOT");
    int length = snprintf(full, sizeof full, "%s%s", root != NULL ? root : "", path);
    return length < (int)sizeof full ? open(full, O_RDONLY | O_CLOEXEC) : -1;
}

FILE *system_open(const char *path)
{
    int fd = system_open_fd(path);
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (fd >= 0 && file == NULL)
        (void)close(fd);
    return file;
}

bool system_read_number(int fd, unsigned field, uint64_t *number)
{
    char text[TEXT];
    ssize_t length = fd >= 0 ? pread(fd, text, sizeof text - 1, 0) : 0;
    if (length <= 0)
        return false;
    text[length] = '\0';
    char *at = text;
    for (unsigned i = 0;; i++) {
        while (isspace((unsigned char)*at))
            at++;
        if (!isdigit((unsigned char)*at))
            return false;
        *number = strtoull(at, &at, 10);
        if (i == field)
            return true;
    }
}

bool system_number(const char *path, uint64_t *number)
{
    int fd = system_open_fd(path);
    bool known = system_read_number(fd, 0, number);
    if (fd >= 0)
        (void)close(fd);
    return known;
}
