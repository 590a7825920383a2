"""What disturbs a trial is named in its row, and the trial is made again. Noise is made here: neighbours on the same
CPU, signals that stop the whole process, and a tree that stands in for /proc and /sys and tells of what no machine does
on demand."""

import collections
import json
import os
import signal
import subprocess
import sys
import threading
import time
import unittest

from support import CPUS, SLOW, Case, rcbench, read_rows, start, trials

CELL = ("--workloads", "pair", "--variants", "plain", "--benchmark_filter=set:1/code:inline/", "--threads", "1")
TOLD = {"throttled", "frequency", "stolen", "swapped"}  # by the tree alone


def names(row):
    return set(filter(None, row["noise"].split("+")))


class Tree:
    """/proc and /sys of a made-up machine, whose counters stand still or grow all the time."""

    def __init__(self, root):
        self.root = root
        self._growing = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._grow, daemon=True)
        for cpu in CPUS:
            self.write(f"sys/devices/system/cpu/cpu{cpu}/thermal_throttle/core_throttle_count", "{}\n")
            self.write(f"sys/devices/system/cpu/cpu{cpu}/cpufreq/scaling_cur_freq", "{}\n", first=1_000_000)
        self.write("proc/stat", "cpu  0 0 0 0 0 0 0 {0} 0 0\n"
                   + "".join(f"cpu{cpu} 0 0 0 0 0 0 0 {{0}} 0 0\n" for cpu in CPUS))
        self.write("proc/vmstat", "pgpgin 7\npswpin {0}\npswpout 0\n")

    def write(self, path, text, first=0):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.format(f"{first:010d}"), encoding="utf-8")

    def grow(self, path, text, step):
        """From now on the number in the file is larger at every look."""
        self._growing.append((os.open(self.root / path, os.O_WRONLY), text, step))
        if not self._thread.is_alive():
            self._thread.start()

    def _grow(self):
        value = 1_000_000
        while not self._stop.wait(0.001):
            for file, text, step in self._growing:
                os.pwrite(file, text.format(f"{value * step:010d}").encode(), 0)
            value = value * 11 // 10 if value < 10**8 else 1_000_000

    def close(self):
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        for file, _, _ in self._growing:
            os.close(file)


class NoiseTest(Case):
    def rows(self, *arguments, **popen):
        popen.setdefault("env", {**os.environ, **getattr(self, "variables", {})})
        done = rcbench(*CELL, *arguments, "--csv", "rows.csv", cwd=self.folder, **popen)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        return read_rows(self.folder / "rows.csv")

    def tree(self):
        tree = Tree(self.folder / "root")
        self.addCleanup(tree.close)
        self.variables = {"RCBENCH_SYSTEM_ROOT": str(tree.root)}
        return tree

    def check_attempts(self, rows):
        """Three attempts at most; of those of one trial the good one is alone, and the others say why they are not."""
        by_trial = collections.defaultdict(list)
        for row in rows:
            by_trial[row["cell"], row["repetition"]].append(row)
        for attempts in by_trial.values():
            self.assertLessEqual(len(attempts), 3)
            self.assertLessEqual(sum(row["status"] == "ok" for row in attempts), 1)
            for row in attempts:
                self.assertEqual(row["reason"] != "", row["status"] == "invalid")
                if row["reason"].startswith("disturbed"):
                    self.assertTrue(names(row) - {"smt"})

    def test_a_neighbour_on_the_same_cpu(self):
        cpu = CPUS[0]
        neighbour = subprocess.Popen([sys.executable, "-c", "while True: pass"],
                                     preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
        self.addCleanup(neighbour.wait)
        self.addCleanup(neighbour.kill)
        rows = self.rows("--window", "40", "--rounds", "3", preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
        self.assertIn("involuntary", set().union(*map(names, rows)))
        self.assertTrue(any(row["reason"].startswith("disturbed (involuntary") for row in rows), rows)
        self.check_attempts(rows)

    def test_repeats_are_bounded_and_the_last_is_kept_with_its_flag(self):
        """Every trial is disturbed: a quarter of them is made again, and eight more."""
        tree = self.tree()
        tree.grow("proc/vmstat", "pgpgin 7\npswpin {}\npswpout 0\n", 1)
        rows = self.rows("--window", "10", "--rounds", "40")
        self.check_attempts(rows)
        good = [row for row in rows if row["status"] == "ok"]
        self.assertGreater(sum("swapped" in names(row) for row in good), 20)
        repeated = [row for row in rows if row["reason"].startswith("disturbed")]
        self.assertLess(2, len(repeated))
        self.assertLessEqual(len(repeated), len(rows) / 4 + 8)

    def assert_told(self, name, path, text, step=1):
        self.tree().grow(path, text, step)
        rows = self.rows("--window", "40", "--rounds", "4")
        self.assertIn(name, set().union(*map(names, rows)))
        self.assertLessEqual(set().union(*map(names, rows)) & TOLD, {name})
        return rows

    def test_throttling(self):
        self.assert_told("throttled", f"sys/devices/system/cpu/cpu{CPUS[0]}/thermal_throttle/core_throttle_count",
                         "{}\n")

    def test_a_change_of_frequency(self):
        self.assert_told("frequency", f"sys/devices/system/cpu/cpu{CPUS[0]}/cpufreq/scaling_cur_freq", "{}\n")

    def test_steal(self):
        lines = "".join(f"cpu{cpu} 0 0 0 0 0 0 0 {{0}} 0 0\n" for cpu in CPUS)
        rows = self.assert_told("stolen", "proc/stat", "cpu  0 0 0 0 0 0 0 {0} 0 0\n" + lines)
        for row in rows:
            if "stolen" in names(row):
                self.assertGreater(int(row["steal_ms"]), 0)

    def test_a_machine_that_stands_still(self):
        self.tree()
        for row in self.rows("--window", "5", "--rounds", "3"):
            self.assertEqual(names(row) & TOLD, set())

    def test_what_is_not_told_is_said_once(self):
        tree = self.tree()
        self.assertEqual(self.watched(), {"watched": {"involuntary", "migrated", "contended", "smt"} | TOLD,
                                          "unwatched": set()})
        for cpu in CPUS:
            (tree.root / f"sys/devices/system/cpu/cpu{cpu}/cpufreq/scaling_cur_freq").unlink()
        (tree.root / "proc/stat").unlink()
        self.assertEqual(self.watched()["unwatched"], {"frequency", "stolen"})
        for row in self.rows("--window", "2"):
            self.assertEqual(row["steal_ms"], "")

    def watched(self):
        done = rcbench("--machine", "-", cwd=self.folder, env={**os.environ, **self.variables})
        facts = json.loads(done.stdout)
        return {kind: set(filter(None, (facts[f"noise_{kind}"] or "").split("+"))) for kind in ("watched", "unwatched")}

    @unittest.skipUnless(len(CPUS) > 1, "one CPU alone: no two threads at once")
    def test_threads_that_share_a_core(self):
        """hwloc is told that the CPUs are one core's; that no attempt can change."""
        self.tree()
        self.variables.update(HWLOC_SYNTHETIC=f"core:1 pu:{len(CPUS)}", HWLOC_THISSYSTEM="1")
        done = rcbench("--window", "2", "--workloads", "shared_one", "--variants", "biased", "--threads", "1,2",
                       "--csv", "rows.csv", cwd=self.folder, env={**os.environ, **self.variables})
        self.assertIn(done.returncode, (0, 3), done.stderr)
        for row in read_rows(self.folder / "rows.csv"):
            self.assertEqual("smt" in names(row), row["threads"] == "2")
            self.assertNotIn("smt", row["reason"])
            if row["threads"] == "2":
                self.assertNotIn("contended", names(row), "its neighbour is its own")

    def test_without_pinning_no_core_is_a_thread_s_own(self):
        for row in self.rows("--placement", "none", "--window", "2", "--rounds", "20"):
            self.assertNotIn("contended", names(row))


@unittest.skipIf(SLOW, "a sanitizer takes time of its own")
class LostTimeTest(Case):
    """A thread that does not run is neither slow nor waiting for the GIL, wherever in its window that is."""

    def measured(self, name, *arguments, meanwhile=lambda process: None, **popen):
        process = start(*arguments, "--csv", name, cwd=self.folder, **popen)
        self.addCleanup(process.kill)
        meanwhile(process)
        _, err = process.communicate(timeout=300)
        rows = [row for row in read_rows(self.folder / name) if row["status"] != "skipped"]
        lost = any(row["status"] == "invalid" for row in trials(rows))
        self.assertEqual(process.returncode, 3 if lost else 0, err)
        return rows

    def test_busy_loops_of_higher_priority(self):
        """They leave a thread a few milliseconds in half a second: windows lie within, across and around those."""
        cells = ("--variants", "plain,gil,biased", "--threads", "1,2", "--window", "20",
                 "--benchmark_filter=pair/set:1/|private/op:pair")
        best = collections.defaultdict(lambda: float("inf"))
        for row in self.measured("quiet.csv", *cells, "--rounds", "2"):
            best[row["cell"]] = min(best[row["cell"]], float(row["ns_per_op"]))
        for _ in range(2 * len(CPUS)):
            loop = subprocess.Popen(["sh", "-c", "while :; do :; done"])
            self.addCleanup(loop.wait)
            self.addCleanup(loop.kill)
        rows = self.measured("loud.csv", *cells, preexec_fn=lambda: os.nice(19))
        self.assertEqual({row["cell"] for row in rows}, set(best))
        for row in rows:
            if row["status"] == "ok" and row["noise"] == "":
                self.assertLess(float(row["ns_per_op"]), 1.5 * best[row["cell"]], row)
        for variant in {row["variant"] for row in rows}:
            self.assertTrue(any("involuntary" in names(row) for row in rows if row["variant"] == variant), variant)

    @staticmethod
    def stop(after_s, for_s):
        def meanwhile(process):
            time.sleep(after_s)
            process.send_signal(signal.SIGSTOP)
            time.sleep(for_s)
            process.send_signal(signal.SIGCONT)
        return meanwhile

    def check_stopped(self, *cell):
        """The process stands still for longer than a window, and so beyond the end of the one that is under way."""
        rows = self.measured(f"{len(self.files())}.csv", *cell, "--window", "1000", "--rounds", "3",
                             meanwhile=self.stop(1.5, 3))
        lasted = {row["order"]: max(map(int, row["thread_ns"].split("+"))) / 1e9 for row in rows}
        stopped = [row for row in rows if lasted[row["order"]] > 1.1]
        self.assertEqual([row["status"] for row in stopped], ["invalid"], lasted)
        self.assertRegex(stopped[0]["reason"], "^(the window lasted|overlap)")

    def test_a_stop_beyond_the_end(self):
        self.check_stopped(*CELL)

    @unittest.skipUnless(len(CPUS) > 1, "one CPU alone: no two threads at once")
    def test_a_stop_of_several_threads(self):
        for variant in ("gil", "biased"):
            with self.subTest(variant):
                self.check_stopped("--workloads", "private", "--variants", variant, "--threads", "2",
                                   "--benchmark_filter=op:pair")

    def test_a_stop_within_the_window(self):
        rows = self.measured("rows.csv", *CELL, "--window", "2000", meanwhile=self.stop(1.2, 0.3))
        self.assertIn("involuntary", names(rows[0]))


class WaitsTest(Case):
    """How long threads waited for the GIL."""

    def test_only_threads_that_share_a_gil_wait(self):
        rcbench("--window", "20", "--threads", "1,2", "--oversubscribe", "--switch-interval", "500", "--workloads",
                "private", "--variants", "gil,biased", "--csv", "rows.csv", cwd=self.folder)
        rows = [row for row in read_rows(self.folder / "rows.csv") if row["status"] != "skipped"]
        self.assertEqual({(row["mode"], row["threads"]) for row in rows},
                         {(mode, threads) for mode in ("gil", "free") for threads in "12"})
        for row in rows:
            waits = [row[f"wait_{what}_ns"] for what in ("p50", "p99", "max")]
            if row["mode"] == "free":
                self.assertEqual([row["waits"], *waits], [""] * 4)
            elif row["threads"] == "1":
                self.assertEqual([row["waits"], *waits], ["0", "", "", ""])
            elif row["status"] != "invalid":
                p50, p99, most = map(int, waits)
                self.assertGreaterEqual(int(row["waits"]), 2 * int(row["turns_min"]))
                self.assertLessEqual(p50, p99)
                self.assertLessEqual(p99, most)
                # While one thread waits the other has its turn, which is an interval long or longer.
                self.assertGreaterEqual(most, 500_000)


if __name__ == "__main__":
    unittest.main()
