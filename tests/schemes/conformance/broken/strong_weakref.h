/* strong_weakref: `tracing`, but a weak reference keeps its object: the link is one that the collector follows. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_BROKEN_STRONG_WEAKREF_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_BROKEN_STRONG_WEAKREF_H

#define trace_weaken tracing_weaken
#define trace_follow tracing_follow
#include "variants/schemes/tracing.h"
#undef trace_weaken
#undef trace_follow

static UNUSED bool trace_weaken(void **link, void *object)
{
    *link = object;
    return true;
}
static UNUSED void *trace_follow(void **link) { return *link; }

#endif
