"""Tests of what all charts share: looks that are told apart, with any colour vision, and axes that follow no interval
that tells nothing."""

from __future__ import annotations

import itertools
import math
import re
import unittest
from typing import Dict, List, Optional

import made_up
import matplotlib
import numpy as np
from matplotlib.figure import Figure
from support import SCRIPTS, ScratchTest, row

from rcb.answers import summary
from rcb.report import charts, drawing
from rcb.rows.rows import read
from rcb.stats.stats import TELLING, Interval

# What people without red, green and blue cones see: Machado, Oliveira and Fernandes (2009), severity 1, of linear RGB.
VISIONS: Dict[str, Optional[List[List[float]]]] = {
    "all cones": None,
    "no red cones": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green cones": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                       [-0.011820, 0.042940, 0.968881]],
    "no blue cones": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                      [0.004733, 0.691367, 0.303900]],
}
# Of Oklab (Ottosson 2020): linear RGB to cones, their cube roots to lightness and two hues.
TO_CONES = np.array([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
                     [0.0883024619, 0.2817188376, 0.6299787005]])
TO_LAB = np.array([[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
                   [0.0259040371, 0.7827717662, -0.8086757660]])
# Black and white lie 1 apart. Dashes, markers and fillings tell apart what is near in colour.
NEAREST = 0.05


def distances(colours: List[str], vision: Optional[List[List[float]]]) -> List[float]:
    """How far each two colours look apart."""
    channels = np.array([[int(one[place:place + 2], 16) / 255 for place in (1, 3, 5)] for one in colours])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    seen = linear if vision is None else np.clip(linear @ np.array(vision).T, 0, 1)
    lab = np.cbrt(np.clip(seen @ TO_CONES.T, 0, None)) @ TO_LAB.T
    return [float(np.linalg.norm(a - b)) for a, b in itertools.combinations(lab, 2)]


class Looks(ScratchTest):
    def test_forty_variants_differ_in_more_than_one_way(self) -> None:
        found = drawing.looks([f"v{place}" for place in range(40)])
        for one, other in itertools.combinations(found.values(), 2):
            same = (one.colour == other.colour, one.dash == other.dash, one.marker == other.marker)
            self.assertNotEqual((True, True), same[:2])
            if one.colour == other.colour:
                self.assertFalse(any(same[1:]), (one, other))

    def test_a_variant_looks_the_same_in_every_chart(self) -> None:
        """Whoever else is in a chart: looks depend on the run."""
        path = made_up.write(self.scratch / "trials.csv", [row(variant=name) for name in ("z", "b", "a", "shared_ptr")])
        found = summary.summarise(read(path))
        self.assertEqual({"a", "b", "shared_ptr", "z"}, set(drawing.looks_of(found)))
        self.assertEqual(drawing.looks_of(found), drawing.looks_of(found))
        self.assertEqual(drawing.SERIES[0], drawing.looks_of(found)["a"].colour)

    def test_colours_are_told_apart_with_any_colour_vision(self) -> None:
        style = (SCRIPTS / "rcb" / "report" / "report.css").read_text(encoding="utf-8")
        schemes = style[:style.index("* {")].split("@media")
        self.assertEqual(2, len(schemes))
        for scheme in schemes:
            colours = re.findall(r"--series-\d+: (#[0-9a-f]{6});", scheme)
            self.assertEqual(len(drawing.SERIES), len(colours))
            for name, vision in VISIONS.items():
                with self.subTest(name):
                    self.assertGreater(min(distances(colours, vision)), NEAREST)


class Intervals(ScratchTest):
    def test_an_interval_that_tells_nothing_is_cut(self) -> None:
        self.assertEqual(drawing.Drawn(0.8, 1.3), drawing.drawn(Interval(1.0, 0.8, 1.3)))
        self.assertEqual(drawing.Drawn(2.0, 2.0), drawing.drawn(Interval(2.0)))
        self.assertEqual(drawing.Drawn(0.0, 0.0), drawing.drawn(Interval(0.0, 0.0, 0.0)))
        cut = drawing.drawn(Interval(0.33, 4e-10, 2.5e8))
        self.assertTrue(cut.cut_low and cut.cut_high)
        self.assertAlmostEqual(TELLING, cut.high / cut.low)
        one_sided = drawing.drawn(Interval(1.0, 0.9, 50.0))
        self.assertEqual((0.9, False, True), (one_sided.low, one_sided.cut_low, one_sided.cut_high))
        self.assertTrue(drawing.drawn(Interval(1.0, 0.0, 1.5)).cut_low)

    def axes_of(self, wide: Interval, kind: str) -> Figure:
        with matplotlib.rc_context(drawing.STYLE):
            figure = Figure()
            axes = figure.subplots()
            found = [Interval(1.0, 0.9, 1.1), wide]
            if kind == "bars":
                drawing.bars(axes, ["a", "b"], found)
            else:
                drawing.series_line(axes, drawing.looks(["a"])["a"], list(enumerate(found, start=1)))
            figure.draw_without_rendering()
        return figure

    def test_no_axis_follows_it(self) -> None:
        for kind in ("bars", "lines"):
            quiet, wide = (self.axes_of(one, kind) for one in (Interval(2.0, 1.9, 2.1), Interval(2.0, 1e-9, 1e9)))
            ends = [one.axes[0].get_xlim() if kind == "bars" else one.axes[0].get_ylim() for one in (quiet, wide)]
            self.assertLess(ends[1][1], 2.5 * ends[0][1], kind)
            # What is cut is marked.
            carets = [sum(line.get_marker() in (drawing.CUT_RIGHT, drawing.CUT_UP, drawing.CUT_DOWN)
                          for line in one.axes[0].lines) for one in (quiet, wide)]
            self.assertEqual((0, True), (carets[0], carets[1] > 0), kind)


class OverThreads(ScratchTest):
    def test_both_axes_are_logarithmic_and_the_ideal_is_straight(self) -> None:
        with matplotlib.rc_context(drawing.STYLE):
            axes = Figure().subplots()
            drawing.log_log(axes, (1, 2, 4, 8), 0.07, 8.0)
        self.assertEqual(("log", "log"), (axes.get_xscale(), axes.get_yscale()))
        points = axes.transAxes.inverted().transform(axes.transData.transform([(1, 1), (2, 2), (4, 4), (8, 8)]))
        steps = np.diff(points, axis=0)
        self.assertTrue(np.allclose(steps, steps[0]))
        low, high = (axes.transAxes.inverted().transform(axes.transData.transform((1, one)))[1] for one in (0.07, 0.8))
        self.assertGreater(high - low, 0.3)
        bottom, top = axes.get_ylim()
        self.assertTrue(bottom < 0.07 and top > 8.0)

    def test_small_differences_stay_small(self) -> None:
        with matplotlib.rc_context(drawing.STYLE):
            axes = Figure().subplots()
            drawing.log_log(axes, (1, 2), 0.99, 1.01)
        bottom, top = axes.get_ylim()
        self.assertGreaterEqual(math.log2(top / bottom), 2.0)

    def test_the_chart_of_a_run_is(self) -> None:
        found = summary.summarise(read(made_up.write(self.scratch / "trials.csv", made_up.run())))
        chart = charts.scaling(found)
        assert chart is not None
        texts = re.findall(r"<text[^>]*>([^<]*)</text>", chart.svg)
        for tick in ("0.125", "0.25", "0.5"):
            self.assertIn(tick, texts)


if __name__ == "__main__":
    unittest.main()
