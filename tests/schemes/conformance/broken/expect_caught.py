"""Passes when a variant that is broken on purpose is caught, where it has to be, and only there.

    expect_caught.py suite BINARY VARIANT --fails CASE... --passes CASE...    by the conformance suite
    expect_caught.py audit BINARY VARIANT --workload NAME --threads N --reason REGEX    by a trial's own audit

--through COMMAND: what runs BINARY, such as an emulator.
--cpus N: the defect needs that many CPUs to show; with fewer, the exit status is 77: skipped.
"""

import argparse
import csv
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SKIPPED = 77
PATIENCE_S = 600


def fail(what, done):
    sys.exit(f"{what}\nexit status {done.returncode}\n--- stdout\n{done.stdout}--- stderr\n{done.stderr[-3000:]}")


def run(command, **options):
    return subprocess.run(command, text=True, capture_output=True, timeout=PATIENCE_S, check=False, **options)


def check_suite(arguments):
    """Each case of `fails` fails, each of `passes` passes: the suite tells this defect from any other."""
    cases = [word for case in arguments.fails + arguments.passes for word in ("--case", case)]
    done = run([*arguments.through.split(), arguments.binary, "--variant", arguments.variant, *cases])
    for result, names in (("FAIL", arguments.fails), ("ok", arguments.passes)):
        for name in names:
            if not re.search(rf"^{result} +{name} ", done.stdout, re.MULTILINE):
                fail(f"'{result} {name}' was expected", done)
    if done.returncode != 1:
        fail("exit status 1 was expected", done)


def check_audit(arguments):
    """The run ends with exit status 1, and a row is invalid for the reason that was expected."""
    with tempfile.TemporaryDirectory(prefix="rcbench-broken-") as folder:
        rows_file = pathlib.Path(folder, "rows.csv")
        done = run([arguments.binary, "--variants", arguments.variant, "--workloads", arguments.workload,
                    "--threads", str(arguments.threads), "--oversubscribe", "--window", "10", "--ramp", "1",
                    "--csv", rows_file])
        if done.returncode != 1:
            fail("exit status 1 was expected", done)
        with open(rows_file, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    if not any(row["status"] == "invalid" and re.search(arguments.reason, row["reason"]) for row in rows):
        fail(f"an invalid row was expected whose reason matches '{arguments.reason}'", done)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("by", choices=("suite", "audit"))
    parser.add_argument("binary")
    parser.add_argument("variant")
    parser.add_argument("--through", default="")
    parser.add_argument("--fails", nargs="+", default=[])
    parser.add_argument("--passes", nargs="+", default=[])
    parser.add_argument("--workload")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--reason", default="")
    parser.add_argument("--cpus", type=int, default=1)
    return parser.parse_args()


def main():
    arguments = parse()
    if len(os.sched_getaffinity(0)) < arguments.cpus:
        print(f"skipped: this needs {arguments.cpus} CPUs")
        sys.exit(SKIPPED)
    (check_suite if arguments.by == "suite" else check_audit)(arguments)


if __name__ == "__main__":
    main()
