#!/usr/bin/env python
"""Measures what references cost inside the interpreter that runs this file, with threads, and prints rows.

Any interpreter from Python 2.7 on runs this folder as it is: CPython with and without a GIL, PyPy, Jython, IronPython.
Hence no annotation, no f-string, nothing but old modules. scripts/peers calls it; by hand:

    python measure.py ask                        # what this interpreter is, as one line of JSON
    python measure.py list                       # the patterns, with what one operation is
    python measure.py rows '{"threads": [1, 2]}' # rows, as CSV with those columns of docs/schema.md that it knows
"""
from __future__ import division

import json
import os
import random
import sys

sys.dont_write_bytecode = True  # several interpreters read this folder
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # PYTHONSAFEPATH leaves it out

from facts import facts, has_gil  # noqa: E402
from patterns import extension_patterns, patterns  # noqa: E402
from trial import Skip, Trial  # noqa: E402

COLUMNS = ("utc", "driver", "workload", "params", "threads", "placement", "cpus", "repetition", "order", "window_s",
           "ops", "ops_per_s", "ns_per_op", "thread_ops_min", "thread_ops_max", "jain", "overlap", "ctx_voluntary",
           "ctx_involuntary", "migrations", "steal_ms", "minor_faults", "major_faults", "gc_runs", "gc_pause_max_ns",
           "status", "reason", "roles", "thread_ops", "thread_ns", "drift", "batch_ops", "working_set_bytes", "audit",
           "noise")

DEFAULTS = {"threads": [1], "cpus": [], "placement": "none", "window_ms": 50.0, "rounds": 1, "seed": 0,
            "workloads": None, "extension": None, "set_bytes": {},
            # For a caller that ends this process when a cell hangs, and then starts another one: say which cell begins
            # and ends, pass over so many of the cells of all rounds, and over these cells in every round.
            "announce": False, "passed": 0, "without": []}

ATTEMPTS = 3  # of one trial: as many as our own harness makes
DISTURBED_SHARE = 0.25  # of the trials are made again because of noise, at most


class Cell(object):
    """One pattern on a count of threads, at its place."""

    def __init__(self, pattern, threads, options):
        order = options["cpus"]
        self.pattern, self.threads, self.least_s = pattern, threads, 0.0
        self.placement = options["placement"] if order and hasattr(os, "sched_setaffinity") else "none"
        self.processors = len(order) or threads
        self.cpus = [order[index % len(order)] for index in range(threads)] if order else []

    def key(self):
        return [self.pattern.driver, self.pattern.name, self.pattern.params, self.threads]

    def fixed(self):
        """What every row of the cell says."""
        role = self.pattern.role or (lambda index: "worker")
        return {"driver": self.pattern.driver, "workload": self.pattern.name, "params": self.pattern.params,
                "threads": self.threads, "placement": self.placement, "cpus": "+".join(str(one) for one in self.cpus),
                "roles": "+".join(role(index) for index in range(self.threads)),
                "working_set_bytes": self.pattern.working_set}


def load_extension(directory):
    """False where it cannot be loaded: its cells then have no rows, and the others are measured all the same."""
    sys.path.append(directory)
    try:
        import rcbench_peer  # noqa: F401  it is there only while it is measured
        return True
    except ImportError as error:
        sys.stderr.write("the extension cannot be loaded: %s\n" % error)
        return False


def all_cells(options):
    found = patterns()
    if options["extension"] and load_extension(options["extension"]):
        found += extension_patterns(options["set_bytes"])
    wanted = options["workloads"]
    return [Cell(pattern, threads, options) for pattern in found if wanted is None or pattern.name in wanted
            for threads in ([1] if pattern.driver == "overhead" else options["threads"])]


class Rows(object):
    """Prints rows, each at once: whoever reads them may end this process at any time."""

    def __init__(self, out):
        self.out = out
        self.line(COLUMNS)

    def line(self, values):
        self.out.write(",".join(self.quoted(value) for value in values) + "\n")
        self.out.flush()

    @staticmethod
    def quoted(value):
        if value is None:
            return ""
        text = repr(value) if isinstance(value, float) else str(value)
        text = " ".join(text.split())  # a row is one line
        return '"%s"' % text.replace('"', '""') if "," in text or '"' in text else text

    def row(self, values):
        self.line([values.get(name) for name in COLUMNS])


class Session(object):
    """All trials of one process."""

    def __init__(self, options, out):
        self.options, self.rows, self.gil = options, Rows(out), has_gil()
        self.order = self.trials = self.disturbed = self.passed = 0

    def run(self):
        cells = all_cells(self.options)
        for repetition in range(self.options["rounds"]):
            random.Random(self.options["seed"] + repetition).shuffle(cells)
            for cell in cells:
                self.passed += 1
                if self.passed > self.options["passed"] and cell.key() not in self.options["without"]:
                    self.announce("begin", cell)
                    self.cell(cell, repetition)
                    self.announce("end", cell)

    def announce(self, what, cell):
        """How many cells are passed over by a process that is to go on behind this one, and which one it is."""
        if self.options["announce"]:
            self.rows.line([what, self.passed] + cell.key())

    def cell(self, cell, repetition):
        if cell.threads < cell.pattern.least:
            if repetition == 0:
                self.write(cell, repetition, {"status": "skipped", "reason": "%s needs %d threads or more" % (
                    cell.pattern.name, cell.pattern.least)})
            return
        try:
            attempts = self.attempts(cell, repetition)
        except Skip as why:
            if repetition == 0:
                self.write(cell, repetition, {"status": "skipped", "reason": str(why)})
            return
        for found in attempts:
            self.write(cell, repetition, found)

    def attempts(self, cell, repetition):
        """Up to three. The first clean one counts; without one the last good one, flagged."""
        self.trials += 1
        found = []
        while len(found) < ATTEMPTS:
            seed = self.options["seed"] + 1000003 * repetition + len(found)
            trial = Trial(cell, self.options, self.gil, seed, cell.least_s)
            found.append(trial.run())
            if found[-1]["status"] == "invalid":
                cell.least_s = max(cell.least_s, trial.wanted_s())
                continue
            if not found[-1]["noise"] or self.disturbed >= DISTURBED_SHARE * self.trials:
                break
            self.disturbed += 1
        good = [one for one in found if one["status"] != "invalid"]
        for one in good[:-1]:
            one.update(status="invalid", reason="disturbed (%s)" % one["noise"])
        return found

    def write(self, cell, repetition, found):
        self.rows.row(dict(cell.fixed(), repetition=repetition, order=self.order, **found))
        self.order += 1


def main(arguments):
    if arguments == ["ask"]:
        sys.stdout.write(json.dumps(facts(), sort_keys=True) + "\n")
        return 0
    if arguments == ["list"]:
        for one in patterns():
            sys.stdout.write("%-18s %-14s %s\n" % (one.name, one.params, one.summary))
        return 0
    if len(arguments) == 2 and arguments[0] == "rows":
        Session(dict(DEFAULTS, **json.loads(arguments[1])), sys.stdout).run()
        return 0
    sys.stderr.write("measure.py: '%s' is not a command; accepted: ask, list, rows OPTIONS (JSON)\n" %
                     " ".join(arguments))
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
