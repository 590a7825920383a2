"""Made-up runs with a known truth: process effects, shared by all cells or a cell's own, and noise of several shapes.

All on a logarithmic scale: value = cell × what the process does to all cells × what it does to this one × noise."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts"))

from rcb.stats.stats import Sample  # noqa: E402

# Standard deviations as the reference run has them: medians of its 340 cells, rounded up.
WITHIN = 0.033
BETWEEN = 0.015
SHAPES = ("normal", "skewed", "outliers", "modes")


def _noise(shape: str, rng: np.random.Generator, size: tuple) -> np.ndarray:
    """What disturbs one trial."""
    if shape == "normal":
        return rng.normal(0.0, WITHIN, size)
    tail = rng.gamma(1.5, WITHIN / 1.22, size)
    if shape == "skewed":
        return tail
    # One trial in twenty is hit by something that takes another 10 to 100 %.
    return tail + np.where(rng.random(size) < 0.05, rng.uniform(0.1, 0.7, size), 0.0)


def _effect(shape: str, rng: np.random.Generator, size: tuple) -> np.ndarray:
    """What a process does to its trials."""
    if shape in ("normal", "outliers"):
        return rng.normal(0.0, BETWEEN, size)
    if shape == "skewed":
        return rng.gamma(1.5, BETWEEN / 1.22, size)
    # modes: in one process of seven the layout is an unlucky one.
    return rng.normal(0.0, BETWEEN / 2, size) + np.where(rng.random(size) < 0.15, 4 * BETWEEN, 0.0)


@dataclass(frozen=True)
class Design:
    """How a made-up run is measured, and which shapes its variation has."""

    shape: str
    processes: int
    repetitions: int
    cells: int = 1
    shared: bool = True
    variation: float = 1.0  # times that of the reference run, about the same truth

    def draw(self, rng: np.random.Generator, processes: int = 0) -> np.ndarray:
        """Logarithms by cell, process and repetition, around 0."""
        count = processes or self.processes
        drawn = _noise(self.shape, rng, (self.cells, count, self.repetitions))
        if self.processes > 1:  # of one process nothing but its own truth can be known
            drawn = drawn + _effect(self.shape, rng, (self.cells, count, 1))
            drawn = drawn + (_effect(self.shape, rng, (1, count, 1)) if self.shared else 0.0)
        if self.variation == 1.0:
            return drawn
        middle = truth(self.shape, self.processes, self.repetitions, self.shared)
        return middle + self.variation * (drawn - middle)

    def samples(self, rng: np.random.Generator, factors: np.ndarray) -> list[Sample]:
        """One run: a sample for each cell, whose true cost is its factor times that of the design."""
        values = np.exp(self.draw(rng)) * factors[:, None, None]
        return [Sample(str(cell), dict(enumerate(values[cell]))) for cell in range(self.cells)]


@lru_cache(maxsize=None)
def truth(shape: str, processes: int, repetitions: int, shared: bool) -> float:
    """The logarithm that a cell's estimate tends to with ever more processes: the median over processes of the median
    of their trials. For one process: the median of its trials."""
    rng = np.random.default_rng(20261121)
    one = Design(shape, processes, repetitions, 1, shared)
    if processes == 1:
        return float(np.median(one.draw(rng, 2_000_000 // repetitions)))
    return float(np.median(np.median(one.draw(rng, 400_000), axis=2)))
