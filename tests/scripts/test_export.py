"""Tests of the exports: other tools' formats, read back, without what was rejected."""

from __future__ import annotations

import json
import subprocess
import unittest
from pathlib import Path

from support import ScratchTest, called, row, write_rows

from rcb.commands.report import main
from rcb.report.export import FORMATS
from rcb.run.options import EXPORTS

COMPARE = Path("/usr/share/benchmark/compare.py")


class Export(ScratchTest):
    def exported(self, formats: str) -> Path:
        directory = self.scratch / "run"
        directory.mkdir(exist_ok=True)
        cells = (("plain", 1.0), ("atomic", 4.0))
        rows = [row(variant=name, ns_per_op=cost * (1 + 0.01 * process), process=process, run_id="r",
                    cell=f"overhead/pair/set:1/{name}/threads:1") for name, cost in cells for process in range(3)]
        rows.append(row(variant="atomic", ns_per_op=400.0, process=3, status="invalid", reason="overlap",
                        cell="overhead/pair/set:1/atomic/threads:1"))
        rows.append(row(variant="biased", status="invalid", ns_per_op=1.0, reason="a wrong count", audit="failed",
                        cell="overhead/pair/set:1/biased/threads:1"))
        rows.append(row(variant="none", status="skipped", cell="overhead/pair/set:1/none/threads:2"))
        write_rows(directory / "trials.csv", rows)
        done = called("report", main, "--export", formats, directory)
        self.assertEqual(0, done.returncode, done.stderr)
        return directory

    def test_google_benchmark(self) -> None:
        found = json.loads((self.exported("google-benchmark") / "google-benchmark.json").read_text(encoding="utf-8"))
        names = [one["name"] for one in found["benchmarks"]]
        self.assertEqual(3, names.count("overhead/pair/set:1/code:inline/atomic/threads:1"))
        self.assertEqual(6, len(names), "what was rejected is not in it")
        self.assertEqual([0, 1, 2], [one["repetition_index"] for one in found["benchmarks"] if "atomic" in one["name"]])
        self.assertLess(max(one["real_time"] for one in found["benchmarks"]), 5.0)

    def test_google_benchmarks_own_tool_reads_it(self) -> None:
        if not COMPARE.exists():
            self.skipTest("Google Benchmark's compare.py is not installed")
        path = self.exported("google-benchmark") / "google-benchmark.json"
        done = subprocess.run(["/usr/bin/python3", str(COMPARE), "--no-color", "benchmarks", str(path), str(path)],
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("overhead/pair/set:1/code:inline/atomic/threads:1", done.stdout)

    def test_github_action(self) -> None:
        found = json.loads((self.exported("github-action,google-benchmark") / "github-action.json").read_text("utf-8"))
        self.assertEqual({f"overhead/pair/set:1/code:inline/{name}/threads:1" for name in ("plain", "atomic")},
                         {one["name"] for one in found})
        self.assertEqual({"3 trials in 3 processes"}, {one["extra"] for one in found})
        for one in found:
            self.assertEqual("ns/op", one["unit"])
            self.assertRegex(one["range"], r"^[\d.]+ to [\d.]+$")
        self.assertTrue((self.scratch / "run" / "google-benchmark.json").exists())

    def test_every_format_that_is_accepted_is_made(self) -> None:
        self.assertEqual(set(EXPORTS), set(FORMATS))

    def test_a_format_that_there_is_not(self) -> None:
        done = called("report", main, "--export", "excel", self.scratch)
        self.assertEqual(2, done.returncode)
        self.assert_one_line(done.stderr, "--export", "excel", "google-benchmark, github-action")


if __name__ == "__main__":
    unittest.main()
