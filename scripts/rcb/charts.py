"""The report's charts as inline SVG. Colours are names of the page's own style, so light and dark both fit; every
series also has its own marker and dash, and every bar its label and number."""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass
from html import escape
from typing import Callable, Dict, List, Optional, Sequence, Tuple

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, ScalarFormatter

from rcb.stats import Interval
from rcb.summary import BASELINE, OVERHEAD, SCALING, Cell, Summary
from rcb.wording import SHARE_WORKLOAD, counted, number, share_of, times

# Stand-ins that matplotlib draws with; _inline puts the page's colours in their place.
INK, GRID, BAR, BASE = "#010203", "#010204", "#010205", "#010206"
SERIES = tuple(f"#0203{place:02x}" for place in range(10))
PAGE_COLOURS = {INK: "currentColor", GRID: "var(--grid)", BAR: "var(--bar)", BASE: "var(--base)",
                **{stand_in: f"var(--series-{place})" for place, stand_in in enumerate(SERIES)}}
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*", "p", "h")
DASHES: Tuple[Tuple[int, Tuple[float, ...]], ...] = ((0, ()), (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
STYLE = {
    "svg.fonttype": "none", "svg.hashsalt": "rcbench", "font.size": 9.0, "font.family": ["sans-serif"],
    "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK,
    "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 9.5, "axes.titlelocation": "left",
    "axes.linewidth": 0.6, "grid.color": GRID, "grid.linewidth": 0.6, "axes.axisbelow": True,
}
COLUMNS = 4


@dataclass(frozen=True)
class Chart:
    """A drawing with what it says to those who do not see it."""

    title: str
    svg: str
    alternative: str


@dataclass(frozen=True)
class Look:
    """How one variant's series is drawn, the same in every chart."""

    colour: str
    marker: str
    dash: Tuple[int, Tuple[float, ...]]


def looks(variants: Sequence[str]) -> Dict[str, Look]:
    """A look for each variant; no two of the first sixty share one."""
    return {variant: Look(SERIES[place % len(SERIES)], MARKERS[place % len(MARKERS)], DASHES[place % len(DASHES)])
            for place, variant in enumerate(variants)}


def _inline(figure: Figure, name: str) -> str:
    """The figure as an SVG element that can stand in a page beside others."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, bbox_inches="tight",
                   metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg"):]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    for stand_in, colour in PAGE_COLOURS.items():
        text = text.replace(stand_in, colour)
    text = re.sub(r'(\bid="|href="#|url\(#)', lambda match: f"{match.group(1)}{name}-", text)
    text = re.sub(r'<svg ([^>]*?)width="[^"]*"', r'<svg \1', text, count=1, flags=re.DOTALL)
    text = re.sub(r'<svg ([^>]*?)height="[^"]*"', r'<svg aria-hidden="true" \1', text, count=1, flags=re.DOTALL)
    return text


def standalone(chart: Chart, style: str) -> str:
    """The chart as a file of its own: with the page's colours, for readers with and without dark mode."""
    colours = style[:style.index("* {")]
    look = f"<style>{colours} svg {{ color: var(--ink); background: var(--page); }}</style>"
    words = f"<title>{escape(chart.title)}</title><desc>{escape(chart.alternative)}</desc>"
    return re.sub(r"(<svg [^>]*>)", lambda match: match.group(1).replace(' aria-hidden="true"', ' role="img"') + words + look,
                  chart.svg, count=1)


def _grid_of_axes(count: int, height: float) -> Tuple[Figure, List[Axes]]:
    columns = min(COLUMNS, count)
    rows = math.ceil(count / columns)
    figure = Figure(figsize=(3.0 * columns + 0.4, height * rows + 0.5), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).flatten()
    for spare in axes[count:]:
        spare.set_visible(False)
    return figure, list(axes[:count])


def _error(found: Interval) -> Tuple[float, float]:
    return (found.value - found.low, found.high - found.value) if found.bounded else (0.0, 0.0)


def _bars(axes: Axes, names: Sequence[str], found: Sequence[Interval]) -> None:
    places = list(range(len(names)))[::-1]
    values = [one.value for one in found]
    errors = [[_error(one)[side] for one in found] for side in (0, 1)]
    colours = [BASE if name == BASELINE else BAR for name in names]
    axes.barh(places, values, color=colours, height=0.7, xerr=errors,
              error_kw={"ecolor": INK, "elinewidth": 0.9, "capsize": 2})
    axes.set_yticks(places, labels=list(names))
    axes.tick_params(axis="y", length=0)
    limit = max([one.high if one.bounded else one.value for one in found], default=1.0) or 1.0
    axes.set_xlim(0, limit * 1.28)
    axes.grid(axis="x")
    for place, one in zip(places, found):
        axes.text((one.high if one.bounded else one.value) + limit * 0.02, place, number(one.value), va="center",
                  fontsize=8)


def overhead_means(summary: Summary) -> Optional[Chart]:
    """The whole overhead driver in one bar per variant."""
    lines = [line for line in summary.headline if math.isfinite(line.overhead.value)]
    if not lines:
        return None
    title = f"Time per operation on one thread, {BASELINE} = 1"
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(8.0, 0.32 * len(lines) + 0.9), layout="constrained")
        axes = figure.subplots()
        _bars(axes, [line.variant for line in lines], [line.overhead for line in lines])
        axes.axvline(1.0, color=INK, linewidth=0.8, linestyle=DASHES[1])
        if summary.floor:
            width = summary.floor.width
            axes.axvspan(math.exp(-width), math.exp(width), color=GRID, alpha=0.6, linewidth=0)
        axes.set_xlabel(f"geometric mean of ratios to {BASELINE}; whiskers: 95 % interval; band: noise floor")
        svg = _inline(figure, "means")
    told = "; ".join(f"{line.variant} {times(line.overhead)}" for line in lines)
    return Chart(title, svg, f"Bars, one per variant, against {BASELINE}: {told}.")


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
    patterns = _patterns([cell for cell in summary.cells if cell.driver == OVERHEAD and cell.measured])
    if not patterns:
        return None
    most = max(len(cells) for cells in patterns.values())
    with matplotlib.rc_context(STYLE):
        figure, panels = _grid_of_axes(len(patterns), 0.21 * most + 0.75)
        for axes, (pattern, cells) in zip(panels, patterns.items()):
            ordered = sorted(cells, key=lambda cell: order[cell.variant])
            _bars(axes, [cell.variant for cell in ordered], [cell.ns_per_op for cell in ordered])
            axes.set_title(pattern)
        figure.supxlabel("ns per operation; whiskers: 95 % interval", fontsize=9)
        svg = _inline(figure, "overhead")
    told = "; ".join(f"{pattern} {_range(cells, lambda cell: cell.ns_per_op.value, 'ns')}"
                     for pattern, cells in patterns.items())
    return Chart("Each workload on one thread", svg, f"Bars of nanoseconds per operation: {told}.")


def _line(axes: Axes, look: Look, points: Sequence[Tuple[float, Interval]]) -> None:
    axes.errorbar([place for place, _ in points], [one.value for _, one in points],
                  yerr=[[_error(one)[side] for _, one in points] for side in (0, 1)],
                  color=look.colour, marker=look.marker, linestyle=look.dash, markersize=5, linewidth=1.3,
                  elinewidth=0.8, capsize=2)


def _legend(figure: Figure, variants: Sequence[str], look: Dict[str, Look], more: Sequence[Line2D] = ()) -> None:
    handles = [Line2D([], [], color=look[name].colour, marker=look[name].marker, linestyle=look[name].dash, label=name)
               for name in variants]
    handles.extend(more)
    # Below the figure: the tight bounding box of savefig makes room for it.
    figure.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncol=min(6, len(handles)),
                  frameon=False, handlelength=3.2)


def _thread_axis(axes: Axes, counts: Sequence[int]) -> None:
    if max(counts) > 8:
        axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(list(counts)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.set_ylim(bottom=0)
    axes.grid(axis="y")


def _scaling_cells(summary: Summary) -> List[Cell]:
    return [cell for cell in summary.cells if cell.driver == SCALING and cell.measured]


def _speedup_bars(summary: Summary, patterns: Dict[str, List[Cell]]) -> str:
    """Where one count of threads is all there is beside one thread, bars tell more than lines of two points."""
    tops = {pattern: [cell for cell in cells if cell.threads > 1] for pattern, cells in patterns.items()}
    order = [line.variant for line in summary.headline]
    figure, panels = _grid_of_axes(len(tops), 0.21 * max(len(cells) for cells in tops.values()) + 0.75)
    for axes, (pattern, cells) in zip(panels, tops.items()):
        ordered = sorted(cells, key=lambda cell: order.index(cell.variant))
        _bars(axes, [cell.variant for cell in ordered], [cell.ratio for cell in ordered])
        axes.axvline(1.0, color=INK, linewidth=0.8, linestyle=DASHES[1])
        axes.set_xlim(0, max(axes.get_xlim()[1], summary.max_threads * 1.1))
        axes.axvline(summary.max_threads, color=INK, linewidth=0.8, linestyle=DASHES[2])
        axes.set_title(pattern)
    figure.supxlabel(f"throughput of {summary.max_threads} threads, own one thread = 1 (dashed); dotted: ideal; "
                     "whiskers: 95 % interval", fontsize=9)
    return _inline(figure, "scaling")


def _speedup_lines(summary: Summary, patterns: Dict[str, List[Cell]]) -> str:
    look = looks(sorted({cell.variant for cell in _scaling_cells(summary)}))
    figure, panels = _grid_of_axes(len(patterns), 2.4)
    for axes, (pattern, cells) in zip(panels, patterns.items()):
        counts = sorted({cell.threads for cell in cells})
        axes.plot(counts, counts, color=INK, linewidth=0.7, linestyle=DASHES[2])
        for variant in sorted({cell.variant for cell in cells}):
            points = [(cell.threads, cell.ratio) for cell in cells if cell.variant == variant]
            _line(axes, look[variant], sorted(points, key=lambda point: point[0]))
        _thread_axis(axes, counts)
        axes.set_title(pattern)
    figure.supxlabel("threads", fontsize=9)
    figure.supylabel("throughput, own one thread = 1", fontsize=9)
    variants = sorted({cell.variant for cells in patterns.values() for cell in cells})
    _legend(figure, variants, look, [Line2D([], [], color=INK, linewidth=0.7, linestyle=DASHES[2], label="ideal")])
    return _inline(figure, "scaling")


def scaling(summary: Summary) -> Optional[Chart]:
    """One panel per workload of the scaling driver: speed-up over threads."""
    shown = [cell for cell in _scaling_cells(summary)
             if math.isfinite(cell.ratio.value) and cell.workload != SHARE_WORKLOAD]
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
    return Chart("Throughput over threads", svg, f"Speed-up at {counted(most, 'thread')}: {'; '.join(told)}.")


def share_lines(summary: Summary) -> Optional[Chart]:
    """Throughput at the most threads over the share of references that go to shared objects."""
    cells = [cell for cell in _scaling_cells(summary)
             if share_of(cell) is not None and cell.threads == summary.max_threads]
    shares = sorted({share_of(cell) or 0.0 for cell in cells})
    if len(shares) < 2:
        return None
    variants = sorted({cell.variant for cell in cells})
    look = looks(sorted({cell.variant for cell in _scaling_cells(summary)}))
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(8.0, 4.2), layout="constrained")
        axes = figure.subplots()
        for variant in variants:
            points = [(shares.index(share_of(cell) or 0.0), _in_millions(cell.ops_per_s))
                      for cell in cells if cell.variant == variant]
            _line(axes, look[variant], sorted(points, key=lambda point: point[0]))
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_xticks(range(len(shares)), labels=[f"{share:g}" for share in shares])
        axes.grid(axis="y")
        axes.set_xlabel("share of references that go to shared objects, %")
        axes.set_ylabel("million operations per second (logarithmic)")
        _legend(figure, variants, look)
        svg = _inline(figure, "share")
    told = "; ".join(f"at {share:g} % {_range(own, lambda cell: cell.ops_per_s.value / 1e6, 'million')}"
                     for share in shares
                     for own in [[cell for cell in cells if (share_of(cell) or 0.0) == share]])
    return Chart(f"The more is shared: {summary.max_threads} threads", svg,
                 f"Lines of operations per second over the share of shared references: {told}.")


def _in_millions(found: Interval) -> Interval:
    return Interval(found.value / 1e6, found.low / 1e6, found.high / 1e6)


def one_thread(summary: Summary) -> List[Chart]:
    """The charts of the first question."""
    return [chart for chart in (overhead_means(summary), overhead_cells(summary)) if chart]


def many_threads(summary: Summary) -> List[Chart]:
    """The charts of the second question."""
    return [chart for chart in (scaling(summary), share_lines(summary)) if chart]
