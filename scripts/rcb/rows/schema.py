"""Schema version 1 of the rows: the columns in their order, and what kind of value each holds (docs/schema.md)."""

from __future__ import annotations

import math
from typing import Dict, Optional

SCHEMA = "1"

TEXT = ("run_id", "host", "utc", "driver", "workload", "params", "variant", "placement", "cpus", "seed", "status",
        "reason", "cell", "scheme", "mode", "roles", "thread_ops", "thread_ns", "numa", "allocator",
        "audit", "noise", "latency", "measures")
WHOLE = ("threads", "process", "repetition", "order")

# The columns that a file must have; those of LATER came with the same version and may be absent.
REQUIRED = ("schema", "run_id", "host", "utc", "driver", "workload", "params", "variant", "threads", "placement",
            "cpus", "process", "repetition", "order", "seed", "window_s", "ops", "ops_per_s", "ns_per_op",
            "thread_ops_min", "thread_ops_max", "jain", "overlap", "ctx_voluntary", "ctx_involuntary", "migrations",
            "steal_ms", "minor_faults", "major_faults", "allocated_bytes", "resident_bytes", "late_objects_max",
            "gc_runs", "gc_pause_max_ns", "status", "reason")
LATER = ("cell", "scheme", "mode", "roles", "thread_ops", "thread_ns", "numa", "drift", "turns_min", "batch_ops",
         "working_set_bytes", "allocator", "audit", "noise", "waits", "wait_p50_ns", "wait_p99_ns", "wait_max_ns",
         "allocated_before_bytes", "allocated_after_bytes", "active_bytes", "retained_bytes", "peak_rss_bytes",
         "live_objects", "gc_pauses", "gc_pause_p50_ns", "gc_pause_p99_ns", "gc_stop_max_ns", "gc_found", "latency",
         "latency_count", "latency_p50_ns", "latency_p90_ns", "latency_p99_ns", "latency_p999_ns", "latency_max_ns",
         "measures", "clock_step_ns", "core_quotient", "core_baseline", "core_contended", "cycles_per_op", "cycles",
         "instructions", "branch_misses")
COLUMNS = REQUIRED + LATER

# The name of a runtime or library that is not ours begins so: it is in the table of cells, and not among our variants.
PEER = "peer:"

MEASURED = ("ok", "oversubscribed")
STATUSES = MEASURED + ("invalid", "skipped")
# Nothing that is measured here is larger or, but for 0, smaller; what is stands for a field that was damaged.
SMALLEST, LARGEST = 1e-30, 1e30
# Files have this for no parameters: an empty field is a number that is missing to those who read them. Here it is "".
NO_PARAMS = "-"
CELL = ["driver", "workload", "params", "variant", "threads", "placement"]


def params_of(workload: str, text: str) -> str:
    """The parameters of a row as they are called today: cells of older runs keep their place beside newer ones."""
    if text == NO_PARAMS:
        return ""
    if workload == "pair" and text == "set=1":
        return "set=1;code=inline"
    if workload == "mixed" and text.startswith("p="):
        return f"order=random;{text}"
    return text


def pairs(text: str) -> Dict[str, str]:
    """The values by key of a field of the form key=value joined by ;, such as params and measures."""
    parts = (part.partition("=") for part in text.split(";"))
    return {key: value for key, sign, value in parts if sign}


def parameter(params: str, name: str) -> Optional[float]:
    """The number that a parameter has; None where it is absent or no number."""
    try:
        value = float(pairs(params).get(name, ""))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def without(params: str, name: str) -> str:
    """The other parameters."""
    return ";".join(part for part in params.split(";") if part.partition("=")[0] != name)
