"""scripts/peers and scripts/run --peers from end to end, on short windows and few patterns."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
import unittest
from pathlib import Path
from typing import Any, Dict, List

from interpreters import FREE_THREADED, claims, hangs_at, script

from support import ScratchTest, called, read_rows

from rcb.commands.peers import main, thread_counts
from rcb.commands.report import main as report
from rcb.rows import rows
FEW = ("--workloads", "py_empty,py_private,py_shared_one", "--window", 2, "--processes", 2, "--repetitions", 1,
       "--threads", 1, "--seed", 5)


class CommandTest(ScratchTest):
    def peers(self, *arguments: object) -> Any:
        return called("peers", main, *arguments)

    def record(self, name: str) -> Dict[str, Any]:
        return json.loads((self.scratch / name / "run.json").read_text(encoding="utf-8"))


class Peers(CommandTest):
    def test_good_missing_broken_hung_and_free_threaded(self) -> None:
        at = self.scratch
        free = claims(at / "claims", FREE_THREADED.format(gil="False"))
        broken = script(at / "broken", "echo nothing works >&2\nexit 9\n")
        hangs = claims(at / "base", "sys.version_info = (3, 98, 0)")
        slow = script(at / "slow", f"""\
            case "$2" in ask) exec {hangs} "$@";; esac
            exec sleep 600
            """)
        os.environ["RCBENCH_PEERS_LIMIT_S"] = "5"
        self.addCleanup(os.environ.pop, "RCBENCH_PEERS_LIMIT_S")
        python: List[object] = []
        for one in (sys.executable, at / "absent", broken, slow, free):
            python += ["--python", one]
        done = self.peers("--out", at / "out", "--no-find", *python, *FEW)
        self.assertEqual(0, done.returncode, done.stderr)
        found = read_rows(at / "out" / "trials.csv")
        self.assertEqual((), rows.read(at / "out" / "trials.csv").bad)
        mine = f"peer:cpython-{sys.version_info[0]}.{sys.version_info[1]}"
        by_variant = {name: {row["status"] for row in found if row["variant"] == name and
                             row["workload"].startswith("py_")} for name in {row["variant"] for row in found}}
        self.assertEqual({mine, "peer:absent", "peer:broken", "peer:cpython-3.98", "peer:cpython-3.13t"},
                         set(by_variant))
        for name in ("peer:absent", "peer:broken", "peer:cpython-3.98"):
            self.assertEqual({"skipped"}, by_variant[name])
            self.assertEqual({"0"}, {row["process"] for row in found if row["variant"] == name}, "not started again")
        self.assertIn("ok", by_variant[mine])
        self.assertEqual({"0", "1"}, {row["process"] for row in found if row["variant"] == mine})
        for part in ("absent: cannot be started", "nothing works", "no row for 5 s"):
            self.assertEqual(1, done.stderr.count(part), done.stderr)
        record = self.record("out")
        self.assertTrue(record["complete"])
        self.assertEqual(5, len(record["interpreters"]))
        self.assertEqual([name for name in os.listdir(at / "out") if name.startswith("process-")], [])
        self.assertIn("py_private", done.stdout)

    def test_the_report_reads_what_it_leaves(self) -> None:
        self.peers("--out", self.scratch / "out", "--no-find", "--python", sys.executable, *FEW)
        done = called("report", report, self.scratch / "out")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("py_private", (self.scratch / "out" / "summary.csv").read_text(encoding="utf-8"))

    def test_bad_flags_are_one_line(self) -> None:
        for arguments, part in ((["--workloads", "py_prvate"], "'py_prvate' is not a pattern"),
                                (["--window", "0"], "--window: '0' is not"), (["--frob"], "--frob"),
                                (["--placement", "numa"], "--placement: 'numa' is not"),
                                (["--python", "a=x", "--python", "a=y"], "two interpreters are named 'a'"),
                                (["--no-find"], "--no-find: leaves nothing")):
            done = self.peers("--out", self.scratch / "out", *arguments)
            self.assertEqual(2, done.returncode, done.stderr)
            self.assert_one_line(done.stderr, part)
            self.assertEqual([], os.listdir(self.scratch))

    def test_a_wrong_limit_is_one_line(self) -> None:
        os.environ["RCBENCH_PEERS_LIMIT_S"] = "soon"
        self.addCleanup(os.environ.pop, "RCBENCH_PEERS_LIMIT_S")
        done = self.peers("--out", self.scratch / "out", "--no-find", "--python", sys.executable)
        self.assertEqual(2, done.returncode)
        self.assert_one_line(done.stderr, "RCBENCH_PEERS_LIMIT_S: 'soon' is not a time")

    def test_help_names_every_option(self) -> None:
        done = self.call("peers", "--help")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        for flag in ("--python", "--no-find", "--workloads", "--threads", "--placement", "--window", "--repetitions",
                     "--processes", "--seed", "--out", "--list", "--install", "--no-install"):
            self.assertIn(f"  {flag} ", done.stdout)

    def test_lists_of_threads(self) -> None:
        for text, found in ((None, (1, 2, 4, 6)), ("max", (6,)), ("1,3-max", (1, 3, 4, 5, 6)), ("2,1", (1, 2))):
            self.assertEqual(found, thread_counts(text, 6))


class Beside(CommandTest):
    """scripts/run --peers, with a stand-in for the binary, and a PATH on which there is one python3."""

    SMALL = ("--processes", 2, "--repetitions", 3, "--seed", 7, "--variants", "plain,plain_twin,atomic,gil",
             "--workloads", "private", "--window", 2)

    def setUp(self) -> None:
        super().setUp()
        tools = self.scratch / "tools"
        tools.mkdir()
        for name in ("bash", "env", "dirname", "cat", "grep", "id", "sleep", "lstopo-no-graphics", "taskset"):
            path = shutil.which(name)
            if path:
                (tools / name).symlink_to(path)
        script(tools / "python3", f'exec {sys.executable} "$@"\n')
        self.path = {"PATH": str(tools)}
        self.mine = f"peer:cpython-{sys.version_info[0]}.{sys.version_info[1]}"

    def test_rows_of_both_are_interleaved_in_one_file(self) -> None:
        done = self.call("run", "--out", "new", "--peers", *self.SMALL, extra=self.path)
        self.assertEqual(0, done.returncode, done.stderr)
        found = read_rows(self.scratch / "new" / "trials.csv")
        self.assertEqual((), rows.read(self.scratch / "new" / "trials.csv").bad)
        places = [(row["process"], row["variant"].startswith("peer:")) for row in found]
        self.assertEqual([("0", False), ("0", True), ("1", False), ("1", True)], list(dict.fromkeys(places)))
        beside = [row for row in found if row["variant"] == self.mine]
        self.assertEqual({"py_empty", "py_private", "py_churn"},
                         {row["workload"] for row in beside if row["status"] != "skipped"})
        self.assertEqual({"1", "2"}, {row["threads"] for row in beside if row["workload"] == "py_private"})
        record = self.record("new")
        self.assertIn(self.mine, [one["variant"] for one in record["interpreters"]])
        self.assertTrue(any("not installed" in one for one in record["warnings"]))
        # The stand-in's binary does not know the flag, and must not be given it.
        self.assertFalse(record["peers_of_binary"])
        # In a table of their own, behind those of ours.
        ours, _, peers = done.stdout.partition("peers first")
        self.assertIn(self.mine, peers)
        for table in (ours, (self.scratch / "new" / "tradeoff.csv").read_text(encoding="utf-8")):
            self.assertNotIn("peer:", table)
        self.assertIn(self.mine, (self.scratch / "new" / "summary.csv").read_text(encoding="utf-8"))
        self.assertIn(self.mine, (self.scratch / "new" / "report.html").read_text(encoding="utf-8"))
        self.assertEqual([], list((self.scratch / "new").glob("process-*")))

    def test_an_interrupted_run_is_resumed_with_its_peers(self) -> None:
        hangs = hangs_at(self.scratch / "hangs", "rows")
        out = self.scratch / "new"
        child = self.start("--out", out, "--peers", "--python", hangs, *self.SMALL, extra=self.path)
        until = time.monotonic() + 60
        while time.monotonic() < until and not list(out.glob("process-0-*.csv.part")):
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=30)
        self.assertEqual(130, child.returncode, errors)
        self.assertNotIn("Traceback", errors)
        Path(hangs).write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
        done = self.call("run", "--resume", out, extra=self.path)
        self.assertEqual(0, done.returncode, done.stderr)
        found = read_rows(out / "trials.csv")
        self.assertEqual({"0", "1"}, {row["process"] for row in found if row["variant"] == self.mine})
        self.assertEqual((), rows.read(out / "trials.csv").bad)

    def test_python_needs_peers(self) -> None:
        done = self.call("run", "--out", "new", "--python", "x", *self.SMALL, extra=self.path)
        self.assertEqual(2, done.returncode)
        self.assert_one_line(done.stderr, "--python: names an interpreter for --peers")
        done = self.call("run", "--out", "new", "--peers", "--python", "a=x", "--python", "a=y", *self.SMALL,
                         extra=self.path)
        self.assertEqual(2, done.returncode)
        self.assert_one_line(done.stderr, "two interpreters are named 'a'")
        done = self.call("run", "--out", "new", "--peers", "--python", "a:gil_atomc=x", *self.SMALL, extra=self.path)
        self.assertEqual(2, done.returncode)
        self.assert_one_line(done.stderr, "'gil_atomc' is no variant", "gil_atomic")
        self.assertFalse((self.scratch / "new").exists())


if __name__ == "__main__":
    unittest.main()
