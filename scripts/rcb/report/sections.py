"""The parts of a run's report, the answer first: what HTML and Markdown both show."""

from __future__ import annotations

import math
from typing import List, Optional, Sequence, Tuple

from rcb.answers import prediction, side_costs, usl
from rcb.answers.analysis import Analysis
from rcb.answers.tradeoff import OVER_COUNTED, OVER_MIXED, OVER_RELEASED, OVER_SHARED, Curve, Series
from rcb.answers.usl import Fit
from rcb.answers.wording import answers, counted, number, percent, span
from rcb.report import (bounds, charts, first_chart, heat, memory_charts, memory_tables, memory_words, runtimes_section,
                        table, verdict_sentences)
from rcb.report.drawing import Chart
from rcb.report.view import Anchors, Grid, Section, Shown, figure, grid, pivot, ratio, text, turn
from rcb.rows.drivers import COUNTING
from rcb.stats.crossing import NEVER
from rcb.stats.stats import Interval

Item = Tuple[str, str, Shown]


def _present(*found: Optional[Chart]) -> Tuple[Chart, ...]:
    return tuple(chart for chart in found if chart is not None)


def _grids(*found: Optional[Grid]) -> Tuple[Grid, ...]:
    return tuple(one for one in found if one is not None)


def _name(analysis: Analysis, curve: Curve) -> str:
    """The workload, with its placement where that differs between curves."""
    placements = {one.pattern[3] for one in analysis.tradeoff.curves}
    return curve.name + (f" ({curve.pattern[3]})" if len(placements) > 1 else "")


def first(analysis: Analysis, anchors: Anchors) -> Section:
    """What a reader sees without scrolling: the sentences, one chart, one table."""
    summary = analysis.summary
    counting = any(cell.driver in COUNTING for cell in summary.own)
    words = verdict_sentences.sentences(analysis.tradeoff) if counting else []
    missing = verdict_sentences.missing(analysis.tradeoff) if counting else None
    words += [missing] if missing else []
    words += [] if counting else memory_words.sentences(summary)
    grids: List[Grid] = []
    notes: Tuple[str, ...] = ()
    if counting and table.has_work(analysis):
        grids, notes = [table.schemes(analysis, anchors)], (table.schemes_note(analysis),)
    elif counting:
        grids = list(_grids(table.taxes(analysis, anchors), table.gains(analysis, anchors)))
        grids = grids or [table.headline(summary, anchors)]
    return Section("answers", "The answer", tuple(words), tuple(grids), _present(first_chart.over_threads(analysis)),
                   more=tuple(answers(summary)), first=True, notes=notes)


def work(analysis: Analysis, anchors: Anchors) -> Section:
    """The workload `counted_work` whole: shares of counting by shares of shared references, and what its prices foretell."""
    tradeoff = analysis.tradeoff
    grids: List[Grid] = []
    for shown, caption in ((OVER_COUNTED, "The share of time that references take, in %, from which a variant no longer "
                                          f"beats {tradeoff.baseline}"),
                           (OVER_SHARED, "The share of references to shared objects, in %, from which a variant no longer "
                                         f"beats {tradeoff.baseline}")):
        grids += _limits(tradeoff.over(shown), anchors, f"{caption}. Between measured shares the time of an operation is "
                         "taken as a straight line. never: at no share measured; always: at every share measured")
    if tradeoff.fields:
        items = [(f"{one.counted:g} %", f"{one.shared:g} % shared",
                  Shown(f"{heat.field_words(one)} ({heat.lead_words(one)})", "", anchors.at(one.best)))
                 for one in tradeoff.fields if one.placement == tradeoff.fields[0].placement]
        grids.append(pivot(items, f"The variant that does most work on {counted(tradeoff.most, 'thread')}, and by how much "
                                  "it leads the second. ≈: this run cannot tell them apart", "counting"))
    foretold = _foretold(analysis, anchors)
    words = _foretold_words(analysis) if foretold is not None else ()
    return Section("work", "More or less counting, more or less sharing", words,
                   (*grids, *_grids(_prices(analysis), foretold)),
                   _present(heat.heat_map(tradeoff, analysis.summary)))


def _foretold(analysis: Analysis, anchors: Anchors) -> Optional[Grid]:
    rows = [(text(one.cell.variant), text(f"{one.place[0]:g} %"), text(f"{one.place[1]:g} %"),
             text(str(one.cell.threads)), figure(one.cell.ns_per_op.value, anchors.at(one.cell)), figure(one.expected),
             Shown(percent(1.0 + one.residual), repr(abs(one.residual)))) for one in analysis.predicted]
    head = ("variant", "counting", "shared", "threads", "ns per unit", "by prices ns", "residual")
    return grid("Measured cells of work, and what the prices of its parts let expect", head, rows) if rows else None


def _prices(analysis: Analysis) -> Optional[Grid]:
    found = {(name, threads): one for (name, threads, _), one in analysis.prices.items() if math.isfinite(one.own)}
    rows = [(text(name), text(str(threads)), figure(one.unit), figure(one.own), figure(one.alone), figure(one.hot))
            for (name, threads), one in sorted(found.items())]
    head = ("variant", "threads", "unit of work ns", "own reference ns", "in a loop of its own ns", "shared reference ns")
    return grid("Prices: what a unit of work takes, and what a reference adds to it", head, rows) if rows else None


def _foretold_words(analysis: Analysis) -> Tuple[str, ...]:
    found, tradeoff = analysis.predicted, analysis.tradeoff
    worst = max(found, key=lambda one: abs(one.residual))
    words = [f"By its prices a cell takes unit + references × ((1 − p) × own + p × shared). Over {len(found)} cells the "
             f"median residual is {number(100.0 * prediction.median_residual(found))} %; the largest is "
             f"{percent(1.0 + worst.residual)} (`{worst.cell.variant}`, {worst.cell.params}, "
             f"{counted(worst.cell.threads, 'thread')}). Prices are differences between cells in which references take "
             "20 % of the time. A cell that is faster than its prices has fewer references than a core can count while it "
             "goes on with the work; one that is slower has more."]
    limits = prediction.limits(analysis.prices, tradeoff.baseline, tradeoff.choices, tradeoff.most)
    if limits:
        told = "; ".join(f"`{name}` {'at any share' if limit >= 100.0 else f'below {number(limit)} %'}"
                         for name, limit in limits.items())
        words.append("With nothing shared, N threads make up for references that cost c times as much while these take "
                     f"less than (N − 1) ÷ (c − 1) of the time. On {counted(tradeoff.most, 'thread')}: {told}.")
    return tuple(words)


def one_thread(analysis: Analysis, anchors: Anchors) -> Section:
    grids = _grids(table.taxes(analysis, anchors), table.cycles(analysis.summary, anchors),
                   table.headline(analysis.summary, anchors) if analysis.summary.headline else None)
    note = table.means_note(analysis)
    return Section("one-thread", "What it costs one thread", (note,) if note else (), grids,
                   tuple(charts.one_thread(analysis.summary)))


def threads(analysis: Analysis, anchors: Anchors) -> Section:
    own: List[Item] = []
    for curve in analysis.tradeoff.curves:
        own += [(f"{_name(analysis, curve)}, {counted(point.cell.threads, 'thread')}", curve.variant,
                 ratio(point.own, anchors.at(point.cell)))
                for point in curve.points if point.cell.threads > 1 and math.isfinite(point.own.value)]
    grids = _grids(table.gains(analysis, anchors),
                   pivot(own, "Throughput, own one thread = 1", "workload, threads") if own else None)
    return Section("threads", "How it scales", (), grids, tuple(charts.many_threads(analysis.summary)))


def crossovers(analysis: Analysis, anchors: Anchors) -> Section:
    tradeoff = analysis.tradeoff
    known = [curve for curve in tradeoff.curves if curve.crossover.known]
    if not known:
        return Section("gil", "When dropping the GIL pays")
    items = [(_name(analysis, curve), curve.variant,
              turn(curve.crossover, anchors.at(curve.most.cell), before="from ")) for curve in known]
    grids = [pivot(items, f"The fewest threads from which a variant beats {tradeoff.baseline}. never: not on up to "
                          f"{counted(tradeoff.most, 'thread')}", "workload")]
    grids += _limits(tradeoff.over(OVER_MIXED), anchors, "Where threads do nothing but count (mixed): the share of "
                     f"references to shared objects, in %, from which a variant no longer beats {tradeoff.baseline}")
    return Section("gil", "When dropping the GIL pays", (table.beating_note(analysis),), tuple(grids))


def _limits(found: Sequence[Series], anchors: Anchors, caption: str) -> List[Grid]:
    many = [one for one in found if one.fall.known and one.threads > 1]
    placements = {one.placement for one in many}
    items = []
    for one in sorted(many, key=lambda series: (series.rest, series.placement, series.threads)):
        row = ", ".join(filter(None, (one.rest, one.placement if len(placements) > 1 else "",
                                      counted(one.threads, "thread"))))
        items.append((row, one.variant, turn(one.fall, anchors.at(one.points[0][1].cell), " %")))
    return [pivot(items, caption, "threads")] if items else []


def bounds_section(analysis: Analysis, anchors: Anchors) -> Section:
    """What does not count: no choice, but what a choice could gain at most."""
    found = bounds.table_of(analysis, anchors)
    names = "; ".join(f"`{one.name}`: {one.stands_for}" for one in analysis.tradeoff.variants.bounds if one.stands_for)
    words = (f"Variants that do not count references show what counting costs at most. They are in no ranking. {names}.",)
    return Section("bounds", "Without counting", words if found else (), _grids(found))


def released(analysis: Analysis, anchors: Anchors) -> Section:
    tradeoff = analysis.tradeoff
    found = [one for one in tradeoff.over(OVER_RELEASED) if one.threads == tradeoff.most and one.threads > 1]
    if not found:
        return Section("released", "Time outside of the interpreter")
    items = [(" ".join(filter(None, (one.rest, f"{place:g} %"))), one.variant,
              ratio(point.against.interval, anchors.at(point.cell))) for one in found for place, point in one.points]
    grids = [pivot(items, f"Throughput on {counted(tradeoff.most, 'thread')}, {tradeoff.baseline} at its best = 1, by the "
                          "share of a thread's time that is spent outside", "outside")]
    grids += _limits(tradeoff.over(OVER_RELEASED), anchors,
                     f"The share of time outside, in %, from which a variant no longer beats {tradeoff.baseline}. never: "
                     "at no share measured; always: at every share measured")
    return Section("released", "Time outside of the interpreter",
                   ("A thread that is in native code or blocks has released the GIL: the more of that, the less the "
                    "GIL costs.",), tuple(grids))


def beside(analysis: Analysis, anchors: Anchors) -> Section:
    """Latency and memory."""
    most, costs = analysis.tradeoff.most, analysis.costs
    columns = [(name, head, scale) for name, head, scale in (
        ("wait_p50_ns", "wait, median µs", 1e3), ("wait_p99_ns", "wait, 99th percentile µs", 1e3),
        ("wait_max_ns", "wait, longest µs", 1e3), ("gc_pause_max_ns", "longest pause µs", 1e3),
        ("late_objects_max", "most late objects", 1.0)) if any(one.side.value(name) > 0 for one in costs)]
    rows = []
    for one in side_costs.worth_showing(costs, most):
        more = side_costs.more_memory(costs, one, analysis.tradeoff.baseline)
        rows.append((text(one.pattern, anchors.at(one)), text(one.variant),
                     figure(one.ops_per_s.value / 1e6),
                     *(figure(one.side.value(name) / scale) for name, _, scale in columns),
                     figure(more / 1024.0 if more is not None else math.nan)))
    grids = []
    if rows:
        head = ("workload", "variant", "million ops per s", *(head for _, head, _ in columns),
                f"KiB more than {analysis.tradeoff.baseline}")
        grids.append(grid(f"On {counted(most, 'thread')}: every cell in which anything waited, paused or was freed "
                          "late", head, rows))
    return Section("beside", "Latency and memory", (), tuple(grids),
                   _present(heat.waits(side_costs.waiting(costs, most))))


def memory(analysis: Analysis, anchors: Anchors) -> Section:
    """The drivers memory and latency; nothing where the run has none of their cells."""
    grids = memory_tables.grids(analysis.summary, anchors)
    words = [*memory_words.sentences(analysis.summary), "Each table has a question and a unit of its own. None of these "
             "cells is in a geometric mean or in the tables of the answer."] if grids else []
    return Section("memory", "Memory, collection and latency", tuple(words), tuple(grids),
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
    found = [part(analysis, anchors) for part in (first, work, one_thread, threads, crossovers, released, bounds_section,
                                                  beside, memory, runtimes_section.section, model)]
    return [one for one in found if one.words or one.grids or one.charts]
