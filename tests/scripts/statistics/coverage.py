"""How often 95 % intervals hold the truth, how often an A/A comparison claims a difference, and how often two cells are
called the same: on made-up runs.

    python3 tests/scripts/statistics/coverage.py --runs 4000      prints the tables of results/statistics.md
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
from dataclasses import replace
from typing import Callable, Dict, Iterator, List, Sequence, Tuple

import numpy as np

from model import SHAPES, Design, truth
from rcb.stats import stats
from rcb.stats.stats import Interval, Sample
from rcb.stats.verdict import SAME, SLOWER, Verdict, holm, judge

CELLS = 8
# Of the runs that are made up for one interval, one in so many is a family.
FAMILIES_OF = 8
# So many times as much as the other's a run's values vary, in the last table.
UNLIKE = 3.0
# So many variants share the cells of a family, where their means are judged.
VARIANTS = 10
# What cells differ by where it is asked how often they are called the same, and a floor above all of that.
EFFECTS = (0.05, 0.10)
HIGH_FLOOR = math.log(1.108)
SIZES: Sequence[Tuple[int, int]] = ((1, 5), (1, 10), (1, 30), (3, 5), (5, 5), (10, 5), (20, 5))


def _factors(rng: np.random.Generator, cells: int) -> np.ndarray:
    return np.exp(rng.uniform(-2.0, 4.0, cells))


def _median(design: Design, rng: np.random.Generator) -> Tuple[Interval, float]:
    factors = _factors(rng, 1)
    centre = truth(design.shape, design.processes, design.repetitions, design.shared)
    return stats.median(design.samples(rng, factors)[0]), math.log(factors[0]) + centre


def _ratio(design: Design, rng: np.random.Generator) -> Tuple[Interval, float]:
    two = Design(design.shape, design.processes, design.repetitions, 2, design.shared)
    factors = _factors(rng, 2)
    above, below = two.samples(rng, factors)
    return stats.ratio(above, below).interval, math.log(factors[0] / factors[1])


def _between(design: Design, rng: np.random.Generator, other_variation: float = 1.0) -> Tuple[Interval, float]:
    factors = _factors(rng, 2)
    above = replace(design, variation=other_variation).samples(rng, factors[:1])[0]
    below = design.samples(rng, factors[1:])[0]
    return stats.ratio_between(above, below).interval, math.log(factors[0] / factors[1])


def _mean(design: Design, rng: np.random.Generator) -> Tuple[Interval, float]:
    many = Design(design.shape, design.processes, design.repetitions, 2 * CELLS, design.shared)
    factors = _factors(rng, 2 * CELLS)
    found = many.samples(rng, factors)
    mean = stats.geometric_mean([stats.ratio(*pair) for pair in zip(found[:CELLS], found[CELLS:])])
    return mean, float(np.mean(np.log(factors[:CELLS] / factors[CELLS:])))


def _mean_between(design: Design, rng: np.random.Generator) -> Tuple[Interval, float]:
    many = Design(design.shape, design.processes, design.repetitions, CELLS, design.shared)
    top, bottom = _factors(rng, CELLS), _factors(rng, CELLS)
    pairs = zip(many.samples(rng, top), many.samples(rng, bottom))
    mean = stats.geometric_mean([stats.ratio_between(*pair) for pair in pairs])
    return mean, float(np.mean(np.log(top / bottom)))


Estimator = Callable[[Design, np.random.Generator], Tuple[Interval, float]]
ESTIMATORS: Dict[str, Estimator] = {"median": _median, "ratio": _ratio, "ratio of two runs": _between,
                                    "mean": _mean, "mean of two runs": _mean_between}


def covered(estimator: Estimator, design: Design, runs: int, seed: int) -> float:
    """The share of runs whose interval holds the truth."""
    rng = np.random.default_rng(seed)
    hits = 0
    for _ in range(runs):
        found, true = estimator(design, rng)
        hits += math.log(found.low) <= true <= math.log(found.high)
    return hits / runs


def designs() -> Iterator[Design]:
    for processes, repetitions in SIZES:
        for shape in SHAPES:
            if processes > 1:
                yield Design(shape, processes, repetitions, shared=True)
                yield Design(shape, processes, repetitions, shared=False)
            elif shape != "modes":  # which are of processes
                yield Design(shape, processes, repetitions)


def bootstrap(sample: Sample, rng: np.random.Generator, hierarchy: bool, draws: int = 500) -> Interval:
    """The percentile bootstrap that was here before: processes with replacement, then (hierarchy) their trials."""
    table = np.stack(list(sample.by_process.values()))
    chosen = rng.integers(len(table), size=(draws, len(table), 1))
    trials = rng.integers(table.shape[1], size=(draws, *table.shape)) if hierarchy else np.arange(table.shape[1])
    drawn = np.median(np.median(table[chosen, trials], axis=2), axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(stats.estimate(sample), low, high)


def _bootstrapped(hierarchy: bool) -> Estimator:
    def estimator(design: Design, rng: np.random.Generator) -> Tuple[Interval, float]:
        sample = design.samples(rng, np.ones(1))[0]
        return (bootstrap(sample, rng, hierarchy),
                truth(design.shape, design.processes, design.repetitions, design.shared))
    return estimator


def _by_one(method: Callable[[np.ndarray], Tuple[float, float]]) -> Estimator:
    def estimator(design: Design, rng: np.random.Generator) -> Tuple[Interval, float]:
        low, high = method(design.samples(rng, np.ones(1))[0].units())
        return (Interval(1.0, math.exp(low), math.exp(high)),
                truth(design.shape, design.processes, design.repetitions, design.shared))
    return estimator


METHODS: Dict[str, Estimator] = {
    "t": _by_one(stats._student_bounds),
    "order statistics": _by_one(stats._order_bounds),
    "bootstrap of processes": _bootstrapped(False),
    "bootstrap of the hierarchy": _bootstrapped(True),
}


def claims(design: Design, runs: int, seed: int, effect: float = 0.0, floor: float = 0.0,
           other_variation: float = 1.0) -> Tuple[float, float]:
    """Of comparisons of two runs with the same costs but for the first cell's, which is slower by effect: the share
    with a false claim or more, and that found the first cell's."""
    rng = np.random.default_rng(seed)
    other = replace(design, variation=other_variation)
    false = found = 0
    for _ in range(runs):
        factors = _factors(rng, design.cells)
        changed = factors * np.where(np.arange(design.cells) == 0, 1.0 + effect, 1.0)
        pairs = zip(other.samples(rng, changed), design.samples(rng, factors))
        ratios = [stats.ratio_between(*pair) for pair in pairs]
        adjusted = holm([one.p_value for one in ratios])
        verdicts = [judge(one.interval, p, floor) for one, p in zip(ratios, adjusted)]
        false += any(one.is_difference for one in (verdicts[1:] if effect else verdicts))
        found += verdicts[0].kind == SLOWER
    return false / runs, found / runs


def variant_claims(design: Design, runs: int, seed: int, effect: float = 0.0, floor: float = 0.0) -> Tuple[float, float]:
    """The same of the means of VARIANTS variants, which have the cells of the design in equal parts; the first variant
    is slower by effect."""
    rng = np.random.default_rng(seed)
    each = design.cells // VARIANTS
    false = found = 0
    for _ in range(runs):
        factors = _factors(rng, design.cells)
        changed = factors * np.where(np.arange(design.cells) < each, 1.0 + effect, 1.0)
        ratios = [stats.ratio_between(*pair)
                  for pair in zip(design.samples(rng, changed), design.samples(rng, factors))]
        means = [stats.geometric_mean_test(ratios[first:first + each]) for first in range(0, design.cells, each)]
        adjusted = holm([one.p_value for one in means])
        verdicts = [judge(one.interval, p, floor) for one, p in zip(means, adjusted)]
        false += any(one.is_difference for one in (verdicts[1:] if effect else verdicts))
        found += verdicts[0].kind == SLOWER
    return false / runs, found / runs


def same_cells(design: Design, runs: int, seed: int, effect: float) -> List[Verdict]:
    """The verdicts `same` on single cells of two runs of which the other is slower by effect. Nothing is claimed to
    differ, as in a family in which nothing else does, and the floor is above the effect: both make `same` likelier."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(runs):
        pair = (design.samples(rng, np.full(1, 1.0 + effect))[0], design.samples(rng, np.ones(1))[0])
        found.append(judge(stats.ratio_between(*pair).interval, 1.0, HIGH_FLOOR))
    return [one for one in found if one.kind == SAME]


def called_same(design: Design, runs: int, seed: int, effect: float) -> Tuple[float, float]:
    """How often a cell that is slower by effect is said to be the same, and how often within less than that."""
    found = same_cells(design, runs, seed, effect)
    return len(found) / runs, sum(one.within < effect for one in found) / runs


def itself(design: Design, runs: int, seed: int) -> float:
    """How often a cell of a run that is compared with itself is the same."""
    rng = np.random.default_rng(seed)
    found = [design.samples(rng, np.ones(1))[0] for _ in range(runs)]
    return sum(judge(stats.ratio_between(one, one).interval, 1.0, 0.0).kind == SAME for one in found) / runs


def _print(head: Sequence[str], body: List[Sequence[str]]) -> None:
    for row in (head, ["---"] * len(head), *body):
        print("| " + " | ".join(row) + " |", flush=True)
    print()


def _kind(design: Design) -> str:
    return f"{design.shape}{'' if design.processes == 1 or design.shared else ', own'}"


def _coverage_row(work: Tuple[Design, int, int]) -> List[str]:
    design, runs, seed = work
    shares = [covered(one, design, runs, seed) for one in ESTIMATORS.values()]
    return [str(design.processes), str(design.repetitions), _kind(design), *(f"{one * 100:.1f}" for one in shares)]


def _method_row(work: Tuple[Design, int, int]) -> List[str]:
    design, runs, seed = work
    # Under six processes no pair of order statistics holds 95 %.
    shares = [math.nan if name == "order statistics" and design.processes < 6 else covered(one, design, runs, seed)
              for name, one in METHODS.items()]
    return [str(design.processes), design.shape, *("–" if math.isnan(one) else f"{one * 100:.1f}" for one in shares)]


def _claims_row(work: Tuple[Design, int, int]) -> List[str]:
    design, runs, seed = work
    false, found = claims(design, runs, seed)[0], claims(design, runs, seed, 0.10, 0.01)[1]
    means, slow = variant_claims(design, runs, seed)[0], variant_claims(design, runs, seed, 0.03, 0.01)[1]
    return [str(design.processes), design.shape, f"{false * 100:.1f}", f"{found * 100:.0f}", f"{means * 100:.1f}",
            f"{slow * 100:.0f}"]


def _same_row(work: Tuple[Design, int, int]) -> List[str]:
    design, runs, seed = work
    found = same_cells(design, runs, seed, 0.0)
    within = f"{float(np.median([one.within for one in found])) * 100:.1f}" if found else "–"
    return [str(design.processes), design.shape, f"{itself(design, runs, seed) * 100:.1f}",
            f"{len(found) / runs * 100:.1f}", within,
            *(f"{share * 100:.1f}" for effect in EFFECTS for share in called_same(design, runs, seed, effect))]


def _unlike_row(work: Tuple[Design, int, int]) -> List[str]:
    design, runs, seed = work
    one = replace(design, cells=1)
    held = covered(lambda own, rng: _between(own, rng, UNLIKE), one, runs * FAMILIES_OF, seed)
    false = claims(design, runs, seed, other_variation=UNLIKE)[0]
    return [str(design.processes), design.shape, f"{held * 100:.1f}", f"{false * 100:.1f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=4000, help="made-up runs of each line (default: 4000); a quarter of "
                        "them for the bootstrap, an eighth for the families")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes (default: one a processor)")
    options = parser.parse_args()
    grid = [Design(shape, processes, 5) for processes in (3, 5, 10, 20) for shape in SHAPES]
    families = [replace(one, cells=100) for one in grid]
    tables = (
        (_coverage_row, list(designs()), options.runs, ("processes", "trials each", "shape", *ESTIMATORS)),
        (_method_row, grid, options.runs // 4, ("processes", "shape", *METHODS)),
        (_claims_row, families, options.runs // FAMILIES_OF,
         ("processes", "shape", "false claims, cells", "10 % found", "false claims, means", "3 % found")),
        (_same_row, grid, options.runs,
         ("processes", "shape", "same as itself", "unchanged: same", "median X",
          *(text for effect in EFFECTS for text in (f"{effect * 100:.0f} %: same", "within less")))),
        (_unlike_row, families, options.runs // FAMILIES_OF,
         ("processes", "shape", "ratio of two runs", "false claims, cells")),
    )
    with multiprocessing.Pool(options.jobs) as pool:
        for row, lines, runs, head in tables:
            _print(head, pool.map(row, [(design, runs, options.seed) for design in lines], 1))


if __name__ == "__main__":
    main()
