"""What may be said of a ratio: faster, slower, same within X %, or inconclusive; and Holm's correction for a family."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Sequence

import numpy as np

from rcb.stats import Interval

ALPHA = 0.05

FASTER = "faster"
SLOWER = "slower"
SAME = "same"
INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Verdict:
    """One of the four. SAME says which relative difference is excluded at 95 %: of a noisy cell a large one."""

    kind: str
    within: float = math.nan

    def __str__(self) -> str:
        if self.kind == SAME:
            # Rounded up: a bound must not shrink by being written.
            return f"same within {math.ceil(self.within * 1000 - 1e-9) / 10:g} %"
        return self.kind


def holm(p_values: Sequence[float]) -> np.ndarray:
    """p-values adjusted so that the chance of one false claim or more in the whole family is kept (Holm 1979). What is
    not a number was not tested, and stays."""
    found = np.asarray(p_values, dtype=float)
    adjusted = np.full(found.shape, math.nan)
    tested = np.flatnonzero(np.isfinite(found))
    order = tested[np.argsort(found[tested], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(found[order] * factors), 1.0)
    return adjusted


def judge(found: Interval, p_adjusted: float, floor: float, above_is_slower: bool = True) -> Verdict:
    """The verdict on a ratio. A difference is claimed when its adjusted p-value is under 5 % and its whole interval
    lies beyond the floor (a logarithm), for what reaches into the floor may be below it. The same within X is claimed
    when the interval reaches into the floor, and X is its further end, or the floor where that is more: the truth is
    beyond that no more than one time in twenty. An interval that lies beyond the floor without being significant, or that tells nothing, decides nothing."""
    if not (found.bounded and found.low > 0):
        return Verdict(INCONCLUSIVE)
    low, high = math.log(found.low), math.log(found.high)
    if p_adjusted < ALPHA and (low > floor or high < -floor):
        return Verdict(SLOWER if (low > floor) == above_is_slower else FASTER)
    if not found.tells or low > floor or high < -floor:
        return Verdict(INCONCLUSIVE)
    return Verdict(SAME, math.expm1(max(abs(low), abs(high), floor)))
