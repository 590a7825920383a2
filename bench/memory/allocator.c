/* allocator.c - see allocator.h. */
#include "bench/memory/allocator.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if !RCBENCH_SYSTEM_ALLOCATOR
#include <jemalloc/jemalloc.h>
#endif

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

static bool is_jemalloc(const char *file) { return strncmp(file, "libjemalloc", strlen("libjemalloc")) == 0; }

/* Whether jemalloc has made what malloc returns, by its own count for this thread: a tool such as valgrind puts
 * another malloc in its place that the loader knows nothing of. Where it does not count, the loader is believed. */
static bool jemalloc_notices(void)
{
#if !RCBENCH_SYSTEM_ALLOCATOR
    uint64_t *count = NULL;
    size_t length = sizeof count;
    if (mallctl("thread.allocatedp", &count, &length, NULL, 0) == 0) {
        uint64_t before = *count;
        void *volatile memory = malloc(4096); /* volatile: a compiler may leave out a pair that nobody looks at */
        bool counted = *(volatile uint64_t *)count != before;
        free(memory);
        return counted;
    }
#endif
    return true;
}

/* What jemalloc's sdallocx gets from a malloc that is another one's crashes. */
static bool frees_what_another_made(void)
{
    return !RCBENCH_SYSTEM_ALLOCATOR && is_jemalloc(provider("sdallocx")) &&
           (!is_jemalloc(provider("malloc")) || !jemalloc_notices());
}

static const char *find_name(void)
{
    const char *file = provider("malloc");
    if (is_jemalloc(file))
        return jemalloc_notices() ? "jemalloc" : "unknown";
    for (int i = 0; i < KNOWN; i++)
        if (known[i].library != NULL && strcmp(file, known[i].library) == 0)
            return known[i].name;
    return RCBENCH_SYSTEM_ALLOCATOR ? "system" : file;
}

const char *allocator_name(void)
{
    static const char *name;
    if (name == NULL)
        name = find_name();
    return name;
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

enum { SHIM_PATH = PATH_MAX + 64 };

/* The library that puts sdallocx on top of free. 0, or -1 after a line. */
static int find_shim(const char *name, char path[SHIM_PATH])
{
    char directory[PATH_MAX];
    if (binary_directory(directory) != 0)
        return refuse(name, "needs /proc to find the library beside the binary");
    snprintf(path, SHIM_PATH, "%s/librcbench_sdallocx.so", directory);
    if (strpbrk(path, " :") != NULL)
        return refuse(name, "cannot be preloaded: the path of the binary has a space or a colon, at which the "
                            "loader splits; accepted: a copy of the build under another path");
    return access(path, R_OK) == 0 ? 0 : refuse(name, "needs librcbench_sdallocx.so beside the binary: build it");
}

/* Does not return, but with -1 after a line. */
static int start_again(const char *name, const char *preload, char **argv)
{
    char why[160];
    setenv("LD_PRELOAD", preload, 1);
    setenv(RELAUNCHED, name, 1);
    execv("/proc/self/exe", argv);
    snprintf(why, sizeof why, "cannot be preloaded: %s", strerror(errno));
    return refuse(name, why);
}

static int relaunch(const struct known *wanted, char **argv)
{
    char preload[SHIM_PATH + 4096], why[160];
    if (find_shim(wanted->name, preload) != 0)
        return -1;
    void *library = dlopen(wanted->library, RTLD_LAZY | RTLD_LOCAL);
    if (library == NULL) {
        snprintf(why, sizeof why, "is not installed: there is no %s (Debian: %s)", wanted->library, wanted->package);
        return refuse(wanted->name, why);
    }
    const char *others = getenv("LD_PRELOAD");
    size_t length = strlen(preload);
    snprintf(preload + length, sizeof preload - length, " %s%s%s", wanted->library, others != NULL ? " " : "",
             others != NULL ? others : "");
    return start_again(wanted->name, preload, argv);
}

/* A sanitizer's own library must come first, so ours is added at the end. */
static int use_preloaded(char **argv)
{
    char shim[SHIM_PATH], preload[SHIM_PATH + 4096];
    char name[256];
    snprintf(name, sizeof name, "%s", provider("malloc"));
    const char *others = getenv("LD_PRELOAD");
    if (find_shim(name, shim) != 0)
        return -1;
    if (snprintf(preload, sizeof preload, "%s%s%s", others != NULL ? others : "", others != NULL ? " " : "", shim) >=
        (int)sizeof preload)
        return refuse(name, "cannot be used: LD_PRELOAD is too long");
    fprintf(stderr, "rcbench: malloc is that of %s, which is preloaded: all objects come from it\n", name);
    return start_again(name, preload, argv);
}

int allocator_check(char **argv)
{
    if (!frees_what_another_made())
        return 0;
    if (!is_jemalloc(provider("malloc")) && getenv(RELAUNCHED) == NULL)
        return use_preloaded(argv);
    fprintf(stderr,
            "rcbench: malloc is not jemalloc's here, though the loader says so: a tool such as valgrind has put its "
            "own in its place, and jemalloc's sdallocx would crash; accepted: a build with "
            "-DRCBENCH_SYSTEM_ALLOCATOR=ON, or LD_PRELOAD with librcbench_sdallocx.so, which lies beside rcbench\n");
    return -1;
}

int allocator_select(const char *name, char **argv)
{
    const struct known *wanted = known;
    while (strcmp(wanted->name, name) != 0)
        wanted++;
    if (strcmp(allocator_name(), name) == 0 && !frees_what_another_made())
        return 0;
    if (RCBENCH_SYSTEM_ALLOCATOR)
        return refuse(name, "is not to be had: this build allocates from the C library");
    if (wanted->library == NULL)
        return refuse(name, "is what rcbench is linked with, and another one is preloaded: unset LD_PRELOAD");
    if (getenv(RELAUNCHED) != NULL)
        return refuse(name, "was preloaded and does not serve malloc here");
    return relaunch(wanted, argv);
}
