"""Charts of the trade-off: which variant is best at which count of threads and share, and how long the GIL is waited
for. Every field has its words in it; colour only repeats them."""

from __future__ import annotations

from typing import List, Optional, Sequence

import matplotlib
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter

from rcb.answers.side_costs import WAITS
from rcb.answers.summary import Cell, Summary
from rcb.answers.tradeoff import Field, Tradeoff
from rcb.answers.wording import counted, number, series
from rcb.report.drawing import DASHES, GRID, INK, STYLE, Chart, inline, looks_of

TIES_NAMED = 1


def field_words(field: Field) -> str:
    """The best variant, with those that it cannot be told from."""
    if not field.ties:
        return field.best.variant
    if len(field.ties) <= TIES_NAMED:
        return f"{field.best.variant} ≈ {series(list(field.ties))}"
    return f"{field.best.variant} ≈ {field.ties[0]} and {len(field.ties) - 1} more"


def lead_words(field: Field) -> str:
    """By how much it leads the second, or that it does not."""
    if field.second is None:
        return "alone"
    return "not told apart" if field.ties else f"{number(field.lead.value)}× {field.second.variant}"


def heat_map(tradeoff: Tradeoff, summary: Summary) -> Optional[Chart]:
    """Share of counting × share of shared references, the best variant in each field; of the first placement."""
    if not tradeoff.fields:
        return None
    fields = [one for one in tradeoff.fields if one.placement == tradeoff.fields[0].placement]
    shares = sorted({one.shared for one in fields})
    counts = sorted({one.counted for one in fields})
    if len(shares) < 2 or len(counts) < 2:
        return None
    look = looks_of(summary)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(1.5 + 1.45 * len(shares), 0.9 + 0.62 * len(counts)), layout="constrained")
        axes = figure.subplots()
        for field in fields:
            x, y = shares.index(field.shared), counts.index(field.counted)
            axes.add_patch(Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, facecolor=look[field.best.variant].colour,
                                     alpha=0.22, linewidth=0))
            edge, dash = (INK, DASHES[1]) if field.ties else (GRID, DASHES[0])
            axes.add_patch(Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, fill=False, edgecolor=edge, linewidth=0.9,
                                     linestyle=dash))
            words = field_words(field).replace(" ≈ ", "\n≈ ").split("\n")
            axes.text(x, y, "\n".join([*words, lead_words(field)][:2] if field.ties else [*words, lead_words(field)]),
                      ha="center", va="center", fontsize=8)
        axes.set_xlim(-0.5, len(shares) - 0.5)
        axes.set_ylim(-0.5, len(counts) - 0.5)
        axes.set_xticks(range(len(shares)), labels=[f"{share:g}" for share in shares])
        axes.set_yticks(range(len(counts)), labels=[f"{count:g}" for count in counts])
        axes.tick_params(length=0)
        for side in axes.spines.values():
            side.set_visible(False)
        axes.set_xlabel("share of references that go to shared objects, %")
        axes.set_ylabel("share of time that references take, %")
        svg = inline(figure, "heat")
    told = "; ".join(f"{one.counted:g} % counting, {one.shared:g} % shared: {field_words(one)}"
                     f"{'' if one.ties else ', ' + lead_words(one)}" for one in fields)
    threads = counted(fields[0].threads, "thread")
    return Chart(f"The best variant on {threads}, by the share of counting and of shared objects", svg,
                 f"A map of fields, each with the variant of the most throughput, and by how much it leads the second; "
                 f"≈ and a dashed frame: this run cannot tell them apart. {told}.", "heatmap.svg")


def waits(costs: Sequence[Cell]) -> Optional[Chart]:
    """Waits for the GIL: a line from the median over the 99th percentile to the longest, on a logarithmic axis."""
    if not costs:
        return None
    names = [f"{one.pattern} {one.variant}" for one in costs]
    places = list(range(len(costs)))[::-1]
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(8.0, 0.26 * len(costs) + 1.0), layout="constrained")
        axes = figure.subplots()
        for place, one in zip(places, costs):
            points = [one.side.value(name) / 1e3 for name in WAITS]
            axes.plot(points, [place] * len(points), color=INK, linewidth=0.8)
            for marker, value in zip("o^|", points):
                axes.plot([value], [place], color=INK, marker=marker, markersize=6, linestyle="none")
        axes.set_xscale("symlog", linthresh=0.01)
        known = [one.side.value(name) / 1e3 for one in costs for name in WAITS if one.side.value(name) >= 0]
        axes.set_xlim(min(known) / 3.0, max(known) * 3.0)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
        axes.set_yticks(places, labels=names)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x")
        axes.set_xlabel("wait for the GIL, µs (logarithmic); circle: median; triangle: 99th percentile; bar: longest")
        svg = inline(figure, "waits")
    told: List[str] = []
    for name, one in zip(names, costs):
        p50, p99, longest = (number(one.side.value(wait) / 1e3) for wait in WAITS)
        told.append(f"{name} {p50}, {p99}, {longest} µs")
    return Chart("Waits for the GIL", svg, f"Median, 99th percentile and longest: {'; '.join(told)}.")
