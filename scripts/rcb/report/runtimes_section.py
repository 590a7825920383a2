"""The section of the report that sets our variants beside the runtimes that they stand for."""

from __future__ import annotations

from rcb.answers.analysis import Analysis
from rcb.answers.wording import counted
from rcb.report import table
from rcb.report.view import Anchors, Section, grid, ratio, text
from rcb.runtimes import comparison
WORDS = ("A ratio of `time` is ours ÷ the runtime's: the same loop on its own Py_INCREF and Py_DECREF. A ratio of `speedup` "
         "is the runtime's ÷ ours: what an interpreter does besides counting is in its times, and cancels in its speed-up as "
         "far as it scales. Above 1 ours is pessimistic.",
         f"`agrees`: the whole interval lies within {comparison.TOLERANCE:g}× either way; `ours optimistic` or `ours pessimistic`: "
         "all of it lies beyond; otherwise the run does not tell. What a pattern stands for, and what the two do not have in "
         "common: docs/runtimes.md.")


def section(analysis: Analysis, anchors: Anchors) -> Section:
    found = comparison.comparisons(analysis.summary)
    title = "Ours against the runtime it stands for"
    times = table.peer_times(analysis.summary, anchors)
    grids = () if times is None else (times,)
    if not found:
        return Section("runtimes", "Ours beside its peers" if grids else title, (), grids)
    counts = {name: sum(one.verdict == name for one in found)
              for name in (comparison.AGREES, comparison.OPTIMISTIC, comparison.PESSIMISTIC, comparison.INCONCLUSIVE)}
    told = ", ".join(f"{name} {count}" for name, count in counts.items())
    rows = [(text(one.theirs.variant), text(one.theirs.pattern, anchors.at(one.theirs)), text(one.theirs.threads),
             text(one.ours.variant), text(one.ours.pattern, anchors.at(one.ours)), text(one.quantity), ratio(one.ratio),
             text(one.verdict)) for one in found]
    head = ("runtime", "its pattern", "threads", "ours", "our workload", "quantity", "ratio", "verdict")
    return Section("runtimes", title, (f"Of {counted(len(found), 'comparison')}: {told}.", *WORDS),
                   (grid("Each pattern that both have", head, rows), *grids))
