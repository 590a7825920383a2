"""The charts of what counting costs one thread, and of how throughput scales."""

from __future__ import annotations

import math
from typing import Callable, Dict, List, Optional, Sequence

import matplotlib
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rcb.answers.summary import BASELINE, Cell, Summary
from rcb.answers.tradeoff import OVER_MIXED
from rcb.answers.wording import counted, number, times
from rcb.report.drawing import (DASHES, GRID, INK, STYLE, Chart, bars, decades, drawn, grid_of_axes, inline, legend, log_log,
                         looks_of, series_line)
from rcb.rows.drivers import OVERHEAD, SCALING
from rcb.rows.schema import parameter
from rcb.stats.stats import Interval


def overhead_means(summary: Summary) -> Optional[Chart]:
    """The whole overhead driver in one bar per variant."""
    lines = [line for line in summary.headline if math.isfinite(line.overhead.value)]
    if not lines:
        return None
    title = f"Time per operation on one thread, {BASELINE} = 1"
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(8.0, 0.32 * len(lines) + 0.9), layout="constrained")
        axes = figure.subplots()
        bars(axes, [line.variant for line in lines], [line.overhead for line in lines])
        axes.axvline(1.0, color=INK, linewidth=0.8, linestyle=DASHES[1])
        if summary.floor:
            width = summary.floor.width
            axes.axvspan(math.exp(-width), math.exp(width), color=GRID, alpha=0.6, linewidth=0)
        axes.set_xlabel(f"geometric mean of ratios to {BASELINE}; whiskers: 95 % interval; band: noise floor")
        svg = inline(figure, "means")
    told = "; ".join(f"{line.variant} {times(line.overhead)}" for line in lines)
    return Chart(title, svg, f"Bars, one per variant, against {BASELINE}: {told}.", "overhead.svg")


def _patterns(cells: Sequence[Cell]) -> Dict[str, List[Cell]]:
    found: Dict[str, List[Cell]] = {}
    for cell in cells:
        found.setdefault(cell.pattern, []).append(cell)
    return found


def _range(cells: Sequence[Cell], value: Callable[[Cell], float], unit: str) -> str:
    best, worst = min(cells, key=value), max(cells, key=value)
    return f"from {number(value(best))} {unit} ({best.variant}) to {number(value(worst))} {unit} ({worst.variant})"


def overhead_cells(summary: Summary) -> Optional[Chart]:
    """One panel of bars per workload of the overhead driver."""
    order = {line.variant: place for place, line in enumerate(summary.headline)}
    patterns = _patterns([cell for cell in summary.own if cell.driver == OVERHEAD and cell.measured])
    if not patterns:
        return None
    most = max(len(cells) for cells in patterns.values())
    with matplotlib.rc_context(STYLE):
        figure, panels = grid_of_axes(len(patterns), 0.21 * most + 0.75)
        for axes, (pattern, cells) in zip(panels, patterns.items()):
            ordered = sorted(cells, key=lambda cell: order[cell.variant])
            bars(axes, [cell.variant for cell in ordered], [cell.ns_per_op for cell in ordered])
            axes.set_title(pattern)
        figure.supxlabel("ns per operation; whiskers: 95 % interval", fontsize=9)
        svg = inline(figure, "overhead")
    told = "; ".join(f"{pattern} {_range(cells, lambda cell: cell.ns_per_op.value, 'ns')}"
                     for pattern, cells in patterns.items())
    return Chart("Each workload on one thread", svg, f"Bars of nanoseconds per operation: {told}.")


def _scaling_cells(summary: Summary) -> List[Cell]:
    return [cell for cell in summary.own if cell.driver == SCALING and cell.measured]


def _speedup_bars(summary: Summary, patterns: Dict[str, List[Cell]]) -> str:
    """Where one count of threads is all there is beside one thread, bars tell more than lines of two points."""
    tops = {pattern: [cell for cell in cells if cell.threads > 1] for pattern, cells in patterns.items()}
    order = [line.variant for line in summary.headline]
    figure, panels = grid_of_axes(len(tops), 0.21 * max(len(cells) for cells in tops.values()) + 0.75)
    for axes, (pattern, cells) in zip(panels, tops.items()):
        ordered = sorted(cells, key=lambda cell: order.index(cell.variant))
        bars(axes, [cell.variant for cell in ordered], [cell.ratio for cell in ordered])
        axes.axvline(1.0, color=INK, linewidth=0.8, linestyle=DASHES[1])
        axes.set_xlim(0, max(axes.get_xlim()[1], summary.max_threads * 1.1))
        axes.axvline(summary.max_threads, color=INK, linewidth=0.8, linestyle=DASHES[2])
        axes.set_title(pattern)
    figure.supxlabel(f"throughput of {summary.max_threads} threads, own one thread = 1 (dashed); dotted: ideal; "
                     "whiskers: 95 % interval", fontsize=9)
    return inline(figure, "scaling")


def _speedup_lines(summary: Summary, patterns: Dict[str, List[Cell]]) -> str:
    look = looks_of(summary)
    figure, panels = grid_of_axes(len(patterns), 2.6)
    for axes, (pattern, cells) in zip(panels, patterns.items()):
        counts = sorted({cell.threads for cell in cells})
        axes.plot(counts, counts, color=INK, linewidth=0.7, linestyle=DASHES[2])
        for variant in sorted({cell.variant for cell in cells}):
            points = [(cell.threads, cell.ratio) for cell in cells if cell.variant == variant]
            series_line(axes, look[variant], sorted(points, key=lambda point: point[0]))
        ends = [drawn(cell.ratio) for cell in cells]
        log_log(axes, counts, min(one.low for one in ends), max(one.high for one in ends))
        axes.set_title(pattern)
    figure.supxlabel("threads (logarithmic)", fontsize=9)
    figure.supylabel("throughput, own one thread = 1 (logarithmic)", fontsize=9)
    variants = sorted({cell.variant for cells in patterns.values() for cell in cells})
    legend(figure, variants, look, [Line2D([], [], color=INK, linewidth=0.7, linestyle=DASHES[2], label="ideal")])
    return inline(figure, "scaling")


def scaling(summary: Summary) -> Optional[Chart]:
    """One panel per workload of the scaling driver: speed-up over threads."""
    shown = [cell for cell in _scaling_cells(summary)
             if math.isfinite(cell.ratio.value) and cell.workload != OVER_MIXED[0]]
    many = {(cell.pattern, cell.variant) for cell in shown if cell.threads > 1}
    patterns = _patterns([cell for cell in shown if (cell.pattern, cell.variant) in many])
    if not patterns:
        return None
    counts = {cell.threads for cell in shown if cell.threads > 1}
    most = max(counts)
    with matplotlib.rc_context(STYLE):
        svg = (_speedup_bars if counts == {summary.max_threads} else _speedup_lines)(summary, patterns)
    told = [f"{pattern} {_range(top, lambda cell: cell.ratio.value, 'times')}" for pattern, cells in patterns.items()
            for top in [[cell for cell in cells if cell.threads == most]] if top]
    return Chart("Throughput over threads", svg, f"Speed-up at {counted(most, 'thread')}: {'; '.join(told)}.",
                 "scaling.svg")


def share_lines(summary: Summary) -> Optional[Chart]:
    """Throughput at the most threads over the share of references that go to shared objects."""
    cells = [cell for cell in _scaling_cells(summary)
             if share_of(cell) is not None and cell.threads == summary.max_threads]
    shares = sorted({share_of(cell) or 0.0 for cell in cells})
    if len(shares) < 2:
        return None
    variants = sorted({cell.variant for cell in cells})
    look = looks_of(summary)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(8.0, 4.2), layout="constrained")
        axes = figure.subplots()
        for variant in variants:
            points = [(shares.index(share_of(cell) or 0.0), _in_millions(cell.ops_per_s))
                      for cell in cells if cell.variant == variant]
            series_line(axes, look[variant], sorted(points, key=lambda point: point[0]))
        axes.set_yscale("log")
        decades(axes.yaxis)
        axes.set_xticks(range(len(shares)), labels=[f"{share:g}" for share in shares])
        axes.grid(axis="y")
        axes.set_xlabel("share of references that go to shared objects, %")
        axes.set_ylabel("million operations per second (logarithmic)")
        legend(figure, variants, look)
        svg = inline(figure, "share")
    told = "; ".join(f"at {share:g} % {_range(own, lambda cell: cell.ops_per_s.value / 1e6, 'million')}"
                     for share in shares
                     for own in [[cell for cell in cells if (share_of(cell) or 0.0) == share]])
    return Chart(f"The more is shared: {summary.max_threads} threads", svg,
                 f"Lines of operations per second over the share of shared references: {told}.")


def share_of(cell: Cell) -> Optional[float]:
    """The share of shared references of a cell of the mixed workload, in percent."""
    return parameter(cell.params, OVER_MIXED[1]) if cell.workload == OVER_MIXED[0] else None


def _in_millions(found: Interval) -> Interval:
    return Interval(found.value / 1e6, found.low / 1e6, found.high / 1e6)


def one_thread(summary: Summary) -> List[Chart]:
    """The charts of the first question."""
    return [chart for chart in (overhead_means(summary), overhead_cells(summary)) if chart]


def many_threads(summary: Summary) -> List[Chart]:
    """The charts of the second question."""
    return [chart for chart in (scaling(summary), share_lines(summary)) if chart]
