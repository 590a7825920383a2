"""Standard output and standard error as commands want them: what cannot be written there never ends a command that has
trials to make or a report to write, and what an encoding lacks is spelled in ASCII."""

from __future__ import annotations

import codecs
import errno
import io
import os
import select
import sys
from typing import Any, Optional, Tuple

SPELLED = {"×": "x", "÷": "/", "µ": "u", "–": "-", "−": "-", "κ": "kappa", "≈": "~", "σ": "sigma", "·": "*", "…": "...",
           "λ": "lambda", "→": "->", "±": "+-", "▲": "^", "▼": "v"}
HANDLER = "rcb.spelled"


def _spelled(error: UnicodeError) -> Tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    return "".join(SPELLED.get(one, "?") for one in error.object[error.start:error.end]), error.end


class Raw(io.RawIOBase):
    """A descriptor that swallows what cannot be written, and keeps the first error."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number
        self.error: Optional[OSError] = None

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._number

    def isatty(self) -> bool:
        return os.isatty(self._number)

    def write(self, data: Any) -> int:
        left = memoryview(data).cast("B")
        size = len(left)
        while len(left) and self.error is None:
            try:
                left = left[os.write(self._number, left):]
            except BlockingIOError:
                select.select([], [self._number], [])
            except OSError as error:
                self.error = error
        return size


def _opened(number: int, before: Any) -> Tuple[Raw, io.TextIOWrapper]:
    raw = Raw(number)
    encoding = getattr(before, "encoding", None) or "utf-8"
    interactive = number == 2 or raw.isatty()
    return raw, io.TextIOWrapper(io.BufferedWriter(raw), encoding, HANDLER, line_buffering=interactive)


def tidy_up() -> Raw:
    """Puts both in place of Python's own; returns what lies under standard output."""
    codecs.register_error(HANDLER, _spelled)
    output, sys.stdout = _opened(1, sys.stdout)
    _, sys.stderr = _opened(2, sys.stderr)
    return output


def complaint(output: Raw) -> Optional[str]:
    """What to say of standard output at the end: nothing where all went well, "" where its reader has gone."""
    sys.stdout.flush()
    if output.error is None:
        return None
    return "" if output.error.errno == errno.EPIPE else f"standard output cannot be written: {output.error.strerror}"
