/* machine_facts.c - reading the facts from /proc, /sys and /etc. See machine_facts.h.
 *
 * Two parts: small readers of small files, and the facts, each from where it stands.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* getloadavg */
#endif

#include "bench/machine/machine_facts.h"

#include <ctype.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/machine/placement.h"
#include "bench/machine/topology.h"

#define CPU_DIRECTORY "/sys/devices/system/cpu/"

enum { PATH = 512, LINE = 8192 };

/* ---- reading small files ----------------------------------------------------------------------- */

static void trim(char *text)
{
    size_t n = strlen(text);
    while (n > 0 && isspace((unsigned char)text[n - 1]))
        text[--n] = '\0';
}

/* The file's first line, trimmed. False, and "" in out, when there is none. */
static bool read_line(const char *path, char *out, int size)
{
    FILE *file = fopen(path, "re");
    out[0] = '\0';
    if (file == NULL)
        return false;
    bool good = fgets(out, size, file) != NULL;
    (void)fclose(file);
    if (!good)
        out[0] = '\0';
    trim(out);
    return out[0] != '\0';
}

/* The file's first line as a number that is not negative; FACT_UNKNOWN otherwise. */
static int64_t read_number(const char *path)
{
    char line[FACT_TEXT];
    if (!read_line(path, line, FACT_TEXT) || !isdigit((unsigned char)line[0]))
        return FACT_UNKNOWN;
    return (int64_t)strtoll(line, NULL, 10);
}

/* The value of the first line "key<spaces>separator<spaces>value", such as "model name : X". Lines longer
 * than the buffer are cut. */
static bool read_field(const char *path, const char *key, char separator, char *out, int size)
{
    static char line[LINE]; /* main thread only, as machine_facts_read says */
    FILE *file = fopen(path, "re");
    size_t length = strlen(key);
    bool found = false;
    out[0] = '\0';
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
        const char *value = line + length;
        if (strncmp(line, key, length) != 0)
            continue;
        value += strspn(value, " \t");
        found = *value == separator;
        if (found)
            (void)snprintf(out, (size_t)size, "%s", value + 1 + strspn(value + 1, " \t"));
    }
    if (file != NULL)
        (void)fclose(file);
    trim(out);
    return found;
}

/* Whether `word` stands in the text between blanks. */
static bool has_word(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = text; (at = strstr(at, word)) != NULL; at += length)
        if ((at == text || at[-1] == ' ') && (at[length] == '\0' || at[length] == ' '))
            return true;
    return false;
}

/* Bytes of a field of /proc/meminfo, which counts in KiB; FACT_UNKNOWN when it is not there. */
static int64_t memory_bytes(const char *field)
{
    char text[FACT_TEXT];
    if (!read_field("/proc/meminfo", field, ':', text, FACT_TEXT))
        return FACT_UNKNOWN;
    return (int64_t)strtoll(text, NULL, 10) * 1024;
}

/* The value of NAME=value on the kernel's command line. */
static bool boot_option(const char *name, char *out, size_t size)
{
    static char line[LINE];
    size_t length = strlen(name);
    out[0] = '\0';
    if (!read_line("/proc/cmdline", line, LINE))
        return false;
    char *rest = NULL;
    for (char *word = strtok_r(line, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        if (strncmp(word, name, length) == 0 && word[length] == '=') {
            (void)snprintf(out, size, "%s", word + length + 1);
            return true;
        }
    }
    return false;
}

/* The chosen word of a line such as "always [madvise] never". */
static bool read_choice(const char *path, char *out, size_t size)
{
    char line[FACT_TEXT];
    out[0] = '\0';
    if (!read_line(path, line, FACT_TEXT))
        return false;
    const char *open = strchr(line, '[');
    size_t length = open != NULL ? strcspn(open + 1, "]") : 0;
    (void)snprintf(out, size, "%.*s", (int)length, open != NULL ? open + 1 : "");
    return length > 0;
}

/* ---- facts ------------------------------------------------------------------------------------- */

static void read_os(char *out)
{
    if (!read_field("/etc/os-release", "PRETTY_NAME", '=', out, FACT_TEXT))
        return;
    size_t length = strlen(out);
    if (length >= 2 && (out[0] == '"' || out[0] == '\'')) {
        out[length - 1] = '\0';
        memmove(out, out + 1, length - 1);
    }
}

/* ARM has no model name, but numbers that `lscpu` knows the names of. */
static void read_model(struct machine_facts *f)
{
    char part[FACT_TEXT];
    if (read_field("/proc/cpuinfo", "model name", ':', f->model, FACT_TEXT))
        return;
    if (read_field("/proc/cpuinfo", "CPU part", ':', part, FACT_TEXT))
        (void)snprintf(f->model, FACT_TEXT, "CPU part %.64s", part);
}

static void read_processor(struct machine_facts *f)
{
    static char flags[LINE];
    read_model(f);
    if (!read_field("/proc/cpuinfo", "vendor_id", ':', f->vendor, FACT_TEXT))
        (void)read_field("/proc/cpuinfo", "CPU implementer", ':', f->vendor, FACT_TEXT);
    (void)read_field("/proc/cpuinfo", "microcode", ':', f->microcode, FACT_TEXT);
    f->flags_known = read_field("/proc/cpuinfo", "flags", ':', flags, LINE);
    f->constant_tsc = has_word(flags, "constant_tsc");
    f->nonstop_tsc = has_word(flags, "nonstop_tsc");
    f->hypervisor = f->flags_known ? has_word(flags, "hypervisor") : FACT_UNKNOWN;
    if (f->hypervisor != 1 &&
        (access("/sys/hypervisor/type", R_OK) == 0 || access("/proc/device-tree/hypervisor", R_OK) == 0))
        f->hypervisor = 1;
}

/* Cores with a CPU online: a core is counted at the first of its siblings. */
static int64_t count_cores(void)
{
    long cpus = sysconf(_SC_NPROCESSORS_CONF);
    int64_t cores = 0;
    for (long i = 0; i < cpus; i++) {
        char path[PATH];
        (void)snprintf(path, sizeof path, CPU_DIRECTORY "cpu%ld/topology/thread_siblings_list", i);
        cores += read_number(path) == i;
    }
    return cores > 0 ? cores : FACT_UNKNOWN;
}

static int read_smt(const struct machine_facts *f)
{
    int64_t active = read_number(CPU_DIRECTORY "smt/active");
    if (active != FACT_UNKNOWN)
        return active != 0;
    if (f->online_cores == FACT_UNKNOWN || f->online_pus == FACT_UNKNOWN)
        return FACT_UNKNOWN;
    return f->online_pus > f->online_cores;
}

static int read_turbo(void)
{
    int64_t off = read_number(CPU_DIRECTORY "intel_pstate/no_turbo");
    if (off != FACT_UNKNOWN)
        return off == 0;
    int64_t boost = read_number(CPU_DIRECTORY "cpufreq/boost");
    return boost != FACT_UNKNOWN ? boost != 0 : FACT_UNKNOWN;
}

/* The frequency facts of the CPUs that the run may use: the lowest minimum, the highest maximum, and the
 * governor where all agree. */
static void read_frequencies(struct machine_facts *f, const unsigned *cpus, int n)
{
    for (int i = 0; i < n; i++) {
        char path[PATH];
        char governor[FACT_TEXT];
        (void)snprintf(path, sizeof path, CPU_DIRECTORY "cpu%u/cpufreq/scaling_governor", cpus[i]);
        if (read_line(path, governor, FACT_TEXT)) {
            bool same = f->governor[0] == '\0' || strcmp(f->governor, governor) == 0;
            (void)snprintf(f->governor, FACT_TEXT, "%s", same ? governor : "mixed");
        }
        (void)snprintf(path, sizeof path, CPU_DIRECTORY "cpu%u/cpufreq/cpuinfo_min_freq", cpus[i]);
        int64_t low = read_number(path);
        if (low != FACT_UNKNOWN && (f->min_khz == FACT_UNKNOWN || low < f->min_khz))
            f->min_khz = low;
        (void)snprintf(path, sizeof path, CPU_DIRECTORY "cpu%u/cpufreq/cpuinfo_max_freq", cpus[i]);
        int64_t high = read_number(path);
        f->max_khz = high > f->max_khz ? high : f->max_khz;
    }
}

/* CPUs that one directory of a control group grants; negative: no limit there. Version 2 has one file
 * ("max 100000", or quota and period), version 1 two (-1 is no limit). */
static double group_quota(const char *directory)
{
    char path[PATH + FACT_TEXT];
    char line[FACT_TEXT];
    (void)snprintf(path, sizeof path, "%s/cpu.max", directory);
    if (read_line(path, line, FACT_TEXT)) {
        double quota = 0;
        double period = 0;
        return sscanf(line, "%lf %lf", &quota, &period) == 2 && period > 0 ? quota / period : FACT_UNKNOWN;
    }
    (void)snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", directory);
    int64_t quota = read_number(path);
    (void)snprintf(path, sizeof path, "%s/cpu.cfs_period_us", directory);
    int64_t period = read_number(path);
    return quota > 0 && period > 0 ? (double)quota / (double)period : FACT_UNKNOWN;
}

/* The tightest limit from a group up to its root: a container often sees its own group as the root. */
static double tightest_quota(const char *mount, const char *group)
{
    double tightest = FACT_UNKNOWN;
    char directory[PATH];
    if (snprintf(directory, sizeof directory, "%s%s", mount, group) >= (int)sizeof directory)
        return FACT_UNKNOWN;
    for (;;) {
        double quota = group_quota(directory);
        if (quota > 0 && (tightest < 0 || quota < tightest))
            tightest = quota;
        char *slash = strrchr(directory, '/');
        if (slash == NULL || (size_t)(slash - directory) < strlen(mount))
            return tightest;
        *slash = '\0';
    }
}

/* Whether a comma-separated list of controllers has "cpu". */
static bool lists_cpu(const char *controllers)
{
    for (const char *at = controllers; *at != '\0'; at += strspn(at, ",")) {
        size_t length = strcspn(at, ",");
        if (length == 3 && strncmp(at, "cpu", 3) == 0)
            return true;
        at += length;
    }
    return false;
}

/* Lines of /proc/self/cgroup: "id:controllers:/group"; version 2's has no controllers. */
static double read_quota(void)
{
    char line[PATH];
    double tightest = FACT_UNKNOWN;
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        trim(line);
        char *controllers = strchr(line, ':');
        char *group = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
        if (group == NULL)
            continue;
        *group++ = '\0';
        const char *mount = controllers[1] == '\0' ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu";
        if (controllers[1] != '\0' && !lists_cpu(controllers + 1))
            continue;
        double quota = tightest_quota(mount, group);
        if (quota > 0 && (tightest < 0 || quota < tightest))
            tightest = quota;
    }
    if (file != NULL)
        (void)fclose(file);
    return tightest;
}

static int64_t read_aslr(void)
{
    int persona = personality(0xffffffff); /* asks, and changes nothing */
    if (persona != -1 && (persona & ADDR_NO_RANDOMIZE) != 0)
        return 0;
    return read_number("/proc/sys/kernel/randomize_va_space");
}

static const char *read_scheduler(void)
{
    switch (sched_getscheduler(0)) {
    case SCHED_OTHER: return "other";
    case SCHED_BATCH: return "batch";
    case SCHED_IDLE: return "idle";
    case SCHED_FIFO: return "fifo";
    case SCHED_RR: return "rr";
    default: return "unknown";
    }
}

/* By the kernel's numbers of the modes; flags are above them. */
static const char *read_memory_policy(void)
{
    static const char *const names[] = {"default", "preferred", "bind", "interleave", "local", "preferred many",
                                        "weighted interleave"};
    int mode = -1;
    if (syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0) != 0)
        return "";
    mode &= 0xff;
    return mode >= 0 && mode < (int)(sizeof names / sizeof *names) ? names[mode] : "unknown";
}

static void read_memory(struct machine_facts *f)
{
    int64_t total = memory_bytes("SwapTotal");
    int64_t left = memory_bytes("SwapFree");
    f->memory = memory_bytes("MemTotal");
    f->swap_used = total != FACT_UNKNOWN && left != FACT_UNKNOWN ? total - left : FACT_UNKNOWN;
    f->aslr = read_aslr();
    (void)read_choice("/sys/kernel/mm/transparent_hugepage/enabled", f->huge_pages, FACT_TEXT);
    if (prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1)
        (void)snprintf(f->huge_pages, FACT_TEXT, "off for this process");
}

void machine_facts_read(struct machine_facts *f, const struct machine_topology *t)
{
    memset(f, 0, sizeof *f);
    f->min_khz = FACT_UNKNOWN;
    f->max_khz = FACT_UNKNOWN;
    f->kernel_known = uname(&f->kernel) == 0;
    read_os(f->os);
    read_processor(f);
    f->online_pus = sysconf(_SC_NPROCESSORS_ONLN);
    f->online_cores = count_cores();
    f->smt = read_smt(f);
    f->turbo = read_turbo();
    (void)boot_option("isolcpus", f->isolated, FACT_TEXT);
    read_memory(f);
    f->load_known = getloadavg(f->load, FACT_LOADS) == FACT_LOADS;
    f->quota = read_quota();
    f->nice = getpriority(PRIO_PROCESS, 0);
    f->scheduler = read_scheduler();
    f->memory_policy = read_memory_policy();
    f->numa_balancing = read_number("/proc/sys/kernel/numa_balancing");
    (void)boot_option("mitigations", f->mitigations, FACT_TEXT);

    unsigned n = topology_is_this_machine(t) ? topology_pus(t) : 0;
    unsigned *cpus = calloc(n + 1, sizeof *cpus);
    if (cpus != NULL) /* without memory these facts are null, like any other that is missing */
        read_frequencies(f, cpus, placement_order(t, PLACEMENT_COMPACT, cpus, n));
    free(cpus);
}
