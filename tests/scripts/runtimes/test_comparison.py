"""Ours against the runtime that it stands for: on made-up rows with a known truth; and peers stay out of our tables."""

from __future__ import annotations

import math
import re
import unittest
from typing import Dict, Iterator, List

from interpreters import ROOT

from support import ScratchTest, row, write_rows

from rcb.answers.summary import Summary, summarise
from rcb.answers.tradeoff import weigh
from rcb.report import charts
from rcb.report.tradeoff_csv import tidy
from rcb.rows import rows
from rcb.run import precision
from rcb.runtimes import comparison
from rcb.runtimes.interpreters import inside
from rcb.runtimes.stand_in import scheme_words
from rcb.stats.stats import Interval


def trials(variant: str, workload: str, params: str, one_ns: float, speedup: float, driver: str = "scaling",
           placement: str = "cores") -> Iterator[Dict[str, object]]:
    """Five processes of two repetitions at one thread and at two, a percent apart."""
    mode = "free" if variant in ("biased", "peer:cpython-3.13t") else "gil"
    for process in range(5):
        for repetition in range(2):
            for threads in (1, 2) if driver == "scaling" else (1,):
                ns = one_ns * (1.0 + 0.002 * process + 0.001 * repetition)
                rate = 1e9 / ns * (speedup if threads == 2 else 1.0)
                yield row(driver=driver, workload=workload, params=params, variant=variant, threads=threads, mode=mode,
                          placement=placement, process=process, repetition=repetition, ops_per_s=rate,
                          ns_per_op=threads * 1e9 / rate)


class Made(ScratchTest):
    def summary(self, *found: Iterator[Dict[str, object]]) -> Summary:
        every: List[Dict[str, object]] = [one for part in found for one in part]
        return summarise(rows.read(write_rows(self.scratch / "trials.csv", every)))

    def verdicts(self, *found: Iterator[Dict[str, object]]) -> Dict[str, str]:
        return {f"{one.theirs.pattern} {one.theirs.threads}": one.verdict
                for one in comparison.comparisons(self.summary(*found))}


class Verdicts(Made):
    def test_speedups(self) -> None:
        for own, real, verdict in ((1.98, 1.95, comparison.AGREES), (1.9, 1.0, comparison.OPTIMISTIC),
                                   (0.3, 0.9, comparison.PESSIMISTIC)):
            found = self.verdicts(trials("biased", "shared_one", "", 2.0, own),
                                  trials("peer:cpython-3.13t", "py_shared_one", "", 9.0, real, placement="none"))
            self.assertEqual({"py_shared_one 2": verdict}, found)

    def test_times(self) -> None:
        for own, real, verdict in ((1.0, 1.1, comparison.AGREES), (1.0, 3.0, comparison.OPTIMISTIC),
                                   (3.0, 1.0, comparison.PESSIMISTIC)):
            found = self.verdicts(trials("gil", "pair", "set=1;code=inline", own, 1.0, "overhead"),
                                  trials("peer:cpython-3.11", "pair", "set=1;code=inline", real, 1.0, "overhead"))
            self.assertEqual({"pair set=1;code=inline 1": verdict}, found)

    def test_what_does_not_stand_for_it_is_not_compared(self) -> None:
        self.assertEqual({}, self.verdicts(trials("biased", "shared_one", "", 2.0, 1.0),
                                           trials("peer:cpython-3.11", "py_shared_one", "", 9.0, 1.0),
                                           trials("peer:pypy-7.3", "py_shared_one", "", 9.0, 1.0)))

    def test_an_interval_that_reaches_over_decides_nothing(self) -> None:
        for low, high in ((0.5, 1.1), (0.9, 1.3), (1.1, 3.0), (math.nan, math.nan)):
            self.assertEqual(comparison.INCONCLUSIVE, comparison.verdict(Interval(1.0, low, high)))

    def test_who_stands_for_whom(self) -> None:
        for runtime, variant in (("peer:cpython-2.7", None), ("peer:cpython-3.2", "gil"), ("peer:cpython-3.11.2", "gil"),
                                 ("peer:cpython-3.12", "gil_immortal"), ("peer:cpython-3.13t", "biased"),
                                 ("peer:cpython-3.14.1t", "biased"), ("peer:cpython-3.13t-gil", "biased"),
                                 ("peer:pypy-7.3", None), ("peer:jython-2.7", "tracing"), ("peer:rust-arc", None)):
            self.assertEqual(variant, comparison.stand_in_for(runtime))

    def test_rows_say_themselves_what_stands_for_them(self) -> None:
        for variant in ("gil_atomic", "gil", None):
            self.assertEqual(variant, comparison.stand_in_for("peer:cpython-3.13t", scheme_words(variant, "counts")))

    def test_a_named_build_is_compared_with_what_its_rows_name(self) -> None:
        ours = (trials("gil_atomic", "pair", "set=1;code=inline", 1.0, 1.0, "overhead"),
                trials("gil", "pair", "set=1;code=inline", 9.0, 1.0, "overhead"))
        found = ({**one, "scheme": scheme_words("gil_atomic", "counts")}
                 for one in trials("peer:base", "pair", "set=1;code=inline", 1.0, 1.0, "overhead"))
        self.assertEqual({"pair set=1;code=inline 1": comparison.AGREES}, self.verdicts(*ours, found))

    def test_biased_counts_under_a_gil_are_compared_on_one_thread(self) -> None:
        found = self.verdicts(trials("biased", "shared_one", "", 2.0, 1.9),
                              trials("peer:cpython-3.13t-gil", "shared_one", "", 2.0, 0.9))
        self.assertEqual({"shared_one 1": comparison.AGREES}, found)

    def test_tidy_table(self) -> None:
        found = comparison.comparisons(self.summary(trials("gil", "pair", "set=1;code=inline", 1.0, 1.0, "overhead"),
                                               trials("peer:cpython-3.11", "pair", "set=1;code=inline", 3.0, 1.0, "overhead")))
        comparison.write(found, self.scratch / "peers.csv")
        lines = (self.scratch / "peers.csv").read_text(encoding="utf-8").splitlines()
        self.assertEqual(",".join(comparison.COLUMNS), lines[0])
        self.assertTrue(lines[1].startswith("peer:cpython-3.11,pair set=1;code=inline,1,gil,pair set=1;code=inline,time,0.3333"))
        comparison.write((), self.scratch / "peers.csv")
        self.assertFalse((self.scratch / "peers.csv").exists())


class Apart(Made):
    """What is measured beside ours changes nothing that is said of ours."""

    def test_tables_of_ours_are_the_same(self) -> None:
        def ours() -> Iterator[Dict[str, object]]:
            for variant, ns in (("plain", 1.0), ("plain_twin", 1.0), ("gil", 1.1), ("biased", 1.4)):
                yield from trials(variant, "pair", "set=1;code=inline", ns, 1.0, "overhead")
                yield from trials(variant, "shared_one", "", ns, 0.5)
                yield from trials(variant, "mixed", "order=random;p=0", ns, 1.5)

        alone = self.summary(ours())
        both = self.summary(ours(), trials("peer:cpython-3.13t", "shared_one", "", 0.1, 1.9),
                            trials("peer:cpython-3.13t", "mixed", "order=random;p=0", 0.1, 1.9),
                            trials("peer:cpython-3.13t", "pair", "set=1;code=inline", 0.1, 1.0, "overhead"),
                            iter([row(driver="scaling", workload="shared_one", variant="peer:cpython-3.13t", threads=9,
                                      mode="free")]))
        self.assertEqual(alone.headline, both.headline)
        self.assertTrue(tidy(weigh(alone)).equals(tidy(weigh(both))))
        for drawn in (charts.one_thread, charts.many_threads):
            self.assertEqual([one.alternative for one in drawn(alone)], [one.alternative for one in drawn(both)])
        self.assertEqual((alone.max_threads, list(weigh(alone).variants)), (both.max_threads, list(weigh(both).variants)))
        by_key = {(one.workload, one.variant, one.threads): one.test for one in both.cells}
        for one in alone.cells:
            self.assertEqual(one.test, by_key[one.workload, one.variant, one.threads])
        self.assertIsNotNone(by_key["shared_one", "peer:cpython-3.13t", 2], "a peer's ratio has its verdict, too")
        self.assertEqual({"peer:cpython-3.13t"}, {one.variant for one in both.cells} -
                         {one.variant for one in alone.cells})

    def test_precision_goes_on_with_ours_alone(self) -> None:
        found = [{**one, "cell": f"{one['variant']}/{one['threads']}"} for variant in ("gil", "peer:cpython-3.11")
                 for one in trials(variant, "shared_one", "", 1.0, 0.5)]
        path = write_rows(self.scratch / "trials.csv", found)
        self.assertEqual({"gil/1", "gil/2"}, {one.cell for one in precision.wide_cells(path, 1e-6)})

    def test_noise_in_a_peer_is_no_failure_of_ours(self) -> None:
        cases = (("peer:x", {}, (0, 0)), ("peer:x", {"audit": "failed"}, (1, 0)), ("plain", {}, (0, 1)))
        for variant, more, expected in cases:
            found = self.summary(iter([row(variant=variant, status="invalid", reason="overlap", **more)])).trials
            self.assertEqual(expected, (found.failed, found.lost), variant)


class Choice(unittest.TestCase):
    def test_workloads_beside(self) -> None:
        self.assertIsNone(comparison.workloads_beside(None))
        self.assertEqual(("mixed", "py_empty", "py_mixed"), comparison.workloads_beside("mixed"))

    def test_the_documents_name_every_pattern(self) -> None:
        text = (ROOT / "docs" / "runtimes.md").read_text(encoding="utf-8")
        named = set(re.findall(r"`(py_[a-z_]+)`", text))
        self.assertEqual({one.name for one in inside("patterns").patterns()}, named)
        for (pattern, _), (workload, _) in comparison.SAME_TRAFFIC.items():
            self.assertRegex(text, rf"\| `{pattern}` \|.*\| `{workload}`")


if __name__ == "__main__":
    unittest.main()
