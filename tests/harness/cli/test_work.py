"""The workload `counted_work`: how many references stand beside a unit of work, and that they take the share of time asked for."""

import re
import unittest

from support import SLOW, Case, rcbench, read_rows

COST = 0.05


def parameters(row):
    return {key: int(value) for key, value in re.findall(r"(\w)=(\d+)", row["params"])}


class WorkTest(Case):
    def rows(self, *arguments):
        done = rcbench("--window", "5", "--workloads", "counted_work", "--threads", "1", *arguments, "--csv", "rows.csv",
                       cwd=self.folder)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        return [row for row in read_rows(self.folder / "rows.csv") if row["status"] != "skipped"]

    def test_the_row_says_how_many_references_stand_beside_a_unit(self):
        """In time, s = references / (references + unit)."""
        rows = self.rows("--variants", "plain", "--reference-cost", str(COST), "--points", "full")
        self.assertGreater(len(rows), 30)
        for row in rows:
            share = parameters(row)["s"] / 100
            found = re.search(r"references_per_unit=([\d.]+)", row["measures"])
            self.assertEqual(row["audit"], "passed", row["reason"])
            if share in (0, 1):
                self.assertIsNone(found)
            else:
                self.assertAlmostEqual(float(found.group(1)) * COST / (1 + float(found.group(1)) * COST), share, 3)

    @unittest.skipIf(SLOW, "a sanitizer gives counts and work prices of its own")
    def test_references_take_about_the_share_of_time_that_is_asked_for(self):
        """Under a GIL, whose price of a reference was measured before. A core overlaps some of it with the work."""
        rows = self.rows("--variants", "gil", "--rounds", "5", "--points", "full",
                         "--benchmark_filter=/s:(0|40|80)/p:0/")
        best = {}
        for row in rows:
            share = parameters(row)["s"]
            best[share] = min(float(row["ns_per_op"]), best.get(share, float("inf")))
        self.assertAlmostEqual(1 - best[0] / best[40], 0.4, delta=0.2)
        self.assertAlmostEqual(1 - best[0] / best[80], 0.8, delta=0.12)

    @unittest.skipIf(SLOW, "a sanitizer gives counts and work prices of its own")
    def test_shared_references_are_a_strangers(self):
        """Atomic for `biased`: the more of them, the longer an operation takes, where own references are plain."""
        rows = self.rows("--variants", "biased", "--rounds", "5", "--reference-cost", str(COST),
                         "--benchmark_filter=/s:100/p:(0|100)/")
        best = {}
        for row in rows:
            shared = parameters(row)["p"]
            best[shared] = min(float(row["ns_per_op"]), best.get(shared, float("inf")))
        self.assertGreater(best[100], 1.5 * best[0])

    def test_calibration_prints_the_reference_cost(self):
        done = self.run_good("--calibrate")
        self.assertRegex(done.stdout, r"^reference_cost 0\.\d+\n$")
        cost = float(done.stdout.split()[1])
        self.assertGreater(cost, 0.001)
        self.assertLess(cost, 1)

    def test_a_cost_that_is_none(self):
        for value in ("0", "-1", "11", "nan", "x", ""):
            done = rcbench("--reference-cost", value, "--plan", cwd=self.folder)
            self.assertEqual(done.returncode, 2)
            self.assertEqual(len(self.own_lines(done, "--reference-cost")), 1, done.stderr)
            self.assertIn("--calibrate", done.stderr)


if __name__ == "__main__":
    unittest.main()
