/* machine.c - facts about the machine, the compiler and the libraries, as JSON. See machine.h.
 *
 * Three parts: small readers of /proc and /sys, a struct of the facts that warnings depend on, and the
 * writer. CMake hands in RCBENCH_COMPILER, RCBENCH_BUILD_TYPE, RCBENCH_C_FLAGS and RCBENCH_REVISION.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* getloadavg, gnu_get_libc_version */
#endif

#include "bench/machine.h"

#include <ctype.h>
#include <hwloc.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#ifndef RCBENCH_COMPILER
#define RCBENCH_COMPILER "unknown"
#endif
#ifndef RCBENCH_BUILD_TYPE
#define RCBENCH_BUILD_TYPE "unknown"
#endif
#ifndef RCBENCH_C_FLAGS
#define RCBENCH_C_FLAGS "unknown"
#endif
#ifndef RCBENCH_REVISION
#define RCBENCH_REVISION "unknown"
#endif

#define CPU_DIRECTORY "/sys/devices/system/cpu/"

enum { TEXT = 256, PATH = 512, LINE = 8192, LOADS = 3, UNKNOWN = -1 };

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

/* The file's first line as a number that is not negative; UNKNOWN otherwise. */
static int64_t read_number(const char *path)
{
    char line[TEXT];
    if (!read_line(path, line, TEXT) || !isdigit((unsigned char)line[0]))
        return UNKNOWN;
    return (int64_t)strtoll(line, NULL, 10);
}

/* The value of the first line "key<spaces>separator<spaces>value", such as "model name : X". Lines longer
 * than the buffer are cut. */
static bool read_field(const char *path, const char *key, char separator, char *out, int size)
{
    static char line[LINE]; /* main thread only, as machine_write_json says */
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

/* Bytes of a field of /proc/meminfo, which counts in KiB; UNKNOWN when it is not there. */
static int64_t memory_bytes(const char *field)
{
    char text[TEXT];
    if (!read_field("/proc/meminfo", field, ':', text, TEXT))
        return UNKNOWN;
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
    char line[TEXT];
    out[0] = '\0';
    if (!read_line(path, line, TEXT))
        return false;
    const char *open = strchr(line, '[');
    size_t length = open != NULL ? strcspn(open + 1, "]") : 0;
    (void)snprintf(out, size, "%.*s", (int)length, open != NULL ? open + 1 : "");
    return length > 0;
}

/* ---- facts ------------------------------------------------------------------------------------- */

struct facts {
    struct utsname kernel;
    bool kernel_known;
    char os[TEXT];
    char model[TEXT];
    char vendor[TEXT];
    char microcode[TEXT];
    char governor[TEXT]; /* "mixed" when the allowed CPUs differ */
    char isolated[TEXT];
    char huge_pages[TEXT];
    bool flags_known; /* /proc/cpuinfo has a flags line: x86 */
    bool constant_tsc;
    bool nonstop_tsc;
    int hypervisor; /* 0, 1 or UNKNOWN, as smt and turbo */
    int smt;
    int turbo;
    int64_t online_pus;
    int64_t online_cores;
    int64_t min_khz;
    int64_t max_khz;
    int64_t aslr;
    int64_t memory;
    int64_t swap_used;
    double load[LOADS]; /* 1, 5, 15 minutes */
    bool load_known;
    double quota; /* CPUs that the control group may use; negative: no limit, or not known */
};

static void read_os(char *out)
{
    if (!read_field("/etc/os-release", "PRETTY_NAME", '=', out, TEXT))
        return;
    size_t length = strlen(out);
    if (length >= 2 && (out[0] == '"' || out[0] == '\'')) {
        out[length - 1] = '\0';
        memmove(out, out + 1, length - 1);
    }
}

/* ARM has no model name, but numbers that `lscpu` knows the names of. */
static void read_model(struct facts *f)
{
    char part[TEXT];
    if (read_field("/proc/cpuinfo", "model name", ':', f->model, TEXT))
        return;
    if (read_field("/proc/cpuinfo", "CPU part", ':', part, TEXT))
        (void)snprintf(f->model, TEXT, "CPU part %.64s", part);
}

static void read_processor(struct facts *f)
{
    static char flags[LINE];
    read_model(f);
    if (!read_field("/proc/cpuinfo", "vendor_id", ':', f->vendor, TEXT))
        (void)read_field("/proc/cpuinfo", "CPU implementer", ':', f->vendor, TEXT);
    (void)read_field("/proc/cpuinfo", "microcode", ':', f->microcode, TEXT);
    f->flags_known = read_field("/proc/cpuinfo", "flags", ':', flags, LINE);
    f->constant_tsc = has_word(flags, "constant_tsc");
    f->nonstop_tsc = has_word(flags, "nonstop_tsc");
    f->hypervisor = f->flags_known ? has_word(flags, "hypervisor") : UNKNOWN;
    if (f->hypervisor != 1 && (access("/sys/hypervisor/type", R_OK) == 0 ||
                               access("/proc/device-tree/hypervisor", R_OK) == 0))
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
    return cores > 0 ? cores : UNKNOWN;
}

static int read_smt(const struct facts *f)
{
    int64_t active = read_number(CPU_DIRECTORY "smt/active");
    if (active != UNKNOWN)
        return active != 0;
    if (f->online_cores == UNKNOWN || f->online_pus == UNKNOWN)
        return UNKNOWN;
    return f->online_pus > f->online_cores;
}

static int read_turbo(void)
{
    int64_t off = read_number(CPU_DIRECTORY "intel_pstate/no_turbo");
    if (off != UNKNOWN)
        return off == 0;
    int64_t boost = read_number(CPU_DIRECTORY "cpufreq/boost");
    return boost != UNKNOWN ? boost != 0 : UNKNOWN;
}

/* The frequency facts of the CPUs that the run may use: the lowest minimum, the highest maximum, and the
 * governor where all agree. */
static void read_frequencies(struct facts *f, const unsigned *cpus, int n)
{
    for (int i = 0; i < n; i++) {
        char path[PATH];
        char governor[TEXT];
        (void)snprintf(path, sizeof path, CPU_DIRECTORY "cpu%u/cpufreq/scaling_governor", cpus[i]);
        if (read_line(path, governor, TEXT)) {
            bool same = f->governor[0] == '\0' || strcmp(f->governor, governor) == 0;
            (void)snprintf(f->governor, TEXT, "%s", same ? governor : "mixed");
        }
        (void)snprintf(path, sizeof path, CPU_DIRECTORY "cpu%u/cpufreq/cpuinfo_min_freq", cpus[i]);
        int64_t low = read_number(path);
        if (low != UNKNOWN && (f->min_khz == UNKNOWN || low < f->min_khz))
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
    char path[PATH + TEXT];
    char line[TEXT];
    (void)snprintf(path, sizeof path, "%s/cpu.max", directory);
    if (read_line(path, line, TEXT)) {
        double quota = 0;
        double period = 0;
        return sscanf(line, "%lf %lf", &quota, &period) == 2 && period > 0 ? quota / period : UNKNOWN;
    }
    (void)snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", directory);
    int64_t quota = read_number(path);
    (void)snprintf(path, sizeof path, "%s/cpu.cfs_period_us", directory);
    int64_t period = read_number(path);
    return quota > 0 && period > 0 ? (double)quota / (double)period : UNKNOWN;
}

/* The tightest limit from a group up to its root: a container often sees its own group as the root. */
static double tightest_quota(const char *mount, const char *group)
{
    double tightest = UNKNOWN;
    char directory[PATH];
    if (snprintf(directory, sizeof directory, "%s%s", mount, group) >= (int)sizeof directory)
        return UNKNOWN;
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
    double tightest = UNKNOWN;
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

static void read_memory(struct facts *f)
{
    int64_t total = memory_bytes("SwapTotal");
    int64_t left = memory_bytes("SwapFree");
    f->memory = memory_bytes("MemTotal");
    f->swap_used = total != UNKNOWN && left != UNKNOWN ? total - left : UNKNOWN;
    f->aslr = read_number("/proc/sys/kernel/randomize_va_space");
    (void)read_choice("/sys/kernel/mm/transparent_hugepage/enabled", f->huge_pages, TEXT);
}

static void gather(struct facts *f, const struct machine_topology *t)
{
    memset(f, 0, sizeof *f);
    f->min_khz = UNKNOWN;
    f->max_khz = UNKNOWN;
    f->kernel_known = uname(&f->kernel) == 0;
    read_os(f->os);
    read_processor(f);
    f->online_pus = sysconf(_SC_NPROCESSORS_ONLN);
    f->online_cores = count_cores();
    f->smt = read_smt(f);
    f->turbo = read_turbo();
    (void)boot_option("isolcpus", f->isolated, TEXT);
    read_memory(f);
    f->load_known = getloadavg(f->load, LOADS) == LOADS;
    f->quota = read_quota();

    unsigned n = topology_is_this_machine(t) ? topology_pus(t) : 0;
    unsigned *cpus = calloc(n + 1, sizeof *cpus);
    if (cpus != NULL) /* without memory these facts are null, like any other that is missing */
        read_frequencies(f, cpus, placement_order(t, PLACEMENT_COMPACT, cpus, n));
    free(cpus);
}

/* ---- JSON -------------------------------------------------------------------------------------- */

struct json {
    FILE *out;
    unsigned depth;
    bool first; /* nothing stands before the next member */
};

static void json_next(struct json *j)
{
    (void)fprintf(j->out, "%s\n%*s", j->first ? "" : ",", (int)(2 * j->depth), "");
    j->first = false;
}

/* Length of the UTF-8 sequence at s, or 0 when it is not one. */
static unsigned utf8_length(const unsigned char *s)
{
    unsigned n = s[0] < 0x80 ? 1 : s[0] >= 0xC2 && s[0] < 0xE0 ? 2 : (s[0] & 0xF0) == 0xE0 ? 3 : 0;
    if (n == 0 && s[0] >= 0xF0 && s[0] < 0xF5)
        n = 4;
    for (unsigned i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xF0 && s[1] < 0x90);
    bool beyond = (s[0] == 0xED && s[1] >= 0xA0) || (s[0] == 0xF4 && s[1] >= 0x90);
    return overlong || beyond ? 0 : n;
}

static void json_text(struct json *j, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    (void)fputc('"', j->out);
    while (*s != '\0') {
        unsigned n = utf8_length(s);
        if (*s == '"' || *s == '\\')
            (void)fprintf(j->out, "\\%c", *s);
        else if (*s < 0x20 || *s == 0x7F)
            (void)fprintf(j->out, "\\u%04x", (unsigned)*s);
        else if (n == 0)
            (void)fputs("\\ufffd", j->out); /* not UTF-8: the replacement character */
        else
            (void)fwrite(s, 1, n, j->out);
        s += n > 0 ? n : 1;
    }
    (void)fputc('"', j->out);
}

static void json_key(struct json *j, const char *key)
{
    json_next(j);
    json_text(j, key);
    (void)fputs(": ", j->out);
}

static void json_open(struct json *j, char bracket)
{
    (void)fputc(bracket, j->out);
    j->depth++;
    j->first = true;
}

static void json_close(struct json *j, char bracket)
{
    j->depth--;
    if (!j->first)
        (void)fprintf(j->out, "\n%*s", (int)(2 * j->depth), "");
    (void)fputc(bracket, j->out);
    j->first = false;
}

/* NULL and "" are null: a fact that is not known. */
static void json_string(struct json *j, const char *key, const char *text)
{
    json_key(j, key);
    if (text == NULL || text[0] == '\0')
        (void)fputs("null", j->out);
    else
        json_text(j, text);
}

/* Negative is null. */
static void json_number(struct json *j, const char *key, int64_t value)
{
    json_key(j, key);
    if (value < 0)
        (void)fputs("null", j->out);
    else
        (void)fprintf(j->out, "%" PRId64, value);
}

static void json_bool(struct json *j, const char *key, int value)
{
    json_key(j, key);
    (void)fputs(value == UNKNOWN ? "null" : value ? "true" : "false", j->out);
}

/* Hundredths in digits of our own: a locale's decimal comma is not JSON. */
static void json_hundredths(struct json *j, double value)
{
    uint64_t hundredths = (uint64_t)(value * 100.0 + 0.5);
    (void)fprintf(j->out, "%" PRIu64 ".%02u", hundredths / 100, (unsigned)(hundredths % 100));
}

/* ---- sections ---------------------------------------------------------------------------------- */

static void write_system(struct json *j, const struct facts *f)
{
    json_string(j, "host", f->kernel_known ? f->kernel.nodename : NULL);
    json_string(j, "kernel", f->kernel_known ? f->kernel.release : NULL);
    json_string(j, "kernel_version", f->kernel_known ? f->kernel.version : NULL);
    json_string(j, "architecture", f->kernel_known ? f->kernel.machine : NULL);
    json_string(j, "os", f->os);
}

static void write_caches(struct json *j, const struct machine_topology *t)
{
    unsigned cpu = 0;
    bool known = placement_order(t, PLACEMENT_COMPACT, &cpu, 1) == 1;
    json_key(j, "caches");
    json_open(j, '{');
    for (unsigned level = 1; level <= 3; level++) {
        char key[TEXT];
        size_t bytes = known ? topology_cache_bytes(t, cpu, level) : 0;
        (void)snprintf(key, sizeof key, "l%u_bytes", level);
        json_number(j, key, bytes > 0 ? (int64_t)bytes : UNKNOWN);
    }
    json_close(j, '}');
}

static void write_processor(struct json *j, const struct facts *f)
{
    json_string(j, "cpu", f->model);
    json_string(j, "cpu_vendor", f->vendor);
    json_string(j, "microcode", f->microcode);
    json_bool(j, "constant_tsc", f->flags_known ? f->constant_tsc : UNKNOWN);
    json_bool(j, "nonstop_tsc", f->flags_known ? f->nonstop_tsc : UNKNOWN);
    json_bool(j, "hypervisor", f->hypervisor);
    json_number(j, "cores", f->online_cores);
    json_number(j, "pus", f->online_pus);
    json_bool(j, "smt", f->smt);
}

static void write_topology(struct json *j, const struct machine_topology *t)
{
    json_bool(j, "topology_is_this_machine", topology_is_this_machine(t));
    json_number(j, "allowed_cores", topology_cores(t));
    json_number(j, "allowed_pus", topology_pus(t));
    json_number(j, "core_kinds", topology_kinds(t));
    json_number(j, "numa_nodes", topology_numa_nodes(t));
    write_caches(j, t);
}

static void write_settings(struct json *j, const struct facts *f)
{
    json_string(j, "governor", f->governor);
    json_bool(j, "turbo", f->turbo);
    json_number(j, "min_frequency_khz", f->min_khz);
    json_number(j, "max_frequency_khz", f->max_khz);
    json_string(j, "isolcpus", f->isolated);
    json_string(j, "transparent_hugepages", f->huge_pages);
    json_number(j, "aslr", f->aslr);
    json_number(j, "memory_bytes", f->memory);
    json_number(j, "swap_used_bytes", f->swap_used);
    json_key(j, "load_average");
    for (int i = 0; f->load_known && i < LOADS; i++) {
        (void)fputs(i == 0 ? "[" : ", ", j->out);
        json_hundredths(j, f->load[i]);
    }
    (void)fputs(f->load_known ? "]" : "null", j->out);
    json_key(j, "cgroup_cpu_quota");
    if (f->quota > 0)
        json_hundredths(j, f->quota);
    else
        (void)fputs("null", j->out);
}

static void write_build(struct json *j)
{
#ifdef __clang__
    static const char version[] = __VERSION__; /* says "Clang" itself */
#else
    static const char version[] = "gcc " __VERSION__;
#endif
    json_string(j, "compiler", version);
    json_string(j, "compiler_id", RCBENCH_COMPILER);
    json_string(j, "build_type", RCBENCH_BUILD_TYPE);
    json_string(j, "c_flags", RCBENCH_C_FLAGS);
    json_string(j, "revision", RCBENCH_REVISION);
}

static void write_hwloc(struct json *j)
{
    char running[TEXT];
    unsigned api = hwloc_get_api_version();
    (void)snprintf(running, sizeof running, "%u.%u.%u", api >> 16, (api >> 8) & 0xFF, api & 0xFF);
#ifdef HWLOC_VERSION
    json_string(j, "hwloc", HWLOC_VERSION);
#else
    json_string(j, "hwloc", NULL);
#endif
    json_string(j, "hwloc_api", running); /* the library that was loaded; it tells no more */
}

static void write_libraries(struct json *j, const struct machine_libraries *libs)
{
    json_key(j, "libraries");
    json_open(j, '{');
    write_hwloc(j);
#ifdef __GLIBC__
    json_string(j, "glibc", gnu_get_libc_version());
#endif
    for (unsigned i = 0; libs != NULL && i < libs->count; i++)
        json_string(j, libs->items[i].name, libs->items[i].version);
    json_close(j, '}');
}

/* ---- warnings ---------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void warn(struct json *j, const char *format, ...)
{
    char text[2 * TEXT];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    json_next(j);
    json_text(j, text);
}

static void warn_of_frequency(struct json *j, const struct facts *f)
{
    if (f->governor[0] != '\0' && strcmp(f->governor, "performance") != 0)
        warn(j, "The frequency governor is %s: set it with \"cpupower frequency-set -g performance\".",
             f->governor);
    if (f->turbo == 1)
        warn(j, "Turbo is on, so the clock falls as more cores work: turn it off (echo 1 > "
                "/sys/devices/system/cpu/intel_pstate/no_turbo, or echo 0 > "
                "/sys/devices/system/cpu/cpufreq/boost) before you compare thread counts.");
}

static void warn_of_processor(struct json *j, const struct facts *f)
{
    if (f->smt == 1)
        warn(j, "SMT is on: use --placement cores, so that threads share a core only when all cores are "
                "taken, or turn it off (echo off > /sys/devices/system/cpu/smt/control).");
    if (f->hypervisor == 1)
        warn(j, "This is a virtual machine, whose CPUs may be shared or moved by the host: look at steal_ms "
                "in the rows, and repeat on bare metal before you publish.");
    if (f->flags_known && !(f->constant_tsc && f->nonstop_tsc))
        warn(j, "The time-stamp counter is not invariant (constant_tsc and nonstop_tsc): distrust times "
                "under a microsecond, or measure on another machine.");
}

static void warn_of_company(struct json *j, const struct facts *f)
{
    if (f->load_known && f->load[0] > 0.5)
        warn(j, "The load average is %u.%02u: end other programs and wait a minute before measuring.",
             (unsigned)f->load[0], (unsigned)(f->load[0] * 100.0) % 100);
    if (f->swap_used > 0)
        warn(j, "Swap is in use (%" PRId64 " MiB): free memory or turn swap off (swapoff -a).",
             (f->swap_used + 1048575) / 1048576);
    if (f->quota > 0)
        warn(j, "A control group limits this process to %u.%02u CPUs, so threads are stopped in the middle of "
                "a window: lift the quota (cpu.max), or run fewer threads than that.",
             (unsigned)f->quota, (unsigned)(f->quota * 100.0) % 100);
}

static void write_warnings(struct json *j, const struct facts *f, const struct machine_topology *t)
{
    json_key(j, "warnings");
    json_open(j, '[');
    if (!topology_is_this_machine(t))
        warn(j, "The topology is not this machine's, so threads cannot be pinned: use it for plans only.");
    if (topology_is_this_machine(t) && topology_kinds(t) > 1)
        warn(j, "This processor has %u kinds of cores: compare runs of the same kind only.",
             topology_kinds(t));
    warn_of_frequency(j, f);
    warn_of_processor(j, f);
    warn_of_company(j, f);
    json_close(j, ']');
}

int machine_write_json(FILE *out, const struct machine_topology *t, const struct machine_libraries *libs)
{
    struct facts f;
    struct json j = {out, 0, true};
    gather(&f, t);
    json_open(&j, '{');
    write_system(&j, &f);
    write_processor(&j, &f);
    write_topology(&j, t);
    write_settings(&j, &f);
    write_build(&j);
    write_libraries(&j, libs);
    write_warnings(&j, &f, t);
    json_close(&j, '}');
    /* A full disk shows when the buffer is written, not before. */
    return fflush(out) != 0 || ferror(out) ? -1 : 0;
}

/* ---- steal ------------------------------------------------------------------------------------- */

/* Adds a line's steal ("cpuN user nice system idle iowait irq softirq steal ...") when its CPU was asked for.
 * Returns how often it was: threads that share a CPU name it more than once, and it counts once. */
static unsigned add_steal(const char *line, const unsigned *os_index, unsigned n, uint64_t *ticks)
{
    unsigned cpu = 0;
    unsigned asked = 0;
    uint64_t steal = 0;
    if (sscanf(line, "cpu%u %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &cpu, &steal) != 2)
        return 0;
    for (unsigned i = 0; i < n; i++)
        asked += os_index[i] == cpu;
    *ticks += asked > 0 ? steal : 0;
    return asked;
}

int machine_steal_ms(const unsigned *os_index, unsigned n, uint64_t *ms)
{
    char line[TEXT];
    uint64_t ticks = 0;
    unsigned found = 0;
    long per_second = sysconf(_SC_CLK_TCK);
    FILE *file = fopen("/proc/stat", "re");
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
