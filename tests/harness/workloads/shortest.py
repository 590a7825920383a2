"""Of workloads whose cells take a second or more each, those that take least: a test that runs all workloads looks at
whether they count right, and not at their times."""

from typing import List

CELLS = {"gc_pause": "objects:10000/", "cycles": "gc:auto/[a-z]", "handoff_latency": "interval_ms:1/",
         "fork_cow": "gc:(off/immortal:0|frozen/immortal:1)/"}


def options(workload: str) -> List[str]:
    """For the binary, which then measures these cells alone."""
    return ["--points", "full", f"--benchmark_filter={CELLS[workload]}"] if workload in CELLS else []
