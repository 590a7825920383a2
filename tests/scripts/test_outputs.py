"""Tests that all outputs of a run say the same: terminal, page, Markdown and CSV; that numbers lead to their rows; and
that a million rows stay feasible."""

from __future__ import annotations

import csv
import io
import os
import re
import tempfile
import time
import unittest
import unittest.mock
from html.parser import HTMLParser
from pathlib import Path
from typing import List, Optional, Tuple

import made_up
import numpy as np
import pandas as pd
from support import ScratchTest, row

from rcb.answers import summary
from rcb.answers.analysis import Analysis, analyse
from rcb.report import report, table, trials, verdict_sentences, view
from rcb.rows.rows import BadRow, Rows, read, set_clock
from rcb.rows.schema import COLUMNS, TEXT, WHOLE
from rcb.stats import crossing, stats
class Tables(HTMLParser):
    """The texts of all tables of a page, and of all its paragraphs."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: List[List[List[str]]] = []
        self.words: List[str] = []
        self._into: Optional[List[str]] = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self._into = self.tables[-1][-1]
            self._into.append("")
        elif tag == "p":
            self._into = self.words
            self.words.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "p"):
            self._into = None

    def handle_data(self, data: str) -> None:
        if self._into:
            self._into[-1] += data


def sheet_tables(text: str) -> List[List[List[str]]]:
    """The tables of a page of Markdown."""
    found: List[List[List[str]]] = []
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        lines = [re.split(r"(?<!\\)\|", line)[1:-1] for line in block.splitlines()]
        found.append([[re.sub(r"\\(.)", r"\1", one.strip()) for one in line] for place, line in enumerate(lines)
                      if place != 1])
    return found


class Same(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(holder.cleanup)
        cls.scratch = Path(holder.name)
        made_up.write(cls.scratch / "trials.csv", made_up.run())
        cls.analysis: Analysis = analyse(summary.summarise(read(cls.scratch / "trials.csv")), {"complete": True})
        report.write(cls.analysis, cls.scratch)
        cls.page = Tables((cls.scratch / "report.html").read_text(encoding="utf-8"))
        cls.sheet = (cls.scratch / "report.md").read_text(encoding="utf-8")

    def printed(self) -> str:
        out = io.StringIO()
        table.print_report(self.analysis, out)
        return out.getvalue()

    def test_terminal_page_and_sheet_have_the_same_tables(self) -> None:
        plain = self.printed()
        for grid in (table.schemes(self.analysis),):
            expected = [list(grid.head), *map(list, grid.texts)]
            self.assertGreater(len(expected), 2)
            self.assertIn(expected, self.page.tables)
            self.assertIn(expected, sheet_tables(self.sheet))
            lines = [re.split(r" {2,}", line.strip()) for line in plain.splitlines()]
            for cells in expected:
                self.assertIn(cells, lines)

    def test_all_other_tables_of_the_sheet_are_on_the_page(self) -> None:
        for found in sheet_tables(self.sheet):
            self.assertIn(found, self.page.tables)

    def test_the_sheet_folds_what_the_page_folds(self) -> None:
        page = (self.scratch / "report.html").read_text(encoding="utf-8")
        folded = re.findall(r"<summary><h2>([^<]*)</h2>", page)
        told = re.findall(r"<details>\n<summary><strong>([^<]*)</strong></summary>\n\n", self.sheet)
        self.assertEqual([one for one in folded if one not in ("Machine and run", "Every cell")], told)
        self.assertEqual(len(told), self.sheet.count("\n</details>\n"))
        self.assertIn("| variant |", self.sheet[:self.sheet.index("<details>")])

    def test_sentences_are_the_same_everywhere(self) -> None:
        plain = self.printed()
        for words in verdict_sentences.sentences(self.analysis.tradeoff):
            self.assertIn(words, plain)
            self.assertIn(words.replace("`", ""), self.page.words)
            self.assertIn(words, re.sub(r"\\(.)", r"\1", self.sheet))

    def test_the_csv_has_the_numbers_of_the_page(self) -> None:
        with (self.scratch / "tradeoff.csv").open(newline="", encoding="utf-8") as file:
            taxes = {one["variant"]: float(one["value"]) for one in csv.DictReader(file)
                     if one["quantity"] == "tax" and one["params"] == "s=10;p=0"}
        lines = table.schemes(self.analysis).rows
        self.assertEqual(set(taxes), {line[0].text for line in lines})
        for line in lines:
            self.assertEqual(f"{taxes[line[0].text]:.2f}×", line[1].text)

    def shown(self, width: int) -> str:
        """What a terminal of that width shows, without its colours."""
        class Terminal(io.StringIO):
            def isatty(self) -> bool:
                return True

        out = Terminal()
        with unittest.mock.patch.dict(os.environ, {"COLUMNS": str(width)}):
            table.print_report(self.analysis, out)
        return re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())

    def test_a_terminal_gets_the_same_numbers(self) -> None:
        shown = self.shown(120)
        for grid in (table.schemes(self.analysis),):
            for cells in grid.texts:
                numbers = [one for one in cells if re.fullmatch(r"[0-9.]+×?", one)]
                line = next(one for one in map(str.strip, shown.splitlines()) if one.startswith(cells[0] + " ")
                            and set(numbers) <= set(one.split()))
                self.assertTrue(line)

    def test_a_narrow_terminal_gets_fewer_columns_and_no_broken_number(self) -> None:
        for width in (80, 60, 40):
            shown = self.shown(width)
            self.assertLessEqual(max(map(len, shown.splitlines())), width)
            for cells in table.schemes(self.analysis).texts:
                whole = [" ".join(cells[:count]) for count in range(2, len(cells) + 1)]
                lines = [" ".join(one.split()) for one in shown.splitlines()]
                self.assertTrue(set(whole[-1:] if width == 80 else whole) & set(lines), (width, cells))
            if width == 40:
                self.assertRegex(" ".join(shown.split()), "Left out, as this terminal is too narrow: .*bytes")

    def test_the_model_is_never_mixed_with_what_was_measured(self) -> None:
        text = (self.scratch / "report.html").read_text(encoding="utf-8")
        self.assertEqual(1, text.count('class="fold model"'))
        self.assertNotIn("sigma", (self.scratch / "tradeoff.csv").read_text(encoding="utf-8"))

    def test_the_pictures_have_words(self) -> None:
        for name in report.PICTURES:
            text = (self.scratch / name).read_text(encoding="utf-8")
            for part in ("<title>", "<desc>", 'role="img"', "prefers-color-scheme"):
                self.assertIn(part, text)


class TooFew(unittest.TestCase):
    def test_an_interval_that_tells_nothing_is_no_answer(self) -> None:
        wide, narrow = stats.Interval(0.33, 4e-10, 2.5e8), stats.Interval(1.2, 1.1, 1.3)
        self.assertEqual("0.33× (too few processes)", view.ratio(wide).text)
        self.assertEqual("too few", view.ratio(wide, bounds=False).text)
        self.assertEqual("0.33 (too few processes)", view.amount(wide).text)
        self.assertEqual("too few processes", view.turn(crossing.Turn(2.0, crossing.ALWAYS, crossing.NEVER)).text)
        self.assertEqual(("1.20× [1.10–1.30]", "1.20×", "1.20 [1.10–1.30]"), (
            view.ratio(narrow).text, view.ratio(narrow, bounds=False).text, view.amount(narrow).text))
        self.assertNotIn("too few", view.amount(stats.Interval(0.0, 0.0, 0.0)).text)
        self.assertEqual("2 [2–never]", view.turn(crossing.Turn(2.0, 2.0, crossing.NEVER)).text)


class FromNumbersToRows(ScratchTest):
    def test_lines(self) -> None:
        path = made_up.write(self.scratch / "trials.csv", [row(ns_per_op=1.0 + place, repetition=place, cell="c")
                                                          for place in range(3)])
        data = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([data[0], "", data[1], "1,broken", data[2], data[3], ""]), encoding="utf-8")
        found = read(path)
        (one,) = trials.of_cells(found).values()
        self.assertEqual("3 rows, lines 3 to 6", one.summary)
        self.assertEqual({"unit": "ns", "lines": [3, 5, 6], "processes": [0, 0, 0], "values": [1.0, 2.0, 3.0]},
                         one.trials)
        self.assertEqual("grep -nF ',c,' trials.csv", one.search)

    def test_what_was_wrong_with_a_trial_and_its_clock_are_told(self) -> None:
        rows = [row(**{"driver": "scaling", "workload": "private", "ops_per_s": 2e6, "cell": "c", "repetition": place,
                       **more}) for place, more in enumerate((
            {"noise": "stolen+smt"}, {"noise": "smt"}, {"status": "invalid", "noise": "contended", "reason": "x"},
            {"status": "skipped", "reason": "x", "ops_per_s": "", "ns_per_op": "", "window_s": "", "ops": ""}))]
        read_back = read(made_up.write(self.scratch / "trials.csv", rows))
        self.assertEqual((), read_back.bad)
        set_clock(read_back.frame, np.array([1.0, 2.0, 1.0, 1.0]))
        (one,) = trials.of_cells(read_back).values()
        self.assertEqual(["disturbed: stolen", "", "invalid, disturbed: contended", "skipped"], one.trials["marks"])
        self.assertEqual(("M/s", [2.0, 2.0, 2.0, None], [2.0, 1.0, 2.0, None]),
                         tuple(one.trials[name] for name in ("unit", "values", "typical")))

    def test_columns_that_may_be_there(self) -> None:
        rows = [row(variant="atomic")]
        answer = summary.summarise(read(made_up.write(self.scratch / "trials.csv", rows)))
        self.assertEqual([], report.optional_columns(answer))
        rows = [row(variant=variant, process=process, ns_per_op=cost * (1 + process / 1000), noise=noise)
                for variant, cost in (("plain", 1.0), ("plain_twin", 1.0), ("atomic", 5.0)) for process in range(3)
                for noise in ["stolen" if variant == "atomic" else ""]]
        answer = summary.summarise(read(made_up.write(self.scratch / "trials.csv", rows)))
        self.assertEqual(["verdict", "noisy"], report.optional_columns(answer))
        shown = {line.shown[3].text: [one.text for one in line.shown] for line in report.cell_lines(answer)}
        self.assertEqual(["slower", "3"], shown["atomic"][-2:])

    def test_trust(self) -> None:
        self.assertIsNone(report.trust({}))
        self.assertIsNone(report.trust({"trust": "good"}))
        self.assertEqual({"verdict": "poor", "reasons": ["a"], "advice": []},
                         report.trust({"trust": {"verdict": "poor", "reasons": "a"}}))


def many_rows(directory: Path, count: int) -> Rows:
    """As many made-up rows as asked for, of 400 cells, without a file that takes a minute to write."""
    cells = [(variant, workload, params, threads) for variant in ("gil", "biased", "atomic", "escape")
             for workload, params in [("private", "op=pair"), ("shared_one", ""), ("slot", ""), ("pipeline", "")]
             + [("mixed", f"order=runs;p={share}") for share in (0, 1, 5, 10, 25, 100)]
             for threads in (1, 2, 3, 4, 6, 8, 10, 12, 14, 16)]
    place = np.arange(count) % len(cells)
    draw = np.random.default_rng(1)
    names = np.array([one[0] for one in cells])[place]
    frame = pd.DataFrame({
        "driver": "scaling", "workload": np.array([one[1] for one in cells])[place],
        "params": np.array([one[2] for one in cells])[place], "variant": names,
        "threads": np.array([one[3] for one in cells])[place], "placement": "cores", "status": "ok", "reason": "",
        "mode": np.where(names == "gil", "gil", "free"), "process": (np.arange(count) // len(cells)) % 20,
        "repetition": np.arange(count) // len(cells) // 20, "host": "made-up", "cell": "c", "audit": "passed",
        "ops_per_s": np.exp(draw.normal(20.0, 0.02, count)), "ns_per_op": np.exp(draw.normal(1.0, 0.02, count)),
        "line": np.arange(2, count + 2)})
    for name in COLUMNS:
        if name not in frame:
            frame[name] = "" if name in TEXT else 0 if name in WHOLE else 0.0
    return Rows(directory / "trials.csv", frame, (BadRow(1, "made up"),))


class Million(ScratchTest):
    def test_a_page_does_not_hold_a_million_rows(self) -> None:
        rows = many_rows(self.scratch, 1_000_000)
        began = time.process_time()
        found = trials.of_cells(rows)
        self.assertEqual(400, len(found))
        self.assertTrue(not any(one.trials for one in found.values()))
        self.assertTrue(all(re.fullmatch(r"2500 rows, lines [0-9]+ to [0-9]+", one.summary) for one in found.values()))
        self.assertLess(sum(len(one.summary) + len(one.search) for one in found.values()), 100_000)
        print(f"a million rows to their cells: {time.process_time() - began:.1f} s of CPU time")


if __name__ == "__main__":
    unittest.main()
