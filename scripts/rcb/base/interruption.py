"""Ctrl-C and its like, while a child measures."""

from __future__ import annotations

import signal
import subprocess
import time
from types import FrameType, TracebackType
from typing import List, Optional, Tuple, Type

from rcb.base.errors import EXIT_INTERRUPTED, SIGNALS


class Interruption:
    """While it is entered, the first Ctrl-C (or SIGTERM, SIGHUP) asks the child to end after its window, the second
    kills it. The child sits in a session of its own, so that the terminal does not signal it as well."""

    def __init__(self) -> None:
        self.signal: Optional[int] = None
        self.since = 0.0
        self.child: Optional["subprocess.Popen[bytes]"] = None
        self._before: List[Tuple[int, object]] = []

    def __enter__(self) -> "Interruption":
        self._before = [(number, signal.signal(number, self._handle)) for number in SIGNALS]
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        for number, before in self._before:
            signal.signal(number, before)  # type: ignore[arg-type]

    def _handle(self, number: int, _frame: Optional[FrameType]) -> None:
        first = self.signal is None
        if first:
            self.signal, self.since = number, time.monotonic()
        if self.child is not None:
            self.child.send_signal(signal.SIGTERM if first else signal.SIGKILL)

    @property
    def happened(self) -> bool:
        return self.signal is not None

    @property
    def status(self) -> int:
        """The exit status that a shell expects after this signal."""
        return EXIT_INTERRUPTED if self.signal in (None, signal.SIGINT) else 128 + int(self.signal or 0)
