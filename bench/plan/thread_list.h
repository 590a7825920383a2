/* thread_list.h - lists of thread counts, such as "1,2,4-8,max". */
#ifndef RCBENCH_BENCH_PLAN_THREAD_LIST_H
#define RCBENCH_BENCH_PLAN_THREAD_LIST_H

#include <stddef.h>

/* Reads a list of thread counts such as "1,2,4-8,max" (max: the argument of that name, in words or as an
 * end of a range) into a sorted array without duplicates. Returns its length with *out malloc'ed, which
 * the caller frees; or 0 with *out NULL and `error`. Numbers above max are fine here (up to
 * TOPOLOGY_PU_LIMIT): whether to oversubscribe is for the caller to say. Error texts are as topology.h
 * says. Any thread. */
unsigned thread_list_parse(const char *list, unsigned max, unsigned **out, char *error, size_t error_size);

#endif
