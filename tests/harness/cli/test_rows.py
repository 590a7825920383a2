"""The rows of --csv: columns, values that must agree with each other, placement, order, windows under a GIL."""

import ctypes
import json
import os
import re
import signal
import subprocess
import time
import unittest

from support import CPUS, PATIENCE_S, QUICK, Case, rcbench, read_rows, schema_columns, start, trials

BOTH = ("--threads", "1,2", "--oversubscribe")
EMPTY_WHEN_SKIPPED = ("utc", "cpus", "window_s", "ops", "ops_per_s", "ns_per_op", "thread_ops_min", "thread_ops_max",
                      "jain", "overlap", "ctx_voluntary", "ctx_involuntary", "migrations", "steal_ms", "minor_faults",
                      "major_faults", "allocated_bytes", "resident_bytes", "late_objects_max", "gc_runs",
                      "gc_pause_max_ns", "roles", "thread_ops", "thread_ns", "numa", "drift", "turns_min", "batch_ops",
                      "working_set_bytes", "noise", "waits", "wait_p50_ns", "wait_p99_ns", "wait_max_ns")


def numbers(text):
    return [int(part) for part in text.split("+")]


class RowTest(Case):
    """One run for all tests of this class."""

    @classmethod
    def setUpClass(cls):
        holder = cls("run_good")
        holder.setUp()
        cls.addClassCleanup(holder.doCleanups)
        cls.csv = holder.folder / "rows.csv"
        cls.done = rcbench("--window", "2", "--ramp", "1", *BOTH, "--switch-interval", "200", "--seed", "7",
                           "--process", "3", "--variants", "none,plain,atomic,biased,gil", "--workloads",
                           "pair,graph_drop,shared_one,private,owner_stranger,mixed", "--csv", cls.csv,
                           cwd=holder.folder)
        cls.rows = read_rows(cls.csv)
        cls.measured = [row for row in cls.rows if row["status"] != "skipped"]

    def each(self, rows):
        """The rows, of which there must be some; a failure names the row that it was at."""
        self.assertTrue(rows)
        for self.at in rows:
            yield self.at
        self.at = None

    def _formatMessage(self, msg, standardMsg):
        at = getattr(self, "at", None)
        return super()._formatMessage(msg, standardMsg) + (f"\nin the row {at}" if at else "")

    def test_the_processor_s_columns(self):
        """Cycles follow from the row's own figures and the machine's; counters are there for all rows or for none."""
        self.run_good("--window", "20", "--workloads", "pair,released", "--variants", "plain,gil", "--threads", "1",
                      "--csv", "rows.csv")
        self.run_good("--machine", "machine.json")
        machine = json.loads((self.folder / "machine.json").read_text("utf-8"))
        step = machine["clock_step_cycles"]
        rows = read_rows(self.folder / "rows.csv")
        self.assertEqual({"", "told"}, {row["clock_step_ns"] and "told" for row in rows})
        for row in rows:
            self.assertEqual(row["cycles_per_op"] == "", row["clock_step_ns"] == "" or step is None)
            if row["cycles_per_op"]:
                steps = float(row["ns_per_op"]) / float(row["clock_step_ns"])
                self.assertAlmostEqual(float(row["cycles_per_op"]) / steps, step, delta=0.01)
            self.assertEqual("contended" in row["noise"], float(row["core_contended"]) > 0.02, row)
            self.assertGreater(float(row["core_quotient"]), 0.5 * float(row["core_baseline"]))
            for name in ("cycles", "instructions", "branch_misses"):
                self.assertEqual(row[name] != "", machine["processor_counters"] == "available")
            if row["cycles"] and row["cycles_per_op"]:
                counted = int(row["cycles"]) / int(row["ops"])
                self.assertLess(0.5, counted / float(row["cycles_per_op"]))
                self.assertGreater(2, counted / float(row["cycles_per_op"]))

    def test_exit_status_says_whether_all_cells_have_a_good_row(self):
        good = {row["cell"] for row in self.rows if row["status"] != "invalid"}
        bad = {row["cell"] for row in self.rows} - good
        self.assertEqual(self.done.returncode, 3 if bad else 0, self.done.stderr)

    def test_header_is_that_of_the_schema(self):
        columns = schema_columns()
        if columns is None:
            self.skipTest("docs/schema.md is not there")
        header = self.csv.read_text(encoding="utf-8").splitlines()[0].split(",")
        self.assertEqual(header, columns)

    def test_every_row_has_all_columns_and_is_one_line(self):
        self.assertEqual(self.csv.read_text(encoding="utf-8").count("\n"), len(self.rows) + 1)
        for row in self.each(self.rows):
            self.assertNotIn(None, row)
            self.assertNotIn(None, row.values())

    def test_identity(self):
        self.assertEqual(len({row["run_id"] for row in self.rows}), 1)
        self.assertEqual([int(row["order"]) for row in self.rows], list(range(len(self.rows))))
        for row in self.each(self.rows):
            self.assertEqual((row["schema"], row["seed"], row["process"], row["placement"]), ("1", "7", "3", "cores"))
            self.assertNotEqual(row["params"], "")
            params = "" if row["params"] == "-" else row["params"].replace("=", ":").replace(";", "/")
            parts = [row["driver"], row["workload"], params, row["variant"], f"threads:{row['threads']}"]
            self.assertEqual(row["cell"], "/".join(part for part in parts if part))
            self.assertIn(row["status"], ("ok", "invalid", "skipped", "oversubscribed"))
            self.assertEqual(row["reason"] != "", row["status"] in ("invalid", "skipped"))

    def test_every_cell_of_the_plan_has_a_row_or_is_skipped_as_the_plan_says(self):
        plan = json.loads(rcbench("--plan", "--json", *BOTH, "--variants", "none,plain,atomic,biased,gil", "--workloads",
                                  "pair,graph_drop,shared_one,private,owner_stranger,mixed", cwd=self.folder).stdout)
        self.assertEqual({one["cell"] for one in plan["cells"]}, {row["cell"] for row in self.rows})
        self.assertEqual({one["cell"]: one["reason"] for one in plan["cells"] if one["state"] == "skipped"},
                         {row["cell"]: row["reason"] for row in self.rows if row["status"] == "skipped"})

    def test_skipped_rows_have_a_reason_and_no_numbers(self):
        skipped = [row for row in self.rows if row["status"] == "skipped"]
        self.assertIn("scaling/shared_one/plain/threads:2", [row["cell"] for row in skipped])
        for row in self.each(skipped):
            self.assertEqual({row[column] for column in EMPTY_WHEN_SKIPPED}, {""})

    def test_threads_agree_with_the_sums(self):
        for row in self.each(self.measured):
            ops, times = numbers(row["thread_ops"]), numbers(row["thread_ns"])
            threads = int(row["threads"])
            self.assertEqual([len(row[c].split("+")) for c in ("thread_ops", "thread_ns", "cpus", "numa", "roles")],
                             [threads] * 5)
            self.assertEqual(int(row["ops"]), sum(ops))
            self.assertEqual((int(row["thread_ops_min"]), int(row["thread_ops_max"])), (min(ops), max(ops)))
            if min(times) > 0:
                rate = sum(o / t * 1e9 for o, t in zip(ops, times))
                self.assertAlmostEqual(float(row["ops_per_s"]) / rate, 1, places=6)
                self.assertAlmostEqual(float(row["ns_per_op"]) / (sum(times) / sum(ops)), 1, places=6)

    def test_good_rows_have_plausible_values(self):
        for row in self.each([row for row in self.measured if row["status"] == "ok"]):
            self.assertGreaterEqual(float(row["overlap"]), 0.99)
            self.assertLessEqual(float(row["overlap"]), 1)
            self.assertGreater(float(row["jain"]), 0)
            self.assertLessEqual(float(row["jain"]), 1.000001)
            self.assertGreaterEqual(float(row["window_s"]), 0.002 / 2)
            self.assertGreater(int(row["batch_ops"]), 0)
            self.assertRegex(row["utc"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
            self.assertEqual((row["gc_runs"], row["gc_pause_max_ns"]), ("0", "0"))

    def test_cpus_are_different_and_allowed(self):
        for row in self.each(self.measured):
            cpus = numbers(row["cpus"])
            self.assertLessEqual(set(cpus), set(CPUS))
            self.assertEqual(len(set(cpus)), min(len(cpus), len(CPUS)))

    def test_a_gil_cell_spans_four_turns_of_every_thread(self):
        self.assertIn("gil", [row["mode"] for row in self.measured if row["threads"] == "2"])
        for row in (row for row in self.measured
                    if row["mode"] == "gil" and row["threads"] == "2" and row["status"] == "ok"):
            self.assertGreaterEqual(float(row["window_s"]), 4 * 2 * 200e-6 * 0.65)  # 1.3 asked for, half of it gone
            self.assertGreaterEqual(int(row["turns_min"]), 4)
        for row in self.each(self.measured):
            self.assertEqual(row["turns_min"] == "", row["mode"] != "gil")

    def test_roles_are_told_apart(self):
        rows = [row for row in self.measured if row["workload"] == "owner_stranger"]
        for row in self.each(rows):
            self.assertEqual(row["roles"], "owner+stranger")


class OrderTest(Case):
    CELLS = (*QUICK, "--benchmark_filter=pair/set:1/code:inline/", "--rounds", "2")

    def order(self, name, *arguments):
        self.run_good(*self.CELLS, "--csv", name, *arguments)
        return [(row["cell"], row["repetition"]) for row in trials(read_rows(self.folder / name))]

    def test_the_seed_decides_the_order(self):
        first = self.order("a.csv", "--seed", "1")
        self.assertEqual(first, self.order("b.csv", "--seed", "1"))
        other = self.order("c.csv", "--seed", "2")
        self.assertNotEqual(first, other)
        self.assertEqual(sorted(first), sorted(other))

    def test_rounds_and_processes_have_orders_of_their_own(self):
        rows = self.order("a.csv", "--seed", "1")
        rounds = [[cell for cell, repetition in rows if repetition == str(n)] for n in range(2)]
        self.assertEqual(sorted(rounds[0]), sorted(rounds[1]))
        self.assertNotEqual(rounds[0], rounds[1])
        self.assertNotEqual(rows, self.order("b.csv", "--seed", "1", "--process", "1"))

    def test_the_cells_of_a_file_and_no_others_are_measured(self):
        names = [f"overhead/pair/set:1/code:inline/{variant}/threads:1" for variant in ("atomic", "plain")]
        (self.folder / "cells").write_text("\n".join(names), encoding="utf-8")
        self.assertEqual(sorted(self.order("a.csv", "--cells", "cells")),
                         [(name, str(repetition)) for name in names for repetition in range(2)])

    def test_a_drawn_seed_is_printed_and_can_be_given_again(self):
        done = self.run_good(*self.CELLS, "--csv", "a.csv")
        seed = re.search(r"seed (\d+)", done.stderr)[1]
        rows = [(row["cell"], row["repetition"]) for row in trials(read_rows(self.folder / "a.csv"))]
        self.assertEqual({row["seed"] for row in read_rows(self.folder / "a.csv")}, {seed})
        self.assertEqual(rows, self.order("b.csv", "--seed", seed))


class PlacementTest(Case):
    def test_placement_none_pins_nothing(self):
        self.run_good(*QUICK, "--placement", "none", "--benchmark_filter=pair/set:1/code:inline/plain", "--csv",
                      "rows.csv")
        row = trials(read_rows(self.folder / "rows.csv"))[0]
        self.assertEqual((row["placement"], row["cpus"], row["status"]), ("none", "", "ok"))
        self.assertEqual(row["clock_step_ns"], "")  # of no CPU

    def test_the_clock_is_told_of_what_it_drives(self):
        """Not of a set that lies behind the core's own caches."""
        self.run_good(*QUICK, "--points", "standard", "--benchmark_filter=pair/set:(1/code:[a-z]*|L1|L3)/plain/", "--csv",
                      "rows.csv")
        told = {row["params"]: row["clock_step_ns"] for row in trials(read_rows(self.folder / "rows.csv"))}
        self.assertEqual(set(told), {"set=1;code=inline", "set=1;code=calls", "set=L1", "set=L3"})
        self.assertEqual(told["set=L3"], "")
        for name in ("set=1;code=inline", "set=1;code=calls", "set=L1"):
            self.assertTrue(0.05 < float(told[name]) < 100, told)

    def test_a_limited_mask_is_honoured(self):
        for cpu in CPUS[:2]:
            with self.subTest(cpu):
                self.run_good(*QUICK, "--workloads", "shared_none", "--variants", "biased", "--csv", f"{cpu}.csv",
                              preexec_fn=lambda cpu=cpu: os.sched_setaffinity(0, {cpu}))
                rows = read_rows(self.folder / f"{cpu}.csv")
                self.assertEqual({(row["threads"], row["cpus"]) for row in rows}, {("1", str(cpu))})

    def test_more_threads_than_cpus_are_marked(self):
        done = rcbench(*QUICK, "--threads", "2", "--oversubscribe", "--workloads", "shared_none", "--variants",
                       "biased", "--csv", "rows.csv", cwd=self.folder,
                       preexec_fn=lambda: os.sched_setaffinity(0, CPUS[:1]))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([row["status"] for row in trials(read_rows(self.folder / "rows.csv"))], ["oversubscribed"])

    def test_many_threads_on_one_cpu_do_no_more_than_one(self):
        """Each has a span of its own, most of them after the window: rates over those would add up to many CPUs'."""
        done = rcbench("--window", "50", "--threads", "1,64", "--oversubscribe", "--workloads", "private", "--variants",
                       "biased", "--csv", "rows.csv", cwd=self.folder,
                       preexec_fn=lambda: os.sched_setaffinity(0, CPUS[:1]))
        self.assertIn(done.returncode, (0, 3), done.stderr)
        by_params = {}
        for row in trials(read_rows(self.folder / "rows.csv")):
            if row["ops_per_s"]:
                by_params.setdefault(row["params"], {})[row["threads"]] = row
        self.assertTrue(by_params)
        for one, many in ((rows["1"], rows["64"]) for rows in by_params.values() if len(rows) == 2):
            self.assertEqual(many["status"], "oversubscribed")
            self.assertLess(float(many["ops_per_s"]), 2 * float(one["ops_per_s"]))
            self.assertAlmostEqual(float(many["window_s"]), 0.05, 3)
            self.assertAlmostEqual(float(many["ops_per_s"]) * float(many["window_s"]) / int(many["ops"]), 1, 3)

    def test_threads_that_never_ran_in_the_window_are_no_wrong_count(self):
        """Others have the only CPU for longer than the window is: that is noise."""
        def pin():
            os.sched_setaffinity(0, CPUS[:1])

        for _ in range(8):
            hog = subprocess.Popen(["sh", "-c", "while :; do :; done"], preexec_fn=pin)
            self.addCleanup(hog.wait)
            self.addCleanup(hog.kill)
        done = rcbench("--window", "1", "--ramp", "5", "--threads", "2", "--oversubscribe", "--workloads", "private",
                       "--variants", "biased,atomic", "--rounds", "20", "--csv", "rows.csv", cwd=self.folder,
                       preexec_fn=pin)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        for row in read_rows(self.folder / "rows.csv"):
            self.assertEqual(row["status"] == "invalid", row["ops"] == "0" or "disturbed" in row["reason"])
            self.assertEqual(row["audit"], "passed")

    def test_a_host_name_of_all_64_bytes(self):
        name = "h" * 64

        def rename():
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.unshare(0x04000000) != 0 or libc.sethostname(name.encode(), 64) != 0:  # CLONE_NEWUTS
                os._exit(77)

        try:
            done = rcbench(*QUICK, "--workloads", "call", "--variants", "plain", "--csv", "rows.csv", cwd=self.folder,
                           preexec_fn=rename)
        except subprocess.SubprocessError:
            done = None
        if done is None or done.returncode == 77:
            self.skipTest("no host name of our own can be had")
        self.assertEqual({row["host"] for row in read_rows(self.folder / "rows.csv")}, {name})

    @unittest.skipUnless(len(CPUS) > 1, "one CPU alone: every mask is the same")
    def test_the_main_thread_gets_its_mask_back(self):
        """Between two trials it prints; a pipe that nobody reads stops it there."""
        import fcntl
        process = start(*QUICK, "--rounds", "200", "--benchmark_filter=pair/set:1/code:inline/", "--csv", "rows.csv",
                        cwd=self.folder)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        fcntl.fcntl(process.stdout, getattr(fcntl, "F_SETPIPE_SZ", 1031), 4096)
        part, before, rows = self.folder / "rows.csv.part", -1, 0
        end = time.monotonic() + PATIENCE_S
        while (rows != before or rows < 3) and time.monotonic() < end:
            time.sleep(0.7)
            before, rows = rows, part.read_text("utf-8").count("\n") if part.exists() else 0
        self.assertIsNone(process.poll())
        self.assertEqual(sorted(os.sched_getaffinity(process.pid)), CPUS)
        process.send_signal(signal.SIGKILL)


if __name__ == "__main__":
    unittest.main()
