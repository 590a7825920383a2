"""scripts/report: makes the summary, the report and the tables anew from the rows of a run, or of several side by
side."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import List, Optional, Sequence

from rcb.answers import summary
from rcb.answers.analysis import Analysis, analyse, read_run
from rcb.base.errors import UsageError, not_accepted
from rcb.compare import machines
from rcb.report import export, report, table
from rcb.rows import rows
from rcb.run.options import formats_of

NAME = "report"


def analysed(directory: Path, name: str, allow_mixed: bool = False, baseline: Optional[str] = None) -> Analysis:
    """Reads the rows, says what was left out, and writes the summary and the report, against the variant of that name or
    today's CPython with a GIL."""
    read = rows.read(directory / "trials.csv", allow_mixed)
    for complaint in read.complaints():
        print(f"{name}: {complaint}", file=sys.stderr)
    answer = summary.summarise(read)
    found = analyse(answer, read_run(directory), baseline)
    summary.write_csv(answer, directory / "summary.csv")
    report.write(found, directory)
    return found


def conclude(directory: Path, name: str, allow_mixed: bool = False,
             baseline: Optional[str] = None, formats: Sequence[str] = ()) -> summary.Summary:
    """Makes everything that a run's directory holds besides the rows, and prints the tables."""
    found = analysed(directory, name, allow_mixed, baseline)
    table.print_report(found, sys.stdout)
    for path in export.write(found, formats, directory):
        print(f"{name}: exported {path}")
    print(f"{name}: report in {directory / 'report.html'}")
    return found.summary


def side_by_side(directories: Sequence[Path], out: Path, name: str, allow_mixed: bool = False,
                 baseline: Optional[str] = None) -> None:
    """Every run's own report, and one page of all."""
    found = machines.named([(directory, analysed(directory, name, allow_mixed, baseline)) for directory in directories])
    page = machines.write(found, out)
    machines.show(found, sys.stdout)
    print(f"{name}: side by side in {page}")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:
        raise UsageError(f"{message}; accepted: scripts/report [--no-install] [--allow-mixed] "
                         "[--baseline VARIANT] [--export FORMAT] [--out DIR] DIR [DIR]...")


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = _Parser(prog="scripts/report", allow_abbrev=False)
    parser.add_argument("directories", metavar="DIR", type=Path, nargs="+")
    parser.add_argument("--out", metavar="DIR", type=Path)
    parser.add_argument("--baseline", metavar="VARIANT")
    parser.add_argument("--export", metavar="FORMAT", action="append")
    parser.add_argument("--allow-mixed", action="store_true")
    parser.add_argument("--no-install", action="store_true")
    options = parser.parse_args(list(arguments))
    options.formats = formats_of(options.export)
    seen: List[Path] = []
    for directory in options.directories:
        if not (directory / "trials.csv").is_file():
            raise UsageError(not_accepted("DIR", directory, "a run's directory (it has no trials.csv)",
                                          "a directory that scripts/run left behind"))
        if directory.resolve() in seen:
            raise UsageError(not_accepted("DIR", directory, "another run than those before it",
                                          "each directory once"))
        seen.append(directory.resolve())
    if options.out is not None and len(seen) == 1:
        raise UsageError(not_accepted("--out", options.out, "used for one run, whose report stays beside its rows",
                                      "--out with two directories or more"))
    if options.formats and len(seen) > 1:
        raise UsageError(not_accepted("--export", ",".join(options.formats), "made from several runs",
                                      "--export with one directory"))
    return options


def main(arguments: Sequence[str]) -> int:
    options = _parse(arguments)
    if len(options.directories) == 1:
        conclude(options.directories[0], NAME, options.allow_mixed, options.baseline, options.formats)
    else:
        side_by_side(options.directories, options.out or Path("machines"), NAME, options.allow_mixed,
                     options.baseline)
    return 0
