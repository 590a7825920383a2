"""The ways a command ends early, and the one place that turns them into a line and an exit status."""

from __future__ import annotations

import sys
from typing import Callable, Sequence

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_NOISE = 3  # the binary has the same: all was measured, and noise has left a trial without a good row
EXIT_INTERRUPTED = 130


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


def describe_os_error(error: OSError) -> str:
    """An operating system's error in one line that names the file where there is one."""
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason


def guarded(name: str, command: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    """Runs a command and returns its exit status; its errors become one line on standard error."""
    try:
        return command(arguments)
    except RelayedUsageError as error:
        print(error, file=sys.stderr)
        return error.status
    except CommandError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return error.status
    except BrokenPipeError:
        # The reader of our output has gone; keep the interpreter from complaining about it at exit.
        sys.stdout = None  # type: ignore[assignment]
        return EXIT_FAILED
    except OSError as error:
        print(f"{name}: {describe_os_error(error)}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
