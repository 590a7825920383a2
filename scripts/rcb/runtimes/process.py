"""One process of one interpreter: started, watched, ended when it hangs, its rows checked and made whole."""

from __future__ import annotations

import csv
import json
import os
import re
import selectors
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, IO, List, Mapping, Optional, Sequence, Set, Tuple

from rcb.base.clock import utc_now
from rcb.base.files import part_of
from rcb.base.interruption import Interruption
from rcb.rows.rows import split_line
from rcb.rows.schema import COLUMNS, MEASURED, NO_PARAMS, SCHEMA, STATUSES
from rcb.runtimes.interpreters import MEASURE, Peer, end_all, inside, why_it_ended

SILENCE_LIMIT_S = 60.0
STUCK_MOST = 3  # cells in a row in which an interpreter may hang or die, each of which costs that limit

Key = Tuple[str, str, str, int]  # driver, workload, params, threads


@dataclass(frozen=True)
class Ground:
    """What all interpreters of a run are measured on."""

    run_id: str
    placement: str
    cpus: Tuple[int, ...]
    threads: Tuple[int, ...]
    window_ms: float
    workloads: Optional[Tuple[str, ...]] = None
    columns: Tuple[str, ...] = COLUMNS
    limit_s: float = SILENCE_LIMIT_S
    host: str = field(default_factory=socket.gethostname)

    def wants(self, workload: str) -> bool:
        return self.workloads is None or workload in self.workloads


@dataclass(frozen=True)
class Task:
    """One process of one interpreter: its number, seed and rounds, where rows and messages go, and its extension."""

    process: int
    seed: int
    rounds: int
    rows: Path
    log: Path
    extension: Optional[Path] = None
    no_extension: str = ""  # why there is none
    without: Mapping[Key, str] = field(default_factory=dict)  # cells that it hung or died in before, and how


def set_bytes() -> Dict[str, int]:
    """Bytes of the sets of the workload `pair`: half of each cache, as the kernel tells its size."""
    found = {}
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        try:
            level, kind, size = ((index / name).read_text().strip() for name in ("level", "type", "size"))
        except OSError:
            continue
        match = re.fullmatch(r"(\d+)K", size)
        if level in "12" and kind in ("Data", "Unified") and match:
            found[f"L{level}"] = int(match.group(1)) * 1024 // 2
    return found


class Cells:
    """The cells that an interpreter has on this ground, in the order of the tables."""

    def __init__(self, ground: Ground) -> None:
        patterns = inside("patterns")
        self.plain = self._of(patterns.patterns(), ground)
        self.counted = self._of(patterns.extension_patterns(set_bytes()), ground)

    @staticmethod
    def _of(found: Sequence[Any], ground: Ground) -> List[Key]:
        return [(one.driver, one.name, one.params, threads) for one in found if ground.wants(one.name)
                for threads in ((1,) if one.driver == "overhead" else ground.threads)]


class Writer:
    """Writes the rows of one process, whole lines, each at once."""

    def __init__(self, file: IO[str], peer: Peer, ground: Ground, task: Task) -> None:
        self._file, self._writer = file, csv.DictWriter(file, ground.columns, restval="", extrasaction="ignore",
                                                        lineterminator="\n")
        self._fixed = {"schema": SCHEMA, "run_id": ground.run_id, "host": ground.host, "variant": peer.variant,
                       "process": task.process, "seed": task.seed, "scheme": peer.scheme,
                       "mode": peer.mode}
        self._placement = ground.placement if peer.facts.get("pins") else "none"
        self._order = 0
        self.seen: Set[Key] = set()
        self._writer.writeheader()

    def row(self, key: Key, found: Mapping[str, Any]) -> None:
        driver, workload, params, threads = key
        middle = "".join(f"/{part.replace('=', ':')}" for part in params.split(";") if part)
        self._writer.writerow({
            **found, **self._fixed, "driver": driver, "workload": workload, "params": params or NO_PARAMS,
            "threads": threads,
            "order": self._order,
            "cell": f"{driver}/{workload}{middle}/{self._fixed['variant']}/threads:{threads}"})
        self._file.flush()
        self._order += 1
        self.seen.add(key)

    def skip(self, keys: Sequence[Key], reason: str) -> None:
        """A skipped row for each cell that has none."""
        for key in keys:
            if key not in self.seen:
                self.row(key, {"status": "skipped", "reason": reason, "utc": utc_now(), "repetition": 0,
                               "placement": self._placement})


class Reader:
    """Makes sense of the lines that an interpreter prints; what is no row of this process is counted, not believed.
    running: the cell that it has begun and not ended; passed: how many cells it has begun, in all rounds."""

    NEEDED = ("driver", "workload", "params", "threads", "repetition", "status", "reason", "ns_per_op", "ops_per_s")

    def __init__(self, cells: Sequence[Key], rounds: int) -> None:
        self._cells, self._rounds = set(cells), rounds
        self._names: Optional[List[str]] = None
        self.bad = 0
        self.passed = 0
        self.running: Optional[Key] = None

    def again(self) -> None:
        """Another process goes on, with a header of its own."""
        self._names = self.running = None

    def take(self, line: str) -> Optional[Tuple[Key, Dict[str, str]]]:
        try:
            fields = split_line(line.rstrip("\r"))
        except ValueError:
            fields = []
        if fields and fields[0] in ("begin", "end") and self._announced(fields):
            return None
        if self._names is None:
            if set(self.NEEDED) <= set(fields) <= set(COLUMNS):
                self._names = fields
            else:
                self.bad += 1
            return None
        row = dict(zip(self._names, fields))
        key = self._key(row) if len(fields) == len(self._names) else None
        if key is None or not self._good(row):
            self.bad += 1
            return None
        return key, row

    def _announced(self, fields: Sequence[str]) -> bool:
        names = ("what", "passed", "driver", "workload", "params", "threads")
        row = dict(zip(names, fields))
        key = self._key(row) if len(fields) == len(names) and row["passed"].isdigit() else None
        if key is None:
            return False
        self.passed, self.running = int(row["passed"]), key if row["what"] == "begin" else None
        return True

    def _key(self, row: Mapping[str, str]) -> Optional[Key]:
        if not row["threads"].isdigit():
            return None
        key = row["driver"], row["workload"], row["params"], int(row["threads"])
        return key if key in self._cells else None

    def _good(self, row: Mapping[str, str]) -> bool:
        if row["status"] not in STATUSES or not row["repetition"].isdigit() or int(row["repetition"]) >= self._rounds:
            return False
        if row["status"] not in MEASURED:
            return True
        try:
            return all(0 < float(row[name]) < float("inf") for name in ("ns_per_op", "ops_per_s"))
        except ValueError:
            return False


@dataclass
class Outcome:
    """How a process ended. problem: why it is not to be started again; stuck: cells not to be begun again, and why."""

    problem: str = ""
    stuck: Dict[Key, str] = field(default_factory=dict)
    warnings: List[str] = field(default_factory=list)


class Process:
    """Runs one interpreter once."""

    def __init__(self, peer: Peer, ground: Ground, task: Task, interruption: Optional[Interruption] = None,
                 inherited: Tuple[int, ...] = (), look: Callable[[], None] = lambda: None) -> None:
        self._peer, self._ground, self._task, self._interruption = peer, ground, task, interruption
        self._inherited, self._look = inherited, look
        self._cells = Cells(ground)
        self._stuck: Dict[Key, str] = dict(task.without)

    @property
    def _interrupted(self) -> bool:
        return self._interruption is not None and self._interruption.happened

    def run(self) -> Outcome:
        """Leaves the rows of all cells, skipped ones among them. An interruption leaves what there is, unfinished."""
        part = part_of(self._task.rows)
        with part.open("w", newline="", encoding="utf-8") as file:
            writer = Writer(file, self._peer, self._ground, self._task)
            outcome = Outcome(self._peer.problem)
            if not self._peer.problem:
                outcome = self._measure(writer)
            if self._interrupted:
                return outcome
            if self._peer.facts:
                counted_reason = self._task.no_extension or outcome.problem or "the extension could not be loaded"
            else:
                counted_reason = outcome.problem
            for key, why in self._stuck.items():
                writer.skip([key], why)
            writer.skip(self._cells.plain, outcome.problem or "the interpreter made no row of it")
            writer.skip(self._cells.counted, counted_reason)
        part.rename(self._task.rows)
        return outcome

    def _command(self, passed: int) -> List[str]:
        ground, task = self._ground, self._task
        options = {"threads": ground.threads, "cpus": ground.cpus, "placement": ground.placement,
                   "window_ms": ground.window_ms, "rounds": task.rounds, "seed": task.seed,
                   "workloads": ground.workloads, "set_bytes": set_bytes(),
                   "extension": str(task.extension) if task.extension else None,
                   "announce": True, "passed": passed, "without": [list(key) for key in self._stuck]}
        command = [self._peer.command, str(MEASURE), "rows", json.dumps(options)]
        if ground.cpus and ground.placement != "none" and not self._peer.facts["pins"] and shutil.which("taskset"):
            # A runtime that cannot pin its threads is at least kept on these CPUs; its rows say placement none.
            command = ["taskset", "-c", ",".join(map(str, sorted(ground.cpus))), *command]
        return command

    def _measure(self, writer: Writer) -> Outcome:
        """Starts it, and once more behind each cell in which it hangs or dies: the others lose nothing by that."""
        reader = Reader(self._cells.plain + self._cells.counted, self._task.rounds)
        warnings: List[str] = []
        last, in_a_row = 0, 0
        while True:
            reader.again()
            outcome = self._once(writer, reader)
            stuck = reader.running
            if not outcome.problem or stuck is None or self._interrupted:
                break
            in_a_row = in_a_row + 1 if reader.passed == last + 1 else 1
            self._stuck[stuck] = outcome.problem
            warnings.append(f"{self._name} in {'/'.join(str(part) for part in stuck if part)}: {outcome.problem}; "
                            "this cell is left out from now on")
            if in_a_row == STUCK_MOST:
                outcome.problem = f"{STUCK_MOST} cells one after another, the last one: {outcome.problem}"
                break
            last, outcome = reader.passed, Outcome()
        if outcome.problem:
            warnings.append(f"{self._name}: {outcome.problem}; the rows that it has not made are skipped")
        if reader.bad:
            warnings.append(f"{self._name}: {reader.bad} of its lines were no rows and are left out")
        return Outcome(outcome.problem, self._stuck, warnings)

    def _once(self, writer: Writer, reader: Reader) -> Outcome:
        with self._task.log.open("ab") as log:
            try:
                child = subprocess.Popen(self._command(reader.passed), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                         stderr=log, env=self._peer.environment, start_new_session=True,
                                         pass_fds=self._inherited)
            except OSError as error:
                return Outcome(f"cannot be started ({error.strerror})")
            hung = False
            try:
                hung = self._watch(child, reader, writer)
            finally:
                # Also after it has ended: what it started must not run beside the next one.
                end_all(child)
        return self._outcome(child.returncode, hung)

    def _watch(self, child: "subprocess.Popen[bytes]", reader: Reader, writer: Writer) -> bool:
        """Takes rows until there are no more; True where it was silent for too long."""
        assert child.stdout is not None
        pending, heard = b"", time.monotonic()
        with child.stdout, selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            while not self._interrupted:
                if not selector.select(0.2):
                    self._look()
                    if time.monotonic() - heard > self._ground.limit_s:
                        return True
                    continue
                data = os.read(child.stdout.fileno(), 65536)
                if not data:
                    break
                *lines, pending = (pending + data).split(b"\n")
                for line in lines:
                    began = reader.passed
                    found = reader.take(line.decode("utf-8", errors="replace"))
                    if found is not None:
                        writer.row(*found)
                    if found is not None or reader.passed > began:
                        heard = time.monotonic()
        if not self._interrupted:
            self._wait(child)
        return False

    def _wait(self, child: "subprocess.Popen[bytes]") -> None:
        """Its output has ended; so should it."""
        try:
            child.wait(timeout=self._ground.limit_s)
        except subprocess.TimeoutExpired:
            pass  # ended by the caller

    @property
    def _name(self) -> str:
        return f"{self._peer.variant} ({self._peer.command})"

    def _outcome(self, status: int, hung: bool) -> Outcome:
        if hung:
            return Outcome(f"ended: no row for {self._ground.limit_s:g} s")
        if status != 0 and not self._interrupted:
            how = f"was killed by signal {-status}" if status < 0 else f"ended with exit status {status}"
            return Outcome(f"{how}: {self._last_message()}")
        return Outcome()

    def _last_message(self) -> str:
        try:
            return why_it_ended(self._task.log.read_text(encoding="utf-8", errors="replace")[-4000:])
        except OSError:
            return "no message"


def usable_cpus(placement: str) -> Tuple[int, ...]:
    """The CPUs of this process in the order of a placement: one of each core before the second of any (`cores`), or
    neighbours first (`compact`)."""
    allowed = sorted(os.sched_getaffinity(0))
    ranks = []
    for cpu in allowed:
        try:
            text = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list").read_text().strip()
        except OSError:
            text = str(cpu)
        siblings = [one for one in allowed if _listed(text, one)] or [cpu]
        ranks.append((siblings.index(cpu) if cpu in siblings else 0, siblings[0], cpu))
    key: Callable[[Tuple[int, int, int]], Tuple[int, ...]] = \
        (lambda rank: (rank[1], rank[2])) if placement == "compact" else (lambda rank: rank)
    return tuple(rank[2] for rank in sorted(ranks, key=key))


def _listed(text: str, cpu: int) -> bool:
    """Is a CPU in a kernel's list, such as 0-3,8?"""
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first.isdigit() and int(first) <= cpu <= int(last or first):
            return True
    return False


def ground_of_rows(path: Path, run_id: str, window_ms: float, workloads: Optional[Tuple[str, ...]],
                   limit_s: float) -> Ground:
    """The ground of our own rows: their threads, placement, CPUs and columns."""
    csv.field_size_limit(sys.maxsize)
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        columns = tuple(reader.fieldnames or COLUMNS)
        rows = [row for row in reader if row.get("status") in (*MEASURED, "invalid")]
    widest = max(rows, key=lambda row: row["cpus"].count("+"), default={"placement": "none", "cpus": ""})
    cpus = tuple(dict.fromkeys(int(one) for one in widest["cpus"].split("+") if one.isdigit()))
    threads = sorted({int(row["threads"]) for row in rows if row["driver"] == "scaling"}) or [1]
    host = next((row["host"] for row in rows), socket.gethostname())
    return Ground(run_id, widest["placement"] or "none", cpus, tuple(threads), window_ms, workloads, columns, limit_s,
                  host)
