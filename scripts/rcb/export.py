"""A run in the formats of other tools: Google Benchmark's JSON, which its compare.py and others read, and the JSON that
github-action-benchmark calls customSmallerIsBetter. Trials and cells that were rejected are in neither."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Sequence

from rcb.analysis import Analysis
from rcb.errors import UsageError, not_accepted
from rcb.files import write_atomically
from rcb.summary import Cell
from rcb.used import used_rows
from rcb.wording import number


def _name(cell: Cell) -> str:
    """As Google Benchmark names it in the rows."""
    params = "".join(f"/{part.replace('=', ':')}" for part in cell.params.split(";") if part)
    return f"{cell.driver}/{cell.workload}{params}/{cell.variant}/threads:{cell.threads}"


def google_benchmark(analysis: Analysis) -> Any:
    """One entry for each trial that counts: repetitions are numbered over all processes."""
    frame = analysis.summary.rows.frame
    machine = analysis.run.get("machine")
    facts: Mapping[str, Any] = machine if isinstance(machine, Mapping) else {}
    entries: List[Dict[str, Any]] = []
    seen: Dict[str, int] = {}
    columns = ("cell", "threads", "ops", "ns_per_op", "ops_per_s")
    used = frame[used_rows(frame)]
    for name, threads, ops, ns, rate in zip(*(used[column] for column in columns)):
        index = seen[name] = seen.get(name, -1) + 1
        entries.append({"name": name, "run_name": name, "run_type": "iteration", "repetitions": 0,
                        "repetition_index": index, "threads": int(threads), "iterations": int(ops),
                        "real_time": float(ns), "cpu_time": float(ns), "time_unit": "ns", "items_per_second": float(rate)})
    for entry in entries:
        entry["repetitions"] = seen[entry["name"]] + 1
    return {"context": {"date": analysis.started, "host_name": analysis.host, "executable": "rcbench",
                        "num_cpus": facts.get("pus") or 1, "mhz_per_cpu": 0, "cpu_scaling_enabled": False, "caches": [],
                        "library_build_type": "release", "revision": analysis.fact("revision")},
            "benchmarks": entries}


def github_action(analysis: Analysis) -> Any:
    """One entry for each measured cell: its median with its 95 % interval."""
    return [{"name": _name(cell), "unit": "ns/op", "value": cell.ns_per_op.value,
             "range": (f"{number(cell.ns_per_op.low)} to {number(cell.ns_per_op.high)}" if cell.ns_per_op.tells
                       else "too few processes"),
             "extra": f"{cell.trials} trials of {cell.processes} processes"}
            for cell in analysis.summary.cells if cell.measured and math.isfinite(cell.ns_per_op.value)]


FORMATS: Dict[str, Callable[[Analysis], Any]] = {"google-benchmark": google_benchmark, "github-action": github_action}


def formats_of(text: str) -> List[str]:
    """The formats of a list joined by commas; UsageError for one that there is not."""
    found = text.split(",")
    for name in found:
        if name not in FORMATS:
            raise UsageError(not_accepted("--export", name, "a format", ", ".join(FORMATS)))
    return found


def write(analysis: Analysis, formats: Sequence[str], directory: Path) -> List[Path]:
    """Writes FORMAT.json for each into a run's directory."""
    paths = []
    for name in formats:
        paths.append(directory / f"{name}.json")
        write_atomically(paths[-1], json.dumps(FORMATS[name](analysis), indent=1, ensure_ascii=False) + "\n")
    return paths
