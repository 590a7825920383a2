/* dangling_weakref: `tracing`, but nobody tells the collector of the link: it stays when its object is gone. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_BROKEN_DANGLING_WEAKREF_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_BROKEN_DANGLING_WEAKREF_H

#define trace_weaken tracing_weaken
#include "variants/schemes/tracing.h"
#undef trace_weaken

static UNUSED bool trace_weaken(void **link, void *object)
{
    *link = (void *)GC_HIDE_POINTER(object);
    return true;
}

#endif
