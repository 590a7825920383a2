"""scripts/compare: runs of two revisions, machines or flags against each other."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import List, Sequence

from rcb.base.errors import EXIT_FAILED, UsageError, not_accepted
from rcb.base.files import write_atomically
from rcb.compare import formats
from rcb.compare.pairs import Comparison, compare, load, relative_to

NAME = "compare"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:
        raise UsageError(f"{message}; accepted: see scripts/compare --help")


def share(text: str) -> float:
    """5% or 5 as 0.05."""
    try:
        value = float(text[:-1] if text.endswith("%") else text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise UsageError(not_accepted("--fail-above", text, "a percentage", "a number from 0 on, such as 5%"))
    return value / 100.0


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = _Parser(prog="scripts/compare", allow_abbrev=False)
    parser.add_argument("runs", metavar="RUN", nargs="*", type=Path)
    parser.add_argument("--baseline")
    parser.add_argument("--fail-above")
    parser.add_argument("--format")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--allow-mixed", action="store_true")
    parser.add_argument("--no-install", action="store_true")
    found = parser.parse_intermixed_args(list(arguments))
    if len(found.runs) < 2:
        raise UsageError(f"{len(found.runs)} run{'' if len(found.runs) == 1 else 's'} given; accepted: two or more run "
                         "directories or trials.csv files")
    if len(found.runs) > 26:
        raise UsageError(f"{len(found.runs)} runs given; accepted: at most 26")
    if found.format is not None and found.format not in formats.FORMATS:
        raise UsageError(not_accepted("--format", found.format, "a format", ", ".join(formats.FORMATS)))
    if found.out is not None and str(found.out) != "-" and (found.out.exists() or not found.out.parent.is_dir()):
        why = "free: it is there already" if found.out.exists() else "in a directory that is there"
        raise UsageError(not_accepted("--out", found.out, why, "a new file, or - for standard output"))
    found.limit = None if found.fail_above is None else share(found.fail_above)
    return found


def _write(comparisons: List[Comparison], options: argparse.Namespace) -> None:
    if str(options.out) == "-":
        options.out, options.format = None, options.format or "markdown"
    if options.format is None and options.out is None:
        formats.print_terminal(comparisons, sys.stdout, options.all)
        return
    text = formats.FORMATS[options.format or "markdown"](comparisons)
    if options.out is None:
        sys.stdout.write(text)
    else:
        write_atomically(options.out, text)


def main(arguments: Sequence[str]) -> int:
    options = _parsed(arguments)
    first = load("A", options.runs[0], options.allow_mixed)
    sides = [first, *(load(chr(ord("A") + place), run, options.allow_mixed, first)
                      for place, run in enumerate(options.runs) if place)]
    for side in sides:
        for complaint in side.rows.complaints():
            print(f"{NAME}: {complaint}", file=sys.stderr)
    if options.baseline is not None:
        sides = [relative_to(options.baseline, side) for side in sides]
    comparisons = compare(sides)
    _write(comparisons, options)
    if options.limit is None:
        return 0
    failed = [(one, found) for one in comparisons for found in one.slower_than(options.limit)]
    for one, found in failed:
        what = " ".join(filter(None, found.name)) + ("" if found.key else " (geometric mean)")
        print(f"{NAME}: {one.other.label}: {what}: slower by {(found.time.value - 1) * 100:.1f} %, more than "
              f"{options.limit * 100:g} %", file=sys.stderr)
    return EXIT_FAILED if failed else 0
