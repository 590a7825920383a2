"""Times at one clock: what each row's time is multiplied by so that all are those of the run's typical clock.

A processor's clock changes with heat, power and what the other cores do, by 10 % within minutes on a shared host, and
slows every variant alike. Each row says how long one step of a chain of dependent multiplications took around and within
its window (`clock_step_ns`), which is a fixed number of cycles. Rows without it, whose time is not the clock's, stay as
they are. docs/method.md has what it is worth."""

from __future__ import annotations

from typing import Dict, Optional, Tuple

import numpy as np
import pandas as pd

from rcb.drivers import CLOCKED, COUNTING
from rcb.schema import MEASURED

# One reference for each number of threads: that a clock falls when more cores work is part of how a machine scales.
GROUP = ["host", "placement", "threads"]
# No processor's clock changes by so much; what does was damaged.
FACTOR_MAX = 10.0

References = Dict[Tuple[str, str, int], float]


def _steps(frame: pd.DataFrame) -> pd.Series:
    """The steps that may be used; NaN elsewhere."""
    if "clock_step_ns" not in frame:
        return pd.Series(np.nan, index=frame.index)
    steps = frame["clock_step_ns"].astype(float)
    usable = (steps > 0) & np.isfinite(steps) & frame["status"].isin(MEASURED)
    return steps.where(usable & (frame["driver"].isin(COUNTING) | frame["workload"].isin(CLOCKED)))


def references(frame: pd.DataFrame) -> References:
    """The typical clock of each number of threads: the median over all rows with numbers."""
    known = _steps(frame).dropna()
    if known.empty:
        return {}
    groups = frame.loc[known.index, GROUP].assign(step=known).groupby(GROUP, sort=False)["step"].median()
    return {(str(host), str(placement), int(threads)): float(step)
            for (host, placement, threads), step in groups.items()}


def factors(frame: pd.DataFrame, typical: Optional[References] = None) -> np.ndarray:
    """What the times of each row are multiplied by, and its rates divided by; 1 where its clock is not known. Without
    `typical` the run's own references."""
    typical = references(frame) if typical is None else typical
    if not typical:
        return np.ones(len(frame))
    numbers = frame.groupby(GROUP, sort=False).ngroup().to_numpy()
    _, first = np.unique(numbers, return_index=True)
    keys = frame[GROUP].iloc[first].itertuples(index=False, name=None)
    wanted = np.array([typical.get((str(host), str(placement), int(threads)), np.nan)
                       for host, placement, threads in keys], dtype=float)
    found = wanted[numbers] / _steps(frame).to_numpy()
    good = (found > 1 / FACTOR_MAX) & (found < FACTOR_MAX)  # false for NaN
    return np.where(good, found, 1.0)


def range_of(frame: pd.DataFrame) -> Optional[Tuple[float, float]]:
    """The clocks of 95 % of the rows that tell theirs, as shares of the typical one; None where none does."""
    known = _steps(frame).notna().to_numpy()
    if not known.any():
        return None
    low, high = np.quantile(frame["clock"].to_numpy()[known], [0.025, 0.975])
    return float(low), float(high)


def ratio_of(own: References, other: References) -> Optional[float]:
    """How much faster the typical clock of the first is, as a ratio: the median over what both have."""
    both = own.keys() & other.keys()
    return float(np.median([other[key] / own[key] for key in both])) if both else None
