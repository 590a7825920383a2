"""The charts of the drivers memory and latency: what a fork costs in memory, how pauses grow, how long a hand-off
takes."""

from __future__ import annotations

import math
from typing import Callable, Dict, List, Optional, Sequence, Tuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from rcb.answers.summary import Cell, Summary
from rcb.answers.wording import number
from rcb.report.drawing import DASHES, INK, STYLE, Chart, bars, decades, grid_of_axes, inline, legend, looks_of, series_line
from rcb.report.memory_tables import MILLI, QUANTILES, cells_of, curves, forks, parameter, policy
from rcb.stats.stats import Interval

Line = List[Tuple[float, Interval]]


def _scaled(found: Interval, scale: float) -> Interval:
    return Interval(found.value / scale, found.low / scale, found.high / scale)


def _panels(cells: Sequence[Cell], name: Callable[[Cell], str]) -> Dict[str, List[Cell]]:
    found: Dict[str, List[Cell]] = {}
    for cell in cells:
        found.setdefault(name(cell), []).append(cell)
    return found


def fork_cow(summary: Summary) -> Optional[Chart]:
    """One panel for each policy: the share of the heap that a child dirties."""
    cells = [cell for cell in forks(cells_of(summary, "fork_cow"))
             if math.isfinite(cell.side.measure("percent_dirtied").value)]
    if not cells:
        return None
    panels = _panels(cells, policy)
    most = max(len(own) for own in panels.values())
    with matplotlib.rc_context(STYLE):
        figure, axes_of = grid_of_axes(len(panels), 0.21 * most + 0.75)
        for axes, (title, own) in zip(axes_of, panels.items()):
            bars(axes, [cell.variant for cell in own], [cell.side.measure("percent_dirtied") for cell in own])
            axes.set_xlim(0, 128)
            axes.set_xticks((0, 25, 50, 75, 100))
            axes.set_title(title)
        figure.supxlabel("% of the parent's heap that a child dirties by reading it; whiskers: 95 % interval",
                         fontsize=9)
        svg = inline(figure, "fork")
    told = "; ".join(f"{title}: " + ", ".join(
        f"{cell.variant} {number(cell.side.measure('percent_dirtied').value)} %" for cell in own)
        for title, own in panels.items())
    return Chart("What a forked child that only reads dirties", svg, f"Bars by policy and variant: {told}.")


def _logarithmic(axes: Axes) -> None:
    axes.set_yscale("log")
    axes.grid(axis="y")


def _alike(panels: Sequence[Axes]) -> None:
    """The same heights mean the same in all panels."""
    ends = [axes.get_ylim() for axes in panels]
    for axes in panels:
        axes.set_ylim(min(low for low, _ in ends), max(high for _, high in ends))
        decades(axes.yaxis)


def _in_proportion(axes: Axes, lines: Sequence[Line]) -> None:
    """A straight line of equal time per object, through the middle of all points."""
    points = [point for line in lines for point in line]
    each = math.exp(float(np.mean([math.log(found.value / place) for place, found in points])))
    ends = [min(place for place, _ in points), max(place for place, _ in points)]
    axes.plot(ends, [each * place for place in ends], color=INK, linewidth=0.8, linestyle=DASHES[2])


def pauses(summary: Summary) -> Optional[Chart]:
    """Median collection over the size of the live heap, both logarithmic; one panel for each count of threads."""
    by_panel: Dict[str, Dict[str, Line]] = {}
    for (variant, where), line in curves(cells_of(summary, "gc_pause")).items():
        if len(line) > 1:
            by_panel.setdefault(where, {})[variant] = [(place, _scaled(found, MILLI)) for place, found in line]
    if not by_panel:
        return None
    look = looks_of(summary)
    variants = sorted({variant for lines in by_panel.values() for variant in lines})
    with matplotlib.rc_context(STYLE):
        figure, panels = grid_of_axes(len(by_panel), 3.0)
        for axes, (where, lines) in zip(panels, by_panel.items()):
            _in_proportion(axes, list(lines.values()))
            for variant in sorted(lines):
                series_line(axes, look[variant], lines[variant])
            axes.set_xscale("log")
            decades(axes.xaxis)
            axes.tick_params(axis="x", labelrotation=30)
            _logarithmic(axes)
            axes.set_title(where)
        _alike(panels)
        figure.supxlabel("live objects (logarithmic)", fontsize=9)
        figure.supylabel("median collection, ms (logarithmic)", fontsize=9)
        legend(figure, variants, look, [Line2D([], [], color=INK, linewidth=0.8, linestyle=DASHES[2],
                                               label="in proportion to the objects")])
        svg = inline(figure, "pauses")
    told = "; ".join(f"{where}, {variant}: " + ", ".join(f"{place:,.0f} objects {number(found.value)} ms"
                                                         for place, found in lines[variant])
                     for where, lines in by_panel.items() for variant in sorted(lines))
    return Chart("Collections by the size of the live heap", svg, f"Lines of the median collection: {told}.")


def _quantile_line(cell: Cell) -> Line:
    found = [(float(place), cell.side.get(name)) for place, (name, _) in enumerate(QUANTILES)]
    return [(place, _scaled(one, MILLI)) for place, one in found if one.value > 0]


def handoff(summary: Summary) -> Optional[Chart]:
    """Quantiles of the response of a short task, one panel for each switch interval."""
    cells = [cell for cell in cells_of(summary, "handoff_latency") if _quantile_line(cell)]
    if not cells:
        return None
    panels = _panels(cells, lambda cell: f"switch interval {parameter(cell, 'interval_ms')} ms")
    look = looks_of(summary)
    with matplotlib.rc_context(STYLE):
        figure, axes_of = grid_of_axes(len(panels), 3.0)
        for axes, (title, own) in zip(axes_of, panels.items()):
            for cell in own:
                series_line(axes, look[cell.variant], _quantile_line(cell))
            axes.set_xticks(range(len(QUANTILES)), labels=[name for _, name in QUANTILES])
            axes.tick_params(axis="x", labelrotation=30)
            _logarithmic(axes)
            axes.set_title(title)
        _alike(axes_of)
        label = next((cell.side.latency for cell in cells if cell.side.latency), "unnamed")
        figure.supxlabel("quantile", fontsize=9)
        figure.supylabel(f"{label}, ms (logarithmic)", fontsize=9)
        legend(figure, sorted({cell.variant for cell in cells}), look)
        svg = inline(figure, "handoff")
    told = "; ".join(f"{title}: " + ", ".join(f"{cell.variant} {number(cell.side.get(QUANTILES[2][0]).value / MILLI)}"
                                              " ms" for cell in own) for title, own in panels.items())
    return Chart("How long a short task takes behind one that computes", svg,
                 f"Lines of quantiles from the median to the longest; the 99th percentiles: {told}.")


def all_charts(summary: Summary) -> Tuple[Chart, ...]:
    """Those that the run has cells for."""
    return tuple(chart for chart in (fork_cow(summary), pauses(summary), handoff(summary)) if chart is not None)
