"""Asks what scripts/compare says of rows that were really measured, after a known change of them.

    python3 tests/scripts/statistics/planted.py RUN        compares a run with itself, then with each variant 3 % slower in turn
    python3 tests/scripts/statistics/planted.py RUN RUN    of two runs of the same costs, with the second 5 and 10 % slower or
                                                   faster: how many cells are said to be the same within less than that"""

from __future__ import annotations

import math
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts"))

from rcb.answers.summary import CellKey, Samples  # noqa: E402
from rcb.compare.pairs import Comparison, Side, compare, load  # noqa: E402
from rcb.stats.stats import Sample  # noqa: E402
from rcb.stats.verdict import SAME, SLOWER  # noqa: E402

PLANTED = 1.03
CHANGES = (1 / 1.10, 1 / 1.05, 1.05, 1.10)


def _times(sample: Sample, factor: float) -> Sample:
    return Sample(sample.name, {process: values * factor for process, values in sample.by_process.items()})


def changed(side: Side, factor: float, which: Callable[[CellKey], bool]) -> Side:
    """That run with the times of some cells multiplied."""
    return replace(side, samples={key: Samples(_times(own.ns_per_op, factor), _times(own.ops_per_s, 1 / factor))
                                  if which(key) else own for key, own in side.samples.items()})


def _kinds(found: Comparison) -> Counter:
    return Counter(one.verdict.kind for one in found.cells)


def with_itself(side: Side) -> None:
    kinds = _kinds(compare([side, replace(side, label="B")])[0])
    print(f"with itself: {dict(kinds)}; same: {kinds[SAME] / kinds.total():.1%} of the cells")
    for variant in sorted({key[3] for key in side.samples}):
        other = changed(replace(side, label="B"), PLANTED, lambda key: key[3] == variant)
        found = [one.name for one in compare([side, other])[0].differences if one.verdict.is_difference]
        means = [name[0] for name in found if name[1:] == (variant,)]
        wrong = [name for name in found if len(name) > 1 and variant not in name]
        print(f"{variant} {PLANTED - 1:.0%} {SLOWER}: its mean in {', '.join(means) or 'no driver'}; "
              f"{sum(len(name) > 2 for name in found) - sum(len(name) > 2 for name in wrong)} cells; "
              f"claimed wrongly: {len(wrong)}")


def of_two(base: Side, other: Side) -> None:
    for factor in CHANGES:
        found = compare([base, changed(other, factor, lambda key: True)])[0]
        disturbed, change = set(found.disturbed), math.expm1(abs(math.log(factor)))
        for name, cells in (("disturbed", [one for one in found.cells if one.key in disturbed]),
                            ("other", [one for one in found.cells if one.key not in disturbed])):
            wrong = sum(one.verdict.kind == SAME and one.verdict.within < change for one in cells)
            print(f"{factor - 1:+.1%}: {len(cells)} {name} cells, of which {wrong} "
                  f"({wrong / max(len(cells), 1):.1%}) are said to be the same within less")


def main() -> None:
    base, *others = (Path(one) for one in sys.argv[1:3])
    side = load("A", base, False)
    if others:
        of_two(side, load("B", others[0], False, side))
    else:
        with_itself(side)


if __name__ == "__main__":
    main()
