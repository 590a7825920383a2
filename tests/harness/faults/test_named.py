"""A cell that crashes or hangs is named, the rows before it are kept, and --resume can go on without it."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from typing import Dict, List

BINARY = os.environ.get("RCBENCH_FAULTY", "")
WORKLOADS = ("borrow", "churn", "call")
BAD = "overhead/borrow/faulty_atomic/threads:1"
OPTIONS = ("--variants", "faulty_atomic", "--workloads", ",".join(WORKLOADS), "--threads", "1", "--window", "2",
           "--ramp", "1", "--seed", "7")


class Named(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="rcbench-named-")
        self.addCleanup(folder.cleanup)
        self.rows = Path(folder.name, "rows.csv")
        self.part = Path(folder.name, "rows.csv.part")

    def call(self, fault: str, *options: str) -> "subprocess.CompletedProcess[str]":
        environment: Dict[str, str] = {**os.environ, "RCBENCH_FAULT": fault, "RCBENCH_FAULT_AMONG": "1000"}
        return subprocess.run([BINARY, *OPTIONS, "--csv", str(self.rows), *options], env=environment, text=True,
                              capture_output=True, timeout=120, check=False)

    def cells(self, path: Path) -> List[str]:
        with path.open(newline="", encoding="utf-8") as file:
            return [row["cell"] for row in csv.DictReader(file)]

    def check_named(self, fault: str, what: str, *options: str) -> int:
        done = self.call(fault, f"--benchmark_filter=^{BAD}$", *options)
        self.assertEqual(1, done.stderr.count(f"rcbench: {BAD}: {what}; --resume --leave-out CELL goes on without it\n"),
                         done.stderr)
        return done.returncode

    def test_crash(self) -> None:
        self.assertEqual(-signal.SIGSEGV, self.check_named("crash", "the process crashed: SIGSEGV"))

    def test_stack_that_runs_over(self) -> None:
        self.assertEqual(-signal.SIGSEGV, self.check_named("overflow", "the process crashed: SIGSEGV"))

    def test_hang(self) -> None:
        began = time.monotonic()
        self.assertEqual(1, self.check_named("hang", "the trial hangs", "--patience", "2"))
        self.assertGreater(time.monotonic() - began, 1.5)

    def test_a_process_that_was_stopped_does_not_hang(self) -> None:
        environment = {**os.environ, "RCBENCH_FAULT": "none"}
        options = ("--variants", "faulty_atomic", "--workloads", "churn", "--window", "600", "--patience", "2")
        with subprocess.Popen([BINARY, *options, "--csv", str(self.rows)], env=environment, text=True,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:
            time.sleep(0.3)
            child.send_signal(signal.SIGSTOP)
            time.sleep(9)  # a trial of this window would hang after 8 s
            child.send_signal(signal.SIGCONT)
            _, errors = child.communicate(timeout=60)
        self.assertNotIn("hangs", errors)
        self.assertIn(child.returncode, (0, 3), errors)

    def test_resume_goes_on_without_it(self) -> None:
        self.assertEqual(-signal.SIGSEGV, self.call("crash").returncode)
        self.assertEqual(-signal.SIGSEGV, self.call("crash", "--resume").returncode)
        before = self.part.read_text(encoding="utf-8") if self.part.exists() else ""
        # Only what takes references through an increment comes to the fault.
        done = self.call("crash", "--resume", "--leave-out", f"{BAD},overhead/call/faulty_atomic/threads:1")
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertTrue(self.rows.read_text(encoding="utf-8").startswith(before))
        self.assertEqual({f"overhead/{name}/faulty_atomic/threads:1" for name in WORKLOADS},
                         set(self.cells(self.rows)))
        with self.rows.open(newline="", encoding="utf-8") as file:
            row = next(row for row in csv.DictReader(file) if row["cell"] == BAD)
        self.assertEqual(("invalid", "failed", "left out by --leave-out: it crashed or hung"),
                         (row["status"], row["audit"], row["reason"]))

    def test_what_was_left_out_stays_out(self) -> None:
        self.call("crash", "--leave-out", BAD)  # dies in `call`, with or without a row of `churn`
        before = self.cells(self.part)
        self.assertIn(BAD, before)
        self.assertEqual(1, self.call("none", "--resume").returncode)
        self.assertEqual(1, self.cells(self.rows).count(BAD))

    def test_a_name_that_is_no_cell(self) -> None:
        done = self.call("none", "--leave-out", f"{BAD},nothing")
        self.assertEqual(2, done.returncode)
        self.assertEqual("rcbench: --leave-out: 'nothing' is no cell; accepted: names that --plan prints, joined by "
                         "commas\n", done.stderr)
        self.assertFalse(self.part.exists())


if __name__ == "__main__":
    unittest.main()
