"""What a cell measures beside the time of its operations: noise, memory, collections, latencies, and the workload's own
measures. Each is one number a trial; this makes one number a cell of them, as columns.def says."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Mapping, Tuple

import numpy as np
import pandas as pd

from rcb.rows.schema import ALL, LARGEST, SMALLEST, Column, pairs
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


def _least(_units: np.ndarray, values: np.ndarray) -> Interval:
    return Interval(float(values.min()))


# How the trials of a cell become one number, as columns.def calls it.
REDUCTIONS: Dict[str, Reduction] = {"median": _middle, "typical": typical, "sum": _sum, "total": _sum, "most": _most,
                                    "least": _least}
# In summary.csv each of these stands before the other one, as it did first; all others are in the order of the rows.
STANDS_BEFORE = {"overlap": "jain", "clock_step_ns": "allocated_before_bytes",
                 "cycles_per_op": "allocated_before_bytes", "gc_runs": "gc_pauses", "gc_pause_max_ns": "gc_stop_max_ns"}
# Columns that summary.csv never had.
REPORT_ALONE = ("wait_p50_ns", "wait_p99_ns", "wait_max_ns")


def _in_summary() -> Tuple[Column, ...]:
    found = {one.name: one for one in ALL if one.summary != "none"}
    order = [name for name in found if name not in STANDS_BEFORE]
    for name, other in STANDS_BEFORE.items():
        order.insert(order.index(other), name)
    return tuple(found[name] for name in order)


IN_SUMMARY = _in_summary()


@dataclass(frozen=True)
class SideMeasures:
    """One cell's. What was not measured is in none of the mappings."""

    columns: Mapping[str, Interval] = field(default_factory=dict)
    measures: Mapping[str, Interval] = field(default_factory=dict)
    latency: str = ""

    def get(self, name: str) -> Interval:
        """A column's number with its interval."""
        return self.columns.get(name, NOTHING)

    def value(self, name: str) -> float:
        """A column's number; NaN where there is none."""
        return self.get(name).value

    def measure(self, name: str) -> Interval:
        """One of the workload's own."""
        return self.measures.get(name, NOTHING)

    def record(self) -> Dict[str, object]:
        """The columns of summary.csv."""
        found: Dict[str, object] = {}
        for one in (one for one in IN_SUMMARY if one.name not in REPORT_ALONE):
            if one.summary == "label":
                found[one.name] = self.latency
            elif one.summary == "measures":
                found[one.name] = ";".join(f"{key}={each.value:.9g}" for key, each in self.measures.items())
            else:
                found[summary_name(one)] = self.value(one.name)
        return found


def summary_name(column: Column) -> str:
    """What summary.csv calls a column."""
    return f"{column.name}_min" if column.summary == "least" else column.name


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
    for one in IN_SUMMARY:
        if one.summary in REDUCTIONS:
            values = used[one.name].to_numpy(dtype=float)
            known = values >= 0
            if known.any():
                columns[one.name] = REDUCTIONS[one.summary](units[known], values[known])
            elif one.summary == "total":
                columns[one.name] = Interval(0.0)
    label = next((one for one in used["latency"] if one), "")
    return SideMeasures(columns, _measures(units, used["measures"].to_numpy()), label)


def bytes_of_rows(spoiled: pd.DataFrame) -> SideMeasures:
    """What objects take in memory, of a cell without rows that count: noise that spoils a time does not change it. Only
    of trials whose audit has passed."""
    passed = spoiled[spoiled["audit"] == "passed"]
    found = _measures(passed["unit"].to_numpy(), passed["measures"].to_numpy())
    return SideMeasures(measures={key: one for key, one in found.items() if key.endswith("_bytes")})
