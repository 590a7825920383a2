"""Runs one workload with every variant, on one thread and on two, for a few milliseconds each: every cell that can run has
a row whose audit passed. Times are not looked at.

    check.py BINARY WORKLOAD
"""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List

import shortest

PATIENCE_S = 840
EXIT_NOISE = 3
# Turns of a GIL are short, so that its windows are; a reference costs a known part of a unit of work.
OPTIONS = ("--threads", "1,2", "--oversubscribe", "--ramp", "1", "--switch-interval", "200", "--reference-cost", "0.03",
           "--seed", "1")
# On a busy machine two threads may not meet within the first of these; the next is tried then.
WINDOWS_MS = ("2", "50", "500")
NO_VARIANT = "no variant can run it"
SKIPPED = 77
NOTHING_DONE = "no operation was done in the window"


def run(binary: str, workload: str, window: str, rows: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([binary, "--workloads", workload, *OPTIONS, *shortest.options(workload), "--window", window, "--csv", str(rows)],
                          text=True, errors="replace", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          timeout=PATIENCE_S, check=False)


def problems(rows: List[Dict[str, str]]) -> List[str]:
    """What is wrong with the rows of a run that has ended."""
    found = [f"{row['cell']}: {row['reason']}" for row in rows if row["audit"] == "failed"]
    passed = {row["cell"] for row in rows if row["audit"] == "passed" and int(row["ops"]) > 0}
    skipped = {row["cell"] for row in rows if row["status"] == "skipped"}
    found += [f"{cell}: no row whose audit passed" for cell in {row["cell"] for row in rows} - passed - skipped]
    return found if passed else [*found, NO_VARIANT]


def read(path: Path) -> List[Dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def attempt(binary: str, workload: str, window: str) -> List[str]:
    """What is wrong with one run."""
    with tempfile.TemporaryDirectory(prefix="rcbench-workload-") as folder:
        path = Path(folder, "rows.csv")
        done = run(binary, workload, window, path)
        found = problems(read(path))
    if done.returncode not in (0, EXIT_NOISE):
        found.append(f"exit status {done.returncode}:\n{done.stderr[-3000:]}")
    return found


def main(binary: str, workload: str) -> int:
    found: List[str] = []
    for window in WINDOWS_MS:
        found = attempt(binary, workload, window)
        if not any(NOTHING_DONE in problem for problem in found):
            break
    for problem in found:
        print(f"check.py: {workload}: {problem}", file=sys.stderr)
    return SKIPPED if found == [NO_VARIANT] else 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
