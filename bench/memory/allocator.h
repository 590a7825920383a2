/* allocator.h - which allocator the objects come from.
 *
 * rcbench is linked with jemalloc and calls its sdallocx. For another allocator the program starts itself
 * again with a preload: a small library beside the binary (bench/memory/preload/sdallocx.c) puts sdallocx on top of free, and
 * the allocator's own library comes before jemalloc where the loader looks for malloc. */
#ifndef RCBENCH_BENCH_MEMORY_ALLOCATOR_H
#define RCBENCH_BENCH_MEMORY_ALLOCATOR_H

/* The one that serves this process: jemalloc, system, mimalloc, or the name of another one's file. Static. */
const char *allocator_name(void);

/* The names that allocator_select takes; ends with NULL. */
const char *const *allocator_names(void);

/* Returns 0 when `name`, one of those, serves this process. Otherwise starts the program again with argv, so that it
 * does, and does not return; or -1 after one line on standard error: there is no such allocator here. Before any thread
 * is started. */
int allocator_select(const char *name, char **argv);

/* Before the first object: whether what malloc makes may be given to sdallocx. Where another allocator is preloaded, as
 * tcmalloc or a sanitizer's, says so and starts the program again with argv so that objects go back to it. Returns 0, or
 * -1 after one line on standard error: somebody serves malloc whom the loader does not know. */
int allocator_check(char **argv);

#endif
