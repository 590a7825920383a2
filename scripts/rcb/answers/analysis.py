"""Everything that the outputs of one run show, computed once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Tuple

from rcb.answers import side_costs, tradeoff, usl
from rcb.answers.prediction import Group, Predicted, Prices, predictions, prices
from rcb.answers.summary import Cell, Summary
from rcb.answers.tradeoff import Tradeoff
from rcb.answers.usl import Fit
from rcb.base.files import read_record


@dataclass(frozen=True)
class Analysis:
    """A run: its cells, its trade-off, the model, what stands beside throughput, and its record."""

    summary: Summary
    tradeoff: Tradeoff
    fits: Tuple[Fit, ...]
    costs: Tuple[Cell, ...]
    prices: Mapping[Group, Prices]
    predicted: Tuple[Predicted, ...]
    run: Mapping[str, Any]

    @property
    def host(self) -> str:
        frame = self.summary.rows.frame
        return str(frame["host"].iloc[0]) if len(frame) else "no rows"

    def fact(self, name: str) -> str:
        """What the record says, as a text."""
        return str(self.run.get(name) or "")

    @property
    def started(self) -> str:
        frame = self.summary.rows.frame
        return str(self.run.get("started") or (frame["utc"].iloc[0] if len(frame) else ""))


def read_run(directory: Path) -> Dict[str, Any]:
    """run.json of a run."""
    return read_record(directory / "run.json")


def analyse(summary: Summary, run: Mapping[str, Any], baseline: Optional[str] = None) -> Analysis:
    """Everything, against the variant of that name, or against today's CPython with a GIL."""
    weighed = tradeoff.weigh(summary, baseline)
    return Analysis(summary, weighed, tuple(usl.fits(weighed)), side_costs.gather(summary),
                    prices(summary), tuple(predictions(summary)), run)
