/* cxx_new.h - C++'s new and delete on top of malloc and free, by their names in the Itanium ABI, for a library in C that
 * is preloaded. Included once. */
#ifndef RCBENCH_BENCH_MEMORY_PRELOAD_CXX_NEW_H
#define RCBENCH_BENCH_MEMORY_PRELOAD_CXX_NEW_H

#include <stdio.h>
#include <stdlib.h>

#define EXPORTED __attribute__((visibility("default")))

/* C cannot throw. */
static void *or_die(void *memory)
{
    if (memory != NULL)
        return memory;
    fputs("rcbench: out of memory in operator new\n", stderr);
    abort();
}

#define CXX_NEW(symbol, name) \
    EXPORTED void *name(size_t size) __asm__(symbol); \
    void *name(size_t size) { return or_die(malloc(size > 0 ? size : 1)); }
#define CXX_NEW_NOTHROW(symbol, name) \
    EXPORTED void *name(size_t size, const void *tag) __asm__(symbol); \
    void *name(size_t size, const void *tag) { (void)tag; return malloc(size > 0 ? size : 1); }
#define CXX_NEW_ALIGNED(symbol, name) \
    EXPORTED void *name(size_t size, size_t align) __asm__(symbol); \
    void *name(size_t size, size_t align) { return or_die(aligned_alloc(align, (size + align) / align * align)); }
#define CXX_DELETE(symbol, name) \
    EXPORTED void name(void *memory) __asm__(symbol); \
    void name(void *memory) { free(memory); }
#define CXX_DELETE_SIZED(symbol, name) \
    EXPORTED void name(void *memory, size_t size) __asm__(symbol); \
    void name(void *memory, size_t size) { (void)size; free(memory); }

CXX_NEW("_Znwm", cxx_new)
CXX_NEW("_Znam", cxx_new_array)
CXX_NEW_NOTHROW("_ZnwmRKSt9nothrow_t", cxx_new_nothrow)
CXX_NEW_NOTHROW("_ZnamRKSt9nothrow_t", cxx_new_array_nothrow)
CXX_NEW_ALIGNED("_ZnwmSt11align_val_t", cxx_new_aligned)
CXX_NEW_ALIGNED("_ZnamSt11align_val_t", cxx_new_array_aligned)
CXX_DELETE("_ZdlPv", cxx_delete)
CXX_DELETE("_ZdaPv", cxx_delete_array)
CXX_DELETE_SIZED("_ZdlPvm", cxx_delete_sized)
CXX_DELETE_SIZED("_ZdaPvm", cxx_delete_array_sized)
/* The second argument is an alignment, or a tag: it is not looked at either. */
CXX_DELETE_SIZED("_ZdlPvSt11align_val_t", cxx_delete_aligned)
CXX_DELETE_SIZED("_ZdaPvSt11align_val_t", cxx_delete_array_aligned)
CXX_DELETE_SIZED("_ZdlPvRKSt9nothrow_t", cxx_delete_nothrow)
CXX_DELETE_SIZED("_ZdaPvRKSt9nothrow_t", cxx_delete_array_nothrow)

#endif
