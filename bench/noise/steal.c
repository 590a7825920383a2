/* steal.c - stolen time, from /proc/stat. See steal.h. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L /* sysconf */
#endif

#include "bench/noise/steal.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/system_file.h"

/* Room for a CPU's line: its name and ten numbers of at most 20 digits. */
enum { LINE = 256 };

/* Adds a line's steal ("cpuN user nice system idle iowait irq softirq steal ...") when its CPU was asked for.
 * Returns how often it was: threads that share a CPU name it more than once, and it counts once. */
static unsigned add_steal(const char *line, const unsigned *os_index, unsigned n, uint64_t *ticks)
{
    unsigned cpu = 0;
    unsigned asked = 0;
    uint64_t steal = 0;
    if (!isdigit((unsigned char)line[strlen("cpu")])) /* the sum over all, whose first number is no CPU's */
        return 0;
    if (sscanf(line, "cpu%u %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &cpu, &steal) != 2)
        return 0;
    for (unsigned i = 0; i < n; i++)
        asked += os_index[i] == cpu;
    *ticks += asked > 0 ? steal : 0;
    return asked;
}

int machine_steal_ms(const unsigned *os_index, unsigned n, uint64_t *ms)
{
    char line[LINE];
    uint64_t ticks = 0;
    unsigned found = 0;
    long per_second = sysconf(_SC_CLK_TCK);
    FILE *file = system_open("/proc/stat");
    *ms = 0;
    /* The CPUs' lines come first; those after them are long and of no interest. */
    while (file != NULL && fgets(line, sizeof line, file) != NULL && strncmp(line, "cpu", 3) == 0)
        found += add_steal(line, os_index, n, &ticks);
    if (file != NULL)
        (void)fclose(file);
    if (found != n || per_second <= 0)
        return -1;
    *ms = ticks * 1000 / (uint64_t)per_second;
    return 0;
}
