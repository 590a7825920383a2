"""The mutation operators: one source file in, all its mutants out.

A mutant is one change that a tired programmer could have made. Each operator is a small generator of edits; OPERATORS
is the list of them. Orders of memory are in orders.py."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from typing import Callable, Dict, Iterator, List, Optional, Tuple

from orders import weaker
from source import Source, Statement

_SHOWN = 150  # characters of a line in a mutant's name; what is longer loses its middle


@dataclass(frozen=True)
class Edit:
    """text[start:end] becomes `text`. What people are shown begins at `shown`, when that is earlier."""

    start: int
    end: int
    text: str
    shown: Optional[int] = None


@dataclass(frozen=True)
class Mutant:
    """One edit of one file. It is known by its key, which says nothing of line numbers: the lines that it changes,
    before and after, and where they stand; `twin` counts mutants that look the same otherwise."""

    file: str
    function: str
    operator: str
    before: str
    after: str
    twin: int
    line: int
    edit: Edit
    was: str

    @property
    def key(self) -> Tuple[str, str, str, str, str, int]:
        return (self.file, self.function, self.operator, self.before, self.after, self.twin)

    @property
    def digest(self) -> str:
        return hashlib.sha256(repr(self.key).encode()).hexdigest()

    def applied(self, text: str) -> str:
        return text[: self.edit.start] + self.edit.text + text[self.edit.end:]

    def __str__(self) -> str:
        becomes = squeeze(self.edit.text, 60) or "(nothing)"
        return f"{self.file}:{self.line}: {self.operator}: {squeeze(self.was, 60)} -> {becomes}"


def squeeze(text: str, limit: int = _SHOWN) -> str:
    """On one line, and not longer than `limit`."""
    flat = " ".join(text.split())
    if len(flat) <= limit:
        return flat
    tail = limit // 3
    return f"{flat[: limit - tail - 5]} ... {flat[-tail:]}"


# ---- operators on single tokens ---------------------------------------------------------------------------------


def _swap(words: Dict[str, str], binary: bool = False) -> Callable[[Source], Iterator[Edit]]:
    """Replaces words by others; `binary`: only where they stand between two operands."""
    def operator(source: Source) -> Iterator[Edit]:
        for index, token in enumerate(source.tokens):
            if token.text in words and (not binary or _ends_operand(source, index - 1)):
                yield Edit(token.start, token.end, words[token.text])
    return operator


def _ends_operand(source: Source, index: int) -> bool:
    if index < 0 or source.word(index) in ("return", "case"):
        return False
    return source.tokens[index].kind in ("name", "number") or source.word(index) in (")", "]")


def _orders(source: Source) -> Iterator[Edit]:
    for index, token in enumerate(source.tokens):
        # Outside of functions the name is being defined.
        for name in weaker(token.text) if source.function_at(index) != "-" else ():
            yield Edit(token.start, token.end, name)


def _signs(source: Source) -> Iterator[Edit]:
    """The minus of a single operand."""
    for index, token in enumerate(source.tokens):
        if token.text == "-" and not _ends_operand(source, index - 1):
            yield Edit(token.start, token.end, "+")


def _constants(source: Source) -> Iterator[Edit]:
    for token in source.tokens:
        found = re.fullmatch(r"(0x[0-9a-fA-F]+|\d+)([uUlL]*)", token.text)
        if found is None:
            continue
        value = int(found.group(1), 0)
        for other in (value + 1, value - 1):
            if other >= 0:
                yield Edit(token.start, token.end, f"{other}{found.group(2)}")


# ---- operators on statements -------------------------------------------------------------------------------------


def _text(source: Source, first: int, last: int) -> str:
    return source.text[source.tokens[first].start: source.tokens[last].end]


def _whole(source: Source, first: int, last: int, text: str, shown: Optional[int] = None) -> Edit:
    return Edit(source.tokens[first].start, source.tokens[last].end, text,
                None if shown is None else source.tokens[shown].start)


def _conditions(source: Source) -> Iterator[Edit]:
    for statement in source.statements():
        if statement.condition is None or statement.kind == "for":
            continue
        first, last = statement.condition
        words = [source.word(index) for index in range(first, last + 1)]
        equalities = sum(word in ("==", "!=") for word in words)
        # Where the condition is one equality, turning that around says the same.
        if equalities == 1 and not {"&&", "||", "<", ">", "<=", ">="} & set(words):
            continue
        yield _whole(source, first, last, f"!({_text(source, first, last)})")


def _acts(source: Source, statement: Statement) -> bool:
    """Does the statement call something, or write where others may look? Local variables are not others."""
    if statement.kind != "expression" or source.word(statement.first) == "(":
        return False
    words = [source.word(index) for index in range(statement.first, statement.last)]
    calls = any(source.tokens[index].kind == "name" and source.word(index + 1) == "("
                for index in range(statement.first, statement.last))
    return calls or bool({"->", ".", "["} & set(words)) or words[:1] == ["*"]


def _statements(source: Source) -> Iterator[Edit]:
    for statement in source.statements():
        if _acts(source, statement):
            yield _whole(source, statement.first, statement.last, ";")


def _returns(source: Source) -> Iterator[Edit]:
    other = {"true": "false", "false": "true"}
    for statement in source.statements():
        word = source.word(statement.first + 1)
        if source.word(statement.first) == "return" and word in other and source.word(statement.first + 2) == ";":
            yield _whole(source, statement.first + 1, statement.first + 1, other[word], statement.first)


def _bodies(source: Source) -> Iterator[Edit]:
    for statement in source.statements():
        body = statement.body
        # A body of one statement that acts is deleted as a statement already.
        if statement.kind != "if" or body is None or _acts(source, body):
            continue
        yield _whole(source, body.first, body.last, "{}", statement.first)


def _loops(source: Source) -> Iterator[Edit]:
    """No round at all; of a do-while, the first one alone, its condition evaluated."""
    for statement in source.statements():
        if statement.kind not in ("while", "for", "do") or statement.condition is None:
            continue
        first, last = statement.condition
        if statement.kind == "do":
            yield _whole(source, first, last, f"(({_text(source, first, last)}), 0)")
        elif last < first:  # for (;;): between the two semicolons
            place = source.tokens[first].start
            yield Edit(place, place, "0")
        else:
            yield _whole(source, first, last, "0")


OPERATORS: Dict[str, Callable[[Source], Iterator[Edit]]] = {
    "order": _orders,
    "compare": _swap({"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">"}),
    "logic": _swap({"&&": "||", "||": "&&"}),
    "negate": _conditions,
    "delete": _statements,
    "return": _returns,
    "constant": _constants,
    "arithmetic": _swap({"+": "-", "-": "+", "+=": "-=", "-=": "+=", "++": "--", "--": "++"}, binary=True),
    "sign": _signs,
    "bits": _swap({"&": "|", "|": "&", "<<": ">>", ">>": "<<"}, binary=True),
    "body": _bodies,
    "loop": _loops,
}


# ---- mutants -----------------------------------------------------------------------------------------------------


def _mutant(source: Source, operator: str, edit: Edit, seen: Counter) -> Mutant:
    begin, end = source.whole_lines(edit.start if edit.shown is None else edit.shown, edit.end)
    before = squeeze(source.text[begin:end])
    after = squeeze(source.text[begin: edit.start] + edit.text + source.text[edit.end: end])
    function = next((source.function_at(index) for index, token in enumerate(source.tokens)
                     if token.start <= edit.start < token.end), "-")
    look = (function, operator, before, after)
    seen[look] += 1
    return Mutant(source.path, function, operator, before, after, seen[look], source.line_of(edit.start), edit,
                  source.text[edit.start: edit.end])


def mutants_of(path: str, text: str) -> List[Mutant]:
    """All mutants of one file, in the order of its text. No two of them are the same text."""
    source = Source(path, text)
    seen: Counter = Counter()
    results = {text}
    mutants = []
    for operator, edits in OPERATORS.items():
        for edit in edits(source):
            mutant = _mutant(source, operator, edit, seen)
            if mutant.applied(text) not in results:
                results.add(mutant.applied(text))
                mutants.append(mutant)
    return sorted(mutants, key=lambda mutant: (mutant.edit.start, mutant.edit.end))
