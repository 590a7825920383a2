"""The parts of a run's report, the answer first: what HTML and Markdown both show."""

from __future__ import annotations

import math
from typing import List, Optional, Sequence, Tuple

from rcb import charts, heat, memory_charts, memory_tables, memory_words, peers_section, side_costs, table, usl
from rcb.analysis import Analysis
from rcb.crossing import NEVER
from rcb.drawing import Chart
from rcb.paragraphs import paragraphs
from rcb.stats import Interval
from rcb.tradeoff import BOUND, Curve, Series
from rcb.usl import Fit
from rcb.view import Anchors, Grid, Section, Shown, figure, grid, pivot, ratio, text, turn
from rcb.wording import answers, counted, number, span

Item = Tuple[str, str, Shown]


def _present(*found: Optional[Chart]) -> Tuple[Chart, ...]:
    return tuple(chart for chart in found if chart is not None)


def _name(analysis: Analysis, curve: Curve) -> str:
    """The workload, with its driver or placement where those differ between curves."""
    placements = {one.pattern[3] for one in analysis.tradeoff.curves}
    return curve.name + (f" ({curve.pattern[3]})" if len(placements) > 1 else "")


def answer(analysis: Analysis, anchors: Anchors) -> Section:
    summary = analysis.summary
    grids = [table.tradeoff_lines(analysis, anchors)] if analysis.tradeoff.of_counting else []
    if summary.headline:
        grids.append(table.headline(summary, anchors))
    words = (paragraphs(analysis.tradeoff) if summary.headline else []) + memory_words.sentences(summary)
    if analysis.tradeoff.of_counting:
        words.append(table.tradeoff_note(analysis))
    elif analysis.tradeoff.choices and summary.headline:
        words.append("There is no trade-off to show: no workload was measured under gil and without it.")
    return Section("answers", "The answer", tuple(words), tuple(grids), more=tuple(answers(summary)))


def one_thread(analysis: Analysis, anchors: Anchors) -> Section:
    items: List[Item] = [(tax.cell.pattern, tax.cell.variant, ratio(tax.ratio, anchors.at(tax.cell)))
                         for tax in analysis.tradeoff.taxes]
    grids = (pivot(items, "Time of an operation on one thread, gil = 1, with its 95 % interval", "workload"),) \
        if items else ()
    return Section("one-thread", "What it costs one thread", (), grids, tuple(charts.one_thread(analysis.summary)))


def threads(analysis: Analysis, anchors: Anchors) -> Section:
    own: List[Item] = []
    against: List[Item] = []
    for curve in analysis.tradeoff.curves:
        for point in curve.points:
            row = f"{_name(analysis, curve)}, {counted(point.cell.threads, 'thread')}"
            link = anchors.at(point.cell)
            if point.cell.threads > 1 and math.isfinite(point.own.value):
                own.append((row, curve.variant, ratio(point.own, link)))
            if point.cell.threads > 1:
                against.append((row, curve.variant, ratio(point.against.interval, link)))
    grids = tuple(pivot(items, caption, "workload, threads") for items, caption in (
        (own, "Throughput, own one thread = 1, with its 95 % interval"),
        (against, "Throughput; gil on as many threads or fewer, where it does best = 1; with its 95 % interval"))
        if items)
    return Section("threads", "How it scales", (), grids, tuple(charts.many_threads(analysis.summary)))


def crossovers(analysis: Analysis, anchors: Anchors) -> Section:
    tradeoff = analysis.tradeoff
    known = [curve for curve in tradeoff.curves if curve.crossover.known]
    if not known:
        return Section("gil", "When dropping the GIL pays")
    items = [(_name(analysis, curve), curve.variant,
              turn(curve.crossover, anchors.at(curve.most.cell), before="from ")) for curve in known]
    grids = [pivot(items, f"The fewest threads from which a variant without a GIL beats it; never: not on up to "
                          f"{counted(tradeoff.most, 'thread')}", "workload")]
    grids += _limits(analysis, tradeoff.shared, anchors, "The share of references to shared objects, in %, at which a "
                     "variant no longer beats the GIL; between measured shares the time of an operation is taken as a "
                     "straight line; never: at no share measured; always: at every share measured")
    words = []
    if BOUND in tradeoff.variants:
        words.append(f"`{BOUND}` counts nothing and frees nothing: a bound on what a scheme can gain, not a choice, "
                     "and left out where the best variant is named.")
    if tradeoff.fields:
        items = [(counted(one.threads, "thread"), f"{one.share:g} %",
                  Shown(f"{heat.field_words(one)} ({heat.lead_words(one)})", "", anchors.at(one.best)))
                 for one in tradeoff.fields if one.placement == tradeoff.fields[0].placement]
        grids.append(pivot(items, "The variant of the most throughput, and by how much it leads the second; ≈: this "
                                  "run cannot tell them apart", "threads"))
    return Section("gil", "When dropping the GIL pays", tuple(words), tuple(grids), _present(heat.heat_map(tradeoff)))


def _limits(analysis: Analysis, found: Sequence[Series], anchors: Anchors, caption: str) -> List[Grid]:
    many = [one for one in found if one.fall.known and one.threads > 1]
    placements = {one.placement for one in many}
    items = []
    for one in sorted(many, key=lambda series: (series.rest, series.placement, series.threads)):
        row = ", ".join(filter(None, (one.rest, one.placement if len(placements) > 1 else "",
                                      counted(one.threads, "thread"))))
        items.append((row, one.variant, turn(one.fall, anchors.at(one.points[0][1].cell), " %")))
    return [pivot(items, caption, "threads")] if items else []


def released(analysis: Analysis, anchors: Anchors) -> Section:
    found = [one for one in analysis.tradeoff.released if one.threads == analysis.tradeoff.most and one.threads > 1]
    if not found:
        return Section("released", "Time outside of the interpreter")
    items = [(" ".join(filter(None, (one.rest, f"{place:g} %"))), one.variant,
              ratio(point.against.interval, anchors.at(point.cell))) for one in found for place, point in one.points]
    grids = [pivot(items, f"Throughput on {counted(analysis.tradeoff.most, 'thread')}, gil at its best = 1, by the "
                          "share of a thread's time spent outside", "outside")]
    grids += _limits(analysis, analysis.tradeoff.released, anchors,
                     "The share of time outside, in %, from which a variant no longer beats the GIL; never: at no "
                     "share measured; always: at every share measured")
    return Section("released", "Time outside of the interpreter",
                   ("A thread that is in native code or blocks has released the GIL: the more of that, the less the "
                    "GIL costs.",), tuple(grids))


def beside(analysis: Analysis, anchors: Anchors) -> Section:
    """Latency and memory."""
    most, costs = analysis.tradeoff.most, analysis.costs
    columns = [(name, head, scale) for name, head, scale in (
        ("wait_p50_ns", "wait, median µs", 1e3), ("wait_p99_ns", "wait, 99th percentile µs", 1e3),
        ("wait_max_ns", "wait, longest µs", 1e3), ("gc_pause_max_ns", "longest pause µs", 1e3),
        ("late_objects_max", "most late objects", 1.0)) if any(one.get(name) > 0 for one in costs)]
    rows = []
    for one in side_costs.worth_showing(costs, most):
        more = side_costs.more_memory(costs, one)
        rows.append((text(one.cell.pattern, anchors.at(one.cell)), text(one.cell.variant),
                     figure(one.cell.ops_per_s.value / 1e6),
                     *(figure(one.get(name) / scale) for name, _, scale in columns),
                     figure(more / 1024.0 if more is not None else math.nan)))
    grids = []
    if rows:
        head = ("workload", "variant", "million ops per s", *(head for _, head, _ in columns), "KiB more than gil")
        grids.append(grid(f"On {counted(most, 'thread')}: every cell in which anything waited, paused or was freed "
                          "late", head, rows))
    if analysis.sizes:
        grids.append(grid("Bytes of one object with its header", ("variant", "bytes"),
                          [(text(name), Shown(f"{size:g}")) for name, size in analysis.sizes.items()]))
    words = () if rows or not grids else ("No thread waited for the GIL, paused, or had garbage waiting, as far as "
                                          "the rows say.",)
    return Section("beside", "Latency and memory", words, tuple(grids),
                   _present(heat.waits(side_costs.waiting(costs, most))))


def memory(analysis: Analysis, anchors: Anchors) -> Section:
    """The drivers memory and latency; nothing where the run has none of their cells."""
    grids = memory_tables.grids(analysis.summary, anchors)
    words = ("Each table has a question and a unit of its own. None of these cells is in a geometric mean or in the "
             "tables of the answer.",) if grids else ()
    return Section("memory", "Memory, collection and latency", words, tuple(grids),
                   memory_charts.all_charts(analysis.summary))


def _model_row(fit: Fit, anchors: Anchors) -> Tuple[Shown, ...]:
    def small(found: Interval) -> Shown:
        return Shown(f"{found.value:.3g}" + (f" [{found.low:.2g}–{found.high:.2g}]" if found.bounded else ""),
                     repr(found.value))

    worst = max(fit.residuals, key=abs)
    peak = "none" if fit.peak == NEVER else f"{max(fit.peak, 1.0):.3g}"
    return (text(fit.curve.name, anchors.at(fit.curve.most.cell)), text(fit.curve.variant), small(fit.sigma),
            small(fit.kappa), Shown(f"{worst * 100.0:+.1f} %", repr(abs(worst))),
            text(fit.held_out), Shown(f"{fit.error * 100.0:+.1f} %", repr(abs(fit.error))),
            Shown(peak, repr(fit.peak)),
            Shown(f"{number(fit.twice.value)}×" + (f" [{span(fit.twice)}]" if fit.twice.bounded else ""),
                  repr(fit.twice.value)))


def model(analysis: Analysis, anchors: Anchors) -> Section:
    """The Universal Scalability Law, or why there is none."""
    title = "Beyond this machine: a model"
    refused = usl.refusal(analysis.tradeoff)
    if not analysis.tradeoff.curves:
        return Section("model", title)
    if refused or not analysis.fits:
        return Section("model", title, (refused or "Not fitted: no fit was found for any workload.",), model=True)
    words = ("These numbers are no measurements. They are Gunther's Universal Scalability Law, λN ÷ (1 + σ(N − 1) + "
             "κN(N − 1)), fitted to the throughput on all counts of threads; σ is contention, κ is what threads pay "
             "for each other's caches. Intervals (95 %, Student's t) come from how far the points lie from the curve.",
             "Held out: a second fit without the largest count, and how far its forecast there is from what was "
             "measured. Where that is far off, or the worst residual is large, the law does not describe this "
             "workload.")
    head = ("workload", "variant", "σ", "κ", "worst residual", "held out, threads", "its error", "peak at threads",
            "speed-up on twice as many")
    return Section("model", title, words, (grid("Model, by workload and variant", head,
                                                [_model_row(fit, anchors) for fit in analysis.fits]),), model=True)


def all_sections(analysis: Analysis, anchors: Anchors) -> List[Section]:
    """Those that have something to say, in the order in which people ask."""
    found = [part(analysis, anchors) for part in (answer, one_thread, threads, crossovers, released, beside, memory,
                                                  peers_section.section, model)]
    return [one for one in found if one.words or one.grids or one.charts]
