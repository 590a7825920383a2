"""Tests of the answer in words: each kind of outcome is a whole sentence, and no sentence contradicts a cell of its own
run. The second part reads the sentences of committed and of made-up runs, and holds what they claim against the rows
themselves, which it reads without the scripts' statistics."""

from __future__ import annotations

import json
import math
import re
import tempfile
import unittest
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple

import made_up
import pandas as pd
from support import ROOT, row

from rcb.answers.analysis import Analysis, analyse, read_run
from rcb.answers.summary import summarise
from rcb.report import verdict_sentences
from rcb.rows.rows import read
from rcb.stats.stats import Interval

# A claim may differ from a plain median of the rows by what clocks, disturbed trials and few processes do.
ROOM = 1.25
OPENING = re.compile(r"(?:Where references take (\d+) % of one thread's time, )?`(\w+)` (?:takes|does) ")
ONE = re.compile(r"takes (?:only )?([\d.]+)×.*? as long as `\w+`(?: \([^)]*\))? on one thread")
ONE_ALIKE = re.compile(r"takes as long as `\w+`(?: \([^)]*\))? on one thread, as far as this run can tell \(([\d.]+)×")
MANY = re.compile(r"does (?:only )?([\d.]+)×(?: \[[^]]*\]| \(too[^)]*\))? (?:its work|the work of [^;]*?) on (\d+) threads")
MANY_ALIKE = re.compile(r"as much work on (\d+) threads as [^;]*?, as far as this run can tell \(([\d.]+)×")
BETWEEN = r"between ([\d.]+) and ([\d.]+) times"
ONE_BETWEEN = re.compile(rf"takes {BETWEEN} as long as `\w+`(?: \([^)]*\))? on one thread")
MANY_BETWEEN = re.compile(rf"does {BETWEEN} (?:its work|the work of [^;]*?) on (\d+) threads")
SHARE = re.compile(r"ahead while fewer than ([\d.]+) %")
ANY_SHARE = "whatever share of the references"
COUNTED = re.compile(r"ahead until references take ([\d.]+) %")
ALL_COUNTED = "ahead at every share of counting that was measured"


def analysed(directory: Path) -> Analysis:
    return analyse(summarise(read(directory / "trials.csv")), read_run(directory))


class Cells:
    """The times and rates of a file of rows, as plain medians."""

    def __init__(self, path: Path) -> None:
        frame = pd.read_csv(path, dtype={"params": str, "noise": str}, keep_default_na=False, low_memory=False)
        frame = frame[frame["status"] == "ok"]
        frame["quiet"] = frame["noise"].isin(["", "smt"]) if "noise" in frame else True
        self._frame = frame

    def value(self, column: str, params: str, variant: str, threads: int) -> float:
        frame = self._frame
        own = frame[(frame["workload"] == "counted_work") & (frame["params"] == params) & (frame["variant"] == variant)
                    & (frame["threads"] == threads)]
        own = own[own["quiet"]] if own["quiet"].any() else own
        return float(pd.to_numeric(own[column]).median()) if len(own) else math.nan

    def cost(self, params: str, variant: str, base: str) -> float:
        return self.value("ns_per_op", params, variant, 1) / self.value("ns_per_op", params, base, 1)

    def gain(self, params: str, variant: str, base: str, threads: int) -> float:
        counts = sorted(set(self._frame["threads"]))
        best = max(self.value("ops_per_s", params, base, count) for count in counts if count <= threads
                   and not math.isnan(self.value("ops_per_s", params, base, count)))
        return self.value("ops_per_s", params, variant, threads) / best

    def places(self, pattern: str) -> Iterator[Tuple[float, str]]:
        """Parameters that match, each with the number in them."""
        for params in sorted(set(self._frame.loc[self._frame["workload"] == "counted_work", "params"])):
            found = re.fullmatch(pattern, params)
            if found:
                yield float(found.group(1)), params


def near(low: float, found: float, high: float) -> bool:
    return low / ROOM <= found <= high * ROOM


def claimed_of_one(sentence: str) -> Optional[Tuple[float, float]]:
    """What it says of one thread, from least to most."""
    between, one = ONE_BETWEEN.search(sentence), ONE_ALIKE.search(sentence) or ONE.search(sentence)
    if between:
        return float(between.group(1)), float(between.group(2))
    return (float(one.group(1)), float(one.group(1))) if one else None


def claimed_of_many(sentence: str) -> Optional[Tuple[float, float, int]]:
    """What it says of many threads, from least to most, and of how many."""
    between, alike, many = MANY_BETWEEN.search(sentence), MANY_ALIKE.search(sentence), MANY.search(sentence)
    if between:
        return float(between.group(1)), float(between.group(2)), int(between.group(3))
    if alike:
        return float(alike.group(2)), float(alike.group(2)), int(alike.group(1))
    return (float(many.group(1)), float(many.group(1)), int(many.group(2))) if many else None


def contradictions(sentence: str, base: str, share: str, cells: Cells) -> List[str]:
    """What the sentence says, of this baseline and share of counting, that the rows do not."""
    opening = OPENING.match(sentence)
    if opening is None:
        return []
    variant, typical = opening.group(2), f"s={share};p=0"
    wrong: List[str] = []

    def claim(holds: bool, what: str) -> None:
        if not holds:
            wrong.append(f"{what}: {sentence}")

    one, many = claimed_of_one(sentence), claimed_of_many(sentence)
    if one is not None:
        found = cells.cost(typical, variant, base)
        claim(near(one[0], found, one[1]), f"one thread: {found:.3f}")
    if many is None:
        return wrong
    low, high, threads = many
    found = cells.gain(typical, variant, base, threads)
    claim(near(low, found, high), f"{threads} threads: {found:.3f}")

    def ahead(params: str) -> float:
        return cells.gain(params, variant, base, threads)

    shared = SHARE.search(sentence)
    limit = float(shared.group(1)) if shared else math.inf
    if shared or ANY_SHARE in sentence:
        for place, params in cells.places(rf"s={share};p=(\d+)"):
            if place < limit / 2:
                claim(ahead(params) > 1 / ROOM, f"behind at {place} % shared")
            elif place > limit * 2:
                claim(ahead(params) < ROOM, f"ahead at {place} % shared")
    counted = COUNTED.search(sentence)
    limit = float(counted.group(1)) if counted else math.inf
    if counted or ALL_COUNTED in sentence:
        for place, params in cells.places(r"s=(\d+);p=0"):
            if place < limit / 2:
                claim(ahead(params) > 1 / ROOM, f"behind at {place} % counting")
            elif place > limit * 2:
                claim(ahead(params) < ROOM, f"ahead at {place} % counting")
    return wrong


class AgainstTheRows(unittest.TestCase):
    def check(self, directory: Path) -> int:
        """How many sentences rest on cells of `counted_work`."""
        tradeoff = analysed(directory).tradeoff
        told = verdict_sentences.sentences(tradeoff)
        cells = Cells(directory / "trials.csv")
        first = OPENING.match(told[0]) if told else None
        share = first.group(1) if first is not None else None
        for sentence in told:
            self.assertNotRegex(sentence, r"nan|inf\b|None|  | [.,;)]|\(\)|;;|,,|\b1 threads")
            if share is not None:
                self.assertEqual([], contradictions(sentence, tradeoff.baseline, share, cells))
        return sum(OPENING.match(sentence) is not None for sentence in told)

    def test_committed_runs(self) -> None:
        """All that are there; of some the sentences rest on work."""
        of_work = 0
        for path in sorted((ROOT / "results").glob("*/trials.csv")):
            with self.subTest(path.parent.name):
                of_work += self.check(path.parent) > 0
        self.assertGreaterEqual(of_work, 3)

    def test_made_up_runs(self) -> None:
        before = dict(made_up.COSTS), dict(made_up.CONTENDED)
        costs: Tuple[Tuple[float, float, float], ...] = ((1.2, 5.0, 1.0), (0.8, 1.01, 0.2), (30.0, 2.0, 40.0))
        try:
            for biased, atomic, contended in costs:
                made_up.COSTS.update(biased=biased, atomic=atomic)
                made_up.CONTENDED.update(biased=3.0 * contended, atomic=1.25 * contended)
                with self.subTest(f"{biased} {atomic} {contended}"), tempfile.TemporaryDirectory() as scratch:
                    made_up.write(Path(scratch) / "trials.csv", made_up.run())
                    self.assertEqual(2, self.check(Path(scratch)))
        finally:
            made_up.COSTS.update(before[0])
            made_up.CONTENDED.update(before[1])

    def test_the_reader_finds_contradictions(self) -> None:
        """What this test would miss if its patterns no longer fitted the sentences: any number that is ten times as large
        is a contradiction."""
        with tempfile.TemporaryDirectory() as scratch:
            made_up.write(Path(scratch) / "trials.csv", made_up.run())
            told = verdict_sentences.sentences(analysed(Path(scratch)).tradeoff)
            cells = Cells(Path(scratch) / "trials.csv")
            for sentence in told:
                claims = [found.span(1) for pattern in (ONE, MANY, SHARE, COUNTED) for found in pattern.finditer(sentence)]
                self.assertGreaterEqual(len(claims), 2, sentence)
                for start, end in claims:
                    other = sentence[:start] + f"{10 * float(sentence[start:end]):g}" + sentence[end:]
                    if float(sentence[start:end]) < 50:  # a share of 500 % is past all cells
                        self.assertTrue(contradictions(other, "gil", "10", cells), other)


class Words(unittest.TestCase):
    """One sentence for each outcome."""

    def sentences(self, rows: List[Dict[str, object]], record: Optional[Dict[str, object]] = None,
                  baseline: Optional[str] = None) -> List[str]:
        with tempfile.TemporaryDirectory() as scratch:
            path = made_up.write(Path(scratch) / "trials.csv", rows)
            if record is not None:
                (path.parent / "run.json").write_text(json.dumps(record), encoding="utf-8")
            tradeoff = analyse(summarise(read(path)), record or {}, baseline).tradeoff
            return verdict_sentences.sentences(tradeoff) or [verdict_sentences.missing(tradeoff) or ""]

    def test_a_run_of_two_threads(self) -> None:
        rows = [one for name in ("gil", "biased") for one in made_up.all_work(name, noise=0.0)
                if int(str(one["threads"])) <= 2]
        self.assertEqual([
            "Where references take 10 % of one thread's time, `biased` takes 1.02× [1.02, 1.02] as long as `gil` (CPython "
            "until 3.11) on one thread, and does 1.96× [1.96, 1.96] its work on 2 threads. It stays ahead "
            "while fewer than 43 % of the references go to shared objects; with nothing shared it is ahead at every share "
            "of counting that was measured (0 to 100 %)."], self.sentences(rows))

    def test_the_second_is_brief(self) -> None:
        rows = [one for name in ("gil", "biased", "atomic") for one in made_up.all_work(name, noise=0.0)
                if int(str(one["threads"])) <= 2]
        self.assertEqual(
            "`atomic` takes 1.40× [1.40, 1.40] as long as `gil` on one thread, and does 1.43× [1.43, 1.43] its work on 2 "
            "threads; it stays ahead whatever share of the references goes to shared objects (up to 100 %); with nothing "
            "shared it is ahead until references take 25 % of the time.", self.sentences(rows)[1])

    def test_one_thread_alone(self) -> None:
        rows = [one for name in ("gil", "biased") for one in made_up.all_work(name, noise=0.0) if one["threads"] == 1]
        self.assertEqual("Where references take 10 % of one thread's time, `biased` takes 1.02× [1.02, 1.02] as long as "
                         "`gil` (CPython until 3.11) on one thread.", self.sentences(rows)[0])

    def test_another_baseline(self) -> None:
        rows = [one for name in ("gil", "biased", "atomic") for one in made_up.all_work(name, noise=0.0)]
        told = self.sentences(rows, baseline="atomic")
        self.assertIn("as long as `atomic` (Rust's Arc, libstdc++'s threaded shared_ptr) on one thread", told[0])

    def test_without_work_the_other_workloads_speak(self) -> None:
        rows = [one for name in ("gil", "biased") for one in
                made_up.curve("mixed", "order=runs;p=0", name, made_up.mixed(name, 0), (1, 2), noise=0.0)]
        self.assertEqual("`biased` where threads do little but count: in `mixed order=runs;p=0` it takes 1.20× [1.20, 1.20] as long as "
                         "`gil` on one thread, and does 1.67× [1.67, 1.67] its work on 2 threads.",
                         self.sentences(rows)[0])

    def test_what_is_missing_is_said(self) -> None:
        self.assertEqual(["No variant with a GIL was measured, so there is nothing to compare the others with."],
                         self.sentences(list(made_up.all_work("biased"))))
        self.assertEqual(["No variant without a GIL was measured that counts references and frees by them."],
                         self.sentences(list(made_up.all_work("gil"))))
        self.assertEqual(["No workload over threads was measured under both `gil` and `biased`."],
                         self.sentences([row(variant=name, mode=mode, driver="overhead")
                                         for name, mode in (("gil", "gil"), ("biased", "free"))]))

    def test_intervals_that_tell_nothing(self) -> None:
        wide, none = Interval(2.0, 0.5, 9.0), Interval(2.0)
        for found in (wide, none):
            self.assertEqual("takes 2.00× (too few processes for an interval) as long as `gil` on one thread",
                             verdict_sentences._on_one_thread(found, "`gil`", 1.02))

    def test_what_cannot_be_told_apart(self) -> None:
        self.assertEqual("takes as long as `gil` on one thread, as far as this run can tell (1.01× [0.99, 1.03])",
                         verdict_sentences._on_one_thread(Interval(1.01, 0.99, 1.03), "`gil`", 1.04))
        self.assertEqual("takes between 0.97 and 1.70 times as long as `gil` on one thread",
                         verdict_sentences._on_one_thread(Interval(1.25, 0.97, 1.7), "`gil`", 1.02))
        self.assertEqual("does between 0.97 and 1.70 times its work on 2 threads",
                         verdict_sentences._on_many(Interval(1.25, 0.97, 1.7), 2, verdict_sentences.IT, 1.02))
        # A wide floor hides a small difference, and never a large one.
        self.assertIn("as far as this run can tell", verdict_sentences._on_one_thread(Interval(1.1, 1.05, 1.15), "gil", 1.12))
        self.assertNotIn("as far as", verdict_sentences._on_one_thread(Interval(2.18, 1.93, 2.33), "gil", 1.12))


if __name__ == "__main__":
    unittest.main()
