"""Tests of what is made of the drivers memory and latency: one number a cell, what is compared, tables, charts,
words."""

from __future__ import annotations

import io
import re
import tempfile
import unittest
from pathlib import Path
from typing import Dict, List, Mapping, Sequence, Tuple

import made_up
import made_up_memory as memory
from support import ROOT, ScratchTest, called, read_rows, row, write_rows
from test_outputs import Tables, sheet_tables

from rcb.answers.analysis import Analysis, analyse
from rcb.answers.summary import COST, SPEEDUP, Summary, summarise, write_csv
from rcb.answers.tradeoff import Tradeoff, weigh
from rcb.commands import report as report_command
from rcb.compare import compare
from rcb.report import memory_charts, memory_tables, memory_words, report, table
from rcb.rows.rows import read
from rcb.rows.schema import LATER, pairs
from rcb.rows.side_measures import IN_SUMMARY, summary_name
from rcb.run import precision
from rcb.stats.stats import Interval

NEW = LATER[LATER.index("allocated_before_bytes"):]


class Runs(ScratchTest):
    def summary(self, found: Sequence[Mapping[str, object]]) -> Summary:
        return summarise(read(made_up.write(self.scratch / "trials.csv", found)))

    def record(self, found: Sequence[Mapping[str, object]]) -> Dict[str, str]:
        """The only line of summary.csv."""
        write_csv(self.summary(found), self.scratch / "summary.csv")
        (only,) = read_rows(self.scratch / "summary.csv")
        return only


class OneNumberACell(Runs):
    def trials(self, *by_process: Sequence[Mapping[str, object]]) -> List[Dict[str, object]]:
        return [row(driver="memory", workload="w", params="", process=process, repetition=repetition, **values)
                for process, own in enumerate(by_process) for repetition, values in enumerate(own)]

    def test_medians_sums_and_maxima(self) -> None:
        found = self.record(self.trials([{"peak_rss_bytes": 10, "gc_runs": 1, "gc_stop_max_ns": 7, "gc_found": 2},
                                         {"peak_rss_bytes": 30, "gc_runs": 2, "gc_stop_max_ns": 5, "gc_found": ""}],
                                        [{"peak_rss_bytes": 20, "gc_runs": 4, "gc_stop_max_ns": "", "gc_found": 3}]))
        self.assertEqual(("20", "7", "7", "5", ""), tuple(found[name] for name in (
            "peak_rss_bytes", "gc_runs", "gc_stop_max_ns", "gc_found", "active_bytes")))

    def test_bytes_outlive_a_spoiled_time(self) -> None:
        """Of a trial whose audit has passed; a number that depends on time does not."""
        spoiled = {"status": "invalid", "measures": "usable_bytes=40;child_ms=7"}
        self.assertEqual("usable_bytes=40", self.record(self.trials([{**spoiled, "audit": "passed"}]))["measures"])
        self.assertEqual("", self.record(self.trials([{**spoiled, "audit": "failed"}]))["measures"])

    def test_quantiles_are_of_processes_and_the_longest_is_of_all(self) -> None:
        def trial(median: float, longest: float) -> Dict[str, object]:
            return memory.latencies("drop", median, latency_max_ns=longest)

        found = self.record(self.trials([trial(10, 900)], [trial(20, 50), trial(20, 60), trial(20, 70)]))
        self.assertEqual(("drop", "4000", "15", "45", "900"), tuple(found[name] for name in (
            "latency", "latency_count", "latency_p50_ns", "latency_p99_ns", "latency_max_ns")))

    def test_measures_have_a_median_for_each_key(self) -> None:
        found = self.record(self.trials([{"measures": "left=1;held=2.5"}, {"measures": "left=3;held=x"}],
                                        [{"measures": "left=0;held=nan;odd"}], [{"measures": ""}]))
        self.assertEqual({"left": "1", "held": "2.5"}, pairs(found["measures"]))

    def test_damaged_numbers_are_none(self) -> None:
        for text in ("nan", "inf", "-1", "1e300", "1e-300", "x"):
            with self.subTest(text):
                found = self.record(self.trials([{"latency_p50_ns": text, "measures": f"size={text}"}]))
                self.assertEqual("", found["latency_p50_ns"])
                self.assertEqual("size=-1" if text == "-1" else "", found["measures"])

    def test_rows_without_the_columns_are_read(self) -> None:
        path = write_rows(self.scratch / "trials.csv", [row()])
        lines = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
        first = lines[0].index(NEW[0])
        self.assertEqual(list(NEW), lines[0][first:])
        path.write_text("".join(",".join(line[:first]) + "\n" for line in lines), encoding="utf-8")
        found = summarise(read(path))
        self.assertEqual(1, found.cells[0].trials)
        write_csv(found, self.scratch / "summary.csv")
        (only,) = read_rows(self.scratch / "summary.csv")
        told = {name for name in NEW if name in only}
        self.assertLessEqual({"allocated_before_bytes", "latency_p99_ns", "clock_step_ns"}, told)
        self.assertEqual({""}, {only[name] for name in told})

    def test_every_column_is_documented(self) -> None:
        write_csv(self.summary(memory.run()), self.scratch / "summary.csv")
        page = (ROOT / "docs" / "schema.md").read_text(encoding="utf-8").partition("## Columns of summary.csv")[2]
        of_rows = {summary_name(one) for one in IN_SUMMARY}  # the page has them where it has the rows
        for name in read_rows(self.scratch / "summary.csv")[0]:
            if name not in of_rows:
                self.assertRegex(page, rf"[| ,]{name}[ ,]")


class Compared(Runs):
    @staticmethod
    def told(found: Tradeoff) -> List[object]:
        """Of counting, without p-values: their family is all ratios of a run."""
        fields = [(one.counted, one.shared, one.best.variant, one.ties, one.lead) for one in found.fields]
        return [*fields, *((one.pattern, one.variant, one.crossover) for one in found.curves
                           if one.pattern[0] == "scaling")]

    def test_the_answers_are_of_counting_alone(self) -> None:
        """Rows of the new drivers change nothing that is said about the old ones."""
        rows = made_up.run(("gil", "biased"))
        alone, both = self.summary(rows), self.summary(rows + memory.run(("gil", "biased", "atomic", "plain")))
        self.assertEqual(alone.headline, both.headline)
        self.assertEqual((alone.floor, alone.max_threads), (both.floor, both.max_threads))
        before, after = weigh(alone), weigh(both)
        self.assertEqual((before.means, before.bar, before.counts), (after.means, after.bar, after.counts))
        self.assertEqual(self.told(before), self.told(after))
        self.assertGreater(len(self.told(before)), 10)

    def test_what_has_a_ratio(self) -> None:
        found = self.summary(memory.run((*memory.VARIANTS, "plain")))
        kinds = {(cell.workload, cell.comparison) for cell in found.cells if cell.threads == 1}
        self.assertEqual({("weakref_read", SPEEDUP), ("gc_tax", COST), ("deep_free", COST), ("footprint", ""),
                          ("fork_cow", ""), ("gc_pause", ""), ("cycles", "")}, kinds)
        self.assertEqual({"weakref_race", "late_garbage", "handoff_latency", "cycles", "gc_pause"},
                         {cell.workload for cell in found.cells if cell.threads == 2 and not cell.comparison})

    def test_what_is_weighed_against_the_gil(self) -> None:
        found = weigh(self.summary(memory.run()))
        taxes = {(tax.cell.workload, tax.cell.params, tax.cell.variant): tax.ratio.value for tax in found.taxes}
        self.assertEqual({"weakref_read", "gc_tax", "deep_free"}, {workload for workload, _, _ in taxes})
        self.assertAlmostEqual(1.04 / 1.02, taxes["gc_tax", "gc=on", "biased"])
        self.assertEqual({"weakref_read"}, {curve.pattern[1] for curve in found.curves})
        reads = found.curve("biased", "weakref_read", "of=own")
        assert reads is not None
        self.assertAlmostEqual(2.0, reads.most.against.interval.value)
        self.assertAlmostEqual(2.0, reads.most.own.value)
        self.assertFalse(found.of_counting)

    def test_precision_brings_along_what_a_ratio_divides_by(self) -> None:
        path = made_up.write(self.scratch / "trials.csv", memory.run((*memory.VARIANTS, "plain")))
        fork, reads = "memory/fork_cow/gc:on/immortal:0/objects:100000/gil/threads:1", "memory/weakref_read/of:own/gil"
        drop = "memory/deep_free/shape:tree/objects:1000"
        for cell, expected in ((fork, []), (f"{reads}/threads:2", [f"{reads}/threads:1"]),
                               (f"{drop}/gil/threads:1", [f"{drop}/plain/threads:1"])):
            self.assertEqual(sorted([cell, *expected]), precision.with_baselines(path, [precision.Wide(cell, 1.0)]))

    def test_compare_takes_their_time(self) -> None:
        paths = []
        for name, factor in (("a", 1.0), ("b", 1.5)):
            rows = [{**one, "run_id": name, "ns_per_op": float(str(one["ns_per_op"])) * factor,
                     "window_s": 0.04 * factor} for one in memory.fork_cow() + memory.handoff()]
            paths.append(made_up.write(self.scratch / f"{name}.csv", rows))
        done = called("compare", compare.main, *paths, "--format", "csv")
        self.assertEqual(0, done.returncode, done.stderr)
        lines = [line for line in done.stdout.splitlines() if ",fork_cow," in line or ",handoff_latency," in line]
        self.assertEqual((len(memory.POLICIES) + len(memory.INTERVALS)) * 3, len(lines))
        for line in lines:
            self.assertIn(",1.5,", line)


class Outputs(unittest.TestCase):
    """A run of counting and of the new drivers, and one of these alone."""

    @classmethod
    def setUpClass(cls) -> None:
        holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(holder.cleanup)
        cls.found: Dict[str, Analysis] = {}
        cls.pages: Dict[str, str] = {}
        cls.sheets: Dict[str, str] = {}
        counting = made_up.overhead() + made_up.curve("private", "op=pair", "gil", lambda n: 1.0, (1, 2))
        counting += made_up.curve("private", "op=pair", "biased", lambda n: 0.8 * n, (1, 2))
        for name, rows in (("counting", counting), ("both", counting + memory.run()), ("alone", memory.run())):
            place = Path(holder.name) / name
            place.mkdir()
            made_up.write(place / "trials.csv", rows)
            cls.found[name] = analyse(summarise(read(place / "trials.csv")), {"complete": True})
            report.write(cls.found[name], place)
            cls.pages[name] = (place / "report.html").read_text(encoding="utf-8")
            cls.sheets[name] = (place / "report.md").read_text(encoding="utf-8")

    def printed(self, name: str) -> str:
        out = io.StringIO()
        table.print_report(self.found[name], out)
        return out.getvalue()

    def grid(self, *words: str) -> Tuple[Tuple[str, ...], List[Tuple[str, ...]]]:
        """Head and texts of the table whose caption holds all words."""
        (found,) = (one for one in memory_tables.grids(self.found["alone"].summary)
                    if all(word in one.caption for word in words))
        return found.head, found.texts

    def line(self, texts: Sequence[Tuple[str, ...]], *begin: str) -> Tuple[str, ...]:
        (found,) = (one for one in texts if one[:len(begin)] == begin)
        return found[len(begin):]

    def test_a_run_of_counting_shows_nothing_of_it(self) -> None:
        for text in (self.pages["counting"], self.sheets["counting"], self.printed("counting")):
            for word in ("Memory, collection", "dirt", "hand-off", "footprint"):
                self.assertNotIn(word, text)
        self.assertEqual([], memory_words.sentences(self.found["counting"].summary))
        self.assertEqual((), memory_charts.all_charts(self.found["counting"].summary))

    def test_page_and_sheet_have_every_table(self) -> None:
        for name in ("both", "alone"):
            page, sheet = Tables(self.pages[name]), sheet_tables(self.sheets[name])
            grids = memory_tables.grids(self.found[name].summary)
            self.assertEqual(13, len(grids))
            for one in grids:
                expected = [list(one.head), *map(list, one.texts)]
                self.assertGreater(len(expected), 1)
                self.assertIn(expected, page.tables)
                self.assertIn(expected, sheet)
            self.assertIn("Memory, collection and latency", self.pages[name])

    def test_the_terminal_prints_them_where_nothing_else_was_measured(self) -> None:
        alone, both = self.printed("alone"), self.printed("both")
        self.assertNotIn("Time of an operation", alone)
        self.assertIn("Time of an operation", both)
        for one in memory_tables.grids(self.found["alone"].summary):
            self.assertIn(one.caption, alone)
            self.assertNotIn(one.caption, both)
            lines = [re.split(r" {2,}", line.strip()) for line in alone.splitlines()]
            for cells in (one.head, *one.texts):
                self.assertIn(list(cells), lines)

    def test_sentences_are_the_same_everywhere(self) -> None:
        for name in ("both", "alone"):
            for words in memory_words.sentences(self.found[name].summary):
                self.assertIn(words, self.printed(name))
                self.assertIn(words.replace("`", ""), Tables(self.pages[name]).words)
                self.assertIn(words, re.sub(r"\\(.)", r"\1", self.sheets[name]))

    def test_nothing_is_said_about_the_gil_where_counting_was_not_measured(self) -> None:
        for word in ("overtakes", "no trade-off", "On this machine", "not known what"):
            self.assertNotIn(word, self.pages["alone"])

    def test_footprint(self) -> None:
        head, texts = self.grid("Bytes of one object: requested")
        self.assertEqual(("variant", "dict", "instance", "int", "list", "str", "tuple"), head)
        self.assertEqual("40.0 / 48.0 / 52.0", self.line(texts, "biased")[2])

    def test_fork(self) -> None:
        _, texts = self.grid("forked child")
        self.assertEqual(["on", "off", "frozen", "frozen"], [one[1] for one in texts if one[0] == "gil"])
        self.assertEqual(("100000", "2.00", "1,311", "65,536", "12.0"), self.line(texts, "gil", "frozen", "yes"))
        self.assertEqual("48.0", self.line(texts, "biased", "on", "no")[1])

    def test_collections_grow_as_the_heap_does(self) -> None:
        _, texts = self.grid("Collections by the size")
        self.assertEqual(("8.00", "24.0", "80.0", "40.0", "80.0", "20.0"),
                         self.line(texts, "biased", "100,000", "2 threads"))
        _, slopes = self.grid("How a collection grows")
        self.assertEqual({"1.00"}, {one[2] for one in slopes})
        self.assertEqual(6, len(slopes))

    def test_slopes_of_other_laws(self) -> None:
        for power in (0.0, 0.5, 2.0):
            points = [(size, Interval(3.0 * size ** power)) for size in (10.0, 100.0, 5000.0)]
            self.assertAlmostEqual(power, memory_tables.growth(points))

    def test_the_tax_of_a_collector_is_paired_by_process(self) -> None:
        _, texts = self.grid("program without cycles")
        self.assertEqual("1.04× [1.04–1.04]", self.line(texts, "biased")[2])

    def test_cycles_weak_references_and_deaths(self) -> None:
        _, left = self.grid("Garbage left")
        self.assertEqual(("5,600",) * 3, self.line(left, "size=16 gc=auto threshold=700, 2 threads"))
        _, reads = self.grid("Following a weak reference")
        self.assertEqual(("30.0", "30.0", "60.0"), self.line(reads, "of=shared, 2 threads"))
        head, race = self.grid("while others drop")
        self.assertEqual(("ns of a dropper", "ns of a reader", "found alive, %"), head[3:])
        self.assertEqual(("60.0", "40.0", "75.0"), self.line(race, "gil")[2:])
        _, drops = self.grid("last reference to a graph", "(drop)")
        self.assertEqual("2,500 (25,000)", self.line(drops, "shape=chain objects=100000, 1 thread")[0])
        _, late = self.grid("a stranger drops", "(death)")
        self.assertEqual(("1000", "512", "1,000", "2,000", "3,000", "4,000", "10,000"), self.line(late, "gil", "busy"))

    def test_hand_offs_are_labelled(self) -> None:
        _, texts = self.grid("(response, open loop)")
        self.assertEqual(("5.00", "10.0", "15.0", "20.0", "50.0", "6,000"), self.line(texts, "gil", "5"))

    def test_charts_say_in_words_what_they_show(self) -> None:
        fork, pauses, handoff = memory_charts.all_charts(self.found["alone"].summary)
        self.assertIn("gc=frozen immortal=1 objects=100000: atomic 2.00 %, biased 1.00 %, gil 2.00 %", fork.alternative)
        self.assertIn("2 threads, biased: 10,000 objects 0.80 ms, 100,000 objects 8.00 ms", pauses.alternative)
        self.assertIn("switch interval 20 ms: atomic 0.06 ms, biased 0.06 ms, gil 60.0 ms", handoff.alternative)
        self.assertIn("response, open loop, ms", re.sub(r"<[^>]*>", "", handoff.svg))


class Sentences(Runs):
    def say(self, rows: Sequence[Mapping[str, object]]) -> List[str]:
        return memory_words.sentences(self.summary(rows))

    def test_fork(self) -> None:
        self.assertEqual(["A forked child that only reads dirties 96.0 % [96.0, 96.0] of its parent's heap under `gil` "
                          "with the collector on and mortal objects, and 2.00 % [2.00, 2.00] with the heap frozen and "
                          "immortal objects."], self.say(memory.fork_cow()))
        (one,) = self.say([one for one in memory.fork_cow(("biased",)) if str(one["params"]).startswith("gc=off")])
        self.assertEqual("A forked child that only reads dirties 45.0 % [45.0, 45.0] of its parent's heap under "
                         "`biased` with the collector off and mortal objects.", one)

    def test_hand_off(self) -> None:
        opening = "A short task that arrives while another thread computes has ended"
        held = (f"{opening} under `gil` 99 times in 100 within 3.00 ms at a switch interval of 1 ms, 15.0 ms at a "
                "switch interval of 5 ms and 60.0 ms at a switch interval of 20 ms")
        self.assertEqual([f"{held}; without a GIL within 0.06 ms (`biased` is the slowest)."],
                         self.say(memory.handoff(("gil", "biased"))))
        self.assertEqual([f"{held}."], self.say(memory.handoff(("gil",))))
        self.assertEqual([f"{opening} within 0.06 ms (`atomic` is the slowest) without a GIL, 99 times in 100."],
                         self.say(memory.handoff(("atomic",))))

    def test_pause_and_tax(self) -> None:
        self.assertEqual(["A collection of 1,000,000 live objects takes 50.0 (`gil`) to 80.0 ms (`biased`) on 1 "
                          "thread."], self.say(memory.gc_pause()))
        self.assertEqual(["A collection of 10,000 live objects takes 0.50 ms (`gil`) on 1 thread."],
                         self.say(memory.gc_pause(("gil",), (10_000,))))
        self.assertEqual(["A collector that finds nothing changes the time of a program without cycles by +2.0 % "
                          "[+2.0 %, +2.0 %] under `gil` to +4.0 % [+4.0 %, +4.0 %] under `biased`."],
                         self.say(memory.collector()))


class OddRuns(Runs):
    def test_a_workload_that_has_no_words_yet(self) -> None:
        rows = list(memory.cell("memory", "something", "size=1", "gil", measures={"kept": 5.0},
                                **memory.latencies("service", 2e3)))
        (found,) = memory_tables.grids(self.summary(rows))
        self.assertEqual([("something size=1", "gil", "1", "100", "2.00", "6.00", "20.0", "kept 5.00")], found.texts)

    def test_rows_that_lack_what_their_workload_measures(self) -> None:
        rows = [{**one, "measures": "", "latency": "", **dict.fromkeys((name for name in NEW), "")}
                for one in memory.run()]
        found = self.summary(rows)
        self.assertEqual((), memory_charts.all_charts(found))
        self.assertEqual(1, len(memory_words.sentences(found)), "the tax of a collector is in the times alone")
        self.assertEqual(12, len(memory_tables.grids(found)), "all but how a collection grows")

    def test_a_heap_of_no_size_is_in_no_line(self) -> None:
        for objects in ("1e400", "nan", "0", "-5", "x", "1e200"):
            rows = [row for size in (objects, "1000") for row in memory.cell(
                "memory", "gc_pause", f"objects={size}", "gil", **memory.latencies("collection", 7.0))]
            with self.subTest(objects):
                (line,) = memory_tables.curves(memory_tables.cells_of(self.summary(rows))).values()
                self.assertEqual([1000.0], [place for place, _ in line])

    def test_a_terminal_shows_brackets_as_they_are(self) -> None:
        class Terminal(io.StringIO):
            def isatty(self) -> bool:
                return True

        rows = [{**one, "variant": "[/b]"} for one in memory.cell("memory", "fork_cow", "gc=on;immortal=0", "gil",
                                                                  measures={"percent_dirtied": 12.5})]
        out = Terminal()
        table.print_report(analyse(self.summary(rows), {}), out)
        line = next(one for one in out.getvalue().splitlines() if "[/b]" in one and "12.5" in one)
        self.assertIn("no", line.split())

    def test_machines_side_by_side(self) -> None:
        for place, name in enumerate(("one", "two")):
            (self.scratch / name).mkdir()
            made_up.write(self.scratch / name / "trials.csv", [{**one, "host": f"h{place}"} for one in memory.run()])
        done = called("report", report_command.main, self.scratch / "one", self.scratch / "two", "--out", self.scratch / "side")
        self.assertEqual(0, done.returncode, done.stderr)
        page = (self.scratch / "side" / "machines.html").read_text(encoding="utf-8")
        self.assertIn("fork_cow", page)
        self.assertNotIn("not known what", page)

    def test_several_placements_are_told_apart(self) -> None:
        rows = [{**one, "placement": placement} for one in memory.weakrefs(("gil",)) for placement in ("cores", "none")]
        reads = memory_tables.grids(self.summary(rows))[0]
        self.assertEqual(8, len(reads.texts))


if __name__ == "__main__":
    unittest.main()
