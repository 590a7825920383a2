"""Tests of the intervals and verdicts on made-up runs with a known truth: a small part of coverage.py, seeded.

The bounds are those of the size: of RUNS intervals that hold the truth 93 to 97 % of the time, the share lies within
another four standard errors; a wrong method (the bootstrap over three processes: 75 %) is far outside."""

from __future__ import annotations

import math
import unittest

import coverage
from model import Design

RUNS = 400
SLACK = 4 * math.sqrt(0.95 * 0.05 / RUNS)


class Coverage(unittest.TestCase):
    def held(self, name: str, *designs: Design) -> None:
        for design in designs:
            with self.subTest(name=name, design=design):
                share = coverage.covered(coverage.ESTIMATORS[name], design, RUNS, 7)
                self.assertGreater(share, 0.93 - SLACK)
                self.assertLess(share, 0.97 + SLACK)

    def test_medians(self) -> None:
        self.held("median", Design("outliers", 1, 10), Design("skewed", 3, 5), Design("modes", 5, 5),
                  Design("outliers", 10, 5, shared=False), Design("modes", 20, 5))

    def test_ratios(self) -> None:
        self.held("ratio", Design("skewed", 3, 5), Design("outliers", 5, 5, shared=False), Design("modes", 10, 5))

    def test_ratios_of_two_runs(self) -> None:
        self.held("ratio of two runs", Design("skewed", 3, 5), Design("outliers", 5, 5), Design("modes", 10, 5))

    def test_means(self) -> None:
        self.held("mean", Design("skewed", 3, 5), Design("outliers", 5, 5, shared=False))
        self.held("mean of two runs", Design("skewed", 5, 5))

    def test_too_narrow_intervals_would_be_noticed(self) -> None:
        share = coverage.covered(coverage._bootstrapped(False), Design("normal", 3, 5), RUNS, 7)
        self.assertLess(share, 0.93 - SLACK)


class Claims(unittest.TestCase):
    """Families of 60 cells. Without a floor, which would hide what the correction lacks."""

    def test_runs_of_the_same_costs(self) -> None:
        runs = 60
        false = sum(coverage.claims(Design(shape, 5, 5, 60), runs // 3, 5)[0] * runs / 3
                    for shape in ("normal", "skewed", "modes"))
        # At a rate of 5 % there are more than 9 in 60 once in a thousand times.
        self.assertLessEqual(false, 9)

    def test_a_large_difference_is_found(self) -> None:
        self.assertGreater(coverage.claims(Design("normal", 10, 5, 60), 20, 5, 0.15, 0.01)[1], 0.8)

    def test_half_the_floor_is_not_claimed(self) -> None:
        self.assertEqual(0.0, coverage.claims(Design("normal", 10, 5, 5), 50, 5, 0.01, math.log(1.02))[1])


    def test_a_variant_is_found_by_its_mean(self) -> None:
        false, found = coverage.variant_claims(Design("normal", 5, 5, 60), 40, 5, 0.06, 0.01)
        self.assertLessEqual(false, 0.2)
        self.assertGreater(found, 0.7)


class Same(unittest.TestCase):
    def test_five_and_ten_percent_are_hardly_ever_the_same_within_less(self) -> None:
        for design in (Design("normal", 3, 5), Design("outliers", 5, 5), Design("skewed", 10, 5)):
            for effect in (0.05, 0.10):
                with self.subTest(design=design, effect=effect):
                    # At a rate of 5 % there are more than 34 in 400 once in a thousand times.
                    self.assertLessEqual(coverage.called_same(design, RUNS, 5, effect)[1], 34 / RUNS)

    def test_a_run_is_the_same_as_itself(self) -> None:
        for design in (Design("normal", 5, 5), Design("outliers", 8, 5)):
            self.assertGreaterEqual(coverage.itself(design, RUNS, 5), 0.95)


if __name__ == "__main__":
    unittest.main()
