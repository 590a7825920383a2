"""A run in the formats of other tools: Google Benchmark's JSON, which its compare.py and others read, and the JSON that
github-action-benchmark calls customSmallerIsBetter. Trials and cells that were rejected are in neither."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Sequence

from rcb.answers.analysis import Analysis
from rcb.answers.summary import CellKey
from rcb.answers.tradeoff import key_of
from rcb.answers.wording import counted, number
from rcb.base.files import write_atomically
from rcb.rows.schema import CELL


def _name(key: CellKey) -> str:
    """As Google Benchmark names it in the rows."""
    driver, workload, params, variant, threads, _ = key
    middle = "".join(f"/{part.replace('=', ':')}" for part in params.split(";") if part)
    return f"{driver}/{workload}{middle}/{variant}/threads:{threads}"


def google_benchmark(analysis: Analysis) -> Any:
    """One entry for each trial that counts, at the run's typical clock as all its numbers are: repetitions are numbered
    over all processes."""
    frame = analysis.summary.rows.frame
    machine = analysis.run.get("machine")
    facts: Mapping[str, Any] = machine if isinstance(machine, Mapping) else {}
    entries: List[Dict[str, Any]] = []
    for key, rows in frame[frame["used"]].groupby(CELL, sort=False):
        times, rates = rows["ns_at_clock"].tolist(), rows["rate_at_clock"].tolist()
        for index, (operations, time, rate) in enumerate(zip(rows["ops"].tolist(), times, rates)):
            entries.append({"name": _name(key), "run_name": _name(key), "run_type": "iteration",
                            "repetitions": len(rows), "repetition_index": index, "threads": int(key[4]),
                            "iterations": int(operations), "real_time": time, "cpu_time": time, "time_unit": "ns",
                            "items_per_second": rate})
    return {"context": {"date": analysis.started, "host_name": analysis.host, "executable": "rcbench",
                        "num_cpus": facts.get("pus") or 1, "mhz_per_cpu": 0, "cpu_scaling_enabled": False, "caches": [],
                        "library_build_type": "release", "revision": analysis.fact("revision")},
            "benchmarks": entries}


def github_action(analysis: Analysis) -> Any:
    """One entry for each measured cell: its median with its 95 % interval."""
    return [{"name": _name(key_of(cell)), "unit": "ns/op", "value": cell.ns_per_op.value,
             "range": (f"{number(cell.ns_per_op.low)} to {number(cell.ns_per_op.high)}" if cell.ns_per_op.tells
                       else "too few processes"),
             "extra": f"{counted(cell.trials, 'trial')} in {counted(cell.processes, 'process', 'processes')}"}
            for cell in analysis.summary.cells if cell.measured and math.isfinite(cell.ns_per_op.value)]


FORMATS: Dict[str, Callable[[Analysis], Any]] = {"google-benchmark": google_benchmark, "github-action": github_action}


def write(analysis: Analysis, formats: Sequence[str], directory: Path) -> List[Path]:
    """Writes FORMAT.json for each into a run's directory."""
    paths = []
    for name in formats:
        paths.append(directory / f"{name}.json")
        write_atomically(paths[-1], json.dumps(FORMATS[name](analysis), indent=1, ensure_ascii=False) + "\n")
    return paths
