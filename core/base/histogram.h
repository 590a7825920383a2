/* How often which duration occurred, in buckets that grow with it: eight for each power of two, so that a quantile is
 * right within 6 %. For one writer; a reader on another thread must wait until that one is quiet. */
#ifndef RCBENCH_CORE_BASE_HISTOGRAM_H
#define RCBENCH_CORE_BASE_HISTOGRAM_H

#include <string.h>

#include "core/base/platform.h"

enum {
    HISTOGRAM_STEPS_LOG = 3,
    HISTOGRAM_STEPS = 1 << HISTOGRAM_STEPS_LOG,
    HISTOGRAM_BITS = 37, /* durations of 2^37 ns (137 s) and more share the last bucket */
    HISTOGRAM_BUCKETS = (HISTOGRAM_BITS - HISTOGRAM_STEPS_LOG + 1) * HISTOGRAM_STEPS
};

struct histogram {
    uint64_t count, max;
    uint32_t bucket[HISTOGRAM_BUCKETS];
};

/* Values below HISTOGRAM_STEPS have a bucket each; above, the highest set bit and the three bits below it say which. */
static inline unsigned histogram_bucket(uint64_t value)
{
    if (value < HISTOGRAM_STEPS)
        return (unsigned)value;
    if (value >> HISTOGRAM_BITS != 0)
        return HISTOGRAM_BUCKETS - 1;
    unsigned octave = 63u - (unsigned)__builtin_clzll(value) - HISTOGRAM_STEPS_LOG;
    return (octave + 1) * HISTOGRAM_STEPS + ((unsigned)(value >> octave) & (HISTOGRAM_STEPS - 1));
}

/* The middle of a bucket. */
static inline uint64_t histogram_value(unsigned bucket)
{
    if (bucket < HISTOGRAM_STEPS)
        return bucket;
    unsigned octave = bucket / HISTOGRAM_STEPS - 1;
    uint64_t low = (uint64_t)(HISTOGRAM_STEPS + bucket % HISTOGRAM_STEPS) << octave;
    return low + ((UINT64_C(1) << octave) >> 1);
}

static inline void histogram_reset(struct histogram *h) { memset(h, 0, sizeof *h); }

static inline void histogram_add(struct histogram *h, uint64_t value)
{
    h->bucket[histogram_bucket(value)]++;
    h->count++;
    h->max = value > h->max ? value : h->max;
}

static inline void histogram_merge(struct histogram *to, const struct histogram *from)
{
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        to->bucket[i] += from->bucket[i];
    to->count += from->count;
    to->max = from->max > to->max ? from->max : to->max;
}

/* The least value that a share of at least `share` (0 to 1) of all values does not exceed; 0 of none. */
static inline uint64_t histogram_quantile(const struct histogram *h, double share)
{
    double wanted = share * (double)h->count;
    uint64_t passed = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        passed += h->bucket[i];
        if (passed > 0 && (double)passed >= wanted)
            return histogram_value(i) < h->max ? histogram_value(i) : h->max;
    }
    return h->max;
}

#endif
