/* bench/noise/neighbour_probe.h: a pace is called contended beyond a limit above the baseline of the same CPU, which one wrong reading
 * does not move; nothing is known of a CPU that was never looked at; waiting ends, and takes no more than its share. */
#include "bench/noise/neighbour_probe.h"

#include <math.h>
#include <stdio.h>

#include "core/base/platform.h"

static unsigned failures;

#define CHECK(condition)                                                                                             \
    do {                                                                                                             \
        if (!(condition)) {                                                                                          \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                          \
            failures++;                                                                                              \
        }                                                                                                            \
    } while (0)

/* CPUs are only numbers here: nobody is pinned. */
enum { QUIET = 1, UNKNOWN = 2, NEVER_QUIET = 3, MISREAD = 4, LOUD_FIRST = 5, BEYOND = 1 << 20, WAITS = 40 };

static struct pace of(double quotient) { return (struct pace){.step_ns = 1, .quotient = quotient}; }

static void test_a_quotient_is_held_against_the_baseline(void)
{
    CHECK(!pace_is_contended(UNKNOWN, of(1e9)));
    CHECK(pace_baseline(UNKNOWN) == 0);
    pace_note(QUIET, of(2.0));
    pace_note(QUIET, of(1.0));
    pace_note(QUIET, of(1.5)); /* worse than what is known: changes nothing */
    CHECK(!pace_is_contended(QUIET, of(1.0)));
    CHECK(!pace_is_contended(QUIET, of(1.09)));
    CHECK(pace_is_contended(QUIET, of(1.11)));
    CHECK(pace_is_contended(QUIET, of(2.0)));
    CHECK(!pace_is_contended(UNKNOWN, of(2.0)));
}

static void note(unsigned cpu, unsigned times, double quotient)
{
    for (unsigned i = 0; i < times; i++)
        pace_note(cpu, of(quotient));
}

/* Readings of a fiftieth have been seen, where each run of the chain was interrupted. */
static void test_one_wrong_reading_condemns_nobody(void)
{
    note(MISREAD, 39, 1.0);
    pace_note(MISREAD, of(0.02));
    CHECK(pace_baseline(MISREAD) == 1.0);
    note(MISREAD, 1000, 1.0);
    pace_note(MISREAD, of(0.02));
    CHECK(pace_baseline(MISREAD) == 1.0);
    CHECK(!pace_is_contended(MISREAD, of(1.05)));
}

/* And what is low again and again is no mistake, however long the neighbour before was there. */
static void test_the_baseline_falls_when_the_core_becomes_quiet(void)
{
    note(LOUD_FIRST, 5000, 1.5);
    CHECK(!pace_is_contended(LOUD_FIRST, of(1.5)));
    note(LOUD_FIRST, 8, 1.0);
    CHECK(pace_baseline(LOUD_FIRST) == 1.0);
    CHECK(pace_is_contended(LOUD_FIRST, of(1.5)));
    note(LOUD_FIRST, 5000, 1.5);
    CHECK(pace_baseline(LOUD_FIRST) == 1.0);
}

static void test_there_are_more_cpus_than_it_knows(void)
{
    pace_note(BEYOND, of(1.0));
    CHECK(!pace_is_contended(BEYOND, of(100.0)));
    pace_search(BEYOND);
    pace_await(BEYOND);
}

/* Two readings of a machine that does what it wants; but both are times, and of the same two loops. */
static void test_a_reading(void)
{
    struct pace least = pace_now(), most = least;
    for (int i = 0; i < 200; i++) {
        struct pace pace = pace_now();
        least.quotient = fmin(least.quotient, pace.quotient);
        most.quotient = fmax(most.quotient, pace.quotient);
        least.step_ns = fmin(least.step_ns, pace.step_ns);
        most.step_ns = fmax(most.step_ns, pace.step_ns);
    }
    CHECK(least.quotient > 0.01);
    CHECK(most.quotient < 100);
    CHECK(least.step_ns > 0.1); /* one cycle of 10 GHz */
    CHECK(most.step_ns < 1000);
}

/* No reading is as good as the baseline that it is told of, so it always waits as long as it may: a fifth of the time
 * since the search, and beyond that not even once. */
static void test_waiting_has_a_share(void)
{
    pace_search(NEVER_QUIET);
    note(NEVER_QUIET, 8, 1e-6);
    uint64_t begin_ns = clock_ns(), waited_ns = 0;
    for (int i = 0; i < WAITS; i++) {
        uint64_t before_ns = clock_ns();
        pace_await(NEVER_QUIET);
        waited_ns += clock_ns() - before_ns;
        for (int busy = 0; busy < 50; busy++)
            (void)pace_now();
    }
    CHECK(waited_ns > 0);
    CHECK(waited_ns < (clock_ns() - begin_ns) / 2);
}

/* A 64-bit multiplication takes 3 or 4 cycles on today's processors, and 2 to 6 on those of the last twenty years. */
static void test_cycles_of_a_step(void)
{
    unsigned cycles = pace_step_cycles();
    CHECK(cycles == 0 || (cycles >= 2 && cycles <= 6));
    CHECK(cycles == pace_step_cycles());
}

int main(void)
{
    test_a_quotient_is_held_against_the_baseline();
    test_one_wrong_reading_condemns_nobody();
    test_the_baseline_falls_when_the_core_becomes_quiet();
    test_there_are_more_cpus_than_it_knows();
    test_a_reading();
    test_waiting_has_a_share();
    test_cycles_of_a_step();
    return failures == 0 ? 0 : 1;
}
