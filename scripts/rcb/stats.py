"""Medians with bootstrap intervals over the hierarchy process → repetition, and ratios of them."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import Dict, List, Sequence

import numpy as np

DRAWS = 2000
LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """An estimate and its 95 % interval; without bounds (NaN) where a single trial gives none."""

    value: float
    low: float = math.nan
    high: float = math.nan

    @property
    def bounded(self) -> bool:
        return math.isfinite(self.low) and math.isfinite(self.high)


NOTHING = Interval(math.nan)


@dataclass(frozen=True)
class Sample:
    """The values of one cell, by the process that measured them."""

    name: str
    by_process: Dict[int, np.ndarray]

    @property
    def count(self) -> int:
        return sum(len(values) for values in self.by_process.values())

    def restricted(self, processes: Sequence[int]) -> "Sample":
        return Sample(self.name, {process: self.by_process[process] for process in processes})


def estimate(sample: Sample) -> float:
    """The median over processes of each process's median: no process outweighs another."""
    return float(np.median([np.median(values) for values in sample.by_process.values()]))


def _process_draws(processes: int) -> np.ndarray:
    # Seeded by the number of processes alone: cells of the same processes are resampled together, so that what one
    # process did to all its cells cancels in their ratio.
    return np.random.default_rng(processes).integers(processes, size=(DRAWS, processes))


def _bank(name: str, process: int, values: np.ndarray) -> np.ndarray:
    """Medians of one process's repetitions, drawn anew with replacement."""
    if len(values) == 1:
        return np.full(DRAWS, values[0])
    rng = np.random.default_rng([zlib.crc32(name.encode()), process])
    return np.median(values[rng.integers(len(values), size=(DRAWS, len(values)))], axis=1)


def draws(sample: Sample) -> np.ndarray:
    """Bootstrap draws of estimate(): processes with replacement, then repetitions within each."""
    processes = sorted(sample.by_process)
    banks = np.stack([_bank(sample.name, process, sample.by_process[process]) for process in processes])
    chosen = _process_draws(len(processes))
    # A process drawn twice must not bring the same median twice: each place reads its bank at another offset.
    stride = DRAWS // len(processes)
    offsets = (np.arange(DRAWS)[:, None] + np.arange(len(processes))[None, :] * stride) % DRAWS
    return np.median(banks[chosen, offsets], axis=1)


def interval(value: float, drawn: np.ndarray, count: int) -> Interval:
    """The percentile interval of draws around an estimate; unbounded when one trial is all there is."""
    if count < 2:
        return Interval(value)
    tail = (1.0 - LEVEL) / 2.0
    low, high = np.quantile(drawn, [tail, 1.0 - tail])
    return Interval(value, min(float(low), value), max(float(high), value))


def median(sample: Sample) -> Interval:
    """The cell's median with its interval."""
    return interval(estimate(sample), draws(sample), sample.count)


@dataclass(frozen=True)
class Ratio:
    """A ratio of two cells with its draws, which further means are made of."""

    interval: Interval
    drawn: np.ndarray
    count: int


def ratio(above: Sample, below: Sample) -> Ratio:
    """above ÷ below over the processes that measured both."""
    common = sorted(set(above.by_process) & set(below.by_process))
    if not common:
        return Ratio(NOTHING, np.full(DRAWS, math.nan), 0)
    top, bottom = above.restricted(common), below.restricted(common)
    drawn = draws(top) / draws(bottom)
    count = min(top.count, bottom.count)
    return Ratio(interval(estimate(top) / estimate(bottom), drawn, count), drawn, count)


def geometric_mean(ratios: Sequence[Ratio]) -> Interval:
    """The geometric mean of ratios; its interval comes from the same draws, so dependence between cells is kept."""
    usable: List[Ratio] = [one for one in ratios if math.isfinite(one.interval.value)]
    if not usable:
        return NOTHING
    value = float(np.exp(np.mean([math.log(one.interval.value) for one in usable])))
    drawn = np.exp(np.mean([np.log(one.drawn) for one in usable], axis=0))
    return interval(value, drawn, min(one.count for one in usable))
