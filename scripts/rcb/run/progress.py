"""How far a run is: counts rows as they come, shows a bar on a terminal and plain lines where output is piped."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Optional, TextIO, Tuple

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from rcb.answers.wording import counted, duration
from rcb.base.files import part_of
from rcb.rows.rows import split_line

LINE_EVERY_S = 10.0
LINE_EVERY_SHARE = 0.1
LINES_PER_RUN = 30


@dataclass(frozen=True)
class Count:
    """Trials made so far, and those among them that are invalid."""

    trials: int = 0
    invalid: int = 0


class RowCounter:
    """Counts the trials in a growing file of rows, reading each byte once. A trial that noise has spoiled is measured
    again and has several rows: its last one counts."""

    def __init__(self, rows: Path) -> None:
        self._rows = rows
        self._offset = 0
        self._places: Optional[Tuple[int, ...]] = None
        self._invalid: Dict[Tuple[str, str], bool] = {}

    def update(self) -> Count:
        data = b""
        # The file changes its name once, when it is complete; its bytes stay.
        for path in (part_of(self._rows), self._rows):
            try:
                with path.open("rb") as file:
                    file.seek(self._offset)
                    data = file.read()
                break
            except OSError:
                continue
        end = data.rfind(b"\n") + 1
        self._offset += end
        for line in data[:end].splitlines():
            self._take(line)
        return Count(len(self._invalid), sum(self._invalid.values()))

    def _take(self, line: bytes) -> None:
        try:
            fields = split_line(line.decode("utf-8", errors="replace"))
        except ValueError:
            return
        if self._places is None:
            names = ("cell", "repetition", "status")
            self._places = tuple(fields.index(name) if name in fields else 0 for name in names)
        elif max(self._places) < len(fields):
            cell, repetition, status = (fields[place] for place in self._places)
            if status != "skipped":
                self._invalid[cell, repetition] = status == "invalid"


class Display:
    """Plain lines: every tenth of the way, or every ten seconds where that comes first (less often in long runs)."""

    def __init__(self, name: str, total: int, out: TextIO, expected_s: float = 0.0) -> None:
        self._name = name
        self._total = max(1, total)
        self._out = out
        self._every_s = max(LINE_EVERY_S, expected_s / LINES_PER_RUN)
        self._began: Optional[float] = None
        self._first = 0
        self._said_at = time.monotonic()
        self._said_share = 0.0

    def retotal(self, total: int) -> None:
        self._total = max(1, total)

    def show(self, count: Count, process: int) -> None:
        now = time.monotonic()
        if self._began is None:
            self._began, self._first = now, count.trials
        share = count.trials / self._total
        if now - self._said_at < self._every_s and share - self._said_share < LINE_EVERY_SHARE and share < 1.0:
            return
        if share == self._said_share:
            return
        self._said_at, self._said_share = now, share
        self._say(count, process, share, self._left(count, now))

    def _left(self, count: Count, now: float) -> Optional[float]:
        made = count.trials - self._first
        if made <= 0 or self._began is None:
            return None
        return (now - self._began) / made * max(0, self._total - count.trials)

    def _say(self, count: Count, process: int, share: float, left: Optional[float]) -> None:
        invalid = f", {count.invalid} invalid" if count.invalid else ""
        eta = f", about {duration(left)} left" if left and left >= 1.0 else ""
        print(f"{self._name}: {count.trials} of {counted(self._total, 'trial')} ({share:.0%}){invalid}, "
              f"process {process + 1}{eta}", file=self._out, flush=True)

    def note(self, text: str) -> None:
        """A message of the binary."""
        print(text, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Ends the display."""


class BarDisplay(Display):
    """A bar on a terminal, drawn only when asked: a display that animates itself would disturb what is measured."""

    def __init__(self, name: str, total: int, out: TextIO) -> None:
        super().__init__(name, total, out)
        self._console = Console(file=out)
        self._bar = Progress(TextColumn("{task.description}"), BarColumn(bar_width=None), MofNCompleteColumn(),
                             TextColumn("trials, left"), TimeRemainingColumn(compact=True), console=self._console,
                             auto_refresh=False, transient=True)
        self._task = self._bar.add_task(name, total=self._total)
        self._bar.start()

    def retotal(self, total: int) -> None:
        super().retotal(total)
        self._bar.update(self._task, total=self._total)

    def show(self, count: Count, process: int) -> None:
        invalid = f", {count.invalid} invalid" if count.invalid else ""
        self._bar.update(self._task, completed=count.trials,
                         description=f"{self._name}: process {process + 1}{invalid}")
        self._bar.refresh()

    def note(self, text: str) -> None:
        self._console.print(escape(text), highlight=False, soft_wrap=True)

    def close(self) -> None:
        self._bar.stop()


def display(name: str, total: int, out: TextIO, expected_s: float) -> Display:
    """A bar where out is a terminal that can draw one, else lines."""
    if out.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        return BarDisplay(name, total, out)
    return Display(name, total, out, expected_s)
