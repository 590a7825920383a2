"""Runs one cell of rcbench_faulty with a fault in it, and says what came of it."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workloads"))
import shortest  # noqa: E402

# A trial that a fault has caught in a loop ends after so many seconds; one that has not is over in a few milliseconds.
PATIENCE_S = 5
TIMEOUT_S = 300
COUNTED = re.compile(r"^fault: (\d+) operations$", re.MULTILINE)
HAPPENED = "fault: happened\n"


@dataclass(frozen=True)
class Outcome:
    """What a run showed: how often the fault happened, and whether and how it was noticed."""

    happened: int
    noticed: str  # the audit's reason, or how the process ended; "" for neither
    named: bool   # the cell's name is in what it said
    status: int
    errors: str
    operations: int


def plan(binary: str, workload: str, threads: str = "1,2") -> List[str]:
    """The cells of a workload that can run here, of the first profile that has some."""
    done = subprocess.run([binary, "--plan", "--json", "--workloads", workload, "--threads", threads, "--oversubscribe",
                           "--reference-cost", "0.03", *shortest.options(workload)], capture_output=True, text=True,
                          check=True)
    return [one["cell"] for one in json.loads(done.stdout)["cells"] if one["state"] == "run"]


def workloads(binary: str) -> List[str]:
    """All registered ones."""
    done = subprocess.run([binary, "--list", "--json"], capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout)["workloads"])


def _audit(rows: Path) -> Tuple[str, int]:
    """The reason of a row whose audit has failed, and how many rows there are."""
    if not rows.exists():
        return "", 0
    with rows.open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    return next((row["reason"] for row in found if row["audit"] == "failed"), ""), len(found)


def run(binary: str, cell: str, fault: str, among: int, seed: int, *options: str,
        window: str = "2") -> Outcome:
    """One trial of the cell in a process of its own."""
    environment: Dict[str, str] = {**os.environ, "RCBENCH_FAULT": fault, "RCBENCH_FAULT_AMONG": str(among),
                                   "RCBENCH_FAULT_SEED": str(seed)}
    with tempfile.TemporaryDirectory(prefix="rcbench-faulty-") as folder:
        rows = Path(folder, "rows.csv")
        command = [binary, "--points", "full", "--threads", cell.rsplit(":", 1)[1], "--oversubscribe", "--window", window,
                   "--ramp", "1", "--reference-cost", "0.03", "--placement", "none", "--patience", str(PATIENCE_S),
                   "--seed", str(seed), "--csv", str(rows), "--cells", "/dev/stdin", *options]
        done = subprocess.run(command, env=environment, input=f"{cell}\n", capture_output=True, text=True,
                              errors="replace", timeout=TIMEOUT_S, check=False)
        reason, _ = _audit(rows if rows.exists() else rows.with_name(rows.name + ".part"))
    ended = _ending(done.returncode, done.stderr, rows_failed=bool(reason))
    counted: Optional[re.Match[str]] = COUNTED.search(done.stderr)
    return Outcome(done.stderr.count(HAPPENED), reason or ended, f"rcbench: {cell}: " in done.stderr, done.returncode,
                   done.stderr, int(counted.group(1)) if counted else 0)


def _ending(status: int, errors: str, rows_failed: bool) -> str:
    """How the process ended, where it did not end well."""
    if status < 0:
        return f"the process crashed: {signal.Signals(-status).name}"
    if status == 1 and not rows_failed:
        return "the trial hangs" if "the trial hangs" in errors else "exit status 1"
    return ""
