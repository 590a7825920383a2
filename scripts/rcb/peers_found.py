"""The interpreters that scripts/peers measures: where they are, what they say they are, and what they are called."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from rcb.schema import PEER

INSIDE = Path(__file__).resolve().parents[1] / "peers_inside"
MEASURE = INSIDE / "measure.py"

# What is looked for on PATH, with the name that its rows have where it is not there.
FAMILIES = (("python3", "cpython"), ("python3.Nt", "cpython-t"), ("pypy3", "pypy"), ("jython", "jython"),
            ("ipy", "ironpython"))
FREE_THREADED = re.compile(r"python3\.\d+t")
NAME = re.compile(r"[a-z][a-z0-9_]*")
VERSION = re.compile(r"\d+\.\d+(\.\d+)?")
KINDS = {"implementation": str, "version": str, "language": str, "gil": bool, "free_threaded": bool, "collector": str,
         "compiles": bool, "pins": bool, "executable": str, "suffix": str}

ASK_LIMIT_S = 60.0


@dataclass(frozen=True)
class Peer:
    """One interpreter. problem: why it is not measured; its rows are then skipped."""

    variant: str
    command: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def mode(self) -> str:
        """As in the rows; empty where nobody could say."""
        return "" if not self.facts else "gil" if self.facts["gil"] else "free"

    @property
    def file_name(self) -> str:
        return re.sub(r"[^A-Za-z0-9._-]", "_", self.variant[len(PEER):])

    def record(self) -> Dict[str, Any]:
        """As run.json keeps it."""
        return {"variant": self.variant, "command": self.command, "problem": self.problem, **self.facts}


def inside(name: str) -> ModuleType:
    """A module of the part that runs in the interpreters, here: for its tables."""
    spec = importlib.util.spec_from_file_location(f"peers_inside_{name}", INSIDE / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def environment() -> Dict[str, str]:
    """Ours, without what would lead another interpreter to our modules."""
    found = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
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


def ask(command: str, limit_s: float = ASK_LIMIT_S) -> Tuple[Dict[str, Any], str]:
    """What an interpreter says that it is; or nothing, and why."""
    try:
        child = subprocess.Popen([command, str(MEASURE), "ask"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, errors="replace", env=environment(),
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
        return {}, f"{how} when it was asked what it is: {last_line(errors)}"
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
    return {name: found.get(name) for name in (*KINDS, "include")}, ""


def names_of(facts: Mapping[str, Any]) -> Iterator[str]:
    """Names for an interpreter, the shortest first: the next where that one is taken."""
    free = "t" if facts["free_threaded"] else ""
    mode = "-gil" if facts["free_threaded"] and facts["gil"] else ""
    short = ".".join(facts["version"].split(".")[:2])
    for version in (short, facts["version"], f"{facts['version']}-language-{facts['language']}"):
        yield f"{PEER}{facts['implementation']}-{version}{free}{mode}"


def _identity(facts: Mapping[str, Any]) -> Tuple[Any, ...]:
    return tuple(facts[name] for name in ("implementation", "version", "language", "free_threaded", "gil"))


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

    def take(self, command: str, given: bool) -> None:
        """An interpreter that was given, or found; one that is there already is not measured twice."""
        facts, problem = ask(command, self._limit_s)
        if problem:
            base = PEER + (re.sub(r"[^A-Za-z0-9._-]", "_", Path(command).name) or "unknown")
            name, number = base, 2
            while self._taken(name):
                name, number = f"{base}-{number}", number + 1
            self._warn_and_skip(name, command, problem)
            return
        identity = _identity(facts)
        if identity in self._known:
            if given:
                self.warnings.append(f"{command}: is {self._known[identity]}, which is measured already")
            return
        name = next((one for one in names_of(facts) if not self._taken(one)), None)
        if name is None:
            self.warnings.append(f"{command}: its names are taken by others of its version; it is left out")
            return
        self._known[identity] = name
        self.peers.append(Peer(name, command, facts))

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
    for command in given:
        found.take(command, given=True)
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
    include = peer.facts.get("include")
    if not include or not (Path(include) / "Python.h").is_file():
        return None, f"no Python.h in {include or 'any place that it names'} (Debian: the -dev package, python3-dev)"
    if shutil.which(COMPILER) is None:
        return None, f"no {COMPILER} to compile the extension with"
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / f"rcbench_peer{peer.facts['suffix']}"
    done = subprocess.run([COMPILER, *FLAGS, "-I", include, "-o", str(target), str(INSIDE / "extension.c")],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if done.returncode != 0:
        wrong = [line for line in done.stdout.splitlines() if "error" in line]
        return None, f"its headers do not compile: {(wrong or [last_line(done.stdout)])[0]}"
    return directory, ""
