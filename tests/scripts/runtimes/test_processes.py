"""One process of one interpreter under watch: good, hung, broken, lying; and its extension."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import unittest
from dataclasses import replace
from pathlib import Path
from typing import Dict, List, Tuple

from interpreters import FREE_THREADED, IRON, claims, fails_in, given, hangs_at, script

from support import ScratchTest, read_rows

from rcb.rows import rows
from rcb.rows.schema import COLUMNS
from rcb.runtimes.interpreters import Peer, Search, build_extension
from rcb.runtimes.process import Cells, Ground, Outcome, Process, Reader, Task, ground_of_rows, usable_cpus

FEW = ("py_empty", "py_private", "py_shared_one")
GROUND = Ground("r", "cores", tuple(sorted(os.sched_getaffinity(0)))[:1], (1,), 5.0, FEW, limit_s=60.0)


def peer_of(command: str) -> Peer:
    search = Search()
    search.take(command, given=True)
    return search.peers[0]


class ProcessTest(ScratchTest):
    def run_it(self, peer: Peer, ground: Ground = GROUND, extension: "Path | None" = None, why: str = "none",
               rounds: int = 1) -> Tuple[Outcome, List[Dict[str, str]]]:
        path = self.scratch / "rows.csv"
        outcome = Process(peer, ground, Task(3, 7, rounds, path, self.scratch / "log", extension, why)).run()
        self.assertEqual((), rows.read(path).bad)
        return outcome, read_rows(path)


class Good(ProcessTest):
    def test_rows_are_whole(self) -> None:
        outcome, found = self.run_it(peer_of(sys.executable), rounds=2)
        self.assertEqual(("", []), (outcome.problem, outcome.warnings))
        self.assertEqual(list(COLUMNS), list(found[0]))
        for name, value in (("schema", "1"), ("run_id", "r"), ("process", "3"), ("seed", "7"), ("mode", "gil"),
                            ("driver", "scaling")):
            self.assertEqual({value}, {row[name] for row in found}, name)
        self.assertEqual(set(FEW), {row["workload"] for row in found})
        self.assertEqual(list(range(len(found))), [int(row["order"]) for row in found])
        self.assertIn(f"scaling/py_private/{found[0]['variant']}/threads:1", {row["cell"] for row in found})

    def test_iron_python(self) -> None:
        """Its dialect: no pinning, no statistics of a collector that cannot be switched off."""
        ground = replace(GROUND, workloads=(*FEW, "py_cycles"))
        outcome, found = self.run_it(peer_of(claims(self.scratch / "ipy", IRON)), ground)
        self.assertEqual("", outcome.problem)
        self.assertEqual({("peer:ironpython-3.4", "free", "none")},
                         {(row["variant"], row["mode"], row["placement"]) for row in found})
        off = [row for row in found if row["params"] == "collector=off"]
        self.assertEqual([("skipped", "the collector of this interpreter cannot be switched off")],
                         [(row["status"], row["reason"]) for row in off])
        self.assertEqual({""}, {row["gc_runs"] for row in found})
        self.assertGreater(sum(row["status"] == "ok" for row in found), 0)

    def test_free_threaded(self) -> None:
        _, found = self.run_it(peer_of(claims(self.scratch / "t", FREE_THREADED.format(gil="False"))))
        self.assertEqual({("peer:cpython-3.13t", "free")}, {(row["variant"], row["mode"]) for row in found})


class Bad(ProcessTest):
    def test_a_hung_one_is_ended_and_keeps_its_rows(self) -> None:
        peer = peer_of(hangs_at(self.scratch / "hangs", "rows", "['py_private']"))
        began = time.monotonic()
        outcome, found = self.run_it(peer, replace(GROUND, limit_s=1.5))
        self.assertLess(time.monotonic() - began, 60.0)
        self.assertEqual("ended: no row for 1.5 s", outcome.problem)
        self.assertEqual(1, len(outcome.warnings))
        by_workload = {row["workload"]: row for row in found}
        self.assertNotEqual("skipped", by_workload["py_private"]["status"])
        for name in ("py_empty", "py_shared_one"):
            self.assertEqual(("skipped", "ended: no row for 1.5 s"),
                             (by_workload[name]["status"], by_workload[name]["reason"]))

    def test_a_cell_that_hangs_or_dies_costs_the_others_nothing(self) -> None:
        for how, reason in (("time.sleep(600)", "ended: no row for 3 s"),
                            ("os.kill(os.getpid(), 11)", "was killed by signal 11"),
                            ("sys.exit('no more memory')", "ended with exit status 1: no more memory")):
            with self.subTest(how=how):
                peer = peer_of(fails_in(self.scratch / "fails", ["py_private"], how))
                outcome, found = self.run_it(peer, replace(GROUND, limit_s=3.0), rounds=2)
                self.assertEqual("", outcome.problem)
                key = ("scaling", "py_private", "", 1)
                self.assertEqual([key], list(outcome.stuck))
                self.assertIn(reason, outcome.stuck[key])
                self.assertEqual(1, len(outcome.warnings), outcome.warnings)
                self.assertIn("scaling/py_private/1", outcome.warnings[0])
                reasons = {row["workload"]: row["reason"] for row in found if row["status"] == "skipped"}
                self.assertEqual(["py_private"], list(reasons))
                self.assertIn(reason, reasons["py_private"])
                for name in ("py_empty", "py_shared_one"):
                    self.assertEqual({"0", "1"}, {row["repetition"] for row in found if row["workload"] == name})

    def test_a_cell_that_hung_is_not_begun_by_the_next_process(self) -> None:
        peer = peer_of(fails_in(self.scratch / "fails", ["py_private"], "time.sleep(600)"))
        key = ("scaling", "py_private", "", 1)
        task = Task(4, 7, 1, self.scratch / "rows.csv", self.scratch / "log", without={key: "ended: no row for 9 s"})
        began = time.monotonic()
        outcome = Process(peer, replace(GROUND, limit_s=60.0), task).run()
        self.assertLess(time.monotonic() - began, 50.0)
        self.assertEqual(("", {key: "ended: no row for 9 s"}, []), (outcome.problem, outcome.stuck, outcome.warnings))
        found = read_rows(self.scratch / "rows.csv")
        self.assertEqual([("py_private", "ended: no row for 9 s")],
                         [(row["workload"], row["reason"]) for row in found if row["status"] == "skipped"])

    def test_one_that_hangs_everywhere_is_given_up(self) -> None:
        peer = peer_of(fails_in(self.scratch / "fails", [*FEW, "py_list"], "time.sleep(600)"))
        outcome, found = self.run_it(peer, replace(GROUND, limit_s=1.0, workloads=(*FEW, "py_list")))
        self.assertEqual("3 cells one after another, the last one: ended: no row for 1 s", outcome.problem)
        self.assertEqual(4, sum(row["status"] == "skipped" for row in found))

    def test_what_a_hung_one_started_is_ended_too(self) -> None:
        mark = self.scratch / "pid"
        command = script(self.scratch / "shell", f"""\
            case "$2" in ask) exec {sys.executable} "$@";; esac
            sleep 600 &
            echo $! > {mark}
            wait
            """)
        self.run_it(peer_of(command), replace(GROUND, limit_s=0.5))
        pid = int(mark.read_text())
        until = time.monotonic() + 10.0
        while time.monotonic() < until and self.alive(pid):
            time.sleep(0.05)
        self.assertFalse(self.alive(pid))

    @staticmethod
    def alive(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    def test_a_broken_one(self) -> None:
        command = script(self.scratch / "breaks", f"""\
            case "$2" in ask) exec {sys.executable} "$@";; esac
            echo 'MemoryError: out of cells' >&2
            exit 4
            """)
        outcome, found = self.run_it(peer_of(command))
        self.assertEqual("ended with exit status 4: MemoryError: out of cells", outcome.problem)
        self.assertEqual({("skipped", outcome.problem)}, {(row["status"], row["reason"]) for row in found
                                                          if row["workload"].startswith("py_")})

    def test_a_missing_one(self) -> None:
        peer = peer_of(str(self.scratch / "python9"))
        self.assertEqual("peer:python9", peer.variant)
        _, found = self.run_it(peer)
        self.assertEqual({("skipped", "peer:python9", "cannot be started (No such file or directory)")},
                         {(row["status"], row["variant"], row["reason"]) for row in found})

    def test_lines_that_are_no_rows_are_left_out(self) -> None:
        command = script(self.scratch / "lies", """\
            import os, subprocess, sys
            if sys.argv[2] == "ask":
                os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
            done = subprocess.run([sys.executable, *sys.argv[1:]], stdout=subprocess.PIPE, text=True, check=True)
            print(done.stdout, end="")
            print(done.stdout.splitlines()[1].replace(",py_", ",qy_"))
            print(done.stdout.splitlines()[1] + ",1")
            print("hello")
            """, sys.executable)
        outcome, found = self.run_it(peer_of(command))
        self.assertEqual("", outcome.problem)
        self.assertIn("3 of its lines were no rows", outcome.warnings[0])
        self.assertEqual(set(FEW), {row["workload"] for row in found})


class Lines(unittest.TestCase):
    HEAD = "driver,workload,params,threads,repetition,status,reason,ns_per_op,ops_per_s"
    CELL = ("scaling", "py_private", "", 1)

    def take(self, line: str) -> bool:
        reader = Reader([self.CELL], 2)
        reader.take(self.HEAD)
        found = reader.take(line)
        self.assertEqual(found is None, reader.bad == 1)
        return found is not None

    def test_what_is_a_row(self) -> None:
        self.assertTrue(self.take("scaling,py_private,,1,0,ok,,2.5,4e8"))
        self.assertTrue(self.take("scaling,py_private,,1,1,invalid,\"a, b\",,"))
        for line in ("scaling,py_private,,1,0,ok,,0,4e8", "scaling,py_private,,1,0,ok,,nan,4e8",
                     "scaling,py_private,,1,0,ok,,inf,4e8", "scaling,py_private,,1,0,fine,,2.5,4e8",
                     "scaling,py_private,,2,0,ok,,2.5,4e8", "scaling,py_private,,1,2,ok,,2.5,4e8",
                     "scaling,py_private,,one,0,ok,,2.5,4e8", "scaling,py_private,,1,0,ok,,2.5", "\0", '"'):
            self.assertFalse(self.take(line), line)

    def test_another_header_is_refused(self) -> None:
        reader = Reader([self.CELL], 1)
        self.assertIsNone(reader.take("a,b"))
        self.assertEqual(1, reader.bad)


class Extension(ProcessTest):
    def test_its_own_counts_where_there_are_headers(self) -> None:
        counted = ("pair", "borrow", "private", "shared_one", "shared_none", "shared_set", "owner_stranger", "handoff",
                   "mixed")
        built = 0
        for command in given():
            with self.subTest(command=command):
                peer = peer_of(command)
                directory, why = build_extension(peer, self.scratch / peer.file_name)
                if directory is None:
                    self.assertTrue(why)
                    continue
                built += 1
                ground = replace(GROUND, workloads=counted, threads=(1, 2), cpus=(), placement="none")
                outcome, found = self.run_it(peer, ground, directory, "")
                self.assertEqual("", outcome.problem)
                self.assertEqual({"passed"}, {row["audit"] for row in found if row["status"] != "skipped"})
                self.assertEqual({"owner+stranger", "producer+consumer"}, {row["roles"] for row in found if
                                 row["workload"] in ("owner_stranger", "handoff") and row["threads"] == "2"})
                self.assertEqual({"handoff", "owner_stranger"},
                                 {row["workload"] for row in found if row["status"] == "skipped"})
                self.assertEqual(set(counted), {row["workload"] for row in found})
                self.assertEqual({("overhead", "1"), ("scaling", "1"), ("scaling", "2")},
                                 {(row["driver"], row["threads"]) for row in found})
                measured = [row for row in found if row["status"] == "ok"]
                self.assertGreater(len(measured), 0)
        if not built:
            self.skipTest("no interpreter here has headers, or there is no gcc")

    def test_headers_of_a_build_tree(self) -> None:
        """There pyconfig.h, which Python.h includes, lies in a directory of its own."""
        asked = "import sysconfig; print(sysconfig.get_config_h_filename()); print(sysconfig.get_paths()['include'])"
        done = subprocess.run([sys.executable, "-c", asked], stdout=subprocess.PIPE, text=True, check=True)
        config, include = (Path(line) for line in done.stdout.splitlines())
        if not (include / "Python.h").is_file():
            self.skipTest("this interpreter has no headers")
        source, build = self.scratch / "source", self.scratch / "build"
        shutil.copytree(include, source)
        build.mkdir()
        shutil.move(str(source / config.name), str(build / config.name))
        command = claims(self.scratch / "python", f"""\
            paths = dict(sysconfig.get_paths(), include={str(source)!r}, platinclude={str(build)!r})
            sysconfig.get_paths = lambda: paths
            sysconfig.get_config_h_filename = lambda: {str(build / config.name)!r}
            """)
        directory, why = build_extension(peer_of(command), self.scratch / "out")
        self.assertEqual("", why)
        self.assertTrue(list(directory.iterdir()) if directory else [])

    def test_a_wrong_count_is_a_failed_audit(self) -> None:
        """An extension that keeps a reference in each batch: what it measures is not what it says."""
        directory = self.scratch / "leaks"
        directory.mkdir()
        (directory / "rcbench_peer.py").write_text(
            "kept = []\n"
            "class Pairs(object):\n"
            "    def __init__(self, items, alone=True, calls=False):\n"
            "        self.items = items\n"
            "    def run(self, turns):\n"
            "        kept.append(self.items[0])\n"
            "        return turns\n"
            "Borrow = Pairs\n", encoding="utf-8")
        # CPython 3.15 keeps ints up to 1024 for good, so that nobody sees whether one is counted.
        keeps = claims(self.scratch / "keeps", """\
            count = sys.getrefcount
            sys.getrefcount = lambda one: 3221225472 if type(one) is int and one <= 1024 else count(one)
            """)
        for command in (sys.executable, keeps):
            for workload in ("shared_one", "pair", "private"):
                with self.subTest(command=command, workload=workload):
                    ground = replace(GROUND, workloads=(workload,))
                    _, found = self.run_it(peer_of(command), ground, directory, "")
                    self.assertEqual({("invalid", "failed")}, {(row["status"], row["audit"]) for row in found})
                    self.assertIn("references", found[0]["reason"])

    def test_what_does_not_count_is_not_measured(self) -> None:
        directory = self.scratch / "fine"
        directory.mkdir()
        (directory / "rcbench_peer.py").write_text(
            "class Pairs(object):\n    def __init__(self, *all):\n        pass\n    def run(self, turns):\n"
            "        return turns\n", encoding="utf-8")
        keeps = claims(self.scratch / "keeps", "sys.getrefcount = lambda one: 3221225472\n")
        _, found = self.run_it(peer_of(keeps), replace(GROUND, workloads=("pair",)), directory, "")
        self.assertEqual({"invalid"}, {row["status"] for row in found})
        self.assertIn("none of its ints is counted", found[0]["reason"])

    def test_one_that_cannot_be_loaded_loses_only_its_rows(self) -> None:
        directory = self.scratch / "broken"
        directory.mkdir()
        (directory / "rcbench_peer.py").write_text("raise ImportError('built for another one')\n", encoding="utf-8")
        ground = replace(GROUND, workloads=("py_private", "shared_one"))
        outcome, found = self.run_it(peer_of(sys.executable), ground, directory, "")
        self.assertEqual("", outcome.problem)
        self.assertEqual("the extension could not be loaded",
                         next(row["reason"] for row in found if row["workload"] == "shared_one"))
        self.assertIn("py_private", {row["workload"] for row in found if row["status"] != "skipped"})

    def test_no_headers_is_a_reason(self) -> None:
        peer = peer_of(sys.executable)
        bare = replace(peer, facts={**peer.facts, "include": [str(self.scratch)]})
        self.assertIn("no Python.h in", build_extension(bare, self.scratch / "x")[1])
        other = replace(peer, facts={**peer.facts, "implementation": "pypy"})
        self.assertIn("no reference counts", build_extension(other, self.scratch / "x")[1])
        (self.scratch / "Python.h").write_text("#error not these\n")
        self.assertIn("no pyconfig.h in", build_extension(bare, self.scratch / "x")[1])
        (self.scratch / "pyconfig.h").touch()
        self.assertIn("do not compile", build_extension(bare, self.scratch / "x")[1])


class Where(ScratchTest):
    def test_cpus(self) -> None:
        allowed = sorted(os.sched_getaffinity(0))
        for placement in ("cores", "compact"):
            self.assertEqual(allowed, sorted(usable_cpus(placement)))

    def test_the_ground_is_that_of_our_rows(self) -> None:
        path = self.scratch / "rows.csv"
        path.write_text("host,driver,threads,placement,cpus,status,extra\n"
                        "h,overhead,1,scatter,5,ok,\nh,scaling,1,scatter,5,ok,\nh,scaling,2,scatter,5+2,invalid,\n"
                        "h,scaling,4,scatter,5+2+5+2,oversubscribed,\nh,scaling,8,scatter,,skipped,\n", encoding="utf-8")
        ground = ground_of_rows(path, "r", 20.0, None, 60.0)
        self.assertEqual(("scatter", (5, 2), (1, 2, 4)), (ground.placement, ground.cpus, ground.threads))
        self.assertEqual(("host", "driver", "threads", "placement", "cpus", "status", "extra"), ground.columns)
        self.assertEqual("h", ground.host)

    def test_cells(self) -> None:
        cells = Cells(replace(GROUND, workloads=None, threads=(1, 2)))
        self.assertEqual(48, len(cells.plain))
        self.assertIn(("overhead", "pair", "set=1;code=inline", 1), cells.counted)
        self.assertNotIn(("overhead", "pair", "set=1;code=inline", 2), cells.counted)
        self.assertIn(("scaling", "shared_one", "", 2), cells.counted)
        self.assertIn(("scaling", "mixed", "order=runs;p=5", 2), cells.counted)


if __name__ == "__main__":
    unittest.main()
