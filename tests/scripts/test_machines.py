"""Tests of scripts/report with several runs: one column a machine, every run's own report, and what it refuses."""

from __future__ import annotations

import csv
import unittest
from pathlib import Path
from typing import List

import made_up
from support import ScratchTest


class Machines(ScratchTest):
    def run_of(self, name: str, host: str, seed: int = 1) -> Path:
        directory = self.scratch / name
        directory.mkdir()
        rows: List[made_up.Row] = made_up.overhead(host=host, seed=seed)
        for variant in ("gil", "biased"):
            rate = (lambda n: 1.0) if variant == "gil" else made_up.usl(1.2)
            rows += made_up.curve("private", "op=pair", variant, rate, (1, 2), host=host, seed=seed)
        made_up.write(directory / "trials.csv", rows)
        return directory

    def test_side_by_side(self) -> None:
        done = self.call("report", self.run_of("one", "<left>"), self.run_of("two", "right", 2))
        self.assertEqual(0, done.returncode, done.stderr)
        head = next(line for line in done.stdout.splitlines() if line.startswith("variant"))
        self.assertEqual(["<left>", "right"], head.split()[2:])
        beats = next(line for line in done.stdout.splitlines() if "beats the GIL on private" in line)
        self.assertEqual(["from", "2", "from", "2"], beats.split()[-4:])
        page = (self.scratch / "machines" / "machines.html").read_text(encoding="utf-8")
        sheet = (self.scratch / "machines" / "machines.md").read_text(encoding="utf-8")
        for part in ("&lt;left&gt;", "On right: <code>biased</code>", "it takes 1.20×"):
            self.assertIn(part, page)
        self.assertNotIn("<left>", page)
        self.assertIn("On right: `biased` where threads do little but count", sheet)
        with (self.scratch / "machines" / "machines.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual({("<left>", "one"), ("right", "two")}, {(one["machine"], one["directory"]) for one in rows})
        crossings = [one for one in rows if one["quantity"] == "crossover" and one["variant"] == "biased"]
        self.assertEqual(["2", "2"], [one["value"] for one in crossings])
        for name in ("one", "two"):
            self.assertTrue((self.scratch / name / "report.html").is_file())

    def test_two_runs_of_one_host_are_told_apart(self) -> None:
        done = self.call("report", self.run_of("one", "h"), self.run_of("two", "h", 2), "--out", "here")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("h (one)", done.stdout)
        self.assertIn("h (two)", done.stdout)
        self.assertTrue((self.scratch / "here" / "machines.html").is_file())

    def test_bad_calls(self) -> None:
        one = self.run_of("one", "h")
        for arguments, parts in (((one, one), ("DIR", "each directory once")),
                                 ((one, "--out", "x"), ("--out", "two directories or more")),
                                 ((one, self.scratch), ("DIR", "no trials.csv")), ((), ("accepted",))):
            with self.subTest(parts):
                done = self.call("report", *arguments)
                self.assertEqual(2, done.returncode, done.stdout)
                self.assert_one_line(done.stderr, *parts)
        self.assertFalse((one / "report.html").exists())


if __name__ == "__main__":
    unittest.main()
