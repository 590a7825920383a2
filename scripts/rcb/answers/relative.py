"""Times in units of a baseline's: for comparing runs by what a variant costs against another, not by nanoseconds. What
slows a whole machine or build slows both, and is no difference then."""

from __future__ import annotations

from typing import Dict, Optional

from rcb.answers.summary import CellKey, Samples
from rcb.stats.stats import Sample


def _divided(own: Sample, base: Sample) -> Optional[Sample]:
    """Each trial ÷ the baseline's median in the same process; None where no process has both."""
    common = {process: values / base.medians[process] for process, values in own.by_process.items()
              if process in base.medians}
    return Sample(own.name, common) if common else None


def cell_of(baseline: str, key: CellKey) -> CellKey:
    """The baseline's cell by which that cell is divided."""
    return (*key[:3], baseline, *key[4:])


def to(baseline: str, samples: Dict[CellKey, Samples]) -> Dict[CellKey, Samples]:
    """The cells that the baseline has too, divided by its own; none of the baseline itself."""
    found: Dict[CellKey, Samples] = {}
    for key, own in samples.items():
        base = samples.get(cell_of(baseline, key))
        if base is None or key[3] == baseline:
            continue
        cost, rate = _divided(own.ns_per_op, base.ns_per_op), _divided(own.ops_per_s, base.ops_per_s)
        if cost is not None and rate is not None:
            found[key] = Samples(cost, rate)
    return found
