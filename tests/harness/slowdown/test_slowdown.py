"""Tests of the planted slowdown's mechanics with made-up rows: nothing is built or timed here."""

from __future__ import annotations

import sys
import tempfile
import unittest
from pathlib import Path
from typing import Dict

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import slowdown  # noqa: E402
from support import ROOT, row, write_rows  # noqa: E402


class Mechanics(unittest.TestCase):
    def answers(self, costs: Dict[str, float], seed: int = 1) -> "tuple[Dict[str, slowdown.Answer], float]":
        rng = np.random.default_rng(seed)
        found = []
        for process in range(10):
            shared = rng.normal(0.0, 0.01)
            for variant, cost in costs.items():
                own = shared + rng.normal(0.0, 0.003)
                found += [row(workload="churn", params="", variant=variant, process=process, repetition=repetition,
                              ns_per_op=9.0 * cost * float(np.exp(own + rng.gamma(1.5, 0.004))))
                          for repetition in range(10)]
        with tempfile.TemporaryDirectory() as folder:
            return slowdown.answers(write_rows(Path(folder) / "trials.csv", found))

    def test_three_percent_is_found_and_half_the_floor_is_not(self) -> None:
        costs = {"plain": 1.0, "plain_twin": 1.01, "plain_slow_2": 1.005, "plain_slow_6": 1.03}
        calibrated, floor = self.answers(costs)
        self.assertAlmostEqual(0.01, floor, delta=0.005)
        self.assertEqual("plain_slow_6", slowdown.nearest(calibrated, 1.03))
        self.assertEqual("plain_slow_2", slowdown.nearest(calibrated, 1.005))
        found, _ = self.answers(costs, 2)
        self.assertEqual([], slowdown.judged(calibrated, found, "plain_slow_6", "plain_slow_2"))

    def test_what_is_wrong_is_said(self) -> None:
        calibrated, _ = self.answers({"plain": 1.0, "plain_twin": 1.0, "plain_slow_2": 1.004, "plain_slow_6": 1.03})
        found, _ = self.answers({"plain": 1.0, "plain_twin": 1.0, "plain_slow_2": 1.03, "plain_slow_6": 1.0}, 2)
        wrong = " ".join(slowdown.judged(calibrated, found, "plain_slow_6", "plain_slow_2"))
        for part in ("plain_slow_6 is not found", "another size", "plain_slow_2 is claimed"):
            self.assertIn(part, wrong)

    def test_the_no_ops_are_in_the_copy(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            variants = Path(folder) / "variants"
            (variants / "schemes").mkdir(parents=True)
            for name in ("schemes/plain.h", "variants.def"):
                (variants / name).write_bytes((ROOT / "variants" / name).read_bytes())
            slowdown.add_variants(Path(folder), (3,))
            self.assertIn(".rept 3", (variants / "schemes/plain_slow_3.h").read_text(encoding="utf-8"))
            self.assertIn(".rept 0", (variants / "schemes/plain.h").read_text(encoding="utf-8"))
            self.assertTrue((variants / "variants.def").read_text(encoding="utf-8").endswith("VARIANT(plain_slow_3, plain_slow_3, single)\n"))
            with self.assertRaises(SystemExit):
                slowdown.slowed("nothing of the kind", 3)


if __name__ == "__main__":
    unittest.main()
