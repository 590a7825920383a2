"""What may be said of a ratio: faster, slower, same within X %, inconclusive or disturbed; and Holm's correction for a
family."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Sequence

import numpy as np

from rcb.stats.stats import Interval

ALPHA = 0.05
# So much is the same even where the interval does not hold 1.
SAME_WITHIN = 0.05

FASTER = "faster"
SLOWER = "slower"
SAME = "same"
INCONCLUSIVE = "inconclusive"
DISTURBED = "disturbed"
KINDS = (SLOWER, FASTER, SAME, INCONCLUSIVE, DISTURBED)


def percent_up(share: float) -> str:
    """A bound as people read it, rounded up: it must not shrink by being written."""
    return f"{math.ceil(share * 1000 - 1e-9) / 10:g} %"


@dataclass(frozen=True)
class Verdict:
    """One of KINDS, and for SAME the relative difference that is excluded at 95 %."""

    kind: str
    within: float = math.nan

    @property
    def is_difference(self) -> bool:
        return self.kind in (SLOWER, FASTER)

    def __str__(self) -> str:
        return f"{SAME} within {percent_up(self.within)}" if self.kind == SAME else self.kind


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


def judge(found: Interval, p_adjusted: float, floor: float, above_is_slower: bool = True,
          shift: float = 0.0) -> Verdict:
    """The verdict on a ratio. Where its whole interval lies beyond the floor, and beyond what everything else differs by
    as well, the shift (both logarithms), it is a difference if the adjusted p-value is under 5 %, and undecided if not.

    Otherwise it is the same within the farther end of its interval, which is true whatever the floor is: if the interval
    tells something, and holds 1 or is as near to it as makes no odds."""
    if not (found.bounded and found.low > 0):
        return Verdict(INCONCLUSIVE)
    low, high, bar = math.log(found.low), math.log(found.high), floor + shift
    if low > bar or high < -bar:
        if not p_adjusted < ALPHA:
            return Verdict(INCONCLUSIVE)
        return Verdict(SLOWER if (low > bar) == above_is_slower else FASTER)
    within = math.expm1(max(abs(low), abs(high)))
    same = found.tells and (low <= 0.0 <= high or within <= SAME_WITHIN)
    return Verdict(SAME, within) if same else Verdict(INCONCLUSIVE)
