"""Tests of the pages in headless Chromium: no errors in either colour scheme, nothing asked of a network, sorting,
filtering and links by keyboard, readable contrast, printing. RCBENCH_SCREENSHOTS=DIR keeps what it looked like."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import struct
import tempfile
import unittest
from pathlib import Path
from typing import Dict, List

import chromium
import made_up
import made_up_memory
import matplotlib
from matplotlib.figure import Figure
from support import ROOT

from rcb.answers import summary
from rcb.answers.analysis import analyse, read_run
from rcb.commands import report as report_command
from rcb.compare import compare
from rcb.report import drawing, report, sections, view
from rcb.rows import rows
from rcb.stats.stats import Interval

# A run of a real machine, as long as people's are.
RUN = ROOT / "results" / "vm-20261121T220911Z-b754a3a"

# Of WCAG 2: text on its ground, and lines and marks on theirs.
TEXT_CONTRAST, MARK_CONTRAST = 4.5, 3.0
COLOURS = """
(() => {
  const probe = document.createElement("span");
  document.body.append(probe);
  const channels = (name) => {
    probe.style.color = "var(" + name + ")";
    return getComputedStyle(probe).color.match(/[0-9.]+/g).slice(0, 3).map(Number);
  };
  const light = (name) => channels(name).map((one) => one / 255)
    .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
    .reduce((sum, one, place) => sum + one * [0.2126, 0.7152, 0.0722][place], 0);
  const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  const found = {};
  for (const name of ["--ink", "--soft", "--link", "--good", "--fair", "--poor"]) {
    found[name] = contrast(name, "--page");
  }
  for (const name of ["--bar", "--base"]) found[name] = contrast(name, "--page");
  for (let place = 0; place < 12; place++) found["--series-" + place] = contrast("--series-" + place, "--page");
  probe.remove();
  return found;
})()
"""
VISIBLE = "Array.from(document.querySelectorAll('#all-cells tbody tr')).filter((row) => !row.hidden)"


def first_screen(directory: Path) -> str:
    """The page of a run with made-up answers of the size that a first screen must hold."""
    found = analyse(summary.summarise(rows.read(directory / "trials.csv")), read_run(directory))
    names = [f"variant_{place}" for place in range(12)]
    look = drawing.looks(names)
    with matplotlib.rc_context(drawing.STYLE):
        figure = Figure(figsize=(6.0, 3.6), layout="constrained")
        axes = figure.subplots()
        for place, name in enumerate(names):
            drawing.series_line(axes, look[name], [(count, Interval(count / (1 + place))) for count in (1, 2, 4)])
        drawing.log_log(axes, (1, 2, 4), 0.1, 4)
        drawing.legend(figure, names, look)
        chart = drawing.Chart("Throughput against the GIL at its best", drawing.inline(figure, "first"), "Lines.")
    words = ("Where counting is 10 % of one thread's time, `biased` costs 1.05× [1.03, 1.07] on one thread and two "
             "threads do 1.9× [1.8, 2.0] the GIL's work; it stays ahead while under 3 % of references go to shared "
             "objects.")
    numbers = [view.ratio(Interval(1.23, 1.2, 1.27), "cell-1")] * 2 + [view.ratio(Interval(1.2), "cell-2")] * 4
    table = view.grid("Each scheme against the GIL", ("scheme", "one thread", "two threads", "10 %", "20 %", "shared",
                                                      "bytes"), [(view.text(name), *numbers) for name in names])
    first = view.Section("answers", "The answer", (words,) * 4, (table,), (chart,), first=True,
                         notes=(words,))
    others = [one for one in sections.all_sections(found, view.Anchors.of(found.summary)) if not one.first]
    return report.render(found, [first, *others], directory / "topology.svg")


@unittest.skipIf(chromium.absent(), f"skipped: {chromium.absent()}")
class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(holder.cleanup)
        cls.scratch = Path(holder.name)
        runs = [cls.scratch / name for name in ("one", "two")]
        for place, directory in enumerate(runs):
            directory.mkdir()
            trials = made_up.with_waits(made_up.run(seed=place + 1, host=f"made-up-{place}"))
            trials += [{**one, "host": f"made-up-{place}"} for one in made_up_memory.run()]
            made_up.write(directory / "trials.csv", trials)
            (directory / "run.json").write_text(json.dumps({"complete": True, "warnings": ["made up"], "trust": {
                "verdict": "poor", "reasons": ["made up"], "advice": ["measure"]}}), encoding="utf-8")
        with contextlib.redirect_stdout(io.StringIO()):
            report_command.main(["--out", str(cls.scratch / "side"), *map(str, runs)])
        cls.page = runs[0] / "report.html"
        cls.side = cls.scratch / "side" / "machines.html"
        cls.compared = cls.scratch / "compare.html"
        compare.main(["--allow-mixed", "--format", "html", "--out", str(cls.compared), *map(str, runs)])
        cls.real = cls.scratch / RUN.name / "report.html"
        cls.real.parent.mkdir()
        for name in ("trials.csv", "run.json", "topology.svg"):
            shutil.copy(RUN / name, cls.real.parent)
        with contextlib.redirect_stdout(io.StringIO()):
            report_command.main([str(cls.real.parent)])
        cls.first = cls.scratch / "first.html"
        cls.first.write_text(first_screen(cls.real.parent), encoding="utf-8")
        cls.browser = chromium.Browser()
        cls.addClassCleanup(cls.browser.close)

    def setUp(self) -> None:
        self.browser.errors.clear()
        self.browser.requests.clear()
        self.browser.scheme("light")

    def tearDown(self) -> None:
        self.assertEqual([], self.browser.errors)
        for url in self.browser.requests:
            self.assertTrue(url.startswith(("file:", "data:")), f"the page asks for {url}")

    def keep(self, name: str, data: bytes) -> None:
        if os.environ.get("RCBENCH_SCREENSHOTS"):
            Path(os.environ["RCBENCH_SCREENSHOTS"], name).write_bytes(data)

    def unfold(self, path: Path) -> None:
        """Opens a page and all its sections."""
        self.browser.open(path)
        self.browser.evaluate("document.getElementById('open-all').click()")
        self.settle()

    def size(self, width: int, height: int = 800) -> None:
        self.browser.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                          mobile=False)
        self.addCleanup(self.browser.send, "Emulation.clearDeviceMetricsOverride")

    def box(self, selector: str) -> Dict[str, float]:
        """Where an element is in the window."""
        return self.browser.evaluate(f"document.querySelector({json.dumps(selector)}).getBoundingClientRect().toJSON()")

    def test_opens_in_both_schemes(self) -> None:
        grounds: List[str] = []
        for scheme in ("light", "dark"):
            self.browser.scheme(scheme)
            for name, path in (("report", self.page), ("machines", self.side), ("compare", self.compared)):
                self.unfold(path)
                picture = self.browser.screenshot()
                self.keep(f"{name}-{scheme}.png", picture)
                width, height = struct.unpack(">II", picture[16:24])
                self.assertGreaterEqual(width, 1200)
                self.assertGreater(height, 1000)
            grounds.append(self.browser.evaluate("getComputedStyle(document.body).backgroundColor"))
            for name, contrast in self.browser.evaluate(COLOURS).items():
                with self.subTest(f"{scheme} {name}"):
                    self.assertGreaterEqual(contrast, MARK_CONTRAST if name.startswith(("--bar", "--base", "--series"))
                                            else TEXT_CONTRAST)
        self.assertNotEqual(*grounds)

    def test_nothing_is_wider_than_the_window_nor_endlessly_high(self) -> None:
        """Folded, a page is a few screens high; with all sections open, as high as boxes that scroll are."""
        for width in (360, 420, 1280):
            self.size(width)
            for path in (self.page, self.side, self.compared, self.real):
                self.browser.open(path)
                self.keep(f"{str(path.relative_to(self.scratch)).replace(os.sep, chr(45))}-{width}.png",
                          self.browser.screenshot())
                folded = self.browser.evaluate("document.documentElement.scrollHeight")
                self.unfold(path)
                whole = self.browser.evaluate("document.documentElement.scrollHeight")
                with self.subTest(f"{path} at {width}"):
                    self.assertLessEqual(self.browser.evaluate("document.documentElement.scrollWidth"), width)
                    self.assertLess(folded, 4000)
                    self.assertLess(folded, whole)
                    self.assertLess(whole, 30000)

    def test_no_word_of_a_table_is_broken(self) -> None:
        """A cell is as wide as its longest word: the lines of a narrow page's tables are no letters."""
        broken = """Array.from(document.querySelectorAll("th, td")).filter((cell) => {
          const range = document.createRange(), words = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
          for (let node = words.nextNode(); node; node = words.nextNode()) {
            for (const word of node.data.matchAll(/[^\\s\\-\\/]{1,20}/g)) {
              range.setStart(node, word.index);
              range.setEnd(node, word.index + word[0].length);
              if (range.getClientRects().length > 1 && word[0].length < 20) return true;
            }
          }
          return false;
        }).map((cell) => cell.textContent).slice(0, 5)"""
        self.size(420)
        for path in (self.side, self.compared, self.real):
            self.unfold(path)
            self.assertEqual([], self.browser.evaluate(broken), path)

    def test_the_first_screen_needs_no_scrolling(self) -> None:
        """Four sentences, a chart beside a table of twelve rows and seven columns: all of it at 1280 × 800."""
        self.size(1280)
        self.browser.open(self.first)
        self.keep("first-1280.png", self.browser.screenshot())
        for selector in (".first .chart svg", ".first table", ".first .note", "header .badge", "#open-all"):
            found = self.box(selector)
            self.assertTrue(0 <= found["top"] < found["bottom"] <= 800 and 0 <= found["left"] < found["right"] <= 1280,
                            (selector, found))
        self.assertLess(self.box(".first .chart")["right"], self.box(".first .table")["left"])
        self.assertTrue(self.browser.evaluate("(() => { const box = document.querySelector('.first .wide'); "
                                              "return box.scrollWidth <= box.clientWidth; })()"))
        self.size(420)
        self.browser.open(self.first)
        self.keep("first-420.png", self.browser.screenshot())
        chart = self.box(".first .chart svg")
        self.assertTrue(0 <= chart["left"] and chart["right"] <= 420, chart)
        self.assertLess(chart["bottom"], self.box(".first .table")["top"])

    def test_sections_fold(self) -> None:
        state = "Array.from(document.querySelectorAll('.fold > details'), (one) => one.open)"
        for path in (self.page, self.side, self.compared):
            self.browser.open(path)
            self.assertTrue(self.browser.evaluate("document.querySelector('.first').checkVisibility()"))
            closed = self.browser.evaluate(state)
            self.assertTrue(closed and not any(closed))
            for wanted in (True, False):
                self.browser.evaluate("document.getElementById('open-all').click()")
                self.assertEqual({wanted}, set(self.browser.evaluate(state)))
        self.browser.open(self.page, "#trust")
        self.assertTrue(self.browser.evaluate("document.querySelector('#trust > details').open"))
        self.assertEqual(1, sum(self.browser.evaluate(state)))

    def test_the_badge_says_what_would_help(self) -> None:
        self.browser.open(self.page)
        self.assertEqual("Trust in this machine: poor. What would help most: measure.",
                         self.browser.evaluate("document.querySelector('.badge.poor').textContent.trim()"))
        self.browser.evaluate("document.querySelector('.badge a').click()")
        self.settle()
        self.assertTrue(self.browser.evaluate("document.querySelector('#trust > details').open"))

    def settle(self) -> None:
        self.browser.evaluate("new Promise((done) => setTimeout(done, 200))")

    def test_a_link_brings_its_target_into_view(self) -> None:
        """The row's names and its trials are in the window, however far the page and the table were scrolled."""
        for width in (420, 1280):
            self.size(width)
            self.unfold(self.real)
            self.browser.evaluate("document.querySelector('#all-cells').closest('.wide').scrollLeft = 9999")
            links = self.browser.evaluate("Array.from(document.querySelectorAll('#threads td a'), "
                                          "(one) => one.getAttribute('href'))")
            for target in (links[0], links[-1], links[-1], links[len(links) // 2]):
                self.browser.evaluate("scrollTo(0, 0)")
                self.browser.evaluate(f"document.querySelector('#threads td a[href=\"{target}\"]').click()")
                self.settle()
                for selector in (f"{target} > td", f"{target} + .trials svg"):
                    found = self.box(selector)
                    self.assertTrue(0 <= found["left"] < found["right"] <= width, (target, selector, found))
                    self.assertTrue(0 <= found["top"] < found["bottom"] <= 800, (target, selector, found))
                seen = self.browser.evaluate(
                    f"(() => {{ const one = document.querySelector('{target} > td').getBoundingClientRect(); return "
                    f"document.elementFromPoint(one.left + 5, one.top + one.height / 2).closest('tr').id; }})()")
                self.assertEqual(target[1:], seen)

    def test_trials_of_a_cell(self) -> None:
        """A dot for each trial with a number, in its process's colour; a click shows them, another hides them."""
        self.unfold(self.real)
        data = self.browser.evaluate("JSON.parse(document.getElementById('trials').textContent)")
        one = next(name for name, found in data.items() if len(set(found["processes"])) > 2
                   and any("disturbed" in mark for mark in found.get("marks", [])) and None not in found["values"])
        self.browser.evaluate(f"document.querySelector('#{one} > td').click()")
        found = self.browser.evaluate(
            f"Array.from(document.querySelectorAll('#{one} + .trials svg path:has(title)'), (dot) => "
            "[dot.getAttribute('fill'), dot.getAttribute('stroke'), dot.querySelector('title').textContent])")
        self.assertEqual(len(data[one]["lines"]), len(found))
        for (fill, stroke, told), line, mark in zip(found, data[one]["lines"], data[one]["marks"]):
            self.assertTrue(told.startswith(f"{line}: ") and mark in told, told)
            self.assertEqual("none" if mark else fill, fill)
        self.assertEqual(len(set(data[one]["processes"])), len({stroke for _, stroke, _ in found}))
        self.assertIn("none", {fill for fill, _, _ in found})
        self.browser.evaluate(f"document.querySelector('#{one} td.rows button').click()")
        self.assertFalse(self.browser.evaluate("!!document.querySelector('.trials')"))

    def test_sorting_by_keyboard(self) -> None:
        self.unfold(self.page)
        column = ("Array.from(document.querySelectorAll('#all-cells tbody tr'), "
                  "(row) => Number(row.cells[7].dataset.key ?? row.cells[7].textContent))")
        head = "document.querySelectorAll('#all-cells thead th')[7]"
        self.assertNotEqual(sorted(self.browser.evaluate(column)), self.browser.evaluate(column))
        self.browser.evaluate(f"{head}.querySelector('button').focus()")
        for key, text, order, reverse in (("Enter", "\r", "ascending", False), (" ", " ", "descending", True)):
            self.browser.press(key, text)
            found = self.browser.evaluate(column)
            self.assertEqual(sorted(found, reverse=reverse), found)
            self.assertEqual(order, self.browser.evaluate(f"{head}.getAttribute('aria-sort')"))
            self.assertEqual(1, self.browser.evaluate("document.querySelectorAll('#all-cells [aria-sort]').length"))

    def test_never_sorts_after_every_count(self) -> None:
        self.unfold(self.page)
        table = "document.querySelector('#gil table.sortable')"
        self.browser.evaluate(f"{table}.tHead.rows[0].cells[1].querySelector('button').click()")
        found = self.browser.evaluate(f"Array.from({table}.tBodies[0].rows, (row) => row.cells[1].textContent)")
        self.assertEqual("never", found[-1])
        counts = [int(text.split()[1]) for text in found if text.startswith("from")]
        self.assertEqual(sorted(counts), counts)
        self.assertTrue(counts)

    def test_filtering(self) -> None:
        for path in (self.page, self.side, self.compared):
            self.unfold(path)
            total = self.browser.evaluate(f"{VISIBLE}.length")
            self.browser.evaluate("document.querySelector('input.filter').focus()")
            self.browser.type("biased MIXED 16")
            texts = self.browser.evaluate(f"{VISIBLE}.map((row) => Array.from(row.cells, (cell) => cell.textContent))")
            self.assertEqual(len(made_up.SHARES), len(texts))
            for cells in texts:
                self.assertTrue({"mixed", "biased", "16"} <= set(cells), cells)
            self.assertEqual(f"{len(texts)} of {total} rows", self.browser.evaluate(
                "document.querySelector('.count').textContent"))

    def test_a_number_leads_to_its_rows(self) -> None:
        self.unfold(self.page)
        self.browser.evaluate("document.querySelector('input.filter').focus()")
        self.browser.type("atomic")
        link = "Array.from(document.querySelectorAll('#gil td a')).find((one) => one.textContent.includes('never'))"
        self.browser.evaluate(f"{link}.focus()")
        target = self.browser.evaluate(f"{link}.getAttribute('href')")
        self.browser.press("Enter", "\r")
        self.settle()
        shown = self.browser.evaluate(f"document.querySelector('{target}').hidden")
        self.assertFalse(shown)
        self.assertTrue(self.browser.evaluate(f"document.activeElement === document.querySelector('{target}')"))
        text = self.browser.evaluate(f"document.querySelector('{target} + .trials .list').textContent")
        lines = self.page.with_name("trials.csv").read_text(encoding="utf-8").splitlines()
        cells = self.browser.evaluate(f"Array.from(document.querySelector('{target}').cells, (one) => one.textContent)")
        numbers = [int(one) for one in re.findall(r"\b([0-9]+): [0-9]", text)]
        self.assertEqual(9, len(numbers))
        for number in numbers:
            self.assertIn(f",{','.join(cells[:5])},", lines[number - 1])

    def test_prints(self) -> None:
        for scheme in ("light", "dark"):
            self.browser.scheme(scheme)
            self.browser.open(self.page)
            data = self.browser.pdf()
            self.keep(f"report-{scheme}.pdf", data)
            self.assertTrue(data.startswith(b"%PDF-"))
            self.assertGreater(data.count(b"/Type /Page\n") + data.count(b"/Type /Page "), 3)
        self.browser.send("Emulation.setEmulatedMedia", media="print",
                          features=[{"name": "prefers-color-scheme", "value": "dark"}])
        self.assertEqual("rgb(255, 255, 255)", self.browser.evaluate("getComputedStyle(document.body).backgroundColor"))
        self.browser.send("Emulation.setEmulatedMedia", media="")


if __name__ == "__main__":
    unittest.main()
