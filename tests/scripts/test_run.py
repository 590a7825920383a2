"""Tests of scripts/run from end to end, on a stand-in for the binary: results, interruption, resumption, failure."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import unittest
from pathlib import Path
from typing import Any, Dict, Set, Tuple

from support import SCRIPTS, ScratchTest, read_rows

from rcb.commands.run import build_findings, settings_of
from rcb.machine.trust import verdict_of
from rcb.run.binary import Plan
from rcb.run.options import PROFILES, Profile, parse
from rcb.run.rundir import RunDirectory, derived_seed, revision, without_place
from rcb.run.sizes import TRIAL_SHARE, Sizes

RESULTS = {"trials.csv", "summary.csv", "run.json", "topology.xml", "topology.svg", "report.html"}
SMALL = ("--processes", 2, "--repetitions", 3, "--seed", 7, "--variants", "plain,plain_twin,atomic,gil",
         "--workloads", "pair,private")


def trials_of(path: Path) -> Set[Tuple[str, ...]]:
    found = [tuple(row[name] for name in ("cell", "process", "repetition")) for row in read_rows(path)]
    assert len(found) == len(set(found)), "a trial was made twice"
    return set(found)


def record(directory: Path) -> Dict[str, Any]:
    return json.loads((directory / "run.json").read_text(encoding="utf-8"))


class EndToEnd(ScratchTest):
    def test_leaves_all_results(self) -> None:
        done = self.call("run", "--out", "new", *SMALL)
        self.assertEqual(0, done.returncode, done.stderr)
        out = self.scratch / "new"
        self.assertLessEqual(RESULTS, set(os.listdir(out)))
        self.assertEqual([], [name for name in os.listdir(out) if name.startswith("process-")])
        run = record(out)
        self.assertTrue(run["complete"])
        self.assertEqual({run["run_id"]}, {row["run_id"] for row in read_rows(out / "trials.csv")})
        self.assertEqual([derived_seed(7, 0), derived_seed(7, 1)], run["seeds"])
        self.assertEqual(["turbo is on"], run["warnings"])
        self.assertEqual("made-up <cpu>", run["machine"]["cpu"])
        self.assertEqual({"0", "1"}, {row["process"] for row in read_rows(out / "trials.csv")})
        for part in ("Time of an operation on one thread", "atomic", "Noise floor", "100%"):
            self.assertIn(part, done.stdout)
        self.assertEqual(1, done.stderr.count("made-up numbers"))

    def test_exports_for_other_tools(self) -> None:
        out = self.scratch / "out"
        done = self.call("run", "--out", out, "--variants", "plain,atomic", "--workloads", "call", "--processes", "1",
                         "--repetitions", "2", "--export", "google-benchmark", "--export", "github-action",
                         extra={"STAND_IN_INVALID": "atomic"})
        self.assertIn(f"run: exported {out / 'github-action.json'}", done.stdout, done.stderr)
        trials = json.loads((out / "google-benchmark.json").read_text(encoding="utf-8"))["benchmarks"]
        cells = json.loads((out / "github-action.json").read_text(encoding="utf-8"))
        name = "overhead/call/plain/threads:1"
        self.assertEqual(([name, name], [name]), ([one["name"] for one in trials], [one["name"] for one in cells]))

    def test_the_same_seed_makes_the_same_rows(self) -> None:
        for name in ("a", "b"):
            self.assertEqual(0, self.call("run", "--out", name, *SMALL).returncode)
        found = [read_rows(self.scratch / name / "trials.csv") for name in ("a", "b")]
        for row in found[0] + found[1]:
            del row["run_id"]
        self.assertEqual(*found)

    def test_invalid_rows_end_with_one_and_are_kept(self) -> None:
        done = self.call("run", "--out", "new", *SMALL, extra={"STAND_IN_INVALID": "atomic"})
        self.assertEqual(1, done.returncode)
        self.assertIn("trials failed", done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        out = self.scratch / "new"
        self.assertTrue(record(out)["complete"])
        self.assertIn("lost increment", (out / "report.html").read_text(encoding="utf-8"))

    def test_noise_alone_has_a_status_of_its_own(self) -> None:
        done = self.call("run", "--out", "new", *SMALL, extra={"STAND_IN_LOST": "atomic"})
        self.assertEqual(3, done.returncode, done.stderr)
        self.assertIn("noise left 24 trials without a good row, and nothing failed", done.stderr)
        out = self.scratch / "new"
        self.assertLessEqual(RESULTS, set(os.listdir(out)))
        self.assertTrue(record(out)["complete"])
        self.assertEqual((False, True), (record(out)["failed"], record(out)["disturbed"]))
        self.assertEqual(3, self.call("run", "--resume", "new").returncode)

    def test_a_failed_audit_outweighs_noise(self) -> None:
        done = self.call("run", "--out", "new", *SMALL, extra={"STAND_IN_LOST": "atomic", "STAND_IN_INVALID": "gil"})
        self.assertEqual(1, done.returncode, done.stderr)

    def test_a_trial_that_is_measured_again_is_no_failure(self) -> None:
        done = self.call("run", "--out", "new", *SMALL, extra={"STAND_IN_NOISE": "atomic"})
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("24 trials were disturbed by other programs and measured again.", done.stdout)
        self.assertIn("(100%)", done.stdout)
        report = (self.scratch / "new" / "report.html").read_text(encoding="utf-8")
        self.assertEqual(4, report.count("is below 0.99"))

    def test_a_crash_keeps_all_rows_and_resumes(self) -> None:
        done = self.call("run", "--out", "new", *SMALL, extra={"STAND_IN_CRASH": "20"})
        self.assertEqual(1, done.returncode)
        self.assertIn("killed by signal 9", done.stderr)
        self.assertIn("--resume new", done.stderr)
        self.assertEqual(20, len(read_rows(self.scratch / "new" / "trials.csv")))
        self.finish_and_compare(self.scratch / "new")

    def test_a_cell_that_always_crashes_can_be_left_out(self) -> None:
        cell = "overhead/pair/set:L1/order:shuffled/atomic/threads:1"
        extra = {"STAND_IN_CRASH_IN": cell}
        out = self.scratch / "new"
        done = self.call("run", "--out", out, *SMALL, extra=extra)
        self.assertEqual(1, done.returncode)
        self.assertIn(f"in the cell {cell} (--leave-out goes on without it)", done.stderr)
        done = self.call("run", "--resume", out, extra=extra)
        self.assertEqual(1, done.returncode)
        self.assertFalse(record(out)["complete"])
        done = self.call("run", "--resume", out, "--leave-out", cell, extra=extra)
        self.assertEqual(1, done.returncode, done.stderr)  # it has failed, and the rest is complete
        self.assertIn("2 trials failed", done.stderr)
        self.assertTrue(record(out)["complete"])
        self.assertEqual([cell], record(out)["left_out"])
        rows = [row for row in read_rows(out / "trials.csv") if row["cell"] == cell]
        self.assertEqual([("invalid", "failed")] * 2, [(row["status"], row["audit"]) for row in rows])

    def test_rows_stay_when_the_files_of_processes_are_gone(self) -> None:
        out = self.scratch / "new"
        self.assertEqual(1, self.call("run", "--out", out, *SMALL, extra={"STAND_IN_CRASH": "20"}).returncode)
        before = (out / "trials.csv").read_bytes().splitlines()
        for path in out.glob("process-*"):
            path.unlink()
        done = self.call("run", "--resume", out, extra={"STAND_IN_CRASH": "4"})
        self.assertIn("their rows come from trials.csv", done.stderr)
        self.assertLessEqual(set(before), set((out / "trials.csv").read_bytes().splitlines()))
        self.assertEqual(0, self.call("run", "--resume", out).returncode)
        whole = self.scratch / "whole"
        self.assertEqual(0, self.call("run", "--out", whole, *SMALL).returncode)
        self.assertEqual(trials_of(whole / "trials.csv"), trials_of(out / "trials.csv"))

    def finish_and_compare(self, out: Path) -> None:
        """Resumes a run and compares it with one that was never interrupted."""
        self.assertFalse(record(out)["complete"])
        done = self.call("run", "--resume", out)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertLessEqual(RESULTS, set(os.listdir(out)))
        self.assertTrue(record(out)["complete"])
        self.assertEqual(1, len(record(out)["resumed"]))
        whole = self.scratch / "whole"
        self.assertEqual(0, self.call("run", "--out", whole, *SMALL).returncode)
        self.assertEqual(trials_of(whole / "trials.csv"), trials_of(out / "trials.csv"))

    def wait_for_rows(self, out: Path) -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            if any(path.stat().st_size > 4000 for path in out.glob("process-*.csv*")):
                return
            time.sleep(0.02)
        self.fail("no rows came")

    def test_interruption_keeps_rows_and_exits_130(self) -> None:
        out = self.scratch / "new"
        child = self.start("--out", out, *SMALL, extra={"STAND_IN_DELAY": "0.05"})
        self.wait_for_rows(out)
        child.send_signal(signal.SIGINT)
        output, errors = child.communicate(timeout=20)
        self.assertEqual(130, child.returncode, errors)
        self.assertIn(f"--resume {out}", errors)
        self.assertNotIn("Traceback", errors)
        self.assertGreater(len(read_rows(out / "trials.csv")), 3)
        self.assertEqual(0, self.call("report", out).returncode)
        self.assertIn("not complete", (out / "report.html").read_text(encoding="utf-8"))
        self.finish_and_compare(out)

    def test_resumes_after_a_kill(self) -> None:
        out = self.scratch / "new"
        child = self.start("--out", out, *SMALL, extra={"STAND_IN_DELAY": "0.05"})
        self.wait_for_rows(out)
        child.kill()
        child.wait()
        self.finish_and_compare(out)

    def test_a_complete_run_is_not_measured_again(self) -> None:
        self.call("run", "--out", "new", *SMALL)
        calls = self.scratch / "calls"
        done = self.call("run", "--resume", "new", extra={"STAND_IN_CALLS": str(calls)})
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("nothing is left to measure", done.stdout)
        self.assertFalse(calls.exists())

    def test_resume_refuses_other_options(self) -> None:
        self.call("run", "--out", "new", *SMALL)
        before = (self.scratch / "new" / "run.json").read_bytes()
        for flag, value in (("--seed", 8), ("--variants", "plain"), ("--threads", "1"), ("--window", 5)):
            done = self.call("run", "--resume", "new", flag, value)
            self.assertEqual(2, done.returncode)
            self.assert_one_line(done.stderr, f"{flag}: '{value}", "--resume alone")
        self.assertEqual(0, self.call("run", "--resume", "new", "--seed", 7).returncode)
        self.assertEqual(before, (self.scratch / "new" / "run.json").read_bytes())

    def test_resume_refuses_a_broken_record(self) -> None:
        self.call("run", "--out", "new", *SMALL)
        for text in ("{", "[]", '{"schema": 9}', '{"schema": 1}'):
            (self.scratch / "new" / "run.json").write_text(text, encoding="utf-8")
            done = self.call("run", "--resume", "new")
            self.assertEqual(2, done.returncode, done.stderr)
            self.assert_one_line(done.stderr, "--resume: 'new' is not")

    def test_options_reach_the_binary(self) -> None:
        calls = self.scratch / "calls"
        self.call("run", "--out", "new", *SMALL, "--threads", "1,2", "--placement", "cores", "--window", "12.5",
                  "--allocator", "system", "--all-kinds", extra={"STAND_IN_CALLS": str(calls)})
        lines = calls.read_text(encoding="utf-8").splitlines()
        for about in ("--machine", "--calibrate"):
            self.assertEqual([True], ["--all-kinds --allocator system" in line for line in lines if about in line])
        measuring = [line for line in lines if "--csv" in line]
        self.assertEqual(2, len(measuring))
        for part in ("--points quick", "--threads 1,2", "--placement cores", "--allocator system", "--all-kinds",
                     "--window 12.5",
                     "--rounds 3", f"--seed {derived_seed(7, 1)}", "--process 1"):
            self.assertIn(part, measuring[1])

    def test_the_quick_profile_says_what_a_round_may_take(self) -> None:
        calls = self.scratch / "calls"
        self.call("run", "--out", "new", "--processes", 2, "--workloads", "pair", extra={"STAND_IN_CALLS": str(calls)})
        lines = calls.read_text(encoding="utf-8").splitlines()
        self.assertEqual({"51"}, {line.split("--within ")[1].split()[0] for line in lines if "--points" in line})
        self.assertEqual(51.0, record(self.scratch / "new")["within_s"])
        for own in (("--threads", "1,2"), ("--profile", "standard"), ("--repetitions", "2")):
            profile = PROFILES[parse(own).profile or "quick"]
            self.assertIsNone(settings_of(parse(own), profile, Sizes(parse(own), profile), False).within_s, own)

    def test_a_filter_and_more_threads_than_cpus_reach_the_binary_and_the_record(self) -> None:
        calls = self.scratch / "calls"
        done = self.call("run", "--out", "new", *SMALL, "--filter", "/pair/", "--oversubscribe",
                         extra={"STAND_IN_CALLS": str(calls)})
        self.assertEqual(0, done.returncode, done.stderr)
        for line in calls.read_text(encoding="utf-8").splitlines():
            if "--csv" in line:
                self.assertIn("--oversubscribe --benchmark_filter=/pair/", line)
        self.assertEqual({"pair"}, {row["workload"] for row in read_rows(self.scratch / "new" / "trials.csv")})
        self.assertEqual(("/pair/", True), (record(self.scratch / "new")["filter"],
                                           record(self.scratch / "new")["oversubscribe"]))
        done = self.call("run", "--resume", "new", "--filter", "call/")
        self.assertEqual(2, done.returncode)
        self.assert_one_line(done.stderr, "--filter: 'call/' conflicts with --resume")

    def test_left_time_goes_to_cells_of_one_thread(self) -> None:
        out = self.scratch / "new"
        done = self.call("run", "--out", out, "--threads", "1,2", "--seed", "7", extra={"STAND_IN_ROUND_S": "90"})
        self.assertEqual(0, done.returncode, done.stderr)
        run = json.loads((out / "run.json").read_text(encoding="utf-8"))
        self.assertEqual((3, 1), (run["processes"], run["rounds"][0]))
        self.assertEqual([derived_seed(7, 3 + place) for place in range(6)], [one["seed"] for one in run["further"]])
        whole = {row["cell"] for row in read_rows(out / "trials.csv") if row["process"] == "0"}
        short = {cell for cell in whole if cell.endswith("threads:1")}
        self.assertLess(short, whole)
        for process, one in enumerate(run["further"], 3):
            self.assertEqual((1, sorted(short)), (one["rounds"], one["cells"]))
            self.assertEqual(short, {row["cell"] for row in read_rows(out / "trials.csv")
                                     if row["process"] == str(process)})
        self.assertIn("further process of the", done.stdout + done.stderr)

    def test_a_directory_serves_one_run_at_a_time(self) -> None:
        out = self.scratch / "new"
        self.start("--out", out, *SMALL, extra={"STAND_IN_DELAY": "0.2"})
        self.wait_for_rows(out)
        done = self.call("run", "--resume", out)
        self.assertEqual(1, done.returncode)
        self.assert_one_line(done.stderr, "another run is writing here")


class Build(unittest.TestCase):
    def test_a_build_that_is_unfit_spoils_the_verdict(self) -> None:
        unfit = build_findings({"fit_to_measure": False, "build_type": "Debug", "c_flags": "-g"})
        self.assertEqual("poor", verdict_of(unfit).verdict)
        self.assertIn("Debug: -g", verdict_of(unfit).reasons[0])
        for fit in ({}, {"fit_to_measure": True}):
            self.assertEqual([], build_findings(fit))


class TimeBudget(unittest.TestCase):
    def sizes(self, *arguments: str) -> Sizes:
        profile = Profile("quick", processes=2, repetitions=3, window_ms=40.0, budget_s=180.0, repetitions_max=5)
        return Sizes(parse(arguments), profile)

    def test_repetitions_follow_the_time(self) -> None:
        for round_s, processes, repetitions in ((1.0, 2, 5), (20.0, 2, 3), (40.0, 2, 1), (100.0, 1, 1)):
            sizes = self.sizes()
            self.assertFalse(sizes.fit(Plan(100, 0, round_s)))
            self.assertEqual((processes, repetitions), (sizes.processes, sizes.repetitions))

    def test_time_is_left_for_short_processes(self) -> None:
        profile = Profile("quick", processes=8, repetitions=4, window_ms=20.0, budget_s=100.0 / TRIAL_SHARE,
                          repetitions_max=8, short_processes=6)
        for round_s, processes, repetitions in ((200.0, 1, 1), (45.0, 2, 1), (30.0, 3, 1), (20.0, 3, 1), (10.0, 5, 1),
                                                (6.0, 8, 2), (0.1, 8, 8)):
            sizes = Sizes(parse(()), profile)
            sizes.fit(Plan(100, 0, round_s))
            self.assertEqual((processes, repetitions), (sizes.processes, sizes.repetitions), round_s)
        for given in (("--repetitions", "2"), ("--processes", "2")):
            self.assertEqual(0, Sizes(parse(given), profile).short_processes)

    def test_the_window_follows_when_one_round_is_too_long(self) -> None:
        sizes = self.sizes()
        self.assertTrue(sizes.fit(Plan(100, 0, 2 * 180.0 * TRIAL_SHARE)))
        self.assertAlmostEqual(20.0, sizes.window_ms)

    def test_explicit_flags_win(self) -> None:
        sizes = self.sizes("--repetitions", "9", "--window", "100")
        self.assertFalse(sizes.fit(Plan(100, 0, 500.0)))
        self.assertEqual((2, 9, 100.0), (sizes.processes, sizes.repetitions, sizes.window_ms))

    def test_later_processes_make_up_for_slow_ones(self) -> None:
        sizes = self.sizes()
        self.assertEqual([3, 1], sizes.refit([3, 3], 1, 100.0))
        self.assertEqual([3, 0], sizes.refit([3, 3], 1, 140.0))
        self.assertEqual([3, 1], self.sizes("--processes", "2").refit([3, 3], 1, 140.0))
        self.assertEqual([3, 3], self.sizes("--repetitions", "3").refit([3, 3], 1, 140.0))


class Revision(ScratchTest):
    def test_sources_inside_another_repository_have_not_its_revision(self) -> None:
        def git(*words: str) -> str:
            own = ("-c", "user.name=a", "-c", "user.email=a@b", "-C", str(self.scratch))
            return subprocess.run(["git", *own, *words], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()

        git("init", "-q", ".")
        inner = self.scratch / "unpacked"
        inner.mkdir()
        (self.scratch / "file").touch()
        git("add", "file")
        git("commit", "-q", "-m", "theirs")
        self.assertEqual("norev", revision(inner))
        self.assertEqual(git("rev-parse", "--short", "HEAD"), revision(self.scratch))


class Record(unittest.TestCase):
    def test_where_a_directory_lay_is_not_kept(self) -> None:
        self.assertEqual(["--seed", "1", "--out", "one", "--out=two", "--export", "github-action"], without_place(
            ["--seed", "1", "--out", "/somewhere/else/one", "--out=../two", "--export", "github-action"]))


class Collecting(ScratchTest):
    def test_cut_off_lines_do_not_reach_trials(self) -> None:
        (self.scratch / "process-0.csv").write_bytes(b"a,b\n1,2\n")
        (self.scratch / "process-1.csv.part").write_bytes(b"a,b\n3,4\n5,")
        (self.scratch / "process-2.csv.part").write_bytes(b"a,")
        self.assertTrue(RunDirectory(self.scratch).collect(4))
        self.assertEqual(b"a,b\n1,2\n3,4\n", (self.scratch / "trials.csv").read_bytes())

    def test_what_was_collected_stays(self) -> None:
        (self.scratch / "trials.csv").write_bytes(b"a,b\n1,2\n7,8\n")
        (self.scratch / "process-0.csv").write_bytes(b"a,b\n1,2\n3,4\n")
        self.assertTrue(RunDirectory(self.scratch).collect(1))
        self.assertEqual(b"a,b\n7,8\n1,2\n3,4\n", (self.scratch / "trials.csv").read_bytes())


if __name__ == "__main__":
    unittest.main()
