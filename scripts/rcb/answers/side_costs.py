"""What stands beside throughput where counting is measured: waits for the GIL, pauses, late garbage and memory, by
workload and variant. The drivers that are about these have a section of their own."""

from __future__ import annotations

import math
from typing import Iterator, List, Optional, Sequence, Tuple

from rcb.answers.summary import Cell, Summary
from rcb.answers.tradeoff import key_of
from rcb.rows.drivers import COUNTING

WAITS = ("wait_p50_ns", "wait_p99_ns", "wait_max_ns")


def gather(summary: Summary) -> Tuple[Cell, ...]:
    """Every cell that measures counting."""
    return tuple(cell for cell in summary.own if cell.measured and cell.driver in COUNTING)


def more_memory(cells: Sequence[Cell], one: Cell, baseline: str) -> Optional[float]:
    """Allocated bytes beyond what the baseline has in the same cell: the rest of the process is the same in both."""
    driver, workload, params, _, threads, placement = key_of(one)
    base = (driver, workload, params, baseline, threads, placement)
    other = next((found for found in cells if key_of(found) == base), None)
    if other is None or not math.isfinite(other.side.value("allocated_bytes")):
        return None
    return one.side.value("allocated_bytes") - other.side.value("allocated_bytes")


def worth_showing(cells: Sequence[Cell], most: int) -> Iterator[Cell]:
    """The cells on the most threads in which anything waited, paused or came late."""
    for one in cells:
        if one.threads == most and any(one.side.value(name) > 0 for name in (*WAITS, "gc_pause_max_ns",
                                                                           "late_objects_max")):
            yield one


def waiting(cells: Sequence[Cell], most: int) -> List[Cell]:
    """The cells on the most threads with a distribution of waits."""
    return [one for one in cells if one.threads == most and one.side.value(WAITS[1]) > 0]
