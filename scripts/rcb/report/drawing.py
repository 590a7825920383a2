"""What all charts are drawn with: inline SVG whose colours are names of the page's own style, so light and dark both
fit; every series also has its own marker and dash, and every bar its label and number."""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass
from html import escape
from typing import Any, Dict, List, Sequence, Tuple

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator

from rcb.answers.summary import BASELINE, Summary
from rcb.answers.wording import number
from rcb.stats.stats import TELLING, Interval

# Stand-ins that matplotlib draws with; _inline puts the page's colours in their place.
INK, GRID, BAR, BASE = "#010203", "#010204", "#010205", "#010206"
SERIES = tuple(f"#0203{place:02x}" for place in range(12))
PAGE_COLOURS = {INK: "currentColor", GRID: "var(--grid)", BAR: "var(--bar)", BASE: "var(--base)",
                **{stand_in: f"var(--series-{place})" for place, stand_in in enumerate(SERIES)}}
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*", "p", "h")
DASHES: Tuple[Tuple[int, Tuple[float, ...]], ...] = ((0, ()), (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
# Matplotlib's carets that begin at the point and lead on: right, up, down.
CUT_RIGHT, CUT_UP, CUT_DOWN = 9, 10, 11
STYLE = {
    "svg.fonttype": "none", "svg.hashsalt": "rcbench", "font.size": 9.0, "font.family": ["sans-serif"],
    "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK,
    "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 9.5, "axes.titlelocation": "left",
    "axes.linewidth": 0.6, "grid.color": GRID, "grid.linewidth": 0.6, "axes.axisbelow": True,
    # Names come from rows: a dollar sign in one begins no formula.
    "text.parse_math": False,
}
COLUMNS = 4
# A logarithmic axis is short below this factor between its ends.
SHORT = 50.0
# What one entry of a legend takes.
LEGEND_INCHES = 1.45


@dataclass(frozen=True)
class Chart:
    """A drawing with what it says to those who do not see it, and the file that it is too, if any."""

    title: str
    svg: str
    alternative: str
    file: str = ""


@dataclass(frozen=True)
class Look:
    """How one variant's series is drawn, the same in every chart of a run."""

    colour: str
    marker: str
    dash: Tuple[int, Tuple[float, ...]]
    hollow: bool


def looks(variants: Sequence[str]) -> Dict[str, Look]:
    """A look for each variant. Those that share a colour differ in dash and marker, up to as many as there are colours
    times dashes; neighbours differ in all three, so that lines on top of each other show."""
    found = {}
    for place, variant in enumerate(variants):
        turn = place // len(SERIES)
        found[variant] = Look(SERIES[place % len(SERIES)], MARKERS[(place + 5 * turn) % len(MARKERS)],
                              DASHES[(place + turn) % len(DASHES)], turn % 2 == 1)
    return found


def looks_of(summary: Summary) -> Dict[str, Look]:
    """The looks of a run's variants. They depend on the run alone, not on who is in a chart; other runtimes and
    libraries come last."""
    variants = {cell.variant: cell.peer for cell in summary.cells}
    return looks(sorted(variants, key=lambda name: (variants[name], name)))


@dataclass(frozen=True)
class Drawn:
    """An interval as it is drawn, and which of its ends are cut."""

    low: float
    high: float
    cut_low: bool = False
    cut_high: bool = False


def drawn(found: Interval) -> Drawn:
    """The interval itself, or so much of one that tells nothing as lies around its value; nothing where there is
    none."""
    value = found.value
    if not found.bounded:
        return Drawn(value, value)
    if found.high <= TELLING * found.low or found.low == found.high or value <= 0:
        return Drawn(found.low, found.high)
    reach = math.sqrt(TELLING)
    low, high = max(found.low, value / reach), min(found.high, value * reach)
    return Drawn(low, high, low > found.low, high < found.high)


def inline(figure: Figure, name: str) -> str:
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
    # A chart is shrunk to fit the page as far as its words can be read, and never blown up.
    text = re.sub(r'<svg ([^>]*?)width="([0-9.]+)pt"', lambda match: f'<svg {match.group(1)}style="max-width: '
                  f'{float(match.group(2)) * 1.4:.0f}px; min-width: {float(match.group(2)) * 0.95:.0f}px"', text,
                  count=1, flags=re.DOTALL)
    text = re.sub(r'<svg ([^>]*?)height="[^"]*"', r'<svg aria-hidden="true" \1', text, count=1, flags=re.DOTALL)
    return text


def standalone(chart: Chart, style: str) -> str:
    """The chart as a file of its own: with the page's colours, for readers with and without dark mode."""
    colours = style[:style.index("* {")]
    look = f"<style>{colours} svg {{ color: var(--ink); background: var(--page); }}</style>"
    words = f"<title>{escape(chart.title)}</title><desc>{escape(chart.alternative)}</desc>"

    def opened(match: "re.Match[str]") -> str:
        return match.group(1).replace(' aria-hidden="true"', ' role="img"') + words + look

    return re.sub(r"(<svg [^>]*>)", opened, chart.svg, count=1)


def grid_of_axes(count: int, height: float) -> Tuple[Figure, List[Axes]]:
    columns = min(COLUMNS, count)
    rows = math.ceil(count / columns)
    figure = Figure(figsize=(3.0 * columns + 0.4, height * rows + 0.5), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).flatten()
    for spare in axes[count:]:
        spare.set_visible(False)
    return figure, list(axes[:count])


def bars(axes: Axes, names: Sequence[str], found: Sequence[Interval]) -> None:
    places = list(range(len(names)))[::-1]
    values = [one.value for one in found]
    whiskers = [drawn(one) for one in found]
    errors = [[one.value - whisker.low for one, whisker in zip(found, whiskers)],
              [whisker.high - one.value for one, whisker in zip(found, whiskers)]]
    colours = [BASE if name == BASELINE else BAR for name in names]
    axes.barh(places, values, color=colours, height=0.7, xerr=errors,
              error_kw={"ecolor": INK, "elinewidth": 0.9, "capsize": 2})
    axes.set_yticks(places, labels=list(names))
    axes.tick_params(axis="y", length=0)
    limit = max([one.high for one in whiskers], default=1.0) or 1.0
    axes.set_xlim(0, limit * 1.28)
    axes.grid(axis="x")
    for place, one, whisker in zip(places, found, whiskers):
        if whisker.cut_high:
            axes.plot([whisker.high], [place], color=INK, marker=CUT_RIGHT, markersize=5,
                      linestyle="none")
        axes.text(whisker.high + limit * (0.05 if whisker.cut_high else 0.02), place, number(one.value), va="center",
                  fontsize=8)


def series_line(axes: Axes, look: Look, points: Sequence[Tuple[float, Interval]]) -> None:
    """A line with its markers over a band, which is the interval; a caret where the interval goes on."""
    places = [place for place, _ in points]
    band = [drawn(one) for _, one in points]
    axes.fill_between(places, [one.low for one in band], [one.high for one in band], color=look.colour, alpha=0.2,
                      linewidth=0)
    axes.plot(places, [one.value for _, one in points], markersize=5, linewidth=1.3, **_line(look))
    for place, one in zip(places, band):
        for cut, end, marker in ((one.cut_low, one.low, CUT_DOWN), (one.cut_high, one.high, CUT_UP)):
            if cut:
                axes.plot([place], [end], color=look.colour, marker=marker, markersize=5, linestyle="none")


def _line(look: Look) -> Dict[str, Any]:
    """What matplotlib draws a look with."""
    return {"color": look.colour, "marker": look.marker, "linestyle": look.dash,
            "markerfacecolor": "none" if look.hollow else look.colour}


def legend(figure: Figure, variants: Sequence[str], look: Dict[str, Look], more: Sequence[Line2D] = ()) -> None:
    handles = [Line2D([], [], label=name, **_line(look[name])) for name in variants]
    handles.extend(more)
    # Below the figure and no wider than it: the tight bounding box of savefig makes room for it.
    columns = max(1, min(6, len(handles), int(figure.get_figwidth() / LEGEND_INCHES)))
    figure.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncol=columns,
                  frameon=False, handlelength=3.2)


def decades(axis: Axis) -> None:
    """A logarithmic axis with its numbers written out: 1, 10, 100, and 2 and 5 between them where it is short."""
    low, high = sorted(axis.get_view_interval())
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high < SHORT * low else (1.0,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.set_minor_formatter(NullFormatter())


def log_log(axes: Axes, counts: Sequence[int], least: float, most: float) -> None:
    """Throughput over threads, both in powers of two, so that the ideal is a straight line and what is lost shows as
    well as what is gained. least and most: the smallest and the largest value to show."""
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(list(counts)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_yscale("log", base=2)
    axes.yaxis.set_major_locator(LogLocator(base=2, numticks=12))
    axes.yaxis.set_minor_formatter(NullFormatter())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    # Two powers of two at least, so that small differences stay small.
    middle, half = math.sqrt(least * most), max(math.sqrt(most / least) * 1.15, 2.0)
    axes.set_ylim(middle / half, middle * half)
    axes.grid(axis="y")
