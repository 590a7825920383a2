/* machine.c - the facts about machine, compiler and libraries as JSON, and the warnings that follow from them.
 * See machine.h. CMake hands in RCBENCH_COMPILER, RCBENCH_BUILD_TYPE, RCBENCH_C_FLAGS and RCBENCH_REVISION.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* gnu_get_libc_version */
#endif

#include "bench/machine/machine.h"

#include <hwloc.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#include "bench/noise/counters.h"
#include "bench/base/json.h"
#include "bench/machine/machine_facts.h"
#include "bench/noise/noise.h"
#include "bench/noise/neighbour_probe.h"
#include "bench/machine/placement.h"
#include "bench/machine/topology.h"

#ifndef RCBENCH_COMPILER
#define RCBENCH_COMPILER "unknown"
#endif
#ifndef RCBENCH_BUILD_TYPE
#define RCBENCH_BUILD_TYPE "unknown"
#endif
#ifndef RCBENCH_C_FLAGS
#define RCBENCH_C_FLAGS "unknown"
#endif
#ifndef RCBENCH_CXX_FLAGS
#define RCBENCH_CXX_FLAGS "unknown"
#endif
#ifndef RCBENCH_LINK_FLAGS
#define RCBENCH_LINK_FLAGS "unknown"
#endif
#ifndef RCBENCH_REVISION
#define RCBENCH_REVISION "unknown"
#endif

#ifndef RCBENCH_SANITIZED
#define RCBENCH_SANITIZED 0
#endif

const char *machine_build_fault(void)
{
#ifndef __OPTIMIZE__
    return "is not optimized";
#else
    return RCBENCH_SANITIZED ? "has a sanitizer in it" : NULL;
#endif
}

/* ---- sections ---------------------------------------------------------------------------------- */

static void write_system(struct json *j, const struct machine_facts *f)
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
        char key[FACT_TEXT];
        size_t bytes = known ? topology_cache_bytes(t, cpu, level) : 0;
        (void)snprintf(key, sizeof key, "l%u_bytes", level);
        json_number(j, key, bytes > 0 ? (int64_t)bytes : FACT_UNKNOWN);
    }
    json_close(j, '}');
}

static void write_processor(struct json *j, const struct machine_facts *f)
{
    json_string(j, "cpu", f->model);
    json_string(j, "cpu_vendor", f->vendor);
    json_string(j, "microcode", f->microcode);
    json_bool(j, "constant_tsc", f->flags_known ? f->constant_tsc : FACT_UNKNOWN);
    json_bool(j, "nonstop_tsc", f->flags_known ? f->nonstop_tsc : FACT_UNKNOWN);
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
    char kinds[TOPOLOGY_KINDS_TEXT];
    json_string(j, "core_kinds_used", topology_kinds_text(t, true, kinds));
    json_string(j, "core_kinds_left", topology_kinds_text(t, false, kinds));
    json_number(j, "numa_nodes", topology_numa_nodes(t));
    write_caches(j, t);
}

static void write_settings(struct json *j, const struct machine_facts *f)
{
    json_string(j, "governor", f->governor);
    json_bool(j, "turbo", f->turbo);
    json_number(j, "min_frequency_khz", f->min_khz);
    json_number(j, "max_frequency_khz", f->max_khz);
    json_string(j, "isolcpus", f->isolated);
    json_string(j, "transparent_hugepages", f->huge_pages);
    json_number(j, "aslr", f->aslr);
    json_number(j, "nice", f->nice);
    json_string(j, "scheduler", f->scheduler);
    json_string(j, "memory_policy", f->memory_policy);
    json_number(j, "numa_balancing", f->numa_balancing);
    json_string(j, "mitigations", f->mitigations);
    json_number(j, "memory_bytes", f->memory);
    json_number(j, "swap_used_bytes", f->swap_used);
    json_key(j, "load_average");
    for (int i = 0; f->load_known && i < FACT_LOADS; i++) {
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

/* Variables by which a user, or a library's own means, changes what an operation costs. */
static bool moves_numbers(const char *variable)
{
    static const char *const prefixes[] = {"MALLOC_", "_RJEM_MALLOC_CONF", "MIMALLOC_", "TCMALLOC_", "GLIBC_TUNABLES",
                                           "LD_", "HWLOC_", "GC_", "KMP_", "OMP_", "ASAN_", "TSAN_", "UBSAN_", "LSAN_"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(variable, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static void write_environment(struct json *j)
{
    char key[FACT_TEXT];
    ssize_t length = readlink("/etc/malloc.conf", key, sizeof key - 1); /* jemalloc's, which is a link to its text */
    key[length > 0 ? length : 0] = '\0';
    json_string(j, "jemalloc_conf_link", key);
    json_key(j, "environment");
    json_open(j, '{');
    for (char **at = environ; *at != NULL; at++) {
        const char *value = strchr(*at, '=');
        if (value == NULL || !moves_numbers(*at) || value - *at >= FACT_TEXT)
            continue;
        (void)snprintf(key, sizeof key, "%.*s", (int)(value - *at), *at);
        json_string(j, key, value + 1);
    }
    json_close(j, '}');
}

/* Which kinds of noise the rows can tell of here, and which nobody would notice. */
static void write_noise(struct json *j, const struct machine_topology *t)
{
    unsigned cpu = 0;
    char names[NOISE_TEXT];
    unsigned all = (1u << NOISE_KINDS) - 1;
    bool known = topology_is_this_machine(t) && placement_order(t, PLACEMENT_COMPACT, &cpu, 1) == 1;
    unsigned watched = known ? noise_watched(cpu) : 0;
    json_string(j, "noise_watched", noise_text(watched, names));
    json_string(j, "noise_unwatched", noise_text(all & ~watched, names));
}

/* How the rows come to cycles. */
static void write_cycles(struct json *j)
{
    unsigned cycles = pace_step_cycles();
    const char *missing = counters_unavailable();
    json_number(j, "clock_step_cycles", cycles > 0 ? (int64_t)cycles : FACT_UNKNOWN);
    json_string(j, "processor_counters", missing == NULL ? "available" : missing);
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
    json_string(j, "cxx_flags", RCBENCH_CXX_FLAGS);
    json_string(j, "link_flags", RCBENCH_LINK_FLAGS);
    json_bool(j, "fit_to_measure", machine_build_fault() == NULL);
    json_string(j, "revision", RCBENCH_REVISION);
}

static void write_hwloc(struct json *j)
{
    char running[FACT_TEXT];
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
    char text[2 * TOPOLOGY_KINDS_TEXT + FACT_TEXT];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    json_next(j);
    json_text(j, text);
}

static void warn_of_frequency(struct json *j, const struct machine_facts *f)
{
    if (f->governor[0] != '\0' && strcmp(f->governor, "performance") != 0)
        warn(j, "The frequency governor is %s: set it with \"cpupower frequency-set -g performance\".", f->governor);
    if (f->turbo == 1)
        warn(j, "Turbo is on, so the clock falls as more cores work: turn it off (echo 1 > "
                "/sys/devices/system/cpu/intel_pstate/no_turbo, or echo 0 > "
                "/sys/devices/system/cpu/cpufreq/boost) before you compare thread counts.");
}

static void warn_of_processor(struct json *j, const struct machine_facts *f)
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

/* What is preloaded has a name in the rows; how an allocator is tuned has none. */
static void warn_of_environment(struct json *j)
{
    static const char *const tuning[] = {"MALLOC_CONF", "GLIBC_TUNABLES"};
    for (size_t i = 0; i < sizeof tuning / sizeof *tuning; i++)
        if (getenv(tuning[i]) != NULL)
            warn(j, "%s is set (%.160s): it changes what allocation costs; unset it unless that is what you measure.",
                 tuning[i], getenv(tuning[i]));
}

static void warn_of_company(struct json *j, const struct machine_facts *f)
{
    if (f->swap_used > 0)
        warn(j, "Swap is in use (%" PRId64 " MiB): free memory or turn swap off (swapoff -a).",
             (f->swap_used + 1048575) / 1048576);
    if (f->quota > 0)
        warn(j,
             "A control group limits this process to %u.%02u CPUs, so threads are stopped in the middle of "
             "a window: lift the quota (cpu.max), or run fewer threads than that.",
             (unsigned)f->quota, (unsigned)(f->quota * 100.0) % 100);
}

static void warn_of_kinds(struct json *j, const struct machine_topology *t)
{
    char used[TOPOLOGY_KINDS_TEXT], left[TOPOLOGY_KINDS_TEXT];
    topology_kinds_text(t, true, used);
    if (topology_kinds_text(t, false, left)[0] != '\0')
        warn(j, "This processor has %u kinds of cores. Used: %s. Left: %s (--all-kinds uses them, too).",
             topology_kinds(t), used, left);
    else
        warn(j, "This processor has %u kinds of cores, and all are used: %s. A mean over them describes none: compare "
                "cells whose threads are on the same CPUs only.", topology_kinds(t), used);
}

static void write_warnings(struct json *j, const struct machine_facts *f, const struct machine_topology *t)
{
    json_key(j, "warnings");
    json_open(j, '[');
    if (machine_build_fault() != NULL)
        warn(j, "This build %s (type %s, flags %s): its times are of no use.", machine_build_fault(),
             RCBENCH_BUILD_TYPE[0] != '\0' ? RCBENCH_BUILD_TYPE : "none", RCBENCH_C_FLAGS);
    if (!topology_is_this_machine(t))
        warn(j, "The topology is not this machine's, so threads cannot be pinned: use it for plans only.");
    if (topology_is_this_machine(t) && topology_kinds(t) > 1)
        warn_of_kinds(j, t);
    warn_of_frequency(j, f);
    warn_of_processor(j, f);
    warn_of_company(j, f);
    warn_of_environment(j);
    json_close(j, ']');
}

int machine_write_json(FILE *out, const struct machine_topology *t, const struct machine_libraries *libs,
                       void (*more)(struct json *j))
{
    struct machine_facts f;
    struct json j = {out, 0, true};
    machine_facts_read(&f, t);
    json_open(&j, '{');
    write_system(&j, &f);
    write_processor(&j, &f);
    write_topology(&j, t);
    write_settings(&j, &f);
    write_environment(&j);
    write_noise(&j, t);
    write_cycles(&j);
    write_build(&j);
    write_libraries(&j, libs);
    if (more != NULL)
        more(&j);
    write_warnings(&j, &f, t);
    json_close(&j, '}');
    /* A full disk shows when the buffer is written, not before. */
    return fflush(out) != 0 || ferror(out) ? -1 : 0;
}
