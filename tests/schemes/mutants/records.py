"""The CSV file of a run: one row for each mutant that has been judged, written as soon as it is. --resume reads it back."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Dict, Optional, TextIO

from judge import Verdict
from mutate import Mutant
from survivors import Key

COLUMNS = ("file", "line", "function", "operator", "before", "after", "twin", "verdict", "by", "listed")


class RecordError(Exception):
    """The file is no such file, or would be overwritten."""


def read(path: Path) -> Dict[Key, Verdict]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise RecordError(f"{path}: not the rows of an earlier run")
        return {(row["file"], row["function"], row["operator"], row["before"], row["after"], int(row["twin"])):
                Verdict(row["verdict"], row["by"]) for row in rows}


class Writer:
    """Appends to a file; without a path it writes nothing."""

    def __init__(self, path: Optional[Path], resumed: bool) -> None:
        self._file: Optional[TextIO] = None
        if path is None:
            return
        if not resumed and path.exists() and path.stat().st_size > 0:
            raise RecordError(f"{path} is there already; --resume goes on with it")
        self._file = path.open("a", newline="", encoding="utf-8")
        self._rows = csv.writer(self._file, lineterminator="\n")
        if not resumed:
            self._rows.writerow(COLUMNS)

    def add(self, mutant: Mutant, verdict: Verdict, listed: str) -> None:
        if self._file is None:
            return
        self._rows.writerow([mutant.file, mutant.line, mutant.function, mutant.operator, mutant.before, mutant.after,
                             mutant.twin, verdict.state, verdict.by, listed])
        self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
