"""Tests of scripts/merge: rows that stay as they are, processes that stay apart, and what it refuses."""

from __future__ import annotations

import json
import unittest
from pathlib import Path
from typing import Dict, List
from unittest import mock

from support import ScratchTest, called, read_rows, row, write_rows

from rcb.answers.summary import summarise
from rcb.compare import compare
from rcb.rows import merge
from rcb.rows.rows import read


class Merge(ScratchTest):
    def run_of(self, name: str, found: List[Dict[str, object]], **record: object) -> Path:
        directory = self.scratch / name
        directory.mkdir()
        write_rows(directory / "trials.csv", found)
        if record:
            (directory / "run.json").write_text(json.dumps({"run_id": name, **record}), encoding="utf-8")
        return directory

    def merged(self, *arguments: object) -> str:
        done = called("merge", merge.main, *arguments)
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout

    def refused(self, *arguments: object, parts: "tuple[str, ...]") -> None:
        done = called("merge", merge.main, *arguments)
        self.assertEqual(2, done.returncode, done.stdout + done.stderr)
        self.assert_one_line(done.stderr, *parts)

    def test_processes_of_two_runs_stay_apart(self) -> None:
        runs = [self.run_of(name, [row(run_id=name, process=process, repetition=repetition, ns_per_op=cost)
                                   for process in (0, 1) for repetition in (0, 1)], warnings=[f"of {name}"],
                            complete=True)
                for name, cost in (("a", 1.0), ("b", 3.0))]
        self.merged(*runs, "-o", self.scratch / "both")
        found = read(self.scratch / "both" / "trials.csv")
        (cell,) = summarise(found).cells
        self.assertEqual((8, 4, 2.0), (cell.trials, cell.processes, cell.ns_per_op.value))
        record = json.loads((self.scratch / "both" / "run.json").read_text(encoding="utf-8"))
        self.assertEqual((["of a", "of b"], True, ["a", "b"]),
                         (record["warnings"], record["complete"], [one["run_id"] for one in record["merged"]]))
        self.assertEqual(0, self.call("report", self.scratch / "both").returncode)

    def test_rows_stay_byte_for_byte_and_twice_is_once(self) -> None:
        rows = [row(reason='a "quoted", reason', status="invalid"), row(ns_per_op=0.1 + 0.2), row(repetition=1)]
        run = self.run_of("a", rows)
        text = self.merged(run, run, run / "trials.csv", "--out", self.scratch / "out.csv")
        self.assertIn("left out: 6 that were there already", text)
        self.assertEqual((run / "trials.csv").read_bytes(), (self.scratch / "out.csv").read_bytes())

    def test_other_columns_are_kept_by_name(self) -> None:
        old, new = self.run_of("a", [row(run_id="a")]), self.run_of("b", [row(run_id="b", reason="x, y")])
        path = new / "trials.csv"
        header, line = path.read_text(encoding="utf-8").splitlines()
        path.write_text(f"later,{header}\nsteal,{line}\n", encoding="utf-8")
        self.merged(old, new, "-o", self.scratch / "out.csv")
        first, second = read_rows(self.scratch / "out.csv")
        self.assertEqual(("a", "", "b", "steal", "x, y"),
                         (first["run_id"], first["later"], second["run_id"], second["later"], second["reason"]))
        self.assertEqual("1.0", second["ns_per_op"])

    def test_bad_lines_are_left_out_and_counted(self) -> None:
        run = self.run_of("a", [row(), row(repetition=1)])
        path = run / "trials.csv"
        path.write_bytes(path.read_bytes()[:-3])
        done = self.call("merge", run, "-o", self.scratch / "out.csv")
        self.assertEqual(0, done.returncode)
        self.assertIn(f"{path}:3: left out: cut off", done.stderr)
        self.assertIn("1 bad line", done.stdout)
        self.assertEqual(1, len(read_rows(self.scratch / "out.csv")))

    def test_the_same_trial_with_other_numbers_is_no_duplicate(self) -> None:
        one, two = self.run_of("a", [row(), row(repetition=1)]), self.run_of("b", [row(repetition=1, ns_per_op=2.0)])
        self.refused(one, two, "-o", self.scratch / "out",
                     parts=(f"{two}/trials.csv:2", f"{one}/trials.csv:3", "run_id 'r'"))
        self.assertFalse((self.scratch / "out").exists())

    def test_machines(self) -> None:
        here = self.run_of("a", [row(run_id="a")], machine={"cpu": "x"})
        there = self.run_of("b", [row(run_id="b", host="there")])
        twin = self.run_of("c", [row(run_id="c")], machine={"cpu": "y"})
        for other in (there, twin):
            out = self.scratch / f"out-{other.name}.csv"
            self.refused(here, other, "-o", out, parts=(str(other), "--allow-mixed"))
            self.merged(here, other, "-o", out, "--allow-mixed")
            self.assertEqual(2, len(read_rows(out)))
        mixed = self.scratch / "out-b.csv"
        for main, *rest in ((merge.main, "-o", self.scratch / "again.csv"), (compare.main, here)):
            done = called("command", main, mixed, *rest)
            self.assertEqual(2, done.returncode)
            self.assert_one_line(done.stderr, f"{mixed}:3", "2 machines (h, there)", "--allow-mixed")

    def test_refusals(self) -> None:
        run = self.run_of("a", [row()])
        self.refused(run, parts=("-o: missing",))
        self.refused("-o", "x.csv", parts=("no run given",))
        self.refused(run, "-o", run, parts=("-o:", str(run), "there already"))
        self.refused(run, "-o", run / "trials.csv", parts=("there already",))
        self.refused(self.scratch, "-o", "x.csv", parts=(str(self.scratch),))
        self.refused(run, "-o", "-", parts=("-o: '-'",))
        empty = self.run_of("empty", [])
        self.refused(run, empty, "-o", "x.csv", parts=("empty/trials.csv", "no trial with numbers"))

    def test_two_at_once_write_one_file(self) -> None:
        """The second one has looked before the first one was done."""
        run, out = self.run_of("a", [row()]), self.scratch / "out.csv"
        with mock.patch.object(merge, "_check_free"):
            self.assertEqual(0, called("merge", merge.main, run, "-o", out).returncode)
            before = out.read_bytes()
            done = called("merge", merge.main, run, "-o", out)
        self.assertEqual(2, done.returncode)
        self.assert_one_line(done.stderr, "-o:", str(out), "another command")
        self.assertEqual(before, out.read_bytes())
        self.assertEqual([], [one for one in self.scratch.iterdir() if one.name.startswith("out.csv.")])


if __name__ == "__main__":
    unittest.main()
