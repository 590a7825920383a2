"""Which rows a run's numbers are made of: those with numbers, and of the disturbed ones only those that nothing better
stands beside."""

from __future__ import annotations

from typing import FrozenSet, Sequence, Set, Tuple

import numpy as np
import pandas as pd

from rcb.rows.schema import CELL, MEASURED

# Noise that is a fact of the cell, and so in each of its trials.
CELL_FACTS = frozenset({"smt"})
# So many processes with undisturbed trials make a cell's numbers without the others.
QUIET_LEAST = 2


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


def _numbered(frame: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    return frame.groupby(list(columns), sort=False).ngroup().to_numpy()


def _quiet_cells(cell: np.ndarray, process: np.ndarray, flagged: np.ndarray) -> np.ndarray:
    """For each row whether two processes of its cell, and no less than half of them, have an undisturbed trial."""
    trials = pd.DataFrame({"cell": cell, "process": process, "quiet": ~flagged})
    processes = trials.groupby(["cell", "process"])["quiet"].any()
    counts = processes.groupby(level="cell").agg(["sum", "count"])
    quiet = (counts["sum"] >= QUIET_LEAST) & (2 * counts["sum"] >= counts["count"])
    return quiet.reindex(cell).to_numpy(dtype=bool)


def used_rows(frame: pd.DataFrame) -> np.ndarray:
    """Which rows are used. A disturbed trial makes way for an undisturbed one of the same cell and process, and a
    process that has none for the other processes, where these are two or more and half of all: what made it slow was
    not the variant, and the process is the unit of all statistics. `unit` numbers the processes."""
    measured = frame["status"].isin(MEASURED).to_numpy(dtype=bool)
    flagged = disturbed(frame)
    if not (measured & flagged).any():
        return measured
    rows = frame[measured]
    own = flagged[measured]
    process = _numbered(rows, [*CELL, "unit"])
    has_better = np.isin(process, np.unique(process[~own])) | _quiet_cells(_numbered(rows, CELL), process, own)
    used = measured.copy()
    used[measured] = ~(own & has_better)
    return used


def disturbed_cells(frame: pd.DataFrame) -> Set[Tuple[str, str, str, str, int, str]]:
    """The cells whose numbers rest on disturbed trials, for want of better ones, in some process."""
    rests = frame["used"] & disturbed(frame)
    return set(frame[CELL][rests].drop_duplicates().itertuples(index=False, name=None))
