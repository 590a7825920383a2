/* sdallocx.c - jemalloc's own calls on top of whatever malloc serves the process: preloaded by --allocator
 * (bench/memory/allocator.c). C++'s new and delete too, since jemalloc's library has them: what one of them allocates, another
 * allocator's free would not know. The statistics of an allocator that is not there are not known. */
#include <errno.h>
#include <stdlib.h>

#include "bench/memory/preload/cxx_new.h"

/* ---- jemalloc's; rcbench asks with no flags --------------------------------------------------------- */

EXPORTED void sdallocx(void *memory, size_t size, int flags);
EXPORTED int mallctl(const char *name, void *old, size_t *old_length, void *new_value, size_t new_length);

void sdallocx(void *memory, size_t size, int flags)
{
    (void)size;
    (void)flags;
    free(memory);
}

int mallctl(const char *name, void *old, size_t *old_length, void *new_value, size_t new_length)
{
    (void)name;
    (void)old;
    (void)old_length;
    (void)new_value;
    (void)new_length;
    return ENOENT;
}
