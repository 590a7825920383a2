"""Fuzzes the readers of rows and of run.json with hypothesis: whatever the files hold, a command ends with 0, or with
one line and 2.

Files are made of a good one by changes of bytes, of fields and of lines; reading by columns must find what reading line
by line finds. scripts/report goes all the way to its pages and pictures."""

from __future__ import annotations

import io
import json
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any, List

try:
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st
except ImportError:
    print("skipped: hypothesis is not installed (Debian: python3-hypothesis)")
    sys.exit(77)
from made_up_memory import latencies
from support import called, row, write_rows

from rcb.answers.summary import summarise, table_of_cells
from rcb.base.errors import UsageError
from rcb.commands import report as report_command
from rcb.compare import compare
from rcb.rows import merge, rows
from rcb.rows.parse import Parser
from rcb.rows.schema import COLUMNS

SETTINGS = settings(max_examples=40, database=None, deadline=None, derandomize=True,
                    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
HOSTILE = st.sampled_from(["", "nan", "inf", "-1", "0", "1e400", "1e-320", "x", '"', '""', '"a', 'a"b', ",", "\r",
                           "\0", "é", "\udcff", " 1", "1 ", "+1", "1_0", "²", "99999999999999999999999", "a+b", "+",
                           "2", "ok", "invalid", "skipped", "oversubscribed", "failed", "\ufeff", "=1;=", "1.5",
                           "a=1;b=x;c=nan", "percent_dirtied=-1;objects=1e400", "p=nan", "objects=0", "$x$", "[/b]",
                           "memory", "latency", "fork_cow", "gc_pause", "gil", "free", "1e25", "1e-25"])
DAMAGE = ("nan", "1e400", "-1", "x", "²", "$x$", "0")
RECORDED = st.sampled_from(["warnings", "trust", "machine", "started", "revision", "profile", "complete", "checks",
                            "window_ms", "verdict", "reasons", "advice", "cpu"])


def _good() -> List[List[str]]:
    with tempfile.TemporaryDirectory() as folder:
        found = [row(variant=variant, driver=driver, threads=threads, process=process, ns_per_op=1.0 + process,
                     roles="a+b" if threads == 2 else "", thread_ops="3+4" if threads == 2 else "7",
                     thread_ns="5+6" if threads == 2 else "9", window_s=0.02)
                 for variant in ("plain", "plain_twin", "biased") for driver, threads in (("overhead", 1),
                                                                                         ("scaling", 2))
                 for process in (0, 1)]
        for workload, params, threads in (("fork_cow", "gc=on;immortal=0", 1), ("gc_pause", "objects=1000", 1),
                                          ("gc_pause", "objects=100000", 1), ("gc_tax", "gc=on", 1),
                                          ("gc_tax", "gc=off", 1), ("late_garbage", "owner=busy;hold_us=1000", 2)):
            for variant in ("gil", "biased"):
                found.append(row(driver="memory", workload=workload, params=params, variant=variant, threads=threads,
                                 mode="gil" if variant == "gil" else "free", gc_runs=1, gc_pauses=2, gc_found=3,
                                 gc_stop_max_ns=4, peak_rss_bytes=5, late_objects_max=6, **latencies("pause", 7.0),
                                 measures="percent_dirtied=50;objects=1000;collect_ns_per_object=9"))
        # The lines are taken apart at their commas, so that no label has one.
        found.append(row(driver="latency", workload="handoff_latency", params="interval_ms=5", variant="gil",
                         mode="gil", threads=2, **latencies("response", 1e6)))
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


@st.composite
def records(draw: st.DrawFn) -> bytes:
    """A run.json that something has damaged: values of other kinds under the names that are looked for, or no JSON."""
    leaf = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(),
                     st.sampled_from(["", "a", "é\0", "\ud800", "{{ x }}<b>", "`|", "2"]))
    value = st.recursive(leaf, lambda inner: st.one_of(st.lists(inner, max_size=3),
                                                       st.dictionaries(RECORDED, inner, max_size=3)), max_leaves=8)
    text = json.dumps(draw(st.one_of(value, st.dictionaries(RECORDED, value, max_size=8))))
    kind = draw(st.sampled_from(["as it is", "as it is", "cut", "deep", "bytes"]))
    if kind == "cut":
        return text.encode()[:draw(st.integers(0, len(text)))]
    if kind == "deep":
        depth = draw(st.sampled_from([60, 900, 100_000]))
        return b'{"machine": ' + b"[" * depth + b"]" * depth + b"}"
    return draw(st.binary(max_size=40)) if kind == "bytes" else text.encode()


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

    def report(self, data: bytes, record: bytes) -> Any:
        self.path.write_bytes(data)
        self.path.with_name("run.json").write_bytes(record)
        return called("report", report_command.main, self.path.parent, "--allow-mixed")

    @settings(SETTINGS, max_examples=25)
    @given(files(), records())
    def test_a_report_or_a_refusal(self, data: bytes, record: bytes) -> None:
        done = self.report(data, record)
        self.assertIn(done.returncode, (0, 2), done.stderr)
        if done.returncode:
            self.assertIn(str(self.path), done.stderr.splitlines()[-1])
        else:
            for name in ("report.html", "report.md", "summary.csv", "tradeoff.csv"):
                self.path.with_name(name).read_text(encoding="utf-8")

    def test_each_column_damaged_in_each_way(self) -> None:
        """What chance may miss: one column of all rows of a variant holds something else."""
        variant = GOOD[0].index("variant")
        for place, name in enumerate(GOOD[0]):
            text = DAMAGE[place % len(DAMAGE)]
            lines = [GOOD[0], *([*line[:place], text, *line[place + 1:]] if line[variant] == "gil" else line
                                for line in GOOD[1:])]
            with self.subTest(f"{name}={text}"):
                done = self.report(("\n".join(map(",".join, lines)) + "\n").encode(), b"{}")
                self.assertIn(done.returncode, (0, 2), done.stderr)

    @SETTINGS
    @given(st.binary(max_size=300))
    def test_any_bytes(self, data: bytes) -> None:
        self.path.write_bytes(data)
        self.assertEqual(2, called("compare", compare.main, self.path, self.good).returncode)


if __name__ == "__main__":
    unittest.main()
