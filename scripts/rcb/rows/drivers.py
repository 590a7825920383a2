"""The families of workloads, and what the time of one of their operations may be divided by.

The drivers overhead and scaling measure counting alone: an operation is the same work in every variant, done as fast as
it goes. The drivers memory and latency measure something else beside it: bytes, collections, waiting times. Of theirs
only those workloads have ratios of time whose operation is the same work in every variant, too. In the others a variant
may be fast because it leaves garbage behind (cycles) or finds nothing alive (weakref_race), the schedule sets the rate
(handoff_latency), or the time is the kernel's, the allocator's or a collector's (fork_cow, footprint, gc_pause)."""

from __future__ import annotations

OVERHEAD = "overhead"
SCALING = "scaling"
MEMORY = "memory"
LATENCY = "latency"

# Those that measure counting alone: the headline tables, geometric means and charts are theirs.
COUNTING = (OVERHEAD, SCALING)
# Those that measure something else beside it.
BESIDE = (MEMORY, LATENCY)

# Of the driver overhead: an operation makes or frees objects.
MAKING = ("churn", "list_build", "graph_drop")

# Of the driver memory: one thread's operation is the same work everywhere; so are those of several threads.
TAXED = ("deep_free", "gc_tax", "weakref_read")
SCALED = ("weakref_read",)
# Of the driver memory: the time is that of a core and its caches, as in the drivers that measure counting alone.
CLOCKED = ("weakref_read",)


def has_tax(driver: str, workload: str) -> bool:
    """Whether one thread's time of an operation may be divided by that of another variant."""
    return driver in COUNTING or (driver == MEMORY and workload in TAXED)


def scales(driver: str, workload: str) -> bool:
    """Whether throughput may be divided by that of another count of threads, or of another variant."""
    return driver == SCALING or (driver == MEMORY and workload in SCALED)
