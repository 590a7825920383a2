"""Numbers in words: how a number is written, and the sentences that say how good a run's numbers are."""

from __future__ import annotations

import math
from typing import List, Optional

from rcb.answers.summary import BASELINE, TWIN, Summary
from rcb.rows import clock
from rcb.stats.stats import Interval

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


def floor_sentence(summary: Summary) -> str:
    """The noise floor in one sentence."""
    floor = summary.floor
    if floor is None:
        return (f"Noise floor: unknown, because this run did not measure both {BASELINE} and {TWIN}. Small differences "
                "may be noise.")
    return (f"Noise floor: {TWIN} is {BASELINE} compiled a second time. The two differ by {percent(floor.mean.value)} in "
            f"the geometric mean of {counted(floor.cells, 'cell')}, and by {percent(floor.worst)} in the worst cell "
            f"({floor.worst_cell}). No smaller difference is a result.")


def status_sentence(summary: Summary) -> str:
    """What became of the trials, in one sentence or two."""
    counts, trials = summary.status_counts(), summary.trials
    aside = sum(cell.set_aside for cell in summary.cells)
    used = counts["ok"] + counts["oversubscribed"] - aside
    words = f"Trials: {used:,} count."
    if trials.repeated:
        words += f" {counted(trials.repeated, 'trial')} were disturbed by other programs and measured again."
    if aside:
        words += (f" {aside} that stayed disturbed are left out, because the same cells have undisturbed ones.")
    if trials.lost:
        words += f" Noise left {counted(trials.lost, 'trial')} without a good row."
    if trials.failed:
        words += f" {counted(trials.failed, 'trial')} failed: the report lists why."
    if summary.rows.bad:
        verb = "is" if len(summary.rows.bad) == 1 else "are"
        words += f" {counted(len(summary.rows.bad), 'line')} of the rows could not be read and {verb} left out."
    return words


def clock_sentence(summary: Summary) -> Optional[str]:
    """At which clock the trials ran, in one sentence; None where no row says."""
    found = clock.range_of(summary.rows.frame)
    if found is None:
        return None
    low, high = (f"{edge * 100:.0f}" for edge in found)
    return (f"Clock: 95 % of the trials ran at {low} to {high} % of the typical clock of this run; times are converted "
            "to it.")


def answers(summary: Summary) -> List[str]:
    """How good the numbers are."""
    found = [floor_sentence(summary), clock_sentence(summary), status_sentence(summary)]
    return [sentence for sentence in found if sentence]
