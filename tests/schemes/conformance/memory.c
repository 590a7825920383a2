/* Guarded memory for the conformance suite. See memory.h.
 *
 *   block  size 8 | state 8 | ... size bytes ... | guard 8
 *
 * A freed block is filled and waits in a ring until as many others have been freed; the fill is then
 * verified. Sanitizer builds free at once instead: they watch freed memory themselves, and better. */
#include "tests/schemes/conformance/memory.h"

#include <string.h>

#include "core/base/atomics_native.h"
#include "tests/schemes/conformance/check.h"

#define STATE_LIVE  INT64_C(0x11fe11fe11fe11fe)
#define STATE_FREED INT64_C(0x0f4eed0f4eed0f4e)
#define GUARD       UINT64_C(0xa5a5a5a5a5a5a5a5)

enum {
    FILL_NEW = 0xcd,
    FILL_FREED = MEMORY_FREED_WORD & 0xff,
    RING_BLOCKS = MEMORY_WATCHED ? 0 : 4096,
    RING_BLOCK_BYTES_MAX = 4096, /* larger ones are freed at once: the ring holds 16 MiB at most */
};

struct block {
    size_t size;
    struct a64 state;
    unsigned char bytes[];
};

static struct {
    struct a64 live;
    struct a64 until_failure; /* counts down; the allocation that reaches 0 fails */
    struct a32 failed;
    struct a32 fail_all;
    struct a64 ring_next;
    struct aptr ring[RING_BLOCKS + 1];
    size_t reuse_size; /* set while one thread runs */
    struct aptr reusable;
} memory;

static size_t block_bytes(size_t size) { return sizeof(struct block) + size + sizeof(uint64_t); }
static struct block *block_of(void *bytes) { return (struct block *)((char *)bytes - sizeof(struct block)); }

static bool guard_holds(const struct block *block)
{
    uint64_t guard;
    memcpy(&guard, block->bytes + block->size, sizeof guard);
    return guard == GUARD;
}

bool memory_must_fail(void)
{
    if (a32_load_relaxed(&memory.fail_all))
        return true;
    if (a64_load_relaxed(&memory.until_failure) <= 0 || a64_add_relaxed(&memory.until_failure, -1) != 0)
        return false;
    a32_store_relaxed(&memory.failed, 1);
    return true;
}

static void block_release(struct block *block)
{
    if (!MEMORY_WATCHED)
        for (size_t i = 0; i < block->size; i++)
            if (block->bytes[i] != FILL_FREED)
                check_failed(__FILE__, __LINE__, "a block of %zu bytes was written at %zu after it was freed",
                             block->size, i);
    shim_free(block, block_bytes(block->size));
}

/* Puts a freed block, or NULL, in the place of the one that has been in the ring longest. */
static void ring_put(size_t place, struct block *block)
{
    struct block *oldest = aptr_exchange_acq_rel(&memory.ring[place], block);
    if (oldest != NULL)
        block_release(oldest);
}

void *memory_alloc(size_t size)
{
    if (size == 0)
        check_failed(__FILE__, __LINE__, "an allocation of no bytes");
    if (memory_must_fail())
        return NULL;
    struct block *block = NULL;
    if (size == memory.reuse_size)
        block = aptr_exchange_acq_rel(&memory.reusable, NULL);
    if (block == NULL)
        block = shim_alloc(block_bytes(size));
    if (block == NULL)
        return NULL;
    uint64_t guard = GUARD;
    block->size = size;
    a64_store_relaxed(&block->state, STATE_LIVE);
    memset(block->bytes, FILL_NEW, size);
    memcpy(block->bytes + size, &guard, sizeof guard);
    a64_add_relaxed(&memory.live, 1);
    return block->bytes;
}

/* One exchange decides between two threads that free the same block. Relaxed by way of a CAS, so that it
 * does not order what the scheme has to order. */
static void mark_freed(struct block *block)
{
    int64_t state = STATE_LIVE;
    if (a64_cas_relaxed(&block->state, &state, STATE_FREED))
        return;
    check_failed(__FILE__, __LINE__, state == STATE_FREED ? "a block is freed twice" : "what is freed is no block");
}

void memory_free(void *bytes, size_t size)
{
    struct block *block = block_of(bytes);
    mark_freed(block);
    if (block->size != size)
        check_failed(__FILE__, __LINE__, "a block of %zu bytes is freed as one of %zu", block->size, size);
    if (!guard_holds(block))
        check_failed(__FILE__, __LINE__, "a block of %zu bytes was written past its end", size);
    a64_add_relaxed(&memory.live, -1);
    memset(block->bytes, FILL_FREED, size);
    if (size == memory.reuse_size)
        block = aptr_exchange_acq_rel(&memory.reusable, block);
    if (block == NULL)
        return;
    if (RING_BLOCKS == 0 || size > RING_BLOCK_BYTES_MAX)
        block_release(block);
    else
        ring_put((size_t)a64_add_relaxed(&memory.ring_next, 1) % (RING_BLOCKS + 1), block);
}

void memory_fail_at(uint64_t k)
{
    a32_store_relaxed(&memory.failed, 0);
    a64_store_relaxed(&memory.until_failure, (int64_t)k);
}

void memory_freed_used(void) { check_failed(__FILE__, __LINE__, "memory is used after it was freed"); }

bool memory_has_failed(void) { return a32_load_relaxed(&memory.failed) != 0; }
void memory_fail_all(bool on) { a32_store_relaxed(&memory.fail_all, on); }
int64_t memory_live(void) { return a64_load_relaxed(&memory.live); }

void memory_reuse(size_t size)
{
    struct block *block = aptr_exchange_acq_rel(&memory.reusable, NULL);
    if (block != NULL)
        block_release(block);
    memory.reuse_size = size;
}

void memory_inspect_freed(void)
{
    for (size_t i = 0; i <= RING_BLOCKS; i++)
        ring_put(i, NULL);
}
