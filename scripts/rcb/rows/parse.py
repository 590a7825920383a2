"""Reads the lines of a file of rows: in blocks of columns where all is well, line by line where it is not."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Dict, List, Optional, Sequence, Tuple

import numpy as np
import pandas as pd

from rcb.base.errors import UsageError
from rcb.rows.schema import COLUMNS, LARGEST, MEASURED, REQUIRED, SCHEMA, SMALLEST, STATUSES, TEXT, WHOLE

BLOCK = 1 << 24
SMALL = 64  # lines: up to these, columns cost more than they save
NEWLINE, QUOTE, COMMA, RETURN, ZERO = (ord(one) for one in "\n\",\r\0")
# Columns whose texts are nearly all different: sharing them would cost more than it saves.
UNIQUE = ("thread_ops", "thread_ns", "measures")
# Of these, only those of trials whose threads had different roles are ever looked at: the others are not kept.
OF_ROLES = ("thread_ops", "thread_ns")
COUNTED = ("process", "repetition")
POSITIVE = ("ns_per_op", "ops_per_s")


@dataclass(frozen=True)
class BadRow:
    """A line that is left out, and why."""

    line: int
    why: str


def _decoded(line: bytes) -> str:
    return line.rstrip(b"\r").decode("utf-8", errors="replace")


def split_line(text: str) -> List[str]:
    """The fields of one line; ValueError where its quoting is broken."""
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        raise ValueError(f"broken quoting ({error})") from error


def fields_of(line: bytes) -> List[str]:
    """The fields of one line as it is in a file. A row is one line: no field holds a line break."""
    text = _decoded(line)
    if "\0" in text:
        raise ValueError("zero bytes")
    return split_line(text)


def _check_header(path: Path, names: List[str]) -> None:
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise UsageError(f"{path}:1: missing column{'s' if len(missing) > 1 else ''} "
                         f"{', '.join(missing[:5])}{' …' if len(missing) > 5 else ''}; "
                         f"accepted: the columns of schema {SCHEMA} (docs/schema.md)")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"{path}:1: column {twice[0]} appears twice; accepted: each column once")


def _is_count(text: str) -> bool:
    # Longer ones would not fit the column; str.isdigit alone takes digits that int() does not.
    return text.isascii() and text.isdigit() and len(text) < 19


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _problem(row: Dict[str, str]) -> Optional[str]:
    """Why a row with the right number of fields cannot be used; None for a good one."""
    if row["schema"] != SCHEMA:
        return f"schema '{row['schema']}' is not a number"
    if row["status"] not in STATUSES:
        return f"status '{row['status']}' is none of {', '.join(STATUSES)}"
    if not row["variant"] or not row["workload"] or not row["driver"]:
        return "driver, workload or variant is empty"
    if not (_is_count(row["threads"]) and int(row["threads"]) > 0):
        return f"threads '{row['threads']}' is not a count"
    if row["status"] not in MEASURED:
        return None
    for name in COUNTED:
        if not _is_count(row[name]):
            return f"{name} '{row[name]}' is not a whole number"
    for name in POSITIVE:
        value = _number(row[name])
        if not SMALLEST <= value <= LARGEST:
            return f"{name} '{row[name]}' is not a positive number from {SMALLEST:g} to {LARGEST:g}"
    return None


def _whole(texts: pd.Series) -> pd.Series:
    """Whole numbers; -1 where there is none."""
    known = {text: int(text) if _is_count(text) else -1 for text in texts.unique()}
    return texts.map(known).astype("int64")


def _without_damage(values: np.ndarray) -> np.ndarray:
    """Numbers of a size that no measurement has become none, so that nobody divides by or draws them."""
    if values.dtype == np.float64:
        size = np.abs(values)
        values[(size > LARGEST) | ((size < SMALLEST) & (size > 0))] = math.nan
    return values


def _typed(texts: pd.DataFrame) -> pd.DataFrame:
    """Columns of texts as the kinds of value that they hold."""
    found = {}
    for name in texts.columns:
        if name in WHOLE:
            found[name] = _whole(texts[name])
        elif name in COLUMNS and name not in TEXT:
            found[name] = pd.to_numeric(texts[name], errors="coerce").astype("float64")
        else:
            found[name] = texts[name]
    return pd.DataFrame(found, index=texts.index)


def _line_ends(block: np.ndarray) -> np.ndarray:
    return np.flatnonzero(block == NEWLINE)


def _odd_lines(block: np.ndarray, ends: np.ndarray, commas: int) -> np.ndarray:
    """Which lines are not plainly rows: other characters, other quoting, another number of fields."""
    starts = np.concatenate([[0], ends[:-1] + 1])
    odd = ends == starts
    quotes = np.flatnonzero(block == QUOTE)
    strange = np.flatnonzero((block == ZERO) | (block == RETURN))
    separators = np.flatnonzero(block == COMMA)
    if len(quotes):
        line = np.searchsorted(ends, quotes)
        counts = np.bincount(line, minlength=len(ends))
        odd |= counts % 2 == 1
        # Within its line a quote at an even place opens a field, one at an odd place ends it; "" is both.
        place = np.arange(len(quotes)) - (np.cumsum(counts) - counts)[line]
        before, after = block[np.maximum(quotes - 1, 0)], block[np.minimum(quotes + 1, len(block) - 1)]
        begins = (before == COMMA) | (quotes == starts[line])
        closes = (after == COMMA) | (after == NEWLINE)
        fine = np.where(place % 2 == 0, begins, closes)
        odd[line[~fine]] = True
        # A comma after an even number of its line's quotes stands between fields. Lines with an odd number are out.
        seen = np.searchsorted(quotes, separators) - (np.cumsum(counts) - counts)[np.searchsorted(ends, separators)]
        separators = separators[seen % 2 == 0]
    found = np.bincount(np.searchsorted(ends, separators), minlength=len(ends))
    odd |= found != commas
    odd[np.searchsorted(ends, strange)] = True
    return odd


@dataclass
class Parser:
    """Collects the good rows of one file as tables with a column `line`, and its bad lines."""

    path: Path
    small: int = SMALL
    bad: List[BadRow] = field(default_factory=list)
    _names: List[str] = field(default_factory=list)
    _tables: List[pd.DataFrame] = field(default_factory=list)
    _shared: Dict[str, str] = field(default_factory=dict)

    def parse(self, file: BinaryIO) -> None:
        self._header(file.readline())
        number, rest = 2, b""
        while True:
            read = file.read(BLOCK)
            block, end, tail = (rest + read).rpartition(b"\n")
            if end:
                number += self._block(block.replace(b"\r\n", b"\n").rstrip(b"\r") + end, number)
                rest = tail
            else:
                rest = tail
            if not read:
                break
        if rest:
            self.bad.append(BadRow(number, "cut off: the line has no end"))

    def _header(self, line: bytes) -> None:
        accepted = f"accepted: the columns of schema {SCHEMA} (docs/schema.md)"
        if not line:
            raise UsageError(f"{self.path}:1: the file is empty; {accepted}")
        if not line.endswith(b"\n"):
            raise UsageError(f"{self.path}:1: the header is unreadable (cut off: the line has no end); {accepted}")
        try:
            self._names = fields_of(line[:-1].removeprefix(b"\xef\xbb\xbf"))
        except ValueError as error:
            raise UsageError(f"{self.path}:1: the header is unreadable ({error}); {accepted}") from error
        _check_header(self.path, self._names)

    def _block(self, block: bytes, number: int) -> int:
        """Takes the whole lines of a block, of which the first has a number; returns how many there were."""
        values = np.frombuffer(block, dtype=np.uint8)
        ends = _line_ends(values)
        odd = _odd_lines(values, ends, len(self._names) - 1)
        numbers = np.arange(number, number + len(ends))
        if odd.any():
            lengths = np.diff(np.concatenate([[-1], ends]))
            plain = values[np.repeat(~odd, lengths)].tobytes()
        else:
            plain = block
        self._take(plain, numbers[~odd])
        if odd.any():
            lines = block.split(b"\n")
            self._slow([(int(numbers[place]), lines[place]) for place in np.flatnonzero(odd)])
        return len(ends)

    def _take(self, block: bytes, numbers: np.ndarray) -> None:
        """Takes lines that look like rows. Where one of them is bad the rest is still read by columns: in halves."""
        if len(numbers) <= self.small:
            self._slow(list(zip(numbers.tolist(), block.split(b"\n"))))
            return
        table = self._fast(block, numbers)
        if table is not None:
            self._tables.append(table)
            return
        half = len(numbers) // 2
        cut = int(_line_ends(np.frombuffer(block, dtype=np.uint8))[half - 1]) + 1
        self._take(block[:cut], numbers[:half])
        self._take(block[cut:], numbers[half:])

    def _fast(self, block: bytes, numbers: np.ndarray) -> Optional[pd.DataFrame]:
        """Good lines as a table; None when one of them is not, which the slow way then names."""
        kinds = {name: "float64" for name in COLUMNS if name not in TEXT}
        kinds.update({name: "category" for name in (*TEXT, *WHOLE) if name not in UNIQUE})
        kinds.update({name: "str" for name in UNIQUE})
        kinds["order"] = "float64"  # its texts are as many as the trials of a process
        try:
            found = pd.read_csv(io.BytesIO(block), header=None, names=self._names, index_col=False, engine="c",
                                dtype={name: kinds.get(name, "str") for name in self._names}, lineterminator="\n",
                                keep_default_na=False, skip_blank_lines=False, encoding_errors="replace",
                                na_values={name: [""] for name in self._names if kinds.get(name) == "float64"})
        except (ValueError, OverflowError):  # pandas' errors of parsing are ValueErrors
            return None
        if len(found) != len(numbers) or not self._good(found):
            return None
        return self._settled(found, numbers)

    @staticmethod
    def _good(found: pd.DataFrame) -> bool:
        """The rules of _problem(), by columns."""
        if set(found["schema"].cat.categories) - {SCHEMA} or set(found["status"].cat.categories) - set(STATUSES):
            return False
        if any("" in found[name].cat.categories for name in ("variant", "workload", "driver")):
            return False
        if not all(_is_count(text) and int(text) > 0 for text in found["threads"].cat.categories):
            return False
        order = found["order"]
        if not ((order.isna()) | ((order >= 0) & (order < 2 ** 53) & (order % 1 == 0))).all():
            return False
        used = found[found["status"].isin(MEASURED)]
        for name in COUNTED:
            if not all(map(_is_count, used[name].unique())):
                return False
        return all(bool(used[name].between(SMALLEST, LARGEST).all()) for name in POSITIVE)

    def _settled(self, found: pd.DataFrame, numbers: np.ndarray) -> pd.DataFrame:
        """Whole numbers for categories that hold them, shared texts for the others."""
        columns = {}
        for name in found.columns:
            column = found[name]
            if name == "order":
                columns[name] = column.fillna(-1).astype("int64")
            elif name in WHOLE:
                texts = column.cat.categories
                known = np.array([int(text) if _is_count(text) else -1 for text in texts], dtype="int64")
                columns[name] = known[column.cat.codes]
            elif column.dtype == "category":
                texts = [self._shared.setdefault(text, text) for text in column.cat.categories]
                columns[name] = np.array(texts, dtype=object)[column.cat.codes]
            else:
                columns[name] = column.to_numpy(copy=True)  # of its own, so that it goes when it is no longer needed
        if "roles" in columns:
            alone = np.array(["+" not in text for text in found["roles"].cat.categories])[found["roles"].cat.codes]
            for name in OF_ROLES:
                if name in columns:
                    columns[name][alone] = ""
        columns["line"] = numbers
        return pd.DataFrame(columns, copy=False)

    def _slow(self, lines: Sequence[Tuple[int, bytes]]) -> None:
        good: List[List[str]] = []
        numbers: List[int] = []
        for number, line in lines:
            if not _decoded(line):
                continue
            try:
                fields = fields_of(line)
                self._check(fields, number)
            except ValueError as error:
                self.bad.append(BadRow(number, str(error)))
                continue
            good.append(fields)
            numbers.append(number)
        if good:
            table = _typed(pd.DataFrame(good, columns=self._names, dtype=object))
            if "roles" in table:
                alone = ~table["roles"].str.contains("+", regex=False)
                table.loc[alone, [name for name in OF_ROLES if name in table]] = ""
            self._tables.append(table.assign(line=np.array(numbers)))

    def _check(self, fields: Sequence[str], number: int) -> None:
        if len(fields) != len(self._names):
            raise ValueError(f"{len(fields)} fields instead of {len(self._names)}")
        row = dict(zip(self._names, fields))
        if row["schema"] != SCHEMA and row["schema"].isdigit():
            raise UsageError(f"{self.path}:{number}: schema '{row['schema']}' is not a version that this reads; "
                             f"accepted: {SCHEMA}")
        problem = _problem(row)
        if problem is not None:
            raise ValueError(problem)

    def frame(self, more: Sequence[str] = ()) -> pd.DataFrame:
        """All good rows in the order of their lines; the columns of the schema that the file lacks are empty, and so are
        `more` columns of numbers: one that is added afterwards costs a copy of all numbers, sooner or later."""
        empty = pd.DataFrame({name: pd.Series(dtype=object) for name in self._names})
        tables = self._tables or [_typed(empty).assign(line=pd.Series(dtype="int64"))]
        self._tables = []
        lines = np.concatenate([table["line"].to_numpy() for table in tables])
        place = None if (np.diff(lines) > 0).all() else np.argsort(lines, kind="stable")
        kinds: Dict[np.dtype, List[str]] = {}
        for name in tables[0].columns:
            kinds.setdefault(tables[0][name].dtype, []).append(name)
        for name in COLUMNS:
            if name not in tables[0].columns:
                kinds.setdefault(np.dtype(object) if name in TEXT else np.dtype(float), []).append(name)
        kinds.setdefault(np.dtype(float), []).extend(more)
        # All columns of a kind in one array, which is what pandas makes of them sooner or later, with a copy of
        # everything; and each is dropped where it was.
        parts = []
        for kind, names in kinds.items():
            block = np.full((len(names), len(lines)), "" if kind == object else math.nan if kind == float else 0, kind)
            for row, name in zip(block, names):
                if name in tables[0].columns:
                    np.concatenate([table.pop(name).to_numpy() for table in tables], out=row)
                    row[:] = _without_damage(row if place is None else row[place])
            parts.append(pd.DataFrame(block.T, columns=names, copy=False))
        return pd.concat(parts, axis=1, copy=False)
