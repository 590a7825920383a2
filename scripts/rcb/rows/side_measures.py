"""What a cell measures beside the time of its operations: memory, collections, latencies, and the workload's own
measures. Each is one number a trial; this makes one number a cell of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Mapping, Tuple

import numpy as np
import pandas as pd

from rcb.rows.schema import LARGEST, SMALLEST, pairs
from rcb.stats.stats import NOTHING, Interval, by_unit, estimate, median

Reduction = Callable[[np.ndarray, np.ndarray], Interval]


def typical(units: np.ndarray, values: np.ndarray) -> Interval:
    """The median over processes of each process's median; with its interval where no value is 0 or below, as intervals
    are made of logarithms."""
    sample = by_unit("", units, values)
    return median(sample) if (values > 0).all() else Interval(estimate(sample))


def _middle(_units: np.ndarray, values: np.ndarray) -> Interval:
    return Interval(float(np.median(values)))


def _sum(_units: np.ndarray, values: np.ndarray) -> Interval:
    return Interval(float(values.sum()))


def _most(_units: np.ndarray, values: np.ndarray) -> Interval:
    return Interval(float(values.max()))


QUANTILES = ("latency_p50_ns", "latency_p90_ns", "latency_p99_ns", "latency_p999_ns")
# Column: how the trials of a cell become one number; in the order of summary.csv.
KINDS: Dict[str, Reduction] = {
    **dict.fromkeys(("allocated_before_bytes", "allocated_after_bytes", "active_bytes", "retained_bytes",
                     "peak_rss_bytes", "live_objects"), _middle),
    **dict.fromkeys(("gc_runs", "gc_pauses"), _sum),
    **dict.fromkeys(("gc_pause_p50_ns", "gc_pause_p99_ns"), typical),
    **dict.fromkeys(("gc_pause_max_ns", "gc_stop_max_ns"), _most),
    "gc_found": _sum, "latency_count": _sum, **dict.fromkeys(QUANTILES, typical), "latency_max_ns": _most,
}


@dataclass(frozen=True)
class SideMeasures:
    """One cell's. What was not measured is in none of the mappings."""

    columns: Mapping[str, Interval] = field(default_factory=dict)
    measures: Mapping[str, Interval] = field(default_factory=dict)
    latency: str = ""

    def get(self, name: str) -> Interval:
        """A column's number."""
        return self.columns.get(name, NOTHING)

    def measure(self, name: str) -> Interval:
        """One of the workload's own."""
        return self.measures.get(name, NOTHING)

    def record(self) -> Dict[str, object]:
        """The columns of summary.csv."""
        found: Dict[str, object] = {}
        for name in KINDS:
            if name == "latency_count":
                found["latency"] = self.latency
            found[name] = self.get(name).value
        found["measures"] = ";".join(f"{key}={one.value:.9g}" for key, one in self.measures.items())
        return found


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if value == 0 or SMALLEST <= abs(value) <= LARGEST else math.nan


def _measures(units: np.ndarray, texts: np.ndarray) -> Dict[str, Interval]:
    """Of each key its typical value, over the trials that have a number for it."""
    found: Dict[str, Tuple[List[int], List[float]]] = {}
    for unit, text in zip(units, texts):
        for key, value in pairs(text).items() if text else ():
            number = _number(value)
            if key and math.isfinite(number):
                own = found.setdefault(key, ([], []))
                own[0].append(unit)
                own[1].append(number)
    return {key: typical(np.array(own), np.array(values)) for key, (own, values) in found.items()}


def of_rows(used: pd.DataFrame) -> SideMeasures:
    """Those of one cell, from its rows that count. A number below 0 is no quantity of these columns."""
    units = used["unit"].to_numpy()
    columns: Dict[str, Interval] = {}
    for name, reduction in KINDS.items():
        values = used[name].to_numpy(dtype=float)
        known = values >= 0
        if known.any():
            columns[name] = reduction(units[known], values[known])
    labels = used["latency"].to_numpy()
    return SideMeasures(columns, _measures(units, used["measures"].to_numpy()), next((one for one in labels if one), ""))
