"""One paragraph in plain words for each variant without a GIL, made from the trade-off: what it costs one thread, from
how many threads on and up to which share of shared objects it beats the GIL, and what one hot object does to it."""

from __future__ import annotations

import math
from typing import List, Optional, Tuple

from rcb.crossing import ALWAYS, NEVER, Turn
from rcb.stats import Interval
from rcb.tradeoff import GIL, Curve, Series, Tradeoff
from rcb.view import number_of_place
from rcb.wording import counted, number


def _bracket(found: Interval) -> str:
    return f" [{number(found.low)}, {number(found.high)}]" if found.bounded else ""


def _threads(value: float) -> str:
    return counted(int(value), "thread")


def tax(variant: str, found: Interval, bar: float) -> str:
    """The clause on one thread, with its subject."""
    if not math.isfinite(found.value):
        return f"it is not known what `{variant}` costs on one thread, as it and `{GIL}` were not both measured there"
    size = f"{number(found.value)}×{_bracket(found)}"
    if found.bounded and found.low <= bar and found.high >= 1.0 / bar:
        return f"`{variant}` costs as much on one thread as the GIL does, as far as this run can tell ({size})"
    if not found.bounded:
        return f"`{variant}` costs {size} (single trials) on one thread"
    return f"`{variant}` costs {'' if found.value > 1.0 else 'only '}{size} on one thread"


def _overtakes(turn: Turn, most: int) -> str:
    """The verb with its threads, for a variant that is ahead in the end, and whether the interval doubts it."""
    if turn.value <= 1.0:
        words = "is ahead of the GIL from one thread on"
    else:
        words = f"overtakes the GIL from {_threads(turn.value)}"
    if not turn.bounded or turn.low == turn.high:
        return words
    if turn.high == NEVER:
        return f"{words} (95 % interval: from {_threads(turn.low)} to never up to {most})"
    return f"{words} (95 % interval: {int(turn.low)} to {int(turn.high)})"


def _lags(turn: Turn, most: int) -> str:
    words = f"does not overtake the GIL on up to {_threads(most)}"
    if turn.bounded and turn.low != NEVER:
        words += f" (though the interval does not rule out that it does from {_threads(turn.low)})"
    return words


def _share_bounds(turn: Turn) -> str:
    if not turn.bounded or turn.low == turn.high:
        return ""
    low = "none" if turn.low == ALWAYS else f"{number_of_place(turn.low)}"
    high = "any" if turn.high == NEVER else f"{number_of_place(turn.high)}"
    return f" [{low}, {high}]"


def _while_shared(series: Series, start: Turn) -> str:
    """The clause on the share of shared references, for a variant that is ahead at the smallest share."""
    smallest, largest = series.points[0][0], series.points[-1][0]
    if series.fall.value == NEVER:
        words = f"whatever share of references goes to shared objects ({smallest:g} to {largest:g} % measured)"
        if series.fall.bounded and series.fall.low != NEVER:
            low = "already at the smallest share" if series.fall.low == ALWAYS else \
                f"from {number_of_place(series.fall.low)} % on"
            words += f", though the interval does not rule out that it falls behind {low}"
        return words
    share = f"{number_of_place(series.fall.value)} %{_share_bounds(series.fall)}"
    limit = f"under {share} of references go to shared objects"
    if start.value < series.threads:
        return f"and stays ahead on {_threads(series.threads)} while {limit}"
    return f"while {limit}"


def _mixed(series: Series, turn: Turn) -> str:
    """What more and more sharing does to it."""
    smallest = series.points[0][0]
    when = "when nothing is shared" if smallest == 0.0 else f"when {smallest:g} % of references go to shared objects"
    if turn.value == NEVER or series.fall.value == ALWAYS:
        return f"{_lags(turn, series.threads)}, even {when}"
    between = f" {when}" if turn.value < series.threads and series.fall.value != NEVER else ""
    return f"{_overtakes(turn, series.threads)}{between} {_while_shared(series, turn)}"


def _private(curve: Curve, most: int) -> str:
    turn = curve.crossover
    when = "when every thread has objects of its own"
    if turn.value == NEVER:
        return f"{_lags(turn, most)}, even {when}"
    return f"{_overtakes(turn, most)} {when}"


# By what was said before it: the clause's opening, and how it says never, from one thread on, and from more.
_HOT = {
    "ahead": ("; with one hot object ", "it never does", "it does so on one thread already", "it does from"),
    "behind": ("; ", "with one hot object it does not either", "yet with one hot object it is ahead from one thread on",
               "yet with one hot object it does from"),
    "unknown": ("; with one hot object ", "it never overtakes the GIL", "it is ahead of the GIL from one thread on",
                "it overtakes the GIL from"),
}


def _hot(curve: Optional[Curve], before: str) -> str:
    """The last clause: all threads count one object."""
    if curve is None or not curve.crossover.known:
        return ""
    turn = curve.crossover
    opening, never, at_once, later = _HOT[before]
    if turn.value == NEVER:
        doubt = "" if not turn.bounded or turn.low == NEVER else \
            f" (though the interval does not rule out that it does from {_threads(turn.low)})"
        return f"{opening}{never}{doubt}"
    words = at_once if turn.value <= 1.0 else f"{later} {_threads(turn.value)}"
    return f"{opening}{words}{' (the interval includes never)' if turn.high == NEVER else ''}"


def _start_of(tradeoff: Tradeoff, series: Series) -> Optional[Curve]:
    cell = series.points[0][1].cell
    return next((one for one in tradeoff.curves if one.variant == series.variant
                 and one.pattern == (cell.driver, cell.workload, cell.params, cell.placement)), None)


def paragraph(tradeoff: Tradeoff, variant: str, where: str = "On this machine") -> str:
    """One variant in one sentence."""
    opening = f"{where} {tax(variant, tradeoff.mean_tax[variant], tradeoff.bar)}"
    if tradeoff.most < 2:
        return f"{opening}; how it scales was not measured, as no cell ran on more than one thread."
    hot = tradeoff.curve(variant, "shared_one")
    middle, ahead = _sharing(tradeoff, variant)
    if not middle:
        unknown = f"; it and `{GIL}` were not both measured on mixed or private objects on more than one thread"
        return f"{opening}{_hot(hot, 'unknown') or unknown}."
    known = math.isfinite(tradeoff.mean_tax[variant].value)
    return f"{opening}{' and ' if known else '; it '}{middle}{_hot(hot, 'ahead' if ahead else 'behind')}."


def _sharing(tradeoff: Tradeoff, variant: str) -> Tuple[str, bool]:
    """The clause on many threads, and whether the variant is ahead in it: from mixed objects, else from private
    ones."""
    series = tradeoff.sharing(variant)
    start = _start_of(tradeoff, series) if series else None
    if series and series.fall.known and start and start.crossover.known:
        return _mixed(series, start.crossover), NEVER not in (start.crossover.value, -series.fall.value)
    private = tradeoff.curve(variant, "private", "op=pair")
    if private and private.crossover.known:
        return _private(private, tradeoff.most), private.crossover.value != NEVER
    return "", False


def paragraphs(tradeoff: Tradeoff) -> List[str]:
    """All variants that a runtime could use, the cheapest on one thread first."""
    def place(variant: str) -> Tuple[float, str]:
        cost = tradeoff.mean_tax[variant].value
        return (cost if math.isfinite(cost) else math.inf), variant
    return [paragraph(tradeoff, variant) for variant in sorted(tradeoff.choices, key=place)]
