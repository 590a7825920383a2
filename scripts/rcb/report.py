"""report.html: one file that opens without a network, the answers first, every cell and every doubt after them."""

from __future__ import annotations

import base64
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from rcb import charts, table, wording
from rcb.files import write_atomically
from rcb.schema import MEASURED
from rcb.stats import Interval
from rcb.summary import Cell, Summary


@dataclass(frozen=True)
class Shown:
    """A table cell of the report: what people read and what sorting compares."""

    text: str
    key: str


@dataclass(frozen=True)
class Doubt:
    """A cell that has no numbers, or some trials that were not good, with the reason."""

    cell: str
    status: str
    trials: int
    reason: str


CELL_COLUMNS = ("driver", "workload", "parameters", "variant", "threads", "placement", "n", "ns per op",
                "95 % interval", "million ops per s", "ratio", "95 % interval of the ratio", "compared as", "status")


def _number(value: float) -> Shown:
    return Shown(wording.number(value), repr(value) if math.isfinite(value) else "")


def _bounds(found: Interval) -> Shown:
    text = f"{wording.number(found.low)} to {wording.number(found.high)}" if found.bounded else wording.NO_NUMBER
    return Shown(text, repr(found.high - found.low) if found.bounded else "")


def _status(cell: Cell) -> str:
    counts = [f"{count} {status}" for status, count in cell.statuses.items() if count]
    return "ok" if cell.statuses["ok"] == sum(cell.statuses.values()) else ", ".join(counts)


def _text(value: str) -> Shown:
    return Shown(value, value)


def cell_rows(summary: Summary) -> List[Tuple[Shown, ...]]:
    """The table of all cells."""
    return [(_text(cell.driver), _text(cell.workload), _text(cell.params), _text(cell.variant),
             _text(str(cell.threads)), _text(cell.placement), _text(str(cell.trials)),
             _number(cell.ns_per_op.value), _bounds(cell.ns_per_op), _number(cell.ops_per_s.value / 1e6),
             _number(cell.ratio.value), _bounds(cell.ratio), _text(cell.comparison), _text(_status(cell)))
            for cell in summary.cells]


def doubts(summary: Summary) -> List[Doubt]:
    """Skipped, invalid and oversubscribed rows by cell and kind of reason, with the first reason of each kind."""
    frame = summary.rows.frame
    frame = frame[frame["status"] != "ok"]
    kinds = frame["reason"].str.replace(r"[0-9.]+", "0", regex=True).rename("kind")
    names = ["driver", "workload", "params", "variant", "threads", "status", kinds]
    found = []
    for key, group in frame.groupby(names, sort=False):
        driver, workload, params, variant, threads, status, _ = key
        cell = " ".join(filter(None, (driver, workload, params, variant, wording.counted(threads, "thread"))))
        found.append(Doubt(cell, status, len(group), group["reason"].iloc[0]))
    return sorted(found, key=lambda doubt: (doubt.status, doubt.cell))


def facts(value: Any, prefix: str = "") -> Iterator[Tuple[str, str]]:
    """A nested record as pairs of a dotted name and a text."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from facts(inner, f"{prefix}.{name}" if prefix else str(name))
    elif isinstance(value, (list, tuple)):
        if any(isinstance(inner, (Mapping, list)) for inner in value):
            for place, inner in enumerate(value):
                yield from facts(inner, f"{prefix}[{place}]")
        elif value:
            yield prefix, ", ".join(str(inner) for inner in value)
    elif value is not None and value != "":
        yield prefix, {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _gates(summary: Summary) -> List[Tuple[str, str]]:
    """What happened to the machine during the trials that count."""
    used = summary.rows.frame[summary.rows.frame["status"].isin(MEASURED)]
    if used.empty:
        return []
    many = used[used["threads"] > 1]
    drift = used["drift"].dropna().abs()
    found = [
        ("trials with numbers", str(len(used))),
        ("least overlap of threads", wording.number(many["overlap"].min()) if len(many) else wording.NO_NUMBER),
        ("trials with a migration", str(int((used["migrations"] > 0).sum()))),
        ("trials with stolen time", str(int((used["steal_ms"] > 0).sum()))),
        ("trials with major page faults", str(int((used["major_faults"] > 0).sum()))),
        ("involuntary switches per trial, median", wording.number(used["ctx_involuntary"].median())),
        ("drift within the window, 95 % of trials within",
         wording.percent(1.0 + drift.quantile(0.95)) if len(drift) else wording.NO_NUMBER),
    ]
    return found


def _payoff_table(summary: Summary) -> Tuple[List[str], List[List[str]]]:
    found = wording.payoffs(summary)
    variants = list(dict.fromkeys(variant for _, variant, _, _ in found))
    by_place = {(share, variant): (first, gain) for share, variant, first, gain in found}
    rows = []
    for share in dict.fromkeys(share for share, _, _, _ in found):
        row = [f"{share:g} %"]
        for variant in variants:
            first, gain = by_place.get((share, variant), (None, math.nan))
            start = f"from {wording.counted(first, 'thread')}" if first else f"not up to {summary.max_threads}"
            row.append(f"{start} ({wording.number(gain)}×)" if math.isfinite(gain) else wording.NO_NUMBER)
        rows.append(row)
    return variants, rows


def _picture(path: Path) -> Optional[str]:
    try:
        return "data:image/svg+xml;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
    except OSError:
        return None


def read_run(directory: Path) -> Dict[str, Any]:
    """run.json of a run, or nothing where it is absent or broken: rows can be reported without it."""
    try:
        found = json.loads((directory / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _warnings(run: Mapping[str, Any], summary: Summary) -> List[str]:
    found = [str(one) for one in run.get("warnings", [])]
    if run and not run.get("complete", False):
        found.insert(0, "This run is not complete: it was interrupted, or it goes on.")
    if summary.rows.bad:
        found.append(f"{wording.counted(len(summary.rows.bad), 'line')} of the rows could not be used; listed below.")
    return found


def render(summary: Summary, run: Mapping[str, Any], topology: Path) -> str:
    """The whole page."""
    environment = Environment(loader=FileSystemLoader(str(Path(__file__).parent)), autoescape=True,
                              undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    first = summary.rows.frame.iloc[0] if len(summary.rows.frame) else None
    here = Path(__file__).parent
    variants, payoff_rows = _payoff_table(summary)
    sections: Sequence[Tuple[str, str, List[charts.Chart]]] = (
        ("one-thread", "What it costs one thread", charts.one_thread(summary)),
        ("threads", "How it scales", charts.many_threads(summary)),
    )
    return environment.get_template("report.html.j2").render(
        style=Markup((here / "report.css").read_text(encoding="utf-8")),
        script=Markup((here / "report.js").read_text(encoding="utf-8")),
        host=first["host"] if first is not None else "no rows",
        started=run.get("started") or (first["utc"] if first is not None else ""),
        run=run, revision=run.get("revision", ""), profile=run.get("profile", ""),
        answers=wording.answers(summary),
        head=table.columns(summary), lines=[table.line_of(line) for line in summary.headline],
        notes=table.notes(summary)[:1],
        sections=sections, markup=Markup,
        payoff_variants=variants, payoff_rows=payoff_rows,
        gates=_gates(summary), warnings=_warnings(run, summary), doubts=doubts(summary), bad=summary.rows.bad,
        floor=summary.floor, percent=wording.percent, number=wording.number, spread=wording.spread,
        facts=list(facts({key: value for key, value in run.items() if key != "warnings"})),
        topology=_picture(topology),
        cell_columns=CELL_COLUMNS, cells=cell_rows(summary),
    )


def write_pictures(summary: Summary, directory: Path) -> None:
    """The two main charts as files, for pages that show pictures."""
    style = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
    for name, chart in (("overhead.svg", charts.overhead_means(summary)), ("scaling.svg", charts.scaling(summary))):
        if chart is not None:
            write_atomically(directory / name, charts.standalone(chart, style))


def write(summary: Summary, directory: Path) -> Path:
    """Writes report.html and the two pictures into a run's directory."""
    write_pictures(summary, directory)
    path = directory / "report.html"
    write_atomically(path, render(summary, read_run(directory), directory / "topology.svg"))
    return path
