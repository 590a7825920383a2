"""From a number to its rows: which lines of trials.csv a cell's numbers were made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence

import numpy as np
import pandas as pd

from rcb.answers.tradeoff import CellKey
from rcb.answers.wording import counted
from rcb.rows.drivers import SCALING
from rcb.rows.rows import Rows
from rcb.rows.schema import CELL
from rcb.rows.valid_rows import kinds_of

# Above this many rows a page has only the range of lines of each cell, and how to look them up.
LISTED = 20_000


@dataclass(frozen=True)
class CellRows:
    """The rows of a cell: in a few words, how to find them, and one by one where a run has few enough. `trials` is what
    the page draws: the unit, and in lists of one entry a row its line, its process, the value that the line has, the
    same at the run's typical clock, which the cell's number is made of (left out where it is the same), and what was
    wrong with it (left out where nothing was)."""

    summary: str
    search: str
    trials: Dict[str, Any]


def _rounded(values: np.ndarray) -> List[Optional[float]]:
    """Five digits are more than a picture shows; JSON has no word for what is no number."""
    return [float(f"{value:.5g}") if np.isfinite(value) else None for value in values.tolist()]


def _marks(status: Sequence[str], noise: Sequence[str]) -> List[str]:
    """What a reader must know of each row: its status, and what disturbed it."""
    told = []
    for one, kinds in zip(status, noise):
        disturbed = "disturbed: " + ", ".join(sorted(kinds_of(kinds))) if kinds_of(kinds) else ""
        told.append(", ".join(filter(None, ("" if one == "ok" else one, disturbed))))
    return told


def _drawn(driver: str, rows: pd.DataFrame) -> Dict[str, Any]:
    rate = driver == SCALING
    raw, typical = (rows[name].to_numpy() / (1e6 if rate else 1.0)
                    for name in (("ops_per_s", "rate_at_clock") if rate else ("ns_per_op", "ns_at_clock")))
    noise = rows["noise"].fillna("").tolist() if "noise" in rows else [""] * len(rows)
    found: Dict[str, Any] = {"unit": "M/s" if rate else "ns", "lines": rows["line"].tolist(),
                             "processes": rows["process"].tolist(), "values": _rounded(raw)}
    if (rows["clock"] != 1.0).any():
        found["typical"] = _rounded(typical)
    marks = _marks(rows["status"].tolist(), noise)
    if any(marks):
        found["marks"] = marks
    return found


def of_cells(rows: Rows) -> Dict[CellKey, CellRows]:
    """The rows of every cell."""
    lines = rows.frame["line"].to_numpy()
    frame = rows.frame
    if frame.empty:
        return {}
    few = len(frame) <= LISTED
    names = frame["cell"].to_numpy()
    found: Dict[CellKey, CellRows] = {}
    for key, places in frame.groupby(CELL, sort=False).indices.items():
        own = lines[places]
        summary = f"{counted(len(own), 'row')}, lines {own.min()} to {own.max()}" if len(own) > 1 else f"line {own[0]}"
        name = names[places[0]]
        found[key] = CellRows(summary, f"grep -nF ',{name},' {rows.path.name}" if name else "",
                              _drawn(key[0], frame.iloc[places]) if few else {})
    return found
