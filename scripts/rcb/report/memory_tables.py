"""The tables of the drivers memory and latency: each workload's answer in its own units, where the run has it."""

from __future__ import annotations

import math
from typing import Callable, Dict, Iterable, Iterator, List, Sequence, Tuple

from rcb.answers import tradeoff
from rcb.answers.summary import Cell, Summary
from rcb.answers.tradeoff import Ratios, key_of, without
from rcb.answers.wording import NO_NUMBER, counted, number
from rcb.report.view import Anchors, Grid, Shown, amount, figure, grid, pivot, ratio, text
from rcb.rows.drivers import BESIDE
from rcb.rows.schema import LARGEST, pairs
from rcb.stats.stats import Interval

MICRO, MILLI = 1e3, 1e6
Item = Tuple[str, str, Shown]
# Columns of latency with their heads; after them comes the longest.
QUANTILES = (("latency_p50_ns", "median"), ("latency_p90_ns", "90 %"), ("latency_p99_ns", "99 %"),
             ("latency_p999_ns", "99.9 %"), ("latency_max_ns", "longest"))


def cells_of(summary: Summary, workload: str = "") -> List[Cell]:
    """The measured cells of these drivers, of one workload or of all."""
    return [cell for cell in summary.cells
            if cell.driver in BESIDE and cell.measured and workload in ("", cell.workload)]


def parameter(cell: Cell, name: str) -> str:
    return pairs(cell.params).get(name, NO_NUMBER)


def policy(cell: Cell) -> str:
    """The parameters as people read them; without any, the workload."""
    return cell.params.replace(";", " ") or cell.workload


def _where(cell: Cell, cells: Sequence[Cell]) -> str:
    """The count of threads, and the placement where there are several."""
    several = len({one.placement for one in cells}) > 1
    return counted(cell.threads, "thread") + (f", {cell.placement}" if several else "")


def _label(cells: Sequence[Cell]) -> str:
    """What the rows call these latencies."""
    return ", ".join(dict.fromkeys(cell.side.latency for cell in cells if cell.side.latency)) or "unnamed"


def _latencies(cell: Cell, scale: float, names: Sequence[str]) -> Iterator[Shown]:
    return (amount(cell.side.get(name), scale) for name in names)


def _pivot(cells: Sequence[Cell], shown: Callable[[Cell], Shown], caption: str, corner: str) -> Grid:
    """Parameters and threads by variant."""
    items: List[Item] = [(f"{policy(cell)}, {_where(cell, cells)}", cell.variant, shown(cell)) for cell in cells]
    return pivot(items, caption, corner)


def footprint(cells: Sequence[Cell], anchors: Anchors) -> List[Grid]:
    def sizes(cell: Cell) -> Shown:
        found = [cell.side.measure(name).value for name in ("requested_bytes", "usable_bytes", "resident_bytes")]
        key = repr(found[0]) if math.isfinite(found[0]) else ""
        return Shown(" / ".join(map(number, found)), key, anchors.at(cell))

    items = [(cell.variant, parameter(cell, "type"), sizes(cell)) for cell in cells]
    return [pivot(items, "Bytes of one object: requested / usable, as the allocator rounds it up / resident, with what "
                         "the allocator and the collector keep about it", "variant")]


def forks(cells: Sequence[Cell]) -> List[Cell]:
    """In the order in which a program that forks tries them: as it is, without a collector, frozen."""
    order = {name: place for place, name in enumerate(("on", "off", "frozen"))}
    return sorted(cells, key=lambda cell: (order.get(parameter(cell, "gc"), len(order)), parameter(cell, "immortal")))


def fork_cow(cells: Sequence[Cell], anchors: Anchors) -> List[Grid]:
    head = ("variant", "collector", "immortal objects", "objects", "dirtied, %", "dirty KiB of a child",
            "KiB of the heap", "child ms")
    rows = []
    for cell in forks(cells):
        measure = cell.side.measure
        immortal = {"0": "no", "1": "yes"}.get(parameter(cell, "immortal"), parameter(cell, "immortal"))
        rows.append((text(cell.variant, anchors.at(cell)), text(parameter(cell, "gc")), text(immortal),
                     text(parameter(cell, "objects")), amount(measure("percent_dirtied")), amount(measure("dirty_kib")),
                     amount(measure("heap_kib")), amount(measure("child_ms"))))
    return [grid("What a forked child that only reads makes its own of its parent's heap: private dirty memory after "
                 "its reads, beyond what it had before; with 95 % intervals", head, rows)]


def gc_pause(cells: Sequence[Cell], anchors: Anchors) -> List[Grid]:
    head = ("variant", "objects", "threads", "median ms", "99 % ms", "longest ms", "until all stood, longest µs",
            "ns per object", "of a search alone, ns per object")
    rows = []
    for cell in cells:
        found = cell.side
        stop = found.get("gc_stop_max_ns")
        stop = stop if math.isfinite(stop.value) else found.measure("stop_max_ns")
        rows.append((text(cell.variant, anchors.at(cell)), figure(tracked(cell)), text(_where(cell, cells)),
                     *_latencies(cell, MILLI, ("latency_p50_ns", "latency_p99_ns", "latency_max_ns")),
                     amount(stop, MICRO), amount(found.measure("collect_ns_per_object")),
                     amount(found.measure("traverse_ns_per_object"))))
    found = [grid(f"Collections by the size of the live heap ({_label(cells)}); the search is a plain walk of the same "
                  "graph in the same trial", head, rows)]
    growing = [(variant, where, growth(own)) for (variant, where), own in curves(cells).items() if len(own) > 2]
    if growing:
        found.append(grid("How a collection grows with the heap: the exponent of the straight line through the "
                          "logarithms (1: in proportion to the objects)", ("variant", "threads", "exponent"),
                          [(text(variant), text(where), figure(slope)) for variant, where, slope in growing]))
    return found


def tracked(cell: Cell) -> float:
    """Objects that a collection looks at: as measured, else as asked for."""
    found = cell.side.measure("objects").value
    asked = tradeoff.parameter(cell.params, "objects")
    return found if math.isfinite(found) or asked is None else asked


def curves(cells: Sequence[Cell]) -> Dict[Tuple[str, str], List[Tuple[float, Interval]]]:
    """Median collection over objects, by variant and threads; what can stand on logarithmic axes."""
    found: Dict[Tuple[str, str], List[Tuple[float, Interval]]] = {}
    for cell in cells:
        pause = cell.side.get("latency_p50_ns")
        if 0 < tracked(cell) <= LARGEST and pause.value > 0:
            found.setdefault((cell.variant, _where(cell, cells)), []).append((tracked(cell), pause))
    return {key: sorted(own, key=lambda point: point[0]) for key, own in found.items()}


def growth(points: Sequence[Tuple[float, Interval]]) -> float:
    """The slope of the straight line through the logarithms, by least squares."""
    x = [math.log(place) for place, _ in points]
    y = [math.log(found.value) for _, found in points]
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    across = sum((one - middle_x) ** 2 for one in x)
    return sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y)) / across if across > 0 else math.nan


def cycles(cells: Sequence[Cell], anchors: Anchors) -> List[Grid]:
    return [_pivot(cells, lambda cell: figure(cell.ops_per_s.value / 1e6, anchors.at(cell)),
                   "Cycles made and dropped, million per s; by how the collector is started", "policy"),
            _pivot(cells, lambda cell: amount(cell.side.measure("garbage_left"), 1.0, anchors.at(cell)),
                   "Garbage left at the end of the load, objects", "policy")]


def gc_taxes(summary: Summary, cells: Sequence[Cell]) -> Iterator[Tuple[Cell, Cell, Interval]]:
    """Each cell with the collector on, its partner without, and the ratio of their times."""
    ratios = Ratios(summary)
    for cell in cells:
        if parameter(cell, "gc") != "on":
            continue
        rest = without(cell.params, "gc")
        other = next((one for one in cells if parameter(one, "gc") == "off" and without(one.params, "gc") == rest
                      and key_of(one)[3:] == key_of(cell)[3:] and one.driver == cell.driver), None)
        if other is not None:
            yield cell, other, ratios.ratio(key_of(cell), key_of(other), "ns_per_op").interval


def gc_tax(summary: Summary, cells: Sequence[Cell], anchors: Anchors) -> List[Grid]:
    rows = [(text(on.variant), figure(off.ns_per_op.value, anchors.at(off)), figure(on.ns_per_op.value, anchors.at(on)),
             ratio(found)) for on, off, found in gc_taxes(summary, cells)]
    return [grid("What the collector costs a program without cycles: one container made and dropped, with its 95 % "
                 "interval", ("variant", "off, ns", "on, ns", "on ÷ off"), rows)] if rows else []


def weakref_read(cells: Sequence[Cell], anchors: Anchors) -> List[Grid]:
    return [_pivot(cells, lambda cell: amount(cell.ns_per_op, 1.0, anchors.at(cell)),
                   "Following a weak reference, ns of one thread, with its 95 % interval", "of, threads")]


def weakref_race(cells: Sequence[Cell], anchors: Anchors) -> List[Grid]:
    roles = {key_of(cell): pairs(cell.roles_ns_per_op) for cell in cells}
    names = list(dict.fromkeys(name for own in roles.values() for name in own))

    def cost(cell: Cell, name: str) -> Shown:
        value = roles[key_of(cell)].get(name)
        return figure(float(value) if value else math.nan)

    rows = [(text(cell.variant, anchors.at(cell)), text(_where(cell, cells)), amount(cell.ns_per_op),
             *(cost(cell, name) for name in names), amount(cell.side.measure("alive_percent"))) for cell in cells]
    return [grid("Weak references followed while others drop what they refer to", (
        "variant", "threads", "ns per operation", *(f"ns of a {name}" for name in names), "found alive, %"), rows)]


def deep_free(cells: Sequence[Cell], anchors: Anchors) -> List[Grid]:
    def drop(cell: Cell) -> Shown:
        middle, longest = (cell.side.get(name) for name in ("latency_p50_ns", "latency_max_ns"))
        shown = figure(middle.value / MICRO, anchors.at(cell))
        return Shown(f"{shown.text} ({number(longest.value / MICRO)})", shown.key, shown.link)

    return [_pivot(cells, drop, f"The last reference to a graph is dropped ({_label(cells)}), µs: median (longest)",
                   "graph"),
            _pivot(cells, lambda cell: amount(cell.ns_per_op, 1.0, anchors.at(cell)),
                   "The same for each object destroyed, ns, with its 95 % interval", "graph")]


def late_garbage(cells: Sequence[Cell], anchors: Anchors) -> List[Grid]:
    head = ("variant", "owner", "hold µs", "most late objects", *(f"{name} µs" for _, name in QUANTILES))
    rows = [(text(cell.variant, anchors.at(cell)), text(parameter(cell, "owner")), text(parameter(cell, "hold_us")),
             figure(cell.side.value("late_objects_max")), *_latencies(cell, MICRO, [name for name, _ in QUANTILES]))
            for cell in cells]
    return [grid("Objects whose last reference a stranger drops: the most that waited for their owner at once, and the "
                 f"time from the last drop to the destruction ({_label(cells)})", head, rows)]


def handoff_latency(cells: Sequence[Cell], anchors: Anchors) -> List[Grid]:
    head = ("variant", "switch interval ms", *(f"{name} ms" for _, name in QUANTILES), "tasks")
    rows = [(text(cell.variant, anchors.at(cell)), text(parameter(cell, "interval_ms")),
             *_latencies(cell, MILLI, [name for name, _ in QUANTILES]),
             figure(cell.side.get("latency_count").value)) for cell in cells]
    return [grid("How long a short task takes that needs the interpreter while another thread computes, from its "
                 f"planned arrival to its end ({_label(cells)}); with 95 % intervals", head, rows)]


def others(cells: Sequence[Cell], anchors: Anchors) -> List[Grid]:
    """Workloads that this version has no words for."""
    head = ("workload", "variant", "threads", "ns per operation", "median µs", "99 % µs", "longest µs", "measures")
    rows = [(text(cell.pattern, anchors.at(cell)), text(cell.variant), text(cell.threads), amount(cell.ns_per_op),
             *_latencies(cell, MICRO, ("latency_p50_ns", "latency_p99_ns", "latency_max_ns")),
             text("; ".join(f"{key} {number(one.value)}" for key, one in cell.side.measures.items()) or NO_NUMBER))
            for cell in cells]
    return [grid("Other workloads of the drivers memory and latency", head, rows)] if rows else []


TABLES: Dict[str, Callable[[Sequence[Cell], Anchors], List[Grid]]] = {
    "footprint": footprint, "fork_cow": fork_cow, "gc_pause": gc_pause, "cycles": cycles,
    "weakref_read": weakref_read, "weakref_race": weakref_race, "deep_free": deep_free, "late_garbage": late_garbage,
    "handoff_latency": handoff_latency,
}
GC_TAX = "gc_tax"


def _of_workload(summary: Summary, workload: str, anchors: Anchors) -> Iterable[Grid]:
    cells = cells_of(summary, workload)
    if not cells:
        return ()
    return gc_tax(summary, cells, anchors) if workload == GC_TAX else TABLES[workload](cells, anchors)


def grids(summary: Summary, anchors: Anchors = Anchors()) -> List[Grid]:
    """All tables of these drivers, in the order in which people ask; none where the run has none of their cells."""
    order = list(TABLES)
    order.insert(order.index("cycles") + 1, GC_TAX)
    found = [one for workload in order for one in _of_workload(summary, workload, anchors)]
    return found + others([cell for cell in cells_of(summary) if cell.workload not in order], anchors)
