"""Tests of the verdicts: Holm's correction, the noise floor, directions, and what summary.csv says of them."""

from __future__ import annotations

import math
import unittest
from typing import Dict, List

from support import ScratchTest, read_rows, row, write_rows

from rcb.answers.summary import summarise, write_csv
from rcb.rows.rows import read
from rcb.stats.stats import Interval
from rcb.stats.verdict import FASTER, INCONCLUSIVE, SAME, SLOWER, holm, judge

FLOOR = math.log(1.01)


class Family(unittest.TestCase):
    def test_holm_by_hand(self) -> None:
        found = holm([0.01, 0.04, math.nan, 0.03, 0.9])
        for wanted, value in zip((0.04, 0.09, math.nan, 0.09, 0.9), found):
            self.assertTrue(abs(wanted - value) < 1e-12 or (math.isnan(wanted) and math.isnan(value)), found)

    def test_no_family(self) -> None:
        self.assertEqual(0, len(holm([])))


class Judgement(unittest.TestCase):
    def kind(self, low: float, high: float, p: float = 0.001, above_is_slower: bool = True) -> str:
        return judge(Interval(math.sqrt(low * high), low, high), p, FLOOR, above_is_slower).kind

    def test_directions(self) -> None:
        self.assertEqual(SLOWER, self.kind(1.02, 1.04))
        self.assertEqual(FASTER, self.kind(0.95, 0.97))
        self.assertEqual(FASTER, self.kind(1.02, 1.04, above_is_slower=False))
        self.assertEqual(SLOWER, self.kind(0.95, 0.97, above_is_slower=False))

    def test_nothing_below_the_floor_is_a_difference(self) -> None:
        for low, high in ((1.002, 1.004), (0.991, 0.995), (0.97, 1.03), (0.99, 1.009)):
            self.assertEqual(SAME, self.kind(low, high, 1e-9))

    def test_small_differences_that_reach_into_the_floor_are_none(self) -> None:
        self.assertEqual([SAME] * 2, [self.kind(1.005, 1.049, 1e-9), self.kind(0.97, 0.995, 1e-9)])
        self.assertEqual([INCONCLUSIVE] * 2, [self.kind(1.005, 1.06, 1e-9), self.kind(0.94, 0.995, 1e-9)])

    def test_a_family_may_take_a_claim_back(self) -> None:
        for p in (0.06, math.nan):
            self.assertEqual(INCONCLUSIVE, self.kind(1.02, 1.04, p))

    def test_what_everything_else_differs_by_is_no_difference(self) -> None:
        shift = math.log(1.2)
        found = [judge(Interval(middle, middle * 0.99, middle * 1.01), 1e-9, FLOOR, shift=shift).kind
                 for middle in (1.0, 1.2, 1.3, 0.8)]
        self.assertEqual([SAME, INCONCLUSIVE, SLOWER, FASTER], found)

    def test_same_names_what_is_excluded(self) -> None:
        self.assertEqual("same within 2.1 %", str(judge(Interval(1.0, 0.985, 1.0201), 1.0, FLOOR)))
        self.assertEqual("same within 0.2 %", str(judge(Interval(1.0, 0.999, 1.001), 1.0, FLOOR)))
        self.assertEqual("same within 0 %", str(judge(Interval(1.0, 1.0, 1.0), 1.0, 0.0)))

    def test_a_floor_of_ten_percent_hides_no_sameness(self) -> None:
        self.assertEqual("same within 3 %", str(judge(Interval(1.0, 0.98, 1.03), 1.0, math.log(1.108))))

    def test_inconclusive(self) -> None:
        self.assertEqual(SAME, self.kind(0.9, 1.1, 0.5))
        self.assertEqual("same within 60 %", str(judge(Interval(1.0, 0.7, 1.6), 0.5, FLOOR)))
        self.assertEqual(INCONCLUSIVE, self.kind(0.5, 1.6, 0.5), "ends a factor of three apart tell nothing")
        self.assertEqual(INCONCLUSIVE, judge(Interval(1.5), 0.0, FLOOR).kind)


class InSummary(ScratchTest):
    def rows(self, costs: Dict[str, float], **values: object) -> List[Dict[str, object]]:
        # Not one noise for all: three processes, each a little off, in each variant otherwise.
        return [row(variant=variant, ns_per_op=cost * (1 + 0.001 * ((process * 7 + place * 3) % 5)), process=process,
                    repetition=repetition, **values)
                for place, (variant, cost) in enumerate(costs.items()) for process in range(5)
                for repetition in range(2)]

    def summary(self, found: List[Dict[str, object]]) -> Dict[str, Dict[str, str]]:
        path = self.scratch / "trials.csv"
        write_csv(summarise(read(write_rows(path, found))), self.scratch / "summary.csv")
        return {one["variant"] + one["threads"]: one for one in read_rows(self.scratch / "summary.csv")}

    def test_costs(self) -> None:
        found = self.summary(self.rows({"plain": 1.0, "plain_twin": 1.004, "none": 0.5, "atomic": 4.0}))
        self.assertEqual(["", "faster", "slower"], [found[name]["verdict"] for name in ("plain1", "none1", "atomic1")])
        self.assertIn("same within", found["plain_twin1"]["verdict"])
        self.assertEqual(("1", "-1"), (found["atomic1"]["effect"], found["none1"]["effect"]))
        self.assertLess(float(found["atomic1"]["p_adjusted"]), 1e-6)

    def test_speedups_go_the_other_way(self) -> None:
        one = self.rows({"atomic": 1.0, "biased": 1.0}, driver="scaling", workload="private", threads=1)
        two = self.rows({"atomic": 2.0, "biased": 0.5}, driver="scaling", workload="private", threads=2)
        found = self.summary(one + two)
        # ops_per_s is 1e9 ÷ ns_per_op in these rows: biased has twice the throughput.
        self.assertEqual(("slower", "faster", ""),
                         tuple(found[name]["verdict"] for name in ("atomic2", "biased2", "atomic1")))

    def test_spread_and_noise(self) -> None:
        found = [row(ns_per_op=value, repetition=place, noise="stolen") for place, value in enumerate((1.0, 2.0, 3.0))]
        cell = summarise(read(write_rows(self.scratch / "trials.csv", found))).cells[0]
        self.assertEqual((3, 0, 0.5), (cell.noisy, cell.set_aside, cell.spread))


class Units(ScratchTest):
    def test_processes_of_two_runs_are_four(self) -> None:
        found = [row(run_id=run, ns_per_op=cost, process=process)
                 for run, cost in (("a", 1.0), ("b", 1.1)) for process in (0, 1)]
        read_back = read(write_rows(self.scratch / "trials.csv", found))
        self.assertEqual((4, 0), (len(read_back.frame), len(read_back.bad)))
        self.assertEqual(4, summarise(read_back).cells[0].processes)


if __name__ == "__main__":
    unittest.main()
