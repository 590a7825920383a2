"""Made-up runs of 1 to 16 threads, for machines that the tests do not have. Nothing here was measured: every rate comes
from a formula that the tests know, with noise of a given size upon it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Callable, Dict, Iterable, Iterator, List, Mapping, Sequence

import numpy as np
from support import row

from rcb.rows.schema import COLUMNS

COUNTS = (1, 2, 4, 8, 16)
SHARES = (0, 5, 25, 100)
OUTSIDE = (0, 50, 90)
# Time of one operation on one thread, GIL = 1; what one reference to a shared object costs each thread, per thread.
COSTS = {"none": 0.5, "plain": 1.0, "plain_twin": 1.0, "gil": 1.0, "biased": 1.2, "atomic": 5.0}
MODES = {"none": "free", "plain": "single", "plain_twin": "single", "gil": "gil", "biased": "free", "atomic": "free"}
CONTENDED = {"biased": 3.0, "atomic": 1.25}
# The workload `counted_work`: ns of a unit; its cells, by shares of counting and of shared references in percent. What an own
# reference costs under the GIL is 1 ns.
UNIT_NS = 20.0
WORK = ((0, 0), (2, 0), (5, 0), (10, 0), (20, 0), (40, 0), (80, 0), (100, 0), (10, 1), (10, 5), (10, 20), (10, 100),
        (20, 100), (100, 100))
SIGMA, KAPPA = 0.02, 0.001

Row = Dict[str, object]
Rate = Callable[[int], float]


def trials(driver: str, workload: str, params: str, variant: str, threads: int, rate: float, processes: int = 3,
           repetitions: int = 3, noise: float = 0.004, seed: int = 1, **more: object) -> Iterator[Row]:
    """The rows of one cell whose throughput is rate, in operations per ns."""
    key = f"{seed}/{driver}/{workload}/{params}/{variant}/{threads}"
    draw = np.random.default_rng(list(key.encode()))
    middle = "".join(f"/{part.replace('=', ':')}" for part in params.split(";") if part)
    for process in range(processes):
        for repetition in range(repetitions):
            own = rate * 1e9 * float(np.exp(noise * draw.standard_normal()))
            yield row(driver=driver, workload=workload, params=params, variant=variant, threads=threads,
                      process=process, repetition=repetition, ops_per_s=own, ns_per_op=threads * 1e9 / own,
                      mode=MODES.get(variant, "free"), working_set_bytes=48 if variant == "biased" else 32,
                      allocated_bytes=1_000_000 + (5_000 if variant == "biased" else 0),
                      late_objects_max=700 if variant == "biased" and workload == "shared_one" else 0,
                      cell=f"{driver}/{workload}{middle}/{variant}/threads:{threads}", **more)


def curve(workload: str, params: str, variant: str, rate: Rate, counts: Sequence[int] = COUNTS, noise: float = 0.004,
          **more: object) -> List[Row]:
    """One variant over threads."""
    return [one for threads in counts for one in
            trials("scaling", workload, params, variant, threads, rate(threads), noise=noise, **more)]


def overhead(costs: Mapping[str, float] = COSTS, **more: object) -> List[Row]:
    """What one thread pays, in three workloads."""
    return [one for workload, params in (("pair", "set=1;code=inline"), ("borrow", ""), ("call", ""), ("churn", ""))
            for variant, cost in costs.items()
            for one in trials("overhead", workload, params, variant, 1, 1.0 / cost, **more)]


def usl(cost: float) -> Rate:
    """Throughput by the Universal Scalability Law."""
    return lambda n: n / cost / (1.0 + SIGMA * (n - 1) + KAPPA * n * (n - 1))


def mixed(variant: str, percent: float) -> Rate:
    """A share of the references costs as many times more as there are threads."""
    share, cost = percent / 100.0, COSTS[variant]
    if variant == "gil":
        return lambda n: 1.0
    if variant not in CONTENDED:
        return lambda n: n / cost
    return lambda n: n / ((1.0 - share) * cost + share * CONTENDED[variant] * n)


def references(counted: int) -> float:
    """Beside one unit of work; alone where nothing else is done."""
    return counted / (100.0 - counted) * UNIT_NS if counted < 100 else 1.0


def work(variant: str, counted: int, shared: int) -> Rate:
    """Units of work with references: their prices add up."""
    part, unit = shared / 100.0, UNIT_NS if counted < 100 else 0.0

    def rate(n: int) -> float:
        hot = CONTENDED[variant] * n * 4.0 if variant in CONTENDED else COSTS[variant]
        took = unit + references(counted) * ((1.0 - part) * COSTS[variant] + part * hot)
        return (1.0 if variant == "gil" else n) / took
    return rate


def all_work(variant: str, **more: object) -> Iterator[Row]:
    """Every cell of `counted_work`, on all counts of threads."""
    for counted, shared in WORK:
        said = {"measures": f"references_per_unit={references(counted)}"} if 0 < counted < 100 else {}
        yield from curve("counted_work", f"s={counted};p={shared}", variant, work(variant, counted, shared), **said, **more)


def one_object(variant: str) -> Rate:
    """All threads count the same object: a line goes to and fro."""
    if variant not in CONTENDED:
        return lambda n: 1.0 / COSTS[variant]
    return lambda n: 1.0 / COSTS[variant] if n == 1 else 0.3 / CONTENDED[variant]


def released(variant: str, percent: float) -> Rate:
    """A share of each operation's time is spent outside, where the GIL is not held."""
    outside = percent / 100.0
    if variant == "gil":
        return lambda n: min(float(n), 1.0 / (1.0 - outside))
    return lambda n: n / ((1.0 - outside) * COSTS[variant] + outside)


def run(variants: Sequence[str] = ("none", "gil", "biased", "atomic"), **more: object) -> List[Row]:
    """A whole run on a machine of 16 cores."""
    found = overhead(**more)
    for variant in variants:
        free = variant != "gil"
        found += curve("private", "op=pair", variant, usl(COSTS[variant]) if free else lambda n: 1.0, **more)
        found += curve("shared_one", "", variant, one_object(variant), **more)
        found += all_work(variant, **more)
        for percent in SHARES:
            found += curve("mixed", f"order=runs;p={percent}", variant, mixed(variant, percent), **more)
        for percent in OUTSIDE:
            found += curve("released", f"out=native;f={percent}", variant, released(variant, percent), **more)
    return found


def with_waits(found: Iterable[Row]) -> List[Row]:
    """The same rows with waits for the GIL, where there is one and somebody to wait for."""
    return [{**one, "wait_p50_ns": 5e6 * (int(str(one["threads"])) - 1), "wait_p99_ns": 8e6 * int(str(one["threads"])),
             "wait_max_ns": 2e7 * int(str(one["threads"]))}
            if one["mode"] == "gil" and one["threads"] != 1 else one for one in found]


def write(path: Path, found: Sequence[Mapping[str, object]]) -> Path:
    """Writes rows with whatever columns they have."""
    names = list(dict.fromkeys([*COLUMNS, *(name for one in found for name in one)]))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)
    return path
