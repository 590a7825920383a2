"""Tests of the command lines: wrong flags end with one line and exit 2, and leave nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import unittest

from support import SCRIPTS, ScratchTest

from rcb.base.errors import UsageError
from rcb.run.options import option_names, parse


class BadFlags(ScratchTest):
    CASES = (
        (["--window", "0"], "--window: '0' is not"),
        (["--window", "nan"], "--window: 'nan' is not"),
        (["--window", "-5"], "--window"),
        (["--window"], "--window: no value"),
        (["--threads", ""], "--threads: '' is not"),
        (["--threads", "0"], "--threads: '0' is not"),
        (["--threads", "4-2"], "reversed"),
        (["--threads", "1,,2"], "--threads"),
        (["--placement", "scater"], "nearest: scatter"),
        (["--profile", "quik"], "nearest: quick"),
        (["--repetitions", "0"], "--repetitions: '0' is not"),
        (["--processes", "1.5"], "--processes: '1.5' is not"),
        (["--seed", "-1"], "--seed"),
        (["--seed", str(2**64)], "--seed"),
        (["--seed", "1", "--seed", "2"], "conflict"),
        (["--variants", "a,,b"], "--variants: 'a,,b' is not"),
        (["--variants", "plian"], "'plian' is not a variant"),
        (["--repetition", "3"], "nearest: --repetitions"),
        (["stray"], "stray"),
        (["--resume", "nowhere"], "--resume: 'nowhere' is not"),
    )

    def test_each_is_one_line_and_writes_nothing(self) -> None:
        for arguments, part in self.CASES:
            with self.subTest(arguments=arguments):
                done = self.call("run", "--out", "new", *arguments) if "--resume" not in arguments \
                    else self.call("run", *arguments)
                self.assertEqual(2, done.returncode, done.stderr)
                self.assert_one_line(done.stderr, part)
                self.assertEqual([], os.listdir(self.scratch))

    def test_out_must_be_new_or_empty(self) -> None:
        (self.scratch / "used").mkdir()
        (self.scratch / "used" / "file").touch()
        done = self.call("run", "--out", "used")
        self.assertEqual(2, done.returncode)
        self.assert_one_line(done.stderr, "--out: 'used' is not empty")

    def test_unwritable_out_is_one_line(self) -> None:
        (self.scratch / "file").touch()
        done = self.call("run", "--out", "file/below")
        self.assertEqual(1, done.returncode, done.stderr)
        self.assert_one_line(done.stderr, "run: ", "file/below")

    def test_missing_binary_is_one_line(self) -> None:
        done = self.call("run", extra={"RCBENCH_BINARY": str(self.scratch / "absent")})
        self.assertEqual(1, done.returncode)
        self.assert_one_line(done.stderr, "absent")


class StandardLibrary(ScratchTest):
    def test_the_check_needs_the_standard_library_alone(self) -> None:
        """As on a machine on which nothing is installed yet."""
        done = subprocess.run([sys.executable, "-I", "-S", str(SCRIPTS / "lib" / "start.py"), "rcb.run.options", "run",
                               "--seed", "1"], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              cwd=self.scratch, check=False)
        self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr))


class GoodFlags(unittest.TestCase):
    def test_threads(self) -> None:
        for text in ("1", "1,2,4-8,max", "2-max"):
            self.assertEqual(text, parse(["--threads", text]).threads)

    def test_the_same_value_twice_is_no_conflict(self) -> None:
        self.assertEqual(3, parse(["--seed", "3", "--seed=3"]).seed)

    def test_exports_are_listed_or_repeated(self) -> None:
        for arguments in (["--export", "github-action,google-benchmark"],
                          ["--export", "github-action", "--export=google-benchmark", "--export", "github-action"]):
            self.assertEqual(["github-action", "google-benchmark"], parse(arguments).export)
        with self.assertRaisesRegex(UsageError, r"--export: 'google' is not a format; accepted: google-benchmark, "):
            parse(["--export", "github-action,google"])
        self.assertEqual([], parse([]).export)

    def test_out_and_resume_conflict(self) -> None:
        with self.assertRaisesRegex(UsageError, "--out: conflicts with --resume"):
            parse(["--out", "a", "--resume", "b"])


class Help(ScratchTest):
    def test_names_every_option_and_no_other(self) -> None:
        text = (SCRIPTS / "rcb" / "run" / "run-help.txt").read_text(encoding="utf-8")
        named = {line.split()[0] for line in text.splitlines() if line.startswith("  -")}
        self.assertEqual(set(option_names()), named)

    def _without_python(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        tools = self.scratch / "tools"
        tools.mkdir(exist_ok=True)
        for tool in ("bash", "env", "dirname", "cat", "grep", "id"):
            link = tools / tool
            if not link.exists():
                link.symlink_to(f"/usr/bin/{tool}")
        environment = {"PATH": str(tools), "PYTHON": str(self.scratch / "absent")}
        return subprocess.run(["/bin/bash", str(SCRIPTS / "run"), *arguments], env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)

    def test_help_needs_nothing_but_a_shell(self) -> None:
        done = self._without_python("--help")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertIn("--resume DIR", done.stdout)

    def test_what_is_missing_is_one_line(self) -> None:
        done = self._without_python("--no-install")
        self.assertEqual(2, done.returncode)
        self.assert_one_line(done.stderr, "apt-get install", "cmake", "libhwloc-dev")

    def test_other_commands_have_help(self) -> None:
        for command in ("test", "report", "doctor"):
            done = self.call(command, "--help")
            self.assertEqual((0, ""), (done.returncode, done.stderr))
            self.assertIn(f"usage: scripts/{command}", done.stdout)


if __name__ == "__main__":
    unittest.main()
