"""The list of mutants that are known to survive, each with its reason: survivors.txt.

    variants/schemes/biased.h rc_incref compare
      - the line before
      + the line after
      equivalent: why no program can tell the two apart

The reason is one of REASONS, and may go on in the next lines. Several mutants with one reason stand together: further
"+" lines for the same line before, further "-" lines after them. "+2" is the second mutant that looks like this. Lines
that begin with "#" are comments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple

EQUIVALENT = "equivalent"  # no program can tell: not counted
REASONS = (EQUIVALENT,
           "kept",  # can be told apart, and is not worth a test: the reason says why
           "open")  # should be found, and is not yet: the reason says by what it could be

Key = Tuple[str, str, str, str, str, int]
_HEAD = re.compile(r"(\S+) (\S+) (\w+)")
_AFTER = re.compile(r"\+(\d*) (.*)")
_REASON = re.compile(rf"({'|'.join(REASONS)}): (\S.*)")


class ListError(Exception):
    """The list is not what it should be; says where."""


@dataclass(frozen=True)
class Entry:
    """One listed survivor."""

    key: Key
    kind: str
    reason: str
    line: int


def _entries(lines: List[Tuple[int, str]], path: str) -> Iterator[Entry]:
    """One block: its head, the lines before and after, the reason."""
    number, head = lines[0]
    found = _HEAD.fullmatch(head)
    before = ""
    keys: List[Tuple[int, Key]] = []
    rest = [(at, text.strip()) for at, text in lines[1:]]
    while found is not None and rest and (rest[0][1].startswith("- ") or before and _AFTER.fullmatch(rest[0][1])):
        at, text = rest.pop(0)
        after = _AFTER.fullmatch(text)
        if after is None:
            before = text[2:]
        else:
            keys.append((at, (found[1], found[2], found[3], before, after[2], int(after[1] or 1))))
    if not keys:
        raise ListError(f"{path}:{number}: not 'FILE FUNCTION OPERATOR', '- before', '+ after', 'KIND: reason'")
    reason = _REASON.fullmatch(" ".join(text for _, text in rest))
    if reason is None:
        raise ListError(f"{path}:{number}: no reason; accepted: {', '.join(REASONS)}, each followed by ': ' and why")
    for at, key in keys:
        yield Entry(key, reason[1], reason[2], at)


def read(path: Path) -> Dict[Key, Entry]:
    entries: Dict[Key, Entry] = {}
    block: List[Tuple[int, str]] = []
    for number, line in enumerate([*path.read_text(encoding="utf-8").splitlines(), ""], 1):
        if line.strip() and not line.startswith("#"):
            block.append((number, line))
        elif block and not line.strip():
            for entry in _entries(block, path.name):
                if entry.key in entries:
                    raise ListError(f"{path.name}:{entry.line}: listed twice")
                entries[entry.key] = entry
            block = []
    return entries


def written(key: Key, reason: Optional[str] = None) -> str:
    """An entry as the list has it, for people to copy there."""
    file, function, operator, before, after, twin = key
    number = twin if twin > 1 else ""
    return f"{file} {function} {operator}\n  - {before}\n  +{number} {after}\n  {reason or 'KIND: REASON'}\n"
