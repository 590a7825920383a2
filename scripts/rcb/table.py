"""The headline table for a terminal: rich where there is one, aligned plain text where output is piped."""

from __future__ import annotations

import re
from typing import List, Sequence, TextIO, Tuple

from rich import box
from rich.console import Console
from rich.table import Table

from rcb.summary import Headline, Summary
from rcb.wording import counted, floor_sentence, number, span, status_sentence, times


def columns(summary: Summary) -> Tuple[str, ...]:
    """The names of the columns, with units."""
    at = f"at {summary.max_threads}"
    return ("variant", "hot pair ns", "borrow ns", "call ns", "churn ns", "vs plain", "95 % interval",
            f"private {at}", f"shared_one {at}", f"shared_none {at}")


def line_of(line: Headline) -> Tuple[str, ...]:
    """One variant's cells. Without blanks in them: a narrow terminal breaks the heads, not the numbers."""
    speedups = (line.private, line.shared_one, line.shared_none)
    return (line.variant, number(line.hot_pair.value), number(line.borrow.value), number(line.call.value),
            number(line.churn.value), times(line.overhead, bounds=False), span(line.overhead),
            *(times(one, bounds=False) for one in speedups))


def notes(summary: Summary) -> List[str]:
    """What stands under the table."""
    return [
        "ns: median time of one operation on one thread. vs plain: geometric mean of the cost over the overhead driver. "
        f"at {summary.max_threads}: throughput on {counted(summary.max_threads, 'thread')}, own one thread = 1.",
        floor_sentence(summary),
        status_sentence(summary),
    ]


def _print_plain(head: Sequence[str], body: Sequence[Sequence[str]], out: TextIO) -> None:
    widths = [max(len(row[place]) for row in (head, *body)) for place in range(len(head))]
    for row in (head, *body):
        first, *rest = (text.ljust(width) if place == 0 else text.rjust(width)
                        for place, (text, width) in enumerate(zip(row, widths)))
        print("  ".join([first, *rest]), file=out)


def _print_rich(head: Sequence[str], body: Sequence[Sequence[str]], out: TextIO) -> None:
    table = Table(title="Cost and scaling of reference counting", title_justify="left", box=box.SIMPLE_HEAD, padding=0,
                  pad_edge=False)
    for place, name in enumerate(head):
        # Heads are broken at every word, so that the table fits a terminal of 80 columns or little more.
        table.add_column(re.sub(r"(?<=_)| ", "\n", name), justify="left" if place == 0 else "right", overflow="fold")
    for row in body:
        table.add_row(*row)
    Console(file=out).print(table)


def print_summary(summary: Summary, out: TextIO) -> None:
    """Prints the table and the notes under it."""
    head, body = columns(summary), [line_of(line) for line in summary.headline]
    (_print_rich if out.isatty() else _print_plain)(head, body, out)
    for note in notes(summary):
        print(note, file=out)
