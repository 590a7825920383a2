"""The one chart of the first screen: throughput against the GIL's best, over threads, where references take a typical share
of the time."""

from __future__ import annotations

import math
from typing import Dict, List, Optional, Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rcb.answers.analysis import Analysis
from rcb.answers.tradeoff import TYPICAL, Curve, Tradeoff
from rcb.answers.wording import counted, number
from rcb.report.drawing import DASHES, INK, STYLE, Chart, Look, drawn, inline, legend, log_log, looks_of, series_line

# Shares of references to shared objects, in percent: a panel each.
PANELS = (0.0, 5.0)


def _curves(tradeoff: Tradeoff, shared: float) -> List[Curve]:
    found = (tradeoff.typical(name, shared) for name in tradeoff.choices)
    return [one for one in found if one is not None
            and sum(math.isfinite(point.against.interval.value) for point in one.points) > 1]


def _title(shared: float) -> str:
    return "nothing is shared" if not shared else f"{shared:g} % of references go to shared objects"


def over_threads(analysis: Analysis) -> Optional[Chart]:
    """A panel for each share of shared references, a line for each variant that a runtime could use."""
    tradeoff = analysis.tradeoff
    panels = [(shared, found) for shared in PANELS for found in [_curves(tradeoff, shared)] if found]
    if not panels:
        return None
    names = sorted({curve.variant for _, found in panels for curve in found})
    look = looks_of(analysis.summary)
    counts = sorted({point.cell.threads for _, found in panels for curve in found for point in curve.points})
    ends = [drawn(point.against.interval) for _, found in panels for curve in found for point in curve.points]
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(3.4 * len(panels) + 0.6, 3.4), layout="constrained")
        for axes, (shared, found) in zip(figure.subplots(1, len(panels), sharey=True, squeeze=False)[0], panels):
            _panel(axes, found, look)
            log_log(axes, counts, min([1.0, *(one.low for one in ends)]), max([1.0, *(one.high for one in ends)]))
            axes.set_title(_title(shared))
        figure.supxlabel("threads", fontsize=9)
        figure.supylabel(f"throughput, {tradeoff.baseline} at its best = 1", fontsize=9)
        legend(figure, names, look)
        svg = inline(figure, "first")
    told = "; ".join(f"{_title(shared)}: {_told(found)}" for shared, found in panels)
    return Chart(f"Throughput where references take {TYPICAL:g} % of one thread's time", svg,
                 f"Lines over threads on logarithmic axes; above 1 a variant beats {tradeoff.baseline}. {told}.",
                 "answer.svg")


def _told(found: Sequence[Curve]) -> str:
    return ", ".join(f"{curve.variant} {number(curve.most.against.interval.value)} on "
                     f"{counted(curve.most.cell.threads, 'thread')}" for curve in found)


def _panel(axes: Axes, found: Sequence[Curve], look: Dict[str, Look]) -> None:
    axes.axhline(1.0, color=INK, linewidth=0.8, linestyle=DASHES[1])
    for curve in found:
        series_line(axes, look[curve.variant], [(point.cell.threads, point.against.interval) for point in curve.points])
        # Where the variant overtakes the GIL for good.
        turn = curve.crossover.value
        if math.isfinite(turn) and turn > 1.0:
            place = next(point for point in curve.points if point.cell.threads == turn)
            axes.plot([turn], [place.against.interval.value], marker="o", markersize=11, fillstyle="none", color=INK,
                      linewidth=0)
