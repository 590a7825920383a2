"""What the tests of the scripts share: a scratch directory, calls of the commands, and made-up rows."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Callable, Dict, Iterable, List, Mapping, Optional, Sequence

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
STAND_IN = Path(__file__).with_name("stand_in.py")
sys.path.insert(0, str(SCRIPTS))

from rcb.base.errors import guarded  # noqa: E402
from rcb.rows.schema import COLUMNS  # noqa: E402


class ScratchTest(unittest.TestCase):
    """A test with a directory of its own."""

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.scratch = Path(holder.name)

    def environment(self, extra: Optional[Mapping[str, str]] = None) -> Dict[str, str]:
        return {**os.environ, "PYTHON": sys.executable, "RCBENCH_BINARY": str(STAND_IN), "TERM": "dumb",
                "PYTHONDONTWRITEBYTECODE": "1", **(extra or {})}

    def call(self, command: str, *arguments: object,
             extra: Optional[Mapping[str, str]] = None) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([str(SCRIPTS / command), *map(str, arguments)], env=self.environment(extra), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.scratch, timeout=120,
                              check=False)

    def start(self, *arguments: object, extra: Optional[Mapping[str, str]] = None) -> "subprocess.Popen[str]":
        """Begins scripts/run in a session of its own, as a terminal would."""
        child = subprocess.Popen([str(SCRIPTS / "run"), *map(str, arguments)], env=self.environment(extra), text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.scratch,
                                 start_new_session=True)
        self.addCleanup(self._end, child)
        return child

    @staticmethod
    def _end(child: "subprocess.Popen[str]") -> None:
        if child.poll() is None:
            child.kill()
        child.communicate()

    def assert_one_line(self, text: str, *parts: str) -> None:
        """An error is one line, and holds what it must."""
        self.assertEqual(1, len(text.strip().splitlines()), text)
        for part in parts:
            self.assertIn(part, text)


def called(name: str, main: Callable[[Sequence[str]], int],
           *arguments: object) -> "subprocess.CompletedProcess[str]":
    """Calls a command in this process, which saves the second that an interpreter needs to import what it wants."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = guarded(name, main, list(map(str, arguments)))
    return subprocess.CompletedProcess([name], status, out.getvalue(), err.getvalue())


def row(**values: object) -> Dict[str, object]:
    """A good row of one trial, with what a test wants changed."""
    found: Dict[str, object] = {name: "" for name in COLUMNS}
    found.update(schema=1, run_id="r", host="h", utc="2024-01-02T03:04:05Z", driver="overhead", workload="pair",
                 params="set=1;code=inline", variant="plain", threads=1, placement="cores", cpus="0", process=0,
                 repetition=0, order=0, seed=18446744073709551615, window_s=0.04, ops=1000, ops_per_s=1e9, ns_per_op=1.0, overlap=1.0,
                 ctx_involuntary=0, migrations=0, steal_ms=0, major_faults=0, status="ok", mode="single")
    found.update(values)
    if "ns_per_op" in values and "ops_per_s" not in values:
        found["ops_per_s"] = 1e9 / float(str(values["ns_per_op"]))
    return found


def write_rows(path: Path, found: Iterable[Mapping[str, object]]) -> Path:
    """Writes rows as the binary does."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)
    return path


def read_rows(path: Path) -> List[Dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
