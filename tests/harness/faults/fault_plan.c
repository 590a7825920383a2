/* See fault_plan.h and fault.h. */
#include "tests/harness/faults/fault_plan.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/registry/workload.h"

static struct plan {
    enum fault fault;
    uint64_t among, seed;
} plan;

/* A thread's part: in a list, so that the end of the process finds those of threads that have ended. */
struct progress {
    uint64_t done, due;
    struct progress *next;
};

static struct progress *all;
static _Thread_local struct progress *own;
static _Thread_local bool ready;

static uint64_t number(const char *name)
{
    const char *value = getenv(name);
    return value != NULL ? strtoull(value, NULL, 10) : 0;
}

__attribute__((constructor)) static void read_plan(void)
{
    static const char *const names[] = {"none",           "lost_increment",   "double_increment",
                                        "lost_decrement", "double_decrement", "early_free",
                                        "crash",          "hang",             "overflow"};
    const char *name = getenv("RCBENCH_FAULT");
    for (unsigned i = 0; name != NULL && i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            plan.fault = (enum fault)i;
    plan.among = number("RCBENCH_FAULT_AMONG");
    plan.seed = number("RCBENCH_FAULT_SEED");
}

/* The fewest that a thread had, of those that had any: each thread is likely to come to its fault then. */
__attribute__((destructor)) static void say_least(void)
{
    uint64_t least = 0;
    for (struct progress *one = all; one != NULL; one = one->next)
        if (one->done > 0 && (least == 0 || one->done < least))
            least = one->done;
    if (plan.fault != FAULT_NONE && plan.among == 0)
        fprintf(stderr, "fault: %llu operations\n", (unsigned long long)least);
}

enum fault fault_kind(void) { return plan.fault; }

/* Not from the allocator whose heap the faults may spoil. */
static struct progress *begin_thread(void)
{
    static struct progress threads[64];
    static unsigned count;
    unsigned index = __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
    ready = true;
    if (index >= sizeof threads / sizeof *threads)
        return NULL;
    struct progress *one = &threads[index];
    uint64_t state = plan.seed + index;
    one->due = plan.among > 0 ? random_below(&state, plan.among) : UINT64_MAX;
    one->next = __atomic_load_n(&all, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&all, &one->next, one, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
    return one;
}

bool fault_due(void)
{
    static const char said[] = "fault: happened\n";
    if (!ready)
        own = begin_thread();
    if (own == NULL || own->done++ != own->due)
        return false;
    return write(STDERR_FILENO, said, sizeof said - 1) > 0;
}

static int overflow(volatile char *outer, unsigned depth)
{
    volatile char frame[1 << 12];
    frame[0] = outer[0];
    return depth == 0 ? 0 : overflow(frame, depth - 1) + frame[0];
}

void fault_end(void)
{
    volatile char nothing = 0;
    volatile int *volatile nowhere = NULL;
    switch (plan.fault) {
    case FAULT_CRASH: *nowhere = 0; return;
    case FAULT_HANG: for (;;) pause(); return;
    case FAULT_OVERFLOW: overflow(&nothing, UINT32_MAX); return;
    default: return;
    }
}
