"""Tests of the statistics with known answers: medians, intervals, ratios, noise floor, headline, words."""

from __future__ import annotations

import math
import unittest
from pathlib import Path
from typing import Dict, List

import numpy as np
from scipy.stats import mannwhitneyu, ttest_ind
from support import ScratchTest, read_rows, row, write_rows

from rcb.answers import wording
from rcb.answers.summary import COST, SPEEDUP, Summary, summarise, write_csv
from rcb.rows.rows import read
from rcb.stats import stats
from rcb.stats.stats import Interval, Sample


def sample(*processes: List[float], name: str = "cell") -> Sample:
    return Sample(name, {place: np.array(values) for place, values in enumerate(processes)})


class Medians(unittest.TestCase):
    def test_no_process_outweighs_another(self) -> None:
        self.assertEqual(15.0, stats.median(sample([10.0], [20.0, 20.0, 20.0, 20.0])).value)

    def test_one_outlier_moves_nothing(self) -> None:
        self.assertEqual(2.0, stats.median(sample([1.0, 2.0, 1000.0])).value)

    def assert_interval(self, wanted: float, found: Interval) -> None:
        """No width but for rounding."""
        for value in (found.value, found.low, found.high):
            self.assertAlmostEqual(wanted, value)

    def test_constant_values_have_an_interval_of_no_width(self) -> None:
        self.assert_interval(3.0, stats.median(sample([3.0, 3.0], [3.0, 3.0])))

    def test_one_trial_has_no_interval(self) -> None:
        self.assertFalse(stats.median(sample([3.0])).bounded)

    def test_trials_of_a_process_are_no_processes(self) -> None:
        few = stats.median(sample([1.0, 1.1, 1.2], [1.3, 1.4, 1.5]))
        many = stats.median(sample([1.0, 1.1, 1.2] * 9, [1.3, 1.4, 1.5] * 9))
        self.assertEqual(few, many)
        self.assertTrue(few.low < 1.0 and few.high > 1.5)

    def test_three_processes_by_hand(self) -> None:
        found = stats.median(sample([1.0], [math.e], [math.e ** 2]))
        half = 4.302652729911275 / math.sqrt(3.0)  # t of 2 degrees of freedom; the logarithms' deviation is 1
        for value, log in ((found.low, 1.0 - half), (found.value, 1.0), (found.high, 1.0 + half)):
            self.assertAlmostEqual(log, math.log(value))

    def test_nine_processes_by_hand(self) -> None:
        found = stats.median(sample(*([float(value)] for value in range(1, 10))))
        # Pairs 2 and 3 hold 96.09 and 82.03 % exactly; Hettmansperger and Sheather go 0.171 of the way.
        share = (0.9609375 - 0.95) / (0.9609375 - 0.8203125)
        weight = 7 * share / (2 + 5 * share)
        self.assertAlmostEqual((1 - weight) * math.log(2) + weight * math.log(3), math.log(found.low))
        self.assertAlmostEqual((1 - weight) * math.log(8) + weight * math.log(7), math.log(found.high))

    def test_the_same_data_give_the_same_interval(self) -> None:
        values = ([1.0, 1.2, 1.1], [1.3, 1.0, 1.4])
        self.assertEqual(stats.median(sample(*values)), stats.median(sample(*values)))


class Ratios(unittest.TestCase):
    def test_what_a_process_does_to_both_cancels(self) -> None:
        below = sample([1.0, 1.0], [3.0, 3.0], [2.0, 2.0], name="a")
        above = sample([2.0, 2.0], [6.0, 6.0], [4.0, 4.0], name="b")
        found = stats.ratio(above, below).interval
        for value in (found.value, found.low, found.high):
            self.assertAlmostEqual(2.0, value)

    def test_only_common_processes_count(self) -> None:
        above = Sample("a", {0: np.array([4.0]), 1: np.array([100.0])})
        below = Sample("b", {0: np.array([2.0]), 2: np.array([0.1])})
        self.assertEqual(2.0, stats.ratio(above, below).interval.value)
        self.assertTrue(math.isnan(stats.ratio(above, Sample("c", {7: np.array([1.0])})).interval.value))

    def test_geometric_mean(self) -> None:
        one = stats.ratio(sample([2.0, 2.0]), sample([1.0, 1.0]))
        two = stats.ratio(sample([8.0, 8.0]), sample([1.0, 1.0]))
        found = stats.geometric_mean([one, two])
        for value in (found.value, found.low, found.high):
            self.assertAlmostEqual(4.0, value)
        self.assertTrue(math.isnan(stats.geometric_mean([]).value))

    def test_a_mean_keeps_what_a_process_does_to_all_cells(self) -> None:
        """Averaging over cells must not make 20 processes of two."""
        ratios = [stats.ratio(sample([1.1], [1.0], [0.9]), sample([1.0], [1.0], [1.0])) for _ in range(10)]
        mean = stats.geometric_mean(ratios)
        self.assertAlmostEqual(ratios[0].interval.low, mean.low)
        self.assertAlmostEqual(ratios[0].interval.high, mean.high)

    def test_a_cell_of_one_process_does_not_spoil_a_mean(self) -> None:
        """It is no pair of units, while those of several processes are."""
        paired = stats.ratio(sample([1.1], [1.0], [0.9]), sample([1.0], [1.0], [1.0]))
        single = stats.ratio(sample([1.0, 1.1]), sample([1.0, 1.2]))
        found = stats.geometric_mean_test([paired, single])
        self.assertTrue(found.interval.bounded)
        self.assertTrue(math.isfinite(found.p_value))

    def test_two_runs_are_not_paired(self) -> None:
        below, above = sample([1.0], [3.0], [2.0]), sample([2.0], [6.0], [4.0])
        self.assertLess(stats.ratio_between(above, below).interval.low, 1.0)
        self.assertGreater(stats.ratio_between(above, below).interval.high, 4.0)

    def test_welch_by_scipy(self) -> None:
        above, below = sample([1.0], [1.2], [1.1], [1.4]), sample([2.0], [2.1], [2.6])
        wanted = ttest_ind([math.log(one) for one in (1.0, 1.2, 1.1, 1.4)], [math.log(one) for one in (2.0, 2.1, 2.6)],
                           equal_var=False)
        found = stats.ratio_between(above, below)
        self.assertAlmostEqual(wanted.pvalue, found.p_value)
        self.assertEqual(-1.0, found.effect)

    def test_one_process_borrows_the_variance_of_the_others(self) -> None:
        found = stats.ratio_between(sample([2.0]), sample([1.0], [1.1], [0.9]))
        self.assertTrue(found.interval.bounded)
        self.assertLess(found.interval.low, 1.7)


class Differences(unittest.TestCase):
    """Intervals of a difference of two groups, against the tests of scipy that they invert."""

    def test_mann_and_whitney_by_scipy(self) -> None:
        """Beyond the outer pair of differences their exact test rejects a shift, within the inner one it does not."""
        rng = np.random.default_rng(7)
        for counts in ((4, 4), (5, 5), (7, 5), (12, 11)):
            above, below = rng.normal(0.4, 1.0, counts[0]), rng.normal(0.0, 1.0, counts[1])
            ordered = np.sort(np.subtract.outer(above, below), axis=None)
            depth, _ = stats._depth_of_differences(*counts)
            low, high = stats._shift_bounds(above, below)
            self.assertTrue(ordered[depth - 1] <= low <= ordered[depth])
            self.assertTrue(ordered[-depth - 1] <= high <= ordered[-depth])
            for rejected in (ordered[depth - 1] - 1e-9, ordered[-depth] + 1e-9):
                self.assertLessEqual(mannwhitneyu(above - rejected, below, method="exact").pvalue, 0.05)
            for kept in (ordered[depth] + 1e-9, ordered[-depth - 1] - 1e-9):
                self.assertGreater(mannwhitneyu(above - kept, below, method="exact").pvalue, 0.05)

    def test_five_of_each_by_hand(self) -> None:
        # 4 and 7 of the 252 orders have U up to 2 and 3: pairs 3 and 4 hold 96.83 and 94.44 %.
        depth, weight = stats._depth_of_differences(5, 5)
        self.assertEqual(3, depth)
        self.assertAlmostEqual((8 / 252 - 0.05) / (8 / 252 - 14 / 252), weight)

    def test_three_of_each_by_scipy(self) -> None:
        above, below = [1.0, 1.2, 1.1], [2.0, 2.1, 2.6]
        found = stats.ratio_between(sample(*([one] for one in above)), sample(*([one] for one in below))).interval
        for edge in (found.low, found.high):
            self.assertAlmostEqual(0.05, ttest_ind(np.log(above) - math.log(edge), np.log(below)).pvalue)

    def test_one_outlier_does_not_widen_an_interval(self) -> None:
        below = [1.0 + place / 100 for place in range(10)]
        calm = stats.ratio_between(sample([2.0 * one for one in below]), sample(below)).interval
        hit = stats.ratio_between(sample([2.0 * one for one in below[:-1]] + [50.0]), sample(below)).interval
        self.assertLess(hit.high / hit.low, calm.high / calm.low * 1.1)

    def test_the_rounds_of_one_process_are_the_units_of_its_mean(self) -> None:
        """What a round does to all cells at once is not averaged away."""
        rounds = [1.0, 1.3, 1.1, 1.2, 1.4]
        one = stats.ratio(sample([2.0 * value for value in rounds]), sample([1.0] * 5))
        mean = stats.geometric_mean([one] * 10)
        self.assertAlmostEqual(one.interval.low, mean.low)
        self.assertAlmostEqual(one.interval.high, mean.high)

    def test_groups_of_unlike_sizes_by_scipy(self) -> None:
        """One may vary more than the other, and the smaller one's variance must not be drowned."""
        above, below = [1.0, 1.5, 0.7, 1.2], [1.0, 1.01, 1.02, 0.99, 0.98, 1.03, 0.97, 1.0, 1.01]
        found = stats.ratio_between(sample(*([one] for one in above)), sample(*([one] for one in below))).interval
        for edge in (found.low, found.high):
            shifted = np.log(above) - math.log(edge)
            self.assertAlmostEqual(0.05, ttest_ind(shifted, np.log(below), equal_var=False).pvalue)

    def test_one_trial_of_each_has_no_interval(self) -> None:
        one = stats.ratio(sample([2.0]), sample([1.0]))
        self.assertFalse(one.interval.bounded)
        self.assertFalse(stats.geometric_mean([one, one]).bounded)

    def test_a_cell_of_one_trial_leaves_a_mean_of_rounds_without_an_interval(self) -> None:
        """Nobody knows how that cell varies."""
        one = stats.ratio(sample([2.0]), sample([1.0]))
        many = stats.ratio(sample([1.0, 1.2, 1.1, 1.3, 1.0]), sample([1.0, 1.1, 1.2, 1.0, 1.1]))
        self.assertTrue(stats.geometric_mean([many, many]).bounded)
        self.assertFalse(stats.geometric_mean([many, one]).bounded)


class Answers(ScratchTest):
    def summary(self, found: List[Dict[str, object]]) -> Summary:
        return summarise(read(write_rows(self.scratch / "trials.csv", found)))

    def overhead(self) -> List[Dict[str, object]]:
        costs = {("plain", "pair"): 1.0, ("plain", "call"): 2.0, ("plain_twin", "pair"): 1.02,
                 ("plain_twin", "call"): 1.98, ("atomic", "pair"): 4.0, ("atomic", "call"): 2.0}
        return [row(variant=variant, workload=workload, ns_per_op=cost, process=process,
                    params="set=1;code=inline" if workload == "pair" else "", repetition=repetition)
                for (variant, workload), cost in costs.items() for process in (0, 1) for repetition in (0, 1)]

    def scaling(self, workload: str, variant: str, rates: Dict[int, float], params: str = "",
                **values: object) -> List[Dict[str, object]]:
        return [row(driver="scaling", workload=workload, params=params, variant=variant, threads=threads, ns_per_op=1.0,
                    ops_per_s=rate, repetition=repetition, **values)
                for threads, rate in rates.items() for repetition in (0, 1)]

    def test_cost_and_noise_floor(self) -> None:
        found = self.summary(self.overhead())
        lines = {line.variant: line for line in found.headline}
        self.assertAlmostEqual(2.0, lines["atomic"].overhead.value)
        self.assertEqual(4.0, lines["atomic"].hot_pair.value)
        assert found.floor is not None
        self.assertAlmostEqual(math.sqrt(1.02 * 0.99), found.floor.mean.value)
        self.assertAlmostEqual(1.02, found.floor.worst)
        self.assertEqual(("pair set=1;code=inline", 2), (found.floor.worst_cell, found.floor.cells))
        cell = found.find("overhead", "call", "atomic", 1)
        assert cell is not None
        self.assertEqual((COST, 1.0), (cell.comparison, cell.ratio.value))
        text = " ".join(wording.answers(found))
        self.assertIn("worst cell (pair set=1;code=inline)", text)

    def test_speedup_and_headline(self) -> None:
        found = self.summary(self.scaling("private", "atomic", {1: 1e8, 2: 1.9e8}, "op=pair")
                             + self.scaling("private", "atomic", {1: 1e8, 2: 1.5e8}, "op=churn")
                             + self.scaling("shared_one", "atomic", {1: 1e8, 2: 3e7}))
        line = found.headline[0]
        self.assertEqual(2, found.max_threads)
        self.assertAlmostEqual(1.9, line.private.value)
        self.assertAlmostEqual(0.3, line.shared_one.value)
        self.assertTrue(math.isnan(line.shared_none.value))
        cell = found.find("scaling", "shared_one", "atomic", 2)
        assert cell is not None
        self.assertEqual(SPEEDUP, cell.comparison)

    def test_oversubscribed_cells_do_not_set_the_most_threads(self) -> None:
        found = self.summary(self.scaling("private", "atomic", {1: 1e8, 2: 1.9e8}, "op=pair")
                             + self.scaling("private", "atomic", {4: 1e8}, "op=pair", status="oversubscribed"))
        self.assertEqual(2, found.max_threads)

    def test_invalid_and_skipped_rows_give_no_numbers(self) -> None:
        found = self.summary([row(), row(repetition=1, status="invalid", ns_per_op=99.0, reason="audit"),
                              row(variant="atomic", status="skipped", reason="no core")])
        self.assertEqual([(0, None), (1, 1.0)],
                         [(cell.trials, cell.ns_per_op.value if cell.measured else None) for cell in found.cells])
        self.assertEqual({"ok": 1, "oversubscribed": 0, "invalid": 1, "skipped": 1}, found.status_counts())

    def test_roles_are_told_apart(self) -> None:
        found = self.summary(self.scaling("owner_stranger", "biased", {2: 1e8}, roles="owner+stranger",
                                          thread_ops="100+10", thread_ns="200+400"))
        self.assertEqual("owner=2;stranger=40", found.cells[0].roles_ns_per_op)

    def test_no_rows_at_all(self) -> None:
        found = self.summary([])
        self.assertEqual(((), None), (found.cells, found.floor))
        self.assertIn("Trials: 0 count.", " ".join(wording.answers(found)))

    def test_summary_is_tidy(self) -> None:
        path = self.scratch / "summary.csv"
        write_csv(self.summary(self.overhead()), path)
        found = read_rows(path)
        self.assertEqual(6, len(found))
        keys = {tuple(one[name] for name in ("driver", "workload", "params", "variant", "threads", "placement"))
                for one in found}
        self.assertEqual(6, len(keys))
        atomic = next(one for one in found if one["variant"] == "atomic" and one["workload"] == "pair")
        self.assertEqual(("4", "4", "2", "4", "4"), tuple(atomic[name] for name in (
            "ns_per_op", "ratio", "processes", "n", "ok")))
        self.assertEqual([path.name, "trials.csv"], sorted(one.name for one in Path(self.scratch).iterdir()))


class Words(unittest.TestCase):
    def test_numbers(self) -> None:
        for value, text in ((0.0123, "0.0123"), (0.5, "0.50"), (9.876, "9.88"), (12.34, "12.3"), (1234.5, "1,234"),
                            (math.nan, "–")):
            self.assertEqual(text, wording.number(value))

    def test_ratios_and_times(self) -> None:
        self.assertEqual("1.50× (1.40 to 1.60)", wording.times(Interval(1.5, 1.4, 1.6)))
        self.assertEqual("1.50×", wording.times(Interval(1.5)))
        self.assertEqual(["9 s", "2 min 5 s", "1 h 1 min"], [wording.duration(one) for one in (9.2, 125, 3665)])


if __name__ == "__main__":
    unittest.main()
