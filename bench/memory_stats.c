/* Memory of the process and of the machine. See memory_stats.h. */
#include "bench/memory_stats.h"

#include <unistd.h>

size_t memory_total_bytes(void) { return (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGE_SIZE); }

#if RCBENCH_SYSTEM_ALLOCATOR

void memory_stats(uint64_t *allocated, uint64_t *resident) { *allocated = *resident = 0; }
void memory_settle(void) {}
const char *memory_allocator_version(void) { return "unknown"; }

#else
#include <jemalloc/jemalloc.h>

#define RCBENCH_TEXT_(a) #a
#define RCBENCH_TEXT(a) RCBENCH_TEXT_(a)

static uint64_t read_size(const char *name)
{
    size_t value = 0, length = sizeof value;
    return mallctl(name, &value, &length, NULL, 0) == 0 ? value : 0;
}

void memory_stats(uint64_t *allocated, uint64_t *resident)
{
    uint64_t epoch = 1;
    mallctl("epoch", NULL, NULL, &epoch, sizeof epoch); /* otherwise the figures are those of the last time */
    *allocated = read_size("stats.allocated");
    *resident = read_size("stats.resident");
}

void memory_settle(void)
{
    mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
    mallctl("arena." RCBENCH_TEXT(MALLCTL_ARENAS_ALL) ".purge", NULL, NULL, NULL, 0);
}

const char *memory_allocator_version(void)
{
    const char *version = NULL;
    size_t length = sizeof version;
    return mallctl("version", &version, &length, NULL, 0) == 0 ? version : "unknown";
}

#endif
