"""Where a scheme overtakes the GIL, and where it falls behind again, from throughput ratios and their intervals.

Both questions have answers that are no numbers: "never" is +infinity, "always" (already at the first place) -infinity.
The bar is what a ratio must exceed: 1, and the run's noise floor on top of it. The ends of an answer's interval are the
answers to all ratios at the upper, and at the lower, ends of theirs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Sequence

import numpy as np

from rcb.stats.stats import Ratio

NEVER = math.inf
ALWAYS = -math.inf


@dataclass(frozen=True)
class Turn:
    """A place (a count of threads, a share in percent) with its 95 % interval; NaN for what is not known."""

    value: float
    low: float = math.nan
    high: float = math.nan

    @property
    def known(self) -> bool:
        return not math.isnan(self.value)

    @property
    def bounded(self) -> bool:
        """Has an interval, whose ends may be never or always."""
        return not (math.isnan(self.low) or math.isnan(self.high))

    @property
    def tells(self) -> bool:
        """Whether anything is known of it: an interval from always to never excludes nothing."""
        return self.known and not (self.low == ALWAYS and self.high == NEVER)


UNKNOWN = Turn(math.nan)


def _matrix(ratios: Sequence[Ratio]) -> np.ndarray:
    """Three rows: the estimates, the lower ends, the upper ends; one column a place."""
    return np.array([[getattr(one.interval, part) for one in ratios] for part in ("value", "low", "high")])


def _turn(found: np.ndarray, ratios: Sequence[Ratio]) -> Turn:
    value, ends = float(found[0]), sorted(map(float, found[1:]))
    if not all(one.interval.bounded for one in ratios):
        return Turn(value)
    return Turn(value, min(ends[0], value), max(ends[1], value))


def _usable(places: Sequence[float], ratios: Sequence[Ratio]) -> bool:
    return bool(places) and all(math.isfinite(one.interval.value) for one in ratios)


def _overtaken(counts: np.ndarray, above: np.ndarray) -> np.ndarray:
    stays = np.flip(np.logical_and.accumulate(np.flip(above, axis=1), axis=1), axis=1)
    return np.where(stays.any(axis=1), counts[stays.argmax(axis=1)], NEVER)


def crossover(counts: Sequence[int], ratios: Sequence[Ratio], bar: float) -> Turn:
    """The fewest threads from which every ratio exceeds the bar, up to the most that were measured."""
    if not _usable(counts, ratios):
        return UNKNOWN
    found = _overtaken(np.asarray(counts, dtype=float), _matrix(ratios) > bar)
    return _turn(found, ratios)


def _fallen(places: np.ndarray, slowness: np.ndarray) -> np.ndarray:
    below = slowness >= 1.0
    first = below.argmax(axis=1)
    before = np.maximum(first - 1, 0)
    rows = np.arange(len(slowness))
    here, there = slowness[rows, before], slowness[rows, first]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = (1.0 - here) / (there - here)
        between = places[before] + part * (places[first] - places[before])
    return np.where(~below.any(axis=1), NEVER, np.where(first == 0, ALWAYS, between))


def fall(places: Sequence[float], ratios: Sequence[Ratio], bar: float) -> Turn:
    """The first place at which the ratio is down at the bar. Between two measured places the time of an operation, not
    the throughput, is a straight line: a mixture of two kinds of references costs their weighted mean."""
    if len(places) < 2 or not _usable(places, ratios):
        return UNKNOWN
    found = _fallen(np.asarray(places, dtype=float), bar / _matrix(ratios))
    return _turn(found, ratios)
