"""The tables of docs/schema.md: written from columns.def between two lines of the page, whose other text is prose.

    python3 -m rcb.rows.schema_page FILE    writes them into the page"""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path
from typing import List

from rcb.rows.schema import ALL, Column

BEGIN = "<!-- From bench/rows/columns.def: cmake --build build/release --target schema_page -->\n"
END = "<!-- End of what comes from columns.def -->\n"


def _summary(column: Column) -> str:
    return "" if column.summary == "none" else f" [{column.summary}]"


def tables() -> str:
    lines: List[str] = []
    for section, columns in groupby(ALL, lambda one: one.section):
        lines += ["", f"### {section}", "", "| column | unit | meaning and source |", "|---|---|---|"]
        lines += [f"| `{one.name}` | {one.unit} | {one.meaning}{_summary(one)} |" for one in columns]
    return "\n".join([*lines, "", ""])


def with_tables(page: str) -> str:
    """The page with the tables of today."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks the line {(END if begin else BEGIN).strip()}")
    return before + begin + tables() + end + after


def main() -> None:
    page = Path(sys.argv[1])
    page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
