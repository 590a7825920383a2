"""The ways a command ends early, and the one place that turns them into a line and an exit status."""

from __future__ import annotations

import errno
import importlib
import signal
import sys
from types import FrameType
from typing import Callable, Optional, Sequence

from rcb.base import streams
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_NOISE = 3  # the binary has the same: all was measured, and noise has left a trial without a good row
EXIT_INTERRUPTED = 130

# What asks a command to end. One that is ignored when it begins stays so: nohup does that, and a shell in the background.
SIGNALS = tuple(one for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
                if signal.getsignal(one) is not signal.SIG_IGN)


class CommandError(Exception):
    """Ends the command: its text is the line that people see, its status is what the shell sees."""

    status = EXIT_FAILED


class UsageError(CommandError):
    """The command line, or a file that it names, is not what the command accepts."""

    status = EXIT_USAGE


class RelayedUsageError(UsageError):
    """A usage error of the binary, whose own line already names itself."""


def not_accepted(flag: str, value: object, what: str, accepted: str) -> str:
    """The one shape of a usage error: flag, value, what it is not, and what is accepted."""
    return f"{flag}: '{value}' is not {what}; accepted: {accepted}"


class Signalled(KeyboardInterrupt):
    """A signal asked the command to end."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def _raise(number: int, _frame: Optional[FrameType]) -> None:
    raise Signalled(number)


def describe_os_error(error: OSError) -> str:
    """An operating system's error in one line that names the file where there is one."""
    reason = error.strerror or str(error)
    if error.errno == errno.EAGAIN and not error.filename:
        reason = f"no further process can be started (ulimit -u, or the limit of a container): {reason}"
    return f"{error.filename}: {reason}" if error.filename else reason


def _line_of(error: BaseException) -> Optional[str]:
    """What to say of an error that is no fault of the program; None of one that is."""
    if isinstance(error, CommandError):
        return str(error)
    if isinstance(error, OSError):
        return describe_os_error(error)
    if isinstance(error, MemoryError):
        return "not enough memory (ulimit -v, or the limit of a container)"
    if isinstance(error, ImportError):
        return f"{error.name or 'a module'} cannot be loaded: {error}"
    if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
        return "no further thread can be started (ulimit -u, or the limit of a container)"
    return None


def guarded(name: str, command: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    """Runs a command and returns its exit status; its errors become one line on standard error."""
    try:
        return command(arguments)
    except RelayedUsageError as error:
        print(error, file=sys.stderr)
        return error.status
    except KeyboardInterrupt as error:
        number = getattr(error, "number", signal.SIGINT)
        how = "interrupted" if number == signal.SIGINT else f"ended by {signal.Signals(number).name}"
        print(f"{name}: {how}", file=sys.stderr)
        return 128 + int(number)
    except Exception as error:  # pylint: disable=broad-except
        line = _line_of(error)
        if line is None:
            raise
        print(f"{name}: {line}", file=sys.stderr)
        return error.status if isinstance(error, CommandError) else EXIT_FAILED


def called(module: str, name: str, arguments: Sequence[str]) -> int:
    """A command as a process of its own, started by scripts/lib/start.py: imports the module and calls its main()."""
    output = streams.tidy_up()

    def command(given: Sequence[str]) -> int:
        main = importlib.import_module(module).main
        for one in SIGNALS:
            signal.signal(one, _raise)
        return int(main(given))

    status = guarded(name, command, arguments)
    for one in SIGNALS:
        signal.signal(one, signal.SIG_IGN)  # the status is known: nothing is left to end
    complaint = streams.complaint(output)
    if complaint:
        print(f"{name}: {complaint}", file=sys.stderr)
    return status or (EXIT_FAILED if complaint is not None else 0)
