"""Tests of which rows a run's numbers are made of: a disturbed trial makes way for an undisturbed one alone."""

from __future__ import annotations

import unittest
from typing import List, Tuple

import pandas as pd

from support import ScratchTest, row, write_rows

from rcb.answers import wording
from rcb.answers.summary import Summary, summarise
from rcb.rows.rows import read
from rcb.rows.valid_rows import disturbed_cells, used_rows


class Used(ScratchTest):
    def summary(self, *rows: object) -> Summary:
        return summarise(read(write_rows(self.scratch / "trials.csv", list(rows))))

    def used(self, *trials: Tuple[int, str]) -> List[bool]:
        """Of one cell: (process, noise) of each trial."""
        frame = pd.DataFrame([row(process=process, noise=noise, repetition=place)
                              for place, (process, noise) in enumerate(trials)])
        return list(used_rows(frame.assign(unit=frame["process"])))

    def test_an_undisturbed_trial_is_preferred(self) -> None:
        self.assertEqual([True, False, True], self.used((0, ""), (0, "contended"), (0, "")))
        self.assertEqual([False, True], self.used((0, "involuntary+stolen"), (0, "")))

    def test_only_within_the_same_process(self) -> None:
        self.assertEqual([True, True, False], self.used((0, "contended"), (1, ""), (1, "stolen")))

    def test_a_process_with_nothing_better_keeps_what_it_has(self) -> None:
        self.assertEqual([True, True], self.used((0, "contended"), (0, "stolen")))

    def test_quiet_processes_do_without_the_others(self) -> None:
        """Where they are two, and half of all."""
        self.assertEqual([True, True, False], self.used((0, ""), (1, ""), (2, "contended")))
        self.assertEqual([True, True, False, False], self.used((0, ""), (1, ""), (2, "stolen"), (3, "contended")))
        self.assertEqual([True] * 5, self.used((0, ""), (1, ""), (2, "stolen"), (3, "stolen"), (4, "contended")))
        self.assertEqual([True, True], self.used((0, ""), (1, "stolen")))

    def test_cells_that_rest_on_disturbed_trials(self) -> None:
        cells = (("plain", ("", "", "stolen")), ("atomic", ("", "stolen", "stolen")), ("gil", ("smt", "smt", "smt")))
        frame = pd.DataFrame([row(noise=noise, process=process, variant=variant)
                              for variant, noises in cells for process, noise in enumerate(noises)])
        frame["used"] = used_rows(frame.assign(unit=frame["process"]))
        self.assertEqual({"atomic"}, {cell[3] for cell in disturbed_cells(frame)})

    def test_a_fact_of_the_cell_is_no_disturbance(self) -> None:
        self.assertEqual([True, True, False], self.used((0, "smt"), (0, ""), (0, "contended+smt")))

    def test_cells_do_not_stand_in_for_each_other(self) -> None:
        frame = pd.DataFrame([row(noise="contended"), row(noise="", variant="atomic"), row(noise="", threads=2)])
        self.assertEqual([True, True, True], list(used_rows(frame.assign(unit=0))))

    def test_rows_without_numbers_are_never_used(self) -> None:
        frame = pd.DataFrame([row(noise="contended"), row(noise="", status="invalid", reason="overlap")])
        self.assertEqual([True, False], list(used_rows(frame.assign(unit=0))))

    def test_rows_from_before_the_noise_gate(self) -> None:
        frame = pd.DataFrame([row(), row(repetition=1)]).drop(columns=["noise"], errors="ignore")
        self.assertEqual([True, True], list(used_rows(frame.assign(unit=0))))

    def test_the_numbers_follow_and_the_rest_is_told(self) -> None:
        values = ((1.0, ""), (9.0, "contended"), (2.0, ""), (9.0, "stolen"), (3.0, ""))
        found = self.summary(*(row(ns_per_op=value, noise=noise, repetition=place)
                               for place, (value, noise) in enumerate(values)))
        cell = found.cells[0]
        self.assertEqual((2.0, 3, 0, 2), (cell.ns_per_op.value, cell.trials, cell.noisy, cell.set_aside))
        self.assertEqual(5, cell.statuses["ok"])
        self.assertIn("3 count. 2 that stayed disturbed are left out", wording.status_sentence(found))


if __name__ == "__main__":
    unittest.main()
