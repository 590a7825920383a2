"""Tests of the reader of rows: good rows as they are, bad ones counted and named, foreign files refused."""

from __future__ import annotations

import unittest
from pathlib import Path
from unittest import mock

import many_rows
from support import ROOT, ScratchTest, row, write_rows

from rcb.answers.summary import summarise
from rcb.base.errors import UsageError
from rcb.rows import parse, schema
from rcb.rows.parse import fields_of
from rcb.rows.rows import ADDED, read
from rcb.rows.schema import COLUMNS
from rcb.rows.schema_page import with_tables


class GoodRows(ScratchTest):
    def test_values_arrive(self) -> None:
        reason = 'a "quoted", reason'
        path = write_rows(self.scratch / "rows.csv", [
            row(variant="atomic", ns_per_op=2.5, repetition=4),
            row(status="skipped", reason=reason, ns_per_op=1, process="", repetition=""),
        ])
        found = read(path)
        self.assertEqual(((), 2), (found.bad, len(found.frame)))
        self.assertEqual(2.5, found.frame.loc[0, "ns_per_op"])
        self.assertEqual(4, found.frame.loc[0, "repetition"])
        self.assertEqual("18446744073709551615", found.frame.loc[0, "seed"])
        self.assertEqual(reason, found.frame.loc[1, "reason"])
        self.assertEqual(1, len(found.measured()))

    def test_columns_may_follow(self) -> None:
        path = write_rows(self.scratch / "rows.csv", [row()])
        header, line = path.read_text(encoding="utf-8").splitlines()
        path.write_text(f"{header},later\n{line},9\n", encoding="utf-8")
        self.assertEqual("9", read(path).frame.loc[0, "later"])

    def test_windows_line_ends(self) -> None:
        path = write_rows(self.scratch / "rows.csv", [row()])
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        self.assertEqual(((), 1), (read(path).bad, len(read(path).frame)))


class BadRows(ScratchTest):
    def bad(self, change: bytes, place: int = 2) -> str:
        """Puts a line into good rows and returns why it is left out."""
        path = write_rows(self.scratch / "rows.csv", [row(), row(repetition=1)])
        parts = path.read_bytes().split(b"\n")
        parts.insert(place, change)
        path.write_bytes(b"\n".join(parts))
        found = read(path)
        self.assertEqual((2, 1), (len(found.frame), len(found.bad)))
        self.assertEqual(place + 1, found.bad[0].line)
        return found.bad[0].why

    def line(self, **values: object) -> bytes:
        path = write_rows(self.scratch / "line.csv", [row(repetition=9, **values)])
        return path.read_bytes().splitlines()[1]

    def test_each_kind_is_named(self) -> None:
        for change, why in (
            (b"1,2,3", "3 fields instead of"),
            (b'1,"open', "quoting"),
            (b"\0\0\0", "zero bytes"),
            (self.line(status="fine"), "status 'fine'"),
            (self.line(threads="x"), "threads 'x'"),
            (self.line(ns_per_op="nan", ops_per_s=1), "ns_per_op 'nan'"),
            (self.line(ns_per_op=-1.0), "ns_per_op '-1.0'"),
            (self.line(ops_per_s=""), "ops_per_s ''"),
            (self.line(process="x"), "process 'x'"),
            (self.line(variant=""), "variant is empty"),
            (self.line(schema="x"), "schema 'x'"),
            (self.line().replace(b",9,", b",1,", 1), "the same trial"),
        ):
            with self.subTest(why=why):
                self.assertIn(why, self.bad(change, 3 if "same" in why else 2))

    def test_the_last_line_may_be_cut_anywhere(self) -> None:
        whole = write_rows(self.scratch / "rows.csv", [row(), row(repetition=1)]).read_bytes()
        last = whole[: whole.rindex(b"\n")].rindex(b"\n") + 1
        for end in range(last + 1, len(whole)):
            (self.scratch / "cut.csv").write_bytes(whole[:end])
            found = read(self.scratch / "cut.csv")
            self.assertEqual((1, 1), (len(found.frame), len(found.bad)))


class ManyRows(ScratchTest):
    def test_are_read_by_columns_whatever_single_lines_hold(self) -> None:
        path = many_rows.write(self.scratch / "trials.csv", 20_000)
        lines = path.read_bytes().split(b"\n")
        lines[7000] = lines[7000].replace(b",ok,", b",fine,")
        lines[12000] = lines[12000].replace(b"made-up", b"made-\xc3\xbcp")
        lines[15000] = lines[14999]
        path.write_bytes(b"\n".join(lines)[:-30])
        one_by_one = []
        with mock.patch.object(parse, "fields_of", side_effect=lambda line: one_by_one.append(line) or fields_of(line)):
            found = read(path, allow_mixed=True)
        self.assertEqual([7001, 15001, 20001], [bad.line for bad in found.bad])
        self.assertEqual(20_000 - 3, len(found.frame))
        self.assertEqual(1, int((found.frame["host"] == "made-\u00fcp").sum()))
        self.assertEqual(list(range(2, 20_001)), sorted([*found.frame["line"], 7001, 15001]))
        self.assertLess(len(one_by_one), 100)
        self.assertEqual(len(many_rows.cells()), len(summarise(found).cells))


class ForeignFiles(ScratchTest):
    def refused(self, data: bytes, *parts: str) -> None:
        path = self.scratch / "trials.csv"
        path.write_bytes(data)
        with self.assertRaises(UsageError) as caught:
            read(path)
        for part in parts:
            self.assertIn(part, str(caught.exception))
        done = self.call("report", self.scratch)
        self.assertEqual(2, done.returncode)
        self.assert_one_line(done.stderr, *parts)

    def test_empty(self) -> None:
        self.refused(b"", "trials.csv:1", "empty")

    def test_missing_columns(self) -> None:
        header = ",".join(name for name in COLUMNS if name not in ("jain", "status")).encode()
        self.refused(header + b"\n", "trials.csv:1", "missing columns jain, status")

    def test_another_version(self) -> None:
        data = write_rows(self.scratch / "rows.csv", [row(), row(schema=2)]).read_bytes()
        self.refused(data, "trials.csv:3", "schema '2'", "accepted: 1")

    def test_no_rows_directory(self) -> None:
        for directory in (self.scratch / "absent", self.scratch):
            done = self.call("report", directory)
            self.assertEqual(2, done.returncode)
            self.assert_one_line(done.stderr, str(directory), "accepted")


class Columns(unittest.TestCase):
    def test_none_is_overwritten_by_what_the_reader_adds(self) -> None:
        self.assertEqual(set(), set(COLUMNS) & set(ADDED))

    def test_the_page_has_the_columns_of_today(self) -> None:
        page = (ROOT / "docs" / "schema.md").read_text(encoding="utf-8")
        self.assertEqual(with_tables(page), page, "cmake --build build/release --target schema_page writes it anew")

    def test_a_line_that_is_no_column(self) -> None:
        text = schema.COLUMNS_DEF.read_text(encoding="utf-8")
        last = text.splitlines()[-1]
        for line in (last.replace(", count,", ", integer,"), last.replace(", none,", ", mean,"), " " + last, last[:-1]):
            with self.subTest(line), self.assertRaisesRegex(UsageError, f":{text.count(chr(10)) + 1}: not a column: "):
                list(schema.columns_of(text + line + "\n"))


if __name__ == "__main__":
    unittest.main()
