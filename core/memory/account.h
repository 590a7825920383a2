/* Memory that is held: blocks and their bytes in one word, since counting them is part of what is timed. All of it is
 * modulo 2^64: the sum over threads is right whatever that of one thread is, which may make what the others free, and it
 * is 0 when all blocks were freed by their size. */
#ifndef RCBENCH_CORE_MEMORY_ACCOUNT_H
#define RCBENCH_CORE_MEMORY_ACCOUNT_H

#include <stddef.h>
#include <stdint.h>

/* Room for 32 GiB and 134 million blocks that live at once. */
enum { HELD_BYTES_BITS = 36 };

/* One block. */
static inline uint64_t held_block(size_t size) { return (UINT64_C(1) << HELD_BYTES_BITS) + size; }

static inline int64_t held_bytes(uint64_t held)
{
    return (int64_t)(held << (64 - HELD_BYTES_BITS)) >> (64 - HELD_BYTES_BITS);
}

static inline int64_t held_blocks(uint64_t held)
{
    return (int64_t)(held - (uint64_t)held_bytes(held)) >> HELD_BYTES_BITS;
}

#endif
