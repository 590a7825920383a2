"""What stands beside throughput where counting is measured: waits for the GIL, pauses, late garbage and memory, by
workload and variant. The drivers that are about these have a section of their own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

import pandas as pd

from rcb.answers.summary import Cell, Summary
from rcb.answers.tradeoff import CellKey, key_of, part_of
from rcb.rows.drivers import COUNTING
from rcb.rows.schema import CELL

WAITS = ("wait_p50_ns", "wait_p99_ns", "wait_max_ns")
# Quantity: how the trials of a cell become one number.
KINDS: Dict[str, str] = {
    "wait_p50_ns": "median", "wait_p99_ns": "median", "wait_max_ns": "max", "gc_pause_max_ns": "max",
    "late_objects_max": "max", "allocated_bytes": "median", "resident_bytes": "median",
}


@dataclass(frozen=True)
class SideCosts:
    """One cell's quantities; absent ones are not in the mapping."""

    cell: Cell
    found: Dict[str, float]

    def get(self, name: str) -> float:
        return self.found.get(name, math.nan)


def _tables(summary: Summary) -> Dict[str, Dict[CellKey, float]]:
    frame = part_of(summary.rows, (*CELL, *KINDS))
    groups = [frame[column] for column in CELL]
    tables: Dict[str, Dict[CellKey, float]] = {}
    for name, kind in KINDS.items():
        if name not in frame or frame.empty:
            continue
        # A reader that does not know a column leaves it as text.
        values = pd.to_numeric(frame[name], errors="coerce")
        if values.notna().any():
            grouped = values.groupby(groups)
            tables[name] = (grouped.median() if kind == "median" else grouped.max()).dropna().to_dict()
    return tables


def gather(summary: Summary) -> Tuple[SideCosts, ...]:
    """The side costs of every cell that measures counting."""
    tables = _tables(summary)
    return tuple(SideCosts(cell, {name: float(table[key_of(cell)]) for name, table in tables.items()
                                  if key_of(cell) in table})
                 for cell in summary.own if cell.measured and cell.driver in COUNTING)


def more_memory(costs: Sequence[SideCosts], one: SideCosts, baseline: str) -> Optional[float]:
    """Allocated bytes beyond what the baseline has in the same cell: the rest of the process is the same in both."""
    driver, workload, params, _, threads, placement = key_of(one.cell)
    base = (driver, workload, params, baseline, threads, placement)
    other = next((found for found in costs if key_of(found.cell) == base), None)
    if other is None or not math.isfinite(other.get("allocated_bytes")):
        return None
    return one.get("allocated_bytes") - other.get("allocated_bytes")


def worth_showing(costs: Sequence[SideCosts], most: int) -> Iterator[SideCosts]:
    """The cells on the most threads in which anything waited, paused or came late."""
    for one in costs:
        if one.cell.threads == most and any(one.get(name) > 0 for name in (*WAITS, "gc_pause_max_ns",
                                                                         "late_objects_max")):
            yield one


def waiting(costs: Sequence[SideCosts], most: int) -> List[SideCosts]:
    """The cells on the most threads with a distribution of waits."""
    return [one for one in costs if one.cell.threads == most and one.get(WAITS[1]) > 0]
