"""scripts/peers: measures whole runtimes with the patterns of docs/runtimes.md. scripts/run --peers does the same
between its own processes."""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence, Tuple

from rcb.answers.wording import counted, duration
from rcb.base.clock import utc_now
from rcb.base.errors import UsageError, not_accepted
from rcb.base.files import check_out, write_atomically
from rcb.base.interruption import Interruption
from rcb.run import options as checks
from rcb.run import rundir
from rcb.run.rundir import RunDirectory
from rcb.runtimes import interpreters
from rcb.runtimes.interpreters import INSIDE, Peer, Search
from rcb.runtimes.process import SILENCE_LIMIT_S, Cells, Ground, Key, Process, Task, usable_cpus

NAME = "peers"
ROOT = Path(__file__).resolve().parents[3]
ROUNDS_MOST = 3  # of a process: interpreters need longer windows than ours
LIMIT_VARIABLE = "RCBENCH_PEERS_LIMIT_S"


def limit_of_environment() -> float:
    """How long an interpreter may be silent before it is ended."""
    text = os.environ.get(LIMIT_VARIABLE, "")
    try:
        found = float(text) if text else SILENCE_LIMIT_S
    except ValueError:
        found = 0.0
    if not 0 < found <= 86400:
        raise UsageError(not_accepted(LIMIT_VARIABLE, text, "a time", "seconds, above 0 and at most 86400"))
    return found


class Peers:
    """The interpreters of one run: each is measured once for each process of the run, in random order."""

    def __init__(self, found: Search, directory: Path, warn: Callable[[str], None]) -> None:
        self.peers = list(found.peers)
        self._directory, self._warn = directory, warn
        self._scratch = tempfile.TemporaryDirectory(prefix="rcbench-peers-")
        self._extensions: Dict[str, Tuple[Optional[Path], str]] = {}
        self._stuck: Dict[str, Dict[Key, str]] = {}
        for warning in found.warnings:
            warn(warning)

    def close(self) -> None:
        self._scratch.cleanup()

    def _extension(self, peer: Peer) -> Tuple[Optional[Path], str]:
        """Compiled when the peer is first measured; its absence is told once where it could have been otherwise."""
        if peer.variant not in self._extensions:
            place = Path(self._scratch.name) / peer.file_name
            self._extensions[peer.variant] = interpreters.build_extension(peer, place)
            reason = self._extensions[peer.variant][1]
            if reason and peer.facts["implementation"] == "cpython":
                self._warn(f"{peer.variant}: {reason}; the rows of its own counts are skipped")
        return self._extensions[peer.variant]

    def rows_of(self, process: int, peer: Peer) -> Path:
        return self._directory / f"process-{process}-{peer.file_name}.csv"

    def measure(self, process: int, seed: int, rounds: int, ground: Ground, interruption: Optional[Interruption] = None,
                inherited: Tuple[int, ...] = (), look: Callable[[], None] = lambda: None) -> None:
        """One process of each interpreter. One that failed before is not started again."""
        order = list(range(len(self.peers)))
        random.Random(seed).shuffle(order)
        for place in order:
            peer = self.peers[place]
            rows = self.rows_of(process, peer)
            if rows.exists() or (peer.problem and process > 0):
                continue
            own, task = ground, Task(process, seed, rounds, rows,
                                     self._directory / f"rcbench-p{process}-{peer.file_name}.log")
            if peer.problem and not peer.facts:
                own = replace(ground, threads=ground.threads[:1])
            elif not peer.problem:
                extension, why = self._extension(peer)
                task = replace(task, extension=extension, no_extension=why, without=self._stuck.get(peer.variant, {}))
            outcome = Process(peer, own, task, interruption, inherited, look).run()
            if interruption is not None and interruption.happened:
                return
            for warning in outcome.warnings:
                self._warn(warning)
            self._stuck[peer.variant] = outcome.stuck
            if outcome.problem and not peer.problem:
                self.peers[place] = replace(peer, problem=outcome.problem)


# ---- the command ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Options:
    """The command line."""

    python: Optional[List[str]]
    no_find: bool
    workloads: Optional[str]
    threads: Optional[str]
    placement: Optional[str]
    window: Optional[float]
    repetitions: Optional[int]
    processes: Optional[int]
    seed: Optional[int]
    out: Optional[Path]
    list: bool
    install: bool
    no_install: bool


def _parse(arguments: Sequence[str]) -> Options:
    parser = checks.CheckedParser(prog="scripts/peers", allow_abbrev=False, add_help=False)
    parser.add_argument("--python", action="append")
    parser.add_argument("--workloads", action=checks.OnceAction, type=checks.names)
    parser.add_argument("--threads", action=checks.OnceAction, type=checks.threads)
    parser.add_argument("--placement", action=checks.OnceAction,
                        type=checks.one_of("a placement", ("cores", "compact", "none")))
    parser.add_argument("--window", action=checks.OnceAction, type=checks.window)
    parser.add_argument("--repetitions", action=checks.OnceAction, type=checks.count)
    parser.add_argument("--processes", action=checks.OnceAction, type=checks.count)
    parser.add_argument("--seed", action=checks.OnceAction, type=checks.seed)
    parser.add_argument("--out", action=checks.OnceAction, type=Path)
    for flag in ("--no-find", "--list", "--install", "--no-install"):
        parser.add_argument(flag, action="store_true")
    found, rest = parser.parse_known_args(list(arguments))
    if rest:
        raise UsageError(not_accepted(rest[0].split("=", 1)[0], rest[0], "an option",
                                      "the options of scripts/peers --help"))
    options = Options(**vars(found))
    if options.no_find and not options.python:
        raise UsageError("--no-find: leaves nothing to measure without --python; accepted: both, or neither")
    interpreters.all_given(options.python or ())
    if options.out is not None:
        check_out(options.out)
    _check_workloads(options.workloads)
    return options


def _check_workloads(workloads: Optional[str]) -> None:
    known = sorted({one.name for patterns in [interpreters.inside("patterns")]
                    for one in (*patterns.patterns(), *patterns.extension_patterns({}))})
    for name in (workloads or "").split(",") if workloads else ():
        if name not in known:
            raise UsageError(not_accepted("--workloads", name, "a pattern", ", ".join(known)))


def thread_counts(text: Optional[str], most: int) -> Tuple[int, ...]:
    """The counts that a list such as 1,2,4-8,max means; without one the powers of two, and all."""
    if text is None:
        powers = [2 ** power for power in range(most.bit_length()) if 2 ** power <= most]
        return tuple(sorted({*powers, most}))
    found = set()
    for part in text.split(","):
        first, dash, last = (most if one == "max" else one for one in part.partition("-"))
        found.update(range(int(first), int(last if dash else first) + 1))
    return tuple(sorted(found))


def _say(text: str) -> None:
    print(f"{NAME}: {text}", flush=True)


def _ground(options: Options, run_id: str) -> Ground:
    placement = options.placement or "cores"
    cpus = usable_cpus(placement)
    workloads = None if options.workloads is None else tuple(options.workloads.split(","))
    return Ground(run_id, placement, cpus, thread_counts(options.threads, len(cpus)), options.window or 100.0,
                  workloads, limit_s=limit_of_environment())


def _show(directory: Path) -> None:
    """A table of the medians: pattern by interpreter, one thread, and throughput at the most."""
    from rcb.runtimes.table import show  # pandas takes a second to load: not before the trials

    show(directory / "trials.csv", sys.stdout)


def run(options: Options, arguments: Sequence[str]) -> int:
    """Finds, asks, measures, and leaves rows and their record."""
    revision = rundir.revision(ROOT)
    run_id = rundir.run_name(revision)
    ground = _ground(options, run_id)
    found = interpreters.search(options.python or (), not options.no_find, ground.limit_s)
    target = options.out if options.out is not None else rundir.unused(ROOT / "results" / f"peers-{run_id}")
    directory = RunDirectory.create(target)
    seed = options.seed if options.seed is not None else rundir.drawn_seed()
    processes, rounds = options.processes or 3, options.repetitions or 3
    warnings: List[str] = []

    def warn(text: str) -> None:
        if text not in warnings:
            warnings.append(text)
            print(f"{NAME}: warning: {text}", file=sys.stderr, flush=True)

    peers = Peers(found, directory.path, warn)
    usable = [one.variant for one in peers.peers if not one.problem]
    _say(f"{counted(len(usable), 'interpreter')} ({', '.join(usable) or 'none'}), "
         f"{counted(len(Cells(ground).plain), 'cell')} each, {counted(processes, 'process', 'processes')} of "
         f"{counted(rounds, 'repetition')}; seed {seed}; results in {directory.path}")
    record = {"schema": rundir.SCHEMA, "run_id": run_id, "utc": utc_now(), "argv": list(arguments),
              "revision": revision, "seed": seed, "processes": processes, "repetitions": rounds,
              "window_ms": ground.window_ms, "started": utc_now()}
    began = time.monotonic()
    with Interruption() as interruption:
        for process in range(processes):
            if not interruption.happened:
                peers.measure(process, rundir.derived_seed(seed, process), rounds, ground, interruption,
                              (directory.lock,))
        directory.collect(processes)
    peers.close()
    record.update(finished=utc_now(), elapsed_s=round(time.monotonic() - began, 3),
                  complete=not interruption.happened, warnings=warnings,
                  interpreters=[one.record() for one in peers.peers])
    write_atomically(directory.path / "run.json", json.dumps(record, indent=2, ensure_ascii=False) + "\n")
    directory.remove_parts(processes)
    if interruption.happened:
        print(f"{NAME}: interrupted; the rows that were made are in {directory.path}", file=sys.stderr)
        return interruption.status
    _show(directory.path)
    _say(f"{duration(time.monotonic() - began)}; rows in {directory.path / 'trials.csv'}")
    return 0


def main(arguments: Sequence[str]) -> int:
    options = _parse(arguments)
    if options.list:
        patterns = interpreters.inside("patterns")
        for one in (*patterns.patterns(), *patterns.extension_patterns({})):
            print(f"{one.name:<18} {one.params:<14} {one.summary}")
        print(f"\nAny interpreter prints rows by itself: PYTHON {INSIDE / 'measure.py'} rows '{{\"threads\": [1, 2]}}'")
        return 0
    return run(options, arguments)
