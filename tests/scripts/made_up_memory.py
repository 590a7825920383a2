"""Made-up rows of the drivers memory and latency. Nothing here was measured: every number comes from a formula that the
tests know, so that what the scripts make of it can be foreseen."""

from __future__ import annotations

from typing import Dict, Iterator, List, Sequence

from made_up import MODES, Row
from support import row

VARIANTS = ("gil", "biased", "atomic")
PROCESSES, REPETITIONS = 3, 2

TYPES = {"int": 16, "str": 40, "tuple": 48, "list": 56, "dict": 200, "instance": 72}
HEADERS = {"gil": 16, "biased": 24, "atomic": 16, "plain": 16}
POLICIES = (("on", 0, 96.0), ("off", 0, 90.0), ("frozen", 0, 60.0), ("frozen", 1, 2.0))
# What splits counts dirties less of a heap that is only read.
DIRTIED = {"gil": 1.0, "biased": 0.5, "atomic": 1.0, "plain": 1.0}
COLLECT = {"gil": 50.0, "biased": 80.0, "atomic": 60.0, "plain": 50.0}  # ns per object
SIZES = (10_000, 100_000, 1_000_000)
GC_TAX = {"gil": 1.02, "biased": 1.04, "atomic": 1.03, "plain": 1.02}
INTERVALS = (1, 5, 20)


def cell(driver: str, workload: str, params: str, variant: str, threads: int = 1, cost: float = 100.0,
         factors: Sequence[float] = (1.0, 1.0, 1.0), **more: object) -> Iterator[Row]:
    """The rows of one cell; process after process its numbers are multiplied by one of the factors. Of what is given
    more, floats and the values of measures are multiplied, too."""
    middle = "".join(f"/{part.replace('=', ':')}" for part in params.split(";") if part)
    measures: Dict[str, float] = more.pop("measures", {})  # type: ignore[assignment]
    for process in range(PROCESSES):
        factor = factors[process % len(factors)]
        for repetition in range(REPETITIONS):
            own = {key: value * factor if isinstance(value, float) else value for key, value in more.items()}
            yield row(driver=driver, workload=workload, params=params, variant=variant, threads=threads,
                      process=process, repetition=repetition, ns_per_op=cost * factor,
                      ops_per_s=threads * 1e9 / (cost * factor), mode=MODES.get(variant, "free"),
                      measures=";".join(f"{key}={value * factor:.12g}" for key, value in measures.items()),
                      cell=f"{driver}/{workload}{middle}/{variant}/threads:{threads}", window_s=0.04, **own)


def latencies(label: str, median_ns: float, **more: object) -> Dict[str, object]:
    """Columns of a distribution whose quantiles are multiples of its median."""
    return {"latency": label, "latency_count": 1000, "latency_p50_ns": median_ns, "latency_p90_ns": 2.0 * median_ns,
            "latency_p99_ns": 3.0 * median_ns, "latency_p999_ns": 4.0 * median_ns, "latency_max_ns": 10.0 * median_ns,
            **more}


def footprint(variants: Sequence[str] = VARIANTS) -> List[Row]:
    return [one for variant in variants for name, size in TYPES.items() for one in cell(
        "memory", "footprint", f"type={name}", variant, cost=40.0, measures={
            "requested_bytes": HEADERS[variant] + size, "usable_bytes": HEADERS[variant] + size + 8,
            "resident_bytes": HEADERS[variant] + size + 12})]


def fork_cow(variants: Sequence[str] = VARIANTS) -> List[Row]:
    """Of a heap of 64 MiB a policy's percentage is dirtied, times the variant's share."""
    return [one for variant in variants for gc, immortal, percent in POLICIES for one in cell(
        "memory", "fork_cow", f"gc={gc};immortal={immortal};objects=100000", variant, cost=2e7,
        measures={"heap_kib": 65536.0, "dirty_kib": 655.36 * percent * DIRTIED[variant],
                  "percent_dirtied": percent * DIRTIED[variant], "child_ms": 12.0})]


def gc_pause(variants: Sequence[str] = VARIANTS, sizes: Sequence[int] = SIZES) -> List[Row]:
    return [one for variant in variants for objects in sizes for threads in (1, 2) for one in cell(
        "memory", "gc_pause", f"objects={objects}", variant, threads, cost=1e6,
        roles="collector+mutator" if threads == 2 else "",
        **latencies("collection", COLLECT[variant] * objects, gc_runs=5, gc_pauses=6, gc_found=0, gc_stop_max_ns=4e4,
                    gc_pause_p50_ns=COLLECT[variant] * objects, gc_pause_p99_ns=COLLECT[variant] * objects,
                    gc_pause_max_ns=COLLECT[variant] * objects, live_objects=objects),
        measures={"objects": objects, "collect_ns_per_object": COLLECT[variant], "traverse_ns_per_object": 20.0})]


def collector(variants: Sequence[str] = VARIANTS) -> List[Row]:
    """Cycles by policy, and the tax on programs without any."""
    found = [one for variant in variants for size in (2, 16)
             for policy, left in (("gc=auto;threshold=700", 350.0), ("gc=off", 1e6)) for threads in (1, 2)
             for one in cell("memory", "cycles", f"size={size};{policy}", variant, threads, cost=200.0,
                             measures={"garbage_left": left * size})]
    for variant in variants:
        for gc, factor in (("on", GC_TAX[variant]), ("off", 1.0)):
            found += cell("memory", "gc_tax", f"gc={gc}", variant, cost=80.0 * factor, factors=(1.0, 1.1, 0.9))
    return found


def weakrefs(variants: Sequence[str] = VARIANTS) -> List[Row]:
    found = [one for variant in variants for of, cost in (("own", 10.0), ("shared", 30.0)) for threads in (1, 2)
             for one in cell("memory", "weakref_read", f"of={of}", variant, threads,
                             cost=cost * (threads if variant == "gil" else 1))]
    for variant in variants:
        found += cell("memory", "weakref_race", "", variant, 2, cost=50.0, roles="dropper+reader",
                      thread_ops="100+200", thread_ns="6000+8000", measures={"alive_percent": 75.0})
    return found


def deaths(variants: Sequence[str] = VARIANTS) -> List[Row]:
    """Deep graphs, and garbage that waits for its owner."""
    found = [one for variant in variants for shape in ("tree", "chain") for objects in (1000, 100_000) for one in cell(
        "memory", "deep_free", f"shape={shape};objects={objects}", variant, cost=25.0,
        **latencies("drop", 25.0 * objects))]
    for variant in variants:
        for owner, median in (("busy", 1e6), ("detached", 2e3)):
            found += cell("memory", "late_garbage", f"owner={owner};hold_us=1000", variant, 2, cost=300.0,
                          late_objects_max=512, **latencies("death", median))
    return found


def handoff(variants: Sequence[str] = VARIANTS) -> List[Row]:
    """Behind a GIL a task waits for a switch interval, without one for nobody."""
    return [one for variant in variants for interval in INTERVALS for one in cell(
        "latency", "handoff_latency", f"interval_ms={interval}", variant, 2, cost=1e6,
        **latencies("response, open loop", 1e6 * interval if variant == "gil" else 2e4))]


def run(variants: Sequence[str] = VARIANTS) -> List[Row]:
    """All workloads of both drivers."""
    return [one for part in (footprint, fork_cow, gc_pause, collector, weakrefs, deaths, handoff)
            for one in part(variants)]
