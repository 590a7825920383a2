"""A comparison of runs as people and programs read it: a terminal table, Markdown, tidy CSV, one HTML file."""

from __future__ import annotations

import math
import re
from typing import Dict, Iterator, List, Sequence, TextIO, Tuple

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from rcb.answers.wording import counted
from rcb.compare.pairs import Comparison, Difference, Side, unit_of
from rcb.machine import run_differences
from rcb.report import view
from rcb.rows.schema import CELL
from rcb.rows.tables import table_text
from rcb.stats.verdict import DISTURBED, FASTER, KINDS, SAME, SLOWER, percent_up

NO_NUMBER = "–"
TOO_FEW = "too few processes"
Grid = Tuple[List[str], List[List[str]]]


def _is_wide(ratio: float) -> bool:
    """Whether a percentage would be hard to read."""
    return math.isfinite(ratio) and not 0.5 <= ratio < 2


def _change(ratio: float, factor: bool) -> str:
    """A ratio as people say it: +3.2 %, or the factor, 5.6×."""
    if not math.isfinite(ratio):
        return NO_NUMBER
    return f"{ratio:.3g}×" if factor else f"{(ratio - 1) * 100:+.1f} %"


def _changes(found: Difference) -> Tuple[str, str]:
    """The ratio, and its interval in the same unit, unless that is too wide to say anything: a difference that is
    claimed has said something."""
    time, tells = found.time, found.time.tells or found.verdict.is_difference
    factor = any(map(_is_wide, (time.value, time.low, time.high) if tells else (time.value,)))
    return (_change(time.value, factor),
            f"{_change(time.low, factor)} to {_change(time.high, factor)}" if tells else TOO_FEW)


def _figure(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else NO_NUMBER


def _columns(comparisons: Sequence[Comparison]) -> List[str]:
    return [head for one in comparisons
            for head in (f"time {one.other.label} ÷ {one.base.label}", "95 % interval", "verdict")]


def _judged(found: "Difference | None") -> List[str]:
    if found is None:
        return [NO_NUMBER, NO_NUMBER, "not in both"]
    return [*_changes(found), str(found.verdict)]


def mean_grid(comparisons: Sequence[Comparison]) -> Grid:
    """Geometric means: of each driver, and of each variant in it."""
    found: Dict[Tuple[str, ...], Dict[int, Difference]] = {}
    for place, one in enumerate(comparisons):
        for mean in one.means:
            found.setdefault(mean.name, {})[place] = mean
    body = []
    for name, means in found.items():
        cells = max(mean.cells for mean in means.values())
        row = [name[0], name[1] if len(name) > 1 else "all", str(cells)]
        body.append(row + [text for place in range(len(comparisons)) for text in _judged(means.get(place))])
    return ["driver", "variant", "cells", *_columns(comparisons)], body


def cell_grid(comparisons: Sequence[Comparison], changed: bool = False) -> Grid:
    """One line for each cell that two runs have in common; changed: only where a verdict is a difference."""
    found: Dict[Tuple[str, ...], Dict[int, Difference]] = {}
    for place, one in enumerate(comparisons):
        for cell in one.cells:
            found.setdefault(cell.name, {})[place] = cell
    labels = [comparisons[0].base.label, *(one.other.label for one in comparisons)]
    body = []
    for name, cells in found.items():
        if changed and not any(cell.verdict.is_difference for cell in cells.values()):
            continue
        first = next(iter(cells.values()))
        figures = [_figure(first.values[0])]
        figures += [_figure(cells[place].values[1]) if place in cells else NO_NUMBER
                    for place in range(len(comparisons))]
        assert first.key is not None
        body.append([*name, unit_of(first.key, comparisons[0].base.baseline), *figures,
                     *(text for place in range(len(comparisons)) for text in _judged(cells.get(place)))])
    return [*CELL, "unit", *labels, *_columns(comparisons)], body


def missing_lines(comparisons: Sequence[Comparison]) -> List[str]:
    """The cells that only one side has."""
    return [f"only in {label}: {' '.join(filter(None, map(str, key)))}"
            for one in comparisons for key, label in one.missing]


def _about(side: Side) -> str:
    revision = f", revision {side.revision}" if side.revision else ""
    bad = f", {len(side.rows.bad)} lines left out" if side.rows.bad else ""
    return (f"{side.label}: {side.rows.path} ({', '.join(side.hosts)}{revision}, {side.processes} "
            f"process{'' if side.processes == 1 else 'es'}, {len(side.rows.measured())} trials{bad})")


def _percent(floor: float) -> str:
    return f"{math.expm1(floor) * 100:.1f} %"


def _pair(one: Comparison) -> str:
    return f"{one.other.label} against {one.base.label}"


def _floor(one: Comparison) -> str:
    if one.floor is None or one.mean_floor is None:
        return (f"{_pair(one)}: neither run measured both plain and plain_twin, so the noise floor is unknown and the "
                "verdicts rest on the intervals alone.")
    partly = "" if one.base.floor and one.other.floor else " (from one run; the other lacks plain or plain_twin)"
    return (f"{_pair(one)}: the noise floor is {_percent(one.floor)} for a cell and {_percent(one.mean_floor)} for a "
            f"mean{partly}. Smaller differences are not claimed.")


# Less than that is what any two runs differ by.
_SHIFT_TOLD = 0.01


def _shifts(one: Comparison) -> Iterator[str]:
    for driver, shift in one.shifts.items():
        if abs(shift) >= _SHIFT_TOLD:
            slower = "slower" if shift > 0 else "faster"
            baseline = one.base.baseline
            cause = f"{baseline}, by which all are divided" if baseline else "the machine or the build"
            yield (f"{_pair(one)}: in the driver {driver} everything is {_percent(abs(shift))} {slower}. That is due "
                   f"to {cause}; a variant must differ by that much more than the floor before it is said to differ.")


def _clock(one: Comparison) -> str:
    if one.base.baseline:
        return (f"{_pair(one)}: every cell is divided by that of {one.base.baseline} in the same process, so a clock "
                "or a machine that is faster as a whole does not count as a difference.")
    if one.clock is not None:
        return (f"{_pair(one)}: the processor's clock differed by {_change(one.clock, _is_wide(one.clock))}; the times of {one.other.label} "
                f"are converted to the clock of {one.base.label}.")
    return (f"{_pair(one)}: a difference may be due to the processor's clock: it is not known for both runs, or they "
            "may be from different machines.")


def _same(one: Comparison) -> str:
    """How small the differences are that the cells without one exclude."""
    within = sorted(cell.verdict.within for cell in one.cells if cell.verdict.kind == SAME)
    if not within:
        return ""
    half, most = (within[math.ceil(share * len(within)) - 1] for share in (0.5, 0.9))
    return (f" Of the {counted(len(within), 'cell')} that are the same, half differ by no more than "
            f"{percent_up(half)}, and nine in ten by no more than {percent_up(most)}.")


def _counts(one: Comparison) -> str:
    counts = {kind: sum(cell.verdict.kind == kind for cell in one.cells) for kind in KINDS}
    told = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count or kind != DISTURBED)
    missing = f" {counted(len(one.missing), 'cell')} {'is' if len(one.missing) == 1 else 'are'} in one run only." \
        if one.missing else ""
    return f"{_pair(one)}: {counted(len(one.cells), 'cell')} in both: {told}.{_same(one)}{missing}"


def unlike_lines(comparisons: Sequence[Comparison]) -> List[str]:
    """What else differs between the runs, which may be what the numbers differ by."""
    sides = [comparisons[0].base, *(one.other for one in comparisons)]
    lines = run_differences.differences([(side.label, side.facts) for side in sides])
    same = "Machine, build and settings are the same, as far as is recorded."
    return [f"differs: {line}" for line in lines] or [same]


def _other_machine(one: Comparison) -> bool:
    processors = {side.facts["cpu"] for side in (one.base, one.other) if side.facts.get("cpu")}
    return one.other.hosts != one.base.hosts or len(processors) > 1


def notes(comparisons: Sequence[Comparison]) -> List[str]:
    """What differs beside the numbers, and what must be known to read the tables."""
    return unlike_lines(comparisons) + reading(comparisons)


def reading(comparisons: Sequence[Comparison]) -> List[str]:
    """What must be known to read the tables."""
    base = comparisons[0].base
    found = [_about(base), *(_about(one.other) for one in comparisons),
             "Ratios are of the time that the same work takes: above 1 (+) is slower, in every driver."]
    for one in comparisons:
        found.append(_floor(one))
        found.append(_clock(one))
        found.extend(_shifts(one))
        if one.disturbed:
            what = "1 cell rests" if len(one.disturbed) == 1 else f"{len(one.disturbed)} cells rest"
            found.append(f"{_pair(one)}: {what} on disturbed trials in at least one of the runs. A difference there may "
                         "be the neighbours', so none is claimed, and no mean includes them.")
        found.append(_counts(one))
        if _other_machine(one):
            found.append(f"{_pair(one)}: the runs are from different machines, which may be what differs.")
        if max(base.processes, one.other.processes) < 2:
            found.append(f"{_pair(one)}: with one process each, nobody knows how much processes differ, so nothing is "
                         "claimed. Measure with --processes 3 or more.")
    return found


def _numeric(head: str) -> bool:
    return head not in (*CELL, "verdict", "unit") or head == "threads"


def _print_plain(grid: Grid, out: TextIO) -> None:
    head, body = grid
    widths = [max(len(row[place]) for row in (head, *body)) for place in range(len(head))]
    for row in (head, *body):
        texts = (text.rjust(width) if _numeric(name) else text.ljust(width)
                 for name, text, width in zip(head, row, widths))
        print("  ".join(texts).rstrip(), file=out)


def _print_rich(grid: Grid, title: str, out: TextIO) -> None:
    head, body = grid
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in head:
        table.add_column(re.sub(r" (?=÷|interval)", "\n", name), justify="right" if _numeric(name) else "left",
                         overflow="fold")
    styles = {SLOWER: "bold red", FASTER: "bold green"}
    for row in body:
        style = next((styles[text] for text in row if text in styles), "")
        table.add_row(*row, style=style)
    Console(file=out).print(table)


def print_terminal(comparisons: Sequence[Comparison], out: TextIO, every: bool) -> None:
    """What differs beside the numbers, the means, the cells that differ (every: all cells), and the notes."""
    for line in unlike_lines(comparisons):
        print(line, file=out)
    print(file=out)
    sections = (("Geometric means", mean_grid(comparisons)),
                ("Cells" if every else "Cells that differ", cell_grid(comparisons, not every)))
    for title, grid in sections:
        if not grid[1]:
            print("No cell differs.", file=out)
        elif out.isatty():
            _print_rich(grid, title, out)
        else:
            print(title, file=out)
            _print_plain(grid, out)
        print(file=out)
    missing = missing_lines(comparisons)
    for line in missing if every else missing[:5]:
        print(line, file=out)
    if not every and len(missing) > 5:
        print(f"… and {len(missing) - 5} more cells of one run only; --all lists them", file=out)
    for note in reading(comparisons):
        print(note, file=out)


def _markdown_grid(grid: Grid) -> List[str]:
    head, body = grid
    rule = ["---:" if _numeric(name) else "---" for name in head]
    return ["| " + " | ".join(text.replace("|", "\\|") for text in row) + " |" for row in (head, rule, *body)]


def markdown(comparisons: Sequence[Comparison]) -> str:
    """All of it as GitHub's Markdown."""
    lines = ["# Comparison", "", *(f"- {note}" for note in notes(comparisons)),
             "", "## Geometric means", "", *_markdown_grid(mean_grid(comparisons)),
             "", "## Cells", "", *_markdown_grid(cell_grid(comparisons))]
    missing = missing_lines(comparisons)
    if missing:
        lines += ["", "## Cells of one run only", "", *(f"- {line}" for line in missing)]
    return "\n".join(lines) + "\n"


def _record(one: Comparison, found: Difference) -> Dict[str, object]:
    key = found.key or (found.name[0], "", "", found.name[1] if len(found.name) > 1 else "", "", "")
    return {"base": str(one.base.rows.path), "other": str(one.other.rows.path),
            "kind": "cell" if found.key else "geometric mean", **dict(zip(CELL, key)), "cells": found.cells,
            "unit": unit_of(found.key, one.base.baseline) if found.key else "", "base_value": found.values[0],
            "other_value": found.values[1], "time_ratio": found.time.value, "time_ratio_low": found.time.low,
            "time_ratio_high": found.time.high, "p_adjusted": found.p_adjusted, "effect": found.effect,
            "verdict": str(found.verdict)}


def tidy(comparisons: Sequence[Comparison]) -> str:
    """One line for each cell or mean and each run but the first; cells of one run only have no numbers."""
    records = [_record(one, found) for one in comparisons for found in one.differences]
    for one in comparisons:
        for key, label in one.missing:
            records.append({"base": str(one.base.rows.path), "other": str(one.other.rows.path), "kind": "cell",
                            **dict(zip(CELL, key)), "cells": 1, "unit": unit_of(key, one.base.baseline),
                            "verdict": f"only in {label}"})
    return table_text(pd.DataFrame(records))


_MARKS = {SLOWER: "▲ ", FASTER: "▼ "}  # not by colour alone


def _key(text: str) -> str:
    """By what a change is sorted: its ratio. All else by what it says."""
    if text.endswith("×"):
        return text[:-1]
    return f"{1 + float(text[:-2]) / 100:.6g}" if text.endswith(" %") and " to " not in text else text


def _shown(grid: Grid, caption: str) -> view.Grid:
    head, body = grid
    return view.Grid(caption, tuple(head), tuple(
        tuple(view.Shown(_MARKS.get(text, "") + text, _key(text) if name.startswith("time ") else text)
              for name, text in zip(head, row)) for row in body))


def html(comparisons: Sequence[Comparison]) -> str:
    """One file that opens without a network, as a report does."""
    from rcb.report import report  # with all that draws charts: no other format waits for it

    return report.environment().get_template("compare.html.j2").render(
        notes=notes(comparisons), missing=missing_lines(comparisons),
        means=_shown(mean_grid(comparisons), "Geometric means of the time of the same work"),
        cells=_shown(cell_grid(comparisons), "Every cell that the runs have in common"))


FORMATS = {"markdown": markdown, "csv": tidy, "html": html}
