"""The two tables that open a report, and print in a terminal: rich where there is one, aligned plain text where output
is piped. The pages show the same cells. A run of the drivers memory and latency alone prints their tables instead."""

from __future__ import annotations

import re
from typing import List, Optional, Sequence, TextIO, Tuple

from rich import box
from rich.console import Console
from rich.table import Table

from rcb import memory_tables, memory_words
from rcb.analysis import Analysis
from rcb.crossing import ALWAYS, NEVER, Turn
from rcb.drivers import OVERHEAD, SCALING
from rcb.paragraphs import paragraphs
from rcb.summary import Cell, Headline, Summary
from rcb.tradeoff import Curve
from rcb.view import Anchors, Grid, Shown, figure, grid, number_of_place, ratio, text, turn
from rcb.wording import NO_NUMBER, clock_sentence, counted, floor_sentence, number, span, status_sentence

NOWHERE = Anchors()


def _headline_row(summary: Summary, line: Headline, anchors: Anchors) -> Tuple[Shown, ...]:
    """One variant's cells. Without blanks in them: a narrow terminal breaks the heads, not the numbers."""
    most = summary.max_threads

    def at(driver: str, workload: str, threads: int, params: str = "") -> str:
        return anchors.at(summary.find(driver, workload, line.variant, threads, params))

    costs = (("pair", "set=1;code=inline", line.hot_pair), ("borrow", "", line.borrow), ("call", "", line.call),
             ("churn", "", line.churn))
    speedups = (("private", "op=pair", line.private), ("shared_one", "", line.shared_one),
                ("shared_none", "", line.shared_none))
    return (text(line.variant),
            *(figure(found.value, at(OVERHEAD, workload, 1, params)) for workload, params, found in costs),
            ratio(line.overhead, bounds=False), text(span(line.overhead)),
            *(ratio(found, at(SCALING, workload, most, params), bounds=False)
              for workload, params, found in speedups))


def headline(summary: Summary, anchors: Anchors = NOWHERE) -> Grid:
    """What each variant costs one thread, and how it scales."""
    at = f"at {summary.max_threads}"
    head = ("variant", "hot pair ns", "borrow ns", "call ns", "churn ns", "vs plain", "95 % interval", f"private {at}",
            f"shared_one {at}", f"shared_none {at}")
    return grid("Nanoseconds per operation on one thread, cost against plain, and speed-up over threads", head,
                [_headline_row(summary, line, anchors) for line in summary.headline])


def _limit(found: Turn, link: str) -> Shown:
    """A share up to which a variant is ahead: its ends are "any" and "none"."""
    if not found.known:
        return Shown(NO_NUMBER)
    words = {NEVER: "any", ALWAYS: "none"}

    def end(value: float) -> str:
        return words.get(value) or number_of_place(value)

    sure = not found.bounded or found.low == found.high
    return Shown(end(found.value) + ("" if sure else f" [{end(found.low)}–{end(found.high)}]"), repr(found.value), link)


def _tradeoff_row(analysis: Analysis, variant: str, anchors: Anchors) -> Tuple[Shown, ...]:
    tradeoff = analysis.tradeoff
    mean = tradeoff.mean_tax[variant]
    series = tradeoff.sharing(variant)

    def crossing(curve: Optional[Curve]) -> Shown:
        return turn(curve.crossover, anchors.at(curve.most.cell)) if curve else Shown(NO_NUMBER)

    def gain(curve: Optional[Curve]) -> Shown:
        if curve is None:
            return Shown(NO_NUMBER)
        return ratio(curve.most.against.interval, anchors.at(curve.most.cell), bounds=False)

    private, hot = tradeoff.curve(variant, "private", "op=pair"), tradeoff.curve(variant, "shared_one")
    most: Optional[Cell] = series.points[0][1].cell if series else None
    return (text(variant), ratio(mean, bounds=False), text(span(mean)), crossing(private),
            gain(private), crossing(hot), gain(hot),
            _limit(series.fall, anchors.at(most)) if series else Shown(NO_NUMBER),
            Shown(f"{analysis.sizes[variant]:g}" if variant in analysis.sizes else NO_NUMBER))


def tradeoff_lines(analysis: Analysis, anchors: Anchors = NOWHERE) -> Grid:
    """Every variant without a GIL against gil."""
    most = analysis.tradeoff.most
    head = ("variant", "vs gil", "95 % interval", "private beats gil from", f"private at {most} vs gil",
            "shared_one beats gil from", f"shared_one at {most} vs gil", f"% shared at {most} up to",
            "bytes of an object")
    order = sorted(analysis.tradeoff.choices, key=lambda name: (analysis.tradeoff.mean_tax[name].value, name))
    return grid("Without a GIL, against the variant gil: cost on one thread, and from how many threads and up to which "
                "share of shared references it does more work than gil at its best, on up to "
                f"{counted(most, 'thread')}", head, [_tradeoff_row(analysis, name, anchors) for name in order])


def headline_note(summary: Summary) -> str:
    return ("ns: median time of one operation on one thread. vs plain: geometric mean of the cost over the overhead "
            f"driver. at {summary.max_threads}: throughput on {counted(summary.max_threads, 'thread')}, own one "
            "thread = 1.")


def tradeoff_note(analysis: Analysis) -> str:
    margin = number((analysis.tradeoff.bar - 1.0) * 100.0)
    return ("vs gil: geometric mean of the cost of one operation on one thread, gil = 1. To beat gil on N threads is "
            "to do more work than gil does on the count of threads, N or fewer, at which it does best, by more than "
            f"the noise floor of a cell ({margin} %). In square brackets: 95 % interval.")


def notes(summary: Summary) -> List[str]:
    """What stands under the tables in a terminal."""
    return [line for line in (floor_sentence(summary), clock_sentence(summary), status_sentence(summary)) if line]


def print_plain(table: Grid, out: TextIO) -> None:
    """Aligned columns without colours or frames."""
    lines = [table.head, *table.texts]
    widths = [max(len(row[place]) for row in lines) for place in range(len(table.head))]
    for row in lines:
        first, *rest = (one.ljust(width) if place == 0 else one.rjust(width)
                        for place, (one, width) in enumerate(zip(row, widths)))
        print("  ".join([first, *rest]), file=out)


def print_rich(table: Grid, title: str, out: TextIO) -> None:
    shown = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, padding=0, pad_edge=False)
    for place, name in enumerate(table.head):
        # Heads are broken at every word, so that the table fits a terminal of 80 columns or little more.
        shown.add_column(re.sub(r"(?<=_)| ", "\n", name), justify="left" if place == 0 else "right", overflow="fold",
                         no_wrap=place == 0)
    for row in table.texts:
        shown.add_row(*row)
    # Names come from rows: brackets in one are no markup.
    Console(file=out, markup=False).print(shown)


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


def print_report(analysis: Analysis, out: TextIO) -> None:
    """The answer as a terminal shows it: the two tables, what they mean, and the paragraphs."""
    summary = analysis.summary
    beside = [] if summary.headline else memory_tables.grids(summary)
    for one in beside:
        _say([f"{one.caption}:"], out)
        print_grid(one, "", out)
        print(file=out)
    if not beside:
        print_grid(headline(summary), "Cost and scaling of reference counting", out)
        _say([headline_note(summary)], out)
    if analysis.tradeoff.of_counting:
        print(file=out)
        print_grid(tradeoff_lines(analysis), "Without a GIL, against gil", out)
        _say([tradeoff_note(analysis), "", *paragraphs(analysis.tradeoff), ""], out)
    _say([*memory_words.sentences(summary), *notes(summary)], out)
