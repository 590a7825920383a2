"""Numbers and answers in words: how a number is written, and the plain sentences that open a report."""

from __future__ import annotations

import math
from typing import List, Optional

from rcb import clock
from rcb.stats import Interval
from rcb.summary import BASELINE, TWIN, Cell, Headline, Summary
from rcb.tradeoff import SHARED, parameter

NO_NUMBER = "–"


def number(value: float) -> str:
    """Three significant digits, and never an exponent for the sizes that occur."""
    if not math.isfinite(value):
        return NO_NUMBER
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 0.1 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def times(found: Interval, bounds: bool = True) -> str:
    """A ratio with its interval: 1.42× (1.40 to 1.45)."""
    if not math.isfinite(found.value):
        return NO_NUMBER
    text = f"{number(found.value)}×"
    return f"{text} ({number(found.low)} to {number(found.high)})" if bounds and found.bounded else text


def spread(found: Interval) -> str:
    """A number with its interval, without a unit."""
    return times(found).replace("×", "")


def span(found: Interval) -> str:
    """An interval alone, without blanks: 1.40–1.45."""
    return f"{number(found.low)}–{number(found.high)}" if found.bounded else NO_NUMBER


def duration(seconds: float) -> str:
    """A time as people say it."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def percent(value: float) -> str:
    """A relative difference, signed: +0.3 %."""
    return f"{(value - 1.0) * 100.0:+.1f} %" if math.isfinite(value) else NO_NUMBER


def counted(count: int, noun: str, plural: str = "") -> str:
    """A count with its noun in the right number."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def series(parts: List[str]) -> str:
    """a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _against_baseline(line: Headline, floor: float) -> str:
    found = line.overhead
    if found.bounded and found.low <= math.exp(floor) and found.high >= math.exp(-floor):
        return f"{line.variant} {times(found)}, which this run cannot tell from {BASELINE}"
    return f"{line.variant} {times(found)}"


def _one_thread(summary: Summary) -> Optional[str]:
    floor = summary.floor.width if summary.floor else 0.0
    lines = [line for line in summary.headline
             if line.variant not in (BASELINE, TWIN) and math.isfinite(line.overhead.value)]
    if not lines:
        return None
    cells = max(line.overhead_cells for line in lines)
    told = "; ".join(_against_baseline(line, floor) for line in lines)
    return (f"On one thread, in time per operation against {BASELINE} (geometric mean of {counted(cells, 'cell')}): "
            f"{told}.")


def _scaling(summary: Summary, attribute: str, what: str) -> Optional[str]:
    found = [(line.variant, getattr(line, attribute)) for line in summary.headline]
    told = sorted(((name, one) for name, one in found if math.isfinite(one.value)), key=lambda pair: -pair[1].value)
    if not told or summary.max_threads < 2:
        return None
    text = "; ".join(f"{name} {times(one)}" for name, one in told)
    return f"On {summary.max_threads} threads, against its own one thread, when {what}: {text}."


def share_of(cell: Cell) -> Optional[float]:
    """The share of shared references of a cell of the mixed workload, in percent."""
    return parameter(cell.params, SHARED[1]) if cell.workload == SHARED[0] else None


def floor_sentence(summary: Summary) -> str:
    """The noise floor in one sentence."""
    floor = summary.floor
    if floor is None:
        return f"Noise floor: unknown, as {BASELINE} and {TWIN} were not both measured."
    return (f"Noise floor: {TWIN} is {BASELINE} compiled a second time and differs from it by "
            f"{percent(floor.mean.value)} in the geometric mean of {counted(floor.cells, 'cell')}, by "
            f"{percent(floor.worst)} in the worst ({floor.worst_cell}).")


def status_sentence(summary: Summary) -> str:
    """What happened to the rows, in one sentence."""
    counts = {status: count for status, count in summary.status_counts().items() if count}
    told = series([f"{count} {status}" for status, count in counts.items()]) if counts else "no rows"
    trials = summary.trials
    if trials.failed or trials.repeated:
        told += (f" ({counted(trials.repeated, 'trial')} spoiled by noise, measured again and good; "
                 f"{counted(trials.failed, 'trial')} failed)")
    aside = sum(cell.set_aside for cell in summary.cells)
    if aside:
        told += f"; {aside} of the good ones are set aside, disturbed where undisturbed ones stand beside them"
    left_out = f"; {counted(len(summary.rows.bad), 'unreadable line')} left out" if summary.rows.bad else ""
    return f"Rows: {told}{left_out}."


def clock_sentence(summary: Summary) -> Optional[str]:
    """What clock the times are of, in one sentence; None where no row tells its own."""
    found = clock.range_of(summary.rows.frame)
    if found is None:
        return None
    low, high = (f"{edge * 100:.1f}" for edge in found)
    return ("Clock: times that a core's clock sets are those at the run's typical clock; 95 % of their trials ran at "
            f"{low} to {high} % of it.")


def answers(summary: Summary) -> List[str]:
    """The answers that the data give, in the order in which people ask."""
    found = [
        _one_thread(summary),
        _scaling(summary, "private", "every thread counts its own objects"),
        _scaling(summary, "shared_one", "all threads count one object"),
        _scaling(summary, "shared_none", "all threads count None"),
        floor_sentence(summary),
        clock_sentence(summary),
        status_sentence(summary),
    ]
    return [sentence for sentence in found if sentence]
