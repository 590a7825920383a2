"""Schema version 1 of the rows: the columns in their order, and what kind of value each holds, read from
bench/rows/columns.def."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, Optional, Tuple

from rcb.base.errors import UsageError

SCHEMA = "1"
COLUMNS_DEF = Path(__file__).resolve().parents[3] / "bench" / "rows" / "columns.def"
# A file must have the columns up to this one; those after it came with the same version and may be absent.
LAST_REQUIRED = "reason"
TYPES = {"text": str, "list": str, "id": str, "whole": int, "count": float, "signed": float, "real9": float,
         "real6": float, "real4": float}
SUMMARIES = ("none", "median", "typical", "sum", "total", "most", "least", "label", "measures")


@dataclass(frozen=True)
class Column:
    """One column. kind: int where each row has a whole number, float for a number that may be absent, str for text."""

    section: str
    name: str
    unit: str
    kind: type
    summary: str
    meaning: str


_COLUMN = re.compile(r'COLUMN\((?P<name>[a-z0-9_]+), "(?P<unit>[^"\\]+)", (?P<type>[a-z0-9]+), .*, '
                     r'(?P<summary>[a-z]+), "(?P<meaning>[^"\\]+)"\)')
_SECTION = re.compile(r'SECTION\("([^"\\]+)"\)')


def columns_of(text: str) -> Iterator[Column]:
    """The columns of columns.def. UsageError names the first line that is none."""
    comment, _, lines = text.partition("*/\n")
    section = ""
    for number, line in enumerate(lines.splitlines(), comment.count("\n") + 2):
        found = _SECTION.fullmatch(line)
        if found:
            section = found[1]
        elif line and not line.startswith("#"):
            found = _COLUMN.fullmatch(line)
            if not found or found["type"] not in TYPES or found["summary"] not in SUMMARIES:
                raise UsageError(f"{COLUMNS_DEF}:{number}: not a column: {line[:60]}; accepted: COLUMN(name, \"unit\", "
                                 f"type, known, value, summary, \"meaning\") with a type of {', '.join(TYPES)} and a "
                                 f"summary of {', '.join(SUMMARIES)}")
            yield Column(section, found["name"], found["unit"], TYPES[found["type"]], found["summary"],
                         found["meaning"])


ALL: Tuple[Column, ...] = tuple(columns_of(COLUMNS_DEF.read_text(encoding="utf-8")))
COLUMNS = tuple(one.name for one in ALL)
REQUIRED = COLUMNS[:COLUMNS.index(LAST_REQUIRED) + 1]
LATER = COLUMNS[len(REQUIRED):]
TEXT = tuple(one.name for one in ALL if one.kind is str)
WHOLE = tuple(one.name for one in ALL if one.kind is int)

# The name of a runtime or library that is not ours begins so: it is in the table of cells, and not among our variants.
PEER = "peer:"

MEASURED = ("ok", "oversubscribed")
STATUSES = MEASURED + ("invalid", "skipped")
# Nothing that is measured here is larger or, but for 0, smaller; what is stands for a field that was damaged.
SMALLEST, LARGEST = 1e-30, 1e30
# Files have this for no parameters: an empty field is a number that is missing to those who read them. Here it is "".
NO_PARAMS = "-"
CELL = ["driver", "workload", "params", "variant", "threads", "placement"]


def params_of(workload: str, text: str) -> str:
    """The parameters of a row as they are called today: cells of older runs keep their place beside newer ones."""
    if text == NO_PARAMS:
        return ""
    if workload == "pair" and text == "set=1":
        return "set=1;code=inline"
    if workload == "mixed" and text.startswith("p="):
        return f"order=random;{text}"
    return text


def pairs(text: str) -> Dict[str, str]:
    """The values by key of a field of the form key=value joined by ;, such as params and measures."""
    parts = (part.partition("=") for part in text.split(";"))
    return {key: value for key, sign, value in parts if sign}


def parameter(params: str, name: str) -> Optional[float]:
    """The number that a parameter has; None where it is absent or no number."""
    try:
        value = float(pairs(params).get(name, ""))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def without(params: str, name: str) -> str:
    """The other parameters."""
    return ";".join(part for part in params.split(";") if part.partition("=")[0] != name)
