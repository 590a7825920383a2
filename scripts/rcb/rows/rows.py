"""The rows of a run: schema version 1 of the CSV, and a reader that leaves out what it cannot trust and says so."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, List, Mapping, Sequence, Tuple

import numpy as np
import pandas as pd

from rcb.base.errors import UsageError, not_accepted
from rcb.rows import clock
from rcb.rows.parse import BadRow, Parser, split_line
from rcb.rows.schema import CELL, MEASURED, params_of
from rcb.rows.valid_rows import used_rows

__all__ = ["BadRow", "Rows", "check_machines", "duplicates", "find", "machine_of", "read", "read_measured", "set_clock",
           "split_line"]

IDENTITY = ["run_id", *CELL, "process", "repetition"]
# What sets apart the rows that carry no numbers: a trial may have been spoiled more than once.
EVENT = [*IDENTITY, "host", "utc", "order", "status", "reason"]
TOLD = 10
TRIALS = "trials.csv"
CLOCKED = ("clock", "ns_at_clock", "rate_at_clock")
ADDED = ("line", "unit", "used", *CLOCKED)


@dataclass(frozen=True)
class Rows:
    """The trials of a file, one row each, and the lines that were left out. These columns are not the file's:

    line           where the row stands in the file
    unit           numbers the processes: two of different runs are never the same, whatever number they had there
    used           whether the numbers are made of this row (rcb.rows.valid_rows)
    clock          by which a time is multiplied to be one of the file's typical clock (rcb.rows.clock)
    ns_at_clock    ns_per_op at that clock
    rate_at_clock  ops_per_s at that clock"""

    path: Path
    frame: pd.DataFrame
    bad: Tuple[BadRow, ...]

    def measured(self) -> pd.DataFrame:
        """The rows that the numbers are made of."""
        used = self.frame["used"]
        return self.frame if used.all() else self.frame[used]

    def complaints(self) -> Iterator[str]:
        """What to say of the lines left out: each of the first few, then how many more."""
        for bad in self.bad[:TOLD]:
            yield f"{self.path}:{bad.line}: left out: {bad.why}"
        if len(self.bad) > TOLD:
            yield f"{self.path}: left out: {len(self.bad) - TOLD} more lines, {len(self.bad)} in all"


def duplicates(frame: pd.DataFrame) -> np.ndarray:
    """Which rows were there before. A trial with numbers is there once; other rows may be attempts of one trial."""
    measured = frame["status"].isin(MEASURED).to_numpy(dtype=bool)
    twice = np.zeros(len(frame), dtype=bool)
    # Columns first: rows first would copy all of them.
    twice[measured] = frame[IDENTITY][measured].duplicated()
    twice[~measured] = frame[EVENT][~measured].duplicated()
    return twice


def _leave_out_duplicates(frame: pd.DataFrame) -> Tuple[pd.DataFrame, List[BadRow]]:
    twice = duplicates(frame)
    bad = [BadRow(int(line), "the same trial as an earlier row") for line in frame.loc[twice, "line"]]
    return (frame[~twice].reset_index(drop=True) if bad else frame), bad


def _units(frame: pd.DataFrame) -> pd.Series:
    """The process's own number in a single run, else one for each process of each run."""
    if frame["run_id"].nunique() < 2:
        return frame["process"]
    return frame.groupby(["run_id", "host", "process"], sort=True).ngroup()


def _named(frame: pd.DataFrame) -> np.ndarray:
    """The parameters of all rows as they are called today."""
    found = frame["params"].to_numpy(dtype=object, copy=True)
    for workload, params in frame[["workload", "params"]].drop_duplicates().itertuples(index=False, name=None):
        if params_of(workload, params) != params:
            these = (frame["workload"] == workload) & (frame["params"] == params)
            found[these.to_numpy()] = params_of(workload, params)
    return found


def set_clock(frame: pd.DataFrame, factors: np.ndarray) -> None:
    """Puts all times and rates at the clock that the factors lead to."""
    frame.loc[:, "clock"] = factors
    frame.loc[:, "ns_at_clock"] = frame["ns_per_op"] * frame["clock"]
    frame.loc[:, "rate_at_clock"] = frame["ops_per_s"] / frame["clock"]


def check_machines(path: object, hosts: Sequence[str], allow_mixed: bool) -> None:
    """UsageError where rows of several machines come together unasked."""
    if len(set(hosts)) > 1 and not allow_mixed:
        names = ", ".join(sorted(set(hosts))[:5])
        raise UsageError(f"{path}: rows of {len(set(hosts))} machines ({names}); accepted: those of one machine, or of "
                         "several with --allow-mixed")


def machine_of(found: Rows, record: Mapping[str, Any]) -> str:
    """The host, and the processor where the run's record has it: guests of many hosts have one name."""
    machine = record.get("machine")
    processor = str(machine.get("cpu", "")) if isinstance(machine, dict) else ""
    return " ".join(filter(None, ["+".join(sorted(found.frame["host"].unique())), processor]))


def read(path: Path, allow_mixed: bool = False) -> Rows:
    """Reads a file of rows. UsageError when it is not one, of another version, or of several machines (unless
    allow_mixed); single bad lines are left out."""
    parser = Parser(path)
    try:
        with path.open("rb") as file:
            parser.parse(file)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; accepted: a readable file of rows") from error
    frame = parser.frame(CLOCKED)
    frame.loc[:, "params"] = _named(frame)
    frame, duplicates = _leave_out_duplicates(frame)
    bad = tuple(sorted(parser.bad + duplicates, key=lambda one: one.line))
    # A machine mixed in by a row that does not count is mixed in all the same.
    first = frame.drop_duplicates("host")
    if len(first) > 1:
        check_machines(f"{path}:{int(first['line'].iloc[1])}", list(first["host"]), allow_mixed)
    frame["unit"] = _units(frame)
    frame["used"] = used_rows(frame)
    set_clock(frame, clock.factors(frame))
    return Rows(path, frame, bad)


def find(name: str, place: Path) -> Path:
    """The file of rows that an argument means: itself, or the one in a run's directory. UsageError for neither."""
    path = place / TRIALS if place.is_dir() else place
    if not path.is_file():
        raise UsageError(not_accepted(name, place, f"a run's directory or a file of rows (there is no {path})",
                                      "a directory that scripts/run left behind, or its trials.csv"))
    return path


def read_measured(name: str, place: Path, allow_mixed: bool = False) -> Rows:
    """Reads rows of which some must carry numbers."""
    found = read(find(name, place), allow_mixed)
    if found.measured().empty:
        bad = f", {len(found.bad)} lines left out" if found.bad else ""
        raise UsageError(f"{found.path}: no trial with numbers ({len(found.frame)} rows{bad}); accepted: a run with "
                         "rows that are ok or oversubscribed")
    return found
