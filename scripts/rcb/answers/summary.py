"""From rows to answers: one summary row per cell, the noise floor, and the headline table."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Dict, Iterable, List, Optional, Tuple

import numpy as np
import pandas as pd
from scipy.stats import wilcoxon

from rcb.answers import traits
from rcb.answers.traits import Variants
from rcb.base.files import write_atomically
from rcb.rows import side_measures
from rcb.rows.drivers import COUNTING, OVERHEAD, SCALING, has_tax, scales
from rcb.rows.rows import Rows
from rcb.rows.schema import CELL, MEASURED, PEER, STATUSES
from rcb.rows.side_measures import SideMeasures
from rcb.rows.tables import table_text
from rcb.rows.valid_rows import disturbed
from rcb.stats.stats import NOTHING, Interval, Ratio, Sample, by_unit, geometric_mean, median, ratio, spread
from rcb.stats.verdict import INCONCLUSIVE, Verdict, holm, judge

BASELINE = "plain"
TWIN = "plain_twin"
COST = "cost against plain"
SPEEDUP = "speedup against one thread"

CellKey = Tuple[str, str, str, str, int, str]


def is_peer(variant: str) -> bool:
    return variant.startswith(PEER)


@dataclass(frozen=True)
class Test:
    """What may be said of a cell's ratio: p-values are adjusted over all ratios of the run (Holm)."""

    p_adjusted: float
    effect: float
    verdict: Verdict


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
    roles_ns_per_op: str
    reason: str
    spread: float = math.nan
    noisy: int = 0
    set_aside: int = 0
    test: Optional[Test] = None
    side: SideMeasures = field(default_factory=SideMeasures)

    @property
    def pattern(self) -> str:
        """The workload with its parameters, as people read it."""
        return f"{self.workload} {self.params}".strip()

    @property
    def measured(self) -> bool:
        return self.trials > 0

    @property
    def peer(self) -> bool:
        """Of a runtime or library that is not ours."""
        return is_peer(self.variant)

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

    @property
    def cell_width(self) -> float:
        """The largest relative difference that means nothing, for a single cell: what the worst pair shows."""
        return abs(math.log(self.worst))


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

    failed: int    # a count was wrong
    lost: int      # no good row, because of noise alone
    repeated: int  # invalid at first, good in the end


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
    variants: Variants

    @property
    def own(self) -> Tuple[Cell, ...]:
        """The cells of our own variants, which tables and charts of variants are about."""
        return tuple(cell for cell in self.cells if not cell.peer)

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


def _role_costs(group: pd.DataFrame) -> str:
    """Median ns per operation of each role, where threads have different ones: role=ns joined by ;."""
    found: Dict[str, List[pd.Series]] = {}
    for roles, part in group[group["roles"].str.contains("+", regex=False)].groupby("roles"):
        names = roles.split("+")
        if len(set(names)) < 2:
            continue
        ops, elapsed = (part[column].str.split("+", expand=True).apply(pd.to_numeric, errors="coerce")
                        for column in ("thread_ops", "thread_ns"))
        for place in range(min(len(names), ops.shape[1], elapsed.shape[1])):
            costs = elapsed[place] / ops[place] * part["clock"]
            found.setdefault(names[place], []).append(costs[ops[place] > 0].dropna())
    whole = {name: pd.concat(parts) for name, parts in found.items()}
    return ";".join(f"{name}={values.median():.6g}" for name, values in whole.items() if len(values))


def baseline_of(key: CellKey) -> Optional[Tuple[str, CellKey]]:
    """What a cell's ratio compares, and the cell that it divides by; None where no ratio would mean anything."""
    driver, workload, params, variant, threads, placement = key
    if scales(driver, workload):
        return SPEEDUP, (driver, workload, params, variant, 1, placement)
    if has_tax(driver, workload):
        return COST, (driver, workload, params, BASELINE, threads, placement)
    return None


@dataclass(frozen=True)
class Samples:
    """The two figures of one cell."""

    ns_per_op: Sample
    ops_per_s: Sample


def _compare(comparison: str, own: Samples, base: Samples) -> Ratio:
    if comparison == SPEEDUP:
        return ratio(own.ops_per_s, base.ops_per_s)
    return ratio(own.ns_per_op, base.ns_per_op)


def _first_reason(group: pd.DataFrame) -> str:
    return next((reason for reason in group["reason"] if reason), "")


def _natural(text: str) -> List[Tuple[float, str]]:
    """A key that sorts p=5 before p=10."""
    return [(float(part), "") if part.isdecimal() else (math.inf, part) for part in re.split(r"([0-9]+)", text) if part]


def _ordered_places(frame: pd.DataFrame) -> Dict[CellKey, np.ndarray]:
    """The places of each cell's rows, in the order in which people look for them: small working sets before large."""
    places = frame[CELL].groupby(CELL, sort=False).indices
    sizes = frame.groupby(CELL[:3])["working_set_bytes"].min().fillna(0.0).to_dict()

    def order(key: CellKey) -> Tuple[object, ...]:
        driver, workload, params, variant, threads, placement = key
        return driver, workload, sizes[driver, workload, params], _natural(params), threads, variant, placement

    return {key: places[key] for key in sorted(places, key=order)}


def _ratios(samples: Dict[CellKey, Samples]) -> Dict[CellKey, Ratio]:
    found = {}
    for key, own in samples.items():
        against = baseline_of(key)
        if against is not None and against[1] in samples:
            found[key] = _compare(against[0], own, samples[against[1]])
    return found


def _tests(ratios: Dict[CellKey, Ratio], floor: float) -> Dict[CellKey, Test]:
    """The verdicts on all ratios but those of a cell to itself, as one family."""
    found: Dict[CellKey, Test] = {}
    for peers in (False, True):  # a family of their own: what is measured beside ours must not change what ours says
        found.update(_family({key: one for key, one in ratios.items() if is_peer(key[3]) == peers}, floor))
    return found


def _family(ratios: Dict[CellKey, Ratio], floor: float) -> Dict[CellKey, Test]:
    about = {key: against for key in ratios for against in [baseline_of(key)] if against is not None}
    keys = [key for key, (_, base) in about.items() if base != key and math.isfinite(ratios[key].interval.value)]
    adjusted = holm([ratios[key].p_value for key in keys])
    # A cost above 1 is slower, a speedup above 1 is faster.
    return {key: Test(float(p), ratios[key].effect, judge(ratios[key].interval, float(p), floor, about[key][0] == COST))
            for key, p in zip(keys, adjusted)}


def _cells(frame: pd.DataFrame, places: Dict[CellKey, np.ndarray], samples: Dict[CellKey, Samples],
           ratios: Dict[CellKey, Ratio], tests: Dict[CellKey, Test]) -> List[Cell]:
    cells: List[Cell] = []
    all_used = frame["used"].to_numpy()
    for key, own_places in places.items():
        group = frame.iloc[own_places]
        own = samples.get(key)
        used = group[all_used[own_places]]
        counts = group["status"].value_counts()
        against = baseline_of(key)
        cells.append(Cell(
            *key,
            trials=own.ns_per_op.count if own else 0,
            processes=len(own.ns_per_op.by_process) if own else 0,
            ns_per_op=median(own.ns_per_op) if own else NOTHING,
            ops_per_s=median(own.ops_per_s) if own else NOTHING,
            comparison=against[0] if against is not None and key in ratios else "",
            ratio=ratios[key].interval if key in ratios else NOTHING,
            statuses={status: int(counts.get(status, 0)) for status in STATUSES},
            roles_ns_per_op=_role_costs(used),
            reason=_first_reason(group),
            spread=spread(own.ns_per_op) if own else math.nan,
            noisy=int(disturbed(used).sum()),
            set_aside=int(group["status"].isin(MEASURED).sum()) - len(used),
            test=tests.get(key),
            side=side_measures.of_rows(used) if len(used) else side_measures.bytes_of_rows(group),
        ))
    return cells


def _samples(frame: pd.DataFrame, places: Dict[CellKey, np.ndarray]) -> Dict[CellKey, Samples]:
    all_used = frame["used"].to_numpy()
    units, costs, rates = (frame[name].to_numpy() for name in ("unit", "ns_at_clock", "rate_at_clock"))
    found = {}
    for key, all_of_it in places.items():
        used = all_of_it[all_used[all_of_it]]
        if len(used):
            name = "/".join(map(str, key))
            found[key] = Samples(by_unit(name, units[used], costs[used]), by_unit(name, units[used], rates[used]))
    return found


def samples_of(frame: pd.DataFrame) -> Dict[CellKey, Samples]:
    """The values of each cell that has some, in the order of the tables."""
    return _samples(frame, _ordered_places(frame))


def floor_of(samples: Dict[CellKey, Samples]) -> Optional[NoiseFloor]:
    """The floor of a run's samples; None where plain and plain_twin were not both measured."""
    found = _twins(samples)
    # Of the other workloads, on one thread, only where a run has none of the driver whose cells differ most.
    return _floor({key: one for key, one in found.items() if key[0] == OVERHEAD} or found)


def _twins(samples: Dict[CellKey, Samples]) -> Dict[CellKey, Ratio]:
    """What plain takes compiled a second time ÷ what it takes, in every cell of one thread."""
    found: Dict[CellKey, Ratio] = {}
    for key, own in samples.items():
        base = (*key[:3], BASELINE, *key[4:])
        if key[3] == TWIN and key[4] == 1 and has_tax(key[0], key[1]) and base in samples:
            found[key] = ratio(own.ns_per_op, samples[base].ns_per_op)
    return found


def _floor(ratios: Dict[CellKey, Ratio]) -> Optional[NoiseFloor]:
    own = {key: one for key, one in ratios.items() if math.isfinite(one.interval.value)}
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


def alike(workloads: Iterable[str]) -> List[float]:
    """Weights for a mean over cells of these workloads: one of many points weighs no more than one of a single point."""
    names = list(workloads)
    return [1.0 / names.count(name) for name in names]


def _headline(summary: Summary, ratios: Dict[CellKey, Ratio]) -> Tuple[Headline, ...]:
    lines: List[Headline] = []
    for variant in dict.fromkeys(cell.variant for cell in summary.own if cell.driver in COUNTING):

        def cost(workload: str, params: str = "") -> Interval:
            cell = summary.find(OVERHEAD, workload, variant, 1, params)
            return cell.ns_per_op if cell else NOTHING

        def speedup(workload: str, params: str = "") -> Interval:
            cell = summary.find(SCALING, workload, variant, summary.max_threads, params)
            return cell.ratio if cell else NOTHING

        own = {key: one for key, one in ratios.items() if key[0] == OVERHEAD and key[3] == variant}
        lines.append(Headline(
            variant=variant, hot_pair=cost("pair", "set=1;code=inline"), borrow=cost("borrow"), call=cost("call"),
            churn=cost("churn"), overhead=geometric_mean(list(own.values()), alike(key[1] for key in own)),
            overhead_cells=len(own),
            private=speedup("private", "op=pair"), shared_one=speedup("shared_one"),
            shared_none=speedup("shared_none"),
        ))
    return tuple(sorted(lines, key=_headline_order))


def _headline_order(line: Headline) -> Tuple[float, float, str]:
    keys = (line.overhead.value, line.hot_pair.value)
    cost, hot = (value if math.isfinite(value) else math.inf for value in keys)
    return cost, hot, line.variant


def _trials(frame: pd.DataFrame) -> Trials:
    # What noise does to a peer is told in its rows; it is no failure of ours. A wrong count is, whoever made it.
    identity = CELL + ["unit", "repetition"]
    counted_here = ~frame["variant"].map(is_peer) | (frame["audit"] == "failed")
    frame = frame[[*identity, "status", "audit"]][counted_here]
    invalid = frame.loc[frame["status"] == "invalid", identity].drop_duplicates()
    if invalid.empty:
        return Trials(0, 0, 0)
    wrong = frame.loc[frame["audit"] == "failed", identity].drop_duplicates()
    # Of a million rows few are spoiled: those of their processes and rounds are all that matter.
    near = frame["unit"].isin(invalid["unit"]) & frame["repetition"].isin(invalid["repetition"])
    good = frame.loc[near & frame["status"].isin(MEASURED), identity].drop_duplicates()
    known = invalid.merge(good.assign(good=True), how="left").merge(wrong.assign(wrong=True), how="left")
    # Noise is forgiven when the cell was measured again; a wrong count never is.
    failed = int(known["wrong"].notna().sum())
    saved = int((known["good"].notna() & known["wrong"].isna()).sum())
    return Trials(failed=failed, lost=len(invalid) - saved - failed, repeated=saved)


def summarise(rows: Rows) -> Summary:
    """All numbers of a run. What its variants are is read beside its rows."""
    places = _ordered_places(rows.frame)
    samples = _samples(rows.frame, places)
    ratios = _ratios(samples)
    floor = floor_of(samples)
    cells = _cells(rows.frame, places, samples, ratios, _tests(ratios, floor.cell_width if floor else 0.0))
    scaling = [cell.threads for cell in cells
               if cell.driver == SCALING and cell.measured and not cell.oversubscribed and not cell.peer]
    modes = dict(zip(rows.frame["variant"], rows.frame["mode"]))
    variants = traits.read(traits.record_beside(rows.path), {name: mode for name, mode in modes.items()
                                                            if not is_peer(name)})
    bare = Summary(rows, tuple(cells), floor, (), max(scaling, default=1), modes, _trials(rows.frame), variants)
    return replace(bare, headline=_headline(bare, ratios))


def _tested(cell: Cell) -> Dict[str, object]:
    test = cell.test or Test(math.nan, math.nan, Verdict(INCONCLUSIVE))
    return {"verdict": str(test.verdict) if cell.test else "", "p_adjusted": test.p_adjusted,
            "effect": test.effect}


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
        record.update(_tested(cell))
        record.update(cell.statuses)
        record["roles_ns_per_op"] = cell.roles_ns_per_op
        for name, value in cell.side.record().items():
            if name == "allocated_before_bytes":
                record.update(reason=cell.reason, spread=cell.spread, noisy=cell.noisy, set_aside=cell.set_aside)
            record[name] = value
        records.append(record)
    return pd.DataFrame(records) if records else pd.DataFrame(columns=CELL)


def write_csv(summary: Summary, path: Path) -> None:
    """Writes summary.csv; numbers with nine significant digits, nothing where there is no number."""
    text = table_text(table_of_cells(summary))
    write_atomically(path, text)
