"""Tests of scripts/compare: what it finds, what it refuses, directions, formats, and the exit status for CI."""

from __future__ import annotations

import csv
import io
import re
import unittest
from pathlib import Path
from typing import Dict, List, Optional, Tuple

import numpy as np
from support import ScratchTest, called, row, write_rows

from rcb.compare import main, share
from rcb.compare_runs import compare, load
from rcb.errors import UsageError

COSTS = {("overhead", "pair", "plain", 1): 1.0, ("overhead", "pair", "plain_twin", 1): 1.0,
         ("overhead", "pair", "atomic", 1): 4.0, ("overhead", "call", "atomic", 1): 40.0,
         ("scaling", "private", "atomic", 2): 4.0}


class Runs(ScratchTest):
    def run_of(self, name: str, factors: Dict[str, float], seed: int, processes: int = 5, costs: object = None,
               noise_of: Optional[Dict[Tuple[str, int], str]] = None, wrong: float = 1.0, **values: object) -> Path:
        """A made-up run: costs of cells × the factor of their workload, with a little noise of its own. noise_of: what
        disturbed a workload's trials in a process, which then take `wrong` times as long."""
        rng = np.random.default_rng(seed)
        found: List[Dict[str, object]] = []
        for (driver, workload, variant, threads), cost in (costs or COSTS).items():
            for process in range(processes):
                effect = rng.normal(0.0, 0.002)
                for repetition in range(3):
                    own = cost * (factors.get(workload, 1.0) if variant == "atomic" else 1.0)
                    own *= float(np.exp(effect + rng.normal(0.0, 0.002)))
                    noise = (noise_of or {}).get((workload, process), "")
                    own *= wrong if noise else 1.0
                    one = dict(run_id=name, noise=noise, driver=driver, workload=workload, variant=variant,
                               threads=threads, params="", ns_per_op=own, ops_per_s=threads * 1e9 / own, process=process,
                               repetition=repetition, window_s=0.02)
                    one.update(values)
                    found.append(row(**one))
        directory = self.scratch / name
        directory.mkdir()
        write_rows(directory / "trials.csv", found)
        return directory


class Findings(Runs):
    def verdicts(self, *runs: Path) -> Dict[Tuple[str, ...], str]:
        sides = [load(chr(65 + place), run, False) for place, run in enumerate(runs)]
        return {one.name: str(one.verdict.kind) for found in compare(sides) for one in found.differences}

    def test_what_was_disturbed_claims_nothing(self) -> None:
        base, slow = self.run_of("a", {}, 1), {"pair": 1.5, "call": 1.1}
        noise = {("pair", process): "contended" for process in range(3)}
        found = self.verdicts(base, self.run_of("b", slow, 2, noise_of={}))
        self.assertEqual("slower", found["overhead", "pair", "", "atomic", "1", "cores"])
        other = self.run_of("c", slow, 2, noise_of=noise)
        found = self.verdicts(base, other)
        self.assertEqual("inconclusive", found["overhead", "pair", "", "atomic", "1", "cores"])
        self.assertEqual("slower", found["overhead", "call", "", "atomic", "1", "cores"])
        for first, second in ((base, other), (other, base)):
            comparison = compare([load("A", first, False), load("B", second, False)])[0]
            mean = next(one for one in comparison.means if one.name == ("overhead", "atomic"))
            self.assertEqual(({"pair"}, 1), ({key[1] for key in comparison.disturbed}, mean.cells))
            self.assertAlmostEqual(1.1, max(mean.time.value, 1 / mean.time.value), delta=0.02)
        told = called("compare", main, base, other).stdout
        self.assertIn("3 cells of these rest on disturbed trials", told)

    def test_a_few_disturbed_processes_are_left_out(self) -> None:
        base = self.run_of("a", {}, 1)
        other = self.run_of("b", {}, 2, noise_of={("pair", 0): "stolen", ("pair", 1): "contended"}, wrong=1.5)
        found = self.verdicts(base, other)
        self.assertEqual("same", found["overhead", "pair", "", "atomic", "1", "cores"])

    def test_slower_and_faster_in_both_directions_of_figures(self) -> None:
        base = self.run_of("a", {}, 1)
        other = self.run_of("b", {"pair": 1.1, "call": 0.9, "private": 1.1}, 2)
        found = self.verdicts(base, other)
        self.assertEqual("slower", found["overhead", "pair", "", "atomic", "1", "cores"])
        self.assertEqual("faster", found["overhead", "call", "", "atomic", "1", "cores"])
        self.assertEqual("slower", found["scaling", "private", "", "atomic", "2", "cores"])
        self.assertEqual("same", found["overhead", "pair", "", "plain", "1", "cores"])
        self.assertEqual("slower", found["scaling", "atomic"])
        back = self.verdicts(other, base)
        self.assertEqual("faster", back["scaling", "private", "", "atomic", "2", "cores"])
        self.assertEqual("slower", back["overhead", "call", "", "atomic", "1", "cores"])

    def test_a_ratio_of_rates_is_one_of_time(self) -> None:
        sides = [load("A", self.run_of("a", {}, 1), False), load("B", self.run_of("b", {"private": 1.25}, 2), False)]
        (found,) = compare(sides)
        (cell,) = (one for one in found.cells if one.name[0] == "scaling")
        self.assertAlmostEqual(1.25, cell.time.value, delta=0.01)
        self.assertAlmostEqual(1.25, cell.values[0] / cell.values[1], delta=0.01)
        self.assertEqual(1.0, cell.effect)

    def test_a_difference_below_the_floor_of_either_run_is_none(self) -> None:
        noisy = {**COSTS, ("overhead", "pair", "plain_twin", 1): 1.2}
        base, other = self.run_of("a", {}, 1), self.run_of("b", {"pair": 1.1}, 2, costs=noisy)
        for pair in ((base, other), (other, base)):
            self.assertNotIn(self.verdicts(*pair)["overhead", "pair", "", "atomic", "1", "cores"],
                             ("slower", "faster"))

    def test_what_all_variants_share_is_no_variants_difference(self) -> None:
        """The other run is 20 % slower everywhere, and one workload of atomic 50 %."""
        base = self.run_of("a", {}, 1)
        other = self.run_of("b", {"call": 1.25}, 2, costs={key: cost * 1.2 for key, cost in COSTS.items()})
        found = self.verdicts(base, other)
        self.assertEqual("same", found["overhead", "pair", "", "atomic", "1", "cores"])
        self.assertEqual("slower", found["overhead", "call", "", "atomic", "1", "cores"])
        self.assertEqual("slower", found[("overhead",)])
        text = called("compare", main, base, other).stdout
        self.assertRegex(text, r"in driver overhead everything is 20\.\d % slower: the machine or the build")

    def test_one_process_each_claims_nothing(self) -> None:
        found = self.verdicts(self.run_of("a", {}, 1, 1), self.run_of("b", {"pair": 1.5}, 2, 1))
        self.assertEqual({"inconclusive"}, set(found.values()))


    def test_a_run_is_the_same_as_itself(self) -> None:
        """Whatever its floor is: here plain and its twin differ by 12 %, as on a busy machine."""
        base = self.run_of("a", {}, 1, costs={**COSTS, ("overhead", "pair", "plain_twin", 1): 1.12})
        found = self.verdicts(base, base)
        self.assertEqual({"same"}, set(found.values()))

    def test_against_a_baseline_what_slows_everything_is_no_difference(self) -> None:
        base = self.run_of("a", {}, 1)
        other = self.run_of("b", {}, 2, costs={key: cost * (1.8 if key[2] == "atomic" else 1.5) for key, cost in COSTS.items()})
        done = called("compare", main, "--format", "csv", "--baseline", "plain", base, other)
        lines = {one["variant"]: one for one in csv.DictReader(io.StringIO(done.stdout))
                 if one["kind"] == "cell" and one["workload"] == "pair"}
        self.assertNotIn("plain", lines)
        self.assertAlmostEqual(1.2, float(lines["atomic"]["time_ratio"]), delta=0.02)
        self.assertEqual("slower", lines["atomic"]["verdict"])
        self.assertIn("same within", lines["plain_twin"]["verdict"])

    def test_a_baseline_that_is_not_there(self) -> None:
        base = self.run_of("a", {}, 1)
        done = called("compare", main, "--baseline", "gil", base, base)
        self.assertEqual(2, done.returncode)
        self.assertRegex(done.stderr, r"--baseline: 'gil' has no cell in A .*; accepted: .*atomic")


class Command(Runs):
    def test_exit_status(self) -> None:
        base = self.run_of("a", {}, 1)
        slow = self.run_of("b", {"call": 1.08, "private": 1.08}, 2)
        for limit, status in (("5%", 1), ("5", 1), ("10%", 0)):
            done = called("compare", main, "--fail-above", limit, base, slow)
            self.assertEqual(status, done.returncode, done.stderr)
        failed = called("compare", main, base, slow, "--fail-above=5%").stderr
        self.assertIn("B: overhead call atomic 1 cores: slower by", failed)
        self.assertIn("B: scaling private atomic 2 cores: slower by", failed)
        done = called("compare", main, slow, base, "--fail-above", "5%")
        self.assertEqual(0, done.returncode, "faster is no failure")
        self.assertEqual(0, called("compare", main, base, slow).returncode)

    def test_a_cell_of_one_side_is_listed(self) -> None:
        less = {key: cost for key, cost in COSTS.items() if key[1] != "call"}
        runs = self.run_of("a", {}, 1), self.run_of("b", {}, 2, costs=less)
        done = called("compare", main, "--fail-above", "0", *runs)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("only in A: overhead call atomic 1 cores", done.stdout)

    def test_plain_when_piped(self) -> None:
        done = self.call("compare", "--fail-above", "5%", self.run_of("a", {}, 1), self.run_of("b", {"pair": 1.1}, 2))
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertIsNone(re.search("[\x1b\u2500-\u257f]", done.stdout))
        (line,) = (one for one in done.stdout.splitlines() if one.startswith("overhead  pair"))
        self.assertTrue(line.endswith("slower"), line)
        self.assertIn("noise floor is", done.stdout)

    def test_formats(self) -> None:
        runs = self.run_of("a", {}, 1), self.run_of("b", {"pair": 1.1}, 2), self.run_of("c", {}, 3)
        done = called("compare", main, *runs, "--format", "csv")
        records = list(csv.DictReader(io.StringIO(done.stdout)))
        cells = [one for one in records if one["kind"] == "cell"]
        self.assertEqual(2 * len(COSTS), len(cells))
        (pair,) = (one for one in cells if one["verdict"] == "slower")
        self.assertEqual(("pair", "atomic", "ns"), (pair["workload"], pair["variant"], pair["unit"]))
        self.assertAlmostEqual(1.1, float(pair["time_ratio"]), delta=0.01)
        text = called("compare", main, *runs, "--format", "markdown").stdout
        self.assertIn("| time B ÷ A | 95 % interval | verdict | time C ÷ A |", text)
        for kind, part in (("html", "</html>"), ("markdown", "## Cells"), ("csv", "time_ratio")):
            path = self.scratch / f"out.{kind}"
            done = called("compare", main, *runs, "--format", kind, "--out", path)
            self.assertEqual((0, ""), (done.returncode, done.stdout))
            self.assertIn(part, path.read_text(encoding="utf-8"))
        self.assertNotRegex((self.scratch / "out.html").read_text(encoding="utf-8"), r'(src|href)="(?!#|data:)')


class Refusals(Runs):
    def refused(self, *arguments: object, parts: Tuple[str, ...]) -> None:
        done = called("compare", main, *arguments)
        self.assertEqual(2, done.returncode, done.stdout + done.stderr)
        self.assert_one_line(done.stderr, *parts)

    def test_windows(self) -> None:
        base, other = self.run_of("a", {}, 1), self.run_of("b", {}, 2, window_s=0.04)
        self.refused(base, other, parts=(str(base), str(other), "20 ms", "40 ms", "driver overhead"))

    def test_schema(self) -> None:
        base, other = self.run_of("a", {}, 1), self.run_of("b", {}, 2, schema=2)
        self.refused(base, other, parts=(f"{other}/trials.csv:2", "schema '2'", "accepted: 1"))

    def test_nothing_in_common(self) -> None:
        base, other = self.run_of("a", {}, 1), self.run_of("b", {}, 2, placement="numa")
        self.refused(base, other, parts=("no cell in common", str(other)))

    def test_runs_without_numbers(self) -> None:
        base = self.run_of("a", {}, 1)
        self.refused(base, self.scratch, parts=(str(self.scratch), "trials.csv"))
        self.refused(base, self.scratch / "absent", parts=("absent",))
        empty = write_rows(self.scratch / "empty.csv", [])
        self.refused(empty, base, parts=("empty.csv", "no trial with numbers"))

    def test_mixed_machines(self) -> None:
        base = self.run_of("a", {}, 1)
        mixed = write_rows(self.scratch / "mixed.csv", [row(params="", window_s=0.02),
                                                        row(params="", window_s=0.02, host="other", repetition=1)])
        self.refused(base, mixed, parts=("mixed.csv:3", "h, other", "--allow-mixed"))
        self.assertEqual(0, called("compare", main, "--allow-mixed", base, mixed).returncode)

    def test_options(self) -> None:
        run = self.run_of("a", {}, 1)
        self.refused(run, parts=("1 run given",))
        self.refused(run, run, "--fail-above", "x", parts=("--fail-above: 'x'", "5%"))
        self.refused(run, run, "--format", "pdf", parts=("--format: 'pdf'", "markdown, csv, html"))
        self.refused(run, run, "--nope", parts=("--nope",))

    def test_share(self) -> None:
        self.assertEqual([0.05, 0.05, 0.0], [share(text) for text in ("5%", "5", "0")])
        for text in ("", "%", "-1", "nan", "inf", "5%%"):
            with self.assertRaises(UsageError):
                share(text)


class BadLines(Runs):
    def test_are_counted_listed_and_left_out(self) -> None:
        base, other = self.run_of("a", {}, 1), self.run_of("b", {}, 2)
        path = other / "trials.csv"
        lines = path.read_bytes().split(b"\n")
        lines[2] = lines[2].replace(b"ok", b"fine")
        path.write_bytes(b"\n".join(lines)[:-20])
        done = called("compare", main, base, other)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn(f"compare: {path}:3: left out: status 'fine'", done.stderr)
        self.assertIn("cut off", done.stderr)
        self.assertIn("73 trials, 2 lines left out", done.stdout)


if __name__ == "__main__":
    unittest.main()
