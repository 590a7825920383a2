"""scripts/run after set-up and build: plans, runs the processes of trials, and leaves rows, summary and report."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, List, Mapping, Optional, Sequence, Set, Tuple

from rich.console import Console

from rcb.answers import traits
from rcb.answers.summary import Summary, summarise
from rcb.answers.wording import counted, duration
from rcb.base.clock import utc_now
from rcb.base.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_NOISE, CommandError, UsageError, describe_os_error
from rcb.base.files import part_of
from rcb.base.interruption import Interruption
from rcb.commands.peers import ROUNDS_MOST, Peers, limit_of_environment
from rcb.commands.report import conclude
from rcb.machine import doctor, trust
from rcb.rows import rows
from rcb.run import precision, rundir
from rcb.run.binary import Binary, Plan, Settings
from rcb.run.options import PROFILES, Options, Profile, parse
from rcb.run.progress import Count, Display, RowCounter, display
from rcb.run.rundir import Manifest, RunDirectory
from rcb.run.sizes import Sizes
from rcb.runtimes import interpreters
from rcb.runtimes.comparison import workloads_beside
from rcb.runtimes.process import ground_of_rows

NAME = "run"
ROOT = Path(__file__).resolve().parents[3]

# A further process of --precision lasts about so long, so that its cells are soon looked at again; and what trials take
# beyond the plan.
FURTHER_S = 60.0
PLAN_SLACK = 1.25
WIDE_SHOWN = 5

# Messages of the binary that are shown, and how many; a noisy machine can make hundreds.
NOTES_MOST = 10
SHOWN = ("rcbench:", "***WARNING***")
# The last words of a process that a cell has ended.
CRASHED = re.compile(r"rcbench: (\S+): (?:the process crashed|the trial hangs|the process ends)")


def say(text: str) -> None:
    print(f"{NAME}: {text}", flush=True)


def budget_of(options: Options, profile: Profile) -> Optional[float]:
    if options.precision is None:
        return None
    return options.budget if options.budget is not None else profile.precision_budget_s


def settings_of(options: Options, profile: Profile, sizes: Sizes, peers: bool) -> Settings:
    return Settings(profile.name, sizes.window_ms, options.variants, options.workloads, options.threads, options.placement,
                    options.allocator, peers=peers, all_kinds=bool(options.all_kinds), within_s=sizes.within_s,
                    left_out=tuple(options.leave_out.split(",")) if options.leave_out else (),
                    oversubscribe=bool(options.oversubscribe), filter=options.filter)


def peers_of_binary(binary: Binary, options: Options) -> bool:
    """Is the binary to measure libraries of others, too?"""
    return bool(options.peers) and binary.has_peers()


def planned(binary: Binary, options: Options, profile: Profile) -> Tuple[Sizes, Plan]:
    """Asks the binary for its plan and fits the run to the time that there is. Writes nothing."""
    sizes, peers = Sizes(options, profile), peers_of_binary(binary, options)
    plan = binary.plan(settings_of(options, profile, sizes, peers))
    if sizes.fit(plan):
        plan = binary.plan(settings_of(options, profile, sizes, peers))
        sizes.fit(plan)
    if plan.cells + plan.skipped == 0:
        raise UsageError("--workloads and --variants: no cell matches; accepted: names that rcbench --list prints")
    return sizes, plan


def describe_machine(binary: Binary, directory: RunDirectory, manifest: Manifest) -> None:
    """Puts the machine's facts into the manifest and its topology beside it."""
    facts = directory.path / "machine.json"
    binary.write_machine(facts, manifest.settings())
    try:
        manifest.machine = json.loads(facts.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CommandError(f"{facts}: not JSON ({error})") from error
    facts.unlink()
    for warning in manifest.machine.pop("warnings", []):
        manifest.warn(str(warning))
    topology = directory.path / "topology.xml"
    binary.write_topology(topology)
    draw_topology(topology, manifest)


def build_findings(machine: Mapping[str, Any]) -> List[trust.Finding]:
    """What speaks against the build: one without optimisation, or with a sanitizer."""
    if machine.get("fit_to_measure", True):
        return []
    return [trust.Finding("build", trust.WARNING, f"{machine.get('build_type') or 'no type'}: {machine.get('c_flags')}",
                          "what was measured is not what a compiler makes of a program that is to be fast",
                          "cmake --preset release && cmake --build --preset release", trust.SPOILS)]


def draw_topology(topology: Path, manifest: Manifest) -> None:
    """The picture is an extra: without it the run goes on, with a warning."""
    picture = topology.with_suffix(".svg")
    program = shutil.which("lstopo-no-graphics")
    if program is None:
        manifest.warn("no topology.svg: lstopo-no-graphics is not installed")
        return
    done = subprocess.run([program, "-i", str(topology), "--of", "svg", "--force", str(picture)],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    if done.returncode != 0 or not picture.is_file():
        picture.unlink(missing_ok=True)
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        manifest.warn(f"no topology.svg: lstopo-no-graphics failed: {reason}")


def begin(binary: Binary, options: Options, argv: Sequence[str]) -> Tuple[RunDirectory, Manifest, Sizes, float]:
    """Plans a new run and makes its directory."""
    profile = PROFILES[options.profile or "quick"]
    sizes, plan = planned(binary, options, profile)
    revision = rundir.revision(ROOT)
    name = rundir.run_name(revision)
    directory = RunDirectory.create(options.out if options.out is not None else rundir.unused(ROOT / "results" / name))
    seed = options.seed if options.seed is not None else rundir.drawn_seed()
    now = utc_now()
    manifest = Manifest(
        run_id=name, utc=now, argv=rundir.without_place(argv), revision=revision, profile=profile.name,
        variants=options.variants,
        workloads=options.workloads, threads=options.threads, placement=options.placement,
        allocator=options.allocator, window_ms=sizes.window_ms, seed=seed, processes=sizes.processes,
        repetitions=sizes.repetitions,
        seeds=[rundir.derived_seed(seed, process) for process in range(sizes.processes)],
        rounds=[sizes.repetitions] * sizes.processes, cells=plan.cells, cells_skipped=plan.skipped, started=now,
        precision=options.precision, budget_s=budget_of(options, profile), peers=options.peers, python=options.python,
        peers_of_binary=peers_of_binary(binary, options), all_kinds=options.all_kinds, within_s=sizes.within_s,
        oversubscribe=options.oversubscribe, filter=options.filter,
        checks=trust.record_of(doctor.examine(doctor.this_machine())))
    manifest.leave_out(options.leave_out)
    try:
        describe_machine(binary, directory, manifest)
        variants = [one.name for one in traits.read({"machine": manifest.machine})]
        interpreters.check_stand_ins(options.python or (), variants)
        manifest.checks += trust.record_of(build_findings(manifest.machine))
        manifest.reference_cost = binary.reference_cost(manifest.settings())
        directory.save(manifest)
    except BaseException:
        directory.abandon()
        raise
    expected = plan.round_s * sum(manifest.rounds)
    say(f"{profile.name} profile: {counted(plan.cells, 'cell')} ({plan.skipped} skipped), "
        f"{counted(sizes.processes, 'process', 'processes')} of "
        f"{counted(sizes.repetitions, 'repetition')}, {sizes.window_ms:g} ms each, about {duration(expected)}; "
        f"seed {seed}; results in {directory.path}")
    return directory, manifest, sizes, expected


def conflict(flag: str, given: Any, recorded: Any) -> UsageError:
    has = "none" if recorded is None else f"'{recorded}'"
    return UsageError(f"--{flag.replace('_', '-')}: '{given}' conflicts with --resume, whose run has {has}; accepted: --resume alone")


def take_up(binary: Binary, options: Options) -> Tuple[RunDirectory, Manifest, Sizes, float]:
    """Opens an interrupted run with exactly its recorded options."""
    assert options.resume is not None
    directory = RunDirectory(options.resume)
    manifest = directory.load()
    recorded = manifest.recorded()
    for flag, given in options.given().items():
        if given != recorded[flag]:
            raise conflict(flag, given, recorded[flag])
    revision = rundir.revision(ROOT)
    sizes = Sizes(options, PROFILES[manifest.profile])
    sizes.keep()
    expected = 0.0
    if not manifest.complete:
        manifest.leave_out(options.leave_out)
        recovered = directory.recover(manifest.all_processes)
        if recovered:
            manifest.warn("the files of single processes were missing; their rows come from trials.csv: "
                          f"{counted(len(recovered), 'process', 'processes')}")
        manifest.resumed.append({"utc": utc_now(), "revision": revision})
        if revision != manifest.revision:
            manifest.warn(f"begun at revision {manifest.revision}, continued at {revision}: rows come from both")
        expected = binary.plan(manifest.settings()).round_s * sum(manifest.rounds)
        directory.save(manifest)
        say(f"going on with {directory.path}")
    return directory, manifest, sizes, expected


class Session:
    """The trials of one call of scripts/run: all processes that are not finished yet, one after another."""

    def __init__(self, binary: Binary, directory: RunDirectory, manifest: Manifest, sizes: Sizes,
                 expected_s: float) -> None:
        self._binary = binary
        self._directory = directory
        self._manifest = manifest
        self._sizes = sizes
        self._counters = [RowCounter(directory.rows_of(process)) for process in range(manifest.all_processes)]
        self._display: Display = display(NAME, self._total(), sys.stdout, expected_s)
        self._noted: Set[str] = set()
        self._crashed: Optional[str] = None  # the cell that has ended a process
        self._began = time.monotonic()
        self._before_s = manifest.elapsed_s
        self._planned_s = expected_s
        self._peers: Optional[Peers] = None
        self._beside_s = 0.0  # spent on the peers: no part of what was planned

    def _total(self) -> int:
        return sum(self._manifest.trials_of(process) for process in range(self._manifest.all_processes))

    def _note(self, line: str) -> None:
        # Google Benchmark describes the machine each time, which run.json does already; and each process repeats the
        # same warnings: once is enough. All lines are in the logs.
        match = CRASHED.match(line)
        self._crashed = match.group(1) if match else self._crashed
        if not line.startswith(SHOWN) or line in self._noted:
            return
        self._noted.add(line)
        if len(self._noted) <= NOTES_MOST:
            self._display.note(line)
        elif len(self._noted) == NOTES_MOST + 1:
            self._display.note(f"{NAME}: further messages are in {self._directory.path}/rcbench-p*.log")

    def _show(self, process: int) -> None:
        counts = [counter.update() for counter in self._counters]
        self._display.show(Count(sum(one.trials for one in counts), sum(one.invalid for one in counts)), process)

    def _save(self) -> None:
        self._manifest.elapsed_s = round(self._before_s + time.monotonic() - self._began, 3)
        self._directory.save(self._manifest)

    def run(self, interruption: Interruption) -> None:
        """Runs until all is measured, or an interruption or a failure ends it; CommandError on failure."""
        try:
            for process in range(self._manifest.processes):
                if self._manifest.rounds[process] == 0:
                    continue
                if not self._directory.rows_of(process).exists():
                    self._one(process, interruption)
                    if interruption.happened:
                        return
                    self._refit(process + 1)
                self._beside(process, interruption)
                if interruption.happened:
                    return
            self._go_on(interruption)
        finally:
            if self._peers is not None:
                self._peers.close()
            self._display.close()
            self._save()

    def _one(self, process: int, interruption: Interruption) -> None:
        task = self._directory.task(self._manifest, process)
        if part_of(task.rows).exists() and part_of(task.rows).stat().st_size == 0:
            part_of(task.rows).unlink()
        self._show(process)
        status = self._binary.measure(self._manifest.settings(process), task, interruption, self._directory.lock,
                                      lambda: self._show(process), self._note)
        self._show(process)
        if status == EXIT_INTERRUPTED and not interruption.happened:
            interruption.signal = signal.SIGINT
        if interruption.happened:
            return
        self._manifest.failed = self._manifest.failed or status == EXIT_FAILED
        self._manifest.disturbed = self._manifest.disturbed or status == EXIT_NOISE
        if status not in (0, EXIT_FAILED, EXIT_NOISE) or not task.rows.exists():
            ended = f"was killed by signal {-status}" if status < 0 else f"ended with exit status {status}"
            cell = f" in the cell {self._crashed} (--leave-out goes on without it)" if self._crashed else ""
            raise CommandError(f"process {process + 1} {ended}{cell} before all its trials were made; "
                               f"its output is in {task.log}")

    def _warn(self, text: str) -> None:
        if text not in self._manifest.warnings:
            self._manifest.warn(text)
            self._display.note(f"{NAME}: warning: {text}")

    def _beside(self, process: int, interruption: Interruption) -> None:
        """--peers: whole runtimes, on the CPUs and counts of threads of our own rows, right after our own process."""
        if not self._manifest.peers:
            return
        began = time.monotonic()
        if self._peers is None:
            found = interpreters.search(self._manifest.python or ())
            self._peers = Peers(found, self._directory.path, self._warn)
        ground = ground_of_rows(self._directory.rows_of(process), self._manifest.run_id, self._manifest.window_ms,
                                workloads_beside(self._manifest.workloads), limit_of_environment())
        self._peers.measure(process, self._manifest.seed_of(process),
                            min(ROUNDS_MOST, self._manifest.rounds_of(process)), ground, interruption,
                            (self._directory.lock,), lambda: self._show(process))
        self._manifest.interpreters = [one.record() for one in self._peers.peers]
        self._beside_s += time.monotonic() - began
        self._save()

    def _go_on(self, interruption: Interruption) -> None:
        """Processes beyond the planned ones, each decided on when those before it have ended: of one thread's cells
        while the profile has time, then of the cells that --precision finds too wide."""
        process = self._manifest.processes
        while True:
            while process < self._manifest.all_processes:
                if not self._directory.rows_of(process).exists():
                    self._one(process, interruption)
                if interruption.happened:
                    return
                process += 1
            self._directory.collect(self._manifest.all_processes)
            precise = self._manifest.precision
            if not self._add_short() and not (precise is not None and self._add_wide(precise)):
                return

    def _time_of(self, cells: Sequence[str]) -> Tuple[float, float]:
        """Seconds of a round of these cells: as planned, and as the rounds so far let expect."""
        manifest = self._manifest
        slowness = (manifest.elapsed_s - self._beside_s) / self._planned_s if self._planned_s > 0 else 1.0
        round_s = self._binary.plan(replace(manifest.settings(), cells=tuple(cells))).round_s
        return round_s, round_s * max(PLAN_SLACK, slowness)

    def _add(self, cells: List[str], rounds: int, round_s: float, why: str) -> None:
        process = self._manifest.add_process(cells, rounds)
        self._planned_s += round_s * rounds
        self._counters.append(RowCounter(self._directory.rows_of(process)))
        self._display.retotal(self._total())
        self._display.note(f"{NAME}: {why}")
        self._save()

    def _add_short(self) -> bool:
        """A further process of the cells with one thread, if there is time: they take a third of a round's time, and
        an interval is as good as its number of processes."""
        self._save()
        left_s = self._sizes.left_s(self._manifest.elapsed_s - self._beside_s)
        if len(self._manifest.further) >= self._sizes.short_processes or left_s <= 0:
            return False
        cells = precision.cells_of_one_thread(self._directory.path / "trials.csv")
        if not cells or len(cells) == self._manifest.cells:
            return False
        round_s, expected_s = self._time_of(cells)
        if expected_s > left_s:
            return False
        self._add(cells, 1, round_s, f"there is time for a further process of the {counted(len(cells), 'cell')} with "
                                     "one thread")
        return True

    def _add_wide(self, asked: float) -> bool:
        """Plans a further process where cells are too wide and there is time; says what is wide in any case."""
        manifest = self._manifest
        trials = self._directory.path / "trials.csv"
        wide = precision.wide_cells(trials, asked)
        manifest.wide = [one.record() for one in wide]
        self._save()
        if not wide:
            return False
        cells = precision.with_baselines(trials, wide)
        round_s, expected_s = self._time_of(cells)
        left_s = (manifest.budget_s or 0.0) - manifest.elapsed_s
        if left_s < expected_s:
            return False
        within = int(min(left_s, FURTHER_S) / expected_s) if expected_s > 0 else manifest.repetitions
        self._add(cells, max(1, min(manifest.repetitions, within)), round_s,
                  f"{counted(len(wide), 'cell')} wider than {asked:.2%}: measuring {counted(len(cells), 'cell')} (with "
                  f"what they are compared with) in a further process, {duration(left_s)} of the budget left")
        return True

    def _refit(self, done: int) -> None:
        rounds = self._sizes.refit(self._manifest.rounds, done, time.monotonic() - self._began - self._beside_s)
        if rounds != self._manifest.rounds:
            self._manifest.rounds = rounds
            self._manifest.warn(f"trials took another time than planned: rounds of the processes are "
                                f"{', '.join(map(str, rounds))}")
            self._display.retotal(self._total())
            self._save()


def measure(binary: Binary, directory: RunDirectory, manifest: Manifest, sizes: Sizes, expected_s: float) -> int:
    """Makes the missing trials; returns 0, or the status with which to end early. Rows are kept in any case."""
    session = Session(binary, directory, manifest, sizes, expected_s)
    with Interruption() as interruption:
        try:
            session.run(interruption)
            directory.collect(manifest.all_processes)
        except (CommandError, OSError) as error:
            raise CommandError(f"{line_of(error)}; {what_is_kept(directory, manifest)}") from error
    if interruption.happened:
        print(f"{NAME}: interrupted; {what_is_kept(directory, manifest)}", file=sys.stderr)
        return interruption.status
    try:
        manifest.complete = True
        manifest.finished = utc_now()
        judge(directory, manifest)
        directory.save(manifest)
    except OSError as error:
        raise CommandError(f"{line_of(error)}; {what_is_kept(directory, manifest)}") from error
    return 0


def line_of(error: Exception) -> str:
    return describe_os_error(error) if isinstance(error, OSError) else str(error)


def what_is_kept(directory: RunDirectory, manifest: Manifest) -> str:
    """What a run that ends early has, and how it goes on."""
    resume = f"continue with scripts/run --resume {directory.path}"
    try:
        made = directory.collect(manifest.all_processes)
    except OSError:  # no room for a second copy: those of each process are where the binary has written them
        return f"all rows are kept, in {directory.path}/process-*: {resume}"
    if made:
        return f"all rows are kept: {resume}"
    return f"no row was made: {resume}" if directory.path.is_dir() else "the directory of the results has been removed"


def judge(directory: RunDirectory, manifest: Manifest) -> None:
    """How far this run can be trusted, from its rows and from what the machine was like when it began."""
    found = rows.read(directory.path / "trials.csv")
    floor = summarise(found).floor
    manifest.trust = trust.of_run(found.measured(), trust.findings_of(manifest.checks),
                                  floor.width if floor else None).record()


def say_how_good(manifest: Manifest) -> None:
    """The verdict, and the cells that are not known as well as was asked."""
    if manifest.wide and manifest.precision is not None:
        widest = ", ".join(f"{one['cell']} " + ("(no interval)" if one["half_width"] is None else
                                                f"(±{one['half_width']:.1%})") for one in manifest.wide[:WIDE_SHOWN])
        more = f" and {len(manifest.wide) - WIDE_SHOWN} more" if len(manifest.wide) > WIDE_SHOWN else ""
        say(f"the budget of {duration(manifest.budget_s or 0.0)} is used up, and "
            f"{counted(len(manifest.wide), 'cell')} stayed wider than {manifest.precision:.2%}: {widest}{more}")
    if manifest.trust:
        found = trust.Trust(manifest.trust["verdict"], tuple(manifest.trust["reasons"]),
                            tuple(manifest.trust["advice"]))
        doctor.print_verdict(found, Console(), f"{NAME}: how far this run can be trusted")


def status_of(answer: Summary, manifest: Manifest, report: Path) -> int:
    """The exit status of a run that has come to its end, and what it is about."""
    trials = answer.trials
    if trials.failed:
        print(f"{NAME}: {counted(trials.failed, 'trial')} failed: {report} lists why", file=sys.stderr)
    if trials.failed or manifest.failed or answer.rows.bad:
        return EXIT_FAILED
    if trials.lost:
        print(f"{NAME}: noise left {counted(trials.lost, 'trial')} without a good row, and nothing failed: all that "
              f"was measured is in {report}", file=sys.stderr)
    return EXIT_NOISE if trials.lost or manifest.disturbed else 0


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    given: Optional[str] = os.environ.get("RCBENCH_BINARY")
    binary = Binary(Path(given) if given else ROOT / "build" / "release" / "rcbench")
    if options.resume is not None:
        directory, manifest, sizes, expected = take_up(binary, options)
    else:
        directory, manifest, sizes, expected = begin(binary, options, arguments)
    for warning in manifest.warnings:
        print(f"{NAME}: warning: {warning}", file=sys.stderr)
    if manifest.complete:
        say(f"{directory.path} is complete; nothing is left to measure")
    else:
        status = measure(binary, directory, manifest, sizes, expected)
        if status != 0:
            return status
    directory.remove_parts(manifest.all_processes)
    try:
        answer = conclude(directory.path, NAME, formats=options.export)
    except OSError as error:
        raise CommandError(f"{line_of(error)}; all was measured, and scripts/report {directory.path} makes the report") \
            from error
    say_how_good(manifest)
    return status_of(answer, manifest, directory.path / "report.html")
