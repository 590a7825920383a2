"""The rows of a run: schema version 1 of the CSV, and a reader that leaves out what it cannot trust and says so."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

import pandas as pd

from rcb.errors import UsageError
from rcb.schema import CELL, COLUMNS, MEASURED, REQUIRED, SCHEMA, STATUSES, TEXT, WHOLE


@dataclass(frozen=True)
class BadRow:
    """A line that is left out, and why."""

    line: int
    why: str


@dataclass(frozen=True)
class Rows:
    """The trials of a file, one row each, and the lines that were left out."""

    path: Path
    frame: pd.DataFrame
    bad: Tuple[BadRow, ...]

    def measured(self) -> pd.DataFrame:
        """The rows that carry numbers to be used."""
        return self.frame[self.frame["status"].isin(MEASURED)]


@dataclass(frozen=True)
class Line:
    """One line of a file: its number, its fields, or why it has none."""

    number: int
    fields: Sequence[str]
    problem: Optional[str] = None


def split_line(text: str) -> List[str]:
    """The fields of one line; ValueError where its quoting is broken."""
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        raise ValueError(f"broken quoting ({error})") from error


def lines(data: bytes) -> Iterator[Line]:
    """The lines of a file that may have been cut off anywhere. A row is one line: no field holds a line break."""
    parts = data.split(b"\n")
    unfinished = parts.pop()
    for number, part in enumerate(parts, start=1):
        text = part.rstrip(b"\r").decode("utf-8", errors="replace")
        if not text:
            continue
        try:
            if "\0" in text:
                raise ValueError("zero bytes")
            yield Line(number, split_line(text))
        except ValueError as error:
            yield Line(number, (), str(error))
    if unfinished:
        yield Line(len(parts) + 1, (), "cut off: the line has no end")


def _check_header(path: Path, header: Line) -> None:
    if header.problem is not None:
        raise UsageError(f"{path}:{header.number}: the header is unreadable ({header.problem})")
    names = list(header.fields)
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise UsageError(f"{path}:{header.number}: missing column{'s' if len(missing) > 1 else ''} "
                         f"{', '.join(missing[:5])}{' …' if len(missing) > 5 else ''}; "
                         f"accepted: the columns of schema {SCHEMA} (docs/schema.md)")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"{path}:{header.number}: column {twice[0]} appears twice; accepted: each column once")


def _positive(value: str) -> bool:
    try:
        number = float(value)
    except ValueError:
        return False
    return math.isfinite(number) and number > 0


def _problem(row: Dict[str, str]) -> Optional[str]:
    """Why a row with the right number of fields cannot be used; None for a good one."""
    if row["schema"] != SCHEMA:
        return f"schema '{row['schema']}' is not a number"
    if row["status"] not in STATUSES:
        return f"status '{row['status']}' is none of {', '.join(STATUSES)}"
    if not row["variant"] or not row["workload"] or not row["driver"]:
        return "driver, workload or variant is empty"
    if not (row["threads"].isdigit() and int(row["threads"]) > 0):
        return f"threads '{row['threads']}' is not a count"
    if row["status"] not in MEASURED:
        return None
    for name in ("process", "repetition"):
        if not row[name].isdigit():
            return f"{name} '{row[name]}' is not a whole number"
    for name in ("ns_per_op", "ops_per_s"):
        if not _positive(row[name]):
            return f"{name} '{row[name]}' is not a positive number"
    return None


def _identity(row: Dict[str, str]) -> Tuple[str, ...]:
    return tuple(row[name] for name in CELL) + (row["process"], row["repetition"])


def _frame(rows: List[Dict[str, str]], names: Sequence[str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(names), dtype=object)
    for name in COLUMNS:
        if name not in frame:
            frame[name] = ""
        if name in WHOLE:
            frame[name] = pd.to_numeric(frame[name], errors="coerce").fillna(-1).astype("int64")
        elif name not in TEXT and name != "schema":
            frame[name] = pd.to_numeric(frame[name], errors="coerce").astype("float64")
    return frame


def read(path: Path) -> Rows:
    """Reads a file of rows. UsageError when it is not one, or of another version; single bad lines are left out."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; accepted: a readable file of rows") from error
    source = lines(data)
    header = next(source, None)
    if header is None:
        raise UsageError(f"{path}:1: the file is empty; accepted: the columns of schema {SCHEMA} (docs/schema.md)")
    _check_header(path, header)
    names = list(header.fields)
    good: List[Dict[str, str]] = []
    bad: List[BadRow] = []
    seen = set()
    for line in source:
        if line.problem is None and len(line.fields) != len(names):
            line = Line(line.number, (), f"{len(line.fields)} fields instead of {len(names)}")
        if line.problem is not None:
            bad.append(BadRow(line.number, line.problem))
            continue
        row = dict(zip(names, line.fields))
        if row["schema"] != SCHEMA and row["schema"].isdigit():
            raise UsageError(f"{path}:{line.number}: schema '{row['schema']}' is not a version that this reads; "
                             f"accepted: {SCHEMA}")
        problem = _problem(row)
        if problem is None and row["status"] in MEASURED:
            identity = _identity(row)
            problem = "the same trial as an earlier row" if identity in seen else None
            seen.add(identity)
        if problem is not None:
            bad.append(BadRow(line.number, problem))
            continue
        good.append(row)
    return Rows(path, _frame(good, names), tuple(bad))
