"""Tests of scripts/compare: what it finds, what it refuses, directions, formats, and the exit status for CI."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import unittest
from pathlib import Path
from types import SimpleNamespace
from typing import Dict, List, Optional, Tuple

import numpy as np
from support import ScratchTest, called, row, write_rows

from rcb.base.errors import UsageError
from rcb.compare import formats
from rcb.compare.compare import main, share
from rcb.compare.pairs import compare, load, relative_to
from rcb.rows.schema import COLUMNS

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


class Unlike(Runs):
    """What differs beside the numbers comes first."""

    MACHINE = {"cpu": "one", "kernel": "6.1", "compiler": "gcc 12", "c_flags": "-O2", "build_type": "Release",
               "caches": {"l1_bytes": 1, "l2_bytes": 2}, "load_average": [1, 2, 3], "memory_bytes": 1000000,
               "environment": {}, "warnings": ["x"]}

    def described(self, name: str, asked: Optional[Dict[str, object]] = None, **changes: object) -> Path:
        place = self.run_of(name, {}, len(name))
        record = {"revision": "abc", "window_ms": 20.0, "machine": {**self.MACHINE, **changes}, **(asked or {})}
        (place / "run.json").write_text(json.dumps(record), encoding="utf-8")
        return place

    def first_lines(self, *runs: Path) -> List[str]:
        lines = called("compare", main, *runs).stdout.splitlines()
        return lines[:lines.index("")]

    def test_nothing_differs(self) -> None:
        other = self.described("bb", load_average=[9, 9, 9], memory_bytes=1000500)
        found = self.first_lines(self.described("a"), other)
        self.assertEqual(["Machine, build and settings are the same, as far as is recorded."], found)

    def test_each_that_differs_has_a_line(self) -> None:
        changes = dict(cpu="two", kernel="6.8", compiler="gcc 13", c_flags="-O3", build_type="Debug", nice=5,
                       caches={"l1_bytes": 1, "l2_bytes": 4}, environment={"MALLOC_CONF": "narenas:1"})
        a, b = self.described("a"), self.described("bb", {"allocator": "system", "revision": "def"}, **changes)
        self.assertEqual({
            "differs: cpu: A: one; B: two", "differs: kernel: A: 6.1; B: 6.8",
            "differs: compiler: A: gcc 12; B: gcc 13",
            "differs: build_type: A: Release; B: Debug", "differs: c_flags: A: -O2; B: -O3",
            "differs: caches l2_bytes: A: 2; B: 4", "differs: nice: A: not told; B: 5",
            "differs: environment MALLOC_CONF: A: not set; B: narenas:1",
            "differs: allocator: A: not told; B: system", "differs: revision of the scripts: A: abc; B: def"},
            set(self.first_lines(a, b)))
        self.assertIn("the runs are from different machines", called("compare", main, a, b).stdout)
        markdown = called("compare", main, a, b, "--format", "markdown").stdout
        self.assertTrue(markdown.startswith("# Comparison\n\n- differs: cpu: A: one; B: two\n"))

    def test_where_a_checkout_lies_is_no_difference(self) -> None:
        a, b = (self.described(name, environment={"LD_PRELOAD": f"/home/{name}/build/librcbench_sdallocx.so libc.so.6"})
                for name in ("a", "bb"))
        self.assertEqual(1, len(self.first_lines(a, b)))
        self.assertIn("the same", self.first_lines(a, b)[0])

    def test_runs_without_a_record_are_named(self) -> None:
        found = self.first_lines(self.described("a"), self.run_of("bb", {}, 2))
        self.assertEqual(["differs: B has no record beside its rows, so nobody knows what else differs"], found)

    def test_what_the_binary_writes_beside_its_rows_is_a_record(self) -> None:
        a, b = self.described("a"), self.run_of("bb", {}, 2)
        (b / "trials.csv.json").write_text(json.dumps({**self.MACHINE, "cpu": "two"}), encoding="utf-8")
        self.assertIn("differs: cpu: A: one; B: two", self.first_lines(a, b))


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
        self.assertEqual("disturbed", found["overhead", "pair", "", "atomic", "1", "cores"])
        self.assertEqual("slower", found["overhead", "call", "", "atomic", "1", "cores"])
        for first, second in ((base, other), (other, base)):
            comparison = compare([load("A", first, False), load("B", second, False)])[0]
            mean = next(one for one in comparison.means if one.name == ("overhead", "atomic"))
            self.assertEqual(({"pair"}, 1), ({key[1] for key in comparison.disturbed}, mean.cells))
            self.assertAlmostEqual(1.1, max(mean.time.value, 1 / mean.time.value), delta=0.02)
        told = called("compare", main, base, other).stdout
        self.assertIn("3 cells rest on disturbed trials", told)

    def test_what_was_disturbed_may_be_the_same(self) -> None:
        noise = {("pair", process): "contended" for process in range(3)}
        found = self.verdicts(self.run_of("a", {}, 1), self.run_of("b", {}, 2, noise_of=noise))
        self.assertEqual("same", found["overhead", "pair", "", "atomic", "1", "cores"])

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
        self.assertEqual("inconclusive", found["overhead", "pair", "", "atomic", "1", "cores"])
        self.assertEqual("slower", found["overhead", "call", "", "atomic", "1", "cores"])
        self.assertEqual("slower", found[("overhead",)])
        text = called("compare", main, base, other).stdout
        self.assertRegex(text, r"in the driver overhead everything is 20\.\d % slower\. That is due to the machine or the build;")

    def test_a_run_is_the_same_as_itself(self) -> None:
        """Also where its floor is high: that two builds of plain differ does not make its own times uncertain."""
        run = self.run_of("a", {}, 1, costs={**COSTS, ("overhead", "pair", "plain_twin", 1): 1.108})
        comparison = compare([load("A", run, False), load("B", run, False)])[0]
        self.assertAlmostEqual(0.108, math.expm1(comparison.floor or 0.0), delta=0.01)
        self.assertEqual({"same"}, {one.verdict.kind for one in comparison.differences})
        told = called("compare", main, run, run).stdout
        self.assertRegex(told, r"5 cells in both: 0 slower, 0 faster, 5 same, 0 inconclusive\. Of the 5 cells that are the "
                               r"same, half differ by no more than \d(\.\d)? %, and nine in ten by no more than \d(\.\d)? %\.")

    def test_a_variant_of_which_every_cell_is_three_percent_slower_is_told(self) -> None:
        """By its mean, among hundreds of cells of which none is known well enough."""
        costs = {("overhead", f"w{place}", variant, 1): 1.0 for place in range(40)
                 for variant in ("plain", "plain_twin", "atomic", "biased")}
        slow = {key: cost * (1.03 if key[2] == "atomic" else 1.0) for key, cost in costs.items()}
        found = self.verdicts(self.run_of("a", {}, 1, 3, costs=costs), self.run_of("b", {}, 2, 3, costs=slow))
        means = {name[1]: kind for name, kind in found.items() if len(name) == 2}
        self.assertEqual({"plain": "same", "plain_twin": "same", "atomic": "slower", "biased": "same"}, means)

    def test_one_process_each_claims_nothing(self) -> None:
        found = self.verdicts(self.run_of("a", {}, 1, 1), self.run_of("b", {"pair": 1.5}, 2, 1))
        self.assertEqual({"inconclusive"}, set(found.values()))


class Baseline(Runs):
    def relative(self, *runs: Path, baseline: str = "plain") -> Dict[Tuple[str, ...], str]:
        sides = [relative_to(baseline, load(chr(65 + place), run, False)) for place, run in enumerate(runs)]
        return {one.name: str(one.verdict.kind) for found in compare(sides) for one in found.differences}

    COSTS = {(driver, workload, variant, threads): cost for variant, cost in (("plain", 1.0), ("plain_twin", 1.0),
                                                                            ("atomic", 4.0), ("biased", 1.3))
             for driver, workload, threads in (("overhead", "pair", 1), ("overhead", "call", 1),
                                               ("scaling", "private", 2))}

    def test_a_slower_machine_is_no_difference_and_a_slower_variant_is(self) -> None:
        base = self.run_of("a", {}, 1, costs=self.COSTS)
        other = self.run_of("b", {"call": 1.1, "private": 0.9}, 2,
                            costs={key: cost * 1.2 for key, cost in self.COSTS.items()})
        found = self.relative(base, other)
        self.assertEqual({"slower": {"call"}, "faster": {"private"}},
                         {kind: {name[1] for name, own in found.items() if own == kind and len(name) > 2}
                          for kind in ("slower", "faster")})
        self.assertEqual("same", found["overhead", "pair", "", "biased", "1", "cores"])
        self.assertEqual("same", found["overhead", "pair", "", "atomic", "1", "cores"])
        self.assertFalse([name for name in found if len(name) > 2 and name[3] == "plain"])

    def test_the_figures_are_ratios_to_the_baseline(self) -> None:
        run = self.run_of("a", {}, 1, costs=self.COSTS)
        done = called("compare", main, "--baseline", "biased", "--format", "csv", run, run)
        found = {(one["driver"], one["workload"], one["variant"]): one for one in csv.DictReader(io.StringIO(done.stdout))
                 if one["kind"] == "cell"}
        self.assertAlmostEqual(4.0 / 1.3, float(found["overhead", "pair", "atomic"]["base_value"]), delta=0.05)
        self.assertAlmostEqual(1.3 / 4.0, float(found["scaling", "private", "atomic"]["base_value"]), delta=0.01)
        self.assertEqual("ns ÷ biased", found["overhead", "pair", "atomic"]["unit"])
        self.assertEqual("operations/s ÷ biased", found["scaling", "private", "atomic"]["unit"])
        self.assertIn("divided by that of biased", called("compare", main, "--baseline", "biased", run, run).stdout)

    def test_what_the_baseline_was_disturbed_in_is_disturbed(self) -> None:
        run = self.run_of("a", {}, 1, costs=self.COSTS)
        rows = (run / "trials.csv").read_text(encoding="utf-8")
        noisy = self.scratch / "b.csv"
        lines = [line.split(",") for line in rows.splitlines()]
        for line in lines:
            if line[COLUMNS.index("variant")] == "plain" and line[COLUMNS.index("workload")] == "pair":
                line[COLUMNS.index("noise")] = "contended"
        noisy.write_text("\n".join(map(",".join, lines)) + "\n", encoding="utf-8")
        sides = [relative_to("plain", load(label, place, False)) for label, place in (("A", run), ("B", noisy))]
        self.assertEqual({"pair"}, {key[1] for key in compare(sides)[0].disturbed})

    def test_a_variant_that_is_not_there(self) -> None:
        run = self.run_of("a", {}, 1)
        done = called("compare", main, "--baseline", "gil", run, run)
        self.assertEqual(2, done.returncode, done.stdout)
        self.assert_one_line(done.stderr, "--baseline: 'gil'", "a variant of A", "accepted: atomic, plain, plain_twin")


class FewProcesses(Runs):
    def test_an_interval_that_tells_nothing_is_not_printed(self) -> None:
        base = self.run_of("a", {}, 1, 2)
        wide = self.scratch / "b.csv"
        write_rows(wide, [row(params="", window_s=0.02, variant="atomic", process=process, ns_per_op=cost)
                          for process, cost in enumerate((1.0, 9.0))])
        done = called("compare", main, "--all", base, wide)
        (line,) = (one for one in done.stdout.splitlines() if one.startswith("overhead  pair"))
        self.assertRegex(line, "too few processes +inconclusive$")
        self.assertNotRegex(line, r" to |e[+-]\d")

    def test_nor_is_one_of_a_single_trial(self) -> None:
        runs = [write_rows(self.scratch / name, [row(params="", window_s=0.02)]) for name in ("a.csv", "b.csv")]
        done = called("compare", main, "--all", *runs)
        self.assertIn("too few processes", done.stdout)


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
        self.assertEqual(text, called("compare", main, *runs, "--out", "-").stdout)
        for taken in (path, self.scratch, self.scratch / "none" / "out"):  # a run's rows must not be written over
            done = called("compare", main, *runs, "--out", taken)
            self.assertEqual(2, done.returncode)
            self.assert_one_line(done.stderr, "--out:", str(taken), "a new file, or -")
        self.assertNotRegex((self.scratch / "out.html").read_text(encoding="utf-8"), r'(src|href)="(?!#|data:)')


class Units(unittest.TestCase):
    def test_an_interval_has_one_unit(self) -> None:
        for time, told in (((1.1, 0.9, 1.4), ("+10.0 %", "-10.0 % to +40.0 %")), ((1.1, 0.9, 2.5), ("1.1×", "0.9× to 2.5×")),
                           ((3.0, 1.5, 6.0), ("3×", "1.5× to 6×"))):
            value, low, high = time
            found = SimpleNamespace(time=SimpleNamespace(value=value, low=low, high=high, tells=True), verdict="slower")
            self.assertEqual(told, formats._changes(found))  # type: ignore[arg-type]


class Refusals(Runs):
    def refused(self, *arguments: object, parts: Tuple[str, ...]) -> None:
        done = called("compare", main, *arguments)
        self.assertEqual(2, done.returncode, done.stdout + done.stderr)
        self.assert_one_line(done.stderr, *parts)

    def test_windows(self) -> None:
        base, other = self.run_of("a", {}, 1), self.run_of("b", {}, 2, window_s=0.04)
        self.refused(base, other, parts=(str(base), str(other), "20 ms", "40 ms", "driver overhead"))

    def test_windows_that_were_asked_alike_are_alike(self) -> None:
        base, other = self.run_of("a", {}, 1), self.run_of("b", {}, 2, window_s=0.04)
        for place in (base, other):
            (place / "run.json").write_text('{"window_ms": 4}', encoding="utf-8")
        self.assertEqual(0, called("compare", main, base, other).returncode)

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
