"""The CSV files that a run leaves, as pandas reads them: columns of one type, cells without parameters among the others,
and rows of older runs beside newer ones."""

from __future__ import annotations

import re
import unittest
from pathlib import Path

import made_up
import pandas as pd
from support import ScratchTest, called, row, write_rows

from rcb.commands import report as report_command
from rcb.rows import rows
from rcb.rows.schema import CELL

# One number, or one for each thread.
NUMBERS = re.compile(r"(-?\d[\d.]*(e[-+]?\d+)?)(\+\d[\d.]*)*")


class Columns(ScratchTest):
    def run_of(self, name: str, seed: int) -> Path:
        directory = self.scratch / name
        directory.mkdir()
        found = made_up.with_waits(made_up.run(host="h", seed=seed, run_id=name))
        made_up.write(directory / "trials.csv", [{**one, "params": one["params"] or "-"} for one in found])
        return directory

    def assert_tidy(self, path: Path) -> None:
        found = pd.read_csv(path)
        self.assertGreater(len(found), 0, path)
        texts = pd.read_csv(path, dtype=str, keep_default_na=False)
        for name in found:
            with self.subTest(f"{path.name}: {name}"):
                given = [one for one in texts[name] if one != ""]
                numbers = [one for one in given if NUMBERS.fullmatch(one)]
                self.assertIn(len(numbers), (0, len(given)), "numbers and words in one column")
                if given and "+" not in "".join(given):
                    self.assertEqual(pd.api.types.is_numeric_dtype(found[name]), bool(numbers), found[name].dtype)
        if "params" in found and "variant" in found:
            self.assertFalse(found["params"].isna().any())

    def test_every_file_of_a_run(self) -> None:
        one, two = self.run_of("one", 1), self.run_of("two", 2)
        done = self.call("report", one, two)
        self.assertEqual(0, done.returncode, done.stderr)
        found = [*one.glob("*.csv"), *(self.scratch / "machines").glob("*.csv")]
        self.assertEqual({"trials.csv", "summary.csv", "tradeoff.csv", "model.csv", "machines.csv"},
                         {path.name for path in found})
        for path in found:
            self.assert_tidy(path)
        for name in ("trials.csv", "summary.csv"):  # a missing number as a key would lose the row
            cells = pd.read_csv(one / name).groupby(CELL).size()
            self.assertEqual(len(pd.read_csv(one / name)), int(cells.sum()))
            self.assertIn("shared_one", set(cells.reset_index()["workload"]))

    def test_a_comparison(self) -> None:
        """--format csv, as it is printed."""
        done = self.call("compare", "--format", "csv", self.run_of("one", 1), self.run_of("two", 2))
        self.assertIn(done.returncode, (0, 1), done.stderr)
        path = self.scratch / "compare.csv"
        path.write_text(done.stdout, encoding="utf-8")
        self.assert_tidy(path)


class OlderRows(ScratchTest):
    def test_they_are_called_as_today(self) -> None:
        path = write_rows(self.scratch / "trials.csv", [
            row(workload=workload, params=params, order=order, repetition=order)
            for order, (workload, params) in enumerate((
                ("pair", "set=1"), ("pair", "set=L1"), ("mixed", "p=5"), ("call", ""), ("call", "-"),
                ("mixed", "order=runs;p=5"), ("pair", "set=1;code=calls"), ("released", "out=native;f=0")))])
        self.assertEqual(["set=1;code=inline", "set=L1", "order=random;p=5", "", "", "order=runs;p=5",
                          "set=1;code=calls", "out=native;f=0"], list(rows.read(path).frame["params"]))

    def test_one_cell_of_an_older_and_a_newer_run(self) -> None:
        for name, params in (("old", "set=1"), ("new", "set=1;code=inline")):
            write_rows(self.scratch / f"{name}.csv", [row(run_id=name, params=params),
                                                      row(run_id=name, workload="call", params="", repetition=1),
                                                      row(run_id=name, workload="borrow", repetition=2,
                                                          params="" if name == "old" else "-")])
        old, new = (rows.read(self.scratch / f"{name}.csv").frame for name in ("old", "new"))
        self.assertTrue(old[CELL].equals(new[CELL]))



class Peers(ScratchTest):
    """Peers that were measured stand on the terminal and in the report, beside ours in the same cells."""

    def test_they_are_shown(self) -> None:
        rows_of_peers = [{**one, "variant": "peer:shared_ptr", "scheme": "peer"} for one in made_up.run()
                         if one["variant"] == "atomic" and one["workload"] == "shared_one"]
        made_up.write(self.scratch / "trials.csv", made_up.run() + rows_of_peers)
        done = called("report", report_command.main, self.scratch)
        self.assertEqual(0, done.returncode, done.stderr)
        line = next(one for one in done.stdout.splitlines() if "peer:shared_ptr" in one)
        self.assertEqual("peer:shared_ptr", line.split()[2], "it comes before ours")
        self.assertIn("| peer:shared\\_ptr |", (self.scratch / "report.md").read_text(encoding="utf-8"))
        made_up.write(self.scratch / "trials.csv", made_up.run())
        self.assertNotIn("peers first", called("report", report_command.main, self.scratch).stdout)


if __name__ == "__main__":
    unittest.main()
