"""The question that this suite exists for: what each variant without a GIL costs and gains against the baseline, which is
a variant with a GIL: that of today's CPython, unless another is asked for.

"Beats the GIL" means one thing everywhere: on N threads more throughput than the baseline has on the count of threads, N
or fewer, at which it does best, by more than the noise floor of the run."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np
import pandas as pd

from rcb.answers.prediction import COUNTED, SHARED, WORK, place_of
from rcb.answers.summary import Cell, NoiseFloor, Summary, alike
from rcb.answers.traits import Traits, Variants
from rcb.base.errors import UsageError
from rcb.rows.drivers import OVERHEAD, SCALING, has_tax, scales
from rcb.rows.rows import Rows
from rcb.rows.schema import CELL, parameter, without
from rcb.stats.crossing import UNKNOWN, Turn, crossover, fall
from rcb.stats.stats import NOTHING, Interval, Ratio, Sample, geometric_mean, ratio

# The share of one thread's time, in percent, that references take in the cells of `counted_work` which the answer rests on
# (docs/method.md says what is known of programs).
TYPICAL = 10.0
OVER_SHARED = (WORK, SHARED)
OVER_COUNTED = (WORK, COUNTED)
OVER_MIXED = ("mixed", "p")
OVER_RELEASED = ("released", "f")

CellKey = Tuple[str, str, str, str, int, str]
Pattern = Tuple[str, str, str, str]


def key_of(cell: Cell) -> CellKey:
    return cell.driver, cell.workload, cell.params, cell.variant, cell.threads, cell.placement


def part_of(rows: Rows, columns: Sequence[str]) -> pd.DataFrame:
    """Some columns of the rows that the numbers are made of: a million rows are not copied as a whole."""
    return rows.frame[[name for name in columns if name in rows.frame]][rows.frame["used"]]


class Ratios:
    """The ratios of cells to each other, made of their trials when asked for."""

    def __init__(self, summary: Summary) -> None:
        frame = part_of(summary.rows, (*CELL, "unit", "rate_at_clock", "ns_at_clock"))
        self._places: Dict[CellKey, np.ndarray] = frame.groupby(CELL).indices if len(frame) else {}
        self._units = frame["unit"].to_numpy()
        self._columns = {"ops_per_s": frame["rate_at_clock"].to_numpy(), "ns_per_op": frame["ns_at_clock"].to_numpy()}
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
    """One count of threads of a curve, against its own one thread and against the baseline's best on no more threads."""

    cell: Cell
    best: Cell
    own: Interval
    against: Ratio


@dataclass(frozen=True)
class Curve:
    """One variant on one workload, over threads, against the baseline."""

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
    """What one operation of one workload costs on one thread, baseline = 1."""

    cell: Cell
    ratio: Interval


@dataclass(frozen=True)
class Series:
    """One variant at one count of threads over a parameter in percent, and where it falls behind the baseline."""

    workload: str
    parameter: str
    rest: str
    placement: str
    variant: str
    threads: int
    points: Tuple[Tuple[float, Point], ...]
    fall: Turn


@dataclass(frozen=True)
class Mean:
    """The geometric mean over micro-benchmarks, whose workloads weigh alike, with the least and the most of its
    ratios."""

    value: Interval = NOTHING
    least: float = math.nan
    most: float = math.nan
    workloads: int = 0


@dataclass(frozen=True)
class Field:
    """The best variant at one share of counting and one of shared objects, with those that it cannot be told from."""

    placement: str
    threads: int
    counted: float
    shared: float
    best: Cell
    ties: Tuple[str, ...]
    second: Optional[Cell]
    lead: Interval


@dataclass(frozen=True)
class Tradeoff:
    """All answers, by variant and workload. Bounds (variants that do not count, or free nothing) have none."""

    variants: Variants
    baseline: str
    bar: float
    has_floor: bool
    taxes: Tuple[Tax, ...] = ()
    means: Dict[str, Mean] = field(default_factory=dict)
    curves: Tuple[Curve, ...] = ()
    series: Tuple[Series, ...] = ()
    fields: Tuple[Field, ...] = ()

    @property
    def counts(self) -> Tuple[int, ...]:
        return tuple(sorted({point.cell.threads for curve in self.curves for point in curve.points}))

    @property
    def most(self) -> int:
        return max(self.counts, default=1)

    @property
    def of_counting(self) -> bool:
        """Whether counting itself was measured over threads under the baseline and without a GIL, and not weak references
        alone."""
        return any(curve.pattern[0] == SCALING for curve in self.curves)

    @property
    def choices(self) -> Tuple[str, ...]:
        """The variants that a runtime without a GIL could use."""
        return tuple(one.name for one in self.variants.choices)

    @property
    def stands_for(self) -> str:
        """What the baseline stands for; empty where the run does not say."""
        found = self.variants.of(self.baseline)
        return found.stands_for if found is not None else ""

    def curve(self, variant: str, workload: str, params: str = "") -> Optional[Curve]:
        """The first curve of a workload whose parameters contain all of params."""
        wanted = set(filter(None, params.split(";")))
        return next((one for one in self.curves if one.variant == variant and one.pattern[1] == workload
                     and wanted <= set(one.pattern[2].split(";"))), None)

    def over(self, what: Tuple[str, str]) -> Tuple[Series, ...]:
        """The series of a workload over one of its parameters."""
        return tuple(one for one in self.series if (one.workload, one.parameter) == what)

    def line(self, variant: str, what: Tuple[str, str], rest: str) -> Optional[Series]:
        """A variant's series on the most threads, with the other parameters as given."""
        found = [one for one in self.over(what) if one.variant == variant and one.rest == rest and len(one.points) > 1]
        return max(found, key=lambda one: one.threads, default=None)

    def typical(self, variant: str, shared: float = 0.0) -> Optional[Curve]:
        """The curve that the answer rests on: work in which references take TYPICAL of the time."""
        return self.curve(variant, WORK, f"{COUNTED}={TYPICAL:g};{SHARED}={shared:g}")


def bar_over(floor: Optional[NoiseFloor]) -> float:
    """What a ratio of two cells must exceed to be a difference: the worst that plain against itself showed."""
    if floor is None:
        return 1.0
    logs = [abs(math.log(one)) for one in (floor.worst, floor.mean.value) if math.isfinite(one) and one > 0]
    return math.exp(max(logs, default=0.0))


class _Weighing:
    """The ratios of one run's cells to those of its baseline."""

    def __init__(self, summary: Summary, variants: Variants, baseline: str) -> None:
        self.ratios = Ratios(summary)
        self.cells = [cell for cell in summary.own if cell.measured and not cell.oversubscribed]
        self.by_key = {key_of(cell): cell for cell in self.cells}
        self.variants, self.baseline = variants, baseline
        self.bar = bar_over(summary.floor)
        # Variants of one thread have taxes and no curves; the baseline's own would be 1 throughout.
        twin = variants.twin
        self.compared = [one for one in variants if not one.is_bound and one.name != baseline and one != twin]

    def taxes(self) -> Iterator[Tuple[Tax, Ratio]]:
        names = {one.name for one in self.compared}
        for key, cell in self.by_key.items():
            driver, workload, params, variant, threads, placement = key
            base = (driver, workload, params, self.baseline, threads, placement)
            if threads == 1 and variant in names and base in self.by_key and has_tax(driver, workload):
                found = self.ratios.ratio(key, base, "ns_per_op")
                yield Tax(cell, found.interval), found

    def _curve(self, pattern: Pattern, variant: str, own: Sequence[Cell], others: Sequence[Cell]) -> Curve:
        points = []
        for cell in sorted(own, key=lambda one: one.threads):
            fewer = [other for other in others if other.threads <= cell.threads]
            if not fewer:
                continue
            best = max(fewer, key=lambda other: other.ops_per_s.value)
            points.append(Point(cell, best, cell.ratio, self.ratios.ratio(key_of(cell), key_of(best), "ops_per_s")))
        many = any(point.cell.threads > 1 for point in points)
        turn = crossover([point.cell.threads for point in points], [point.against for point in points], self.bar)
        return Curve(pattern, variant, tuple(points), turn if many else UNKNOWN)

    def curves(self) -> Iterator[Curve]:
        groups: Dict[Pattern, Dict[str, List[Cell]]] = {}
        for cell in self.cells:
            if scales(cell.driver, cell.workload):
                pattern = (cell.driver, cell.workload, cell.params, cell.placement)
                groups.setdefault(pattern, {}).setdefault(cell.variant, []).append(cell)
        for pattern, by_variant in groups.items():
            for one in self.variants.choices:
                found = self._curve(pattern, one.name, by_variant.get(one.name, ()), by_variant.get(self.baseline, ()))
                if found.points:
                    yield found

    def _field(self, counted: float, shared: float, cells: Sequence[Cell]) -> Field:
        ordered = sorted(cells, key=lambda cell: (-cell.ops_per_s.value, cell.variant))
        best, ties, lead = ordered[0], [], NOTHING
        for place, cell in enumerate(ordered[1:]):
            found = self.ratios.ratio(key_of(best), key_of(cell), "ops_per_s").interval
            lead = found if place == 0 else lead
            if found.bounded and found.low > self.bar:
                break
            ties.append(cell.variant)
        return Field(best.placement, best.threads, counted, shared, best, tuple(ties),
                     ordered[1] if len(ordered) > 1 else None, lead)

    def fields(self, most: int) -> Iterator[Field]:
        """The choices and the baseline on the most threads: whatever one could choose there."""
        usable = {self.baseline, *(one.name for one in self.variants.choices)}
        groups: Dict[Tuple[str, float, float], List[Cell]] = {}
        for cell in self.cells:
            place = place_of(cell)
            if place is not None and cell.variant in usable and cell.threads == most:
                groups.setdefault((cell.placement, *place), []).append(cell)
        for (_, counted, shared), found in sorted(groups.items()):
            yield self._field(counted, shared, found)


def _mean(found: Sequence[Tuple[Tax, Ratio]]) -> Mean:
    """Of the driver overhead: a workload of many points weighs no more than one of a single point."""
    known = [(tax, one) for tax, one in found if tax.cell.driver == OVERHEAD and math.isfinite(one.interval.value)]
    if not known:
        return Mean()
    workloads = [tax.cell.workload for tax, _ in known]
    value = geometric_mean([one for _, one in known], alike(workloads))
    ratios = [one.interval.value for _, one in known]
    return Mean(value, min(ratios), max(ratios), len(set(workloads)))


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
        yield Series(workload, name, rest, placement, variant, threads, tuple(points), turn)


def chosen_baseline(variants: Variants, name: Optional[str] = None) -> Optional[Traits]:
    """The variant that all others are compared with. UsageError for a name that the run does not have."""
    found = variants.baseline(name)
    if found is None and name is not None:
        raise UsageError(f"--baseline: '{name}' was not measured in this run; accepted: "
                         f"{', '.join(one.name for one in variants)}")
    return found


def weigh(summary: Summary, baseline: Optional[str] = None) -> Tradeoff:
    """The trade-off of a run against its baseline."""
    variants = summary.variants
    base = chosen_baseline(variants, baseline)
    if base is None:
        return Tradeoff(variants, "", bar_over(summary.floor), summary.floor is not None)
    weighing = _Weighing(summary, variants, base.name)
    taxes = list(weighing.taxes())
    curves = tuple(weighing.curves())
    most = max((point.cell.threads for curve in curves for point in curve.points), default=1)
    return Tradeoff(
        variants=variants, baseline=base.name, bar=weighing.bar, has_floor=summary.floor is not None,
        taxes=tuple(tax for tax, _ in taxes),
        means={one.name: _mean([pair for pair in taxes if pair[0].cell.variant == one.name])
               for one in weighing.compared},
        curves=curves,
        series=tuple(one for what in (OVER_SHARED, OVER_COUNTED, OVER_MIXED, OVER_RELEASED)
                     for one in _series(curves, what, weighing.bar)),
        fields=tuple(weighing.fields(most)) if most > 1 else ())
