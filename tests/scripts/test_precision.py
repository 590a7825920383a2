"""Tests of scripts/run --precision: which cells are measured further, with what, until when; and that it resumes."""

from __future__ import annotations

import json
import signal
import time
import unittest
from pathlib import Path
from typing import Any, Dict, List

from support import ScratchTest, read_rows, row, write_rows

from rcb.base.errors import UsageError
from rcb.run import precision
from rcb.run.binary import Settings
from rcb.run.options import parse
from rcb.run.rundir import derived_seed

SMALL = ("--processes", 2, "--repetitions", 3, "--seed", 7, "--variants", "plain,atomic,gil",
         "--workloads", "private,churn")
WIDE = {"STAND_IN_WIDE": "atomic"}


def record(directory: Path) -> Dict[str, Any]:
    return json.loads((directory / "run.json").read_text(encoding="utf-8"))


def chose_cells(calls: Path) -> List[bool]:
    """Of each call that measured, whether it was told which cells to measure."""
    return ["--cells" in line for line in calls.read_text(encoding="utf-8").splitlines() if "--csv" in line]


class Choice(ScratchTest):
    def cell(self, name: str, costs: List[List[float]], **values: object) -> List[Dict[str, object]]:
        return [row(cell=name, ns_per_op=cost, process=process, repetition=place, **values)
                for process, own in enumerate(costs) for place, cost in enumerate(own)]

    def write(self, *cells: List[Dict[str, object]]) -> Path:
        return write_rows(self.scratch / "trials.csv", [one for cell in cells for one in cell])

    def test_half_the_width_is_what_counts(self) -> None:
        narrow = self.cell("narrow", [[1.0, 1.001, 0.999]] * 3)
        wide = self.cell("wide", [[1.0, 1.2, 0.8], [1.1, 1.3, 0.9], [1.0, 1.1, 0.8]], params="set=2")
        trials = self.write(narrow, wide)
        self.assertEqual(["wide"], [one.cell for one in precision.wide_cells(trials, 0.02)])
        width = precision.wide_cells(trials, 0.02)[0].half_width
        self.assertEqual([], precision.wide_cells(trials, width))
        self.assertEqual(1, len(precision.wide_cells(trials, width * 0.999)))

    def test_one_process_is_never_enough(self) -> None:
        found = precision.wide_cells(self.write(self.cell("one", [[1.0] * 50])), 0.5)
        self.assertEqual([{"cell": "one", "half_width": None}], [one.record() for one in found])

    def test_cells_without_a_good_row_are_left_alone(self) -> None:
        self.assertEqual([], precision.wide_cells(self.write(self.cell("bad", [[1.0], [2.0]], status="invalid")), 0.01))

    def test_a_cell_brings_what_it_is_compared_with(self) -> None:
        calm, wild = [[1.0, 1.0]] * 2, [[1.0, 2.0], [3.0, 4.0]]
        scaling = {"driver": "scaling", "workload": "private", "params": "", "variant": "biased"}
        trials = self.write(self.cell("pair/plain", calm), self.cell("pair/biased", wild, variant="biased"),
                            self.cell("pair/atomic", calm, variant="atomic"),
                            self.cell("churn/plain", calm, workload="churn"), self.cell("private/1", calm, **scaling),
                            self.cell("private/2", wild, threads=2, **scaling),
                            self.cell("private/plain", calm, **{**scaling, "variant": "plain"}))
        wide = precision.wide_cells(trials, 0.02)
        self.assertEqual({"pair/biased", "private/2"}, {one.cell for one in wide})
        self.assertEqual(["pair/biased", "pair/plain", "private/1", "private/2"],
                         precision.with_baselines(trials, wide))

    def test_the_binary_gets_the_cells_in_a_file_that_does_not_stay(self) -> None:
        cells = ("overhead/pair/set:1/plain/threads:1", "a.b+c")
        with Settings("quick", 20.0, cells=cells, filter="pair").arguments() as arguments:
            self.assertEqual("--cells", arguments[-2])
            self.assertEqual("\n".join([*cells, ""]), Path(arguments[-1]).read_text(encoding="utf-8"))
        self.assertFalse(Path(arguments[-1]).exists())


class Flags(unittest.TestCase):
    def test_precision_and_budget(self) -> None:
        for text, share in (("2%", 0.02), ("0.02", 0.02), ("0.5 %", 0.005), (".1", 0.1)):
            self.assertAlmostEqual(share, parse(["--precision", text]).precision or 0.0)
        for text, seconds in (("90s", 90), ("10m", 600), ("1.5h", 5400)):
            self.assertEqual(seconds, parse(["--precision", "2%", "--budget", text]).budget)

    def test_bad_values(self) -> None:
        for flag, values in (("--precision", ("0", "0%", "100%", "2", "-1%", "nan", "two", "")),
                             ("--budget", ("0s", "10", "-5m", "1d", "1e9h", "99999h", ""))):
            for value in values:
                with self.subTest(flag=flag, value=value), self.assertRaisesRegex(UsageError, f"^{flag}: '"):
                    parse(["--precision=1%", f"{flag}={value}"] if flag == "--budget" else [f"{flag}={value}"])

    def test_a_budget_alone_means_nothing(self) -> None:
        with self.assertRaisesRegex(UsageError, "--budget: .*--precision"):
            parse(["--budget", "5m"])


class Runs(ScratchTest):
    def run_wide(self, *arguments: object, **extra: str) -> Path:
        out, calls = self.scratch / "new", self.scratch / "calls"
        done = self.call("run", "--out", out, *SMALL, *arguments,
                         extra={"STAND_IN_CALLS": str(calls), "STAND_IN_ROUND_S": "0.01", **extra})
        self.assertEqual(0, done.returncode, done.stderr)
        self.output, self.chose = done.stdout + done.stderr, chose_cells(calls)
        return out

    def test_narrow_cells_are_not_measured_further(self) -> None:
        out = self.run_wide("--precision", "50%") # two processes: Student's t with one degree of freedom
        self.assertEqual([False, False], self.chose)
        self.assertEqual(([], []), (record(out)["further"], record(out)["wide"]))

    def test_wide_cells_are_measured_until_the_budget_is_gone(self) -> None:
        out = self.run_wide("--precision", "0.1%", "--budget", "3s", **WIDE)
        run, rows = record(out), read_rows(out / "trials.csv")
        self.assertGreater(len(run["further"]), 0)
        self.assertEqual([False, False] + [True] * len(run["further"]), self.chose)
        for place, added in enumerate(run["further"]):
            self.assertEqual(derived_seed(7, 2 + place), added["seed"])
            own = [one for one in rows if one["process"] == str(2 + place)]
            self.assertEqual(sorted(added["cells"]), sorted({one["cell"] for one in own}))
            self.assertIn("overhead/churn/atomic/threads:1", added["cells"])
            self.assertIn("overhead/churn/plain/threads:1", added["cells"])
            self.assertEqual(len(added["cells"]) * added["rounds"], len(own))
        self.assertIn("overhead/churn/atomic/threads:1", [one["cell"] for one in run["wide"]])
        self.assertRegex(self.output, r"stayed wider than 0\.10%: .*atomic")
        self.assertTrue(run["complete"])

    def test_it_ends_when_all_are_narrow(self) -> None:
        out = self.run_wide("--precision", "11%", "--budget", "1h", **WIDE)
        run = record(out)
        self.assertEqual([], run["wide"])
        self.assertNotIn("stayed wider", self.output)
        self.assertTrue(run["complete"])

    def test_interruption_keeps_rows_and_resume_goes_on(self) -> None:
        out = self.scratch / "new"
        slow = {"STAND_IN_DELAY": "0.03", "STAND_IN_ROUND_S": "0.01", **WIDE}
        child = self.start("--out", out, *SMALL, "--precision", "0.1%", "--budget", "30s", extra=slow)
        until = time.monotonic() + 60
        part = out / "process-2.csv.part"
        while time.monotonic() < until and not (part.exists() and part.read_bytes().count(b"\n") > 2):
            time.sleep(0.02)
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=30)
        self.assertEqual(130, child.returncode, errors)
        before = read_rows(out / "trials.csv")
        self.assertTrue(any(one["process"] == "2" for one in before))
        refused = self.call("run", "--resume", out, "--precision", "3%")
        self.assertEqual(2, refused.returncode)
        self.assert_one_line(refused.stderr, "--precision: '0.03'")
        done = self.call("run", "--resume", out, extra={**WIDE, "STAND_IN_ROUND_S": "100"})
        self.assertEqual(0, done.returncode, done.stderr)
        after = read_rows(out / "trials.csv")
        self.assertTrue(record(out)["complete"])
        trials = [(one["cell"], one["process"], one["repetition"]) for one in after]
        self.assertEqual(len(trials), len(set(trials)))
        for one in before:
            self.assertIn(one, after)
        added = record(out)["further"][0]
        self.assertEqual(len(added["cells"]) * added["rounds"], sum(one["process"] == "2" for one in after))

    def test_a_run_says_how_far_it_can_be_trusted(self) -> None:
        out = self.run_wide()
        run = record(out)
        self.assertIn(run["trust"]["verdict"], ("good", "fair", "poor"))
        self.assertEqual({"item", "verdict", "found", "why", "command", "weight"}, set(run["checks"][0]))
        self.assertIn(f"how far this run can be trusted: {run['trust']['verdict']}", self.output)
        self.assertEqual([None, None], [run["precision"], run["budget_s"]])


if __name__ == "__main__":
    unittest.main()
