"""The question that this suite exists for: what each variant without a GIL costs and gains against the GIL.

"Beats the GIL" means one thing everywhere: on N threads more throughput than the variant gil has on the count of
threads, N or fewer, at which it does best, by more than the noise floor of the run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np
import pandas as pd

from rcb.crossing import UNKNOWN, Turn, crossover, fall
from rcb.drivers import OVERHEAD, SCALING, has_tax, scales
from rcb.rows import Rows
from rcb.schema import CELL, pairs
from rcb.stats import NOTHING, Interval, Ratio, Sample, geometric_mean, ratio
from rcb.summary import Cell, NoiseFloor, Summary
from rcb.used import used_rows

GIL = "gil"
# Counts nothing and frees nothing: what a scheme could gain at most, never a choice.
BOUND = "none"
SHARED = ("mixed", "p")
RELEASED = ("released", "f")

CellKey = Tuple[str, str, str, str, int, str]
Pattern = Tuple[str, str, str, str]


def key_of(cell: Cell) -> CellKey:
    return cell.driver, cell.workload, cell.params, cell.variant, cell.threads, cell.placement


def parameter(params: str, name: str) -> Optional[float]:
    """The number that a parameter has; None where it is absent or no number."""
    try:
        value = float(pairs(params).get(name, ""))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def without(params: str, name: str) -> str:
    """The other parameters."""
    return ";".join(part for part in params.split(";") if part.partition("=")[0] != name)


def part_of(rows: Rows, columns: Sequence[str]) -> pd.DataFrame:
    """Some columns of the rows that the numbers are made of: a million rows are not copied as a whole."""
    return rows.frame.loc[used_rows(rows.frame), [name for name in columns if name in rows.frame]]


class Samples:
    """The trials of each cell as stats wants them, made when asked for."""

    def __init__(self, summary: Summary) -> None:
        frame = part_of(summary.rows, (*CELL, "unit", "clock", "ops_per_s", "ns_per_op"))
        self._places: Dict[CellKey, np.ndarray] = frame.groupby(CELL).indices if len(frame) else {}
        clock = frame["clock"].to_numpy()
        self._units = frame["unit"].to_numpy()
        self._columns = {"ops_per_s": frame["ops_per_s"].to_numpy() / clock,
                         "ns_per_op": frame["ns_per_op"].to_numpy() * clock}
        self._samples: Dict[Tuple[CellKey, str], Sample] = {}
        self._ratios: Dict[Tuple[CellKey, CellKey, str], Ratio] = {}

    def _sample(self, key: CellKey, column: str) -> Sample:
        if (key, column) not in self._samples:
            self._samples[key, column] = self._make(key, column)
        return self._samples[key, column]

    def _make(self, key: CellKey, column: str) -> Sample:
        places = self._places[key]
        processes = self._units[places]
        values = self._columns[column][places]
        name = "/".join(map(str, key)) + "/" + column
        return Sample(name, {int(one): values[processes == one] for one in np.unique(processes)})

    def ratio(self, above: CellKey, below: CellKey, column: str) -> Ratio:
        """above ÷ below, kept for the next who asks."""
        if (above, below, column) not in self._ratios:
            self._ratios[above, below, column] = ratio(self._sample(above, column), self._sample(below, column))
        return self._ratios[above, below, column]


@dataclass(frozen=True)
class Point:
    """One count of threads of a curve, against its own one thread and against gil's best on no more threads."""

    cell: Cell
    best: Cell
    own: Interval
    against: Ratio


@dataclass(frozen=True)
class Curve:
    """One variant on one workload, over threads, against the GIL."""

    pattern: Pattern
    variant: str
    points: Tuple[Point, ...]
    crossover: Turn

    @property
    def name(self) -> str:
        """The workload with its parameters."""
        return f"{self.pattern[1]} {self.pattern[2]}".strip()

    @property
    def most(self) -> Point:
        return self.points[-1]


@dataclass(frozen=True)
class Tax:
    """What one operation of one workload costs on one thread, GIL = 1."""

    cell: Cell
    ratio: Interval


@dataclass(frozen=True)
class Series:
    """One variant at one count of threads over a parameter in percent, and where it falls behind the GIL."""

    workload: str
    rest: str
    placement: str
    variant: str
    threads: int
    points: Tuple[Tuple[float, Point], ...]
    fall: Turn


@dataclass(frozen=True)
class Field:
    """The best variant at one count of threads and one share, with those that it cannot be told from."""

    placement: str
    threads: int
    share: float
    best: Cell
    ties: Tuple[str, ...]
    second: Optional[Cell]
    lead: Interval


@dataclass(frozen=True)
class Tradeoff:
    """All answers, by variant and workload."""

    variants: Tuple[str, ...]
    counts: Tuple[int, ...]
    bar: float
    taxes: Tuple[Tax, ...]
    mean_tax: Dict[str, Interval]
    mean_cells: Dict[str, int]
    curves: Tuple[Curve, ...]
    shared: Tuple[Series, ...]
    released: Tuple[Series, ...]
    fields: Tuple[Field, ...]

    @property
    def most(self) -> int:
        return max(self.counts, default=1)

    @property
    def of_counting(self) -> bool:
        """Whether counting itself was measured over threads under gil and without it, and not weak references alone."""
        return any(curve.pattern[0] == SCALING for curve in self.curves)

    @property
    def choices(self) -> Tuple[str, ...]:
        """The variants that a runtime could use."""
        return tuple(name for name in self.variants if name != BOUND)

    def curve(self, variant: str, workload: str, params: str = "") -> Optional[Curve]:
        """The first curve of a workload whose parameters contain all of params."""
        wanted = set(filter(None, params.split(";")))
        return next((one for one in self.curves if one.variant == variant and one.pattern[1] == workload
                     and wanted <= set(one.pattern[2].split(";"))), None)

    def sharing(self, variant: str) -> Optional[Series]:
        """Over the share of shared references, on the most threads."""
        found = [one for one in self.shared if one.variant == variant and len(one.points) > 1]
        return max(found, key=lambda one: one.threads, default=None)


def bar_over(floor: Optional[NoiseFloor]) -> float:
    """What a ratio of two cells must exceed to be a difference: the worst that plain against itself showed."""
    if floor is None:
        return 1.0
    logs = [abs(math.log(one)) for one in (floor.worst, floor.mean.value) if math.isfinite(one) and one > 0]
    return math.exp(max(logs, default=0.0))


def _shares(cells: Sequence[Cell]) -> List[Cell]:
    """The cells that answers about shares rest on: references in runs, where those were measured. In a random order a
    reference may cost a mispredicted branch too, which call sites in programs do not have."""
    found = [cell for cell in cells if cell.workload == SHARED[0]]
    runs = [cell for cell in found if pairs(cell.params).get("order") == "runs"]
    return runs or found


def _measured(summary: Summary) -> List[Cell]:
    return [cell for cell in summary.own if cell.measured and not cell.oversubscribed]


def _taxes(free: Sequence[str], cells: Dict[CellKey, Cell], samples: Samples) -> Iterator[Tuple[Tax, Ratio]]:
    for key, cell in cells.items():
        driver, workload, params, variant, threads, placement = key
        base = (driver, workload, params, GIL, threads, placement)
        if threads == 1 and variant in free and base in cells and has_tax(driver, workload):
            found = samples.ratio(key, base, "ns_per_op")
            yield Tax(cell, found.interval), found


def _curve(pattern: Pattern, variant: str, own: Sequence[Cell], others: Sequence[Cell], bar: float,
           samples: Samples) -> Curve:
    points = []
    for cell in sorted(own, key=lambda one: one.threads):
        fewer = [other for other in others if other.threads <= cell.threads]
        if not fewer:
            continue
        best = max(fewer, key=lambda other: other.ops_per_s.value)
        points.append(Point(cell, best, cell.ratio, samples.ratio(key_of(cell), key_of(best), "ops_per_s")))
    many = any(point.cell.threads > 1 for point in points)
    turn = crossover([point.cell.threads for point in points], [point.against for point in points], bar)
    return Curve(pattern, variant, tuple(points), turn if many else UNKNOWN)


def _curves(free: Sequence[str], cells: Sequence[Cell], bar: float, samples: Samples) -> Iterator[Curve]:
    groups: Dict[Pattern, Dict[str, List[Cell]]] = {}
    for cell in cells:
        if scales(cell.driver, cell.workload):
            pattern = (cell.driver, cell.workload, cell.params, cell.placement)
            groups.setdefault(pattern, {}).setdefault(cell.variant, []).append(cell)
    for pattern, by_variant in groups.items():
        for variant in free:
            found = _curve(pattern, variant, by_variant.get(variant, ()), by_variant.get(GIL, ()), bar,
                           samples)
            if found.points:
                yield found


def _series(curves: Sequence[Curve], what: Tuple[str, str], bar: float) -> Iterator[Series]:
    """Curves that differ in one parameter, turned: over that parameter, for each count of threads."""
    workload, name = what
    groups: Dict[Tuple[str, str, str, int], List[Tuple[float, Point]]] = {}
    for curve in curves:
        value = parameter(curve.pattern[2], name)
        if curve.pattern[1] != workload or value is None:
            continue
        rest = without(curve.pattern[2], name)
        for point in curve.points:
            groups.setdefault((rest, curve.pattern[3], curve.variant, point.cell.threads), []).append((value, point))
    for (rest, placement, variant, threads), points in groups.items():
        points.sort(key=lambda pair: pair[0])
        turn = fall([place for place, _ in points], [point.against for _, point in points], bar)
        yield Series(workload, rest, placement, variant, threads, tuple(points), turn)


def _field(share: float, cells: Sequence[Cell], bar: float, samples: Samples) -> Field:
    ordered = sorted(cells, key=lambda cell: (-cell.ops_per_s.value, cell.variant))
    best, ties, lead = ordered[0], [], NOTHING
    for place, cell in enumerate(ordered[1:]):
        found = samples.ratio(key_of(best), key_of(cell), "ops_per_s").interval
        lead = found if place == 0 else lead
        if found.bounded and found.low > bar:
            break
        ties.append(cell.variant)
    return Field(best.placement, best.threads, share, best, tuple(ties), ordered[1] if len(ordered) > 1 else None,
                 lead)


def _fields(summary: Summary, cells: Sequence[Cell], bar: float, samples: Samples) -> Iterator[Field]:
    """Free-threaded variants and those under a GIL alike: whatever one could choose at that count of threads."""
    groups: Dict[Tuple[str, int, float], List[Cell]] = {}
    for cell in cells:
        share = parameter(cell.params, SHARED[1])
        usable = summary.modes.get(cell.variant) in ("free", "gil") and cell.variant != BOUND
        if cell.driver == SCALING and cell.workload == SHARED[0] and share is not None and usable:
            groups.setdefault((cell.placement, cell.threads, share), []).append(cell)
    for (_, _, share), found in sorted(groups.items()):
        yield _field(share, found, bar, samples)


def weigh(summary: Summary) -> Tradeoff:
    """The trade-off of a run."""
    samples = Samples(summary)
    cells = _measured(summary)
    bar = bar_over(summary.floor)
    free = tuple(name for name in dict.fromkeys(cell.variant for cell in summary.own)
                 if summary.modes.get(name) == "free")
    taxes = list(_taxes(free, {key_of(cell): cell for cell in cells}, samples))
    curves = tuple(_curves(free, cells, bar, samples))
    by_variant = {name: [found for tax, found in taxes if tax.cell.variant == name and tax.cell.driver == OVERHEAD]
                  for name in free}
    return Tradeoff(
        variants=free, bar=bar, taxes=tuple(tax for tax, _ in taxes),
        counts=tuple(sorted({cell.threads for cell in cells if scales(cell.driver, cell.workload)})),
        mean_tax={name: geometric_mean(found) for name, found in by_variant.items()},
        mean_cells={name: len(found) for name, found in by_variant.items()},
        curves=curves,
        shared=tuple(_series(tuple(_curves(free, _shares(cells), bar, samples)), SHARED, bar)),
        released=tuple(_series(curves, RELEASED, bar)),
        fields=tuple(_fields(summary, _shares(cells), bar, samples)),
    )
