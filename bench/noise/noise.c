/* noise.c - what disturbed a trial. See noise.h. The limits are explained in docs/method.md. */
#include "bench/noise/noise.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "bench/noise/neighbour_probe.h"
#include "bench/noise/steal.h"
#include "bench/base/system_file.h"
#include "core/base/platform.h"

/* A thread lost this share of its window to others, or the hypervisor took it: less than that is below the noise floor
 * of a good machine. */
#define LOST_MAX 0.01
/* A thread that waits for another, for the GIL or for a lock, is not running at once when it is woken: so long, each
 * time, is no loss. */
#define WAKE_NS 100000.0
/* Where the kernel does not tell how long a thread waited: one switch takes some ten microseconds. */
#define NS_PER_SWITCH_MIN 10000000.0
/* The clock as the kernel computes it wavers by a percent at a steady load. */
#define FREQUENCY_CHANGE_MAX 0.03
/* In long windows, of which one look is no share to speak of. */
#define CONTENDED_LOOKS_MAX 0.02
/* Old kernels sleep when asked for a clock: then it cannot be asked for under load. */
enum { READ_NS_MAX = 200000 };

#define CPU_DIRECTORY "/sys/devices/system/cpu/"
#define DELAY_FILE "/proc/thread-self/schedstat"
enum { PATH = 160, LINE = 256, DELAY_FIELD = 1 };

const char *noise_text(unsigned noise, char text[NOISE_TEXT])
{
    static const char *const names[NOISE_KINDS] = {"involuntary", "migrated", "stolen", "throttled",
                                                   "frequency",   "swapped",  "contended", "smt"};
    text[0] = '\0';
    for (unsigned i = 0; i < NOISE_KINDS; i++) {
        if ((noise & 1u << i) == 0)
            continue;
        if (text[0] != '\0')
            strcat(text, "+");
        strcat(text, names[i]);
    }
    return text;
}

/* ---- by thread -------------------------------------------------------------------------------------------- */

static int close_fd(int fd)
{
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

static int open_frequency(unsigned os_index)
{
    char path[PATH];
    uint64_t khz;
    (void)snprintf(path, sizeof path, CPU_DIRECTORY "cpu%u/cpufreq/scaling_cur_freq", os_index);
    int fd = system_open_fd(path);
    uint64_t begin_ns = clock_ns();
    bool known = fd >= 0 && system_read_number(fd, 0, &khz);
    return known && clock_ns() - begin_ns <= READ_NS_MAX ? fd : close_fd(fd);
}

void noise_probe_open(struct noise_probe *probe, unsigned os_index, bool pinned)
{
    probe->os_index = os_index;
    probe->pinned = pinned;
    probe->delay_fd = system_open_fd(DELAY_FILE);
    probe->frequency_fd = pinned ? open_frequency(os_index) : -1;
    noise_probe_read(probe, &probe->opened);
}

void noise_probe_close(struct noise_probe *probe)
{
    probe->delay_fd = close_fd(probe->delay_fd);
    probe->frequency_fd = close_fd(probe->frequency_fd);
}

void noise_probe_read(const struct noise_probe *probe, struct noise_edge *edge)
{
    edge->has_delay = system_read_number(probe->delay_fd, DELAY_FIELD, &edge->delay_ns);
    edge->has_frequency = system_read_number(probe->frequency_fd, 0, &edge->frequency_khz);
}

void noise_look(const struct noise_probe *probe, struct noise_looks *looks)
{
    if (!probe->pinned)
        return;
    struct pace pace = pace_now();
    looks->made++;
    looks->contended += pace_is_contended(probe->os_index, pace);
    looks->steps_ns += pace.step_ns;
    looks->quotients += pace.quotient;
    looks->baselines += pace_baseline(probe->os_index);
}

static double change_of(uint64_t before, uint64_t after)
{
    double change = (double)after / (double)before - 1;
    return change < 0 ? -change : change;
}

/* Whether so much of a window was lost, beside what waking takes. */
static bool is_lost(double lost_ns, uint64_t elapsed_ns, long ctx_voluntary)
{
    return lost_ns - WAKE_NS * (double)ctx_voluntary > LOST_MAX * (double)elapsed_ns;
}

/* Also of a thread that was not switched out: one that is woken and finds its CPU taken waits no less. */
static bool was_kept_waiting(const struct noise_edge *begin, const struct noise_edge *end, uint64_t elapsed_ns,
                             long ctx_voluntary, long ctx_involuntary)
{
    if (begin->has_delay && end->has_delay)
        return is_lost((double)(end->delay_ns - begin->delay_ns), elapsed_ns, ctx_voluntary);
    return ctx_involuntary > 1 && (double)ctx_involuntary * NS_PER_SWITCH_MIN > (double)elapsed_ns;
}

unsigned noise_of_cpu_time(uint64_t cpu_ns, uint64_t elapsed_ns, long ctx_voluntary)
{
    return is_lost((double)elapsed_ns - (double)cpu_ns, elapsed_ns, ctx_voluntary) ? NOISE_INVOLUNTARY : 0;
}

unsigned noise_of_thread(const struct noise_edge *begin, const struct noise_edge *end, const struct noise_looks *looks,
                         uint64_t elapsed_ns, long ctx_voluntary, long ctx_involuntary)
{
    unsigned noise = 0;
    if (was_kept_waiting(begin, end, elapsed_ns, ctx_voluntary, ctx_involuntary))
        noise |= NOISE_INVOLUNTARY;
    if (begin->has_frequency && end->has_frequency && begin->frequency_khz > 0 &&
        change_of(begin->frequency_khz, end->frequency_khz) > FREQUENCY_CHANGE_MAX)
        noise |= NOISE_FREQUENCY;
    if (looks->contended > CONTENDED_LOOKS_MAX * looks->made)
        noise |= NOISE_CONTENDED;
    return noise;
}

/* ---- by machine ------------------------------------------------------------------------------------------- */

/* Core and package have a counter each; either may be missing. A core's is told by each of its PUs. */
static bool throttles_of(unsigned os_index, uint64_t *events)
{
    static const char *const counters[] = {"core_throttle_count", "package_throttle_count"};
    bool known = false;
    for (unsigned i = 0; i < sizeof counters / sizeof *counters; i++) {
        char path[PATH];
        uint64_t count;
        (void)snprintf(path, sizeof path, CPU_DIRECTORY "cpu%u/thermal_throttle/%s", os_index, counters[i]);
        if (!system_number(path, &count))
            continue;
        known = true;
        *events += count;
    }
    return known;
}

static bool read_swapped(uint64_t *pages)
{
    char line[LINE];
    unsigned found = 0;
    FILE *file = system_open("/proc/vmstat");
    while (file != NULL && found < 2 && fgets(line, sizeof line, file) != NULL) {
        uint64_t count;
        if (sscanf(line, "pswpin %" SCNu64, &count) == 1 || sscanf(line, "pswpout %" SCNu64, &count) == 1) {
            *pages += count;
            found++;
        }
    }
    if (file != NULL)
        (void)fclose(file);
    return found == 2;
}

void noise_machine_read(const unsigned *os_index, unsigned n, struct noise_machine *found)
{
    *found = (struct noise_machine){.has_throttles = n > 0};
    found->has_steal = machine_steal_ms(os_index, n, &found->steal_ms) == 0;
    found->has_swap = read_swapped(&found->swapped);
    for (unsigned i = 0; i < n && found->has_throttles; i++)
        found->has_throttles = throttles_of(os_index[i], &found->throttles);
}

unsigned noise_of_machine(const struct noise_machine *begin, const struct noise_machine *end, uint64_t elapsed_ns,
                          unsigned threads)
{
    unsigned noise = 0;
    double stolen_ns = begin->has_steal && end->has_steal ? (double)(end->steal_ms - begin->steal_ms) * 1e6 : 0;
    if (stolen_ns > LOST_MAX * (double)elapsed_ns * threads)
        noise |= NOISE_STOLEN;
    if (begin->has_throttles && end->has_throttles && end->throttles != begin->throttles)
        noise |= NOISE_THROTTLED;
    if (begin->has_swap && end->has_swap && end->swapped != begin->swapped)
        noise |= NOISE_SWAPPED;
    return noise;
}

unsigned noise_watched(unsigned os_index)
{
    struct noise_probe probe;
    struct noise_edge edge;
    struct noise_machine machine;
    noise_probe_open(&probe, os_index, true);
    noise_probe_read(&probe, &edge);
    noise_probe_close(&probe);
    noise_machine_read(&os_index, 1, &machine);
    return NOISE_INVOLUNTARY | NOISE_MIGRATED | NOISE_SWAPPED /* getrusage and the harness tell of these anywhere */
           | NOISE_CONTENDED | NOISE_SMT | (machine.has_steal ? NOISE_STOLEN : 0) |
           (machine.has_throttles ? NOISE_THROTTLED : 0) |
           (edge.has_frequency ? NOISE_FREQUENCY : 0);
}
