"""The examples, built by build_copy.py: each is listed, measured, audited, and keeps the variants' contract."""

import csv
import os
import pathlib
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["EXAMPLES_BUILD"])
PATIENCE_S = 850  # of 900 that ctest gives: on a busy machine all takes many times as long


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=PATIENCE_S,
                          check=False)


class ExampleCase(unittest.TestCase):
    def rows(self, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "rows.csv"
            # Unoptimized, and were it under ThreadSanitizer, a batch of graph_drop takes some 14 ms, the first one
            # more, while the allocator grows: a ramp ends with such a batch, and half of the window must be left.
            done = run(BUILD / "rcbench", "--window", "150", "--ramp", "20", "--threads", "1", "--csv", path,
                       *arguments)
            self.assertIn(done.returncode, (0, 3), done.stderr)
            with open(path, newline="", encoding="utf-8") as file:
                return list(csv.DictReader(file))

    def assert_listed(self, name, *words):
        lines = run(BUILD / "rcbench", "--list").stdout.splitlines()
        line = next((line for line in lines if line.startswith(f"  {name} ")), "")
        for word in words:
            self.assertIn(word, line)


class VariantTest(ExampleCase):
    def test_listed(self):
        self.assert_listed("saturating", "saturating", "free", "24")

    def test_runs_every_workload_that_one_thread_can(self):
        """Noise may leave a cell without a good row; what it may not be is wrong, or skipped for another reason."""
        rows = self.rows("--variants", "saturating")
        self.assertEqual({row["variant"] for row in rows}, {"saturating"})
        self.assertGreaterEqual(len({row["workload"] for row in rows}), 18)
        last = {row["cell"]: row for row in rows}  # a trial that noise has spoiled is measured again
        wrong = [row["cell"] + ": " + row["reason"] for row in last.values()
                 if row["audit"] == "failed" or row["status"] == "skipped" and "threads or more" not in row["reason"]]
        self.assertEqual(wrong, [])


class ProofTest(unittest.TestCase):
    """The example variant under the suites that any variant gets by its line in the registry."""

    def test_conformance(self):
        done = run(BUILD / "tests/schemes/conformance/conformance", "--variant", "saturating")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_explored(self):
        explorer = BUILD / "tests/schemes/explore/explore"
        if not explorer.exists():
            self.skipTest("there is no explorer in this build")
        done = run(explorer, "--variant", "saturating", "--threads", "2")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("overflow", done.stdout)


class WorkloadTest(ExampleCase):
    def test_listed(self):
        self.assert_listed("borrow_chain", "overhead", "borrow the next object")

    def test_runs_with_every_variant(self):
        rows = self.rows("--workloads", "borrow_chain", "--points", "standard")
        cells = {row["cell"] for row in rows if row["audit"] == "passed"}
        for variant in {row["variant"] for row in rows} | {"plain", "atomic", "biased", "saturating"}:
            for length in ("4", "1000"):
                self.assertIn(f"overhead/borrow_chain/length:{length}/{variant}/threads:1", cells)


class ColumnTest(ExampleCase):
    """The column `batches`, which is one line in columns.def."""

    SOURCE = BUILD.parent / "source"

    def test_in_the_page(self):
        page = self.SOURCE / "docs/schema.md"
        done = run("cmake", "--build", BUILD, "--target", "schema_page")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("| `batches` | count | of thread 0 in the window [sum] |", page.read_text(encoding="utf-8"))

    def test_in_rows_and_summary(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "rows.csv"
            done = run(BUILD / "rcbench", "--window", "20", "--variants", "plain", "--workloads", "pair", "--csv", path)
            self.assertIn(done.returncode, (0, 3), done.stderr)
            with open(path, newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            self.assertEqual(list(rows[0])[-1], "batches")
            self.assertTrue(all(int(row["batches"]) > 0 for row in rows if row["status"] == "ok"))
            if not os.environ.get("RCBENCH_PYTHON"):
                self.skipTest("RCBENCH_PYTHON is not set: there is no summary")
            program = ("import pathlib, sys; from rcb.answers.summary import summarise, write_csv; from rcb.rows.rows "
                       "import read; write_csv(summarise(read(pathlib.Path(sys.argv[1]))), pathlib.Path(sys.argv[2]))")
            summary = path.with_name("summary.csv")
            done = run("env", f"PYTHONPATH={self.SOURCE / 'scripts'}", os.environ["RCBENCH_PYTHON"], "-B", "-c",
                       program, path, summary)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(summary, newline="", encoding="utf-8") as file:
                cells = list(csv.DictReader(file))
            self.assertEqual(sum(int(row["batches"]) for row in rows if row["status"] == "ok"),
                             sum(int(cell["batches"]) for cell in cells if cell["batches"]))


if __name__ == "__main__":
    unittest.main()
