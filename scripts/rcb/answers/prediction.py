"""What the cells of the workload `counted_work` should be, by the prices of its parts: a unit of work, an own reference, a shared
one. The prices of references are what they add to work, not what they take in a loop of nothing else: a core goes on with
the work while it counts, as it does in a program."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from rcb.answers.summary import Cell, Summary
from rcb.rows.schema import parameter

WORK = "counted_work"
COUNTED, SHARED = "s", "p"  # its parameters, in percent: the share of time that is counting; of references to shared
REFERENCES = "references_per_unit"
# The cells that the prices are taken from: no references at all, own ones beside work, shared ones beside work; and own
# ones alone, which show what a loop of nothing else makes of them.
UNIT, OWN, HOT, ALONE = (0.0, 0.0), (20.0, 0.0), (20.0, 100.0), (100.0, 0.0)
PRICED = (UNIT, OWN, HOT)


def place_of(cell: Cell) -> Optional[Tuple[float, float]]:
    """Where a cell of `counted_work` lies: its shares of counting and of shared references. None for another workload."""
    if cell.workload != WORK:
        return None
    counted, shared = parameter(cell.params, COUNTED), parameter(cell.params, SHARED)
    return (counted, shared) if counted is not None and shared is not None else None


@dataclass(frozen=True)
class Prices:
    """Of one variant on one count of threads, in ns as one thread waits for them: a unit of work, an own and a shared
    reference beside it, and an own reference in a loop of nothing else."""

    unit: float
    own: float
    hot: float
    alone: float

    def of(self, references: float, shared: float) -> float:
        """A unit of work with so many references, of which a share in percent are shared."""
        part = shared / 100.0
        # Where nothing is shared, nobody needs the price of it.
        hot = part * self.hot if part else 0.0
        return self.unit + references * ((1.0 - part) * self.own + hot)


@dataclass(frozen=True)
class Predicted:
    """A measured cell and what its prices let expect, in ns per unit of work."""

    cell: Cell
    place: Tuple[float, float]
    expected: float

    @property
    def residual(self) -> float:
        """How much longer it took than expected: 0.03 is 3 %."""
        return self.cell.ns_per_op.value / self.expected - 1.0


Group = Tuple[str, int, str]


def _groups(summary: Summary) -> Dict[Group, Dict[Tuple[float, float], Cell]]:
    """The cells of what counts: what does not has no price of a reference."""
    found: Dict[Group, Dict[Tuple[float, float], Cell]] = {}
    bounds = {one.name for one in summary.variants.bounds}
    for cell in summary.own:
        place = place_of(cell)
        if place is not None and cell.variant not in bounds and cell.measured and not cell.oversubscribed:
            found.setdefault((cell.variant, cell.threads, cell.placement), {})[place] = cell
    return found


def _price(cells: Dict[Tuple[float, float], Cell], place: Tuple[float, float], unit: float) -> float:
    """What one reference adds to a unit of work."""
    if place not in cells:
        return math.nan
    return (cells[place].ns_per_op.value - unit) / cells[place].side.measure(REFERENCES).value


def _time(cells: Dict[Tuple[float, float], Cell], place: Tuple[float, float]) -> float:
    return cells[place].ns_per_op.value if place in cells else math.nan


def _units(summary: Summary) -> Dict[Tuple[bool, int, str], float]:
    """What a unit of work takes, by whether a GIL lets one thread work at a time, threads and placement. It is one function
    that all variants call, so it has one price: the median over them."""
    gils = {one.name for one in summary.variants if one.gil}
    found: Dict[Tuple[bool, int, str], List[float]] = {}
    for cell in summary.own:
        if place_of(cell) == UNIT and cell.measured and not cell.oversubscribed:
            found.setdefault((cell.variant in gils, cell.threads, cell.placement), []).append(cell.ns_per_op.value)
    return {key: float(np.median(values)) for key, values in found.items()}


def prices(summary: Summary) -> Dict[Group, Prices]:
    """By variant, threads and placement, as far as the run has the cells."""
    units, gils = _units(summary), {one.name for one in summary.variants if one.gil}
    found: Dict[Group, Prices] = {}
    for (variant, threads, placement), cells in _groups(summary).items():
        unit = units.get((variant in gils, threads, placement), math.nan)
        found[variant, threads, placement] = Prices(unit, _price(cells, OWN, unit), _price(cells, HOT, unit),
                                                    _time(cells, ALONE))
    return found


def predictions(summary: Summary) -> List[Predicted]:
    """Every mixture whose prices are known, but for those that are the prices."""
    known, found = prices(summary), []
    for group, cells in _groups(summary).items():
        for place, cell in cells.items():
            references = cell.side.measure(REFERENCES).value
            if not math.isfinite(references) or place in PRICED:
                continue
            expected = known[group].of(references, place[1])
            if math.isfinite(expected) and expected > 0.0:
                found.append(Predicted(cell, place, expected))
    return found


def share_limit(cost: float, threads: int) -> float:
    """The share of one thread's time, in percent, above which so many threads no longer make up for references that cost
    `cost` times the baseline's: N threads do N ÷ (1 + s (c − 1)) times the work. Infinity: they always do."""
    return math.inf if cost <= 1.0 else 100.0 * (threads - 1) / (cost - 1.0)


def limits(known: Mapping[Group, Prices], baseline: str, variants: Sequence[str], threads: int) -> Dict[str, float]:
    """share_limit of each variant by the prices on one thread, as far as they are known and positive."""
    def own(name: str) -> float:
        return next((one.own for (variant, count, _), one in known.items() if (variant, count) == (name, 1)), math.nan)

    costs = {name: own(name) / own(baseline) for name in variants if own(baseline) > 0.0 and own(name) > 0.0}
    return {name: share_limit(cost, threads) for name, cost in costs.items()} if threads > 1 else {}


def median_residual(found: Sequence[Predicted]) -> float:
    """Of the residuals' sizes; NaN for none."""
    return float(np.median([abs(one.residual) for one in found])) if found else math.nan
