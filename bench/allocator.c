/* allocator.c - see allocator.h. */
#include "bench/allocator.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Set in the environment of a program that was started again. */
#define RELAUNCHED "RCBENCH_ALLOCATOR_RELAUNCHED"

static const struct known {
    const char *name, *library; /* as the loader finds it; NULL: it is the one that the program is linked with */
    const char *package;        /* Debian's */
} known[] = {
    {"jemalloc", NULL, "libjemalloc2"},
    {"system", "libc.so.6", "libc6"},
    {"mimalloc", "libmimalloc.so.2", "libmimalloc2.0"},
};
enum { KNOWN = sizeof known / sizeof *known };

const char *const *allocator_names(void)
{
    static const char *names[KNOWN + 1];
    for (int i = 0; i < KNOWN; i++)
        names[i] = known[i].name;
    return names;
}

/* The file name of the library that a symbol comes from; "" for none. */
static const char *provider(const char *symbol)
{
    Dl_info found;
    void *address = dlsym(RTLD_DEFAULT, symbol);
    if (address == NULL || dladdr(address, &found) == 0 || found.dli_fname == NULL)
        return "";
    const char *slash = strrchr(found.dli_fname, '/');
    return slash != NULL ? slash + 1 : found.dli_fname;
}

const char *allocator_name(void)
{
    /* Objects go back to sdallocx, which is jemalloc's unless the preload has put another one there. */
    const char *file = provider("sdallocx");
    if (strncmp(file, "libjemalloc", strlen("libjemalloc")) == 0)
        return "jemalloc";
    file = provider("malloc");
    for (int i = 0; i < KNOWN; i++)
        if (known[i].library != NULL && strcmp(file, known[i].library) == 0)
            return known[i].name;
    return RCBENCH_SYSTEM_ALLOCATOR ? "system" : file;
}

/* The directory of the binary, without a slash at its end. -1: the kernel does not say. */
static int binary_directory(char path[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (length <= 0)
        return -1;
    path[length] = '\0';
    *strrchr(path, '/') = '\0';
    return 0;
}

static int refuse(const char *name, const char *why)
{
    fprintf(stderr, "rcbench: --allocator: '%s' %s\n", name, why);
    return -1;
}

static int relaunch(const struct known *wanted, char **argv)
{
    char directory[PATH_MAX], preload[PATH_MAX + 128], why[160];
    if (binary_directory(directory) != 0)
        return refuse(wanted->name, "needs /proc to find the library beside the binary");
    snprintf(preload, sizeof preload, "%s/librcbench_sdallocx.so", directory);
    if (strpbrk(preload, " :") != NULL)
        return refuse(wanted->name, "cannot be preloaded: the path of the binary has a space or a colon, at which the "
                                    "loader splits; accepted: a copy of the build under another path");
    if (access(preload, R_OK) != 0)
        return refuse(wanted->name, "needs librcbench_sdallocx.so beside the binary: build it");
    void *library = dlopen(wanted->library, RTLD_LAZY | RTLD_LOCAL);
    if (library == NULL) {
        snprintf(why, sizeof why, "is not installed: there is no %s (Debian: %s)", wanted->library, wanted->package);
        return refuse(wanted->name, why);
    }
    const char *others = getenv("LD_PRELOAD");
    size_t length = strlen(preload);
    snprintf(preload + length, sizeof preload - length, " %s%s%s", wanted->library, others != NULL ? " " : "",
             others != NULL ? others : "");
    setenv("LD_PRELOAD", preload, 1);
    setenv(RELAUNCHED, wanted->name, 1);
    execv("/proc/self/exe", argv);
    snprintf(why, sizeof why, "cannot be preloaded: %s", strerror(errno));
    return refuse(wanted->name, why);
}

int allocator_select(const char *name, char **argv)
{
    const struct known *wanted = known;
    while (strcmp(wanted->name, name) != 0)
        wanted++;
    if (strcmp(allocator_name(), name) == 0)
        return 0;
    if (RCBENCH_SYSTEM_ALLOCATOR)
        return refuse(name, "is not to be had: this build allocates from the C library");
    if (wanted->library == NULL)
        return refuse(name, "is what rcbench is linked with, and another one is preloaded: unset LD_PRELOAD");
    if (getenv(RELAUNCHED) != NULL)
        return refuse(name, "was preloaded and does not serve malloc here");
    return relaunch(wanted, argv);
}
