"""Beyond this machine: Gunther's Universal Scalability Law, X(N) = λN / (1 + σ(N - 1) + κN(N - 1)), fitted to the
throughput over threads. σ is contention (what is done one at a time), κ coherence (what each pays for each other).

It is a model. It is tested on the largest count of threads, which a second fit has not seen, and its numbers stand in
a file and a table of their own."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Callable, List, Optional, Sequence, Tuple

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit
from scipy.stats import t as student

from rcb.answers.tradeoff import Curve, Tradeoff
from rcb.stats.stats import Interval

FEWEST = 4


@dataclass(frozen=True)
class Fit:
    """The law fitted to one curve."""

    curve: Curve
    rate: Interval
    sigma: Interval
    kappa: Interval
    residuals: Tuple[float, ...]
    held_out: int
    foreseen: float
    measured: Interval
    twice: Interval

    @property
    def error(self) -> float:
        """Of the second fit at the count that it has not seen, relative to what was measured."""
        return self.foreseen / self.measured.value - 1.0

    @property
    def peak(self) -> float:
        """The count of threads at which the model's throughput is highest; infinite when it never falls, or when κ
        cannot be told from 0."""
        if not self.kappa.low > 0.0:
            return math.inf
        return math.sqrt(max(1.0 - self.sigma.value, 0.0) / self.kappa.value)


def law(counts: np.ndarray, rate: float, sigma: float, kappa: float) -> np.ndarray:
    return rate * counts / (1.0 + sigma * (counts - 1.0) + kappa * counts * (counts - 1.0))


def _fitted(counts: np.ndarray, rates: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """λ, σ and κ, none below 0, by relative errors; and their covariance."""
    with warnings.catch_warnings():
        # As many counts as parameters leave nothing to estimate the error from; then nobody asks for it.
        warnings.simplefilter("ignore", OptimizeWarning)
        return curve_fit(law, counts, rates, p0=(rates[0] / counts[0], 0.05, 0.001), sigma=rates,
                         bounds=(0.0, math.inf), x_scale=(rates[0], 0.1, 0.01), max_nfev=2000)


def _around(value: float, variance: float, freedom: int, least: float = 0.0) -> Interval:
    if freedom < 1 or not math.isfinite(variance):
        return Interval(value)
    reach = float(student.ppf(0.975, freedom)) * math.sqrt(max(variance, 0.0))
    return Interval(value, max(value - reach, least), value + reach)


def _variance_at(function: Callable[[np.ndarray], float], place: np.ndarray, covariance: np.ndarray) -> float:
    """Of a function of the parameters, to first order."""
    steps = np.maximum(np.abs(place) * 1e-6, 1e-9)
    slopes = np.array([(function(place + step) - function(place - step)) / (2.0 * size)
                       for size, step in zip(steps, np.diag(steps))])
    return float(slopes @ covariance @ slopes)


def fit(curve: Curve) -> Optional[Fit]:
    """The law on one curve; nothing where there are fewer than four counts, or no fit is found."""
    points = [point for point in curve.points if math.isfinite(point.cell.ops_per_s.value)]
    if len(points) < FEWEST:
        return None
    counts = np.array([point.cell.threads for point in points], dtype=float)
    rates = np.array([point.cell.ops_per_s.value for point in points])
    try:
        place, covariance = _fitted(counts, rates)
        before, _ = _fitted(counts[:-1], rates[:-1])
    except (RuntimeError, ValueError):
        return None
    freedom = len(points) - 3
    rate, sigma, kappa = (_around(place[one], covariance[one, one], freedom) for one in range(3))
    far = np.array([2.0 * counts[-1]])

    def gain(parameters: np.ndarray) -> float:
        return float(law(far, *parameters)[0] / parameters[0])

    return Fit(
        curve=curve, rate=rate, sigma=sigma, kappa=kappa,
        residuals=tuple(float(one) for one in law(counts, *place) / rates - 1.0),
        held_out=int(counts[-1]), foreseen=float(law(counts[-1:], *before)[0]), measured=points[-1].cell.ops_per_s,
        twice=_around(gain(place), _variance_at(gain, place, covariance), freedom),
    )


def fits(tradeoff: Tradeoff) -> List[Fit]:
    """The law on every curve that has enough counts of threads."""
    return [found for found in map(fit, tradeoff.curves) if found is not None]


def refusal(tradeoff: Tradeoff) -> str:
    """Why there is no model; empty where there is one."""
    most: Sequence[Curve] = sorted(tradeoff.curves, key=lambda curve: len(curve.points))
    if not most or len(most[-1].points) < FEWEST:
        counts = [str(point.cell.threads) for point in most[-1].points] if most else []
        have = f"{len(counts)} ({', '.join(counts)})" if counts else "none"
        return (f"Not fitted: the Universal Scalability Law has three parameters and wants at least {FEWEST} counts of "
                f"threads; this run has {have}. Nothing is said about more threads than were measured.")
    return ""
