"""For the tests of rcbench's command line: runs the binary that RCBENCH_BINARY names, reads its rows."""

import csv
import os
import pathlib
import re
import subprocess
import tempfile
import time
import unittest

BINARY = os.environ["RCBENCH_BINARY"]
ROOT = pathlib.Path(os.environ["RCBENCH_SOURCE"])
SLOW = os.environ.get("RCBENCH_SANITIZE", "") != ""  # a sanitizer makes a step take several times as long
PATIENCE_S = 500  # on a machine that others use too, a trial takes many times as long
CPUS = sorted(os.sched_getaffinity(0))
# Short trials: these tests look at rows, not at times.
QUICK = ("--window", "2", "--ramp", "0")


def start(*arguments, cwd, **popen):
    return subprocess.Popen([BINARY, *map(str, arguments)], cwd=cwd, text=True, stdin=subprocess.DEVNULL,
                            stdout=popen.pop("stdout", subprocess.PIPE), stderr=popen.pop("stderr", subprocess.PIPE),
                            **popen)


def rcbench(*arguments, cwd, **popen):
    """Runs to the end; what it printed is in stdout and stderr."""
    process = start(*arguments, cwd=cwd, **popen)
    try:
        out, err = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def read_rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def trials(rows):
    """One row for each trial: its good one, or the last where it has none. Noise makes more attempts than one."""
    found = {}
    for row in rows:
        key = row["cell"], row["process"], row["repetition"]
        if key not in found or row["status"] != "invalid" or found[key]["status"] == "invalid":
            found[key] = row
    return list(found.values())


def schema_columns():
    """The columns that docs/schema.md explains, in its order; None where there is no such page."""
    page = ROOT / "docs/schema.md"
    if not page.exists():
        return None
    part = page.read_text(encoding="utf-8").split("## Columns of trials.csv")[1].split("\n## ")[0]
    return re.findall(r"^\| `([a-z0-9_]+)` \|", part, re.MULTILINE)


def wait_for_rows(path, count, process):
    """Until `count` whole rows stand in the file."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        if path.exists() and path.read_text(encoding="utf-8").count("\n") > count:
            return
        time.sleep(0.002)
    raise AssertionError(f"no {count} rows in {path.name}; exit status {process.poll()}")


def running_elsewhere():
    """Programs that want a CPU at this moment, but for this one: the least of a few looks."""
    looks = []
    for _ in range(10):
        with open("/proc/loadavg", encoding="ascii") as file:
            looks.append(int(file.read().split()[3].split("/")[0]) - 1)
        time.sleep(0.01)
    return min(looks)


def skip_where_busy(test):
    """For tests of times: they say nothing where other programs take the CPUs."""
    others = running_elsewhere()
    if others > len(CPUS) / 2:
        test.skipTest(f"{others} other programs run on {len(CPUS)} CPUs")


class Case(unittest.TestCase):
    """A test in an empty folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="rcbench-cli-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_good(self, *arguments, **popen):
        done = rcbench(*arguments, cwd=self.folder, **popen)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def files(self):
        return sorted(path.name for path in self.folder.iterdir())

    def own_lines(self, done, flag):
        """Lines about this flag on standard error."""
        return [line for line in done.stderr.splitlines() if line.startswith(f"rcbench: {flag}:")]
