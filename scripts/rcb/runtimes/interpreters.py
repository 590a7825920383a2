"""The interpreters that scripts/peers measures: where they are, what they say they are, and what they are called."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from rcb.base.errors import UsageError, not_accepted
from rcb.rows.schema import PEER
from rcb.runtimes.stand_in import scheme_words, stand_in_of

INSIDE = Path(__file__).resolve().parents[2] / "peers_inside"
MEASURE = INSIDE / "measure.py"

# What is looked for on PATH, with the name that its rows have where it is not there.
FAMILIES = (("python3", "cpython"), ("python3.Nt", "cpython-t"), ("pypy3", "pypy"), ("jython", "jython"),
            ("ipy", "ironpython"))
FREE_THREADED = re.compile(r"python3\.\d+t")
NAME = re.compile(r"[a-z][a-z0-9_]*")
VERSION = re.compile(r"(\d+\.\d+)(?:\.\d+)?((?:a|b|rc)\d+)?")
KINDS = {"implementation": str, "version": str, "language": str, "gil": bool, "free_threaded": bool, "timed_gil": bool,
         "immortal": bool, "debug": bool, "collector": str, "compiles": bool, "pins": bool, "executable": str,
         "include": list, "suffix": str, "sys_version": str, "flags": str, "config_args": str, "cflags": str}
# What makes two interpreters the same one: then it is measured once.
IDENTITY = ("implementation", "version", "language", "free_threaded", "gil", "debug", "sys_version", "config_args")

# --python NAME=PATH or NAME:VARIANT=PATH. What begins as a path is one, whatever follows.
GIVEN = re.compile(r"([A-Za-z0-9_][A-Za-z0-9._-]*)(?::([a-z0-9_]+))?=(.+)")
# An interpreter with a GIL alone does not start when this tells it to run without.
GIL_VARIABLE = "PYTHON_GIL"

ASK_LIMIT_S = 60.0


@dataclass(frozen=True)
class Peer:
    """One interpreter. problem: why it is not measured; its rows are then skipped. asked_for: the variant of ours that
    stands for it, as the user says. without: variables of the environment with which it does not start."""

    variant: str
    command: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""
    asked_for: Optional[str] = None
    without: Tuple[str, ...] = ()

    @property
    def mode(self) -> str:
        """As in the rows; empty where nobody could say."""
        return "" if not self.facts else "gil" if self.facts["gil"] else "free"

    @property
    def stand_in(self) -> Optional[str]:
        """The variant of ours that stands for it."""
        return self.asked_for or (stand_in_of(self.facts) if self.facts else None)

    @property
    def scheme(self) -> str:
        """As in the rows; empty where nobody could say."""
        return scheme_words(self.stand_in, self.facts["collector"]) if self.facts else ""

    @property
    def environment(self) -> Dict[str, str]:
        return environment(self.without)

    @property
    def file_name(self) -> str:
        return re.sub(r"[^A-Za-z0-9._-]", "_", self.variant[len(PEER):])

    def record(self) -> Dict[str, Any]:
        """As run.json keeps it."""
        told = {name: value for name, value in sorted(self.environment.items())
                if name.startswith("PYTHON") and name != "PYTHON"}  # that one is of our own scripts
        return {"variant": self.variant, "command": self.command, "problem": self.problem, "stand_in": self.stand_in,
                "environment": told, **self.facts}


def inside(name: str) -> ModuleType:
    """A module of the part that runs in the interpreters, here: for its tables."""
    spec = importlib.util.spec_from_file_location(f"peers_inside_{name}", INSIDE / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(INSIDE))  # modules there import each other
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(INSIDE))
    return module


def environment(without: Sequence[str] = ()) -> Dict[str, str]:
    """Ours, without what would lead another interpreter to our modules, and without some more."""
    found = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", *without)}
    return {**found, "PYTHONDONTWRITEBYTECODE": "1"}


def end_all(child: "subprocess.Popen[Any]") -> None:
    """Ends a process and what it started: an interpreter may be a shell script around a program."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    child.wait()


def last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no message"])[-1]


def why_it_ended(text: str) -> str:
    """The line of an interpreter's messages that says why it ended: what follows a fatal error is not about it."""
    fatal = [line for line in text.splitlines() if line.startswith("Fatal Python error")]
    return fatal[0].strip() if fatal else last_line(text)


def ask(command: str, limit_s: float = ASK_LIMIT_S, without: Sequence[str] = ()) -> Tuple[Dict[str, Any], str]:
    """What an interpreter says that it is; or nothing, and why."""
    try:
        child = subprocess.Popen([command, str(MEASURE), "ask"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, errors="replace", env=environment(without),
                                 start_new_session=True)
    except OSError as error:
        return {}, f"cannot be started ({error.strerror})"
    try:
        output, errors = child.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        end_all(child)
        child.communicate()
        return {}, f"did not say within {limit_s:g} s what it is"
    if child.returncode != 0:
        how = f"was killed by signal {-child.returncode}" if child.returncode < 0 else \
            f"ended with exit status {child.returncode}"
        return {}, f"{how} when it was asked what it is: {why_it_ended(errors)}"
    return _understood(output)


def _understood(output: str) -> Tuple[Dict[str, Any], str]:
    line = last_line(output)
    try:
        found = json.loads(line)
    except ValueError:
        return {}, f"answered '{line[:60]}' when it was asked what it is"
    if not isinstance(found, dict):
        return {}, "did not say what it is"
    wrong = [name for name, kind in KINDS.items() if not isinstance(found.get(name), kind)]
    if not wrong and not (NAME.fullmatch(found["implementation"]) and VERSION.fullmatch(found["version"])):
        wrong = ["implementation or version"]
    if wrong:
        return {}, f"did not say what it is ({wrong[0]} is missing or of another kind)"
    return {name: found[name] for name in KINDS}, ""


def check_stand_ins(texts: Sequence[str], variants: Sequence[str]) -> None:
    """Refuses a NAME:VARIANT=PATH whose variant is none of these."""
    for text in texts:
        stand_in = Given.of(text).stand_in
        if stand_in is not None and stand_in not in variants:
            raise UsageError(not_accepted("--python", text, f"an interpreter ('{stand_in}' is no variant)",
                                          f"NAME:VARIANT=PATH with one of {', '.join(variants)}"))


def names_of(facts: Mapping[str, Any]) -> Iterator[str]:
    """Names for an interpreter, the shortest first: the next where that one is taken. t and d are those of Python's own
    names: built without a GIL, built for debugging."""
    build = ("t" if facts["free_threaded"] else "") + ("d" if facts["debug"] else "")
    mode = "-gil" if facts["free_threaded"] and facts["gil"] else ""
    match = VERSION.fullmatch(facts["version"])
    assert match is not None
    short = match.group(1) + (match.group(2) or "")
    for version in (short, facts["version"], f"{facts['version']}-language-{facts['language']}"):
        yield f"{PEER}{facts['implementation']}-{version}{build}{mode}"
    for number in count(2):
        yield f"{PEER}{facts['implementation']}-{facts['version']}{build}{mode}-{number}"


def _identity(facts: Mapping[str, Any]) -> Tuple[Any, ...]:
    return (*(facts[name] for name in IDENTITY), os.path.realpath(facts["executable"]))


@dataclass(frozen=True)
class Given:
    """An interpreter as --python gives it: PATH, NAME=PATH or NAME:VARIANT=PATH."""

    command: str
    name: Optional[str] = None
    stand_in: Optional[str] = None

    @staticmethod
    def of(text: str) -> "Given":
        match = GIVEN.fullmatch(text)
        if match is None:
            return Given(text)
        return Given(os.path.expanduser(match.group(3)), match.group(1), match.group(2))


def all_given(texts: Sequence[str]) -> List[Given]:
    """What --python says, each time that it is there."""
    found = [Given.of(text) for text in texts]
    names = [one.name for one in found if one.name is not None]
    for text, one in zip(texts, found):
        if not one.command:
            raise UsageError(not_accepted("--python", text, "an interpreter", "PATH, NAME=PATH or NAME:VARIANT=PATH"))
        if names.count(one.name or "") > 1:
            raise UsageError(f"--python: two interpreters are named '{one.name}'; accepted: a name of its own for each")
    return found


def on_path() -> List[Tuple[str, List[str]]]:
    """Each family with the commands of it that PATH has."""
    found = []
    for command, family in FAMILIES:
        if command == "python3.Nt":
            names = {name for directory in os.get_exec_path() if os.path.isdir(directory)
                     for name in os.listdir(directory) if FREE_THREADED.fullmatch(name)}
        else:
            names = {command}
        found.append((family, [path for path in map(shutil.which, sorted(names)) if path]))
    return found


class Search:
    """Asks interpreters and names them; keeps what it has to say."""

    def __init__(self, limit_s: float = ASK_LIMIT_S) -> None:
        self.peers: List[Peer] = []
        self.warnings: List[str] = []
        self._limit_s = limit_s
        self._known: Dict[Tuple[Any, ...], str] = {}

    def _taken(self, name: str) -> bool:
        return any(one.variant == name for one in self.peers)

    def _warn_and_skip(self, variant: str, command: str, problem: str) -> None:
        self.warnings.append(f"{command}: {problem}; its rows are skipped")
        self.peers.append(Peer(variant, command, {}, problem))

    def _ask(self, command: str) -> Tuple[Dict[str, Any], str, Tuple[str, ...]]:
        """Its facts, or why there are none; and the variables without which it was asked again."""
        facts, problem = ask(command, self._limit_s)
        if problem and GIL_VARIABLE in os.environ:
            again, _ = ask(command, self._limit_s, (GIL_VARIABLE,))
            if again:
                self.warnings.append(f"{command}: does not start with {GIL_VARIABLE}={os.environ[GIL_VARIABLE]} "
                                     f"({problem}); it is measured without that variable")
                return again, "", (GIL_VARIABLE,)
        return facts, problem, ()

    def _free_name(self, base: str) -> str:
        """The name, or with a number where it is taken."""
        name, number = base, 2
        while self._taken(name):
            name, number = f"{base}-{number}", number + 1
        return name

    def take(self, command: str, given: bool, name: Optional[str] = None, stand_in: Optional[str] = None) -> None:
        """An interpreter that was given, or found; one that is there already is not measured twice, unless it was given
        a name."""
        facts, problem, without = self._ask(command)
        if problem:
            base = name or re.sub(r"[^A-Za-z0-9._-]", "_", Path(command).name) or "unknown"
            self._warn_and_skip(self._free_name(PEER + base), command, problem)
            return
        identity = _identity(facts)
        if identity in self._known and name is None:
            if given:
                self.warnings.append(f"{command}: is {self._known[identity]}, which is measured already "
                                     f"(--python NAME={command} measures it once more)")
            return
        variant = PEER + name if name else next(one for one in names_of(facts) if not self._taken(one))
        self._known.setdefault(identity, variant)
        self.peers.append(Peer(variant, command, facts, "", stand_in, without))

    def find(self) -> None:
        """What PATH has; a family without an interpreter is told, and has skipped rows."""
        absent = []
        for (command, family), (_, paths) in zip(FAMILIES, on_path()):
            for path in paths:
                self.take(path, given=False)
            implementation, _, free = family.partition("-")
            there = any(one.facts and one.facts["implementation"] == implementation
                        and (not free or one.facts["free_threaded"]) for one in self.peers)
            if not paths and not there:
                absent.append(command)
                self.peers.append(Peer(PEER + family, command, {}, f"{command} is not installed"))
        if absent:
            self.warnings.append(f"not installed: {', '.join(absent)}; their rows are skipped "
                                 "(scripts/peers --install, or --python PATH)")


def search(given: Sequence[str], find: bool = True, limit_s: float = ASK_LIMIT_S) -> Search:
    """The interpreters of a run: those given first, then those found."""
    found = Search(limit_s)
    # Names that were asked for are not to be taken by others.
    for one in sorted(all_given(given), key=lambda one: one.name is None):
        found.take(one.command, True, one.name, one.stand_in)
    if find:
        found.find()
    return found


# ---- the extension -------------------------------------------------------------------------------------------

COMPILER = "gcc"
FLAGS = ("-O2", "-std=gnu11", "-falign-functions=64", "-falign-loops=64", "-shared", "-fPIC")


def build_extension(peer: Peer, directory: Path) -> Tuple[Optional[Path], str]:
    """Compiles the extension for one interpreter into a directory; or nothing, and why."""
    if peer.facts["implementation"] != "cpython":
        return None, f"{peer.facts['implementation']} has no reference counts of its own"
    include = [place for place in peer.facts["include"] if isinstance(place, str)]
    for header in ("Python.h", "pyconfig.h"):
        if not any((Path(place) / header).is_file() for place in include):
            return None, (f"no {header} in {' or '.join(include) or 'any place that it names'} "
                          "(Debian: the -dev package, python3-dev)")
    if shutil.which(COMPILER) is None:
        return None, f"no {COMPILER} to compile the extension with"
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / f"rcbench_peer{peer.facts['suffix']}"
    places = [part for place in include for part in ("-I", place)]
    done = subprocess.run([COMPILER, *FLAGS, *places, "-o", str(target), str(INSIDE / "extension.c")],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if done.returncode != 0:
        wrong = [line for line in done.stdout.splitlines() if "error" in line]
        return None, f"its headers do not compile: {(wrong or [last_line(done.stdout)])[0]}"
    return directory, ""
