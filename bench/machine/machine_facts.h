/* machine_facts.h - the facts about the machine that run.json keeps and that warnings depend on, as they stand in
 * /proc, /sys and /etc. A fact that this machine does not tell is "", FACT_UNKNOWN, or not known by its flag;
 * that is never an error. */
#ifndef RCBENCH_BENCH_MACHINE_MACHINE_FACTS_H
#define RCBENCH_BENCH_MACHINE_MACHINE_FACTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/utsname.h>

struct machine_topology;

enum { FACT_TEXT = 256, FACT_LOADS = 3, FACT_UNKNOWN = -1 };

struct machine_facts {
    struct utsname kernel;
    bool kernel_known;
    char os[FACT_TEXT];
    char model[FACT_TEXT];
    char vendor[FACT_TEXT];
    char microcode[FACT_TEXT];
    char governor[FACT_TEXT]; /* "mixed" when the allowed CPUs differ */
    char isolated[FACT_TEXT];
    char huge_pages[FACT_TEXT];
    bool flags_known; /* /proc/cpuinfo has a flags line: x86 */
    bool constant_tsc;
    bool nonstop_tsc;
    int hypervisor; /* 0, 1 or FACT_UNKNOWN, as smt and turbo */
    int smt;
    int turbo;
    int64_t online_pus;
    int64_t online_cores;
    int64_t min_khz;
    int64_t max_khz;
    int64_t aslr; /* 0 where it is off for this process alone, as by setarch -R */
    int nice;
    const char *scheduler;     /* the policy, such as "other" or "fifo" */
    const char *memory_policy; /* the nodes' for this process: "default", or what numactl has set; "" not known */
    int64_t numa_balancing;    /* the kernel moves pages to where they are used */
    char mitigations[FACT_TEXT]; /* of processor faults, from the kernel's command line */
    int64_t memory;
    int64_t swap_used;
    double load[FACT_LOADS]; /* 1, 5, 15 minutes */
    bool load_known;
    double quota; /* CPUs that the control group may use; negative: no limit, or not known */
};

/* Reads them all, as they are now. The topology says which CPUs' frequencies count. Main thread. */
void machine_facts_read(struct machine_facts *f, const struct machine_topology *t);

#endif
