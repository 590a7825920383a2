"""Several runs side by side, one column a machine: machines.html, machines.md and machines.csv."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, TextIO, Tuple

import pandas as pd

from rcb.answers.analysis import Analysis
from rcb.answers.prediction import COUNTED
from rcb.answers.summary import Cell
from rcb.answers.tradeoff import OVER_SHARED, TYPICAL, Curve, Series, key_of
from rcb.answers.wording import NO_NUMBER, counted
from rcb.base.files import write_atomically
from rcb.report import report, table
from rcb.report.tradeoff_csv import tidy
from rcb.report.verdict_sentences import sentence
from rcb.report.view import Grid, Section, Shown, figure, grid, ratio, text, turn
from rcb.rows.tables import table_text

NONE = Shown(NO_NUMBER)


@dataclass(frozen=True)
class Machine:
    """A run with the name of its column."""

    name: str
    directory: Path
    analysis: Analysis


def named(found: Sequence[Tuple[Path, Analysis]]) -> List[Machine]:
    """Columns are called by host, and by the directory too where two have the same host."""
    hosts = [analysis.host for _, analysis in found]
    names = [host if hosts.count(host) == 1 else f"{host} ({path.resolve().name})"
             for host, (path, _) in zip(hosts, found)]
    # Two directories may still share a name.
    names = [name if names.count(name) == 1 else f"{name} {place}" for place, name in enumerate(names, start=1)]
    return [Machine(name, path, analysis) for name, (path, analysis) in zip(names, found)]


Answer = Callable[[Analysis, str], Shown]


def _crossover(workload: str, params: str) -> Answer:
    def found(analysis: Analysis, variant: str) -> Shown:
        curve: Optional[Curve] = analysis.tradeoff.curve(variant, workload, params)
        return turn(curve.crossover, before="from ") if curve else NONE
    return found


def _gain(workload: str, params: str) -> Answer:
    def found(analysis: Analysis, variant: str) -> Shown:
        curve: Optional[Curve] = analysis.tradeoff.curve(variant, workload, params)
        if curve is None:
            return NONE
        shown = ratio(curve.most.against.interval)
        return Shown(f"{shown.text} on {curve.most.cell.threads}", shown.key)
    return found


def _typical(analysis: Analysis, variant: str) -> Shown:
    curve = analysis.tradeoff.typical(variant)
    if curve is None:
        return NONE
    shown = ratio(curve.most.against.interval)
    return Shown(f"{shown.text} on {curve.most.cell.threads}", shown.key)


def _tax(analysis: Analysis, variant: str) -> Shown:
    curve = analysis.tradeoff.typical(variant)
    found = next((tax for tax in analysis.tradeoff.taxes if curve is not None and tax.cell.variant == variant
                  and (tax.cell.workload, tax.cell.params) == curve.pattern[1:3]), None)
    return ratio(found.ratio) if found is not None else NONE


def _mean(analysis: Analysis, variant: str) -> Shown:
    mean = analysis.tradeoff.means.get(variant)
    return ratio(mean.value) if mean is not None and mean.workloads else NONE


def _share(analysis: Analysis, variant: str) -> Shown:
    series: Optional[Series] = analysis.tradeoff.line(variant, OVER_SHARED, f"{COUNTED}={TYPICAL:g}")
    if series is None:
        return NONE
    shown = turn(series.fall, unit=" %")
    return Shown(f"{shown.text} on {series.threads}", shown.key) if series.fall.known else NONE


QUESTIONS: Tuple[Tuple[str, Answer], ...] = (
    (f"time on one thread, references {TYPICAL:g} % of it", _tax),
    ("throughput on the most threads, nothing shared", _typical),
    ("falls behind at a share of shared references of", _share),
    ("mean of micro-benchmarks on one thread", _mean),
    ("beats the GIL on private objects", _crossover("private", "op=pair")),
    ("throughput on private objects", _gain("private", "op=pair")),
    ("beats the GIL on one hot object", _crossover("shared_one", "")),
    ("throughput on one hot object", _gain("shared_one", "")),
)


def _variants(machines: Sequence[Machine]) -> List[str]:
    return list(dict.fromkeys(name for one in machines for name in one.analysis.tradeoff.choices))


def answers(machines: Sequence[Machine]) -> Grid:
    """The trade-off, a row for each question and variant, a column for each machine."""
    rows = [(text(variant), text(question), *(answer(one.analysis, variant) for one in machines))
            for question, answer in QUESTIONS for variant in _variants(machines)]
    rows = [one for one in rows if any(shown.text != NO_NUMBER for shown in one[2:])]
    return grid("Without a GIL, against each machine's baseline = 1: each question, by machine; behind \"on\" the "
                "threads on which it was measured", ("variant", "question", *(one.name for one in machines)), rows)


def _facts(machine: Machine) -> Dict[str, str]:
    run = machine.analysis.run
    about: Any = run.get("machine")
    about = about if isinstance(about, dict) else {}
    trust = report.trust(run)
    cells = machine.analysis.summary
    floor = cells.floor
    return {
        "processor": str(about.get("cpu") or NO_NUMBER), "cores": str(about.get("cores") or NO_NUMBER),
        "kernel": str(about.get("kernel") or NO_NUMBER), "compiler": str(about.get("compiler") or NO_NUMBER),
        "flags": str(about.get("c_flags") or NO_NUMBER), "revision": str(run.get("revision") or NO_NUMBER),
        "window, ms": str(run.get("window_ms") or NO_NUMBER), "trust": trust["verdict"] if trust else NO_NUMBER,
        "worst of plain against itself": report.percent(floor.worst) if floor else NO_NUMBER,
        "rows": str(len(cells.rows.frame)), "directory": machine.directory.resolve().name,
    }


def facts(machines: Sequence[Machine]) -> Grid:
    found = [_facts(one) for one in machines]
    rows = [(text(name), *(text(one[name]) for one in found)) for name in found[0]]
    return grid("The machines and runs", ("", *(one.name for one in machines)),
                [row for row in rows if any(shown.text != NO_NUMBER for shown in row[1:])])


def cells(machines: Sequence[Machine]) -> Grid:
    """Every cell that any machine measured: its time per operation."""
    by_machine: List[Dict[Any, Cell]] = [{key_of(cell): cell for cell in one.analysis.summary.cells if cell.measured}
                                         for one in machines]
    keys = dict.fromkeys(key for found in by_machine for key in found)
    rows = []
    for key in keys:
        driver, workload, params, variant, threads, placement = key
        values = [figure(found[key].ns_per_op.value) if key in found else NONE for found in by_machine]
        rows.append((text(workload), text(driver), text(params), text(variant), text(threads), text(placement),
                     *values))
    head = ("workload", "driver", "parameters", "variant", "threads", "placement", *(one.name for one in machines))
    return grid("ns per operation, as one thread waits for it", head, rows)


def _words(machines: Sequence[Machine]) -> Tuple[str, ...]:
    found = (sentence(one.analysis.tradeoff, variant, f"On {one.name}") for variant in _variants(machines)
             for one in machines if variant in one.analysis.tradeoff.choices)
    return tuple(words for words in found if words is not None)


def all_sections(machines: Sequence[Machine]) -> List[Section]:
    """The parts of the page, but the table of all cells."""
    note = ("Each machine's numbers are from its own run, each against its own baseline. Times in ns compare processors, "
            "and compilers and flags too where those differ.")
    return [Section("answers", "The answer, by machine", (note, *_words(machines)), (answers(machines),),
                    first=True),
            Section("one-thread", "Cost and scaling, by machine", (),
                    tuple(_headline(one) for one in machines if one.analysis.summary.headline)),
            Section("machine", "Machines and runs", (), (facts(machines),))]


def _headline(machine: Machine) -> Grid:
    found = table.headline(machine.analysis.summary)
    return grid(f"{machine.name}: {found.caption}", found.head, found.rows)


def write(machines: Sequence[Machine], directory: Path) -> Path:
    """Writes the three files; returns the page."""
    directory.mkdir(parents=True, exist_ok=True)
    frames = [tidy(one.analysis.tradeoff).assign(machine=one.name, directory=one.directory.resolve().name)
              for one in machines]
    frame = pd.concat(frames, ignore_index=True)
    order = ["machine", "directory", *(name for name in frame if name not in ("machine", "directory"))]
    write_atomically(directory / "machines.csv", table_text(frame[order]))
    parts = all_sections(machines)
    title = f"Reference counting on {counted(len(machines), 'machine')}"
    write_atomically(directory / "machines.md", report.sheet("machines.md.j2", title=title, sections=parts))
    page = directory / "machines.html"
    write_atomically(page, report.environment().get_template("machines.html.j2").render(
        title=title, sections=parts, cells=cells(machines)))
    return page


def show(machines: Sequence[Machine], out: TextIO) -> None:
    """The answers in a terminal."""
    table.print_grid(answers(machines), "Without a GIL, by machine", out)
