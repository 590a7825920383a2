/* The file that rows are added to. See rows_file.h. */
#include "bench/rows/rows_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* How long the lock is waited for: children of a killed process hold it for as long as they live, a moment. */
enum { LOCK_TRIES = 20, LOCK_PAUSE_MS = 50, COPY_BYTES = 1 << 16 };

int rows_file_complain(const struct rows_file *file, const char *what)
{
    fprintf(stderr, "rcbench: --csv: '%s': %s: %s\n", file->part_path, what, strerror(errno));
    return -1;
}

static int refuse(const char *path, const char *why)
{
    fprintf(stderr, "rcbench: --csv: '%s' %s\n", path, why);
    return -1;
}

/* ---- the lock ------------------------------------------------------------------------------------ */

/* False: another process has it. A file system without locks is none. */
static bool lock(int fd)
{
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_MS * 1000000L};
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

static bool is_at(int fd, const char *path)
{
    struct stat own, there;
    return fstat(fd, &own) == 0 && stat(path, &there) == 0 && own.st_dev == there.st_dev &&
           own.st_ino == there.st_ino;
}

int rows_file_open(struct rows_file *file, const char *path)
{
    *file = (struct rows_file){.fd = -1};
    if (asprintf(&file->part_path, "%s.part", path) < 0 || (file->path = strdup(path)) == NULL)
        return refuse(path, "needs more memory than there is");
    for (;;) {
        file->fd = open(file->part_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (file->fd < 0)
            return rows_file_complain(file, "cannot write");
        if (!lock(file->fd))
            return refuse(file->part_path, "is being written by another rcbench; accepted: another file name");
        if (is_at(file->fd, file->part_path))
            break;
        close(file->fd); /* whoever had the lock before has renamed or removed it */
    }
    struct stat found;
    if (stat(path, &found) != 0)
        return 0;
    if (rows_file_size(file) == 0) /* made a moment ago, by ourselves */
        (void)unlink(file->part_path);
    return refuse(path, "is there already and would be lost; accepted: a new file name");
}

off_t rows_file_size(const struct rows_file *file)
{
    struct stat found;
    return fstat(file->fd, &found) == 0 && S_ISREG(found.st_mode) ? found.st_size : -1;
}

/* ---- bytes --------------------------------------------------------------------------------------- */

/* All of it, or -1 with errno. */
static int write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t count = write(fd, bytes, size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) {
            errno = count == 0 ? ENOSPC : errno;
            return -1;
        }
        bytes += count;
        size -= (size_t)count;
    }
    return 0;
}

/* From one file's place to the end of another. */
static int copy(int from, struct span piece, int to)
{
    char bytes[COPY_BYTES];
    while (piece.begin < piece.end) {
        off_t left = piece.end - piece.begin;
        ssize_t count = pread(from, bytes, left < COPY_BYTES ? (size_t)left : COPY_BYTES, piece.begin);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) {
            errno = count == 0 ? EIO : errno;
            return -1;
        }
        if (write_all(to, bytes, (size_t)count) != 0)
            return -1;
        piece.begin += count;
    }
    return 0;
}

/* A new file in place of ours, which is left as it is. -1 with errno: nothing has changed. */
static int replace(struct rows_file *file, const char *name, const struct span *pieces, size_t count, off_t length)
{
    int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    bool good = fd >= 0 && lock(fd);
    for (size_t i = 0; good && i < count; i++)
        good = copy(file->fd, pieces[i], fd) == 0;
    good = good && fsync(fd) == 0 && (name == file->part_path || rename(name, file->part_path) == 0);
    if (!good) {
        int error = errno;
        if (fd >= 0) {
            (void)unlink(name);
            close(fd);
        }
        errno = error;
        return -1;
    }
    close(file->fd);
    file->fd = fd;
    file->length = length;
    return 0;
}

/* Somebody may clean up while rows are made: what the open file holds is written again under its name. */
static int keep_in_place(struct rows_file *file)
{
    struct stat found;
    off_t size = rows_file_size(file);
    if (size < 0)
        return 0;
    if (size < file->length) {
        errno = EIO;
        return rows_file_complain(file, "was shortened by another program");
    }
    if (is_at(file->fd, file->part_path))
        return 0;
    if (stat(file->part_path, &found) == 0) {
        errno = EEXIST;
        return rows_file_complain(file, "was replaced by another program");
    }
    const struct span all = {0, file->length};
    if (replace(file, file->part_path, &all, 1, file->length) != 0)
        return rows_file_complain(file, "was removed by another program and cannot be written again");
    fprintf(stderr,
            "rcbench: --csv: '%s' was removed or renamed by another program: written again with all its rows\n",
            file->part_path);
    return 0;
}

int rows_file_append(struct rows_file *file, const char *text, size_t size)
{
    if (keep_in_place(file) != 0)
        return -1;
    if (lseek(file->fd, file->length, SEEK_SET) < 0 && errno != ESPIPE)
        return rows_file_complain(file, "cannot write");
    if (write_all(file->fd, text, size) != 0) {
        int error = errno;
        (void)!ftruncate(file->fd, file->length);
        errno = error;
        return rows_file_complain(file, "cannot write; the rows before are intact");
    }
    file->length += (off_t)size;
    return 0;
}

/* ---- damage -------------------------------------------------------------------------------------- */

/* The copy ends each piece with a newline of its own. */
static int copy_damaged(const struct rows_file *file, const struct span *pieces, size_t count, const char *name)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    bool good = fd >= 0;
    for (size_t i = 0; good && i < count; i++) {
        char last = '\n';
        good = copy(file->fd, pieces[i], fd) == 0 && pread(file->fd, &last, 1, pieces[i].end - 1) == 1 &&
               (last == '\n' || write_all(fd, "\n", 1) == 0);
    }
    good = good && fsync(fd) == 0;
    if (fd >= 0 && close(fd) != 0)
        good = false;
    return good ? 0 : -1;
}

int rows_file_set_aside(struct rows_file *file, const struct span *pieces, size_t count)
{
    char *damaged = NULL, *beside = NULL;
    struct span *rest = calloc(count + 1, sizeof *rest);
    int status = -1;
    if (rest == NULL || asprintf(&damaged, "%s.damaged", file->part_path) < 0 ||
        asprintf(&beside, "%s.new", file->part_path) < 0) {
        errno = ENOMEM;
        rows_file_complain(file, "cannot set damaged lines aside");
    } else {
        off_t at = 0, length = 0;
        for (size_t i = 0; i <= count; i++) {
            rest[i] = (struct span){at, i < count ? pieces[i].begin : rows_file_size(file)};
            length += rest[i].end - rest[i].begin;
            at = i < count ? pieces[i].end : at;
        }
        (void)unlink(beside); /* of a process that was killed right here */
        status = copy_damaged(file, pieces, count, damaged);
        if (status == 0)
            status = replace(file, beside, rest, count + 1, length);
        if (status != 0)
            rows_file_complain(file, "cannot set damaged lines aside; nothing in it has changed");
    }
    free(damaged);
    free(beside);
    free(rest);
    return status;
}

/* ---- the end ------------------------------------------------------------------------------------- */

int rows_file_complete(struct rows_file *file)
{
    if (keep_in_place(file) != 0)
        return -1;
    if (fsync(file->fd) != 0 && errno != EINVAL) /* EINVAL: a device, where there is nothing to sync */
        return rows_file_complain(file, "cannot write");
    int status = renameat2(AT_FDCWD, file->part_path, AT_FDCWD, file->path, RENAME_NOREPLACE);
    if (status != 0 && (errno == EINVAL || errno == ENOSYS)) /* not on this file system */
        status = rename(file->part_path, file->path);
    return status == 0 ? 0 : rows_file_complain(file, "cannot be renamed");
}

void rows_file_close(struct rows_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
    free(file->path);
    free(file->part_path);
}
