#!/usr/bin/env python3
"""A stand-in for the rcbench binary: obeys its command line and makes up rows, so that the scripts can be tested.

Environment: STAND_IN_DELAY seconds per trial, STAND_IN_ROUND_S the plan's estimate, STAND_IN_INVALID a variant whose
trials fail their audit, STAND_IN_LOST one whose trials are spoiled each time, STAND_IN_NOISE a variant whose trials are
spoiled once and measured again, STAND_IN_CRASH trials after which it dies, STAND_IN_CRASH_IN a cell in which it always does, STAND_IN_CALLS a file to which it adds its arguments, STAND_IN_WIDE a variant whose costs scatter
by 20 %."""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import re
import signal
import sys
import time
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from rcb.rows.schema import COLUMNS  # noqa: E402

# Nanoseconds per operation that the rows scatter around, and the speed-up at two threads on private and shared objects.
VARIANTS: Dict[str, Tuple[float, str, float, float]] = {
    "none": (0.5, "free", 2.0, 2.0),
    "plain": (1.0, "single", 0.0, 0.0),
    "plain_twin": (1.0, "single", 0.0, 0.0),
    "atomic": (4.0, "free", 1.98, 0.3),
    "biased": (1.3, "free", 1.96, 0.4),
    "gil": (1.1, "gil", 0.97, 0.97),
}
OVERHEAD = (("pair", "set=1;code=inline"), ("pair", "set=L1;order=shuffled"), ("borrow", ""), ("call", ""), ("churn", ""))
SCALING = (("private", "op=pair"), ("shared_one", ""), ("shared_none", ""), ("mixed", "order=runs;p=0"), ("mixed", "order=runs;p=50"))
Cell = Tuple[str, str, str, str, int]


def all_cells() -> Iterator[Cell]:
    for variant in VARIANTS:
        for workload, params in OVERHEAD:
            yield "overhead", workload, params, variant, 1
        for workload, params in SCALING:
            for threads in (1, 2):
                yield "scaling", workload, params, variant, threads


def chosen(options: argparse.Namespace) -> List[Cell]:
    variants = options.variants.split(",") if options.variants else list(VARIANTS)
    workloads = options.workloads.split(",") if options.workloads else None
    for name in variants:
        if name not in VARIANTS:
            print(f"rcbench: --variants: '{name}' is not a variant; accepted: {', '.join(VARIANTS)}", file=sys.stderr)
            sys.exit(2)
    named = Path(options.cells).read_text(encoding="utf-8").splitlines() if options.cells else None
    return [cell for cell in all_cells() if cell[3] in variants and (workloads is None or cell[1] in workloads)
            and (named is None or name_of(cell) in named) and re.search(options.benchmark_filter or "", name_of(cell))]


def skipped(cell: Cell) -> bool:
    return cell[4] > 1 and VARIANTS[cell[3]][1] == "single"


def name_of(cell: Cell) -> str:
    driver, workload, params, variant, threads = cell
    middle = "".join(f"/{part.replace('=', ':')}" for part in params.split(";") if part)
    return f"{driver}/{workload}{middle}/{variant}/threads:{threads}"


def row(cell: Cell, options: argparse.Namespace, repetition: int, order: int) -> Dict[str, object]:
    driver, workload, params, variant, threads = cell
    base, mode, private, shared = VARIANTS[variant]
    found: Dict[str, object] = {
        "schema": 1, "run_id": os.environ["RCBENCH_RUN_ID"], "host": "testhost", "utc": "2024-01-02T03:04:05Z",
        "driver": driver,
        "workload": workload, "params": params or "-", "variant": variant, "threads": threads, "placement": "cores",
        "cpus": "+".join(map(str, range(threads))), "process": options.process, "repetition": repetition,
        "order": order, "seed": options.seed, "cell": name_of(cell), "scheme": variant, "mode": mode,
        "allocator": "jemalloc", "audit": "passed",
    }
    if skipped(cell):
        found.update(status="skipped", reason=f"{variant} runs on one thread, only")
        return found
    speedup = 1.0 if threads == 1 else (shared if workload == "shared_one" else private)
    draw = random.Random(f"{options.seed}/{name_of(cell)}/{repetition}")
    scatter = 0.2 if os.environ.get("STAND_IN_WIDE") == variant else 0.004
    one = base * (1.0 + draw.uniform(-scatter, scatter))
    rate = 1e9 / one * speedup
    found.update(window_s=0.04, ops=int(rate * 0.04), ops_per_s=rate, ns_per_op=one * threads / speedup,
                 thread_ops_min=1, thread_ops_max=2, jain=1.0, overlap=0.999, ctx_voluntary=0, ctx_involuntary=1,
                 migrations=0, steal_ms=0, minor_faults=0, major_faults=0, allocated_bytes=1000, resident_bytes=4096,
                 late_objects_max=0, gc_runs=0, gc_pause_max_ns=0, status="ok", drift=0.001, batch_ops=1000,
                 working_set_bytes=64)
    if os.environ.get("STAND_IN_INVALID") == variant:
        found.update(status="invalid", reason='audit: count is 3, must be 1, "lost increment"',
                     audit="failed")
    if os.environ.get("STAND_IN_LOST") == variant:
        found.update(status="invalid", reason="overlap 0.5 is below 0.99")
    return found


def measure(options: argparse.Namespace) -> int:
    path = Path(options.csv)
    part = path.with_name(path.name + ".part")
    done = set()
    if options.resume:
        data = part.read_bytes()
        part.write_bytes(data[: data.rfind(b"\n") + 1])
        with part.open(newline="", encoding="utf-8") as file:
            done = {(one["cell"], int(one["repetition"])) for one in csv.DictReader(file)}
    stop: List[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: stop.append(number))
    left_out = (options.leave_out or "").split(",")
    crash = int(os.environ.get("STAND_IN_CRASH", "0"))
    made = failed = lost = 0
    print("made-up console output")
    print("rcbench: warning: made-up numbers", file=sys.stderr, flush=True)
    with part.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
        if not options.resume:
            writer.writeheader()
        for repetition in range(options.rounds):
            cells = chosen(options)
            random.Random(options.seed + repetition).shuffle(cells)
            for order, cell in enumerate(cells):
                if (name_of(cell), repetition) in done or (skipped(cell) and repetition > 0):
                    continue
                if stop:
                    return 130
                if crash and made == crash:
                    os.kill(os.getpid(), signal.SIGKILL)
                if name_of(cell) == os.environ.get("STAND_IN_CRASH_IN") and name_of(cell) not in left_out:
                    print(f"rcbench: {name_of(cell)}: the process crashed: SIGSEGV", file=sys.stderr, flush=True)
                    os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(float(os.environ.get("STAND_IN_DELAY", "0")))
                record = row(cell, options, repetition, order)
                if name_of(cell) in left_out:
                    if repetition > 0:
                        continue
                    record.update(status="invalid", audit="failed", reason="left out", ns_per_op="", ops_per_s="")
                if os.environ.get("STAND_IN_NOISE") == cell[3] and record["status"] == "ok":
                    writer.writerow({**record, "status": "invalid", "reason": f"overlap 0.{order} is below 0.99"})
                writer.writerow(record)
                file.flush()
                made += 1
                failed += record["audit"] == "failed"
                lost += record["status"] == "invalid"
    part.rename(path)
    return 1 if failed else 3 if lost else 0


def main() -> int:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in ("points", "variants", "workloads", "threads", "placement", "allocator", "csv", "machine",
                 "topology-out", "benchmark_filter", "leave-out", "cells"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--window", type=float, default=40.0)
    for name in ("seed", "rounds", "process"):
        parser.add_argument(f"--{name}", type=int, default=0)
    parser.add_argument("--reference-cost", type=float)
    parser.add_argument("--within", type=float)
    for name in ("json", "list", "plan", "resume", "calibrate", "all-kinds", "oversubscribe"):
        parser.add_argument(f"--{name}", action="store_true")
    options = parser.parse_args()
    if "STAND_IN_CALLS" in os.environ:
        with open(os.environ["STAND_IN_CALLS"], "a", encoding="utf-8") as calls:
            print(*sys.argv[1:], file=calls)
    if options.machine:
        facts = {"cpu": "made-up <cpu>", "kernel": "6.0", "libraries": {"hwloc": "2.9"}, "warnings": ["turbo is on"]}
        Path(options.machine).write_text(json.dumps(facts), encoding="utf-8")
        return 0
    if options.calibrate:
        print("reference_cost 0.05")
        return 0
    if options.topology_out:
        os.execvp("lstopo-no-graphics", ["lstopo-no-graphics", "-i", "core:2 pu:1", "--of", "xml", "--force",
                                         options.topology_out])
    if options.list:
        print(json.dumps({"peers": {}}))
        return 0
    cells = chosen(options)
    if options.plan:
        count = sum(not skipped(cell) for cell in cells)
        seconds = float(os.environ.get("STAND_IN_ROUND_S", "1.5")) * options.window / 40.0
        print(json.dumps({"run": count, "skipped": len(cells) - count, "round_s": seconds}))
        return 0
    return measure(options)


if __name__ == "__main__":
    sys.exit(main())
