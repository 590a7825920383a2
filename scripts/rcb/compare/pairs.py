"""Runs against a first one: matched cells, the time of the same work in one against the other, verdicts, and means.

All ratios are of time, whatever the driver's own figure is: above 1 is slower. Where a driver is read in operations per
second, the time of the same work is the inverse, so its ratio is the first run's rate ÷ the other's.

With a variant as the baseline, a cell's figure is its ratio to that variant's cell in the same process of the same run,
and what is compared between the runs is that ratio: a machine that is slower as a whole changes none of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Set, Tuple

from rcb.answers import relative
from rcb.answers.summary import CellKey, NoiseFloor, Samples, alike, floor_of, samples_of
from rcb.base.errors import UsageError, not_accepted
from rcb.base.files import read_record
from rcb.machine import run_differences
from rcb.rows.clock import References, factors, ratio_of, references
from rcb.rows.drivers import COUNTING, SCALING
from rcb.rows.rows import Rows, machine_of, read_measured, set_clock
from rcb.rows.schema import CELL
from rcb.rows.valid_rows import disturbed_cells
from rcb.stats import stats
from rcb.stats.stats import Interval, Ratio
from rcb.stats.verdict import DISTURBED, INCONCLUSIVE, SAME, SLOWER, Verdict, holm, judge

# Windows are measured: a batch more or less is no other window.
SAME_WINDOW = 0.1


@dataclass(frozen=True)
class Side:
    """One of the runs that are compared."""

    label: str
    rows: Rows
    revision: str
    samples: Dict[CellKey, Samples]
    floor: Optional[NoiseFloor]
    windows: Dict[CellKey, float]
    disturbed: Set[CellKey] = field(default_factory=set)
    machine: str = ""
    clocks: References = field(default_factory=dict)
    baseline: str = ""
    asked_ms: Optional[float] = None  # --window of the run; None: not known
    facts: Mapping[str, Any] = field(default_factory=dict)  # of machine, build and settings; empty: not known

    @property
    def hosts(self) -> List[str]:
        return sorted(self.rows.frame["host"].unique())

    @property
    def processes(self) -> int:
        return int(self.rows.measured()["unit"].nunique())


@dataclass(frozen=True)
class Difference:
    """One matched cell, or a mean over several (no key): the time of the other run ÷ that of the first."""

    name: Tuple[str, ...]
    key: Optional[CellKey]
    values: Tuple[float, float]
    time: Interval
    cells: int
    p_adjusted: float
    effect: float
    verdict: Verdict


@dataclass(frozen=True)
class Comparison:
    """One run against the first."""

    base: Side
    other: Side
    floor: Optional[float]
    mean_floor: Optional[float]
    shifts: Dict[str, float]
    means: Tuple[Difference, ...]
    cells: Tuple[Difference, ...]
    missing: Tuple[Tuple[CellKey, str], ...]

    @property
    def clock(self) -> Optional[float]:
        """The clock of the other run ÷ that of the first, where both are of one machine and tell theirs."""
        known = self.base.machine and self.other.machine == self.base.machine
        same = self.other.clocks.keys() <= self.base.clocks.keys()
        return ratio_of(self.other.clocks, self.base.clocks) if known and same else None

    @property
    def disturbed(self) -> List[CellKey]:
        """Cells in both whose numbers rest on disturbed trials in one: no difference of theirs is claimed, and they are in
        no mean."""
        return [one.key for one in self.cells if one.key is not None and _is_disturbed(one.key, self.base, self.other)]

    @property
    def differences(self) -> Tuple[Difference, ...]:
        return self.means + self.cells

    def slower_than(self, limit: float) -> List[Difference]:
        """What is slower by more than a relative difference, and certainly slower."""
        return [one for one in self.differences if one.verdict.kind == SLOWER and one.time.value > 1.0 + limit]


def _one_machine(rows: Rows, record: Mapping[str, Any]) -> str:
    """The machine of a single run, "" where nobody knows it: many guests have one name, so its processor is needed."""
    machine = record.get("machine")
    known = isinstance(machine, dict) and bool(machine.get("cpu")) and rows.frame["run_id"].nunique() == 1
    return machine_of(rows, record) if known else ""


def relative_to(baseline: str, side: Side) -> Side:
    """That run with every cell against the variant of that name; UsageError where the run does not have it."""
    variants = sorted({key[3] for key in side.samples})
    if baseline not in variants:
        raise UsageError(not_accepted("--baseline", baseline, f"a variant of {side.label} '{side.rows.path}'",
                                      ", ".join(variants)))
    found = relative.to(baseline, side.samples)
    disturbed = {key for key in found if side.disturbed & {key, relative.cell_of(baseline, key)}}
    return replace(side, samples=found, disturbed=disturbed, baseline=baseline)


def load(label: str, place: Path, allow_mixed: bool, base: Optional[Side] = None) -> Side:
    """Reads one run; UsageError where it has nothing to compare. On the machine of `base` its times become those at the
    clock of that run: what the clock did from one run to the other is no difference of theirs."""
    rows = read_measured(label, place, allow_mixed)
    record = read_record(rows.path.parent / "run.json")
    machine = _one_machine(rows, record)
    clocks = references(rows.frame) if machine else {}
    if base is not None and machine and machine == base.machine and clocks and clocks.keys() <= base.clocks.keys():
        set_clock(rows.frame, factors(rows.frame, base.clocks))
    used = rows.measured()
    windows = used.groupby(CELL)["window_s"].median().dropna().to_dict()
    samples = samples_of(rows.frame)
    return Side(label, rows, str(record.get("revision", "")), samples, floor_of(samples), windows,
                disturbed_cells(rows.frame), machine, clocks, asked_ms=_number(record.get("window_ms")),
                facts=run_differences.facts_of(run_differences.record_beside(rows.path)))


def _number(found: Any) -> Optional[float]:
    return float(found) if isinstance(found, (int, float)) else None


def _check_windows(base: Side, other: Side) -> None:
    """A window of another length is another experiment: warm-up, turns of a GIL and noise weigh otherwise. Where an
    operation may outlast a window, as a fork or a collection does, the window is as long as it takes and says
    nothing; so it does where both runs asked for the same, and batches are longer than that."""
    if base.asked_ms is not None and base.asked_ms == other.asked_ms:
        return
    for driver in sorted({key[0] for key in base.windows} & set(COUNTING)):
        both = [key for key in base.windows if key[0] == driver and key in other.windows]
        pairs = sorted((other.windows[key] / base.windows[key], key) for key in both if base.windows[key] > 0)
        if not pairs:
            continue
        factor, key = pairs[len(pairs) // 2]
        if not 1 / (1 + SAME_WINDOW) <= factor <= 1 + SAME_WINDOW:
            raise UsageError(f"{other.label}: '{other.rows.path}' has windows of {other.windows[key] * 1e3:.3g} ms in "
                             f"driver {driver}, and {base.label} '{base.rows.path}' has {base.windows[key] * 1e3:.3g} "
                             "ms; accepted: runs with the same --window")


def _is_disturbed(key: CellKey, base: Side, other: Side) -> bool:
    return key in base.disturbed or key in other.disturbed


def _time(key: CellKey, base: Samples, other: Samples) -> Ratio:
    if key[0] == SCALING:
        return stats.ratio_between(base.ops_per_s, other.ops_per_s)
    return stats.ratio_between(other.ns_per_op, base.ns_per_op)


def _values(key: CellKey, one: Samples) -> float:
    return stats.estimate(one.ops_per_s if key[0] == SCALING else one.ns_per_op)


def unit_of(key: CellKey, baseline: str = "") -> str:
    """The unit of a cell's own figure."""
    quantity = "operations/s" if key[0] == SCALING else "ns"
    return f"{quantity} ÷ {baseline}" if baseline else quantity


def _widest(floors: Sequence[Optional[float]]) -> Optional[float]:
    known = [floor for floor in floors if floor is not None]
    return max(known) if known else None


@dataclass
class _Draft:
    """A comparison before its p-values are adjusted."""

    base: Side
    other: Side
    ratios: Dict[CellKey, Ratio]
    means: Dict[Tuple[str, ...], Tuple[stats.Mean, int]]

    def quiet(self) -> Dict[CellKey, Ratio]:
        """What may be claimed of, where nothing else disturbed either run."""
        return {key: one for key, one in self.ratios.items() if not _is_disturbed(key, self.base, self.other)}

    def of_means(self) -> List[float]:
        return [mean.p_value for mean, _ in self.means.values()]

    def of_cells(self) -> List[float]:
        """One process can say nothing of what differs between processes, nor can a cell that is disturbed."""
        quiet = self.quiet()
        return [one.p_value if key in quiet and one.processes > 1 else math.nan for key, one in self.ratios.items()]


def _draft(base: Side, other: Side) -> _Draft:
    _check_windows(base, other)
    ratios = {key: _time(key, own, other.samples[key]) for key, own in base.samples.items() if key in other.samples}
    if not ratios:
        raise UsageError(f"{other.label}: '{other.rows.path}' has no cell in common with {base.label} "
                         f"'{base.rows.path}'; accepted: runs that share a driver, workload, parameters, variant, "
                         "threads and placement")
    draft = _Draft(base, other, ratios, {})
    groups: Dict[Tuple[str, ...], List[CellKey]] = {}
    for name in (lambda key: (key[0],), lambda key: (key[0], key[3])):
        for key in draft.quiet():
            groups.setdefault(name(key), []).append(key)
    return replace(draft, means={
        name: (stats.geometric_mean_test([ratios[key] for key in own], alike(key[1] for key in own)), len(own))
        for name, own in groups.items()})


def _verdict(found: Interval, processes: int, p_adjusted: float, floor: Optional[float], shift: float) -> Verdict:
    # What differs between processes is unknown where each side has one.
    return judge(found, p_adjusted, floor or 0.0, shift=shift) if processes > 1 else Verdict(INCONCLUSIVE)


def _adjusted(drafts: Sequence["_Draft"], p_values: Callable[["_Draft"], List[float]]) -> List[List[float]]:
    """The p-values of each comparison, adjusted as one family over all of them."""
    own = [p_values(draft) for draft in drafts]
    whole = iter(holm([p for one in own for p in one]).tolist())
    return [[next(whole) for _ in one] for one in own]


@dataclass(frozen=True)
class _Shifts:
    """How much the other run is slower or faster as a whole, by driver and but for one variant: what all the others
    share is the machine's or the build's and not that variant's. Medians of logarithms."""

    by_driver: Dict[str, List[Tuple[str, float]]]

    @classmethod
    def of(cls, ratios: Dict[CellKey, Ratio]) -> "_Shifts":
        found: Dict[str, List[Tuple[str, float]]] = {}
        for key, one in ratios.items():
            if one.interval.value > 0:
                found.setdefault(key[0], []).append((key[3], math.log(one.interval.value)))
        return cls(found)

    def whole(self) -> Dict[str, float]:
        """By driver, where there is more than one variant."""
        return {driver: median(sorted(shift for _, shift in found)) for driver, found in self.by_driver.items()
                if len({name for name, _ in found}) > 1}

    def but_for(self, driver: str, variant: str) -> float:
        others = sorted(shift for name, shift in self.by_driver.get(driver, []) if name != variant)
        return abs(median(others)) if others else 0.0


def _finished(draft: _Draft, of_means: Sequence[float], of_cells: Sequence[float]) -> Comparison:
    floors = [side.floor for side in (draft.base, draft.other)]
    floor = _widest([one.cell_width if one else None for one in floors])
    mean_floor = _widest([one.width if one else None for one in floors])
    shifts = _Shifts.of(draft.quiet())
    means = tuple(
        Difference(name, None, (math.nan, math.nan), mean.interval, count, p, math.nan,
                   _verdict(mean.interval, mean.processes, p, mean_floor,
                            shifts.but_for(*name) if len(name) == 2 else 0.0))
        for (name, (mean, count)), p in zip(draft.means.items(), of_means))
    cells = []
    for (key, one), p in zip(draft.ratios.items(), of_cells):
        values = _values(key, draft.base.samples[key]), _values(key, draft.other.samples[key])
        verdict = _verdict(one.interval, one.processes, p, floor, shifts.but_for(key[0], key[3]))
        if verdict.kind != SAME and _is_disturbed(key, draft.base, draft.other):
            verdict = Verdict(DISTURBED)
        # Cliff's delta as of time: the samples of a rate come in the order that makes it so.
        cells.append(Difference(tuple(map(str, key)), key, values, one.interval, 1, p, one.effect, verdict))
    sides = ((draft.base, draft.other), (draft.other, draft.base))
    missing = tuple((key, own.label) for own, against in sides for key in own.samples if key not in against.samples)
    return Comparison(draft.base, draft.other, floor, mean_floor, shifts.whole(), means, tuple(cells), missing)


def compare(sides: Sequence[Side]) -> List[Comparison]:
    """Each run against the first. The p-values of the means of all comparisons are one family, and those of the cells
    another: that a variant changed as a whole must not be harder to see for every cell that it is seen in."""
    drafts = [_draft(sides[0], other) for other in sides[1:]]
    return [_finished(*one) for one in zip(drafts, _adjusted(drafts, _Draft.of_means),
                                           _adjusted(drafts, _Draft.of_cells))]
