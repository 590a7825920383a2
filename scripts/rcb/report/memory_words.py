"""What the drivers memory and latency say in plain words: one sentence for each question that the run answers."""

from __future__ import annotations

import math
from typing import List, Optional, Sequence, Tuple

from rcb.answers.summary import Cell, Summary
from rcb.answers.wording import number, percent, series
from rcb.report.memory_tables import MILLI, cells_of, curves, gc_taxes, parameter
from rcb.report.view import TOO_FEW
from rcb.stats.stats import Interval


def _bracket(found: Interval) -> str:
    return f" [{number(found.low)}, {number(found.high)}]" if found.tells else ""


def _policy(cell: Cell) -> str:
    """How the heap was treated before the fork, in words."""
    collector = {"on": "the collector on", "off": "the collector off", "frozen": "the heap frozen"}
    objects = {"0": "mortal objects", "1": "immortal objects"}
    return " and ".join(words.get(parameter(cell, name), f"{name}={parameter(cell, name)}")
                        for name, words in (("gc", collector), ("immortal", objects)))


def _preferred(summary: Summary, cells: Sequence[Cell]) -> List[Cell]:
    """Those of the first variant under a GIL with plain counts and mortal singletons, where counting dirties most; else of
    the first variant."""
    names = {cell.variant for cell in cells}
    chosen = next((one.name for one in summary.variants if one.name in names and one.is_plain_gil and not one.immortal),
                  cells[0].variant)
    return [cell for cell in cells if cell.variant == chosen]


def fork_cow(summary: Summary) -> Optional[str]:
    cells = [cell for cell in cells_of(summary, "fork_cow")
             if math.isfinite(cell.side.measure("percent_dirtied").value)]
    if not cells:
        return None
    own = sorted(_preferred(summary, cells), key=lambda cell: cell.side.measure("percent_dirtied").value)
    most = own[-1].side.measure("percent_dirtied")
    words = (f"A forked child that only reads dirties {number(most.value)} %{_bracket(most)} of its parent's heap "
             f"under `{own[-1].variant}` with {_policy(own[-1])}")
    if len(own) == 1:
        return f"{words}."
    least = own[0].side.measure("percent_dirtied")
    return f"{words}, and {number(least.value)} %{_bracket(least)} with {_policy(own[0])}."


def _slowest(cells: Sequence[Cell]) -> Cell:
    return max(cells, key=lambda cell: cell.side.get("latency_p99_ns").value)


def handoff(summary: Summary) -> Optional[str]:
    cells = [cell for cell in cells_of(summary, "handoff_latency")
             if math.isfinite(cell.side.get("latency_p99_ns").value)]
    plain = next((one.name for one in summary.variants if one.is_plain_gil), "")
    held = [cell for cell in cells if cell.variant == plain]
    choices = {one.name for one in summary.variants.choices}
    free = [cell for cell in cells if cell.variant in choices]
    opening = "A short task that arrives while another thread computes has ended"

    def late(cell: Cell) -> str:
        return f"{number(cell.side.get('latency_p99_ns').value / MILLI)} ms"

    without = f"within {late(_slowest(free))} (`{_slowest(free).variant}` is the slowest)" if free else ""
    if not held:
        return f"{opening} {without} without a GIL, 99 times in 100." if free else None
    told = series([f"{late(cell)} at a switch interval of {parameter(cell, 'interval_ms')} ms" for cell in held])
    after = f"; without a GIL {without}" if free else ""
    return f"{opening} under `{plain}` 99 times in 100 within {told}{after}."


def _ends(found: Sequence[Tuple[str, float]], unit: str) -> str:
    """The least and the most, each with whose it is."""
    least, most = min(found, key=lambda one: one[1]), max(found, key=lambda one: one[1])
    if least[0] == most[0]:
        return f"{number(least[1])} {unit} (`{least[0]}`)"
    return f"{number(least[1])} (`{least[0]}`) to {number(most[1])} {unit} (`{most[0]}`)"


def pause(summary: Summary) -> Optional[str]:
    lines = curves(cells_of(summary, "gc_pause"))
    if not lines:
        return None
    where = next(iter(lines))[1]
    most = max(place for (_, own), line in lines.items() if own == where for place, _ in line)
    found = [(variant, pause.value / MILLI) for (variant, own), line in lines.items() if own == where
             for place, pause in line if place == most]
    return f"A collection of {most:,.0f} live objects takes {_ends(found, 'ms')} on {where}."


def _change(found: Interval) -> str:
    return f" [{percent(found.low)}, {percent(found.high)}]" if found.tells else f" ({TOO_FEW})"


def gc_tax(summary: Summary) -> Optional[str]:
    cells = cells_of(summary, "gc_tax")
    found = [(on.variant, ratio) for on, _, ratio in gc_taxes(summary, cells) if math.isfinite(ratio.value)]
    if not found:
        return None
    least, most = (pick(found, key=lambda one: one[1].value) for pick in (min, max))
    told = [f"{percent(ratio.value)}{_change(ratio)} under `{variant}`"
            for variant, ratio in dict((least, most)).items()]
    return f"A collector that finds nothing changes the time of a program without cycles by {' to '.join(told)}."


def sentences(summary: Summary) -> List[str]:
    """Those that the run has cells for."""
    return [words for words in (fork_cow(summary), handoff(summary), pause(summary), gc_tax(summary)) if words]
