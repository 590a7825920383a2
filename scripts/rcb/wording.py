"""Numbers and answers in words: how a number is written, and the plain sentences that open a report."""

from __future__ import annotations

import math
from typing import List, Optional, Tuple

from rcb.stats import Interval
from rcb.summary import BASELINE, SCALING, TWIN, Cell, Headline, Summary

NO_NUMBER = "–"
SHARE_WORKLOAD = "mixed"
SHARE_PARAM = "p="


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
    for part in cell.params.split(";"):
        if cell.workload == SHARE_WORKLOAD and part.startswith(SHARE_PARAM):
            try:
                return float(part[len(SHARE_PARAM):])
            except ValueError:
                return None
    return None


Payoff = Tuple[float, str, Optional[int], float]


def payoffs(summary: Summary, gil: str = "gil") -> List[Payoff]:
    """For each share of shared references and each variant without a GIL: the fewest threads from which it does more
    work than gil, interval against interval (None: never), and its gain at the most threads."""
    rates = {(share_of(cell), cell.variant, cell.threads): cell.ops_per_s for cell in summary.cells
             if cell.driver == SCALING and cell.measured and not cell.oversubscribed and share_of(cell) is not None}
    found: List[Payoff] = []
    free = [name for name, mode in summary.modes.items() if mode == "free"]
    for share in sorted({key[0] for key in rates}):
        for variant in free:
            counts = sorted(threads for one, name, threads in rates if one == share and name == variant
                            and (share, gil, threads) in rates)
            if not counts:
                continue
            first = None
            for threads in reversed(counts):
                own, other = rates[share, variant, threads], rates[share, gil, threads]
                if not _above(own, other):
                    break
                first = threads
            gain = rates[share, variant, counts[-1]].value / rates[share, gil, counts[-1]].value
            found.append((share, variant, first, gain))
    return found


def _above(own: Interval, other: Interval) -> bool:
    return (own.low if own.bounded else own.value) > (other.high if other.bounded else other.value)


def _dropping_the_gil(summary: Summary) -> Optional[str]:
    found = payoffs(summary)
    if not found or summary.max_threads < 2:
        return None
    told = []
    for variant in dict.fromkeys(one[1] for one in found):
        own = [one for one in found if one[1] == variant]
        paying = [one for one in own if one[2] is not None]
        if len(paying) == len(own):
            told.append(f"{variant} at every share measured")
        elif paying:
            told.append(f"{variant} at {series([f'{one[0]:g} %' for one in paying])}")
        else:
            told.append(f"{variant} at none")
    return (f"More work than under the GIL on {summary.max_threads} threads or fewer, by the share of references that "
            f"go to shared objects: {'; '.join(told)}.")


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
    left_out = f"; {counted(len(summary.rows.bad), 'unreadable line')} left out" if summary.rows.bad else ""
    return f"Rows: {told}{left_out}."


def answers(summary: Summary) -> List[str]:
    """The answers that the data give, in the order in which people ask."""
    found = [
        _one_thread(summary),
        _scaling(summary, "private", "every thread counts its own objects"),
        _scaling(summary, "shared_one", "all threads count one object"),
        _scaling(summary, "shared_none", "all threads count None"),
        _dropping_the_gil(summary),
        floor_sentence(summary),
        status_sentence(summary),
    ]
    return [sentence for sentence in found if sentence]
