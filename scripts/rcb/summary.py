"""From rows to answers: one summary row per cell, the noise floor, and the headline table."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Dict, List, Optional, Tuple

import numpy as np
import pandas as pd
from scipy.stats import wilcoxon

from rcb.files import write_atomically
from rcb.rows import Rows
from rcb.schema import CELL, MEASURED, STATUSES
from rcb.stats import NOTHING, Interval, Ratio, Sample, geometric_mean, median, ratio

BASELINE = "plain"
TWIN = "plain_twin"
OVERHEAD = "overhead"
SCALING = "scaling"
COST = "cost against plain"
SPEEDUP = "speedup against one thread"

CellKey = Tuple[str, str, str, str, int, str]


@dataclass(frozen=True)
class Cell:
    """One cell: its key, its numbers, and how it compares."""

    driver: str
    workload: str
    params: str
    variant: str
    threads: int
    placement: str
    trials: int
    processes: int
    ns_per_op: Interval
    ops_per_s: Interval
    comparison: str
    ratio: Interval
    statuses: Dict[str, int]
    extra: Dict[str, object]
    reason: str

    @property
    def pattern(self) -> str:
        """The workload with its parameters, as people read it."""
        return f"{self.workload} {self.params}".strip()

    @property
    def measured(self) -> bool:
        return self.trials > 0

    @property
    def oversubscribed(self) -> bool:
        return self.statuses["oversubscribed"] > 0


@dataclass(frozen=True)
class NoiseFloor:
    """plain against itself, compiled a second time: what this run cannot tell apart."""

    mean: Interval
    worst: float
    worst_cell: str
    cells: int
    p_value: float

    @property
    def width(self) -> float:
        """The largest relative difference that means nothing, for a geometric mean over cells."""
        return max(abs(math.log(edge)) for edge in (self.mean.value, self.mean.low, self.mean.high)
                   if math.isfinite(edge))


@dataclass(frozen=True)
class Headline:
    """One variant's line of the table."""

    variant: str
    hot_pair: Interval
    borrow: Interval
    call: Interval
    churn: Interval
    overhead: Interval
    overhead_cells: int
    private: Interval
    shared_one: Interval
    shared_none: Interval


@dataclass(frozen=True)
class Trials:
    """What became of invalid rows: noise may spoil a window, then the trial is measured again and has several rows."""

    failed: int
    repeated: int


@dataclass(frozen=True)
class Summary:
    """Everything that the table and the report show."""

    rows: Rows
    cells: Tuple[Cell, ...]
    floor: Optional[NoiseFloor]
    headline: Tuple[Headline, ...]
    max_threads: int
    modes: Dict[str, str]
    trials: Trials

    def find(self, driver: str, workload: str, variant: str, threads: int, params: str = "") -> Optional[Cell]:
        """The first measured cell of a workload whose parameters contain all of params (key=value joined by ;)."""
        wanted = set(filter(None, params.split(";")))
        for cell in self.cells:
            if ((cell.driver, cell.workload, cell.variant, cell.threads) == (driver, workload, variant, threads)
                    and cell.measured and wanted <= set(cell.params.split(";"))):
                return cell
        return None

    def status_counts(self) -> Dict[str, int]:
        counts = self.rows.frame["status"].value_counts()
        return {status: int(counts.get(status, 0)) for status in STATUSES}


def _sample(key: CellKey, group: pd.DataFrame, column: str) -> Sample:
    name = "/".join(str(part) for part in key) + "/" + column
    return Sample(name, {int(process): part[column].to_numpy() for process, part in group.groupby("process")})


def _role_costs(group: pd.DataFrame) -> str:
    """Median ns per operation of each role, where threads have different ones: role=ns joined by ;."""
    found: Dict[str, List[float]] = {}
    for roles, ops, elapsed in zip(group["roles"], group["thread_ops"], group["thread_ns"]):
        names = roles.split("+")
        if len(set(names)) < 2:
            continue
        for name, own_ops, own_ns in zip(names, ops.split("+"), elapsed.split("+")):
            try:
                if float(own_ops) > 0:
                    found.setdefault(name, []).append(float(own_ns) / float(own_ops))
            except ValueError:
                continue
    return ";".join(f"{name}={np.median(values):.6g}" for name, values in found.items())


def _middle(values: pd.Series) -> float:
    known = values.dropna()
    return float(known.median()) if len(known) else math.nan


def _extra(group: pd.DataFrame) -> Dict[str, object]:
    return {
        "roles_ns_per_op": _role_costs(group),
        "overlap_min": group["overlap"].min(),
        "jain_min": group["jain"].min(),
        "ctx_involuntary": group["ctx_involuntary"].sum(),
        "migrations": group["migrations"].sum(),
        "steal_ms": group["steal_ms"].sum(),
        "allocated_bytes": _middle(group["allocated_bytes"]),
        "resident_bytes": _middle(group["resident_bytes"]),
        "late_objects_max": group["late_objects_max"].max(),
    }


def _baseline_key(key: CellKey) -> Tuple[str, CellKey]:
    driver, workload, params, variant, threads, placement = key
    if driver == SCALING:
        return SPEEDUP, (driver, workload, params, variant, 1, placement)
    return COST, (driver, workload, params, BASELINE, threads, placement)


@dataclass(frozen=True)
class _Samples:
    ns_per_op: Sample
    ops_per_s: Sample


def _compare(comparison: str, own: _Samples, base: _Samples) -> Ratio:
    if comparison == SPEEDUP:
        return ratio(own.ops_per_s, base.ops_per_s)
    return ratio(own.ns_per_op, base.ns_per_op)


def _first_reason(group: pd.DataFrame) -> str:
    return next((reason for reason in group["reason"] if reason), "")


def _natural(text: str) -> List[Tuple[float, str]]:
    """A key that sorts p=5 before p=10."""
    return [(float(part), "") if part.isdigit() else (math.inf, part) for part in re.split(r"([0-9]+)", text) if part]


def _ordered_groups(frame: pd.DataFrame) -> Dict[CellKey, pd.DataFrame]:
    """The rows of each cell, in the order in which people look for them: small working sets before large ones."""
    groups: Dict[CellKey, pd.DataFrame] = {key: group for key, group in frame.groupby(CELL, sort=False)}
    sizes = frame.groupby(CELL[:3])["working_set_bytes"].min().fillna(0.0).to_dict()

    def place(key: CellKey) -> Tuple[object, ...]:
        driver, workload, params, variant, threads, placement = key
        return driver, workload, sizes[driver, workload, params], _natural(params), threads, variant, placement

    return {key: groups[key] for key in sorted(groups, key=place)}


def _cells(frame: pd.DataFrame) -> Tuple[List[Cell], Dict[CellKey, Ratio]]:
    groups = _ordered_groups(frame)
    used = {key: group[group["status"].isin(MEASURED)] for key, group in groups.items()}
    samples = {key: _Samples(_sample(key, group, "ns_per_op"), _sample(key, group, "ops_per_s"))
               for key, group in used.items() if len(group)}
    cells: List[Cell] = []
    ratios: Dict[CellKey, Ratio] = {}
    for key, group in groups.items():
        comparison, base = _baseline_key(key)
        own = samples.get(key)
        if own is not None and base in samples:
            ratios[key] = _compare(comparison, own, samples[base])
        counts = group["status"].value_counts()
        cells.append(Cell(
            *key,
            trials=own.ns_per_op.count if own else 0,
            processes=len(own.ns_per_op.by_process) if own else 0,
            ns_per_op=median(own.ns_per_op) if own else NOTHING,
            ops_per_s=median(own.ops_per_s) if own else NOTHING,
            comparison=comparison if key in ratios else "",
            ratio=ratios[key].interval if key in ratios else NOTHING,
            statuses={status: int(counts.get(status, 0)) for status in STATUSES},
            extra=_extra(used[key]),
            reason=_first_reason(group),
        ))
    return cells, ratios


def _floor(ratios: Dict[CellKey, Ratio]) -> Optional[NoiseFloor]:
    own = {key: one for key, one in ratios.items()
           if key[0] == OVERHEAD and key[3] == TWIN and math.isfinite(one.interval.value)}
    if not own:
        return None
    worst = max(own, key=lambda key: abs(math.log(own[key].interval.value)))
    logs = [math.log(one.interval.value) for one in own.values()]
    differ = len(logs) >= 2 and any(logs)
    return NoiseFloor(
        mean=geometric_mean(list(own.values())),
        worst=own[worst].interval.value,
        worst_cell=f"{worst[1]} {worst[2]}".strip(),
        cells=len(own),
        p_value=float(wilcoxon(logs).pvalue) if differ else math.nan,
    )


def _headline(summary: Summary, ratios: Dict[CellKey, Ratio]) -> Tuple[Headline, ...]:
    lines: List[Headline] = []
    for variant in dict.fromkeys(cell.variant for cell in summary.cells):

        def cost(workload: str, params: str = "") -> Interval:
            cell = summary.find(OVERHEAD, workload, variant, 1, params)
            return cell.ns_per_op if cell else NOTHING

        def speedup(workload: str, params: str = "") -> Interval:
            cell = summary.find(SCALING, workload, variant, summary.max_threads, params)
            return cell.ratio if cell else NOTHING

        own = [one for key, one in ratios.items() if key[0] == OVERHEAD and key[3] == variant]
        lines.append(Headline(
            variant=variant, hot_pair=cost("pair", "set=1"), borrow=cost("borrow"), call=cost("call"),
            churn=cost("churn"), overhead=geometric_mean(own), overhead_cells=len(own),
            private=speedup("private", "op=pair"), shared_one=speedup("shared_one"),
            shared_none=speedup("shared_none"),
        ))
    return tuple(sorted(lines, key=_headline_order))


def _headline_order(line: Headline) -> Tuple[float, float, str]:
    keys = (line.overhead.value, line.hot_pair.value)
    cost, hot = (value if math.isfinite(value) else math.inf for value in keys)
    return cost, hot, line.variant


def _trials(frame: pd.DataFrame) -> Trials:
    identity = CELL + ["process", "repetition"]
    invalid = frame[frame["status"] == "invalid"].groupby(identity).size()
    good = frame[frame["status"].isin(MEASURED)].groupby(identity).size()
    wrong = frame[frame["audit"] == "failed"].groupby(identity).size()
    # Noise is forgiven when the cell was measured again; a wrong count never is.
    saved = invalid.index.isin(good.index) & ~invalid.index.isin(wrong.index)
    return Trials(failed=int((~saved).sum()), repeated=int(saved.sum()))


def summarise(rows: Rows) -> Summary:
    """All numbers of a run."""
    cells, ratios = _cells(rows.frame)
    scaling = [cell.threads for cell in cells if cell.driver == SCALING and cell.measured and not cell.oversubscribed]
    modes = dict(zip(rows.frame["variant"], rows.frame["mode"]))
    bare = Summary(rows, tuple(cells), _floor(ratios), (), max(scaling, default=1), modes, _trials(rows.frame))
    return replace(bare, headline=_headline(bare, ratios))


def table_of_cells(summary: Summary) -> pd.DataFrame:
    """The tidy table of summary.csv: one row per cell, in a fixed order."""
    records = []
    for cell in summary.cells:
        record: Dict[str, object] = {name: getattr(cell, name) for name in CELL}
        record.update(n=cell.trials, processes=cell.processes)
        for name, found in (("ns_per_op", cell.ns_per_op), ("ops_per_s", cell.ops_per_s), ("ratio", cell.ratio)):
            if name == "ratio":
                record["comparison"] = cell.comparison
            record.update({f"{name}": found.value, f"{name}_low": found.low, f"{name}_high": found.high})
        record.update(cell.statuses)
        record.update(cell.extra)
        record["reason"] = cell.reason
        records.append(record)
    return pd.DataFrame(records) if records else pd.DataFrame(columns=CELL)


def write_csv(summary: Summary, path: Path) -> None:
    """Writes summary.csv; numbers with nine significant digits, nothing where there is no number."""
    text = table_of_cells(summary).to_csv(index=False, float_format="%.9g", lineterminator="\n")
    write_atomically(path, text)
