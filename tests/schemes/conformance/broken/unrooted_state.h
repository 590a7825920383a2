/* unrooted_state: `tracing`, but the memory in which a program keeps its references is malloc's, where the collector
 * does not look. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_BROKEN_UNROOTED_STATE_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_BROKEN_UNROOTED_STATE_H

#define trace_state_alloc tracing_state_alloc
#define trace_state_free tracing_state_free
#include "variants/schemes/tracing.h"
#undef trace_state_alloc
#undef trace_state_free

static UNUSED void *trace_state_alloc(size_t size) { return calloc(1, size); }
static UNUSED void trace_state_free(void *p) { (void)p; /* it may lie within the block */ }

#endif
