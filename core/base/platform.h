/* What differs between compilers, processors and operating systems, and nothing else.
 * Supported: gcc and clang; x86-64 and AArch64; Linux. A port is made here alone. */
#ifndef RCBENCH_CORE_BASE_PLATFORM_H
#define RCBENCH_CORE_BASE_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#if !defined(__GNUC__)
#error "rcbench needs gcc or clang: the __atomic builtins and inline asm barriers"
#endif
#if !defined(__x86_64__) && !defined(__aarch64__)
#error "rcbench knows x86-64 and AArch64: add the pause instruction of this processor here"
#endif
_Static_assert(sizeof(void *) == 8, "headers are laid out for 64-bit pointers");

/* Bytes between two fields that different threads write, so that they do not slow each other.
 * 128, not 64: Intel's adjacent-line prefetcher pulls lines in pairs; AArch64 has 128-byte lines. */
#define LINE_BYTES 128
#define LINE_ALIGNED __attribute__((aligned(LINE_BYTES)))

/* The line at this address will be wanted; any address is allowed. */
#define PREFETCH(address) __builtin_prefetch(address)
#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* COLD: kept out of the callers' straight path. UNUSED: the headers of core/ are compiled whole into
 * every variant, and no variant uses all of them. */
#define NOINLINE __attribute__((noinline))
/* A call of it stays one, and goes to it: gcc neither merges equal functions nor takes what nobody uses out of one. */
#if defined(__clang__)
#define STANDALONE __attribute__((noinline))
#else
#define STANDALONE __attribute__((noipa))
#endif
#define COLD __attribute__((noinline, cold))
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define UNUSED __attribute__((unused))

/* Tells the core that this is a spin loop. */
static inline void cpu_pause(void)
{
#if defined(__x86_64__)
    __asm__ volatile("pause");
#else
    __asm__ volatile("isb"); /* yield is a no-op on most cores; isb waits about as long as pause */
#endif
}

/* Monotonic time in nanoseconds. On Linux with an invariant TSC this is a vDSO call of some 20 ns. */
static inline uint64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The compiler must assume that *pointer, and all memory, is read and written here. Costs no instruction. */
#define OPAQUE(pointer) __asm__ volatile("" : : "r"(pointer) : "memory")

#endif
