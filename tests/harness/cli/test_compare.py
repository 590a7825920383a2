"""Google Benchmark's own compare.py reads what rcbench writes with --benchmark_out: two runs, and two variants of one.

It comes with libbenchmark-tools and needs scipy; without them the tests are skipped, with a line."""

import json
import os
import pathlib
import subprocess
import unittest

from support import QUICK, Case, rcbench

COMPARE = pathlib.Path("/usr/share/benchmark/compare.py")
PYTHON = os.environ.get("RCBENCH_PYTHON", "")


def missing():
    if not COMPARE.is_file():
        return f"{COMPARE} is not there: install libbenchmark-tools"
    if not PYTHON or subprocess.run([PYTHON, "-c", "import numpy, scipy"], stderr=subprocess.DEVNULL).returncode != 0:
        return "no Python with numpy and scipy: set RCBENCH_PYTHON"
    return ""


@unittest.skipIf(missing(), missing())
class CompareTest(Case):
    def measured(self, name, variants="plain,atomic"):
        done = rcbench(*QUICK, "--workloads", "pair", "--variants", variants, "--benchmark_filter=set:(1/code:inline|L1)/",
                       "--benchmark_repetitions=9", f"--benchmark_out={name}", cwd=self.folder)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        return name

    def compare(self, *arguments):
        done = subprocess.run([PYTHON, "-B", str(COMPARE), "--no-color", "-d", "out.json", *arguments],
                              cwd=self.folder, text=True, capture_output=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = json.loads((self.folder / "out.json").read_text("utf-8"))
        return done.stdout, {one["name"]: one for one in found}

    def test_two_runs(self):
        text, found = self.compare("benchmarks", self.measured("a.json"), self.measured("b.json"))
        for variant in ("plain", "atomic"):
            for size in ("1/code:inline", "L1"):
                name = f"overhead/pair/set:{size}/{variant}/threads:1"
                self.assertIn(name, text)
                self.assertEqual(len(found[name]["measurements"]), 9)
                self.assertIn("utest", found[name])
                self.assertEqual(found[name]["time_unit"], "ns")

    def test_two_variants_of_one_run(self):
        """The tool takes the two names away and compares what is left: an atomic pair costs more than a plain one."""
        _, found = self.compare("filters", self.measured("a.json"), "/plain/", "/atomic/")
        found = {name: one for name, one in found.items() if name.endswith("threads:1")}
        self.assertEqual(len(found), 2)
        for one in found.values():
            self.assertGreater(min(m["real_time_other"] for m in one["measurements"]), 0)
            middle = sorted(m["time"] for m in one["measurements"])[4]
            self.assertGreater(middle, 0.5)  # 0.5: half as much again


if __name__ == "__main__":
    unittest.main()
