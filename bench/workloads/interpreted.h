/* interpreted.h - work that counts no reference: bytecodes of a small interpreter on unboxed integers. What an
 * interpreter does between two references, for the workload `counted_work`.
 *
 * Why an interpreter, and not a chain of multiplications: what a count costs depends on what stands beside it. Beside a
 * dependent chain a core has idle ports and takes increments for nothing; an interpreter keeps several instructions in
 * flight each cycle, of the kinds that counts are made of: it fetches a bytecode, jumps to its code through a table,
 * moves operands between a stack and slots in memory, adds, compares, branches. Its jumps always go the same way round,
 * as in a hot loop of a program, so that they are predicted: a mispredicted one would cost more than a dozen counts, and
 * by chance more beside one variant than beside another.
 *
 * One copy for all variants, compiled by itself, so that they cannot differ in it. */
#ifndef RCBENCH_BENCH_WORKLOADS_INTERPRETED_H
#define RCBENCH_BENCH_WORKLOADS_INTERPRETED_H

#include <stdint.h>

enum { INTERPRETED_SLOTS = 8, INTERPRETED_TABLE = 64, INTERPRETED_STACK = 8 };

/* A thread's own: its variables, a table that it reads and writes, and its stack. 0 to begin with. */
struct interpreted {
    int64_t slots[INTERPRETED_SLOTS];
    int64_t table[INTERPRETED_TABLE];
    int64_t stack[INTERPRETED_STACK];
};

/* Runs one unit of work: a dozen bytecodes, once through the loop that they are. */
void interpreted_unit(struct interpreted *state);

#endif
