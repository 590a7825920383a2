/* bench/noise/counters.h: counts are of the time between start and stop alone, and are scaled to all of it where the group ran
 * during a part. With counters that the kernel keeps itself, since a virtual machine may have no others. */
#include "bench/noise/counters.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/noise/native_work.h"
#include "core/base/platform.h"

enum { SKIPPED = 77, PAGES = 200 };
#define WORK_NS UINT64_C(5000000)

/* In place of cycles, instructions and mispredicted branches. */
enum { TASK_NS, FAULTS, MIGRATIONS };
static const struct counter_kind software[COUNTERS] = {
    [TASK_NS] = {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK},
    [FAULTS] = {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS},
    [MIGRATIONS] = {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS},
};

static unsigned failures;

#define CHECK(condition)                                                                                             \
    do {                                                                                                             \
        if (!(condition)) {                                                                                          \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                          \
            failures++;                                                                                              \
        }                                                                                                            \
    } while (0)

static void compute(uint64_t ns)
{
    for (uint64_t begin_ns = clock_ns(); clock_ns() - begin_ns < ns;) {
        uint64_t end = native_spin(1000);
        OPAQUE(&end);
    }
}

/* Maps `size` bytes of which none is in memory yet, to be touched once a page. */
static char *map_pages(size_t size)
{
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    (void)madvise(memory, size, MADV_NOHUGEPAGE);
    return memory;
}

/* Not watched by the thread sanitizer, whose shadow of the pages would be touched, too, and counted. */
__attribute__((no_sanitize_thread)) static void touch_pages(char *memory, size_t page)
{
    for (size_t i = 0; i < PAGES; i++)
        ((volatile char *)memory)[i * page] = 1;
}

static void test_scaling(void)
{
    struct counters_raw raw = {.count = COUNTERS, .enabled_ns = 300, .running_ns = 100, .value = {10, 20, 0}};
    struct counts counts = counters_scaled(&raw);
    CHECK(counts.known);
    CHECK(counts.value[0] == 30 && counts.value[1] == 60 && counts.value[2] == 0);
    raw.running_ns = 300;
    CHECK(counters_scaled(&raw).value[0] == 10);
    raw.running_ns = 0; /* others had the processor's counters all the time */
    CHECK(!counters_scaled(&raw).known);
    raw.running_ns = 300;
    raw.count = COUNTERS - 1;
    CHECK(!counters_scaled(&raw).known);
}

static void test_what_is_closed_counts_nothing(void)
{
    struct counters counters = {{-1, -1, -1}};
    counters_start(&counters);
    counters_stop(&counters);
    CHECK(!counters_read(&counters).known);
}

static void test_a_refusal_leaves_nothing_open(void)
{
    struct counters counters;
    struct counter_kind kinds[COUNTERS] = {software[TASK_NS], software[FAULTS], {PERF_TYPE_SOFTWARE, UINT32_MAX}};
    CHECK(counters_open_kinds(&counters, kinds) != 0);
    for (unsigned i = 0; i < COUNTERS; i++)
        CHECK(counters.fd[i] == -1);
}

/* Half of the work lies between start and stop, in two parts. */
static void test_only_started_time_counts(void)
{
    struct counters counters;
    int error = counters_open_kinds(&counters, software);
    CHECK(error == 0);
    size_t page = (size_t)sysconf(_SC_PAGESIZE), part = PAGES * page;
    char *memory = map_pages(3 * part);
    CHECK(memory != NULL);
    if (error != 0 || memory == NULL)
        return;
    touch_pages(memory, page);
    compute(WORK_NS);
    CHECK(!counters_read(&counters).known);
    uint64_t begin_ns = clock_ns();
    counters_start(&counters);
    touch_pages(memory + part, page);
    counters_stop(&counters);
    compute(WORK_NS);
    counters_start(&counters);
    compute(WORK_NS);
    counters_stop(&counters);
    double took_ns = (double)(clock_ns() - begin_ns);
    struct counts counts = counters_read(&counters);
    touch_pages(memory + 2 * part, page);
    struct counts later = counters_read(&counters);
    CHECK(counts.known);
    CHECK(counts.value[FAULTS] >= PAGES && counts.value[FAULTS] < 2 * PAGES);
    CHECK(counts.value[TASK_NS] > 0 && counts.value[TASK_NS] < took_ns - (double)WORK_NS / 2);
    CHECK(later.value[FAULTS] == counts.value[FAULTS] && later.value[TASK_NS] == counts.value[TASK_NS]);
    counters_close(&counters);
    CHECK(!counters_read(&counters).known);
    (void)munmap(memory, 3 * part);
}

int main(void)
{
    struct counters counters;
    int error = counters_open_kinds(&counters, software);
    if (error == EACCES || error == EPERM || error == ENOSYS) {
        puts("skipped: the kernel allows no counters at all");
        return SKIPPED;
    }
    counters_close(&counters);
    test_scaling();
    test_what_is_closed_counts_nothing();
    test_a_refusal_leaves_nothing_open();
    test_only_started_time_counts();
    return failures == 0 ? 0 : 1;
}
