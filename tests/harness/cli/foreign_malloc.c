/* foreign_malloc.c - an allocator that is not jemalloc's, to be preloaded by test_allocator.py. It marks what it makes and
 * ends the program where it is given something else; it takes memory back and never uses it again. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/memory/preload/cxx_new.h"

#define MARK UINT64_C(0x666f726569676e21)

struct head {
    uint64_t mark;
    size_t size;
};

static char *next, *end;
static char lock;

static char *take(size_t bytes)
{
    enum { CHUNK = 64 << 20 };
    while (__atomic_test_and_set(&lock, __ATOMIC_ACQUIRE))
        ;
    if ((size_t)(end - next) < bytes) {
        size_t length = bytes > CHUNK ? bytes : CHUNK;
        void *chunk = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (chunk != MAP_FAILED) {
            next = chunk;
            end = next + length;
        }
    }
    char *found = (size_t)(end - next) >= bytes ? next : NULL;
    next += found != NULL ? bytes : 0;
    __atomic_clear(&lock, __ATOMIC_RELEASE);
    return found;
}

EXPORTED void *memalign(size_t align, size_t size)
{
    align = align < 16 ? 16 : align;
    char *memory = take((size + align + sizeof(struct head) + 15) / 16 * 16);
    if (memory == NULL)
        return NULL;
    char *user = (char *)(((uintptr_t)memory + sizeof(struct head) + align - 1) / align * align);
    ((struct head *)user)[-1] = (struct head){MARK, size};
    return user;
}

EXPORTED void *malloc(size_t size) { return memalign(16, size); }
EXPORTED void *aligned_alloc(size_t align, size_t size) { return memalign(align, size); }
EXPORTED void *calloc(size_t n, size_t size) { return memalign(16, n * size); } /* fresh pages are zero */

EXPORTED int posix_memalign(void **out, size_t align, size_t size)
{
    *out = memalign(align, size);
    return *out != NULL ? 0 : 12;
}

EXPORTED void free(void *memory)
{
    if (memory == NULL || ((struct head *)memory)[-1].mark == MARK)
        return;
    static const char text[] = "foreign_malloc: free of what it has not made\n";
    (void)!write(2, text, sizeof text - 1);
    _exit(99);
}

EXPORTED void *realloc(void *old, size_t size)
{
    void *fresh = malloc(size);
    if (old != NULL && fresh != NULL) {
        size_t before = ((struct head *)old)[-1].size;
        memcpy(fresh, old, before < size ? before : size);
    }
    return fresh;
}

EXPORTED size_t malloc_usable_size(void *memory) { return memory != NULL ? ((struct head *)memory)[-1].size : 0; }
