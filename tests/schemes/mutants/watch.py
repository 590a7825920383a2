"""Runs one program of a means and says what it found, at its first word: a suite that goes on after a failure is ended
there, and one that says nothing for too long is taken to hang."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Sequence


class CalledWrongly(Exception):
    """The program refused its command line: nothing can be said about mutants."""


@dataclass(frozen=True)
class Limits:
    """Seconds: without a line of output, and in all."""

    silence: float
    total: float


@dataclass(frozen=True)
class Outcome:
    """found: "" when the program passed; else the case, "timeout" or how it ended."""

    found: str
    longest_silence: float
    total: float


def _start(command: Sequence[str], root: Path, address_space_gib: int) -> "subprocess.Popen[bytes]":
    limit = f"ulimit -v {address_space_gib << 20}; " if address_space_gib else ""
    return subprocess.Popen(["sh", "-c", f'ulimit -c 0; {limit}exec "$@"', "sh", *command], cwd=root,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            start_new_session=True)


def _end(child: "subprocess.Popen[bytes]") -> None:
    """The program and all processes that it has made."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    child.wait()
    if child.stdout is not None:
        child.stdout.close()


def _status(status: int) -> str:
    if status == 0:
        return ""
    if status < 0:
        return signal.Signals(-status).name
    if status == 1:
        return "exit status 1"
    raise CalledWrongly(f"exit status {status}")


def watch(command: Sequence[str], root: Path, failed: str, limits: Limits, address_space_gib: int = 0) -> Outcome:
    pattern = re.compile(failed.encode())
    child = _start(command, root, address_space_gib)
    assert child.stdout is not None
    begin = last = time.monotonic()
    longest = 0.0
    text = b""
    found: Optional[str] = None
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            while found is None:
                ready = selector.select(min(limits.silence, limits.total - (time.monotonic() - begin)))
                now = time.monotonic()
                longest, last = max(longest, now - last), now
                if not ready or now - begin > limits.total:
                    found = "timeout"
                    break
                piece = os.read(child.stdout.fileno(), 65536)
                text += piece
                match = pattern.search(text)
                if match is not None:
                    found = match.group(1).decode()
                elif not piece:
                    found = _status(child.wait())
        return Outcome(found or "", longest, time.monotonic() - begin)
    except CalledWrongly as error:
        raise CalledWrongly(f"{' '.join(command)}: {error}: {text[-300:].decode(errors='replace')}") from None
    finally:
        _end(child)
