"""Tests of times at one clock: what the clock did is taken out, and nothing else is."""

from __future__ import annotations

import json
import math
import random
import unittest
from pathlib import Path
from typing import Dict, List, Sequence

import pandas as pd

from support import ScratchTest, row, write_rows

from rcb.answers import wording
from rcb.answers.summary import Cell, Summary, summarise
from rcb.compare.formats import notes
from rcb.compare.pairs import Comparison, compare, load
from rcb.rows import clock
from rcb.rows.rows import read

STEP = 0.8
DRIFT = (1.0, 1.08, 0.95, 1.03, 0.91)


def trial(slow: float, cost: float = 10.0, **more: object) -> Dict[str, object]:
    """A row of a moment at which the clock was slower by a factor."""
    threads = int(str(more.get("threads", 1)))
    known = {"ns_per_op": cost * slow, "ops_per_s": threads * 1e9 / (cost * slow), "clock_step_ns": STEP * slow, **more}
    return row(**known)


def drifting(cost: float = 10.0, **more: object) -> List[Dict[str, object]]:
    return [trial(slow, cost, process=process, **more) for process, slow in enumerate(DRIFT)]


class Summarised(ScratchTest):
    def summary(self, rows: Sequence[Dict[str, object]]) -> Summary:
        return summarise(read(write_rows(self.scratch / "trials.csv", rows)))

    def cell(self, rows: Sequence[Dict[str, object]]) -> Cell:
        (found,) = self.summary(rows).cells
        return found

    def test_what_the_clock_did_is_gone(self) -> None:
        found = self.cell(drifting())
        for edge in (found.ns_per_op.low, found.ns_per_op.value, found.ns_per_op.high):
            self.assertAlmostEqual(10.0, edge, places=6)
        self.assertAlmostEqual(1e8, found.ops_per_s.value, delta=1)

    def test_what_it_did_not_do_stays(self) -> None:
        """Trials that differ at the same clock, and rows that do not tell theirs."""
        same = [trial(1.0, cost, process=process) for process, cost in enumerate((10.0, 12.0, 11.0))]
        silent = [{**one, "clock_step_ns": ""} for one in drifting()]
        self.assertGreater(self.cell(same).ns_per_op.high, 12.0)
        self.assertGreater(self.cell(silent).ns_per_op.high / self.cell(silent).ns_per_op.low, 1.05)

    def test_rows_keep_what_was_measured(self) -> None:
        frame = read(write_rows(self.scratch / "trials.csv", drifting())).frame
        self.assertEqual([10.0 * slow for slow in DRIFT], frame["ns_per_op"].tolist())

    def test_each_number_of_threads_has_its_own_typical_clock(self) -> None:
        """That a clock falls by a quarter when two cores work is in the speedup."""
        rows = [one for threads, slow in ((1, 1.0), (2, 1.25)) for process in range(3)
                for one in [trial(slow * DRIFT[process], driver="scaling", workload="private", params="op=pair",
                                  threads=threads, process=process)]]
        found = self.summary(rows).find("scaling", "private", "plain", 2, "op=pair")
        assert found is not None
        self.assertAlmostEqual(2 / 1.25, found.ratio.value, places=6)
        self.assertAlmostEqual(2 / 1.25, found.ratio.low, places=6)

    def test_whatever_comes_first(self) -> None:
        """Rows come in random order: the group of a row is not the place of its group."""
        steps = {("b", 4): 1.0, ("a", 1): 2.0, ("b", 1): 3.0, ("a", 4): 4.0}
        frame = pd.DataFrame([row(host=host, threads=threads, clock_step_ns=step * slow, placement="cores")
                              for slow in (1.0, 0.8, 1.25) for (host, threads), step in steps.items()])
        wanted = {(host, "cores", threads, False): step for (host, threads), step in steps.items()}
        found = clock.references(frame)
        self.assertEqual(wanted.keys(), found.keys())
        for key, step in wanted.items():
            self.assertAlmostEqual(step, found[key])
        for one, factor in zip(clock.factors(frame), [1.0] * 4 + [1.25] * 4 + [0.8] * 4):
            self.assertAlmostEqual(factor, one)

    def test_processes_that_measured_one_count_alone_change_no_speedup(self) -> None:
        """As further processes of the cells of one thread do, at another clock."""
        rows = [trial(slow, driver="scaling", workload="private", params="op=pair", threads=threads, process=process)
                for process, slow in enumerate((1.0, 1.0, 1.0, 1.2, 1.2, 1.2, 1.2)) for threads in (1, 2)
                if threads == 1 or process < 3]
        found = self.summary(rows).find("scaling", "private", "plain", 2, "op=pair")
        assert found is not None
        self.assertAlmostEqual(2.0, found.ratio.value, places=6)

    def test_a_gil_keeps_the_clock_of_one_core_at_work(self) -> None:
        """It is faster with several threads where the clock of one core alone is."""
        rows = [trial(slow, driver="scaling", workload="private", params="op=pair", threads=threads, process=process,
                      variant=variant, mode=mode)
                for process in range(3) for variant, mode, threads, slow in (
                    ("gil", "gil", 1, 1.0), ("gil", "gil", 2, 1.0), ("atomic", "free", 1, 1.0),
                    ("atomic", "free", 2, 1.25))]
        summary = self.summary(rows)
        for variant, cost in (("gil", 10.0), ("atomic", 12.5)):
            found = summary.find("scaling", "private", variant, 2, "op=pair")
            assert found is not None
            self.assertAlmostEqual(cost, found.ns_per_op.value, places=6)

    def test_what_is_compared_has_one_clock_or_none(self) -> None:
        """plain's rows tell theirs, the others' do not: nothing is taken from the one that the other keeps."""
        rows = [{**trial(slow, variant=variant, process=process), **({} if variant == "plain" else {"clock_step_ns": ""})}
                for process, slow in enumerate(DRIFT) for variant in ("plain", "atomic")]
        found = self.summary(rows).find("overhead", "pair", "atomic", 1)
        assert found is not None
        for edge in (found.ratio.low, found.ratio.value, found.ratio.high):
            self.assertAlmostEqual(1.0, edge, places=6)

    def test_a_runtime_that_tells_none_does_not_take_ours(self) -> None:
        rows = drifting() + [{**one, "variant": "peer:cpython-3.11", "clock_step_ns": ""} for one in drifting()]
        found = self.summary(rows).find("overhead", "pair", "plain", 1)
        assert found is not None
        self.assertAlmostEqual(found.ns_per_op.low, found.ns_per_op.high, places=6)

    def test_runs_of_two_machines_with_one_name_keep_theirs(self) -> None:
        rows = [trial(1.0, process=process, run_id=run, clock_step_ns=step)
                for run, step, count in (("a", 0.8, 3), ("b", 1.2, 2)) for process in range(count)]
        found = self.cell(rows)
        self.assertAlmostEqual(10.0, found.ns_per_op.low, places=6)
        self.assertAlmostEqual(10.0, found.ns_per_op.high, places=6)

    def test_of_what_a_core_does_alone(self) -> None:
        """What a collection or a fork takes is the memory's time as well."""
        for workload, at_clock in (("gc_pause", False), ("deep_free", False), ("gc_tax", False), ("weakref_read", True)):
            with self.subTest(workload):
                found = self.cell(drifting(driver="memory", workload=workload))
                self.assertEqual(at_clock, found.ns_per_op.high / found.ns_per_op.low < 1.001)

    def test_a_damaged_clock_changes_nothing(self) -> None:
        for text in ("0", "-1", "nan", "1e-20", "1e20", "x", "7.9"):
            with self.subTest(text):
                rows = [trial(1.0, process=0), trial(1.0, process=1), {**trial(1.0, process=2), "clock_step_ns": text}]
                found = summarise(read(write_rows(self.scratch / "trials.csv", rows)))
                for edge in (found.cells[0].ns_per_op.low, found.cells[0].ns_per_op.high):
                    self.assertAlmostEqual(10.0, edge, places=6)

    def test_older_rows_have_no_such_column(self) -> None:
        frame = pd.DataFrame(drifting()).drop(columns="clock_step_ns")
        self.assertEqual([1.0] * len(DRIFT), clock.factors(frame).tolist())
        self.assertIsNone(clock.range_of(frame))

    def test_roles_are_at_that_clock_too(self) -> None:
        rows = [trial(slow, driver="scaling", workload="handoff", threads=2, process=process, roles="giver+taker",
                      thread_ops="100+100", thread_ns=f"{1000 * slow:.0f}+{2000 * slow:.0f}")
                for process, slow in enumerate((1.0, 1.0, 1.5))]
        self.assertEqual("giver=10;taker=20", self.cell(rows).roles_ns_per_op)

    def test_the_range_is_told(self) -> None:
        told = wording.clock_sentence(self.summary(drifting()))
        self.assertRegex(str(told), r"95 % of the trials ran at 9[0-9] to 10[0-9] % of the typical clock")
        self.assertIsNone(wording.clock_sentence(self.summary([{**one, "clock_step_ns": ""} for one in drifting()])))


class Compared(ScratchTest):
    def run_of(self, name: str, slow: float, cpu: str = "one") -> Path:
        folder = self.scratch / name
        folder.mkdir()
        rows = [trial(slow * DRIFT[process], 10.0 * (1 + 0.0001 * process), variant=variant, process=process, run_id=name)
                for variant in ("plain", "plain_twin", "atomic") for process in range(5)]
        write_rows(folder / "trials.csv", rows)
        (folder / "run.json").write_text(json.dumps({"machine": {"cpu": cpu}}))
        return folder

    def compared(self, one: Path, other: Path) -> Comparison:
        base = load("A", one, False)
        (found,) = compare([base, load("B", other, False, base)])
        return found

    def test_runs_of_one_machine_are_at_one_clock(self) -> None:
        found = self.compared(self.run_of("a", 1.0), self.run_of("b", 1.2))
        for cell in found.cells:
            self.assertAlmostEqual(1.0, cell.time.value, places=6)
        assert found.clock is not None
        self.assertAlmostEqual(1 / 1.2, found.clock, places=6)
        self.assertTrue(any("clock differed by -16.7 %" in line for line in notes([found])), notes([found]))

    def test_without_a_known_processor_nobody_knows(self) -> None:
        """Guests of many hosts have one name: a machine that is slower by a fifth must not vanish."""
        found = self.compared(self.run_of("a", 1.0, cpu=""), self.run_of("b", 1.2, cpu=""))
        self.assertAlmostEqual(1.2, found.cells[0].time.value, places=6)
        self.assertTrue(any("may be due to the processor's clock" in line for line in notes([found])), notes([found]))

    def test_machines_keep_their_own(self) -> None:
        """A faster clock is part of what a machine is."""
        found = self.compared(self.run_of("a", 1.0), self.run_of("b", 1.2, cpu="another"))
        self.assertAlmostEqual(1.2, found.cells[0].time.value, places=6)
        self.assertIsNone(found.clock)


class Properties(unittest.TestCase):
    def test_factors_are_always_usable(self) -> None:
        draw = random.Random(1)
        values = (0.0, -1.0, 1e-9, 0.3, 0.31, 1.0, 1e9, 1e308, math.inf, -math.inf, math.nan)
        for _ in range(300):
            steps = [draw.choice(values) for _ in range(draw.randrange(9))]
            frame = pd.DataFrame([row(clock_step_ns=step) for step in steps], columns=list(row()))
            frame["clock_step_ns"] = frame["clock_step_ns"].astype(float)
            found = clock.factors(frame)
            self.assertEqual(len(steps), len(found))
            self.assertTrue(all(1 / clock.FACTOR_MAX <= one <= clock.FACTOR_MAX for one in found), steps)


if __name__ == "__main__":
    unittest.main()
