/* here.c - the tests of --here: limits and pinning on the machine that runs the test; and --machine's facts. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_setaffinity, CPU_SET */
#endif

#include "tests/harness/placement/check.h"

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/machine/machine.h"
#include "bench/machine/pin.h"
#include "bench/noise/steal.h"

static struct machine_topology *open_here(void)
{
    char error[ERROR_SIZE] = "";
    struct machine_topology *t = NULL;
    if (topology_open(&t, NULL, error, sizeof error) != 0) {
        (void)fprintf(stderr, "this machine: %s\n", error);
        exit(2);
    }
    topology_use_all_kinds(t, true);
    return t;
}

static cpu_set_t own_mask(void)
{
    cpu_set_t mask;
    CPU_ZERO(&mask);
    CHECK(sched_getaffinity(0, sizeof mask, &mask) == 0, "mask");
    return mask;
}

static void test_all_allowed(void)
{
    cpu_set_t mask = own_mask();
    struct machine_topology *t = open_here();
    CHECK(topology_is_this_machine(t), "this machine");
    CHECK(topology_pus(t) == (unsigned)CPU_COUNT(&mask), "%u PUs of %d", topology_pus(t), CPU_COUNT(&mask));
    unsigned *order = whole_order(t, PLACEMENT_COMPACT);
    for (unsigned i = 0; i < topology_pus(t); i++)
        CHECK(CPU_ISSET(order[i], &mask), "CPU %u is not allowed", order[i]);
    free(order);
    check_invariants(t);
    topology_close(t);
}

/* What `taskset -c CPU` does, for each CPU: the topology is that CPU and nothing else. */
static void test_limited(void)
{
    cpu_set_t mask = own_mask();
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        cpu_set_t one;
        unsigned got = UINT32_MAX;
        if (!CPU_ISSET(cpu, &mask))
            continue;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        CHECK(sched_setaffinity(0, sizeof one, &one) == 0, "CPU %u", cpu);
        struct machine_topology *t = open_here();
        CHECK(topology_pus(t) == 1 && topology_cores(t) == 1, "%u PUs", topology_pus(t));
        CHECK(placement_order(t, PLACEMENT_SCATTER, &got, 1) == 1 && got == cpu, "CPU %u, not %u", got, cpu);
        CHECK(pin_self(t, cpu, NULL, 0) == 0, "pin to CPU %u", cpu);
        check_round_trip(t);
        topology_close(t);
        CHECK(sched_setaffinity(0, sizeof mask, &mask) == 0, "mask");
    }
}

static void test_pinning(void)
{
    char error[ERROR_SIZE] = "";
    cpu_set_t before = own_mask();
    struct machine_topology *t = open_here();
    struct pin_saved *saved = pin_save(t);
    unsigned *order = whole_order(t, PLACEMENT_SCATTER);
    unsigned n = topology_pus(t);
    CHECK(saved != NULL, "mask");
    for (unsigned i = 0; i < n; i++) {
        CHECK(pin_self(t, order[i], error, sizeof error) == 0, "%s", error);
        CHECK(pin_verify_self(t, order[i]), "not on CPU %u", order[i]);
        CHECK(n == 1 || !pin_verify_self(t, order[(i + 1) % n]), "on CPU %u too", order[(i + 1) % n]);
    }
    CHECK(pin_self(t, 77777, error, sizeof error) == -1, "pinned to CPU 77777");
    CHECK(strstr(error, "CPU 77777") != NULL, "%s", error);
    CHECK(pin_verify_self(t, order[n - 1]), "moved by a pin that failed");
    CHECK(pin_restore(t, saved) == 0, "restore");
    cpu_set_t after = own_mask();
    CHECK(CPU_EQUAL(&before, &after), "%d CPUs, then %d", CPU_COUNT(&before), CPU_COUNT(&after));
    free(order);
    topology_close(t);
}

struct pinned_thread {
    pthread_t thread;
    const struct machine_topology *t;
    unsigned cpu;
    bool good;
};

static void *stay_pinned(void *argument)
{
    struct pinned_thread *p = argument;
    p->good = pin_self(p->t, p->cpu, NULL, 0) == 0;
    for (int i = 0; i < 1000; i++)
        p->good = p->good && pin_verify_self(p->t, p->cpu);
    return NULL;
}

/* At most 16 threads at once, each on its own CPU; the thread that started them keeps its mask. */
static void test_pinned_threads(void)
{
    struct pinned_thread threads[16];
    cpu_set_t before = own_mask();
    struct machine_topology *t = open_here();
    unsigned *order = whole_order(t, PLACEMENT_CORES);
    unsigned n = topology_pus(t) < 16 ? topology_pus(t) : 16;
    for (unsigned i = 0; i < n; i++) {
        threads[i] = (struct pinned_thread){.t = t, .cpu = order[i]};
        CHECK(pthread_create(&threads[i].thread, NULL, stay_pinned, &threads[i]) == 0, "thread %u", i);
    }
    for (unsigned i = 0; i < n; i++) {
        CHECK(pthread_join(threads[i].thread, NULL) == 0, "thread %u", i);
        CHECK(threads[i].good, "thread %u left CPU %u", i, threads[i].cpu);
    }
    cpu_set_t after = own_mask();
    CHECK(CPU_EQUAL(&before, &after), "mask");
    free(order);
    topology_close(t);
}

/* A machine that hwloc was told to believe in is no place to pin threads. */
static void expect_replaced(const char *variable, const char *value)
{
    char error[ERROR_SIZE] = "";
    struct machine_topology *t = NULL;
    CHECK(setenv(variable, value, 1) == 0, "%s", variable);
    CHECK(topology_open(&t, NULL, error, sizeof error) == 0, "%s: %s", variable, error);
    CHECK(t != NULL && !topology_is_this_machine(t), "%s is taken for this machine", variable);
    topology_close(t);
    CHECK(unsetenv(variable) == 0, "%s", variable);
}

static void test_replaced_machine(void)
{
    expect_replaced("HWLOC_SYNTHETIC", "pack:4 core:4 pu:2");
    expect_replaced("HWLOC_FSROOT", "/tmp");
}

static void test_steal(void)
{
    struct machine_topology *t = open_here();
    unsigned *order = whole_order(t, PLACEMENT_COMPACT);
    unsigned twice[] = {order[0], order[0]};
    uint64_t all = 1;
    uint64_t one = 1;
    CHECK(machine_steal_ms(order, topology_pus(t), &all) == 0, "steal");
    CHECK(machine_steal_ms(twice, 2, &one) == 0, "a CPU named twice");
    CHECK(machine_steal_ms(order, 0, &one) == 0 && one == 0, "no CPU has no steal");
    CHECK(machine_steal_ms(&(unsigned){77777}, 1, &one) == -1 && one == 0, "steal of no CPU");
    free(order);
    topology_close(t);
}

/* Facts as JSON, with a library whose name and version are as nasty as bytes can be. */
int print_machine(void)
{
    static const struct machine_library items[] = {
        {"benchmark", "1.7.1"},
        {"nasty\"\\\n", "a\x01\xff\xc3(\xed\xa0\x80\xe2\x82\xac\xf0\x9f\x98\x80\xf0\x9f"},
        {"absent", NULL},
    };
    const struct machine_libraries libs = {items, 3};
    struct machine_topology *t = open_here();
    int result = machine_write_json(stdout, t, &libs, NULL);
    topology_close(t);
    (void)putchar('\n');
    return result == 0 ? 0 : 1;
}

void test_here(void)
{
    test_all_allowed();
    test_limited();
    test_pinning();
    test_pinned_threads();
    test_replaced_machine();
    test_steal();
}
