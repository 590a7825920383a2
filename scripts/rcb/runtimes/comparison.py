"""Ours against the runtime that it stands for: which pattern of a runtime is which workload of ours, which variant stands
for which runtime, and whether the two agree (docs/runtimes.md)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np
import pandas as pd

from rcb.answers.summary import Cell, CellKey, Samples, Summary, samples_of
from rcb.base.files import write_atomically
from rcb.rows.drivers import OVERHEAD, SCALING
from rcb.rows.tables import table_text
from rcb.runtimes.stand_in import stand_in_for
from rcb.stats.stats import Interval, Sample, ratio

# The pattern in a runtime's own language, and the workload of ours with the same traffic.
SAME_TRAFFIC: Dict[Tuple[str, str], Tuple[str, str]] = {
    ("py_private", ""): ("private", "op=pair"),
    ("py_churn", ""): ("private", "op=churn"),
    ("py_shared_one", ""): ("shared_one", ""),
    ("py_shared_none", ""): ("shared_none", ""),
    ("py_queue", ""): ("handoff", ""),
    **{("py_mixed", f"p={share}"): ("mixed", f"order=random;p={share}") for share in (0, 5, 25, 100)},
}
# What every choice of workloads brings along: without it nobody can see how much of a number is interpretation.
ALWAYS = ("py_empty",)

# Two are the same as far as a decision between schemes goes.
TOLERANCE = 1.25

AGREES = "agrees"
OPTIMISTIC = "ours optimistic"
PESSIMISTIC = "ours pessimistic"
INCONCLUSIVE = "inconclusive"

COLUMNS = ("runtime", "pattern", "threads", "ours", "workload", "quantity", "ratio", "low", "high", "verdict")


def workloads_beside(asked: Optional[str]) -> Optional[Tuple[str, ...]]:
    """The patterns that a run of these workloads of ours (--workloads) measures beside them; None: all."""
    if asked is None:
        return None
    wanted = set(asked.split(","))
    found = {pattern for (pattern, _), (workload, _) in SAME_TRAFFIC.items() if workload in wanted}
    return tuple(sorted(found | wanted | set(ALWAYS)))


@dataclass(frozen=True)
class Comparison:
    """One pattern of one runtime. ratio above 1: ours is slower, or scales worse, than the real thing."""

    theirs: Cell
    ours: Cell
    quantity: str
    ratio: Interval

    @property
    def verdict(self) -> str:
        return verdict(self.ratio)


def verdict(found: Interval) -> str:
    """Which way ours is wrong, if the interval tells: all of it within the tolerance, or all of it beyond."""
    if not (found.bounded and found.low > 0):
        return INCONCLUSIVE
    if found.low > TOLERANCE:
        return PESSIMISTIC
    if found.high < 1.0 / TOLERANCE:
        return OPTIMISTIC
    within = found.low >= 1.0 / TOLERANCE and found.high <= TOLERANCE
    return AGREES if within else INCONCLUSIVE


class _Cells:
    """Cells and their samples by what makes two of them comparable: the placement may differ, as some runtimes cannot
    pin."""

    def __init__(self, summary: Summary) -> None:
        self._samples: Dict[CellKey, Samples] = samples_of(summary.rows.frame)
        self._cells = {(one.driver, one.workload, one.params, one.variant, one.threads): one for one in summary.cells
                       if one.measured and not one.oversubscribed}
        told = summary.rows.frame[["variant", "scheme", "mode"]].astype(str).drop_duplicates()
        self._schemes = {name: scheme for name, scheme, _ in told.itertuples(index=False) if scheme}
        self._modes = {name: mode for name, _, mode in told.itertuples(index=False) if mode}

    def stand_in(self, theirs: Cell) -> Optional[str]:
        """The variant of ours that a cell is compared with. Where one of the two has a GIL and the other has none, they
        have only the counts in common: then one thread alone is compared."""
        found = stand_in_for(theirs.variant, self._schemes.get(theirs.variant, ""))
        alike = found is not None and self._modes.get(found) == self._modes.get(theirs.variant)
        return found if alike or theirs.threads == 1 else None

    def get(self, driver: str, workload: str, params: str, variant: str, threads: int) -> Optional[Cell]:
        return self._cells.get((driver, workload, params, variant, threads))

    def _of(self, cell: Cell) -> Samples:
        return self._samples[cell.driver, cell.workload, cell.params, cell.variant, cell.threads, cell.placement]

    def time(self, cell: Cell) -> Sample:
        return self._of(cell).ns_per_op

    def speedup(self, cell: Cell) -> Optional[Sample]:
        """Of each process: its throughput ÷ its own on one thread."""
        one = self.get(cell.driver, cell.workload, cell.params, cell.variant, 1)
        if one is None:
            return None
        many, single = self._of(cell).ops_per_s.medians, self._of(one).ops_per_s.medians
        common = sorted(set(many) & set(single))
        return Sample(f"{cell.variant}/{cell.workload}", {
            process: np.array([many[process] / single[process]]) for process in common}) if common else None


def _compare(theirs: Cell, cells: _Cells) -> Iterator[Comparison]:
    """The same workload (the extension's loops): time for time. A pattern: speed-up for speed-up, as an interpreter's
    operation is more than its counts."""
    variant = cells.stand_in(theirs)
    if variant is None:
        return
    if (theirs.workload, theirs.params) in SAME_TRAFFIC:
        workload, params = SAME_TRAFFIC[theirs.workload, theirs.params]
        ours = cells.get(SCALING, workload, params, variant, theirs.threads)
        if ours is None or theirs.threads == 1:
            return
        own, real = cells.speedup(ours), cells.speedup(theirs)
        if own is not None and real is not None:
            yield Comparison(theirs, ours, "speedup", ratio(real, own).interval)
        return
    ours = cells.get(theirs.driver, theirs.workload, theirs.params, variant, theirs.threads)
    if ours is not None and theirs.driver in (OVERHEAD, SCALING):
        yield Comparison(theirs, ours, "time", ratio(cells.time(ours), cells.time(theirs)).interval)


def comparisons(summary: Summary) -> Tuple[Comparison, ...]:
    """All that can be compared, in the order of the cells."""
    theirs = [one for one in summary.cells if one.peer and one.measured and not one.oversubscribed]
    if not theirs:
        return ()
    cells = _Cells(summary)
    return tuple(found for one in theirs for found in _compare(one, cells))


def tidy(found: Sequence[Comparison]) -> pd.DataFrame:
    """The table of peers.csv."""
    records: List[Dict[str, object]] = [
        {"runtime": one.theirs.variant, "pattern": one.theirs.pattern, "threads": one.theirs.threads,
         "ours": one.ours.variant, "workload": one.ours.pattern, "quantity": one.quantity,
         "ratio": one.ratio.value, "low": one.ratio.low, "high": one.ratio.high, "verdict": one.verdict}
        for one in found if math.isfinite(one.ratio.value)]
    return pd.DataFrame(records, columns=list(COLUMNS))


def write(found: Sequence[Comparison], path: Path) -> None:
    """Writes peers.csv, or removes an old one where nothing could be compared."""
    if found:
        write_atomically(path, table_text(tidy(found)))
    else:
        path.unlink(missing_ok=True)
