/* pace.c - whether somebody else uses the core. See pace.h. */
#include "bench/noise/neighbour_probe.h"

#include "bench/noise/native_work.h"
#include "core/base/platform.h"

/* Each part takes some 2 us, and the shortest of three counts: one interrupt is no neighbour. */
enum { LOOP_STEPS = 2000, CHAIN_STEPS = 2000, TRIES = 3 };

/* For the cycles of a step: some 20 us each time. */
enum { ADDITIONS = 16, RATIO_STEPS = 16000, RATIO_TRIES = 24 };
#define WHOLE_WITHIN 0.15

/* Undisturbed, the quotient stays within 2 % of its baseline; with a neighbour it is 1.2 to 2.2 times that. */
#define CONTENDED_MIN 1.1

/* The baseline is the lowest quotient but so many in a hundred, and at most but LOWEST - 1. */
enum { LOWEST = 8, BASELINE_PERCENT = 5 };

enum { CPUS = 4096, SEARCH = 40 };
#define SEARCH_PAUSE_NS UINT64_C(500000)
#define AWAIT_PAUSE_NS  UINT64_C(2000000)
#define AWAIT_NS_MAX    UINT64_C(200000000)
enum { AWAIT_SHARE = 5 }; /* one in so many nanoseconds */

/* Each is written by a thread that is pinned to that CPU; trials lie between two such threads. */
static struct pace_cpu {
    double lowest[LOWEST]; /* quotients, in ascending order */
    uint64_t noted;        /* quotients in all */
    uint64_t first_ns, waited_ns;
} cpus[CPUS];

static NOINLINE void loads_and_stores(uint64_t steps)
{
    /* In one line wherever the stack lies: stores that go to two by turns take half as long again. */
    _Alignas(LINE_BYTES) volatile uint64_t cells[8] = {0};
    uint64_t sum = 0;
    for (uint64_t i = 0; i < steps; i++) {
        cells[0] = i;
        sum += cells[1];
        sum += cells[2];
        cells[3] = sum;
    }
}

static double shorter(double so_far, uint64_t begin_ns)
{
    double took = (double)(clock_ns() - begin_ns) + 1;
    return so_far > 0 && so_far < took ? so_far : took;
}

struct pace pace_now(void)
{
    double loop = 0, chain = 0;
    for (unsigned i = 0; i < TRIES; i++) {
        uint64_t begin_ns = clock_ns();
        loads_and_stores(LOOP_STEPS);
        loop = shorter(loop, begin_ns);
        begin_ns = clock_ns();
        uint64_t end = native_spin(CHAIN_STEPS);
        OPAQUE(&end);
        chain = shorter(chain, begin_ns);
    }
    return (struct pace){.step_ns = chain / CHAIN_STEPS, .quotient = loop / chain};
}

/* Dependent additions of a register, so many that the loop's own instructions fit beside them. */
static NOINLINE uint64_t additions(uint64_t steps, uint64_t by)
{
    uint64_t x = steps;
    for (uint64_t i = 0; i < steps; i += ADDITIONS)
#pragma GCC unroll 16
        for (unsigned k = 0; k < ADDITIONS; k++) {
            x += by;
            __asm__ volatile("" : "+r"(x)); /* one after the other: neither folded nor multiplied */
        }
    return x;
}

unsigned pace_step_cycles(void)
{
    static bool measured;
    static unsigned cycles;
    if (measured)
        return cycles;
    measured = true;
    double added = 0, multiplied = 0;
    for (unsigned i = 0; i < RATIO_TRIES; i++) {
        uint64_t begin_ns = clock_ns();
        uint64_t end = additions(RATIO_STEPS, begin_ns);
        OPAQUE(&end);
        added = shorter(added, begin_ns);
        begin_ns = clock_ns();
        end = native_spin(RATIO_STEPS);
        OPAQUE(&end);
        multiplied = shorter(multiplied, begin_ns);
    }
    double ratio = multiplied / added, whole = (double)(unsigned)(ratio + 0.5);
    if (ratio > whole - WHOLE_WITHIN && ratio < whole + WHOLE_WITHIN)
        cycles = (unsigned)whole;
    return cycles;
}

void pace_note(unsigned os_index, struct pace pace)
{
    if (os_index >= CPUS)
        return;
    struct pace_cpu *cpu = &cpus[os_index];
    uint64_t kept = cpu->noted < LOWEST ? cpu->noted : LOWEST;
    cpu->noted++;
    if (kept == LOWEST && pace.quotient >= cpu->lowest[LOWEST - 1])
        return;
    uint64_t at = kept < LOWEST ? kept : LOWEST - 1;
    for (; at > 0 && cpu->lowest[at - 1] > pace.quotient; at--)
        cpu->lowest[at] = cpu->lowest[at - 1];
    cpu->lowest[at] = pace.quotient;
}

double pace_baseline(unsigned os_index)
{
    if (os_index >= CPUS || cpus[os_index].noted == 0)
        return 0;
    uint64_t below = cpus[os_index].noted * BASELINE_PERCENT / 100;
    return cpus[os_index].lowest[below < LOWEST ? below : LOWEST - 1];
}

bool pace_is_contended(unsigned os_index, struct pace pace)
{
    double baseline = pace_baseline(os_index);
    return baseline > 0 && pace.quotient > CONTENDED_MIN * baseline;
}

void pace_search(unsigned os_index)
{
    if (os_index >= CPUS || cpus[os_index].first_ns != 0)
        return;
    cpus[os_index].first_ns = clock_ns();
    for (unsigned i = 0; i < SEARCH; i++) {
        pace_note(os_index, pace_now());
        native_block_ns(SEARCH_PAUSE_NS);
    }
}

static bool may_wait(const struct pace_cpu *cpu, uint64_t waited_ns, uint64_t now_ns)
{
    return waited_ns < AWAIT_NS_MAX && cpu->waited_ns + waited_ns < (now_ns - cpu->first_ns) / AWAIT_SHARE;
}

void pace_await(unsigned os_index)
{
    if (os_index >= CPUS)
        return;
    struct pace_cpu *cpu = &cpus[os_index];
    uint64_t begin_ns = clock_ns(), now_ns = begin_ns;
    for (;;) {
        struct pace pace = pace_now();
        pace_note(os_index, pace);
        now_ns = clock_ns();
        if (!pace_is_contended(os_index, pace) || !may_wait(cpu, now_ns - begin_ns, now_ns))
            break;
        native_block_ns(AWAIT_PAUSE_NS);
    }
    cpu->waited_ns += now_ns - begin_ns;
}
