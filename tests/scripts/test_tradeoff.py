"""Tests of the trade-off against made-up runs of known truth: tax, crossovers, shares, fields, side costs, the CSV."""

from __future__ import annotations

import math
import tempfile
import unittest
from pathlib import Path
from typing import List, Sequence

import made_up
from support import ROOT, ScratchTest, read_rows, row

from rcb.answers import side_costs, usl
from rcb.answers.prediction import median_residual, predictions, share_limit
from rcb.answers.summary import Summary, summarise
from rcb.answers.tradeoff import OVER_COUNTED, OVER_MIXED, OVER_RELEASED, Tradeoff, bar_over, weigh
from rcb.report import tradeoff_csv
from rcb.rows.rows import read
from rcb.stats.crossing import ALWAYS, NEVER, Turn, crossover, fall
from rcb.stats.stats import Interval, Ratio


def ratios(*values: float, lows: Sequence[float] = (), highs: Sequence[float] = ()) -> List[Ratio]:
    """Ratios whose intervals are given place by place, or have no width."""
    return [Ratio(Interval(*ends), 9) for ends in zip(values, lows or values, highs or values)]


class Crossings(unittest.TestCase):
    def test_crossover(self) -> None:
        cases = (((0.5, 1.2, 2.0), 2.0), ((1.5, 2.0, 3.0), 1.0), ((0.5, 0.6, 0.7), NEVER),
                 ((0.5, 1.2, 0.9), NEVER), ((2.0, 0.9, 1.2), 4.0))
        for values, expected in cases:
            with self.subTest(values):
                self.assertEqual(Turn(expected, expected, expected), crossover((1, 2, 4), ratios(*values), 1.0))

    def test_crossover_has_to_clear_the_bar(self) -> None:
        self.assertEqual(4.0, crossover((1, 2, 4), ratios(0.5, 1.02, 1.2), 1.05).value)

    def test_crossover_interval_may_end_at_never(self) -> None:
        found = crossover((1, 2), ratios(0.5, 1.1, lows=(0.5, 0.9), highs=(0.5, 1.2)), 1.0)
        self.assertEqual(Turn(2.0, 2.0, NEVER), found)

    def test_one_trial_gives_no_interval(self) -> None:
        found = crossover((1, 2), [Ratio(Interval(value), 1) for value in (0.5, 1.1)], 1.0)
        self.assertEqual((2.0, False), (found.value, found.bounded))

    def test_unknown(self) -> None:
        self.assertFalse(crossover((), [], 1.0).known)
        self.assertFalse(crossover((1, 2), ratios(0.5, math.nan), 1.0).known)
        self.assertFalse(fall((0.0,), ratios(2.0), 1.0).known)

    def test_fall(self) -> None:
        # Times relative to the bar 0.5 and 1.5: the straight line between them is at 1 halfway.
        cases = (((2.0, 1.0 / 1.5), 50.0), ((2.0, 1.5), NEVER), ((0.9, 0.5), ALWAYS), ((1.0, 0.5), ALWAYS))
        for values, expected in cases:
            with self.subTest(values):
                self.assertAlmostEqual(expected, fall((0.0, 100.0), ratios(*values), 1.0).value)

    def test_fall_takes_the_first_of_several(self) -> None:
        found = fall((0.0, 10.0, 20.0, 30.0), ratios(2.0, 1.0 / 1.5, 2.0, 0.1), 1.0)
        self.assertAlmostEqual(5.0, found.value)

    def test_fall_interval(self) -> None:
        found = fall((0.0, 100.0), ratios(2.0, 1.0 / 1.5, lows=(2.0, 1.0 / 1.5), highs=(2.0, 1.1)), 1.0)
        self.assertAlmostEqual(50.0, found.low)
        self.assertEqual(NEVER, found.high)


class SixteenCores(unittest.TestCase):
    """The made-up machine of sixteen cores, weighed once."""

    @classmethod
    def setUpClass(cls) -> None:
        holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(holder.cleanup)
        cls.scratch = Path(holder.name)
        cls.summary = summarise(read(made_up.write(cls.scratch / "trials.csv", made_up.with_waits(made_up.run()))))
        cls.found = weigh(cls.summary)

    def test_a_machine_of_sixteen_cores(self) -> None:
        found = self.found
        self.assertEqual((1, 2, 4, 8, 16), found.counts)
        self.assertEqual({"biased", "atomic"}, set(found.choices))
        for variant in ("biased", "atomic"):
            mean = found.means[variant]
            self.assertAlmostEqual(1.0, mean.value.value / made_up.COSTS[variant], delta=0.01)
            self.assertTrue(mean.value.bounded and mean.least <= mean.value.value <= mean.most)
            self.assertEqual(4, mean.workloads)
        for variant, workload, params, expected in (
                ("biased", "private", "op=pair", 2), ("atomic", "private", "op=pair", 8),
                ("biased", "shared_one", "", NEVER), ("biased", "mixed", "order=runs;p=25", 4),
                ("atomic", "mixed", "order=runs;p=100", NEVER)):
            with self.subTest(f"{variant} {workload} {params}"):
                curve = found.curve(variant, workload, params)
                self.assertEqual(expected, curve.crossover.value if curve else None)
        curve = found.curve("biased", "private")
        rate = made_up.usl(made_up.COSTS["biased"])
        for point in curve.points if curve else ():
            self.assertAlmostEqual(1.0, point.against.interval.value / rate(point.cell.threads), delta=0.02)
            self.assertAlmostEqual(1.0, point.own.value / (rate(point.cell.threads) / rate(1)), delta=0.02)

    def test_what_does_not_count_is_in_no_ranking(self) -> None:
        found = self.found
        told = {tax.cell.variant for tax in found.taxes} | {curve.variant for curve in found.curves} | set(found.means)
        self.assertNotIn("none", told | {field.best.variant for field in found.fields})

    def test_the_share_at_which_it_falls_behind(self) -> None:
        found = self.found
        for series in found.over(OVER_MIXED):
            if series.threads == 1:
                continue
            cost, contended = made_up.COSTS[series.variant], made_up.CONTENDED[series.variant] * series.threads
            with self.subTest(f"{series.variant} {series.threads}"):
                if series.threads < cost:
                    self.assertEqual(ALWAYS, series.fall.value)
                else:
                    # Where threads ÷ time is the bar: made-up times are straight lines over the share: this is exact.
                    share = 100.0 * (series.threads / found.bar - cost) / (contended - cost)
                    self.assertAlmostEqual(share, series.fall.value, delta=1.0)
                    self.assertLess(series.fall.low, series.fall.high)

    def test_the_share_of_counting_at_which_it_falls_behind(self) -> None:
        """Made-up prices add up, so it is where N threads make up for the ratio of costs."""
        found = self.found
        for name, threads in (("biased", 16), ("atomic", 16)):
            line = found.line(name, OVER_COUNTED, "p=0")
            assert line is not None
            limit = share_limit(made_up.COSTS[name] * found.bar, threads)
            self.assertEqual((threads, NEVER), (line.threads, line.fall.value))
            self.assertGreater(limit, 100.0)
        two = next(one for one in found.over(OVER_COUNTED) if (one.variant, one.threads, one.rest) == ("atomic", 2, "p=0"))
        self.assertAlmostEqual(share_limit(made_up.COSTS["atomic"], 2), two.fall.value, delta=1.0)

    def test_cells_are_what_their_prices_foretell(self) -> None:
        found = predictions(self.summary)
        self.assertEqual({"gil", "biased", "atomic"}, {one.cell.variant for one in found})
        self.assertEqual(set(made_up.WORK) - {(0, 0), (20, 0), (20, 100), (100, 0), (100, 100)},
                         {one.place for one in found})
        self.assertLess(median_residual(found), 0.01)
        self.assertLess(max(abs(one.residual) for one in found), 0.05)

    def test_time_outside_hides_the_gil(self) -> None:
        found = self.found
        falls = {(one.variant, one.threads): one.fall.value for one in found.over(OVER_RELEASED)}
        self.assertEqual(NEVER, falls["biased", 16])
        self.assertEqual(ALWAYS, falls["atomic", 2])
        self.assertTrue(0.0 < falls["biased", 2] < 50.0)

    def test_the_best_in_each_field(self) -> None:
        found = self.found
        self.assertEqual(len(made_up.WORK), len(found.fields))
        for field in found.fields:
            rates = {name: made_up.work(name, int(field.counted), int(field.shared))(field.threads)
                     for name in ("gil", "biased", "atomic")}
            best, second = sorted(rates, key=lambda name: -rates[name])[:2]
            if rates[best] / rates[second] > 1.02:
                self.assertEqual((best, ()), (field.best.variant, field.ties), f"{field.counted} {field.shared}")

    def test_side_costs(self) -> None:
        costs = side_costs.gather(self.summary)
        shown = {(one.workload, one.variant): one for one in side_costs.worth_showing(costs, 16)}
        self.assertEqual(7.5e7, shown["private", "gil"].side.value("wait_p50_ns"))
        late = shown["shared_one", "biased"]
        self.assertEqual((700.0, 5000.0), (late.side.value("late_objects_max"), side_costs.more_memory(costs, late, "gil")))
        self.assertTrue(math.isnan(late.side.value("wait_max_ns")))
        self.assertNotIn(("private", "biased"), shown)

    def test_the_csv_is_tidy_and_documented(self) -> None:
        found = self.found
        path, model = self.scratch / "tradeoff.csv", self.scratch / "model.csv"
        tradeoff_csv.write_tradeoff(found, path)
        tradeoff_csv.write_model(usl.fits(found), model)
        lines = read_rows(path)
        names = ("quantity", "driver", "workload", "params", "variant", "threads", "placement")
        keys = [tuple(one[name] for name in names) for one in lines]
        self.assertEqual(len(keys), len(set(keys)))
        by_key = {(one["quantity"], one["workload"], one["params"], one["variant"], one["threads"]): one
                  for one in lines}
        hot = by_key["crossover", "shared_one", "-", "biased", "16"]
        self.assertEqual(["", "", "", "never", "never", "never"],
                         [hot[name] for name in ("value", "low", "high", "outcome", "low_outcome", "high_outcome")])
        private = by_key["crossover", "private", "op=pair", "biased", "16"]
        self.assertEqual(["2", "from"], [private[name] for name in ("value", "outcome")])
        page = (ROOT / "docs" / "schema.md").read_text(encoding="utf-8")
        for name in {*tradeoff_csv.COLUMNS, *tradeoff_csv.MODEL_COLUMNS, *(one["quantity"] for one in lines)}:
            self.assertRegex(page, rf"\b{name}\b")
        self.assertTrue(read_rows(model))
        tradeoff_csv.write_model([], model)
        self.assertFalse(model.exists())


class Weighing(ScratchTest):
    def weigh(self, found: Sequence[made_up.Row]) -> Tradeoff:
        self.summary: Summary = summarise(read(made_up.write(self.scratch / "trials.csv", found)))
        return weigh(self.summary)

    def test_gil_at_its_best_on_no_more_threads(self) -> None:
        found = self.weigh(made_up.curve("private", "op=pair", "gil", lambda n: {1: 1.0, 2: 2.0, 4: 0.5}[n], (1, 2, 4))
                           + made_up.curve("private", "op=pair", "biased", lambda n: 1.5, (1, 2, 4)))
        curve = found.curve("biased", "private")
        assert curve is not None
        self.assertEqual([1, 2, 2], [point.best.threads for point in curve.points])
        self.assertEqual(NEVER, curve.crossover.value)

    def test_fields_that_cannot_be_told_apart_say_so(self) -> None:
        rows = []
        for variant in ("gil", "biased"):
            for share in (0, 100):
                rows += made_up.curve("counted_work", f"s=10;p={share}", variant, lambda n: 1.0, (1, 2), noise=0.01)
        for field in self.weigh(rows).fields:
            self.assertEqual(1, len(field.ties), field)

    def test_the_bar_is_the_noise_floor_of_a_cell(self) -> None:
        self.assertEqual(1.0, bar_over(None))
        found = self.weigh(made_up.overhead({"plain": 1.0, "plain_twin": 0.9}) + made_up.run())
        self.assertAlmostEqual(1.0 / 0.9, found.bar, delta=0.02)
        self.assertEqual(2.0, found.curve("biased", "private").crossover.value)  # type: ignore[union-attr]

    def test_oversubscribed_cells_do_not_count(self) -> None:
        found = self.weigh(made_up.curve("private", "op=pair", "gil", lambda n: 1.0, (1, 2))
                           + made_up.curve("private", "op=pair", "biased", lambda n: 0.8 * n, (1, 2))
                           + made_up.curve("private", "op=pair", "biased", lambda n: 0.1, (4,),
                                           status="oversubscribed"))
        self.assertEqual(2, found.most)
        self.assertEqual(2.0, found.curve("biased", "private").crossover.value)  # type: ignore[union-attr]

    def test_nothing_to_weigh(self) -> None:
        for name, rows in (("empty", []), ("no gil", made_up.run(("biased",))[-400:]),
                           ("one row", [row(driver="scaling", workload="private", variant="biased", mode="free")])):
            with self.subTest(name):
                found = self.weigh(rows)
                self.assertEqual(((), ()), (found.curves, found.taxes))


if __name__ == "__main__":
    unittest.main()
