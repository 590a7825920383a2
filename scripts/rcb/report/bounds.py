"""Variants that do not count, or free nothing: what a scheme could gain at most. They are compared only where objects are
made, because where objects are merely referenced they do nothing at all."""

from __future__ import annotations

from typing import List, Optional, Tuple

from rcb.answers.analysis import Analysis
from rcb.answers.summary import samples_of
from rcb.answers.tradeoff import key_of
from rcb.report.view import Anchors, Grid, Shown, figure, grid, ratio, text
from rcb.rows.drivers import MAKING, OVERHEAD
from rcb.stats.stats import median, ratio as ratio_of

MIB = 1024.0 * 1024.0


def table_of(analysis: Analysis, anchors: Anchors) -> Optional[Grid]:
    """What does not count against the baseline where objects are made, with the memory that it holds and its pauses."""
    names = {one.name for one in analysis.tradeoff.variants.bounds}
    samples = samples_of(analysis.summary.rows.frame)
    rows: List[Tuple[Shown, ...]] = []
    for cell in analysis.summary.own:
        key = key_of(cell)
        base = (*key[:3], analysis.tradeoff.baseline, *key[4:])
        if cell.variant not in names or cell.driver != OVERHEAD or cell.workload not in MAKING or not cell.measured:
            continue
        found = ratio_of(samples[key].ns_per_op, samples[base].ns_per_op).interval if base in samples else None
        rows.append((text(cell.pattern, anchors.at(cell)), text(cell.variant),
                     figure(median(samples[key].ns_per_op).value), ratio(found) if found else Shown("–"),
                     figure(cell.side.value("resident_bytes") / MIB),
                     figure(cell.side.get("gc_pause_max_ns").value / 1e6)))
    head = ("workload", "variant", "ns per op", f"{analysis.tradeoff.baseline} = 1", "resident MiB", "longest pause ms")
    return grid("Where objects are made, on one thread: time, memory at the end of the window, and pauses", head,
                rows) if rows else None
