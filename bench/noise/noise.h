/* noise.h - what disturbed a trial: what the kernel counts of it, and from which amount on it is called by name.
 *
 * Whatever holds for a whole run (a governor, turbo) is not said here of each trial, but once by machine.h and by
 * scripts/doctor. What a machine does not tell is not watched, which noise_watched says; nothing is guessed. */
#ifndef RCBENCH_BENCH_NOISE_NOISE_H
#define RCBENCH_BENCH_NOISE_NOISE_H

#include <stdbool.h>
#include <stdint.h>

/* In the order in which a row names them. */
enum noise {
    NOISE_INVOLUNTARY = 1 << 0, /* a thread could have run and did not: somebody else had its CPU, or it was stopped */
    NOISE_MIGRATED = 1 << 1,    /* a thread changed its CPU */
    NOISE_STOLEN = 1 << 2,      /* the hypervisor ran somebody else on the trial's CPUs */
    NOISE_THROTTLED = 1 << 3,   /* a CPU of the trial was slowed because of heat or power */
    NOISE_FREQUENCY = 1 << 4,   /* a CPU's clock was another at the end of the window than at its begin */
    NOISE_SWAPPED = 1 << 5,     /* a page came from a device, or the machine swapped */
    NOISE_CONTENDED = 1 << 6,   /* somebody whom the kernel does not see used the core of a thread: pace.h */
    NOISE_SMT = 1 << 7,         /* two threads of the trial shared a core: it belongs to the cell, not to this trial */
    NOISE_KINDS = 8
};

/* Those that may be gone when the trial is made again. */
enum { NOISE_PASSING = NOISE_SMT - 1 };

enum { NOISE_TEXT = 96 };

/* The names joined by '+'; "" for none. Returns text. */
const char *noise_text(unsigned noise, char text[NOISE_TEXT]);

/* What this machine lets one watch, by asking for it for this CPU. */
unsigned noise_watched(unsigned os_index);

/* ---- by thread: at the edges of its window, on itself ------------------------------------------------ */

struct noise_edge {
    bool has_delay, has_frequency;
    uint64_t delay_ns;      /* since the thread exists: ready to run, and not running */
    uint64_t frequency_khz; /* now, of the CPU that the probe was made for */
};

/* Open files of one thread; made before the window, since opening takes microseconds. */
struct noise_probe {
    int delay_fd, frequency_fd; /* -1: not told */
    unsigned os_index;
    bool pinned;
    struct noise_edge opened; /* as it was then */
};

/* At the pace of the CPU: how often, how often it was contended, and the sums of the times of one step of its chain, of
 * the quotients, and of what these were held against. */
struct noise_looks {
    uint32_t made, contended;
    double steps_ns, quotients, baselines;
};

/* `pinned`: otherwise no CPU's clock is the thread's. On the thread itself, as the other two. */
void noise_probe_open(struct noise_probe *probe, unsigned os_index, bool pinned);
void noise_probe_close(struct noise_probe *probe);
void noise_probe_read(const struct noise_probe *probe, struct noise_edge *edge);

/* One more look; does nothing where the thread is not pinned. Takes some 15 us. */
void noise_look(const struct noise_probe *probe, struct noise_looks *looks);

/* ---- by machine: before all windows, and after them --------------------------------------------------- */

struct noise_machine {
    bool has_steal, has_swap, has_throttles;
    uint64_t steal_ms;  /* of the CPUs asked for */
    uint64_t swapped;   /* pages in and out, of the whole machine */
    uint64_t throttles; /* events, of the CPUs asked for */
};

/* Opens files: not within a window. */
void noise_machine_read(const unsigned *os_index, unsigned n, struct noise_machine *found);

/* ---- verdict --------------------------------------------------------------------------------------------- */

/* One thread's window, of elapsed_ns, between its two edges, in which it was switched out so often. */
unsigned noise_of_thread(const struct noise_edge *begin, const struct noise_edge *end, const struct noise_looks *looks,
                         uint64_t elapsed_ns, long ctx_voluntary, long ctx_involuntary);

/* A trial's in which one thread at least could run at any moment: they ran for cpu_ns in all of elapsed_ns. However the
 * rest was lost: to somebody else, or because the whole process stood still. */
unsigned noise_of_cpu_time(uint64_t cpu_ns, uint64_t elapsed_ns, long ctx_voluntary);

/* A trial's, of `threads` windows of elapsed_ns. */
unsigned noise_of_machine(const struct noise_machine *begin, const struct noise_machine *end, uint64_t elapsed_ns,
                          unsigned threads);

#endif
