/* counters.c - the processor's own counters. See counters.h. */
#include "bench/noise/counters.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct counter_kind hardware[COUNTERS] = {
    [COUNTER_CYCLES] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
    [COUNTER_INSTRUCTIONS] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
    [COUNTER_BRANCH_MISSES] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES},
};

static int open_one(const struct counter_kind *kind, int group_fd)
{
    struct perf_event_attr attr = {
        .size = sizeof attr,
        .type = kind->type,
        .config = kind->config,
        .read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
        .disabled = group_fd < 0, /* the others follow the first */
        .exclude_kernel = 1,
        .exclude_hv = 1,
    };
    const pid_t this_thread = 0;
    const int any_cpu = -1;
    return (int)syscall(SYS_perf_event_open, &attr, this_thread, any_cpu, group_fd, PERF_FLAG_FD_CLOEXEC);
}

int counters_open_kinds(struct counters *counters, const struct counter_kind kinds[COUNTERS])
{
    memset(counters->fd, -1, sizeof counters->fd);
    for (unsigned i = 0; i < COUNTERS; i++) {
        counters->fd[i] = open_one(&kinds[i], counters->fd[0]);
        if (counters->fd[i] < 0) {
            int error = errno;
            counters_close(counters);
            return error;
        }
    }
    return 0;
}

const char *counters_unavailable(void)
{
    static bool asked;
    static const char *reason;
    struct counters counters;
    if (asked)
        return reason;
    asked = true;
    int error = counters_open_kinds(&counters, hardware);
    counters_close(&counters);
    if (error == ENOENT || error == EOPNOTSUPP || error == ENODEV)
        reason = "this machine has none, as most virtual machines";
    else if (error == EACCES || error == EPERM)
        reason = "the kernel does not allow them; set /proc/sys/kernel/perf_event_paranoid to 2 or less";
    else if (error != 0)
        reason = strerror(error);
    return reason;
}

void counters_open(struct counters *counters)
{
    memset(counters->fd, -1, sizeof counters->fd);
    if (counters_unavailable() == NULL)
        (void)counters_open_kinds(counters, hardware);
}

void counters_close(struct counters *counters)
{
    for (unsigned i = 0; i < COUNTERS; i++) {
        if (counters->fd[i] >= 0)
            (void)close(counters->fd[i]);
        counters->fd[i] = -1;
    }
}

static void control(const struct counters *counters, unsigned long request)
{
    if (counters->fd[0] >= 0)
        (void)ioctl(counters->fd[0], request, PERF_IOC_FLAG_GROUP);
}

void counters_start(const struct counters *counters) { control(counters, PERF_EVENT_IOC_ENABLE); }
void counters_stop(const struct counters *counters) { control(counters, PERF_EVENT_IOC_DISABLE); }

struct counts counters_scaled(const struct counters_raw *raw)
{
    struct counts counts = {.known = raw->count == COUNTERS && raw->running_ns > 0};
    double factor = counts.known ? (double)raw->enabled_ns / (double)raw->running_ns : 0;
    for (unsigned i = 0; i < COUNTERS; i++)
        counts.value[i] = (double)raw->value[i] * factor;
    return counts;
}

struct counts counters_read(const struct counters *counters)
{
    struct counters_raw raw = {0};
    if (counters->fd[0] < 0 || read(counters->fd[0], &raw, sizeof raw) != (ssize_t)sizeof raw)
        return (struct counts){0};
    return counters_scaled(&raw);
}
