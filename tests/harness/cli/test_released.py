"""The workload `released`: what one operation is, and that a thread which is outside lets the others run."""

import unittest

from support import Case, rcbench, read_rows, skip_where_busy


class ReleasedTest(Case):
    def rows(self, *arguments):
        done = rcbench("--window", "5", "--switch-interval", "500", "--workloads", "released", *arguments, "--csv",
                       "rows.csv", cwd=self.folder)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        return [row for row in read_rows(self.folder / "rows.csv") if row["status"] != "skipped"]

    def test_units_are_counted_in_whole_sections(self):
        rows = self.rows("--points", "full", "--variants", "plain,gil", "--threads", "1")
        self.assertEqual({row["params"] for row in rows},
                         {f"out=native;f={f}" for f in (0, 25, 50, 75, 90)} | {f"out=block;f={f}" for f in (25, 50, 75, 90)})
        for row in rows:
            units = 100 if "native" in row["params"] else 1000
            self.assertEqual(int(row["batch_ops"]), units)
            self.assertEqual(int(row["ops"]) % units, 0)
            self.assertEqual(row["audit"], "passed")
            # A thread sleeps once a section; not where it was suspended until the sleep would have been over.
            if "block" in row["params"]:
                self.assertGreaterEqual(int(row["ctx_voluntary"]), 0.8 * (int(row["ops"]) // units))
            if row["status"] == "ok":
                self.assertGreaterEqual(float(row["window_s"]), 250 * units * 0.4e-6 / 2)

    def test_the_clock_is_told_where_the_time_is_its_own(self):
        """A unit is 500 steps of the chain that tells it: whatever the clock does, they take 500 times as long."""
        skip_where_busy(self)
        rows = self.rows("--points", "standard", "--variants", "plain", "--threads", "1", "--rounds", "2")
        for row in rows:
            if "block" in row["params"]:
                self.assertEqual("", row["clock_step_ns"])
            else:
                self.assertGreater(float(row["ns_per_op"]) / float(row["clock_step_ns"]), 0.8 * 500)
        outside = [float(row["ns_per_op"]) / float(row["clock_step_ns"]) for row in rows
                   if row["params"] == "out=native;f=90"]
        self.assertLess(min(outside), 2 * 500)

    def test_a_blocked_thread_lets_the_other_run(self):
        """Nine tenths of the time are slept: two threads under a GIL do more than one, on any machine."""
        skip_where_busy(self)
        rows = self.rows("--variants", "gil", "--threads", "1,2", "--oversubscribe", "--points", "standard",
                         "--benchmark_filter=out:block/f:90", "--rounds", "3")
        best = {threads: max(float(row["ops_per_s"]) for row in rows if row["threads"] == threads)
                for threads in ("1", "2")}
        self.assertGreater(best["2"], 1.3 * best["1"])


if __name__ == "__main__":
    unittest.main()
