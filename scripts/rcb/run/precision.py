"""scripts/run --precision: which cells are not known well enough yet, and which others must be measured with them.

A cell is narrow enough when half the width of its 95 % interval, relative to its median, is at most what was asked for.
The others go into a further process, together with what they are compared with: a ratio needs both sides from the same
process. Stopping when an interval is narrow picks lucky draws: where n is small the interval covers a little less than
its name says, so no cell stops before it has two processes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Sequence, Set

import numpy as np
import pandas as pd

from rcb.answers.summary import BASELINE
from rcb.rows import rows
from rcb.rows.drivers import has_tax, scales
from rcb.rows.schema import CELL, PEER
from rcb.stats.stats import Sample, median

PROCESSES_LEAST = 2


@dataclass(frozen=True)
class Wide:
    """A cell whose interval is wider than asked; half_width is infinite where there is no interval yet."""

    cell: str
    half_width: float

    def record(self) -> Dict[str, object]:
        return {"cell": self.cell, "half_width": round(self.half_width, 6) if np.isfinite(self.half_width) else None}


def half_width(by_process: Dict[int, np.ndarray], name: str) -> float:
    """Half the width of the interval of a cell's ns per operation, as a share of its median."""
    if len(by_process) < PROCESSES_LEAST:
        return float("inf")
    found = median(Sample(name, by_process))
    return (found.high - found.low) / 2.0 / found.value if found.bounded else float("inf")


def _measured(trials: Path) -> pd.DataFrame:
    frame = rows.read(trials).measured()
    return frame[(frame["cell"] != "") & ~frame["variant"].str.startswith(PEER)]


def wide_cells(trials: Path, asked: float) -> List[Wide]:
    """The cells of a file of rows that are wider than asked, the widest first. Cells without a good row are none: more
    of what is invalid makes nothing narrower."""
    found = []
    for name, group in _measured(trials).groupby("cell", sort=True):
        by_process = {int(process): part["ns_at_clock"].to_numpy()
                      for process, part in group.groupby("unit")}
        width = half_width(by_process, str(name))
        if width > asked:
            found.append(Wide(str(name), width))
    return sorted(found, key=lambda one: (-one.half_width, one.cell))


def cells_of_one_thread(trials: Path) -> List[str]:
    """The names of the cells with one thread, of our own variants."""
    frame = _measured(trials)
    return sorted(frame.loc[frame["threads"] == 1, "cell"].unique())


def with_baselines(trials: Path, wide: Sequence[Wide]) -> List[str]:
    """The names of these cells and of those that their ratios need: the variant's own on the fewest threads where
    throughput scales, else plain's where there is a ratio of time."""
    frame = _measured(trials).drop_duplicates("cell")
    chosen: Set[str] = {one.cell for one in wide}
    names = dict(zip(frame[CELL].itertuples(index=False, name=None), frame["cell"]))
    fewest = frame.groupby(["driver", "workload", "params", "variant", "placement"])["threads"].min()
    for key, name in names.items():
        if name not in {one.cell for one in wide}:
            continue
        driver, workload, params, variant, _, placement = key
        least = int(fewest[driver, workload, params, variant, placement])
        other = (driver, workload, params, variant if scales(driver, workload) else BASELINE, least, placement)
        if other in names and has_tax(driver, workload):
            chosen.add(names[other])
    return sorted(chosen)
