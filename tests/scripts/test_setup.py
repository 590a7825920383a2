"""Tests of scripts/lib/setup.sh: what it finds missing and asks for, with stand-ins for apt, and what it builds."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Mapping

from support import SCRIPTS, ScratchTest

COMMANDS = ("run", "report", "compare", "merge", "doctor", "peers", "test")

# Stand-ins write down how they are called. The shell looks for programs in one folder, which has these and what it
# needs itself: so nothing of this machine is found.
APT = """#!/bin/bash
echo "apt-get $*" >>"$CALLS"
if [[ "$1" == -s ]]; then
    shift 3
    for package in "$@" one-more; do echo "Inst $package (1.0 Debian [amd64])"; done
fi
"""
CACHE = """#!/bin/bash
echo "apt-cache $*" >>"$CALLS"
[[ "$1" == show ]] || exit 1
shift
for package in "$@"; do
    [[ "$package" != unknown-dev ]] || exit 100
    [[ "$package" == --* ]] || printf 'Package: %s\\nInstalled-Size: 1000\\n\\n' "$package"
done
"""
TOOLS = ("bash", "env", "dirname", "cat", "grep", "sed", "awk", "id", "mktemp", "rm", "tail", "sort", "flock", "mkdir",
         "cut", "true", "sleep")


class SetUpTest(ScratchTest):
    def setUp(self) -> None:
        super().setUp()
        self.tools = self.scratch / "tools"
        self.tools.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool)
            if found is not None:
                (self.tools / tool).symlink_to(found)
        self.calls = self.scratch / "calls"
        self.calls.touch()

    def stand_in(self, name: str, text: str) -> None:
        (self.tools / name).write_text(text, encoding="utf-8")
        (self.tools / name).chmod(0o755)

    def with_apt(self) -> None:
        self.stand_in("apt-get", APT)
        self.stand_in("apt-cache", CACHE)
        self.stand_in("sudo", "#!/bin/bash\n[[ \"$1\" != -n ]] || shift\nexec \"$@\"\n")

    def variables(self) -> Mapping[str, str]:
        return {"PATH": str(self.tools), "CALLS": str(self.calls), "PYTHON": sys.executable, "TMPDIR": str(self.scratch),
                "TERM": "dumb"}

    def shell(self, text: str, stdin: object = subprocess.DEVNULL) -> "subprocess.CompletedProcess[str]":
        """Runs text in a script that has set-up at hand."""
        script = f"set -euo pipefail\nsetup_name=trial\n. '{SCRIPTS}/lib/setup.sh'\n{text}\n"
        return subprocess.run(["/bin/bash", "-c", script], env=dict(self.variables()), text=True, stdin=stdin,  # type: ignore
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.scratch, check=False)

    def called(self, program: str) -> str:
        return "".join(line + "\n" for line in self.calls.read_text(encoding="utf-8").splitlines()
                       if line.startswith(program))


class Missing(SetUpTest):
    NEEDS = "setup_need_build\n"

    def test_what_is_needed_is_the_same_for_all(self) -> None:
        """--no-install, a user who cannot install, and the tests name the same packages, and no optional one."""
        told = set()
        for more in ("", "setup_need_tests\n"):
            for before in ("setup_install=no\n", "apt-get() { :; }\nsetup_privilege() { return 1; }\n"):
                done = self.shell(before + self.NEEDS + more + "setup_install_missing")
                self.assertEqual(2, done.returncode, done.stderr)
                self.assert_one_line(done.stderr, "trial: missing: cmake ninja-build gcc")
                self.assertNotIn("libgc-dev", done.stderr)
                told.add(done.stderr)
        self.assertEqual(1, len(told), told)
        self.assertEqual("", self.called("apt-get"))

    def test_what_is_only_wanted_stops_nobody(self) -> None:
        done = self.shell("setup_install=no\nsetup_need_tests\nsetup_install_missing\necho went on")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertRegex(done.stdout, r"^trial: not installed, and done without: clang .*valgrind.*\nwent on\n$")

    def test_what_is_installed_is_said_with_its_size(self) -> None:
        self.with_apt()
        done = self.shell("setup_missing=(cmake) setup_wanted=(valgrind unknown-dev)\nsetup_install_missing")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertEqual("trial: installing cmake valgrind (with all that they need 3 packages, 3 MB)\n", done.stdout)
        self.assertIn("-y install --no-install-recommends cmake valgrind\n", self.called("apt-get -o"))

    def on_terminal(self, answer: bytes, text: str) -> "subprocess.CompletedProcess[str]":
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        os.write(ours, answer)
        script = f"set -euo pipefail\nsetup_name=trial\n. '{SCRIPTS}/lib/setup.sh'\n{text}\n"
        try:
            return subprocess.run(["/bin/bash", "-c", script], env=dict(self.variables()), text=True, stdin=theirs,
                                  stdout=subprocess.PIPE, stderr=theirs, cwd=self.scratch, check=False, timeout=60)
        finally:
            os.close(theirs)

    def test_a_terminal_is_asked(self) -> None:
        self.with_apt()
        needed = "setup_missing=(cmake)\nsetup_install_missing\necho went on"
        self.assertEqual(2, self.on_terminal(b"n\n", needed).returncode)
        self.assertEqual("", self.called("apt-get -o"))
        wanted = self.on_terminal(b"n\n", "setup_wanted=(valgrind)\nsetup_install_missing\necho went on")
        self.assertEqual(0, wanted.returncode)
        self.assertIn("went on", wanted.stdout)
        self.assertEqual("", self.called("apt-get -o"))
        self.assertEqual(0, self.on_terminal(b"\n", needed).returncode)
        self.assertIn("install", self.called("apt-get -o"))


class Arguments(ScratchTest):
    def test_an_unknown_option_is_refused_before_anything_else(self) -> None:
        for command in (*COMMANDS, "costs", "nightly"):
            for option in ("--typo", "--typo=3", "-Z", "--no-instal"):
                with self.subTest(command, option=option):
                    done = subprocess.run([str(SCRIPTS / command), option], text=True, stdout=subprocess.PIPE,
                                          stderr=subprocess.PIPE, cwd=self.scratch, check=False)
                    self.assertEqual((2, ""), (done.returncode, done.stdout))
                    self.assert_one_line(done.stderr, f"{command}: {option.split('=')[0]}", "not an option", "accepted: ")
        self.assertEqual([], os.listdir(self.scratch))

    def test_help_wins(self) -> None:
        for command in COMMANDS:
            done = self.call(command, "--help")
            self.assertEqual((0, ""), (done.returncode, done.stderr))
            self.assertTrue(done.stdout.startswith(f"usage: scripts/{command} "))
            self.assertIn("--no-install", done.stdout)


class Copies(SetUpTest):
    def test_a_copied_build_folder_is_made_anew(self) -> None:
        original, copy = self.scratch / "original", self.scratch / "copy"
        for place in (original, copy):
            folder = place / "build" / "release"
            folder.mkdir(parents=True)
            (folder / "CMakeCache.txt").write_text(f"CMAKE_HOME_DIRECTORY:INTERNAL={original}\n", encoding="utf-8")
            for name in ("build.ninja", ".ninja_log", "kept"):
                (folder / name).touch()
            done = self.shell(f"setup_root='{place}'\nsetup_forget_copied '{folder}'")
            self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertTrue((original / "build" / "release" / "build.ninja").exists())
        self.assertEqual(["kept"], os.listdir(copy / "build" / "release"))
        self.assertIn(str(original), done.stdout)

    def test_a_new_checkout_is_configured_and_built(self) -> None:
        self.stand_in("cmake", "#!/bin/bash\necho \"cmake $*\" >>\"$CALLS\"\n")
        done = self.shell(f"setup_root='{self.scratch / 'new'}'\nsetup_build release\necho built")
        self.assertEqual((0, "built\n", ""), (done.returncode, done.stdout, done.stderr))
        self.assertIn("--preset release", self.called("cmake"))
        self.assertIn("--build", self.called("cmake"))

    def test_two_builds_wait_for_each_other(self) -> None:
        begin = f"setup_root='{self.scratch}'\nsetup_lock_build\n"
        held = subprocess.Popen(["/bin/bash", "-c", f"set -eu; setup_name=first\n. '{SCRIPTS}/lib/setup.sh'\n{begin}"
                                                    "echo locked; read -r _; echo built >built"],
                                env=dict(self.variables()), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                cwd=self.scratch)
        self.addCleanup(held.communicate)
        assert held.stdout is not None and held.stdin is not None
        self.assertEqual("locked\n", held.stdout.readline())
        second = subprocess.Popen(["/bin/bash", "-c", f"set -eu; setup_name=second\n. '{SCRIPTS}/lib/setup.sh'\n{begin}"
                                                      "cat built"],
                                  env=dict(self.variables()), stdout=subprocess.PIPE, text=True, cwd=self.scratch)
        assert second.stdout is not None
        self.assertIn("waiting for another", second.stdout.readline())
        held.stdin.write("\n")
        held.stdin.flush()
        self.assertEqual(("built\n", 0), (second.communicate(timeout=30)[0], second.returncode))


if __name__ == "__main__":
    unittest.main()
