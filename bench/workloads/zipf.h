/* Which of the shared objects a thread of `shared_set` counts, and in which order: Zipf's law with exponent 0.99, as in
 * YCSB (Cooper et al., SoCC 2010). Knows no scheme: the peers (bench/libraries) draw the same way. */
#ifndef RCBENCH_BENCH_WORKLOADS_ZIPF_H
#define RCBENCH_BENCH_WORKLOADS_ZIPF_H

#include <math.h>

#include "bench/registry/workload.h"

enum { SHARED_SET_LENGTH = 4096, SHARED_SET_SEQUENCE = 16384 };
#define SHARED_SET_EXPONENT 0.99

/* The rank at which the cumulated weights pass `target`. */
static UNUSED size_t zipf_rank(const double *cumulated, double target)
{
    size_t low = 0, high = SHARED_SET_LENGTH - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (cumulated[middle] < target)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Draws SHARED_SET_SEQUENCE indices of shared objects. -1: no memory. */
static UNUSED int zipf_draw(uint64_t *random, uint16_t *indices)
{
    double *cumulated = malloc(SHARED_SET_LENGTH * sizeof *cumulated);
    if (cumulated == NULL)
        return -1;
    double sum = 0;
    for (size_t i = 0; i < SHARED_SET_LENGTH; i++)
        cumulated[i] = sum += pow((double)(i + 1), -SHARED_SET_EXPONENT);
    for (size_t i = 0; i < SHARED_SET_SEQUENCE; i++) {
        double uniform = (double)(random_next(random) >> 11) * 0x1p-53;
        indices[i] = (uint16_t)zipf_rank(cumulated, uniform * sum);
    }
    free(cumulated);
    return 0;
}

#endif
