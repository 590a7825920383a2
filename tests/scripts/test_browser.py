"""Tests of the pages in headless Chromium: no errors in either colour scheme, nothing asked of a network, sorting,
filtering and links by keyboard, readable contrast, printing. RCBENCH_SCREENSHOTS=DIR keeps what it looked like."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import struct
import tempfile
import unittest
from pathlib import Path
from typing import List

import chromium
import made_up
import made_up_memory

from rcb import compare, remake

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
  for (const name of ["--ink", "--soft", "--link"]) found[name] = contrast(name, "--page");
  for (const name of ["--bar", "--base"]) found[name] = contrast(name, "--page");
  for (let place = 0; place < 10; place++) found["--series-" + place] = contrast("--series-" + place, "--page");
  probe.remove();
  return found;
})()
"""
VISIBLE = "Array.from(document.querySelectorAll('#all-cells tbody tr')).filter((row) => !row.hidden)"


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
            rows = made_up.with_waits(made_up.run(seed=place + 1, host=f"made-up-{place}"))
            rows += [{**one, "host": f"made-up-{place}"} for one in made_up_memory.run()]
            made_up.write(directory / "trials.csv", rows)
            (directory / "run.json").write_text(json.dumps({"complete": True, "warnings": ["made up"], "trust": {
                "verdict": "poor", "reasons": ["made up"], "advice": ["measure"]}}), encoding="utf-8")
        with contextlib.redirect_stdout(io.StringIO()):
            remake.main(["--out", str(cls.scratch / "side"), *map(str, runs)])
        cls.page = runs[0] / "report.html"
        cls.side = cls.scratch / "side" / "machines.html"
        cls.compared = cls.scratch / "compare.html"
        compare.main(["--allow-mixed", "--format", "html", "--out", str(cls.compared), *map(str, runs)])
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

    def test_opens_in_both_schemes(self) -> None:
        grounds: List[str] = []
        for scheme in ("light", "dark"):
            self.browser.scheme(scheme)
            for name, path in (("report", self.page), ("machines", self.side), ("compare", self.compared)):
                self.browser.open(path)
                picture = self.browser.screenshot()
                self.keep(f"{name}-{scheme}.png", picture)
                width, height = struct.unpack(">II", picture[16:24])
                self.assertGreaterEqual(width, 1200)
                self.assertGreater(height, 1000)
            grounds.append(self.browser.evaluate("getComputedStyle(document.body).backgroundColor"))
            for name, contrast in self.browser.evaluate(COLOURS).items():
                with self.subTest(f"{scheme} {name}"):
                    self.assertGreaterEqual(contrast, TEXT_CONTRAST if name in ("--ink", "--soft", "--link")
                                            else MARK_CONTRAST)
        self.assertNotEqual(*grounds)

    def test_nothing_is_wider_than_the_window(self) -> None:
        for width in (360, 1280):
            self.browser.send("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1,
                              mobile=False)
            for path in (self.page, self.side, self.compared):
                self.browser.open(path)
                self.assertLessEqual(self.browser.evaluate("document.documentElement.scrollWidth"), width, path.name)
        self.browser.send("Emulation.clearDeviceMetricsOverride")

    def test_sorting_by_keyboard(self) -> None:
        self.browser.open(self.page)
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
        self.browser.open(self.page)
        table = "document.querySelector('#gil table.sortable')"
        self.browser.evaluate(f"{table}.tHead.rows[0].cells[1].querySelector('button').click()")
        found = self.browser.evaluate(f"Array.from({table}.tBodies[0].rows, (row) => row.cells[1].textContent)")
        self.assertEqual("never", found[-1])
        counts = [int(text.split()[1]) for text in found if text.startswith("from")]
        self.assertEqual(sorted(counts), counts)
        self.assertTrue(counts)

    def test_filtering(self) -> None:
        for path in (self.page, self.side, self.compared):
            self.browser.open(path)
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
        self.browser.open(self.page)
        self.browser.evaluate("document.querySelector('input.filter').focus()")
        self.browser.type("atomic")
        link = "Array.from(document.querySelectorAll('#gil td a')).find((one) => one.textContent.includes('never'))"
        self.browser.evaluate(f"{link}.focus()")
        target = self.browser.evaluate(f"{link}.getAttribute('href')")
        self.browser.press("Enter", "\r")
        self.browser.evaluate("new Promise((done) => setTimeout(done, 200))")
        shown = self.browser.evaluate(f"document.querySelector('{target}').hidden")
        self.assertFalse(shown)
        self.assertTrue(self.browser.evaluate(f"document.activeElement === document.querySelector('{target}')"))
        text = self.browser.evaluate(f"document.querySelector('{target} .rows details[open] div').textContent")
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
