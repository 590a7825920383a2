"""How the commands of scripts/ begin and end where the surroundings are hostile: files in the current directory, closed or
full streams, encodings, signals, limits, full disks, and two at once."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
import unittest
from pathlib import Path
from typing import Callable, Mapping, Optional, Sequence

import made_up
from support import ROOT, SCRIPTS, ScratchTest

from rcb.base.errors import UsageError
from rcb.base.files import BEGINNINGS
from rcb.base.streams import SPELLED
from rcb.run import rundir
SMALL = ("--processes", "1", "--repetitions", "2", "--seed", "7", "--variants", "plain,plain_twin,atomic,gil",
         "--workloads", "pair,private")


def write_run(directory: Path) -> Path:
    directory.mkdir()
    made_up.write(directory / "trials.csv", made_up.run())
    return directory


class EndingTest(ScratchTest):
    def command(self, *words: object, limit: Optional[Callable[[], object]] = None, extra: Mapping[str, str] = {},
                stdout: object = subprocess.PIPE) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([str(SCRIPTS / str(words[0])), *map(str, words[1:])], env=self.environment(extra),
                              text=True, errors="replace", stdout=stdout, stderr=subprocess.PIPE,  # type: ignore
                              cwd=self.scratch, timeout=120, check=False, preexec_fn=limit)

    def assert_no_traceback(self, done: "subprocess.CompletedProcess[str]") -> None:
        for word in ("Traceback", "Exception ignored", "terminate called"):
            self.assertNotIn(word, done.stderr)


class CurrentDirectory(EndingTest):
    """What lies in the current directory is never executed."""

    HOSTILE = ("rich", "json", "random", "pandas", "signal", "site", "sitecustomize", "usercustomize", "encodings", "re",
               "argparse", "dataclasses")

    def hostile(self) -> Path:
        mark = self.scratch / "executed"
        for name in self.HOSTILE:
            (self.scratch / f"{name}.py").write_text(f"open({str(mark)!r}, 'a').write({name!r})\n", encoding="utf-8")
        for package in ("rcb", "numpy"):
            (self.scratch / package).mkdir()
            (self.scratch / package / "__init__.py").write_text(f"open({str(mark)!r}, 'a').write('rcb')\n", "utf-8")
        return mark

    def test_no_command_executes_it(self) -> None:
        mark = self.hostile()
        run = write_run(self.scratch / "one")
        for words in (("doctor",), ("run", "--out", "new", *SMALL), ("report", run), ("compare", run, run),
                      ("merge", "-o", "merged", run), ("peers", "--list")):
            with self.subTest(words[0]):
                done = self.command(*words, extra={"PYTHONPATH": ":.:relative"})
                self.assertEqual(0, done.returncode, done.stderr)
                self.assertFalse(mark.exists(), mark.exists() and mark.read_text())

    def test_an_absolute_path_for_packages_stays(self) -> None:
        elsewhere = self.scratch / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "sitecustomize.py").write_text("print('mine')\n", encoding="utf-8")
        self.assertIn("mine", self.command("doctor", extra={"PYTHONPATH": f":{elsewhere}"}).stdout)

    def test_a_checkout_below_a_colon_and_a_space(self) -> None:
        copy = self.scratch / "a b:c"
        (copy / "bench").mkdir(parents=True)
        subprocess.run(["cp", "-a", str(SCRIPTS), str(copy)], check=True)
        subprocess.run(["cp", "-a", str(ROOT / "bench" / "rows"), str(copy / "bench")], check=True)
        done = subprocess.run([str(copy / "scripts" / "doctor"), "--json"], env=self.environment(), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.scratch, check=False)
        self.assertEqual((0, ""), (done.returncode, done.stderr))


class Streams(EndingTest):
    def test_closed_ones_are_no_error_and_take_nothing_into_files(self) -> None:
        for closed in ((1,), (0, 1, 2)):
            with self.subTest(closed):
                out = self.scratch / ("out" + "".join(map(str, closed)))
                done = self.command("run", "--out", out, *SMALL,
                                    limit=lambda fds=closed: [os.close(fd) for fd in fds])  # type: ignore
                self.assertEqual(0, done.returncode, done.stderr)
                self.assert_no_traceback(done)
                self.assertNotIn("run:", (out / "trials.csv").read_text(encoding="utf-8"))

    def test_every_encoding_will_do(self) -> None:
        run = write_run(self.scratch / "one")
        for encoding in ("ascii", "latin-1", "utf-16"):
            for words in (("report", run), ("compare", run, run)):
                with self.subTest(encoding, words=words[0]):
                    done = self.command(*words, extra={"PYTHONIOENCODING": encoding})
                    self.assertEqual((0, ""), (done.returncode, done.stderr))
                    self.assertNotIn("?", done.stdout)

    def test_all_signs_that_are_printed_can_be_spelled(self) -> None:
        used = {one for path in (SCRIPTS / "rcb").glob("*.py") for one in path.read_text(encoding="utf-8")
                if not one.isascii()}
        self.assertEqual(set(), used - set(SPELLED))

    @unittest.skipUnless(os.path.exists("/dev/full"), "there is no /dev/full")
    def test_a_full_disk_behind_the_tables_is_one_line(self) -> None:
        run = write_run(self.scratch / "one")
        for words in (("report", run), ("compare", run, run), ("doctor", "--json"), ("peers", "--list"),
                      ("run", "--out", self.scratch / "new", *SMALL)):
            with self.subTest(words[0]), open("/dev/full", "w", encoding="utf-8") as full:
                done = self.command(*words, stdout=full)
                self.assertEqual(1, done.returncode)
                self.assertEqual(1, done.stderr.count("standard output cannot be written: No space left"), done.stderr)
                self.assert_no_traceback(done)
        self.assertTrue((self.scratch / "new" / "report.html").exists(), "what was measured has its report")

    def test_a_reader_that_goes_loses_nothing(self) -> None:
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "w") as gone:
            done = self.command("run", "--out", "new", *SMALL, stdout=gone)
        self.assertEqual(1, done.returncode, done.stderr)
        self.assert_no_traceback(done)
        self.assertTrue((self.scratch / "new" / "report.html").exists())


class Signals(EndingTest):
    def begun(self, *words: str, ignored: Sequence[int] = (), extra: Mapping[str, str] = {}) -> "subprocess.Popen[str]":
        def ignore() -> None:
            for number in ignored:
                signal.signal(number, signal.SIG_IGN)

        child = subprocess.Popen([str(SCRIPTS / words[0]), *words[1:]], env=self.environment(extra), text=True,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=self.scratch,
                                 start_new_session=True, preexec_fn=ignore)
        self.addCleanup(self._end, child)
        return child

    def test_ctrl_c_is_one_line_whenever_it_comes(self) -> None:
        run = write_run(self.scratch / "one")
        for step in range(1, 12):
            with self.subTest(step):
                child = self.begun("compare", str(run), str(run))
                time.sleep(0.15 * step)
                early = child.poll()
                if early is None:
                    os.killpg(child.pid, signal.SIGINT)
                _, errors = child.communicate(timeout=30)
                # It may have come before the shell had begun, or when all was done.
                if early is None and child.returncode not in (0, -signal.SIGINT):
                    self.assertEqual((130, "compare: interrupted\n"), (child.returncode, errors))

    def test_each_signal_has_its_status(self) -> None:
        for number, status in ((signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            out = self.scratch / f"out{status}"
            child = self.begun("run", "--out", str(out), *SMALL, extra={"STAND_IN_DELAY": "0.05"})
            self.wait_for_rows(out)
            child.send_signal(number)
            _, errors = child.communicate(timeout=30)
            self.assertEqual(status, child.returncode, errors)
            self.assertIn("all rows are kept", errors)

    def wait_for_rows(self, out: Path) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if any(path.stat().st_size > 4000 for path in out.glob("process-*.csv*")):
                return
            time.sleep(0.02)
        self.fail("no rows came")

    def test_nohup_protects(self) -> None:
        for number in (signal.SIGHUP, signal.SIGINT):
            out = self.scratch / f"out{int(number)}"
            child = self.begun("run", "--out", str(out), *SMALL, ignored=(number,), extra={"STAND_IN_DELAY": "0.03"})
            self.wait_for_rows(out)
            os.killpg(child.pid, number)
            _, errors = child.communicate(timeout=60)
            self.assertEqual(0, child.returncode, errors)
            self.assertTrue((out / "report.html").exists())

    def test_a_run_that_ignores_ctrl_c_can_still_be_ended(self) -> None:
        out = self.scratch / "out"
        child = self.begun("run", "--out", str(out), *SMALL, ignored=(signal.SIGINT,), extra={"STAND_IN_DELAY": "0.5"})
        self.wait_for_rows(out)
        child.send_signal(signal.SIGTERM)
        _, errors = child.communicate(timeout=12)  # less than the patience after which a process is killed
        self.assertEqual(143, child.returncode, errors)

    def test_a_signal_in_set_up_is_not_taken_for_a_missing_package(self) -> None:
        (self.scratch / "python").write_text("#!/bin/sh\nsleep 30\n", encoding="utf-8")
        (self.scratch / "python").chmod(0o755)
        before = set(Path("/tmp").glob("rcbench-setup.*"))
        for number, status in ((signal.SIGQUIT, 131), (signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            child = self.begun("doctor", extra={"PYTHON": str(self.scratch / "python")})
            time.sleep(0.5)
            os.killpg(child.pid, number)
            _, errors = child.communicate(timeout=30)
            self.assertEqual(status, child.returncode, errors)
            self.assertNotIn("missing", errors)
            self.assertIn("doctor: ", errors.splitlines()[-1])
        self.assertEqual(before, set(Path("/tmp").glob("rcbench-setup.*")))


class Limits(EndingTest):
    def test_little_memory_is_one_line(self) -> None:
        run = write_run(self.scratch / "one")
        for megabytes in (150, 250, 350):  # with much less Python and its libraries end before they can say why
            with self.subTest(megabytes):
                size = megabytes << 20
                done = self.command("compare", run, run,
                                    limit=lambda n=size: resource.setrlimit(resource.RLIMIT_AS, (n, n)))  # type: ignore
                self.assert_no_traceback(done)
                self.assertNotIn("apt-get", done.stderr)
                if done.returncode != 0:
                    self.assertEqual(1, done.returncode, done.stderr)
                    self.assertEqual(1, len(done.stderr.splitlines()), done.stderr)

    def test_a_file_that_cannot_grow_is_named(self) -> None:
        run = write_run(self.scratch / "one")

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))

        done = self.command("report", run, limit=limit)
        self.assertEqual(1, done.returncode)
        self.assert_one_line(done.stderr, "report: ", str(run), "File too large")
        done = self.command("run", "--out", "new", *SMALL, limit=limit)
        self.assertEqual(1, done.returncode)
        self.assert_no_traceback(done)
        if (self.scratch / "new").exists():
            self.assertIn("--resume", done.stderr)


class TwoAtOnce(ScratchTest):
    def test_a_directory_that_another_run_has_filled_meanwhile_is_refused(self) -> None:
        first = rundir.RunDirectory.create(self.scratch / "out")
        (first.path / "run.json").write_text("{}", encoding="utf-8")
        os.close(first.lock)
        with self.assertRaisesRegex(UsageError, "--out: .* is not empty"):
            rundir.RunDirectory.create(self.scratch / "out")

    def test_a_name_is_given_once(self) -> None:
        names = [rundir.unused(self.scratch / "results" / "run").name for _ in range(3)]
        self.assertEqual(["run", "run-2", "run-3"], names)

    def test_what_a_run_leaves_that_never_began_is_no_hindrance(self) -> None:
        out = self.scratch / "out"
        out.mkdir()
        for name in BEGINNINGS:
            (out / name).write_text("half", encoding="utf-8")
        done = self.call("run", "--out", out, *SMALL)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertFalse((out / "run.json.new").exists())

    def test_a_directory_that_is_removed_is_not_said_to_keep_rows(self) -> None:
        out = self.scratch / "out"
        child = self.start("--out", out, *SMALL, extra={"STAND_IN_DELAY": "0.1"})
        until = time.monotonic() + 60
        while not list(out.glob("process-*.csv.part")) and time.monotonic() < until:
            time.sleep(0.02)
        subprocess.run(["rm", "-rf", str(out)], check=True)
        _, errors = child.communicate(timeout=60)
        self.assertEqual(1, child.returncode)
        self.assertNotIn("rows are kept", errors)
        self.assertIn("has been removed", errors)
        self.assertNotIn("Traceback", errors)


if __name__ == "__main__":
    unittest.main()
