"""The table that scripts/peers prints: each pattern on each interpreter."""

from __future__ import annotations

from pathlib import Path
from typing import List, Optional, TextIO

from rich import box
from rich.console import Console
from rich.table import Table

from rcb.answers.summary import Cell, Summary, summarise
from rcb.answers.wording import NO_NUMBER, number, status_sentence
from rcb.rows import rows
from rcb.rows.drivers import SCALING
from rcb.rows.schema import PEER


def table(summary: Summary) -> Table:
    """ns per operation on one thread, and the speed-up on the most threads, by pattern and interpreter."""
    peers = list(dict.fromkeys(cell.variant for cell in summary.cells if cell.measured))
    most = max((cell.threads for cell in summary.cells if cell.measured), default=1)
    found = Table(box=box.SIMPLE_HEAD, title=f"ns per operation on one thread; throughput of {most} threads, own one "
                                             "thread = 1", title_justify="left")
    found.add_column("pattern")
    for name in peers:
        found.add_column(name[len(PEER):], justify="right")
        if most > 1:
            found.add_column(f"at {most}", justify="right")
    cells = {(cell.driver, cell.pattern, cell.variant, cell.threads): cell for cell in summary.cells if cell.measured}
    for driver, pattern in dict.fromkeys((cell.driver, cell.pattern) for cell in summary.cells):
        line: List[str] = [pattern]
        for name in peers:
            one, many = (cells.get((driver, pattern, name, threads)) for threads in (1, most))
            line.append(number(one.ns_per_op.value) if one else NO_NUMBER)
            if most > 1:
                line.append(_at_most(driver, one, many))
        found.add_row(*line)
    return found


def _at_most(driver: str, one: Optional[Cell], many: Optional[Cell]) -> str:
    """A speed-up; where one thread alone makes no sense, what an operation takes."""
    if many is None or driver != SCALING:
        return NO_NUMBER
    return f"{number(many.ratio.value)}×" if one else f"{number(many.ns_per_op.value)} ns"


def show(path: Path, out: TextIO) -> None:
    """Prints the table of a file of rows."""
    summary = summarise(rows.read(path))
    found = table(summary)
    # Piped output is not cut: it is as wide as the table.
    console = Console(file=out, width=None if out.isatty() else 20 + 18 * len(found.columns))
    console.print(found)
    console.print(status_sentence(summary), highlight=False)
