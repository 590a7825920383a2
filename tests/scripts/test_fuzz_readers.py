"""Fuzzes the readers of rows with hypothesis: whatever the file holds, a command ends with 0, or with one line and 2.

Files are made of a good one by changes of bytes, of fields and of lines; reading by columns must find what reading line
by line finds."""

from __future__ import annotations

import io
import tempfile
import unittest
from pathlib import Path
from typing import List

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import called, row, write_rows

from rcb import compare, merge, rows
from rcb.errors import UsageError
from rcb.parse import Parser
from rcb.schema import COLUMNS
from rcb.summary import summarise, table_of_cells

SETTINGS = settings(max_examples=60, deadline=None, derandomize=True,
                    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
HOSTILE = st.sampled_from(["", "nan", "inf", "-1", "0", "1e400", "1e-320", "x", '"', '""', '"a', 'a"b', ",", "\r",
                           "\0", "é", "\udcff", " 1", "1 ", "+1", "1_0", "²", "99999999999999999999999", "a+b", "+",
                           "2", "ok", "invalid", "skipped", "oversubscribed", "failed", "\ufeff", "=1;=", "1.5"])


def _good() -> List[List[str]]:
    with tempfile.TemporaryDirectory() as folder:
        found = [row(variant=variant, driver=driver, threads=threads, process=process, ns_per_op=1.0 + process,
                     roles="a+b" if threads == 2 else "", thread_ops="3+4" if threads == 2 else "7",
                     thread_ns="5+6" if threads == 2 else "9", window_s=0.02)
                 for variant in ("plain", "plain_twin", "biased") for driver, threads in (("overhead", 1),
                                                                                         ("scaling", 2))
                 for process in (0, 1)]
        found.append(row(status="skipped", reason="no, core", process="", repetition=""))
        text = write_rows(Path(folder) / "rows.csv", found).read_text(encoding="utf-8")
    return [line.split(",") for line in text.splitlines()]


GOOD = _good()


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A file of rows with something wrong, or nothing."""
    lines = [list(line) for line in GOOD]
    for _ in range(draw(st.integers(0, 4))):
        line = lines[draw(st.integers(0, len(lines) - 1))]
        line[draw(st.integers(0, len(line) - 1))] = draw(HOSTILE)
    body = [",".join(line) for line in lines]
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(body) - 1))
        kind = draw(st.sampled_from(["drop", "twice", "blank", "short", "long"]))
        body[place:place + 1] = {"drop": [], "twice": [body[place]] * 2, "blank": ["", body[place]],
                                 "short": [body[place].rpartition(",")[0]], "long": [body[place] + ",9"]}[kind]
        if not body:
            break
    end = draw(st.sampled_from(["\n", "\r\n"]))
    data = (end.join(body) + end).encode("utf-8", errors="surrogateescape")
    cut = draw(st.one_of(st.none(), st.integers(0, len(data))))
    return data[:cut] if draw(st.booleans()) else data


def _parsed(path: Path, small: int) -> "tuple[list, list] | str":
    """Each good line as texts, and the bad ones with their reasons; or why the file is refused."""
    parser = Parser(path, small)
    try:
        parser.parse(io.BytesIO(path.read_bytes()))
    except UsageError as error:
        return str(error)
    frame = parser.frame()
    frame["order"] = 0  # read as a number where columns are, as digits where lines are: nothing rests on it
    good = [[f"{value:.6g}" if isinstance(value, float) else str(value) for value in one]
            for one in frame[[*COLUMNS, "line"]].itertuples(index=False)]
    return good, sorted((bad.line, bad.why) for bad in parser.bad)


class Readers(unittest.TestCase):
    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.path = Path(holder.name) / "trials.csv"
        self.good = write_rows(Path(holder.name) / "good.csv", [row(window_s=0.02, process=one) for one in (0, 1)])

    @SETTINGS
    @given(files())
    def test_commands_end_well(self, data: bytes) -> None:
        self.path.write_bytes(data)
        for name, main, *arguments in (
                ("compare", compare.main, self.path, self.good), ("compare", compare.main, self.good, self.path),
                ("merge", merge.main, self.path, self.good, "--allow-mixed", "-o", self.path.with_name("out.csv"))):
            self.path.with_name("out.csv").unlink(missing_ok=True)
            done = called(name, main, *arguments)
            self.assertIn(done.returncode, (0, 2), done.stderr)
            if done.returncode:
                self.assertIn(str(self.path), done.stderr.splitlines()[-1])

    @SETTINGS
    @given(files())
    def test_a_summary_or_a_refusal(self, data: bytes) -> None:
        self.path.write_bytes(data)
        try:
            found = rows.read(self.path, allow_mixed=True)
        except UsageError as error:
            self.assertIn(str(self.path), str(error))
            self.assertNotIn("\n", str(error))
            return
        lines = [line for line in data.split(b"\n")[1:] if line.rstrip(b"\r")]
        self.assertEqual(len(lines), len(found.frame) + len(found.bad), "each line is read or named")
        table_of_cells(summarise(found))

    @SETTINGS
    @given(files())
    def test_columns_find_what_lines_find(self, data: bytes) -> None:
        self.path.write_bytes(data)
        self.assertEqual(_parsed(self.path, 10 ** 9), _parsed(self.path, 1))

    @SETTINGS
    @given(st.binary(max_size=300))
    def test_any_bytes(self, data: bytes) -> None:
        self.path.write_bytes(data)
        self.assertEqual(2, called("compare", compare.main, self.path, self.good).returncode)


if __name__ == "__main__":
    unittest.main()
