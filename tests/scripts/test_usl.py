"""Tests of the Universal Scalability Law on made-up throughput: it finds what was put in, and says when it does not
fit."""

from __future__ import annotations

import math
import unittest
from typing import Callable, Sequence

import made_up
from support import ScratchTest

from rcb.answers import usl
from rcb.answers.summary import summarise
from rcb.answers.tradeoff import Curve, Tradeoff, weigh
from rcb.rows.rows import read


class Fits(ScratchTest):
    def weigh(self, rate: Callable[[int], float], counts: Sequence[int] = made_up.COUNTS, seed: int = 1) -> Tradeoff:
        rows = made_up.curve("private", "op=pair", "gil", lambda n: 1.0, counts, seed=seed)
        rows += made_up.curve("private", "op=pair", "biased", rate, counts, seed=seed)
        return weigh(summarise(read(made_up.write(self.scratch / "trials.csv", rows))))

    def curve(self, rate: Callable[[int], float], counts: Sequence[int] = made_up.COUNTS, seed: int = 1) -> Curve:
        return self.weigh(rate, counts, seed).curves[0]

    def test_it_finds_what_was_put_in(self) -> None:
        fit = usl.fit(self.curve(made_up.usl(1.2)))
        assert fit is not None
        self.assertAlmostEqual(made_up.SIGMA, fit.sigma.value, delta=0.01)
        self.assertAlmostEqual(made_up.KAPPA, fit.kappa.value, delta=0.0005)
        self.assertAlmostEqual(1e9 / 1.2, fit.rate.value, delta=1e7)
        self.assertEqual(16, fit.held_out)
        self.assertLess(abs(fit.error), 0.1)
        self.assertLess(max(map(abs, fit.residuals)), 0.02)
        rate = made_up.usl(1.2)
        self.assertTrue(fit.twice.low <= rate(32) / rate(1) <= fit.twice.high)

    def test_intervals_hold_the_truth(self) -> None:
        """Of 95 % intervals over 60 made-up runs, 54 or more (the chance of fewer is below 1 in 100)."""
        hits = 0
        for seed in range(60):
            fit = usl.fit(self.curve(made_up.usl(1.2), seed=seed))
            assert fit is not None
            hits += fit.sigma.low <= made_up.SIGMA <= fit.sigma.high
        self.assertGreaterEqual(hits, 54)

    def test_a_law_that_does_not_hold_is_seen_at_the_held_out_point(self) -> None:
        fit = usl.fit(self.curve(lambda n: float(n) if n < 16 else 2.0))
        assert fit is not None
        self.assertGreater(fit.error, 1.0)

    def test_linear_scaling_has_no_peak(self) -> None:
        fit = usl.fit(self.curve(float))
        assert fit is not None
        self.assertEqual(math.inf, fit.peak)
        self.assertEqual(0.0, fit.kappa.low)

    def test_a_peak(self) -> None:
        fit = usl.fit(self.curve(lambda n: n / (1.0 + 0.05 * (n - 1) + 0.02 * n * (n - 1))))
        assert fit is not None
        self.assertAlmostEqual(math.sqrt(0.95 / 0.02), fit.peak, delta=0.5)

    def test_four_counts_are_enough_and_three_are_not(self) -> None:
        self.assertEqual("", usl.refusal(self.weigh(made_up.usl(1.2), (1, 2, 4, 8))))
        self.assertIsNotNone(usl.fit(self.curve(made_up.usl(1.2), (1, 2, 4, 8))))
        few = self.weigh(made_up.usl(1.2), (1, 2, 4))
        self.assertEqual([], usl.fits(few))
        self.assertIn("at least 4 counts of threads; this run has 3 (1, 2, 4)", usl.refusal(few))


if __name__ == "__main__":
    unittest.main()
