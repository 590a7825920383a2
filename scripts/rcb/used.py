"""Which rows a run's numbers are made of: those with numbers, and of the disturbed ones only those that nothing better
stands beside."""

from __future__ import annotations

from typing import FrozenSet

import numpy as np
import pandas as pd

from rcb.schema import CELL, MEASURED

# Noise that is a fact of the cell, and so in each of its trials.
CELL_FACTS = frozenset({"smt"})


def kinds_of(text: object) -> FrozenSet[str]:
    """What disturbed a trial, from its column `noise`."""
    return frozenset(filter(None, str(text).split("+"))) - CELL_FACTS


def disturbed(frame: pd.DataFrame) -> np.ndarray:
    """Which rows the noise gate flagged; older rows have no such column."""
    if "noise" not in frame:
        return np.zeros(len(frame), dtype=bool)
    noise = frame["noise"].fillna("")
    flagged = {text for text in noise.unique() if kinds_of(text)}
    return noise.isin(flagged).to_numpy(dtype=bool)


def used_rows(frame: pd.DataFrame) -> np.ndarray:
    """Which rows are used. A disturbed trial is where its process has no undisturbed one of the same cell: what made it
    slow was not the variant, and the process is the unit of all statistics. `unit` numbers the processes."""
    measured = frame["status"].isin(MEASURED).to_numpy(dtype=bool)
    flagged = measured & disturbed(frame)
    if not flagged.any():
        return measured
    cell_of_process = frame.groupby([*CELL, "unit"], sort=False).ngroup().to_numpy()
    has_better = np.isin(cell_of_process, np.unique(cell_of_process[measured & ~flagged]))
    return measured & ~(flagged & has_better)
