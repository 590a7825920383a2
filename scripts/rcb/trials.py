"""From a number to its rows: which lines of trials.csv a cell's numbers were made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Sequence, Tuple

from rcb.drivers import SCALING
from rcb.rows import Rows
from rcb.schema import CELL
from rcb.tradeoff import CellKey
from rcb.wording import counted, number

# Above this many rows a page has the range of lines of each cell, and how to look them up, instead of all values.
LISTED = 20_000


@dataclass(frozen=True)
class CellRows:
    """The rows of a cell: in a few words, and one by one where they are few enough."""

    summary: str
    values: str
    search: str


def _value(driver: str, ns: float, rate: float, status: str) -> str:
    shown = number(rate / 1e6) + " M/s" if driver == SCALING else number(ns) + " ns"
    return shown if status == "ok" else status if status in ("skipped", "invalid") else f"{shown} ({status})"


def _listed(driver: str, lines: Sequence[int], columns: Tuple[Sequence[float], Sequence[float], Sequence[str]]) -> str:
    return "; ".join(f"{line}: {_value(driver, ns, rate, status)}" for line, ns, rate, status in zip(lines, *columns))


def of_cells(rows: Rows) -> Dict[CellKey, CellRows]:
    """The rows of every cell."""
    lines = rows.frame["line"].to_numpy()
    frame = rows.frame
    if frame.empty:
        return {}
    few = len(frame) <= LISTED
    ns, rate, status, names = (frame[name].to_numpy() for name in ("ns_per_op", "ops_per_s", "status", "cell"))
    found: Dict[CellKey, CellRows] = {}
    for key, places in frame.groupby(CELL, sort=False).indices.items():
        own = lines[places]
        summary = f"{counted(len(own), 'row')}, lines {own.min()} to {own.max()}" if len(own) > 1 else f"line {own[0]}"
        values = _listed(key[0], own, (ns[places], rate[places], status[places])) if few else ""
        name = names[places[0]]
        found[key] = CellRows(summary, values, f"grep -nF ',{name},' {rows.path.name}" if name else "")
    return found
