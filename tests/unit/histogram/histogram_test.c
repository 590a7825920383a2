/* core/base/histogram.h: every duration has its bucket, quantiles are near those of the values themselves, a merge is the
 * histogram of both. */
#include "core/base/histogram.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { VALUES = 20000 };
static unsigned failures;

#define CHECK(condition)                                                     \
    do {                                                                     \
        if (!(condition)) {                                                  \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            failures++;                                                      \
        }                                                                    \
    } while (0)

static uint64_t draw(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Buckets follow each other without a gap, and a value is in the one whose middle is near it. */
static void test_buckets(void)
{
    unsigned last = 0;
    for (uint64_t value = 0; value < 100000; value++) {
        unsigned bucket = histogram_bucket(value);
        CHECK(bucket == last || bucket == last + 1);
        CHECK(fabs((double)histogram_value(bucket) - (double)value) <= (double)value / 16 + 0.5);
        last = bucket;
    }
    for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++)
        CHECK(histogram_bucket(histogram_value(bucket)) == bucket);
    CHECK(histogram_bucket((UINT64_C(1) << HISTOGRAM_BITS) - 1) == HISTOGRAM_BUCKETS - 1);
    CHECK(histogram_bucket(UINT64_MAX) == HISTOGRAM_BUCKETS - 1);
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Two halves, of which the second is a thousand times as large: a mean would say nothing. */
static void test_quantiles(void)
{
    static uint64_t values[VALUES];
    static struct histogram whole, parts[2];
    uint64_t state = 42;
    for (size_t i = 0; i < VALUES; i++) {
        values[i] = draw(&state) % 5000 + (i % 2) * 5000000 + 1;
        histogram_add(&whole, values[i]);
        histogram_add(&parts[i % 3 == 0], values[i]);
    }
    qsort(values, VALUES, sizeof *values, ascending);
    static const double shares[] = {0.001, 0.25, 0.499, 0.501, 0.9, 0.99, 1};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        double exact = (double)values[(size_t)ceil(shares[i] * VALUES) - 1];
        CHECK(fabs((double)histogram_quantile(&whole, shares[i]) - exact) <= exact / 15 + 1);
    }
    CHECK(whole.max == values[VALUES - 1]);
    CHECK(histogram_quantile(&whole, 1) <= whole.max);
    CHECK(parts[0].count != whole.count);
    histogram_merge(&parts[0], &parts[1]);
    CHECK(memcmp(&parts[0], &whole, sizeof whole) == 0);
    histogram_reset(&whole);
    CHECK(whole.count == 0 && whole.max == 0 && histogram_quantile(&whole, 0.5) == 0);
}

/* One value is every quantile, as near as its bucket is. */
static void test_one_value(void)
{
    static struct histogram h;
    histogram_add(&h, 1000001);
    CHECK(histogram_quantile(&h, 0.5) <= 1000001);
    CHECK(histogram_quantile(&h, 0.5) >= 937500);
    CHECK(h.count == 1 && h.max == 1000001);
}

int main(void)
{
    test_buckets();
    test_quantiles();
    test_one_value();
    return failures != 0;
}
