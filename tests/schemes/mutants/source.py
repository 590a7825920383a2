"""One C source file as the mutator sees it: tokens, matching brackets, functions, statements.

Not a C parser: it knows as much of the language as the files of variants/ and core/ use. Comments, strings and
preprocessor lines are no tokens, so nothing in them is ever mutated. What it takes for a statement and is none does
not compile after the mutation, and counts as invalid."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Dict, Iterator, List, Optional, Tuple

_PATTERNS = (
    ("comment", r"/\*.*?\*/|//[^\n]*"),
    ("directive", r"^[ \t]*\#(?:\\\n|/\*.*?\*/|[^\n])*"),
    ("string", r'"(?:\\.|[^"\\\n])*"' + r"|'(?:\\.|[^'\\\n])*'"),
    ("name", r"[A-Za-z_]\w*"),
    ("number", r"\d\w*"),
    ("operator", r"->|\+\+|--|<<=|>>=|&&|\|\||[-+*/%&|^=!<>]=|<<|>>|\.\.\.|[^\s\w]"),
)
_SCANNER = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _PATTERNS), re.DOTALL | re.MULTILINE)
_CLOSERS = {"(": ")", "[": "]", "{": "}"}
_TYPE_WORDS = frozenset("struct union enum static const extern volatile unsigned signed int char long short void bool "
                        "double float size_t uintptr_t intptr_t typedef register _Static_assert".split())
_JUMPS = frozenset(("return", "break", "continue", "goto"))


@dataclass(frozen=True)
class Token:
    """A word of the language, and where it stands in the text."""

    kind: str
    text: str
    start: int
    end: int


@dataclass
class Statement:
    """kind: block, if, while, for, do, jump, declaration, expression. All places are indices of tokens, the last one
    included; `condition` is what stands in the parentheses."""

    kind: str
    first: int
    last: int
    condition: Optional[Tuple[int, int]] = None
    body: Optional["Statement"] = None
    children: List["Statement"] = field(default_factory=list)

    def walk(self) -> Iterator["Statement"]:
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Function:
    """A function's name and body."""

    name: str
    body: Statement


def tokenize(text: str) -> List[Token]:
    return [Token(match.lastgroup, match.group(), match.start(), match.end())  # type: ignore[arg-type]
            for match in _SCANNER.finditer(text) if match.lastgroup not in ("comment", "directive", "string")]


class Source:
    """A file's text with what was found in it."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.tokens = tokenize(text)
        self._lines = [0] + [at + 1 for at, character in enumerate(text) if character == "\n"]
        self._partner = self._match()
        self.functions = list(self._find_functions())

    # ---- places ---------------------------------------------------------------------------------------------

    def word(self, index: int) -> str:
        return self.tokens[index].text if 0 <= index < len(self.tokens) else ""

    def line_of(self, position: int) -> int:
        return bisect_right(self._lines, position)

    def whole_lines(self, start: int, end: int) -> Tuple[int, int]:
        """The span of the lines on which text[start:end] stands."""
        stop = self.text.find("\n", end)
        return self.text.rfind("\n", 0, start) + 1, len(self.text) if stop < 0 else stop

    def function_at(self, index: int) -> str:
        """The function around a token; "-" outside of all."""
        for function in self.functions:
            if function.body.first <= index <= function.body.last:
                return function.name
        return "-"

    def statements(self) -> Iterator[Statement]:
        for function in self.functions:
            yield from function.body.walk()

    # ---- finding --------------------------------------------------------------------------------------------

    def _match(self) -> Dict[int, int]:
        partner: Dict[int, int] = {}
        opened: List[int] = []
        for index, token in enumerate(self.tokens):
            if token.text in _CLOSERS:
                opened.append(index)
            elif opened and token.text == _CLOSERS[self.tokens[opened[-1]].text]:
                partner[opened[-1]] = index
                partner[index] = opened.pop()
        return partner

    def _find_functions(self) -> Iterator[Function]:
        index = 0
        while index < len(self.tokens):
            if self.word(index) == "{" and index in self._partner:
                if self.word(index - 1) == ")" and index - 1 in self._partner:
                    yield Function(self.word(self._partner[index - 1] - 1), self._statement(index))
                index = self._partner[index]
            index += 1

    def _statement(self, at: int) -> Statement:
        word = self.word(at)
        if word == "{":
            return self._block(at)
        if word in ("if", "while", "for") and self.word(at + 1) == "(":
            return self._headed(word, at)
        if word == "do":
            body = self._statement(at + 1)
            opening = body.last + 2
            closing = self._partner[opening]
            return Statement("do", at, closing + 1, (opening + 1, closing - 1), body, [body])
        last = self._semicolon(at)
        if word in _JUMPS:
            return Statement("jump", at, last)
        return Statement("declaration" if self._declares(at) else "expression", at, last)

    def _block(self, at: int) -> Statement:
        last = self._partner[at]
        block = Statement("block", at, last)
        index = at + 1
        while index < last:
            block.children.append(self._statement(index))
            index = block.children[-1].last + 1
        return block

    def _headed(self, word: str, at: int) -> Statement:
        closing = self._partner[at + 1]
        condition: Optional[Tuple[int, int]] = (at + 2, closing - 1)
        if word == "for":
            begin = self._semicolon(at + 2) + 1
            condition = (begin, self._semicolon(begin) - 1)
        body = self._statement(closing + 1)
        statement = Statement(word, at, body.last, condition, body, [body])
        if word == "if" and self.word(body.last + 1) == "else":
            otherwise = self._statement(body.last + 2)
            statement.children.append(otherwise)
            statement.last = otherwise.last
        return statement

    def _semicolon(self, at: int) -> int:
        """The first semicolon that is in no bracket."""
        while at < len(self.tokens) - 1 and self.word(at) != ";":
            at = self._partner.get(at, at) + 1 if self.word(at) in _CLOSERS else at + 1
        return at

    def _declares(self, at: int) -> bool:
        if self.word(at) in _TYPE_WORDS:
            return True
        name = at + 1
        while self.word(name) in ("*", "const"):
            name += 1
        return self.tokens[at].kind == "name" and name < len(self.tokens) and self.tokens[name].kind == "name"
