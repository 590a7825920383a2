"""scripts/report: makes summary.csv, report.html and the table anew from the rows of a run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Sequence

from rcb import report, rows, summary, table
from rcb.analysis import analyse, read_run
from rcb.errors import UsageError, guarded, not_accepted

NAME = "report"


def conclude(directory: Path, name: str) -> summary.Summary:
    """Reads the rows, writes summary and report, prints the table, and says what was left out."""
    read = rows.read(directory / "trials.csv")
    for bad in read.bad:
        print(f"{name}: {read.path}:{bad.line}: left out: {bad.why}", file=sys.stderr)
    answer = summary.summarise(read)
    summary.write_csv(answer, directory / "summary.csv")
    found = analyse(answer, read_run(directory))
    page = report.write(found, directory)
    table.print_report(found, sys.stdout)
    print(f"{name}: report in {page}")
    return answer


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:
        raise UsageError(f"{message}; accepted: scripts/report [--no-install] DIR")


def main(arguments: Sequence[str]) -> int:
    parser = _Parser(prog="scripts/report", allow_abbrev=False)
    parser.add_argument("directory", metavar="DIR", type=Path)
    parser.add_argument("--no-install", action="store_true")
    directory: Path = parser.parse_args(list(arguments)).directory
    if not (directory / "trials.csv").is_file():
        raise UsageError(not_accepted("DIR", directory, "a run's directory (it has no trials.csv)",
                                      "a directory that scripts/run left behind"))
    conclude(directory, NAME)
    return 0


if __name__ == "__main__":
    sys.exit(guarded(NAME, main, sys.argv[1:]))
