"""The answer in words: one sentence for each scheme that a runtime without a GIL could use, from the cells of `counted_work` in
which references take a typical share of the time; from the other workloads where a run does not have those cells."""

from __future__ import annotations

import math
from typing import List, Optional, Tuple

from rcb.answers.prediction import COUNTED, SHARED
from rcb.answers.tradeoff import OVER_COUNTED, OVER_SHARED, TYPICAL, Curve, Series, Tradeoff
from rcb.answers.wording import counted, number, series
from rcb.report.view import number_of_place
from rcb.rows.drivers import SCALING
from rcb.stats.crossing import ALWAYS, NEVER, Turn
from rcb.stats.stats import Interval

# Without the cells of `counted_work`, so many other workloads are in a sentence; the tables have all.
PATTERNS_MOST = 2
IT = "it"
TOO_FEW = "too few processes for an interval"


def _times(found: Interval) -> str:
    """A ratio with its interval, or why it has none that tells anything."""
    size = f"{number(found.value)}×"
    if not found.tells:
        return f"{size} ({TOO_FEW})"
    return f"{size} [{number(found.low)}, {number(found.high)}]"


def _open(found: Interval, bar: float) -> bool:
    """Whether it may be 1, or more than the noise floor away from it."""
    return found.tells and found.low <= 1.0 <= found.high and not 1.0 / bar <= found.low <= found.high <= bar


def _alike(found: Interval, bar: float) -> bool:
    """Whether no more than the run's noise floor lies between it and 1."""
    return found.tells and 1.0 / bar <= found.value <= bar and not _open(found, bar)


def _between(found: Interval) -> str:
    return f"between {number(found.low)} and {number(found.high)} times"


def _on_one_thread(found: Interval, base: str, bar: float) -> str:
    """The clause on time; its subject is the variant, and base how the baseline is called."""
    if _alike(found, bar):
        return f"takes as long as {base} on one thread, as far as this run can tell ({_times(found)})"
    if _open(found, bar):
        return f"takes {_between(found)} as long as {base} on one thread"
    return f"takes {'only ' if found.value < 1.0 else ''}{_times(found)} as long as {base} on one thread"


def _on_many(found: Interval, threads: int, base: str, bar: float) -> str:
    """The clause on throughput, likewise. The baseline's is that of its best count of threads."""
    if _alike(found, bar):
        return f"does as much work on {counted(threads, 'thread')} as {base}, as far as this run can tell ({_times(found)})"
    work = "its work" if base == IT else f"the work of {base}"
    size = _between(found) if _open(found, bar) else f"{'only ' if found.value < 1.0 else ''}{_times(found)}"
    return f"does {size} {work} on {counted(threads, 'thread')}"


def _crossover(curve: Curve) -> str:
    """From how many threads on it is ahead, where that is not what the clause before says already."""
    turn, most = curve.crossover, curve.most.cell.threads
    if not turn.known or turn.value in (NEVER, 1.0) or turn.value >= most:
        return ""
    return f"; it is ahead from {counted(int(turn.value), 'thread')} on"


def _bounds(turn: Turn) -> str:
    if not turn.bounded or turn.low == turn.high:
        return ""
    low = "none" if turn.low == ALWAYS else number_of_place(turn.low)
    high = "any" if turn.high == NEVER else number_of_place(turn.high)
    return f" [{low}, {high}]"


def _while_shared(line: Optional[Series]) -> str:
    """How much sharing it stands, for a variant that is ahead where nothing is shared."""
    if line is None or not line.fall.tells or line.fall.value == ALWAYS:
        return ""
    if line.fall.value == NEVER:
        return f"stays ahead whatever share of the references goes to shared objects (up to {line.points[-1][0]:g} %)"
    return (f"stays ahead while fewer than {number_of_place(line.fall.value)} %{_bounds(line.fall)} of the references go to "
            "shared objects")


def _while_counted(line: Optional[Series]) -> str:
    """How much counting it stands, where nothing is shared."""
    if line is None or not line.fall.tells or line.fall.value == ALWAYS:
        return ""
    if line.fall.value == NEVER:
        places = [place for place, _ in line.points]
        return (f"with nothing shared it is ahead at every share of counting that was measured ({min(places):g} to "
                f"{max(places):g} %)")
    return (f"with nothing shared it is ahead until references take {number_of_place(line.fall.value)} %"
            f"{_bounds(line.fall)} of the time")


def _tax(tradeoff: Tradeoff, variant: str, pattern: Tuple[str, str, str, str]) -> Interval:
    found = (tax.ratio for tax in tradeoff.taxes if tax.cell.variant == variant
             and (tax.cell.driver, tax.cell.workload, tax.cell.params, tax.cell.placement) == pattern)
    return next(found, Interval(math.nan))


def _clauses(tradeoff: Tradeoff, variant: str, curve: Curve, base: str) -> Optional[str]:
    """What it costs one thread and does on many, on one workload. None: neither is known."""
    tax, point = _tax(tradeoff, variant, curve.pattern), curve.most
    parts = []
    if math.isfinite(tax.value):
        parts.append(_on_one_thread(tax, base, tradeoff.bar))
    if point.cell.threads > 1 and math.isfinite(point.against.interval.value):
        own = base if not parts else IT
        parts.append(_on_many(point.against.interval, point.cell.threads, own, tradeoff.bar) + _crossover(curve))
    return ", and ".join(parts) if parts else None


def _ahead(curve: Curve, bar: float) -> bool:
    found = curve.most.against.interval
    return curve.most.cell.threads > 1 and found.value > bar and (not found.bounded or found.low > 1.0)


def _named(tradeoff: Tradeoff) -> str:
    """The baseline with what it stands for."""
    stands_for = f" ({tradeoff.stands_for})" if tradeoff.stands_for else ""
    return f"`{tradeoff.baseline}`{stands_for}"


def sentence(tradeoff: Tradeoff, variant: str, where: str = "", brief: bool = False) -> Optional[str]:
    """One variant's answer; a brief one follows one that has said what it is about. None: nothing of it was measured
    beside the baseline on workloads that scale."""
    curve = tradeoff.typical(variant)
    base = f"`{tradeoff.baseline}`" if brief else _named(tradeoff)
    clauses = _clauses(tradeoff, variant, curve, base) if curve is not None else None
    if curve is None or clauses is None:
        return _of_other_workloads(tradeoff, variant, where)
    opening = "" if brief else f"{where + ', w' if where else 'W'}here references take {TYPICAL:g} % of one thread's time, "
    words = f"{opening}`{variant}` {clauses}"
    if not _ahead(curve, tradeoff.bar):
        return f"{words}."
    shared = _while_shared(tradeoff.line(variant, OVER_SHARED, f"{COUNTED}={TYPICAL:g}"))
    counting = _while_counted(tradeoff.line(variant, OVER_COUNTED, f"{SHARED}=0"))
    if brief:
        return "; ".join(filter(None, (words, f"it {shared}" if shared else "", counting))) + "."
    limits = "; ".join(filter(None, (f"It {shared}" if shared else "", counting)))
    return f"{words}.{' ' + limits[0].upper() + limits[1:] + '.' if limits else ''}"


def _of_other_workloads(tradeoff: Tradeoff, variant: str, where: str) -> Optional[str]:
    parts = []
    for curve in tradeoff.curves:
        clauses = (_clauses(tradeoff, variant, curve, f"`{tradeoff.baseline}`")
                   if curve.variant == variant and curve.pattern[0] == SCALING else None)
        if clauses is not None:
            parts.append(f"in `{curve.name}` it {clauses}")
    if not parts:
        return None
    told = "; ".join(parts[:PATTERNS_MOST])
    more = "; the tables have the other workloads" if len(parts) > PATTERNS_MOST else ""
    return f"{where + ': ' if where else ''}`{variant}` where threads do little but count: {told}{more}."


def _cost(tradeoff: Tradeoff, variant: str) -> Tuple[float, str]:
    """Sorts by what does most work on the most threads, then by name."""
    curve = tradeoff.typical(variant)
    gain = curve.most.against.interval.value if curve is not None else math.nan
    return (-gain if math.isfinite(gain) else math.inf), variant


def sentences(tradeoff: Tradeoff) -> List[str]:
    """The answer for every choice: the best in full, the others in brief."""
    found: List[str] = []
    for name in sorted(tradeoff.choices, key=lambda one: _cost(tradeoff, one)):
        words = sentence(tradeoff, name, brief=bool(found) and tradeoff.typical(name) is not None)
        found += [words] if words is not None else []
    if found and tradeoff.stands_for and not any(tradeoff.typical(name) for name in tradeoff.choices):
        found.append(f"`{tradeoff.baseline}` stands for {tradeoff.stands_for}.")
    return found


def missing(tradeoff: Tradeoff) -> Optional[str]:
    """What the run would have needed to be answered; None where it has an answer."""
    if sentences(tradeoff):
        return None
    if not tradeoff.baseline:
        return "No variant with a GIL was measured, so there is nothing to compare the others with."
    if not tradeoff.choices:
        return "No variant without a GIL was measured that counts references and frees by them."
    names = series([f"`{name}`" for name in tradeoff.choices])
    return f"No workload over threads was measured under both `{tradeoff.baseline}` and {names}."
