"""Writes a file of many made-up rows, shaped like a real run's: 340 cells, processes of up to 50 rounds.

    python3 tests/scripts/many_rows.py DIR --rows 1000000       writes DIR/trials.csv
    /usr/bin/time -v ./scripts/report DIR                       what results/statistics.md says of time and memory
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import List, Tuple

import numpy as np
from support import ROOT  # noqa: F401  (puts scripts/ on the path)

from rcb.rows.schema import COLUMNS

VARIANTS = ("none", "plain", "plain_twin", "atomic", "atomic_seqcst", "biased", "escape", "gil", "gil_atomic",
            "gil_immortal")
OVERHEAD = [("pair", f"set={size}") for size in ("1", "L1", "L2")] + [
    (name, "") for name in ("borrow", "call", "churn", "dict_update", "list_build", "publish", "slot", "weak")]
SCALING = [("mixed", f"order=runs;p={share}") for share in (0, 5, 10, 25, 50, 100)] + [
    ("private", "op=pair"), ("private", "op=churn"), *((name, "") for name in (
        "shared_one", "shared_none", "read_mostly", "owner_stranger"))]
ROUNDS = 50


def cells() -> List[Tuple[str, str, str, str, int]]:
    return ([("overhead", workload, params, variant, 1) for workload, params in OVERHEAD for variant in VARIANTS]
            + [("scaling", workload, params, variant, threads) for workload, params in SCALING
               for variant in VARIANTS for threads in (1, 2)])


def _row(cell: Tuple[str, str, str, str, int], process: int, repetition: int, order: int, cost: float) -> List[str]:
    driver, workload, params, variant, threads = cell
    each = 0.02e9 / cost
    roles = "owner+stranger" if workload == "owner_stranger" and threads == 2 else ""
    found = {
        "schema": "1", "run_id": "many", "host": "made-up",
        "utc": f"2026-11-21T{order // 3600 % 24:02}:{order // 60 % 60:02}:{order % 60:02}Z", "driver": driver,
        "workload": workload, "params": params, "variant": variant, "threads": str(threads), "placement": "cores",
        "cpus": "+".join(map(str, range(threads))), "process": str(process), "repetition": str(repetition),
        "order": str(order), "seed": str(17645290676931174936 - process), "window_s": "0.020004",
        "ops": f"{each * threads:.0f}", "ops_per_s": f"{threads * 1e9 / cost:.6f}", "ns_per_op": f"{cost:.9f}",
        "thread_ops_min": f"{each:.0f}", "thread_ops_max": f"{each + 99:.0f}", "jain": "0.9999", "overlap": "1",
        "ctx_voluntary": "0", "ctx_involuntary": "1", "migrations": "0", "steal_ms": "0", "minor_faults": "0",
        "major_faults": "0", "allocated_bytes": "4192304", "resident_bytes": "9392128", "late_objects_max": "0",
        "gc_runs": "0", "gc_pause_max_ns": "0", "status": "ok", "reason": "",
        "cell": "/".join(filter(None, (driver, workload, params.replace("=", ":"), variant, f"threads:{threads}"))),
        "scheme": variant, "mode": "gil" if variant.startswith("gil") else "free", "roles": roles,
        "thread_ops": "+".join([f"{each:.0f}"] * threads), "thread_ns": "+".join([f"{20e6 + order:.0f}"] * threads),
        "numa": "0", "drift": "0.001", "turns_min": "", "batch_ops": "1024", "working_set_bytes": "4096",
        "allocator": "jemalloc", "audit": "passed",
    }
    return [found.get(name, "") for name in COLUMNS]


def write(path: Path, rows: int, seed: int = 1) -> Path:
    """Writes that many rows: process after process, each round in an order of its own."""
    rng = np.random.default_rng(seed)
    every = cells()
    costs = np.exp(rng.normal(1.5, 1.0, len(every)))
    written = process = 0
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(COLUMNS) + "\n")
        while written < rows:
            effect = np.exp(rng.normal(0.0, 0.01, len(every)))
            for repetition in range(ROUNDS):
                order = rng.permutation(len(every))[:rows - written]
                noise = np.exp(rng.gamma(1.5, 0.02, len(every)))
                for place, cell in enumerate(order):
                    cost = float(costs[cell] * effect[cell] * noise[cell])
                    fields = _row(every[cell], process, repetition, repetition * len(every) + place, cost)
                    file.write(",".join(fields) + "\n")
                written += len(order)
            process += 1
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    write(options.directory / "trials.csv", options.rows)


if __name__ == "__main__":
    main()
