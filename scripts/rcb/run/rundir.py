"""A run's directory: its name, its lock, run.json, the rows of each process, and trials.csv made of them."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import socket
import subprocess
import time
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from rcb.base.errors import CommandError, UsageError, not_accepted
from rcb.base.files import BEGINNINGS, check_out, part_of, write_atomically
from rcb.rows.parse import fields_of
from rcb.run.binary import Settings, Task

SCHEMA = 1

# Fields that came with the same version: a record of an older revision lacks them.
LATER = ("precision", "budget_s", "further", "wide", "checks", "trust", "peers", "python", "peers_of_binary",
         "interpreters", "reference_cost", "disturbed", "left_out", "all_kinds", "within_s", "oversubscribe", "filter")

LOCK_PATIENCE_S = 5.0


@dataclass
class Manifest:
    """run.json: what the run was asked to do, on which machine, and how far it came."""

    run_id: str
    utc: str
    argv: List[str]
    revision: str
    profile: str
    variants: Optional[str]
    workloads: Optional[str]
    threads: Optional[str]
    placement: Optional[str]
    window_ms: float
    seed: int
    processes: int
    repetitions: int
    seeds: List[int]
    rounds: List[int]
    cells: int
    cells_skipped: int
    started: str
    finished: Optional[str] = None
    elapsed_s: float = 0.0
    complete: bool = False
    failed: bool = False
    disturbed: bool = False
    resumed: List[Dict[str, str]] = field(default_factory=list)
    warnings: List[str] = field(default_factory=list)
    machine: Dict[str, Any] = field(default_factory=dict)
    precision: Optional[float] = None
    budget_s: Optional[float] = None
    further: List[Dict[str, Any]] = field(default_factory=list)
    wide: List[Dict[str, Any]] = field(default_factory=list)
    checks: List[Dict[str, Any]] = field(default_factory=list)
    trust: Dict[str, Any] = field(default_factory=dict)
    peers: Optional[bool] = None
    python: Optional[List[str]] = None
    allocator: Optional[str] = None
    peers_of_binary: bool = False
    interpreters: List[Dict[str, Any]] = field(default_factory=list)
    reference_cost: Optional[float] = None
    left_out: List[str] = field(default_factory=list)
    all_kinds: Optional[bool] = None
    within_s: Optional[float] = None
    oversubscribe: Optional[bool] = None
    filter: Optional[str] = None
    schema: int = SCHEMA

    # The processes that were planned are followed by those that --precision adds, with cells of their own.

    @property
    def all_processes(self) -> int:
        return self.processes + len(self.further)

    def _added(self, process: int) -> Optional[Dict[str, Any]]:
        return self.further[process - self.processes] if process >= self.processes else None

    def seed_of(self, process: int) -> int:
        added = self._added(process)
        return int(added["seed"]) if added else self.seeds[process]

    def rounds_of(self, process: int) -> int:
        added = self._added(process)
        return int(added["rounds"]) if added else self.rounds[process]

    def trials_of(self, process: int) -> int:
        added = self._added(process)
        return self.rounds_of(process) * (len(added["cells"]) if added else self.cells)

    def settings(self, process: int = 0) -> Settings:
        added = self._added(process)
        return Settings(self.profile, self.window_ms, self.variants, self.workloads, self.threads, self.placement,
                        self.allocator, tuple(added["cells"]) if added else (), self.reference_cost,
                        self.peers_of_binary, left_out=tuple(self.left_out), all_kinds=bool(self.all_kinds),
                        within_s=self.within_s, oversubscribe=bool(self.oversubscribe), filter=self.filter)

    def add_process(self, cells: List[str], rounds: int) -> int:
        """A further process for these cells alone; returns its number. Its seed follows from the run's."""
        process = self.all_processes
        self.further.append({"seed": derived_seed(self.seed, process), "rounds": rounds, "cells": cells})
        return process

    def recorded(self) -> Dict[str, Any]:
        """The options of scripts/run that this run has, by flag."""
        return {"profile": self.profile, "variants": self.variants, "workloads": self.workloads,
                "threads": self.threads, "placement": self.placement, "allocator": self.allocator,
                "window": self.window_ms, "repetitions": self.repetitions, "processes": self.processes, "seed": self.seed,
                "precision": self.precision, "budget": self.budget_s, "peers": self.peers, "python": self.python,
                "all_kinds": self.all_kinds, "oversubscribe": self.oversubscribe, "filter": self.filter}

    def leave_out(self, cells: Optional[str]) -> None:
        """--leave-out: from now on, in all processes."""
        self.left_out += [cell for cell in (cells or "").split(",") if cell and cell not in self.left_out]

    def warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)


def derived_seed(master: int, process: int) -> int:
    """The seed of one process: independent draws for each, all from one master seed."""
    digest = hashlib.sha256(f"rcbench/{master}/{process}".encode()).digest()
    return int.from_bytes(digest[:8], "little")


def drawn_seed() -> int:
    """A master seed from the system, where none was given."""
    return int.from_bytes(os.urandom(8), "little")


def _git(root: Path, *arguments: str) -> Optional[str]:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def revision(root: Path) -> str:
    """The short revision, with -dirty where sources differ from it (results of runs are no sources)."""
    # Sources that were unpacked inside of another repository have not that one's revision: they do not lie at its top.
    short = _git(root, "rev-parse", "--short", "HEAD")
    if not short or _git(root, "rev-parse", "--show-prefix") != "":
        return "norev"
    changed = _git(root, "status", "--porcelain", "--", ".", ":(exclude)results")
    return short if changed == "" else f"{short}-dirty"


def run_name(rev: str) -> str:
    """host-utc-revision, in characters that every file system takes."""
    host = re.sub(r"[^A-Za-z0-9._]+", "_", socket.gethostname()) or "host"
    return f"{host}-{datetime.now(timezone.utc).strftime('%Y%m%dT%H%M%SZ')}-{rev}"


def without_place(argv: Sequence[str]) -> List[str]:
    """The command line for a record: of --out the last name alone. Where a directory lay is a fact about somebody's
    machine, and none about the run."""
    found: List[str] = []
    for text in argv:
        if text.startswith("--out="):
            text = f"--out={Path(text[len('--out='):]).name}"
        elif found and found[-1] == "--out":
            text = Path(text).name
        found.append(text)
    return found


def unused(path: Path) -> Path:
    """Makes a directory of this name, or the first of path-2, path-3, … that nobody has."""
    found, number = path, 2
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        try:
            found.mkdir()
            return found
        except FileExistsError:
            found, number = path.with_name(f"{path.name}-{number}"), number + 1


def _field(line: bytes, column: int) -> str:
    """One field of a row; "" where the line is damaged."""
    with contextlib.suppress(ValueError, IndexError):
        return fields_of(line)[column]
    return ""


class RunDirectory:
    """One run's directory, locked for as long as this object, or a process that it started, lives."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        until = time.monotonic() + LOCK_PATIENCE_S
        while True:
            try:
                fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > until:
                    os.close(self.lock)
                    raise CommandError(f"{path}: another run is writing here") from None
                time.sleep(0.2)

    @classmethod
    def create(cls, path: Path) -> "RunDirectory":
        """Looks at the directory when it is locked: another run may have come first."""
        path.mkdir(parents=True, exist_ok=True)
        made = cls(path)
        check_out(path)
        made._remove_beginnings()
        return made

    def _remove_beginnings(self) -> None:
        for name in BEGINNINGS:
            (self.path / name).unlink(missing_ok=True)

    def abandon(self) -> None:
        """Takes back what create() and the describing of the machine made, where a run could not even begin."""
        self._remove_beginnings()
        os.close(self.lock)
        with contextlib.suppress(OSError):
            self.path.rmdir()

    def rows_of(self, process: int) -> Path:
        return self.path / f"process-{process}.csv"

    def _all_rows_of(self, process: int) -> List[Path]:
        """The rows of a process and of the interpreters that were measured with it, finished or not."""
        own = self.rows_of(process)
        beside = sorted({self.path / path.name.replace(".csv.part", ".csv")
                         for path in self.path.glob(f"process-{process}-*.csv*")})
        return [rows if rows.exists() else part_of(rows) for rows in (own, *beside)
                if rows.exists() or part_of(rows).exists()]

    def task(self, manifest: Manifest, process: int) -> Task:
        return Task(manifest.run_id, process, manifest.seed_of(process), manifest.rounds_of(process),
                    self.rows_of(process),
                    self.path / f"rcbench-p{process}.log")

    def save(self, manifest: Manifest) -> None:
        record = asdict(manifest)
        ordered = {"schema": record.pop("schema"), **record}
        write_atomically(self.path / "run.json", json.dumps(ordered, indent=2, ensure_ascii=False) + "\n")

    def load(self) -> Manifest:
        """The run's record; UsageError where it is not one that this version can go on with."""
        accepted = "a directory that scripts/run left behind"
        try:
            record = json.loads((self.path / "run.json").read_text(encoding="utf-8"))
            if record.get("schema") != SCHEMA:
                raise ValueError(f"its run.json has schema {record.get('schema')} instead of {SCHEMA}")
            names = [one.name for one in fields(Manifest) if one.name in record or one.name not in LATER]
            manifest = Manifest(**{name: record[name] for name in names})
            if any(set(one) != {"seed", "rounds", "cells"} for one in manifest.further):
                raise ValueError("its run.json has a further process without seed, rounds and cells")
            if not len(manifest.seeds) == len(manifest.rounds) == manifest.processes:
                raise ValueError("its run.json contradicts itself on the number of processes")
            return manifest
        except KeyError as error:
            raise UsageError(not_accepted("--resume", self.path, f"a run's directory (no {error} in run.json)",
                                          accepted)) from error
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise UsageError(not_accepted("--resume", self.path, f"a run's directory ({error})", accepted)) from error

    def _collected(self) -> List[bytes]:
        """The lines that trials.csv has; none where it is not there."""
        trials = self.path / "trials.csv"
        return trials.read_bytes().split(b"\n")[:-1] if trials.exists() else []

    def recover(self, processes: int) -> List[int]:
        """Makes the rows of a process anew, as those of one that was interrupted, out of trials.csv, where they are all
        that is left of it. Returns which processes those are."""
        header, *lines = self._collected() or [b""]
        if b"process" not in header.split(b","):
            return []
        column = header.split(b",").index(b"process")
        missing = [process for process in range(processes) if not self._all_rows_of(process)]
        found = {process: [line for line in lines if _field(line, column) == str(process)] for process in missing}
        for process, own in found.items():
            if own:
                write_atomically(part_of(self.rows_of(process)), b"\n".join([header, *own, b""]))
        return [process for process, own in found.items() if own]

    def collect(self, processes: int) -> int:
        """Puts the rows of all processes, finished or not, into trials.csv, and returns how many there are. A row that it
        has and they have not stays: it was measured."""
        header: Optional[bytes] = None
        body: List[bytes] = []
        before = self._collected()
        for process in range(processes):
            for path in self._all_rows_of(process):
                # The last element is what follows the last line's end: nothing, or a row that was cut off.
                first, *lines = path.read_bytes().split(b"\n")
                if not lines:
                    continue
                if header is not None and first != header:
                    raise CommandError(f"{path}:1: its header differs from that of the processes before it")
                header = first
                body += lines[:-1]
        if header is None:
            return 0
        known = set(body)
        kept = [line for line in before[1:] if line not in known] if before[:1] == [header] else []
        write_atomically(self.path / "trials.csv", b"\n".join([header, *kept, *body, b""]))
        return len(kept) + len(body)

    def remove_parts(self, processes: int) -> None:
        """Removes the rows of single processes: called when trials.csv holds them all."""
        for process in range(processes):
            for path in (*self._all_rows_of(process), part_of(self.rows_of(process))):
                path.unlink(missing_ok=True)
