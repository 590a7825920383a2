"""What a report is made of before it is HTML, Markdown or a terminal's table: sections of words, tables and charts."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Sequence, Tuple

from rcb.answers.summary import Cell, Summary
from rcb.answers.tradeoff import CellKey, key_of
from rcb.answers.wording import NO_NUMBER, number
from rcb.report.drawing import Chart
from rcb.stats.crossing import Turn
from rcb.stats.stats import Interval


@dataclass(frozen=True)
class Shown:
    """A table's cell: what people read, what sorting compares, and the cell of the run whose rows made it."""

    text: str
    key: str = ""
    link: str = ""


@dataclass(frozen=True)
class Grid:
    """A table. The first column names the row."""

    caption: str
    head: Tuple[str, ...]
    rows: Tuple[Tuple[Shown, ...], ...]

    @property
    def texts(self) -> List[Tuple[str, ...]]:
        return [tuple(one.text for one in row) for row in self.rows]


@dataclass(frozen=True)
class Section:
    """One heading with all below it: words, charts, tables, notes on how to read them, and what else there is to say.
    The page shows the first one at once, and folds the others."""

    id: str
    title: str
    words: Tuple[str, ...] = ()
    grids: Tuple[Grid, ...] = ()
    charts: Tuple[Chart, ...] = ()
    model: bool = False
    more: Tuple[str, ...] = ()
    first: bool = False
    notes: Tuple[str, ...] = ()


@dataclass(frozen=True)
class Badge:
    """How far to trust the machine, in one word, and the one thing that would help most."""

    verdict: str
    advice: str

    @property
    def words(self) -> str:
        told = f"Trust in this machine: {self.verdict}."
        return f"{told} What would help most: {self.advice.rstrip('.')}." if self.advice else told


@dataclass(frozen=True)
class Anchors:
    """Where the page has each cell of the run, by the cell's key."""

    by_key: Dict[CellKey, str] = field(default_factory=dict)

    @classmethod
    def of(cls, summary: Summary) -> "Anchors":
        return cls({key_of(cell): f"cell-{place}" for place, cell in enumerate(summary.cells)})

    def at(self, cell: Optional[Cell]) -> str:
        return self.by_key.get(key_of(cell), "") if cell is not None else ""


def text(value: object, link: str = "") -> Shown:
    return Shown(str(value), link=link)


def figure(value: float, link: str = "", unit: str = "") -> Shown:
    """A number, sorted by its value."""
    known = math.isfinite(value)
    return Shown(f"{number(value)}{unit}" if known else NO_NUMBER, repr(float(value)) if known else "", link)


# Instead of an interval that tells nothing, and of a number that stands without its interval.
TOO_FEW = "too few processes"
TOO_FEW_SHORT = "too few"


def tells_nothing(found: Interval) -> bool:
    """Whether there is an interval, and it is too wide to say anything. What is always the same needs no factor."""
    return found.bounded and not found.tells and found.low != found.high


def amount(found: Interval, scale: float = 1.0, link: str = "") -> Shown:
    """A number in units of scale with its interval, where it has one that shows: 12.3 [11.9–12.8]."""
    if not math.isfinite(found.value):
        return Shown(NO_NUMBER, "", link)
    value, low, high = (number(one / scale) for one in (found.value, found.low, found.high))
    if tells_nothing(found):
        return Shown(f"{value} ({TOO_FEW})", repr(found.value), link)
    edges = f" [{low}–{high}]" if found.bounded and not low == value == high else ""
    return Shown(value + edges, repr(found.value), link)


def factor(value: float) -> str:
    """A ratio's digits: 1.42, and 0.014."""
    return f"{value:.2g}" if abs(value) < 0.0995 else f"{value:.2f}" if abs(value) < 0.1 else number(value)


def ratio(found: Interval, link: str = "", bounds: bool = True) -> Shown:
    """A ratio with its interval, as 1.42× [1.40–1.45]."""
    if not math.isfinite(found.value):
        return Shown(NO_NUMBER, "", link)
    if tells_nothing(found):
        return Shown(f"{factor(found.value)}× ({TOO_FEW})" if bounds else TOO_FEW_SHORT, repr(found.value), link)
    edges = f" [{factor(found.low)}–{factor(found.high)}]" if bounds and found.bounded else ""
    return Shown(f"{factor(found.value)}×{edges}", repr(found.value), link)


def _end(value: float, unit: str) -> str:
    if value == math.inf:
        return "never"
    return "always" if value == -math.inf else f"{number_of_place(value)}{unit}"


def number_of_place(value: float) -> str:
    """A count of threads, or a share: no decimals that nobody measured."""
    return f"{value:.0f}" if value == round(value) or value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def turn(found: Turn, link: str = "", unit: str = "", before: str = "") -> Shown:
    """A place with its interval, as "from 2 [2–4]" or "never"; the interval is left out where it says nothing more."""
    if not found.known:
        return Shown(NO_NUMBER, "", link)
    words = _end(found.value, unit)
    words = f"{before}{words}" if math.isfinite(found.value) else words
    if not found.tells:
        return Shown(TOO_FEW, repr(found.value), link)
    if found.bounded and not found.low == found.value == found.high:
        low, high = _end(found.low, ""), _end(found.high, "")
        words += f" [{low}–{high}]"
    return Shown(words, repr(found.value), link)


def grid(caption: str, head: Sequence[str], rows: Sequence[Sequence[Shown]]) -> Grid:
    return Grid(caption, tuple(head), tuple(tuple(row) for row in rows))


def pivot(items: Sequence[Tuple[str, str, Shown]], caption: str, corner: str) -> Grid:
    """A table from (row, column, cell): rows and columns in the order of their first appearance."""
    rows = list(dict.fromkeys(row for row, _, _ in items))
    columns = list(dict.fromkeys(column for _, column, _ in items))
    by_place = {(row, column): shown for row, column, shown in items}
    empty = Shown(NO_NUMBER)
    return grid(caption, (corner, *columns),
                [(text(row), *(by_place.get((row, column), empty) for column in columns)) for row in rows])
