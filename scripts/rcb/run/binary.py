"""The rcbench binary as the scripts know it: its command line, its plan, and one process of trials under watch."""

from __future__ import annotations

import json
import os
import re
import selectors
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

from rcb.base.errors import EXIT_INTERRUPTED, EXIT_USAGE, CommandError, RelayedUsageError
from rcb.base.files import part_of
from rcb.base.interruption import Interruption

# Looking at the rows costs the measured machine a little time: seldom is enough for a progress line.
LOOK_EVERY_S = 1.0
COST_LINE = re.compile(r"reference_cost ([0-9.]+)")


@dataclass(frozen=True)
class Settings:
    """What to measure: the part of the command line that all calls of one run share."""

    points: str
    window_ms: float
    variants: Optional[str] = None
    workloads: Optional[str] = None
    threads: Optional[str] = None
    placement: Optional[str] = None
    allocator: Optional[str] = None
    cells: Tuple[str, ...] = ()  # these alone; all where it is empty
    reference_cost: Optional[float] = None  # what the workload `counted_work` mixes by; None: the binary measures it itself
    peers: bool = False
    left_out: Tuple[str, ...] = ()  # cells that crashed or hung, and that the user wants to go on without
    all_kinds: bool = False
    within_s: Optional[float] = None  # that a round may take: fewer counts of threads where it would take longer
    oversubscribe: bool = False
    filter: Optional[str] = None

    def ground(self) -> List[str]:
        """What decides where trials run and where their objects come from: for calls that measure no cell."""
        return (["--all-kinds"] if self.all_kinds else []) + (["--allocator", self.allocator] if self.allocator else [])

    @contextmanager
    def arguments(self) -> Iterator[List[str]]:
        """The command line. The file that names the cells, where there are some, is there for as long as this lasts."""
        if not self.cells:
            yield self._words() + ([f"--benchmark_filter={self.filter}"] if self.filter is not None else [])
            return
        with NamedTemporaryFile("w", prefix="rcbench-cells-", encoding="utf-8") as file:
            file.writelines(f"{cell}\n" for cell in self.cells)
            file.flush()
            yield [*self._words(), "--cells", file.name]

    def _words(self) -> List[str]:
        found = ["--points", self.points, "--window", f"{self.window_ms:g}"]
        for name in ("variants", "workloads", "threads", "placement", "allocator"):
            value = getattr(self, name)
            if value is not None:
                found += [f"--{name}", value]
        if self.reference_cost is not None:
            found += ["--reference-cost", f"{self.reference_cost:g}"]
        if self.within_s is not None:
            found += ["--within", f"{self.within_s:g}"]
        if self.peers:
            found.append("--peers")
        if self.left_out:
            found += ["--leave-out", ",".join(self.left_out)]
        if self.all_kinds:
            found.append("--all-kinds")
        if self.oversubscribe:
            found.append("--oversubscribe")
        return found


@dataclass(frozen=True)
class Plan:
    """What a run would do: cells, and the seconds that one round of them takes."""

    cells: int
    skipped: int
    round_s: float


@dataclass(frozen=True)
class Task:
    """One process: its run, number, seed, rounds, rows and log."""

    run_id: str
    process: int
    seed: int
    rounds: int
    rows: Path
    log: Path


class Binary:
    """The program at a path."""

    def __init__(self, path: Path) -> None:
        if not (path.is_file() and os.access(path, os.X_OK)):
            raise CommandError(f"{path}: no program to run; build it with scripts/run")
        self._path = path

    def _call(self, arguments: List[str]) -> str:
        done = subprocess.run([str(self._path), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              errors="replace", check=False)
        if done.returncode == EXIT_USAGE:
            raise RelayedUsageError(done.stderr.strip() or f"{self._path.name}: usage")
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise CommandError(f"{self._path.name} {' '.join(arguments)}: exit status {done.returncode}: {last}")
        return done.stdout

    def _answer(self, action: str, arguments: Sequence[str] = ()) -> Dict[str, Any]:
        """What the binary says in JSON; a usage error is the binary's own line."""
        text = self._call([action, "--json", *arguments])
        try:
            found = json.loads(text)
        except ValueError as error:
            raise CommandError(f"{self._path.name} {action} --json: it did not print JSON ({error})") from error
        return found

    def has_peers(self) -> bool:
        """Does the binary measure libraries of others? It may have been built without any."""
        return bool(self._answer("--list")["peers"])

    def plan(self, settings: Settings) -> Plan:
        with settings.arguments() as arguments:
            found = self._answer("--plan", arguments)
        return Plan(found["run"], found["skipped"], found["round_s"])

    def reference_cost(self, settings: Settings) -> float:
        """Measures what a reference costs here, in units of work (docs/method.md): once for all processes of a run."""
        match = COST_LINE.fullmatch(self._call(["--calibrate", *settings.ground()]).strip())
        if not match:
            raise CommandError(f"{self._path.name} --calibrate: printed no reference cost")
        return float(match.group(1))

    def write_machine(self, path: Path, settings: Settings) -> None:
        self._call(["--machine", str(path), *settings.ground()])

    def write_topology(self, path: Path) -> None:
        self._call(["--topology-out", str(path)])

    def measure(self, settings: Settings, task: Task, interruption: Interruption, inherited: int,
                look: Callable[[], None], note: Callable[[str], None]) -> int:
        """Runs one process of trials to its end; returns its exit status (negative: killed by a signal).

        inherited is a file descriptor that the process keeps open: the lock of the run's directory, which so outlives
        a killed parent until the process has ended too."""
        if interruption.happened:
            return EXIT_INTERRUPTED
        with settings.arguments() as arguments, task.log.open("ab") as log:
            child = subprocess.Popen(self._measuring(arguments, task), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.PIPE,
                                     start_new_session=True, pass_fds=(inherited,),
                                     env={**os.environ, "RCBENCH_RUN_ID": task.run_id})

            def tell(line: bytes) -> None:
                log.write(line + b"\n")
                log.flush()
                note(line.decode("utf-8", errors="replace"))

            interruption.child = child
            if interruption.happened:
                child.send_signal(signal.SIGTERM)
            try:
                self._watch(child, settings.window_ms / 1000.0, interruption, look, tell)
                return child.wait()
            finally:
                interruption.child = None
                if child.poll() is None:
                    child.kill()
                    child.wait()

    def _measuring(self, arguments: List[str], task: Task) -> List[str]:
        """The command that measures a process's trials; it ends with this program, where that can be had."""
        command = [str(self._path), *arguments, "--seed", str(task.seed), "--rounds", str(task.rounds), "--process",
                   str(task.process), "--csv", str(task.rows)]
        if part_of(task.rows).exists():
            command.append("--resume")
        return ["setpriv", "--pdeathsig", "TERM", *command] if shutil.which("setpriv") else command

    @staticmethod
    def _watch(child: "subprocess.Popen[bytes]", window_s: float, interruption: Interruption,
               look: Callable[[], None], tell: Callable[[bytes], None]) -> None:
        """Hands on the child's messages and calls look now and then, until its standard error is closed."""
        assert child.stderr is not None
        pending = b""
        patience = 15.0 + 10.0 * window_s
        next_look = time.monotonic() + LOOK_EVERY_S
        with child.stderr, selectors.DefaultSelector() as selector:
            selector.register(child.stderr, selectors.EVENT_READ)
            while True:
                if selector.select(max(0.0, next_look - time.monotonic())):
                    data = os.read(child.stderr.fileno(), 65536)
                    if not data:
                        break
                    *whole, pending = (pending + data).split(b"\n")
                    for line in whole:
                        tell(line)
                if time.monotonic() >= next_look:
                    look()
                    next_look = time.monotonic() + LOOK_EVERY_S
                if interruption.happened and time.monotonic() - interruption.since > patience:
                    child.kill()
        if pending:
            tell(pending)
