"""Medians, ratios and geometric means with 95 % intervals over the hierarchy process → repetition.

The unit is the process: its trials share an address layout and a moment of the machine, so the interval comes from the
medians of the processes, on a logarithmic scale. Up to FEW of them, Student's t; from FEW on, interpolated order
statistics, which need no shape; between two groups the order statistics of all differences, where there are enough.
Where there is one process, its repetitions are the units. results/statistics.md has the simulations that chose these,
and what other ways did in their place.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
from scipy.special import stdtr, stdtrit
from scipy.stats import binom, rankdata

LEVEL = 0.95
WIDEST = math.log(1e30)
FEW = 8
# An interval that reaches over more than this factor tells nothing of a ratio or a time.
TELLING = 3.0
# Two groups are alike in size up to so many times; of so many differences all are looked at.
ALIKE = 1.5
DIFFERENCES_MOST = 2500


@dataclass(frozen=True)
class Interval:
    """An estimate and its 95 % interval; without bounds (NaN) where a single trial gives none."""

    value: float
    low: float = math.nan
    high: float = math.nan

    @property
    def bounded(self) -> bool:
        return math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def tells(self) -> bool:
        """Whether it has bounds that are near enough to each other to say something."""
        return self.bounded and self.low > 0.0 and self.high <= TELLING * self.low


NOTHING = Interval(math.nan)


@dataclass(frozen=True)
class Sample:
    """The values of one cell, by the process that measured them."""

    name: str
    by_process: Dict[int, np.ndarray]

    @property
    def count(self) -> int:
        return sum(len(values) for values in self.by_process.values())

    @cached_property
    def trials(self) -> np.ndarray:
        return np.concatenate(list(self.by_process.values())) if self.by_process else np.empty(0)

    @cached_property
    def medians(self) -> Dict[int, float]:
        return {process: float(np.median(values)) for process, values in self.by_process.items()}

    @cached_property
    def logs(self) -> Dict[int, float]:
        """The logarithm of each process's median."""
        return {process: math.log(middle) for process, middle in self.medians.items()}

    def units(self) -> np.ndarray:
        """What varies independently, as logarithms: processes, or the repetitions of the only one."""
        if len(self.by_process) == 1:
            return np.log(self.trials)
        return np.array([self.logs[process] for process in sorted(self.logs)])

    def restricted(self, processes: Sequence[int]) -> "Sample":
        return Sample(self.name, {process: self.by_process[process] for process in processes})


def by_unit(name: str, units: np.ndarray, values: np.ndarray) -> Sample:
    """Values by the process that measured them."""
    order = np.argsort(units, kind="stable")
    names, starts = np.unique(units[order], return_index=True)
    return Sample(name, dict(zip(names.tolist(), np.split(values[order], starts[1:]))))


def estimate(sample: Sample) -> float:
    """The median over processes of each process's median: no process outweighs another."""
    return float(np.median(list(sample.medians.values())))


def spread(sample: Sample) -> float:
    """Interquartile range of all trials ÷ their median."""
    first, middle, third = np.quantile(sample.trials, [0.25, 0.5, 0.75])
    return float((third - first) / middle)


def _student_quantile(freedom: float) -> float:
    return float(stdtrit(freedom, 0.5 + LEVEL / 2))


def _student_bounds(units: np.ndarray) -> Tuple[float, float]:
    count = len(units)
    half = _student_quantile(count - 1) * units.std(ddof=1) / math.sqrt(count)
    return float(units.mean() - half), float(units.mean() + half)


def _between(levels: np.ndarray) -> Tuple[int, float]:
    """The deepest of the pairs whose levels these are that holds the wanted one, counted from 1 (0: not even the
    first does), and how far on towards the next the wanted level lies."""
    depth = int((levels >= LEVEL).sum())
    return depth, float((levels[depth - 1] - LEVEL) / (levels[depth - 1] - levels[depth])) if depth else 0.0


def _inner(ordered: np.ndarray, depth: int, weight: float) -> Tuple[float, float]:
    """Between the pair of order statistics of that depth and the next, from both ends."""
    low = (1 - weight) * ordered[depth - 1] + weight * ordered[depth]
    high = (1 - weight) * ordered[-depth] + weight * ordered[-depth - 1]
    return float(low), float(high)


@lru_cache(maxsize=None)
def _depth(count: int) -> Tuple[int, float]:
    """The pair of order statistics that holds a median, and how far to go towards the next pair."""
    depth, share = _between(1 - 2 * binom.cdf(np.arange(count // 2), count, 0.5))
    return depth, (count - depth) * share / (depth + (count - 2 * depth) * share)


def _order_bounds(units: np.ndarray) -> Tuple[float, float]:
    """Hettmansperger and Sheather's interval for a median: between the two pairs of order statistics whose exact levels
    enclose the wanted one (Statistics & Probability Letters 4, 1986)."""
    return _inner(np.sort(units), *_depth(len(units)))


@lru_cache(maxsize=None)
def _depth_of_differences(above: int, below: int) -> Tuple[int, float]:
    """As _depth, of all differences of two groups. (0, 0) where they are too few: three of each hold 90 %.

    How many of the differences are below the true one is Mann and Whitney's U. Of all orders of the two groups, those
    with U = u are as many as the partitions of u into parts up to `below`, no more than `above` of them."""
    ways = np.zeros((above + 1, above * below // 2 + 1))
    ways[0, 0] = 1
    for part in range(1, below + 1):
        for parts in range(1, above + 1):
            ways[parts, part:] += ways[parts - 1, :-part]
    return _between(1 - 2 * np.cumsum(ways.sum(axis=0)) / math.comb(above + below, above))


def _shift_bounds(above: np.ndarray, below: np.ndarray) -> Optional[Tuple[float, float]]:
    """Hodges and Lehmann's interval of what one group lies above the other (Annals of Mathematical Statistics 34, 1963):
    all shifts that Mann and Whitney's test does not reject, so whatever shape both groups have, its level is exact but
    for the interpolation. None for too few."""
    depth, weight = _depth_of_differences(len(above), len(below))
    return _inner(np.sort(np.subtract.outer(above, below), axis=None), depth, weight) if depth else None


def bounds(units: np.ndarray) -> Tuple[float, float]:
    """The 95 % interval of the centre of independent values; NaN for fewer than two."""
    if len(units) < 2:
        return math.nan, math.nan
    return _student_bounds(units) if len(units) < FEW else _order_bounds(units)


def _welch(above: np.ndarray, below: np.ndarray) -> Tuple[float, float, float]:
    """Difference of means, its standard error, and the degrees of freedom (0: unknown), for p-values: of hundreds the
    least one counts, and so far out nothing must rest on two variances being one. A group of one borrows the variance
    of the other."""
    difference = float(above.mean() - below.mean())
    counts = np.array([len(above), len(below)])
    if counts.max() < 2:
        return difference, math.nan, 0.0
    own = [group.var(ddof=1) if len(group) > 1 else math.nan for group in (above, below)]
    if counts.min() < 2:
        variance = float(np.nanmax(own))
        return difference, math.sqrt(variance * (1 / counts[0] + 1 / counts[1])), float(counts.max() - 1)
    parts = np.array(own) / counts
    total = float(parts.sum())
    freedom = total ** 2 / float((parts ** 2 / (counts - 1)).sum()) if total > 0 else float(counts.sum() - 2)
    return difference, math.sqrt(total), freedom


def _pooled_bounds(above: np.ndarray, below: np.ndarray) -> Tuple[float, float]:
    """Student's interval of a difference: both groups tell of one variance. For three of each Welch's is too wide, since
    it hardly knows two."""
    freedom = len(above) + len(below) - 2
    if freedom < 1:
        return math.nan, math.nan
    squares = sum(float(((group - group.mean()) ** 2).sum()) for group in (above, below))
    half = _student_quantile(freedom) * math.sqrt(squares / freedom * (1 / len(above) + 1 / len(below)))
    difference = float(above.mean() - below.mean())
    return difference - half, difference + half


def _welch_bounds(above: np.ndarray, below: np.ndarray) -> Tuple[float, float]:
    difference, error, freedom = _welch(above, below)
    half = _student_quantile(freedom) * error if freedom else math.nan
    return difference - half, difference + half


def _difference_bounds(above: np.ndarray, below: np.ndarray) -> Tuple[float, float]:
    """The 95 % interval of how much one of two independent groups lies above the other. What takes it for granted that
    both vary alike is forgiving where they are alike in size, and only there."""
    few, many = sorted((len(above), len(below)))
    if many > few * ALIKE or few * many > DIFFERENCES_MOST:
        return _welch_bounds(above, below)
    return _shift_bounds(above, below) or _pooled_bounds(above, below)


def _p_value(difference: float, error: float, freedom: float) -> float:
    if not freedom:
        return math.nan
    if error == 0:
        return 1.0 if difference == 0 else 0.0
    return float(2 * stdtr(freedom, -abs(difference) / error))


def _from_logs(value: float, low: float, high: float) -> Interval:
    """An interval around an estimate; it always holds the estimate, which is a median where t is about the mean. One
    that reaches beyond all numbers that are measured says nothing, and is none."""
    if not (abs(low) < WIDEST and abs(high) < WIDEST):
        return Interval(value)
    return Interval(value, min(math.exp(low), value), max(math.exp(high), value))


def median(sample: Sample) -> Interval:
    """The cell's median with its interval."""
    return _from_logs(estimate(sample), *bounds(sample.units()))


def cliffs_delta(above: Sample, below: Sample) -> float:
    """How far the trials of the two are apart: P(above > below) − P(above < below), −1 to 1; 0 is no difference."""
    many, few = len(above.trials), len(below.trials)
    ranks = rankdata(np.concatenate([above.trials, below.trials]))[:many]
    wins = float(ranks.sum()) - many * (many + 1) / 2
    return 2 * wins / (many * few) - 1


def _units(above: Sample, below: Sample) -> Tuple[np.ndarray, np.ndarray]:
    """The units of both sides. Repetitions stand for processes only where neither side has several."""
    if max(len(above.by_process), len(below.by_process)) == 1:
        return above.units(), below.units()
    return np.array(list(above.logs.values())), np.array(list(below.logs.values()))


@dataclass(frozen=True)
class Ratio:
    """A ratio of two cells, what further means are made of, and what tests say of it.

    above and below are logarithms by process; where the two are paired, above holds those of the ratio and below is
    empty. p_value is that of t over the units, against a ratio of 1."""

    interval: Interval
    count: int
    above: Mapping[int, float] = field(default_factory=dict)
    below: Mapping[int, float] = field(default_factory=dict)
    p_value: float = math.nan
    processes: int = 0
    samples: Tuple[Sample, ...] = ()

    @cached_property
    def effect(self) -> float:
        """Cliff's delta of the trials."""
        return cliffs_delta(*self.samples) if self.samples else math.nan


NO_RATIO = Ratio(NOTHING, 0)


def _paired(above: Sample, below: Sample, common: Sequence[int]) -> Ratio:
    logs = {process: above.logs[process] - below.logs[process] for process in common}
    units = np.array(list(logs.values()))
    error = float(units.std(ddof=1)) / math.sqrt(len(units))
    return Ratio(_from_logs(math.exp(float(np.median(units))), *bounds(units)), min(above.count, below.count), logs, {},
                 _p_value(float(units.mean()), error, len(units) - 1), len(units), (above, below))


def _unpaired(above: Sample, below: Sample) -> Ratio:
    groups = _units(above, below)
    return Ratio(_from_logs(estimate(above) / estimate(below), *_difference_bounds(*groups)),
                 min(above.count, below.count), above.logs, below.logs, _p_value(*_welch(*groups)),
                 max(len(above.by_process), len(below.by_process)), (above, below))


def ratio(above: Sample, below: Sample) -> Ratio:
    """above ÷ below of one run, over the processes that measured both: what a process does to both cancels."""
    common = sorted(set(above.by_process) & set(below.by_process))
    if not common:
        return NO_RATIO
    if not len(common) == len(above.by_process) == len(below.by_process):
        above, below = above.restricted(common), below.restricted(common)
    return _paired(above, below, common) if len(common) > 1 else _unpaired(above, below)


def ratio_between(above: Sample, below: Sample) -> Ratio:
    """above ÷ below of two runs, whose processes have nothing in common, whatever their numbers."""
    return _unpaired(above, below) if above.count and below.count else NO_RATIO


def _process_means(logs: Sequence[Mapping[int, float]], weights: Sequence[float]) -> np.ndarray:
    """For each process the weighted mean of its deviations from the cells' medians: a process may lack some cells."""
    deviations: Dict[int, List[Tuple[float, float]]] = {}
    for one, weight in zip(logs, weights):
        centre = float(np.median(list(one.values())))
        for process, value in one.items():
            deviations.setdefault(process, []).append((value - centre, weight))
    return np.array([np.average(values[:, 0], weights=values[:, 1]) for values in map(np.array, deviations.values())])


def _round_means(ratios: Sequence[Ratio], weights: Sequence[float], side: int) -> np.ndarray:
    """The same of the rounds of a single process: of the first trials of all cells on that side, of the second, ..., as
    far as all have one."""
    logs = [one.samples[side].units() for one in ratios]
    count = min(map(len, logs))
    return np.average([values[:count] - np.median(values) for values in logs], axis=0, weights=weights)


@dataclass(frozen=True)
class Mean:
    """A geometric mean of ratios, with the p-value against 1 where its processes can tell."""

    interval: Interval
    p_value: float = math.nan
    processes: int = 0


def geometric_mean_test(ratios: Sequence[Ratio], weights: Optional[Sequence[float]] = None) -> Mean:
    """The geometric mean of ratios, which weigh alike unless weights are given. Its units are the processes, each with
    the mean over all cells: what one process did to many cells at once is in the interval, not averaged away. Of a
    single process they are its rounds."""
    pairs = [(one, weight) for one, weight in zip(ratios, weights or [1.0] * len(ratios))
             if math.isfinite(one.interval.value)]
    if not pairs:
        return Mean(NOTHING)
    usable = [one for one, _ in pairs]
    own = [weight for _, weight in pairs]
    centre = float(np.average([math.log(one.interval.value) for one in usable], weights=own))
    processes = max(one.processes for one in usable)
    if processes < 2:
        low, high = _difference_bounds(_round_means(usable, own, 0), _round_means(usable, own, 1))
        return Mean(_from_logs(math.exp(centre), centre + low, centre + high), math.nan, processes)
    many = [one for one in usable if one.processes > 1]
    many_weights = [weight for one, weight in pairs if one.processes > 1]
    above = _process_means([one.above for one in many], many_weights)
    if not any(one.below for one in many):
        if len(above) < 2:
            return Mean(Interval(math.exp(centre)))
        low, high = bounds(above)
        error = float(above.std(ddof=1)) / math.sqrt(len(above))
        p_value = _p_value(centre + float(above.mean()), error, len(above) - 1)
    else:
        below = _process_means([one.below for one in many], many_weights)
        difference, error, freedom = _welch(above, below)
        low, high = _difference_bounds(above, below)
        p_value = _p_value(centre + difference, error, freedom)
    return Mean(_from_logs(math.exp(centre), centre + low, centre + high), p_value, processes)


def geometric_mean(ratios: Sequence[Ratio], weights: Optional[Sequence[float]] = None) -> Interval:
    """The geometric mean of ratios with its interval."""
    return geometric_mean_test(ratios, weights).interval
