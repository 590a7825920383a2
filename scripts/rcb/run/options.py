"""The command line of scripts/run: its options, their checks, and the profiles. Standard library only, so that a
machine on which nothing is installed yet can refuse a wrong flag before anything is installed or built."""

from __future__ import annotations

import argparse
import difflib
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence

from rcb.base.errors import UsageError, not_accepted
from rcb.base.files import check_out
from rcb.runtimes.interpreters import all_given

ALLOCATORS = ("jemalloc", "system", "mimalloc")
EXPORTS = ("google-benchmark", "github-action")
PLACEMENTS = ("compact", "cores", "scatter", "numa", "none")
SEED_MAX = 2**64 - 1
WINDOW_MAX_MS = 600_000.0
COUNT_MAX = 1000
BUDGET_MAX_S = 30 * 86400.0


@dataclass(frozen=True)
class Profile:
    """How much a run measures; with a budget, repetitions follow from the time that there is."""

    name: str
    processes: int
    repetitions: int
    window_ms: float
    budget_s: Optional[float] = None
    repetitions_max: int = 0
    short_processes: int = 0  # further ones of the cells with one thread alone, while there is time
    precision_budget_s: float = 0.0  # of all trials, where --precision asks for more than was planned


PROFILES: Dict[str, Profile] = {
    "quick": Profile("quick", processes=8, repetitions=4, window_ms=20.0, budget_s=180.0, repetitions_max=8,
                     short_processes=6, precision_budget_s=600.0),
    "standard": Profile("standard", processes=5, repetitions=5, window_ms=100.0, precision_budget_s=7200.0),
    "full": Profile("full", processes=10, repetitions=10, window_ms=250.0, precision_budget_s=86400.0),
}


@dataclass(frozen=True)
class Options:
    """The command line as given; None where a flag was not given."""

    profile: Optional[str]
    variants: Optional[str]
    workloads: Optional[str]
    threads: Optional[str]
    placement: Optional[str]
    allocator: Optional[str]
    window: Optional[float]
    repetitions: Optional[int]
    processes: Optional[int]
    seed: Optional[int]
    precision: Optional[float]
    budget: Optional[float]
    out: Optional[Path]
    resume: Optional[Path]
    no_install: bool
    all_kinds: Optional[bool] = None
    peers: Optional[bool] = None
    python: Optional[List[str]] = None
    export: Sequence[str] = ()
    leave_out: Optional[str] = None
    oversubscribe: Optional[bool] = None
    filter: Optional[str] = None

    def given(self) -> Dict[str, Any]:
        """The flags that say what to measure, by name, as far as they were given."""
        names = ("profile", "variants", "workloads", "threads", "placement", "allocator", "window", "repetitions",
                 "processes", "seed", "precision", "budget", "all_kinds", "peers", "python", "oversubscribe", "filter")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


class _Once(argparse.Action):
    """Stores a value and refuses a second, different one."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any,
                 option_string: Optional[str] = None) -> None:
        before = getattr(namespace, self.dest)
        if before is not None and before != values:
            raise UsageError(f"{option_string}: '{before}' and '{values}' conflict; accepted: one value")
        setattr(namespace, self.dest, values)


class _Parser(argparse.ArgumentParser):
    """An argument parser whose help is the text file that the shell prints too, and whose errors are one line."""

    def format_help(self) -> str:
        return Path(__file__).with_name("run-help.txt").read_text(encoding="utf-8")

    def error(self, message: str) -> Any:
        match = re.match(r"argument ([^:]+): (.*)", message, re.DOTALL)
        if not match:
            raise UsageError(f"{message}; accepted: see scripts/run --help")
        flag, why = match.group(1).split("/")[-1], match.group(2)
        if why.startswith("expected"):
            why = "no value given; accepted: see scripts/run --help"
        elif why.startswith("ignored explicit argument"):
            why = "takes no value; accepted: the flag alone"
        raise UsageError(f"{flag}: {why}")


def _reject(value: str, what: str, accepted: str) -> argparse.ArgumentTypeError:
    # The flag's name is put in front by the parser's error().
    return argparse.ArgumentTypeError(not_accepted("", value, what, accepted)[2:])


def _nearest(value: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(value, names, n=1, cutoff=0.6)
    return f" (nearest: {close[0]})" if close else ""


def _one_of(what: str, names: Sequence[str]) -> Callable[[str], str]:
    def check(value: str) -> str:
        if value not in names:
            raise _reject(value, what, ", ".join(names) + _nearest(value, names))
        return value

    return check


def _count(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", value) or not 1 <= int(value) <= COUNT_MAX:
        raise _reject(value, "a count", f"a whole number from 1 to {COUNT_MAX}")
    return int(value)


def _seed(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,20}", value) or int(value) > SEED_MAX:
        raise _reject(value, "a seed", f"a whole number from 0 to {SEED_MAX}")
    return int(value)


def _window(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and 0 < number <= WINDOW_MAX_MS):
        raise _reject(value, "a window", f"milliseconds, above 0 and at most {WINDOW_MAX_MS:.0f}")
    return number


def _precision(value: str) -> float:
    """A share such as 0.02, or 2%."""
    match = re.fullmatch(r"(\d+\.?\d*|\.\d+)\s*(%?)", value)
    number = float(match.group(1)) / (100.0 if match.group(2) else 1.0) if match else math.nan
    if not 0 < number < 1:
        raise _reject(value, "a precision", "a share above 0 and below 1, such as 0.02 or 2%")
    return number


def _budget(value: str) -> float:
    """Seconds, from a time such as 90s, 10m or 2h."""
    match = re.fullmatch(r"(\d{1,9}(?:\.\d+)?)([smh])", value)
    number = float(match.group(1)) * {"s": 1.0, "m": 60.0, "h": 3600.0}[match.group(2)] if match else 0.0
    if not 0 < number <= BUDGET_MAX_S:
        raise _reject(value, "a budget", "a time above 0 with its unit, such as 90s, 10m or 2h, and at most 30 days")
    return number


def _names(value: str) -> str:
    if not re.fullmatch(r"[^\s,]+(,[^\s,]+)*", value):
        raise _reject(value, "a list of names", "names separated by commas, without blanks")
    return value


def _threads(value: str) -> str:
    accepted = "counts and ranges from 1 up, such as 1,2,4-8,max"
    for part in value.split(","):
        match = re.fullmatch(r"(max)|([0-9]{1,6})(?:-([0-9]{1,6}|max))?", part)
        if not match:
            raise _reject(value, "a list of thread counts", accepted)
        first, last = match.group(2), match.group(3)
        if first is not None and int(first) < 1:
            raise _reject(value, "a list of thread counts", accepted)
        if last not in (None, "max") and int(last) < int(first):
            raise _reject(value, f"a list of thread counts ({part} is reversed)", accepted)
    return value


def formats_of(texts: Optional[Sequence[str]]) -> List[str]:
    """The formats of --export, which is a list and may be given several times; each once."""
    found = list(dict.fromkeys(name for text in texts or () for name in text.split(",")))
    for name in found:
        if name not in EXPORTS:
            raise UsageError(not_accepted("--export", name, "a format", ", ".join(EXPORTS) + _nearest(name, EXPORTS)))
    return found


# The checks that other commands share.
count, seed, window, names, threads, one_of, OnceAction, CheckedParser = (
    _count, _seed, _window, _names, _threads, _one_of, _Once, _Parser)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="scripts/run", allow_abbrev=False)
    parser.add_argument("--profile", action=_Once, type=_one_of("a profile", tuple(PROFILES)))
    parser.add_argument("--variants", action=_Once, type=_names)
    parser.add_argument("--workloads", action=_Once, type=_names)
    parser.add_argument("--threads", action=_Once, type=_threads)
    parser.add_argument("--placement", action=_Once, type=_one_of("a placement", PLACEMENTS))
    parser.add_argument("--all-kinds", action="store_const", const=True)
    parser.add_argument("--allocator", action=_Once, type=_one_of("an allocator", ALLOCATORS))
    parser.add_argument("--window", action=_Once, type=_window)
    parser.add_argument("--repetitions", action=_Once, type=_count)
    parser.add_argument("--processes", action=_Once, type=_count)
    parser.add_argument("--seed", action=_Once, type=_seed)
    parser.add_argument("--precision", action=_Once, type=_precision)
    parser.add_argument("--budget", action=_Once, type=_budget)
    parser.add_argument("--oversubscribe", action="store_const", const=True)
    parser.add_argument("--filter", action=_Once)
    parser.add_argument("--peers", action="store_const", const=True)
    parser.add_argument("--python", action="append")
    parser.add_argument("--export", action="append")
    parser.add_argument("--out", action=_Once, type=Path)
    parser.add_argument("--resume", action=_Once, type=Path)
    parser.add_argument("--leave-out", action=_Once, type=_names)
    parser.add_argument("--no-install", action="store_true")
    return parser


def option_names() -> Sequence[str]:
    """Every option string that scripts/run takes."""
    return tuple(_parser()._option_string_actions)


def parse(arguments: Sequence[str]) -> Options:
    """Checks all that can be checked without the binary: values, conflicts, and the directories named."""
    namespace, rest = _parser().parse_known_args(list(arguments))
    if rest:
        name = rest[0].split("=", 1)[0]
        accepted = "the options of scripts/run --help"
        raise UsageError(not_accepted(name, rest[0], "an option", accepted + _nearest(name, option_names())))
    namespace.export = formats_of(namespace.export)
    options = Options(**vars(namespace))
    if options.resume is not None:
        if options.out is not None:
            raise UsageError("--out: conflicts with --resume, which writes where the run began; "
                             "accepted: one of the two")
        if not (options.resume / "run.json").is_file():
            raise UsageError(not_accepted("--resume", options.resume, "a run's directory (it has no run.json)",
                                          "a directory that scripts/run left behind"))
    if options.budget is not None and options.precision is None and options.resume is None:
        raise UsageError("--budget: limits what --precision measures on top, and there is no --precision; "
                         "accepted: both, or neither")
    if options.python and not options.peers and options.resume is None:
        raise UsageError("--python: names an interpreter for --peers, and there is no --peers; accepted: both, or "
                         "neither")
    all_given(options.python or ())
    if options.out is not None:
        check_out(options.out)
    return options


def main(arguments: Sequence[str]) -> int:
    """Checks the arguments and says nothing when they are good."""
    parse(arguments)
    return 0
