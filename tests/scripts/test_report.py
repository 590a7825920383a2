"""Tests of report.html: it parses, stands alone, holds its parts, escapes what it shows, and copes with little data."""

from __future__ import annotations

import json
import re
import unittest
from html.parser import HTMLParser
from pathlib import Path
from typing import Dict, List, Optional, Tuple

from support import ScratchTest, row, write_rows

VOID = {"meta", "input", "img", "br", "link", "hr"}


class Page(HTMLParser):
    """Checks nesting and collects what the tests look at."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: List[str] = []
        self.ids: List[str] = []
        self.links: List[str] = []
        self.labels: List[str] = []
        self.counts: Dict[str, int] = {}
        self.problems: List[str] = []
        self.feed(text)
        self.close()
        self.problems += [f"<{tag}> is never closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        self._note(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        self._note(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> at {self.getpos()} closes nothing")

    def _note(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name in ("src", "href", "xlink:href"):
                self.links.append(value or "")
            elif name in ("aria-label", "alt"):
                self.labels.append(value or "")


class Report(ScratchTest):
    def page(self, directory: Path) -> Tuple[Page, str]:
        done = self.call("report", directory)
        self.assertEqual(0, done.returncode, done.stderr)
        text = (directory / "report.html").read_text(encoding="utf-8")
        page = Page(text)
        self.assertEqual([], page.problems)
        self.assertEqual(len(page.ids), len(set(page.ids)), "an id appears twice")
        for link in page.links:
            self.assertTrue(link.startswith(("#", "data:")), f"{link} needs a network")
        for fragment in (link[1:] for link in page.links if link.startswith("#")):
            self.assertIn(fragment, page.ids)
        return page, text

    def test_a_whole_run(self) -> None:
        directory = self.scratch / "run"
        done = self.call("run", "--out", directory, "--seed", 1, extra={"STAND_IN_INVALID": "none"})
        self.assertEqual(1, done.returncode)
        page, text = self.page(directory)
        self.assertEqual(4, page.counts["svg"])
        self.assertEqual(1, page.counts["img"])
        self.assertTrue(all(page.labels))
        for part in ("Noise floor", "made-up &lt;cpu&gt;", "turbo is on", "lost increment", "runs on one thread, only",
                     "takes 1.18×", "on 2 threads", "prefers-color-scheme: dark", "When dropping the GIL pays",
                     "Not fitted"):
            self.assertTrue(part in text, f"the report lacks '{part}'")
        self.assertFalse("<cpu>" in text, "the report does not escape")
        self.assertEqual([], re.findall(r"\bnan\b", text))

    def test_the_same_rows_make_the_same_report(self) -> None:
        directory = self.scratch / "run"
        self.call("run", "--out", directory, "--seed", 1, "--repetitions", 2)
        before = {name: (directory / name).read_bytes() for name in ("report.html", "summary.csv")}
        self.assertEqual(0, self.call("report", directory).returncode)
        for name, data in before.items():
            self.assertEqual(data, (directory / name).read_bytes(), name)

    def test_little_data(self) -> None:
        cases: Dict[str, List[Dict[str, object]]] = {
            "nothing": [],
            "one row": [row()],
            "skipped only": [row(status="skipped", reason="no <core>", ns_per_op=1)],
            "one thread only": [row(driver="scaling", workload="private", params="op=pair")],
            "no baseline": [row(variant="atomic"), row(variant="atomic", repetition=1)],
            "hostile": [row(variant="</script><b>x", reason="&")],
        }
        for name, found in cases.items():
            with self.subTest(name):
                directory = self.scratch / name.replace(" ", "-")
                directory.mkdir()
                write_rows(directory / "trials.csv", found)
                _, text = self.page(directory)
                self.assertIn("no readable run.json", text)

    def test_bad_lines_are_listed(self) -> None:
        path = write_rows(self.scratch / "trials.csv", [row()])
        with path.open("ab") as file:
            file.write(b"1,cut")
        (self.scratch / "run.json").write_text(json.dumps({"complete": True, "warnings": ["w1"]}), encoding="utf-8")
        _, text = self.page(self.scratch)
        for part in ("line 3: cut off", "1 line of the rows", "w1"):
            self.assertIn(part, text)


if __name__ == "__main__":
    unittest.main()
