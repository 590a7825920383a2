"""Times at one clock: what each row's time is multiplied by so that all are those of the run's typical clock.

A processor's clock changes with heat, power and what the other cores do, by 10 % within minutes on a shared host, and
slows every variant alike. Each row says how long one step of a chain of dependent multiplications took around and
within its window (`clock_step_ns`), which is a fixed number of cycles. docs/method.md has what it is worth."""

from __future__ import annotations

from typing import Dict, Optional, Tuple

import numpy as np
import pandas as pd

from rcb.rows.drivers import CLOCKED, COUNTING
from rcb.rows.schema import MEASURED, PEER

# host, placement, threads, and whether a GIL lets one of several threads work: that a clock falls when more cores work
# is part of how a scheme scales, so each of these has a typical clock of its own.
Load = Tuple[str, str, int, bool]
References = Dict[Load, float]
# What the rest of this looks at, where a file has it.
NEEDED = ("host", "placement", "threads", "mode", "process", "clock_step_ns", "status", "driver", "workload", "params",
          "variant")
# What divides a cell, and what it is divided by, are of one clock or none.
COMPARED = ["driver", "workload", "params", "placement"]
# No processor's clock is so far from its typical one; what is was damaged.
FACTOR_MAX = 2.0


def _loads(frame: pd.DataFrame) -> pd.DataFrame:
    gil = (frame["mode"] == "gil") & (frame["threads"] > 1) if "mode" in frame else False
    return frame[["host", "placement", "threads"]].assign(gil=gil)


def _steps(frame: pd.DataFrame) -> pd.Series:
    """The steps that may be used; NaN elsewhere, and in all rows of what is compared where a row of ours lacks its own:
    what is divided by each other must have the same unit. Whole runtimes never tell theirs."""
    if "clock_step_ns" not in frame or frame.empty:
        return pd.Series(np.nan, index=frame.index, dtype=float)
    steps = frame["clock_step_ns"].astype(float)
    measured = frame["status"].isin(MEASURED)
    known = measured & (steps > 0) & np.isfinite(steps)
    known &= frame["driver"].isin(COUNTING) | frame["workload"].isin(CLOCKED)
    ours = ~frame["variant"].astype(str).str.startswith(PEER)
    lacking = (measured & ours & ~known).groupby([frame[name] for name in COMPARED], sort=False).transform("any")
    return steps.where(known & ~lacking)


def references(frame: pd.DataFrame) -> References:
    """The typical clock of each load of one run: the median over its rows for the fewest threads, and for the others as
    many times that as in the processes that measured both. So a process that measured one of them alone, at another
    clock than the others, changes no ratio between the two."""
    steps = _steps(frame).dropna()
    if steps.empty:
        return {}
    rows = _loads(frame.loc[steps.index]).assign(unit=frame.loc[steps.index, "process"], step=steps)
    found: References = {}
    for (host, placement), part in rows.groupby(["host", "placement"], sort=False):
        medians = part.groupby(["threads", "gil", "unit"])["step"].median()
        least = int(part["threads"].min())
        base = medians.xs((least, (least, False) not in medians.index))  # of a GIL only where nothing else was measured
        typical = float(part.loc[part["threads"] == least, "step"].median())
        for threads, gil in medians.index.droplevel("unit").unique():
            own = medians.xs((threads, gil))
            factor = (own / base).dropna()
            found[str(host), str(placement), int(threads), bool(gil)] = \
                typical * float(factor.median()) if len(factor) else float(own.median())
    return found


def _factors(frame: pd.DataFrame, typical: References) -> np.ndarray:
    loads = _loads(frame)
    numbers = loads.groupby(list(loads.columns), sort=False).ngroup().to_numpy()
    _, first = np.unique(numbers, return_index=True)
    keys = loads.iloc[first].itertuples(index=False, name=None)
    wanted = np.array([typical.get((str(host), str(placement), int(threads), bool(gil)), np.nan)
                       for host, placement, threads, gil in keys], dtype=float)
    found = wanted[numbers] / _steps(frame).to_numpy()
    good = (found > 1 / FACTOR_MAX) & (found < FACTOR_MAX)  # false for NaN
    return np.where(good, found, 1.0)


def factors(frame: pd.DataFrame, typical: Optional[References] = None) -> np.ndarray:
    """What the times of each row are multiplied by, and its rates divided by; 1 where its clock is not known. Without
    `typical` each run's own references: two runs may be of machines that have one name."""
    if typical is not None:
        return _factors(frame, typical)
    found = np.ones(len(frame))
    narrow = frame[[name for name in NEEDED if name in frame]]
    for places in frame.groupby("run_id", sort=False).indices.values():
        own = narrow.iloc[places]
        found[places] = _factors(own, references(own))
    return found


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
