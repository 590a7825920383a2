"""scripts/doctor: how far this machine can be trusted with a measurement, item by item, and what would change that.

Everything is read below a root directory, which is / but for the tests. What a file does not tell is `unknown`."""

from __future__ import annotations

import argparse
import json
import os
import re
import time
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence, Set, Tuple

from rich.console import Console
from rich.table import Table

from rcb.base.errors import EXIT_FAILED, UsageError
from rcb.machine.trust import (ADVICE, FAIR, GOOD, LOWERS, OK, POOR, SPOILS, UNKNOWN, WARNING, Finding, Trust, record_of,
                       verdict_of)

NAME = "doctor"
CPUS = "sys/devices/system/cpu"
STYLES = {OK: "green", WARNING: "yellow", UNKNOWN: "cyan", GOOD: "green", FAIR: "yellow", POOR: "red"}

# Share of the time since boot that a hypervisor took.
STEAL_LIMITS = (0.001, 0.01)
# How many other programs run on average. The kernel's own averages look back a minute and more, so they would count
# what this run has just built: the moment itself is looked at, so often, so far apart.
LOAD_IDLE = 0.5
LOAD_LOOKS = 25
LOAD_PAUSE_S = 0.02
ADDR_NO_RANDOMIZE = 0x40000  # of personality(2)
SAME_ADDRESSES = "all processes have the same addresses, so their luck with them does not average out"
# Clocks that a program reads without entering the kernel.
FAST_CLOCKS = ("tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter", "vmware-tsc")


class Machine:
    """The files of one machine, the CPUs that a run would use, and how long to wait between two looks at a file that
    changes."""

    def __init__(self, root: Path, cpus: Optional[Sequence[int]] = None, pause_s: float = LOAD_PAUSE_S) -> None:
        self.root = root
        self.pause_s = pause_s
        self.cpus = sorted(cpus if cpus is not None else os.sched_getaffinity(0))

    def text(self, path: str) -> Optional[str]:
        """A file's text without blanks around it; None where it is not there, or is empty."""
        try:
            return (self.root / path).read_text(encoding="utf-8", errors="replace").strip() or None
        except OSError:
            return None

    def number(self, path: str) -> Optional[int]:
        text = self.text(path)
        return int(text) if text is not None and re.fullmatch(r"-?\d+", text) else None

    def of_cpus(self, path: str) -> List[str]:
        """What the file says for each CPU that tells."""
        return [text for text in (self.text(f"{CPUS}/cpu{cpu}/{path}") for cpu in self.cpus) if text is not None]

    def option(self, name: str) -> Optional[str]:
        """The value of an option on the kernel's command line; "" where it has none."""
        for word in (self.text("proc/cmdline") or "").split():
            key, _, value = word.partition("=")
            if key == name:
                return value
        return None

    def runs(self, command: str) -> bool:
        """Whether a process of this name is there. Processes may end while they are looked at."""
        paths = (self.root / "proc").glob("[0-9]*/comm")
        return any(self.text(str(path.relative_to(self.root))) == command for path in paths)


def _cpu_list(text: str) -> Set[int]:
    """The CPUs of a list such as 0-2,5."""
    found: Set[int] = set()
    for part in filter(None, text.split(",")):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part.strip())
        if match:
            found.update(range(int(match.group(1)), int(match.group(2) or match.group(1)) + 1))
    return found


def governor(machine: Machine) -> Finding:
    found = sorted(set(machine.of_cpus("cpufreq/scaling_governor")))
    if not found:
        return Finding("governor", UNKNOWN, "no cpufreq here")
    if found == ["performance"]:
        return Finding("governor", OK, "performance")
    return Finding("governor", WARNING, ", ".join(found), "the clock follows the load, and lags behind it",
                   "cpupower frequency-set -g performance", LOWERS)


def turbo(machine: Machine) -> Finding:
    switches = ((f"{CPUS}/intel_pstate/no_turbo", 0, 1), (f"{CPUS}/cpufreq/boost", 1, 0))
    for path, when_on, off in switches:
        value = machine.number(path)
        if value is not None:
            break
    else:
        return Finding("turbo", UNKNOWN, "no switch for it here")
    if value != when_on:
        return Finding("turbo", OK, "off")
    return Finding("turbo", WARNING, "on", "the clock falls as more cores work, and with heat",
                   f"echo {off} > /{path}", LOWERS)


def smt(machine: Machine) -> Finding:
    active = machine.number(f"{CPUS}/smt/active")
    if active is None:
        siblings = machine.of_cpus("topology/thread_siblings_list")
        if not siblings:
            return Finding("smt", UNKNOWN, "no topology here")
        active = int(any(len(_cpu_list(text)) > 1 for text in siblings))
    if not active:
        return Finding("smt", OK, "off")
    return Finding("smt", WARNING, "on", "two threads of a core slow each other; --placement cores (the default) fills "
                   "all cores first", f"echo off > /{CPUS}/smt/control", ADVICE)


def isolation(machine: Machine) -> Finding:
    kept: Dict[str, Set[int]] = {}
    for name, path in (("isolcpus", f"{CPUS}/isolated"), ("nohz_full", f"{CPUS}/nohz_full")):
        kept[name] = _cpu_list(machine.text(path) or machine.option(name) or "")
    kept["rcu_nocbs"] = _cpu_list(machine.option("rcu_nocbs") or "")
    if machine.text("proc/cmdline") is None and not any(kept.values()):
        return Finding("isolation", UNKNOWN, "no kernel command line here")
    missing = [name for name, cpus in kept.items() if not set(machine.cpus) <= cpus]
    if not missing:
        return Finding("isolation", OK, "isolcpus, nohz_full and rcu_nocbs cover all CPUs of a run")
    which = ",".join(map(str, machine.cpus))
    return Finding("isolation", WARNING, f"CPUs {which} are not in {', '.join(missing)}",
                   "the kernel and other programs interrupt the trials",
                   "boot with " + " ".join(f"{name}=CPUS" for name in missing) + ", and run under taskset -c CPUS")


def interrupts(machine: Machine) -> Finding:
    lists = list((machine.root / "proc/irq").glob("[0-9]*/smp_affinity_list"))
    here = sum(bool(_cpu_list(machine.text(str(path.relative_to(machine.root))) or "") & set(machine.cpus))
               for path in lists)
    balanced = machine.runs("irqbalance")
    if not lists:
        return Finding("interrupts", UNKNOWN, "no /proc/irq here")
    if not here and not balanced:
        return Finding("interrupts", OK, "none on the CPUs of a run")
    found = f"{here} of {len(lists)} may come to the CPUs of a run" + (", irqbalance moves them" if balanced else "")
    return Finding("interrupts", WARNING, found, "each takes microseconds out of a window",
                   ("systemctl stop irqbalance; " if balanced else "") +
                   "for i in /proc/irq/*/smp_affinity_list; do echo OTHER_CPUS > $i; done")


def _memory(machine: Machine) -> Dict[str, int]:
    return {key: int(value) for key, value in
            re.findall(r"^(\w+):\s+(\d+)", machine.text("proc/meminfo") or "", re.MULTILINE)}


def swap(machine: Machine) -> Finding:
    memory = _memory(machine)
    if "SwapTotal" not in memory or "SwapFree" not in memory:
        return Finding("swap", UNKNOWN, "no /proc/meminfo here")
    used = memory["SwapTotal"] - memory["SwapFree"]
    if not memory["SwapTotal"]:
        return Finding("swap", OK, "none")
    if not used:
        return Finding("swap", OK, "not in use")
    return Finding("swap", WARNING, f"{used // 1024} MiB in use", "a page that comes back from a device stops a thread",
                   "swapoff -a", LOWERS)


def huge_pages(machine: Machine) -> Finding:
    match = re.search(r"\[(\w+)\]", machine.text("sys/kernel/mm/transparent_hugepage/enabled") or "")
    if not match:
        return Finding("huge pages", UNKNOWN, "no transparent_hugepage here")
    if match.group(1) != "always":
        return Finding("huge pages", OK, match.group(1))
    return Finding("huge pages", WARNING, "always", "which sets of objects get one differs from trial to trial",
                   "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled")


def aslr(machine: Machine) -> Finding:
    level = machine.number("proc/sys/kernel/randomize_va_space")
    persona = machine.text("proc/self/personality")
    if persona is not None and re.fullmatch(r"[0-9a-fA-F]+", persona) and int(persona, 16) & ADDR_NO_RANDOMIZE:
        return Finding("aslr", WARNING, "off for this process (setarch -R, or a debugger)", SAME_ADDRESSES,
                       "start it without setarch -R", LOWERS)
    if level is None:
        return Finding("aslr", UNKNOWN, "not told here")
    if level == 2:
        return Finding("aslr", OK, "on: each process of a run has addresses of its own")
    return Finding("aslr", WARNING, f"{level} instead of 2", SAME_ADDRESSES, "sysctl -w kernel.randomize_va_space=2", LOWERS)


def steal(machine: Machine) -> Finding:
    total = stolen = 0
    for name, numbers in re.findall(r"^cpu(\d+) ([\d ]+)$", machine.text("proc/stat") or "", re.MULTILINE):
        fields = [int(one) for one in numbers.split()]
        if int(name) in machine.cpus and len(fields) >= 8:
            total, stolen = total + sum(fields[:8]), stolen + fields[7]
    if not total:
        return Finding("steal", UNKNOWN, "not told here")
    share = stolen / total
    found = f"{share:.2%} of the time since boot"
    weight = ADVICE + (share > STEAL_LIMITS[0]) + (share > STEAL_LIMITS[1])
    if not weight:
        return Finding("steal", OK, found)
    return Finding("steal", WARNING, found, "the hypervisor runs others on these CPUs",
                   "measure on bare metal, or on a guest with CPUs of its own", weight)


def _others_running(machine: Machine) -> Optional[int]:
    """How many threads run or wait for a CPU at this moment, without the one that looks."""
    match = re.search(r" (\d+)/\d+ \d+$", machine.text("proc/loadavg") or "")
    return max(0, int(match.group(1)) - 1) if match else None


def load(machine: Machine) -> Finding:
    looks: List[int] = []
    for _ in range(LOAD_LOOKS):
        running = _others_running(machine)
        if running is None:
            return Finding("load", UNKNOWN, "not told here")
        looks.append(running)
        time.sleep(machine.pause_s)
    value = sum(looks) / len(looks)
    found = f"{value:.1f} other programs running on {len(machine.cpus)} CPUs"
    if value <= LOAD_IDLE:
        return Finding("load", OK, found)
    return Finding("load", WARNING, found, "they take CPUs from the trials", "end other programs (top shows them)",
                   SPOILS if value > 0.5 * len(machine.cpus) + LOAD_IDLE else LOWERS)


def virtualisation(machine: Machine) -> Finding:
    kind = machine.text("sys/hypervisor/type")
    flags = re.search(r"^flags\s*:(.*)$", machine.text("proc/cpuinfo") or "", re.MULTILINE)
    if kind is None and (machine.root / "proc/device-tree/hypervisor").exists():
        kind = "a hypervisor"
    if kind is None and flags is not None and "hypervisor" in flags.group(1).split():
        kind = "a hypervisor"
    if kind is not None:
        return Finding("virtualisation", WARNING, f"a guest of {kind}",
                       "its CPUs may be shared, moved or slowed by the host, which it cannot see",
                       "repeat on bare metal before you publish", LOWERS)
    if flags is None:
        return Finding("virtualisation", UNKNOWN, "not told here")
    return Finding("virtualisation", OK, "none")


def _group_limits(machine: Machine) -> List[Tuple[float, str]]:
    """CPUs that the control group of this process and those above it grant, with the files that say so."""
    found: List[Tuple[float, str]] = []
    for line in (machine.text("proc/self/cgroup") or "").splitlines():
        _, controllers, group = (line.split(":", 2) + ["", ""])[:3]
        if controllers and "cpu" not in controllers.split(","):
            continue
        mount = Path("sys/fs/cgroup/cpu" if controllers else "sys/fs/cgroup")
        own = mount / group.lstrip("/")
        for directory in [own, *(one for one in own.parents if mount in (one, *one.parents))]:
            words = (machine.text(str(directory / "cpu.max")) or "").split()
            if len(words) == 2 and words[0].isdigit() and int(words[1]) > 0:
                found.append((int(words[0]) / int(words[1]), f"echo max > /{directory}/cpu.max"))
            quota, period = (machine.number(str(directory / f"cpu.cfs_{name}_us")) for name in ("quota", "period"))
            if quota is not None and period and quota > 0:
                found.append((quota / period, f"echo -1 > /{directory}/cpu.cfs_quota_us"))
    return found


def quota(machine: Machine) -> Finding:
    limits = _group_limits(machine)
    if not limits:
        known = machine.text("proc/self/cgroup") is not None
        return Finding("cpu quota", OK if known else UNKNOWN, "none" if known else "not told here")
    cpus, command = min(limits)
    weight = SPOILS if cpus < len(machine.cpus) else LOWERS
    return Finding("cpu quota", WARNING, f"{cpus:g} CPUs for {len(machine.cpus)}",
                   "threads are stopped in the middle of a window once it is used up", command, weight)


def throttling(machine: Machine) -> Finding:
    counts = machine.of_cpus("thermal_throttle/core_throttle_count")
    counts += machine.of_cpus("thermal_throttle/package_throttle_count")
    if not counts:
        return Finding("throttling", UNKNOWN, "no thermal_throttle here")
    events = sum(int(text) for text in counts if text.isdigit())
    if not events:
        return Finding("throttling", OK, "never since boot")
    return Finding("throttling", WARNING, f"{events} events since boot", "heat or power has slowed these CPUs",
                   "better cooling, or a lower clock: cpupower frequency-set -u FREQUENCY", LOWERS)


def counters(machine: Machine) -> Finding:
    devices = machine.root / "sys/bus/event_source/devices"
    if not devices.is_dir():
        return Finding("perf counters", UNKNOWN, "not told here")
    if not any((devices / name).exists() for name in ("cpu", "cpu_core")) and not list(devices.glob("armv8*")):
        return Finding("perf counters", WARNING, "none",
                       "nobody can look at cache misses here; times do not depend on it")
    level = machine.number("proc/sys/kernel/perf_event_paranoid")
    if level is None or level <= 2:
        return Finding("perf counters", OK, "available")
    return Finding("perf counters", WARNING, f"perf_event_paranoid is {level}", "they are kept from programs",
                   "sysctl -w kernel.perf_event_paranoid=1")


def clock(machine: Machine) -> Finding:
    base = "sys/devices/system/clocksource/clocksource0"
    current = machine.text(f"{base}/current_clocksource")
    if current is None:
        return Finding("clock source", UNKNOWN, "not told here")
    if current in FAST_CLOCKS:
        return Finding("clock source", OK, current)
    offered = [name for name in FAST_CLOCKS if name in (machine.text(f"{base}/available_clocksource") or "").split()]
    command = f"echo {offered[0]} > /{base}/current_clocksource" if offered else "boot with tsc=reliable, if it is"
    return Finding("clock source", WARNING, current,
                   "each look at the clock enters the kernel: microseconds, not 20 ns", command, LOWERS)


CHECKS: Tuple[Callable[[Machine], Finding], ...] = (
    governor, turbo, throttling, clock, smt, virtualisation, steal, quota, load, swap, aslr, huge_pages, isolation,
    interrupts, counters)


def this_machine() -> Machine:
    """The one that this runs on; tests name a tree that stands in for it, as they do for the binary."""
    return Machine(Path(os.environ.get("RCBENCH_SYSTEM_ROOT") or "/"))


def examine(machine: Machine) -> List[Finding]:
    """All findings about a machine."""
    return [check(machine) for check in CHECKS]


def show(findings: Sequence[Finding], trust: Trust, console: Console) -> None:
    """A table on a terminal, one line per finding where output is piped; the same words."""
    if console.is_terminal:
        table = Table("item", "verdict", "found", "why, and what changes it", box=None, pad_edge=False)
        for one in findings:
            table.add_row(one.item, f"[{STYLES[one.verdict]}]{one.verdict}[/]", one.found,
                          "\n".join(filter(None, (one.why, one.command))))
        console.print(table)
    else:
        for one in findings:
            told = ": ".join(filter(None, (one.found, one.why)))
            print(f"{one.item}: {one.verdict}: {told}" + (f"; to change it: {one.command}" if one.command else ""),
                  file=console.file)
    print_verdict(trust, console)


def print_verdict(trust: Trust, console: Console, subject: str = "This machine") -> None:
    style = STYLES[trust.verdict] if console.is_terminal else ""
    console.print(f"{subject}: {trust.verdict}", style=style, highlight=False)
    for reason in trust.reasons:
        console.print(f"  {reason}", markup=False, highlight=False, soft_wrap=True)
    for step in trust.advice:
        console.print(f"  do: {step}", markup=False, highlight=False, soft_wrap=True)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:
        raise UsageError(f"{message}; accepted: scripts/doctor [--strict] [--json] [--no-install]")


def main(arguments: Sequence[str]) -> int:
    parser = _Parser(prog="scripts/doctor", allow_abbrev=False)
    for flag in ("--strict", "--json", "--no-install"):
        parser.add_argument(flag, action="store_true")
    options = parser.parse_args(list(arguments))
    findings = examine(this_machine())
    trust = verdict_of(findings)
    if options.json:
        print(json.dumps({"trust": trust.record(), "checks": record_of(findings)}, indent=2, ensure_ascii=False))
    else:
        show(findings, trust, Console())
    return EXIT_FAILED if options.strict and trust.verdict != GOOD else 0
