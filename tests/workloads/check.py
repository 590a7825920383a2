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

PATIENCE_S = 840
EXIT_NOISE = 3
# Turns of a GIL are short, so that its windows are; a reference costs a known part of a unit of work.
OPTIONS = ("--threads", "1,2", "--oversubscribe", "--window", "2", "--ramp", "1", "--switch-interval", "200",
           "--reference-cost", "0.03", "--seed", "1")


def run(binary: str, workload: str, rows: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([binary, "--workloads", workload, *OPTIONS, "--csv", str(rows)], text=True, errors="replace",
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=PATIENCE_S, check=False)


def problems(rows: List[Dict[str, str]]) -> List[str]:
    """What is wrong with the rows of a run that has ended."""
    found = [f"{row['cell']}: {row['reason']}" for row in rows if row["audit"] == "failed"]
    passed = {row["cell"] for row in rows if row["audit"] == "passed" and int(row["ops"]) > 0}
    skipped = {row["cell"] for row in rows if row["status"] == "skipped"}
    found += [f"{cell}: no row whose audit passed" for cell in {row["cell"] for row in rows} - passed - skipped]
    return found if passed else [*found, "no variant can run it"]


def main(binary: str, workload: str) -> int:
    with tempfile.TemporaryDirectory(prefix="rcbench-workload-") as folder:
        path = Path(folder, "rows.csv")
        done = run(binary, workload, path)
        if done.returncode not in (0, EXIT_NOISE) or not path.exists():
            print(done.stderr[-4000:], file=sys.stderr)
            print(f"check.py: {workload}: exit status {done.returncode}", file=sys.stderr)
            return 1
        with path.open(newline="", encoding="utf-8") as file:
            found = problems(list(csv.DictReader(file)))
    for problem in found:
        print(f"check.py: {problem}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
