"""How wide the intervals of a run are, at one clock and as measured: the median over cells of half an interval's width ÷
its median.

    python3 tests/scripts/statistics/widths.py RUN...

One line for each run and number of threads; with several threads the figure is of throughput."""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from typing import List

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts"))

import numpy as np  # noqa: E402

from rcb.answers.summary import summarise  # noqa: E402
from rcb.rows.rows import read_measured, set_clock  # noqa: E402


def half_widths(place: Path, threads: int, at_one_clock: bool) -> List[float]:
    rows = read_measured("RUN", place)
    if not at_one_clock:
        set_clock(rows.frame, np.ones(len(rows.frame)))
    cells = [cell for cell in summarise(rows).own if cell.threads == threads]
    found = [cell.ns_per_op if threads == 1 else cell.ops_per_s for cell in cells]
    return [(one.high - one.low) / 2 / one.value for one in found if one.bounded]


def main() -> None:
    for place in map(Path, sys.argv[1:]):
        for threads in sorted(read_measured("RUN", place).measured()["threads"].unique()):
            widths = [half_widths(place, int(threads), one) for one in (True, False)]
            told = ", ".join(f"{median(found):.2%} {name}" if found else f"none {name}"
                             for found, name in zip(widths, ("at one clock", "as measured")))
            print(f"{place}: {threads} threads, {len(widths[0])} cells: {told}")


if __name__ == "__main__":
    main()
