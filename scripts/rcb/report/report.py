"""report.html and report.md: the answers first, every cell and every doubt after them. The page is one file that opens
without a network."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from rcb.answers import wording
from rcb.answers.analysis import Analysis
from rcb.answers.summary import Cell, Summary
from rcb.answers.tradeoff import key_of, part_of
from rcb.answers.wording import percent
from rcb.base.files import texts_of, write_atomically
from rcb.report import sections, tradeoff_csv, trials
from rcb.report.drawing import standalone
from rcb.report.view import TOO_FEW, Anchors, Badge, Section, Shown, tells_nothing
from rcb.runtimes import comparison
from rcb.stats.stats import Interval

HERE = Path(__file__).parent
# Longer lists of facts about a run are counted.
LISTED_MOST = 40


@dataclass(frozen=True)
class Doubt:
    """A cell that has no numbers, or some trials that were not good, with the reason."""

    cell: str
    status: str
    trials: int
    reason: str


@dataclass(frozen=True)
class CellLine:
    """One row of the table of all cells, with the rows that it was made of."""

    id: str
    shown: Tuple[Shown, ...]
    rows: Optional[trials.CellRows]


CELL_COLUMNS = ("driver", "workload", "parameters", "variant", "threads", "placement", "n", "ns per op",
                "95 % interval", "million ops per s", "ratio", "95 % interval of the ratio", "compared as", "status")
# Columns of the summary that it may have or not.
OPTIONAL = ("verdict", "noisy")


def _number(value: float) -> Shown:
    return Shown(wording.number(value), repr(value) if math.isfinite(value) else "")


def _bounds(found: Interval) -> Shown:
    text = f"{wording.number(found.low)} to {wording.number(found.high)}" if found.bounded else wording.NO_NUMBER
    text = TOO_FEW if tells_nothing(found) else text
    return Shown(text, repr(found.high - found.low) if found.bounded else "")


def _status(cell: Cell) -> str:
    counts = [f"{count} {status}" for status, count in cell.statuses.items() if count]
    return "ok" if cell.statuses["ok"] == sum(cell.statuses.values()) else ", ".join(counts)


def _text(value: str) -> Shown:
    return Shown(value, value)


def _optional(cell: Cell, name: str) -> str:
    if name == "verdict":
        return str(cell.test.verdict) if cell.test is not None else ""
    return str(cell.noisy) if cell.noisy else ""


def optional_columns(summary: Summary) -> List[str]:
    """The columns of OPTIONAL that any cell has."""
    return [name for name in OPTIONAL if any(_optional(cell, name) for cell in summary.cells)]


def cell_lines(summary: Summary) -> List[CellLine]:
    """The table of all cells."""
    anchors, rows, more = Anchors.of(summary), trials.of_cells(summary.rows), optional_columns(summary)
    return [CellLine(anchors.at(cell), (*_cell(cell), *(_text(_optional(cell, name)) for name in more)),
                     rows.get(key_of(cell))) for cell in summary.cells]


def _cell(cell: Cell) -> Tuple[Shown, ...]:
    return (_text(cell.driver), _text(cell.workload), _text(cell.params), _text(cell.variant),
            _text(str(cell.threads)), _text(cell.placement), _text(str(cell.trials)),
            _number(cell.ns_per_op.value), _bounds(cell.ns_per_op), _number(cell.ops_per_s.value / 1e6),
            _number(cell.ratio.value), _bounds(cell.ratio), _text(cell.comparison), _text(_status(cell)))


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
        elif len(value) > LISTED_MOST:
            yield prefix, f"{len(value)}, which run.json lists"
        elif value:
            yield prefix, ", ".join(str(inner) for inner in value)
    elif value is not None and value != "":
        yield prefix, {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _facts_of_run(run: Mapping[str, Any]) -> Iterator[Tuple[str, str]]:
    """What the page has no other place for; the traits of variants are no facts about the run."""
    machine = run.get("machine")
    if isinstance(machine, Mapping):
        run = {**run, "machine": {key: value for key, value in machine.items() if key != "variants"}}
    return facts({key: value for key, value in run.items() if key not in ("warnings", "trust")})


def gates(summary: Summary) -> List[Tuple[str, str]]:
    """What happened to the machine during the trials that count."""
    used = part_of(summary.rows, ("threads", "overlap", "migrations", "steal_ms", "major_faults", "ctx_involuntary",
                                  "drift"))
    if used.empty:
        return []
    many = used[used["threads"] > 1]
    drift = used["drift"].dropna().abs()
    found = [
        ("trials that count", str(len(used))),
        ("smallest overlap of a trial's threads",
         wording.number(many["overlap"].min()) if len(many) else wording.NO_NUMBER),
        ("trials with a migration", str(int((used["migrations"] > 0).sum()))),
        ("trials with stolen time", str(int((used["steal_ms"] > 0).sum()))),
        ("trials with major page faults", str(int((used["major_faults"] > 0).sum()))),
        ("involuntary context switches per trial (median)", wording.number(used["ctx_involuntary"].median())),
        ("drift within a window (in 95 % of trials at most)",
         percent(1.0 + drift.quantile(0.95)) if len(drift) else wording.NO_NUMBER),
    ]
    return found


def _picture(path: Path) -> Optional[str]:
    try:
        return "data:image/svg+xml;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
    except OSError:
        return None


def trust(run: Mapping[str, Any]) -> Optional[Dict[str, Any]]:
    """How far the machine can be trusted, where the run says so: verdict, reasons, advice."""
    found = run.get("trust")
    if not isinstance(found, Mapping) or not found.get("verdict"):
        return None
    return {"verdict": str(found["verdict"]), "reasons": texts_of(found.get("reasons")),
            "advice": texts_of(found.get("advice"))}


def badge(run: Mapping[str, Any]) -> Optional[Badge]:
    """What the first screen says of the machine; None where the run does not say. The advice that helps most comes
    first."""
    found = trust(run)
    return Badge(found["verdict"], next(iter(found["advice"]), "")) if found else None


def alarms(analysis: Analysis) -> List[str]:
    """What nobody may overlook, and what the first screen therefore says too."""
    run, summary = analysis.run, analysis.summary
    found = []
    if run and not run.get("complete", False):
        found.append("This run is not complete: it was interrupted, or it is still going on.")
    if summary.rows.bad:
        found.append(f"{wording.counted(len(summary.rows.bad), 'line')} of the rows could not be used.")
    if summary.trials.failed:
        found.append(f"{wording.counted(summary.trials.failed, 'trial')} failed.")
    return found


def prose(words: str) -> Markup:
    """Words with names between backquotes, as HTML."""
    parts = words.split("`")
    return Markup("").join(Markup("<code>{}</code>").format(part) if place % 2 else part
                           for place, part in enumerate(parts))


def environment() -> Environment:
    """Templates that escape what they show, and fail on a name that they do not know."""
    found = Environment(loader=FileSystemLoader(str(HERE)), autoescape=True, undefined=StrictUndefined,
                        trim_blocks=True, lstrip_blocks=True)
    found.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    found.globals.update(
        style=Markup((HERE / "report.css").read_text(encoding="utf-8")),
        script=Markup((HERE / "report.js").read_text(encoding="utf-8")),
        markup=Markup, prose=prose, percent=percent, number=wording.number, spread=wording.spread)
    return found


def render(analysis: Analysis, found: Sequence[Section], topology: Path) -> str:
    """The whole page."""
    summary, run = analysis.summary, analysis.run
    lines = cell_lines(summary)
    return environment().get_template("report.html.j2").render(
        host=analysis.host, started=analysis.started, revision=analysis.fact("revision"),
        profile=analysis.fact("profile"), sections=found,
        trust=trust(run), badge=badge(run), alarms=alarms(analysis), gates=gates(summary),
        warnings=texts_of(run.get("warnings")), doubts=doubts(summary), bad=summary.rows.bad, floor=summary.floor,
        facts=list(_facts_of_run(run)),
        topology=_picture(topology),
        cell_columns=(*CELL_COLUMNS, *optional_columns(summary)), cells=lines,
        has_rows=any(line.rows for line in lines), source=summary.rows.path.name,
        trials={line.id: line.rows.trials for line in lines if line.rows and line.rows.trials},
    )


# The main charts are files too, for pages that show pictures.
PICTURES = ("answer.svg", "overhead.svg", "scaling.svg", "heatmap.svg")


def write_pictures(found: Sequence[Section], directory: Path) -> None:
    """Writes those that there are, and removes old ones."""
    style = (HERE / "report.css").read_text(encoding="utf-8")
    drawn = {chart.file: chart for part in found for chart in part.charts}
    for name in PICTURES:
        if name in drawn:
            write_atomically(directory / name, standalone(drawn[name], style))
        else:
            (directory / name).unlink(missing_ok=True)


def _markdown_line(value: str) -> str:
    """Text that stands in a table or a sentence as it is; names between backquotes stay code."""
    parts = value.replace("\n", " ").split("`")
    if len(parts) % 2 == 0:
        return _escaped(value.replace("`", "'"))
    return "`".join(part.replace("|", "\\|") if place % 2 else _escaped(part) for place, part in enumerate(parts))


def _escaped(value: str) -> str:
    value = value.replace("&", "&amp;")
    for sign in "\\|<>*_[]":
        value = value.replace(sign, "\\" + sign)
    return value


def sheet(template: str, **values: Any) -> str:
    """A page of Markdown."""
    pages = Environment(loader=FileSystemLoader(str(HERE)), autoescape=False, undefined=StrictUndefined,
                        trim_blocks=True, lstrip_blocks=True)
    pages.filters["plain"] = _markdown_line
    return pages.get_template(template).render(**values)


def markdown(analysis: Analysis, found: Sequence[Section]) -> str:
    """report.md: the same sections, without the table of all cells, which is summary.csv."""
    return sheet(
        "report.md.j2", host=analysis.host, started=analysis.started, revision=analysis.fact("revision"),
        profile=analysis.fact("profile"), sections=found, trust=trust(analysis.run), badge=badge(analysis.run),
        alarms=alarms(analysis), gates=gates(analysis.summary), warnings=texts_of(analysis.run.get("warnings")),
        doubts=doubts(analysis.summary), bad=analysis.summary.rows.bad)


def write(analysis: Analysis, directory: Path) -> Path:
    """Writes report.html, report.md, tradeoff.csv, model.csv and the pictures into a run's directory."""
    tradeoff_csv.write_tradeoff(analysis.tradeoff, directory / "tradeoff.csv")
    tradeoff_csv.write_model(analysis.fits, directory / "model.csv")
    comparison.write(comparison.comparisons(analysis.summary), directory / "peers.csv")
    found = sections.all_sections(analysis, Anchors.of(analysis.summary))
    write_pictures(found, directory)
    write_atomically(directory / "report.md", markdown(analysis, found))
    path = directory / "report.html"
    write_atomically(path, render(analysis, found, directory / "topology.svg"))
    return path
