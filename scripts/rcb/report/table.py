"""The table that opens a report, and prints in a terminal: rich where there is one, aligned plain text where output is
piped. The pages show the same cells. A run of the drivers memory and latency alone prints their tables instead."""

from __future__ import annotations

import math
import re
from typing import Collection, List, Optional, Sequence, Set, TextIO, Tuple

from rich import box
from rich.console import Console
from rich.table import Table

from rcb.answers.analysis import Analysis
from rcb.answers.prediction import COUNTED, SHARED, WORK
from rcb.answers.summary import Headline, Summary
from rcb.answers.tradeoff import OVER_SHARED, TYPICAL, Curve, Tax, Tradeoff
from rcb.answers.wording import NO_NUMBER, answers, counted, number, span
from rcb.report import memory_tables, memory_words, verdict_sentences
from rcb.report.view import TOO_FEW_SHORT, Anchors, Grid, Shown, figure, grid, number_of_place, pivot, ratio, text
from rcb.rows.drivers import COUNTING, MAKING, OVERHEAD, SCALING
from rcb.stats.crossing import ALWAYS, NEVER, Turn
from rcb.stats.stats import NOTHING, Interval

NOWHERE = Anchors()
# The share of shared references, in percent, that has a column of its own.
SOME_SHARED = 5.0
# Wider than any table.
UNBOUNDED = 100_000


# ---- the table of one row a scheme -------------------------------------------------------------------------

def _limit(found: Turn, link: str) -> Shown:
    """A share up to which a variant is ahead: "any" and "none" are its ends."""
    if not found.known:
        return Shown(NO_NUMBER)
    if not found.tells:
        return Shown(TOO_FEW_SHORT, repr(found.value), link)
    words = {NEVER: "any", ALWAYS: "none"}
    return Shown(words.get(found.value) or f"{number_of_place(found.value)} %", repr(found.value), link)


def _tax(tradeoff: Tradeoff, variant: str, counted_share: float) -> Optional[Tax]:
    """What one thread pays on work of that share of counting, nothing shared."""
    wanted = {f"{COUNTED}={counted_share:g}", f"{SHARED}=0"}
    return next((tax for tax in tradeoff.taxes if tax.cell.variant == variant and tax.cell.workload == WORK
                 and wanted == set(tax.cell.params.split(";"))), None)


def _gain(curve: Optional[Curve], anchors: Anchors) -> Shown:
    if curve is None or curve.most.cell.threads < 2:
        return Shown(NO_NUMBER)
    return ratio(curve.most.against.interval, anchors.at(curve.most.cell), bounds=False)


def _scheme_row(analysis: Analysis, variant: str, anchors: Anchors) -> Tuple[Shown, ...]:
    tradeoff = analysis.tradeoff
    typical, alone = (_tax(tradeoff, variant, share) for share in (TYPICAL, 100.0))
    line = tradeoff.line(variant, OVER_SHARED, f"{COUNTED}={TYPICAL:g}")
    traits = tradeoff.variants.of(variant)

    def cost(tax: Optional[Tax]) -> Shown:
        return ratio(tax.ratio, anchors.at(tax.cell), bounds=False) if tax else Shown(NO_NUMBER)

    return (text(variant), cost(typical), _gain(tradeoff.typical(variant), anchors),
            _gain(tradeoff.typical(variant, SOME_SHARED), anchors),
            _limit(line.fall, anchors.at(line.points[0][1].cell)) if line else Shown(NO_NUMBER),
            cost(alone), Shown(str(traits.object_bytes) if traits else NO_NUMBER))


def has_work(analysis: Analysis) -> bool:
    """Whether the cells were measured that the table of schemes rests on."""
    return any(_tax(analysis.tradeoff, tax.cell.variant, TYPICAL) for tax in analysis.tradeoff.taxes)


def schemes(analysis: Analysis, anchors: Anchors = NOWHERE) -> Grid:
    """One row a scheme: what it costs and gains where programs do more than count."""
    tradeoff = analysis.tradeoff
    names = [name for name in dict.fromkeys(tax.cell.variant for tax in tradeoff.taxes)
             if _tax(tradeoff, name, TYPICAL) is not None]

    def order(name: str) -> Tuple[float, str]:
        curve, tax = tradeoff.typical(name), _tax(tradeoff, name, TYPICAL)
        gain = curve.most.against.interval.value if curve is not None and curve.most.cell.threads > 1 else 0.0
        return -gain, tax.ratio.value if tax is not None else float("inf")

    chosen = sorted(names, key=order)
    threads = counted(tradeoff.most, "thread")
    head = ("variant", "1 thread", threads, f"{SOME_SHARED:g} % shared", "ahead up to", "counting alone", "bytes")
    return grid(f"Where references take {TYPICAL:g} % of one thread's time, against {tradeoff.baseline}", head,
                [_scheme_row(analysis, name, anchors) for name in chosen])


def schemes_note(analysis: Analysis) -> str:
    """What the columns mean."""
    base, threads = analysis.tradeoff.baseline, counted(analysis.tradeoff.most, "thread")
    return (f"1 thread: time, {base} = 1. {threads}: throughput when nothing is shared, {base} at its best = 1. "
            f"{SOME_SHARED:g} % shared: the same when {SOME_SHARED:g} % of the references go to objects that all threads "
            f"share. ahead up to: the share of such references up to which {threads} do more work than {base}. counting "
            "alone: time on one thread when it does nothing but count. bytes: header of an object.")


def beating_note(analysis: Analysis) -> str:
    """What it is to beat the baseline."""
    base, margin = analysis.tradeoff.baseline, 100.0 * (analysis.tradeoff.bar - 1.0)
    floor = f"by more than the noise floor of a cell ({number(margin)} %)" if analysis.tradeoff.has_floor else \
        "by any margin, as this run has no noise floor"
    return (f"To beat {base} on N threads is to do more work than {base} does on the count of threads, N or fewer, at "
            f"which it does best, {floor}.")


# ---- every workload against the baseline ---------------------------------------------------------------------

Item = Tuple[str, str, Shown]


def taxes(analysis: Analysis, anchors: Anchors = NOWHERE, bounds: bool = True,
          only: Optional[Collection[str]] = None) -> Optional[Grid]:
    """Time on one thread by workload and variant, of all workloads or of some."""
    items: List[Item] = [(tax.cell.pattern, tax.cell.variant, ratio(tax.ratio, anchors.at(tax.cell), bounds))
                         for tax in analysis.tradeoff.taxes if only is None or tax.cell.workload in only]
    base = analysis.tradeoff.baseline
    return pivot(items, f"Time of an operation on one thread, {base} = 1", "workload") if items else None


def gains(analysis: Analysis, anchors: Anchors = NOWHERE, bounds: bool = True,
          only: Optional[Collection[str]] = None) -> Optional[Grid]:
    """Throughput by workload, threads and variant."""
    items: List[Item] = []
    placements = {curve.pattern[3] for curve in analysis.tradeoff.curves}
    for curve in analysis.tradeoff.curves:
        if only is not None and curve.pattern[1] not in only:
            continue
        name = curve.name + (f" ({curve.pattern[3]})" if len(placements) > 1 else "")
        items += [(f"{name}, {counted(point.cell.threads, 'thread')}", curve.variant,
                   ratio(point.against.interval, anchors.at(point.cell), bounds))
                  for point in curve.points if point.cell.threads > 1]
    base = analysis.tradeoff.baseline
    return pivot(items, f"Throughput, {base} on as many threads or fewer, where it does best = 1",
                 "workload, threads") if items else None


def peer_times(summary: Summary, anchors: Anchors = NOWHERE) -> Optional[Grid]:
    """What others' libraries and runtimes take, beside ours in the same cells; None where none was measured."""
    theirs = [cell for cell in summary.cells if cell.peer and cell.measured and cell.driver in COUNTING]
    places = {(cell.pattern, cell.threads) for cell in theirs}
    ours = [cell for cell in summary.own if cell.measured and (cell.pattern, cell.threads) in places]
    items: List[Item] = [(f"{cell.pattern}, {counted(cell.threads, 'thread')}", cell.variant,
                          figure(cell.ns_per_op.value, anchors.at(cell))) for cell in (*theirs, *ours)]
    return pivot(items, "Nanoseconds that a thread takes for an operation, peers first", "workload, threads") \
        if items else None


def named_workloads(analysis: Analysis) -> Optional[Set[str]]:
    """Those that the run was asked for by name; None: it measured what its profile has."""
    named = analysis.run.get("workloads")
    return set(str(named).split(",")) if named and named != "all" else None


# ---- micro-benchmarks on one thread ---------------------------------------------------------------------------

def _headline_row(summary: Summary, line: Headline, anchors: Anchors) -> Tuple[Shown, ...]:
    """One variant's cells. Without blanks in them: a narrow terminal breaks the heads, not the numbers."""
    most = summary.max_threads

    def at(driver: str, workload: str, threads: int, params: str = "") -> str:
        return anchors.at(summary.find(driver, workload, line.variant, threads, params))

    costs = (("pair", "set=1;code=inline", line.hot_pair), ("borrow", "", line.borrow), ("call", "", line.call),
             ("churn", "", line.churn))
    speedups = (("private", "op=pair", line.private), ("shared_one", "", line.shared_one),
                ("shared_none", "", line.shared_none))
    bounds = {one.name for one in summary.variants.bounds}
    mean = line.overhead if line.variant not in bounds else NOTHING
    return (text(line.variant),
            *(figure(found.value, at(OVERHEAD, workload, 1, params)) for workload, params, found in costs),
            ratio(mean, bounds=False), text(span(mean)),
            *(ratio(found, at(SCALING, workload, most, params), bounds=False)
              for workload, params, found in speedups))


def headline(summary: Summary, anchors: Anchors = NOWHERE) -> Grid:
    """What each variant costs one thread that does nothing but count, and how that scales."""
    at = f"at {summary.max_threads}"
    head = ("variant", "hot pair ns", "borrow ns", "call ns", "churn ns", "mean vs plain", "95 % interval",
            f"private {at}", f"shared_one {at}", f"shared_none {at}")
    return grid("Micro-benchmarks: nanoseconds per operation on one thread, and speed-up over own one thread", head,
                [_headline_row(summary, line, anchors) for line in summary.headline])


def cycles(summary: Summary, anchors: Anchors = NOWHERE) -> Optional[Grid]:
    """Processor cycles of an operation on one thread, and how many of them are not the loop's. Where objects are made no
    loop is empty: what does not count still allocates."""
    loop = next((one.name for one in summary.variants if not one.counts and not one.traced), "")
    items: List[Item] = []
    for cell in summary.own:
        known = cell.side.value("cycles_per_op") if cell.driver == OVERHEAD and cell.measured else math.nan
        if not math.isfinite(known):
            continue
        base = summary.find(OVERHEAD, cell.workload, loop, 1, cell.params)
        empty = base.side.value("cycles_per_op") if base is not None and cell.workload not in MAKING else math.nan
        marginal = f" ({number(known - empty)})" if math.isfinite(empty) and cell.variant != loop else ""
        items.append((cell.pattern, cell.variant, Shown(number(known) + marginal, repr(known), anchors.at(cell))))
    note = f". In brackets: less those of {loop}, whose loop is the same and counts nothing" if loop else ""
    return pivot(items, f"Cycles of an operation on one thread{note}", "workload") if items else None


def means_note(analysis: Analysis) -> str:
    """The means of micro-benchmarks in words, each with its spread."""
    told = [f"`{name}` {ratio(mean.value).text}, from {ratio(Interval(mean.least)).text} to "
            f"{ratio(Interval(mean.most)).text}"
            for name, mean in analysis.tradeoff.means.items() if mean.workloads]
    if not told:
        return ""
    workloads = max(mean.workloads for mean in analysis.tradeoff.means.values())
    return (f"Means of micro-benchmarks, over {counted(workloads, 'workload')} that weigh alike, with the least and the "
            f"most of their cells, `{analysis.tradeoff.baseline}` = 1: {'; '.join(told)}.")


def print_plain(table: Grid, out: TextIO) -> None:
    """Aligned columns without colours or frames."""
    lines = [table.head, *table.texts]
    widths = [max(len(row[place]) for row in lines) for place in range(len(table.head))]
    for row in lines:
        first, *rest = (one.ljust(width) if place == 0 else one.rjust(width)
                        for place, (one, width) in enumerate(zip(row, widths)))
        print("  ".join([first, *rest]), file=out)


def _rich(table: Grid, columns: int, title: str) -> Table:
    """The first columns of a table. Heads are broken at every word, numbers never."""
    shown = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, padding=0, pad_edge=False)
    for place, name in enumerate(table.head[:columns]):
        shown.add_column(re.sub(r"(?<=_)| ", "\n", name), justify="left" if place == 0 else "right", no_wrap=True)
    for row in table.texts:
        shown.add_row(*row[:columns])
    return shown


def print_rich(table: Grid, title: str, out: TextIO) -> None:
    """As many columns as the terminal is wide, and the names of those that are left out."""
    # Names come from rows: brackets in one are no markup.
    console = Console(file=out, markup=False, highlight=False)

    def width(columns: int) -> int:
        return console.measure(_rich(table, columns, ""), options=console.options.update(max_width=UNBOUNDED)).maximum

    columns = len(table.head)
    while columns > 2 and width(columns) > console.width:
        columns -= 1
    console.print(_rich(table, columns, title), width=max(console.width, width(columns)), crop=False)
    if columns < len(table.head):
        console.print(f"Left out, as this terminal is too narrow: {', '.join(table.head[columns:])}.")


def print_grid(table: Grid, title: str, out: TextIO) -> None:
    if out.isatty():
        print_rich(table, title, out)
    else:
        print_plain(table, out)


def _say(lines: Sequence[str], out: TextIO) -> None:
    if out.isatty():
        console = Console(file=out, highlight=False, markup=False)
        for line in lines:
            console.print(line)
    else:
        for line in lines:
            print(line, file=out)


def _counting_grids(analysis: Analysis) -> List[Grid]:
    """What a terminal shows of counting: the schemes, and the workloads that were asked for or that make up the run."""
    named = named_workloads(analysis)
    found = [schemes(analysis)] if has_work(analysis) else []
    if named is not None or not found:
        only = named if found else {cell.workload for cell in analysis.summary.own if cell.driver in COUNTING}
        found += [one for one in (taxes(analysis, bounds=False, only=only), gains(analysis, bounds=False, only=only))
                  if one is not None]
    return found or [headline(analysis.summary)]


def print_report(analysis: Analysis, out: TextIO) -> None:
    """The answer as a terminal shows it: tables, what they mean, and the sentences."""
    summary = analysis.summary
    counting = any(cell.driver in COUNTING for cell in summary.own)
    for one in _counting_grids(analysis) if counting else memory_tables.grids(summary):
        _say([f"{one.caption}:"], out)
        print_grid(one, "", out)
        print(file=out)
    beside = peer_times(summary)
    if beside is not None:
        _say([f"{beside.caption}:"], out)
        print_grid(beside, "", out)
        print(file=out)
    if counting and has_work(analysis):
        _say([schemes_note(analysis), ""], out)
    missing = verdict_sentences.missing(analysis.tradeoff)
    words = verdict_sentences.sentences(analysis.tradeoff) or [one for one in [missing] if one]
    _say([*(words if counting else []), *memory_words.sentences(summary), *answers(summary)], out)
