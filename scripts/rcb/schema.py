"""Schema version 1 of the rows: the columns in their order, and what kind of value each holds (docs/schema.md)."""

from __future__ import annotations

SCHEMA = "1"

TEXT = ("run_id", "host", "utc", "driver", "workload", "params", "variant", "placement", "cpus", "seed", "status",
        "reason", "cell", "scheme", "mode", "roles", "thread_ops", "thread_ns", "numa", "allocator",
        "audit", "noise")
WHOLE = ("threads", "process", "repetition", "order")

# The columns that a file must have; those of LATER came with the same version and may be absent.
REQUIRED = ("schema", "run_id", "host", "utc", "driver", "workload", "params", "variant", "threads", "placement",
            "cpus", "process", "repetition", "order", "seed", "window_s", "ops", "ops_per_s", "ns_per_op",
            "thread_ops_min", "thread_ops_max", "jain", "overlap", "ctx_voluntary", "ctx_involuntary", "migrations",
            "steal_ms", "minor_faults", "major_faults", "allocated_bytes", "resident_bytes", "late_objects_max",
            "gc_runs", "gc_pause_max_ns", "status", "reason")
LATER = ("cell", "scheme", "mode", "roles", "thread_ops", "thread_ns", "numa", "drift", "turns_min", "batch_ops",
         "working_set_bytes", "allocator", "audit", "noise", "waits", "wait_p50_ns", "wait_p99_ns", "wait_max_ns")
COLUMNS = REQUIRED + LATER

# The name of a runtime or library that is not ours begins so: it is in the table of cells, and not among our variants.
PEER = "peer:"

MEASURED = ("ok", "oversubscribed")
STATUSES = MEASURED + ("invalid", "skipped")
CELL = ["driver", "workload", "params", "variant", "threads", "placement"]
