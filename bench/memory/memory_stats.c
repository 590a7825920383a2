/* Memory of the process and of the machine. See memory_stats.h. */
#include "bench/memory/memory_stats.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/memory/allocator.h"
#include "bench/base/system_file.h"
#include "core/base/platform.h"

size_t memory_total_bytes(void) { return (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGE_SIZE); }

/* ---- the kernel's figures -------------------------------------------------------------------------- */

static bool peak_known;

/* proc(5): "5" written there sets VmHWM to what is resident now. */
void memory_peak_reset(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    peak_known = file != NULL && fputs("5", file) >= 0;
    if (file != NULL && fclose(file) != 0)
        peak_known = false;
}

/* A line such as "VmHWM:   1234 kB" of /proc/self/status. */
static uint64_t status_bytes(const char *name)
{
    FILE *file = system_open("/proc/self/status");
    char line[128];
    uint64_t kib = 0;
    size_t length = strlen(name);
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, length) == 0 && line[length] == ':')
            kib = strtoull(line + length + 1, NULL, 10);
    if (file != NULL)
        fclose(file);
    return kib * 1024;
}

uint64_t memory_peak(void) { return peak_known ? status_bytes("VmHWM") : 0; }
uint64_t memory_resident(void) { return status_bytes("VmRSS"); }

uint64_t memory_private_dirty(void)
{
    static const char name[] = "Private_Dirty:";
    char text[4096];
    int fd = system_open_fd("/proc/self/smaps_rollup");
    ssize_t length = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[length > 0 ? length : 0] = '\0';
    const char *line = strstr(text, name);
    return line != NULL ? strtoull(line + sizeof name - 1, NULL, 10) * 1024 : 0;
}

/* ---- the allocator's ------------------------------------------------------------------------------- */

/* glibc's own, of all its arenas. */
static UNUSED struct memory_stats libc_stats(void)
{
    struct mallinfo2 info = mallinfo2();
    return (struct memory_stats){.allocated = info.uordblks + info.hblkhd, .active = info.arena + info.hblkhd};
}

#if RCBENCH_SYSTEM_ALLOCATOR

struct memory_stats memory_stats(void) { return libc_stats(); }
void memory_settle(void) {}
const char *memory_allocator_version(void) { return "unknown"; }

#else
#include <gnu/libc-version.h>
#include <jemalloc/jemalloc.h>

#define RCBENCH_TEXT_(a) #a
#define RCBENCH_TEXT(a) RCBENCH_TEXT_(a)

static uint64_t read_size(const char *name)
{
    size_t value = 0, length = sizeof value;
    return mallctl(name, &value, &length, NULL, 0) == 0 ? value : 0;
}

static bool serves(const char *name) { return strcmp(allocator_name(), name) == 0; }

struct memory_stats memory_stats(void)
{
    if (serves("system"))
        return libc_stats();
    if (!serves("jemalloc")) /* jemalloc is there, and has nothing to do */
        return (struct memory_stats){0};
    uint64_t epoch = 1;
    mallctl("epoch", NULL, NULL, &epoch, sizeof epoch); /* otherwise the figures are those of the last time */
    return (struct memory_stats){.allocated = read_size("stats.allocated"),
                                 .active = read_size("stats.active"),
                                 .resident = read_size("stats.resident"),
                                 .retained = read_size("stats.retained")};
}

void memory_settle(void)
{
    if (serves("system"))
        malloc_trim(0);
    mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
    mallctl("arena." RCBENCH_TEXT(MALLCTL_ARENAS_ALL) ".purge", NULL, NULL, NULL, 0);
}

const char *memory_allocator_version(void)
{
    const char *version = NULL;
    size_t length = sizeof version;
    if (serves("system"))
        return gnu_get_libc_version();
    if (!serves("jemalloc"))
        return "unknown";
    return mallctl("version", &version, &length, NULL, 0) == 0 ? version : "unknown";
}

#endif
