"""What all charts are drawn with: inline SVG whose colours are names of the page's own style, so light and dark both
fit; every series also has its own marker and dash, and every bar its label and number."""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass
from html import escape
from typing import Dict, List, Sequence, Tuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

from rcb.stats import Interval
from rcb.summary import BASELINE
from rcb.wording import number

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
    # Names come from rows: a dollar sign in one begins no formula.
    "text.parse_math": False,
}
COLUMNS = 4


@dataclass(frozen=True)
class Chart:
    """A drawing with what it says to those who do not see it, and the file that it is too, if any."""

    title: str
    svg: str
    alternative: str
    file: str = ""


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
    # A chart is shrunk to fit the page, and never blown up.
    text = re.sub(r'<svg ([^>]*?)width="([0-9.]+)pt"', lambda match: f'<svg {match.group(1)}style="max-width: '
                  f'{float(match.group(2)) * 1.4:.0f}px"', text, count=1, flags=re.DOTALL)
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


def _error(found: Interval) -> Tuple[float, float]:
    return (found.value - found.low, found.high - found.value) if found.bounded else (0.0, 0.0)


def bars(axes: Axes, names: Sequence[str], found: Sequence[Interval]) -> None:
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


def series_line(axes: Axes, look: Look, points: Sequence[Tuple[float, Interval]]) -> None:
    """A line with its markers over a band, which is the interval."""
    places = [place for place, _ in points]
    axes.fill_between(places, [one.low if one.bounded else one.value for _, one in points],
                      [one.high if one.bounded else one.value for _, one in points], color=look.colour, alpha=0.2,
                      linewidth=0)
    axes.plot(places, [one.value for _, one in points], color=look.colour, marker=look.marker, linestyle=look.dash,
              markersize=5, linewidth=1.3)


def legend(figure: Figure, variants: Sequence[str], look: Dict[str, Look], more: Sequence[Line2D] = ()) -> None:
    handles = [Line2D([], [], color=look[name].colour, marker=look[name].marker, linestyle=look[name].dash, label=name)
               for name in variants]
    handles.extend(more)
    # Below the figure: the tight bounding box of savefig makes room for it.
    figure.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncol=min(6, len(handles)),
                  frameon=False, handlelength=3.2)


def thread_axis(axes: Axes, counts: Sequence[int]) -> None:
    if max(counts) > 8:
        axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(list(counts)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.set_ylim(bottom=0)
    axes.grid(axis="y")
