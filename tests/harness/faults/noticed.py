"""Whether a workload notices one wrong count a thread, in at least 95 % of runs: five faults, each at an operation drawn at
random, until it is clear on which side of 95 % the workload is.

    noticed.py BINARY [WORKLOAD...]    all of BINARY, which is rcbench_faulty, by default

Prints a row for each: runs that noticed the fault, of the runs in which it happened; a dash where the workload has no
operation in which the fault would be one. Exits with 1 when a fault goes unnoticed too often, or a run that ended badly
does not name its cell."""

from __future__ import annotations

import os
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Dict, Iterator, List, Tuple

import faulty

FAULTS = ("lost_increment", "double_increment", "lost_decrement", "double_decrement", "early_free")
RUNS = (20, 60, 150)  # more where some went unnoticed
SHARE = 0.95
SEED = 1
CELLS = 8  # of a workload, drawn from all: each has its operations counted first


def counted(binary: str, cell: str, fault: str) -> int:
    """Among how many operations of a thread the fault is one: as many as it has in a run without a fault."""
    return faulty.run(binary, cell, fault, 0, SEED).operations


class Tally:
    """The runs of one workload with one fault."""

    def __init__(self, binary: str, cells: List[str], fault: str, pool: ThreadPoolExecutor) -> None:
        self._binary, self._fault, self._pool = binary, fault, pool
        found = pool.map(lambda cell: (cell, counted(binary, cell, fault)), cells)
        self._cells = [(cell, operations) for cell, operations in found if operations > 0]
        self.runs = self.noticed = 0
        self.unnoticed: List[str] = []
        self.unnamed: List[str] = []

    @property
    def share(self) -> float:
        return self.noticed / self.runs if self.runs else 1.0

    def _one(self, number: int) -> Tuple[str, int, faulty.Outcome]:
        cell, operations = self._cells[number % len(self._cells)]
        seed = SEED + number
        return cell, seed, faulty.run(self._binary, cell, self._fault, operations, seed)

    def run_until(self, count: int) -> None:
        """Runs in which the fault has happened; one in which no thread came so far tells nothing."""
        number = self.runs
        while self._cells and self.runs < count and number < 4 * count:
            for cell, seed, outcome in self._pool.map(self._one, range(number, number + count - self.runs)):
                number += 1
                if outcome.happened == 0:
                    continue
                self.runs += 1
                self.noticed += outcome.noticed != ""
                if not outcome.noticed:
                    self.unnoticed.append(f"{cell} RCBENCH_FAULT_SEED={seed}")
                elif not outcome.named:
                    self.unnamed.append(f"{cell} RCBENCH_FAULT_SEED={seed}: {outcome.errors[-300:]}")


def tally(binary: str, workload: str, pool: ThreadPoolExecutor) -> Dict[str, Tally]:
    found = {}
    planned = faulty.plan(binary, workload)
    cells = random.Random(SEED).sample(planned, min(CELLS, len(planned)))
    for fault in FAULTS:
        one = found[fault] = Tally(binary, cells, fault, pool)
        for count in RUNS:
            one.run_until(count)
            if not one.unnoticed:
                break
    return found


def problems(fault: str, one: Tally) -> Iterator[str]:
    if one.share < SHARE:
        yield f"{fault}: noticed in {one.noticed} of {one.runs} runs; not in {'; '.join(one.unnoticed[:5])}"
    for run in one.unnamed[:5]:
        yield f"{fault}: the cell is not named: {run}"


def check(binary: str, workload: str, pool: ThreadPoolExecutor) -> bool:
    found = tally(binary, workload, pool)
    texts = [f"{one.noticed} of {one.runs}" if one.runs else "–" for one in found.values()]
    print(f"| `{workload}` | " + " | ".join(texts) + " |", flush=True)
    bad = [problem for fault, one in found.items() for problem in problems(fault, one)]
    if not any(one.runs for one in found.values()):
        bad.append("no fault has happened in any run")
    for problem in bad:
        print(f"noticed.py: {workload}: {problem}", file=sys.stderr, flush=True)
    return not bad


def main(binary: str, chosen: List[str]) -> int:
    print("| workload | " + " | ".join(fault.replace("_", " ") for fault in FAULTS) + " |")
    print("|---|" + "---|" * len(FAULTS))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = [check(binary, workload, pool) for workload in chosen or faulty.workloads(binary)]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
