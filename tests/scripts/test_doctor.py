"""Tests of scripts/doctor on made-up machines, and of the verdict on a run."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Dict, Optional

import pandas as pd
from rich.console import Console

from support import ScratchTest, row

from rcb.machine import doctor, trust
CPUS = "sys/devices/system/cpu"
# A machine about which there is nothing to say.
CALM: Dict[str, str] = {
    f"{CPUS}/cpu0/cpufreq/scaling_governor": "performance\n",
    f"{CPUS}/cpu1/cpufreq/scaling_governor": "performance\n",
    f"{CPUS}/intel_pstate/no_turbo": "1\n",
    f"{CPUS}/smt/active": "0\n",
    f"{CPUS}/isolated": "0-1\n",
    f"{CPUS}/nohz_full": "0-1\n",
    f"{CPUS}/cpu0/thermal_throttle/core_throttle_count": "0\n",
    f"{CPUS}/cpu1/thermal_throttle/core_throttle_count": "0\n",
    "proc/cmdline": "quiet rcu_nocbs=0-1\n",
    "proc/cpuinfo": "processor : 0\nflags\t\t: fpu tsc constant_tsc\n",
    "proc/irq/7/smp_affinity_list": "2-3\n",
    "proc/loadavg": "9.04 5.10 2.20 1/100 1234\n",
    "proc/meminfo": "MemTotal: 1000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n",
    "proc/self/cgroup": "0::/user\n",
    "proc/stat": "cpu  10 0 10 900 0 0 0 0 0 0\ncpu0 5 0 5 450 0 0 0 0 0 0\ncpu1 5 0 5 450 0 0 0 0 0 0\n",
    "proc/sys/kernel/perf_event_paranoid": "1\n",
    "proc/sys/kernel/randomize_va_space": "2\n",
    "sys/bus/event_source/devices/cpu/type": "4\n",
    "sys/devices/system/clocksource/clocksource0/available_clocksource": "tsc hpet\n",
    "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
    "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
}


def plant(root: Path, files: Dict[str, Optional[str]]) -> doctor.Machine:
    """A machine of two CPUs with these files; without those that are None."""
    for name, text in files.items():
        if text is not None:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
    return doctor.Machine(root, [0, 1], pause_s=0.0)


class MadeUp(ScratchTest):
    def findings(self, **changes: Optional[str]) -> Dict[str, trust.Finding]:
        """What doctor finds; a change names its file with __ for /."""
        self.count = getattr(self, "count", 0) + 1
        files: Dict[str, Optional[str]] = {**CALM, **changes}
        return {one.item: one for one in doctor.examine(plant(self.scratch / str(self.count), files))}

    def changed(self, path: str, text: Optional[str]) -> Dict[str, trust.Finding]:
        return self.findings(**{path: text})

    def test_a_calm_machine_is_good(self) -> None:
        found = self.findings()
        self.assertEqual({"ok"}, {one.verdict for one in found.values()}, found)
        self.assertEqual(trust.Trust("good", (), ()), trust.verdict_of(list(found.values())))

    def test_an_empty_machine_tells_nothing_and_is_not_called_good(self) -> None:
        found = doctor.examine(plant(self.scratch / "empty", {}))
        self.assertEqual({"unknown"}, {one.verdict for one in found}, found)
        verdict = trust.verdict_of(found)
        self.assertEqual(("fair", 1), (verdict.verdict, len(verdict.reasons)))
        for item in ("governor", "turbo", "throttling", "steal"):
            self.assertIn(item, verdict.reasons[0])

    def test_what_is_unknown_weighs_from_half_of_it_on(self) -> None:
        known = trust.Finding("a", trust.OK, "")
        unknown = trust.Finding("b", trust.UNKNOWN, "not told")
        for findings, verdict in (([known, known, unknown], "good"), ([known, unknown], "fair"), ([], "good")):
            self.assertEqual(verdict, trust.verdict_of(findings).verdict)

    # item, file, its text, what is found, a part of the command, the verdict over all
    CHANGES = (
        ("governor", f"{CPUS}/cpu1/cpufreq/scaling_governor", "powersave\n", "performance, powersave",
         "cpupower frequency-set -g performance", "fair"),
        ("turbo", f"{CPUS}/intel_pstate/no_turbo", "0\n", "on", f"echo 1 > /{CPUS}/intel_pstate/no_turbo", "fair"),
        ("smt", f"{CPUS}/smt/active", "1\n", "on", f"echo off > /{CPUS}/smt/control", "good"),
        ("isolation", f"{CPUS}/isolated", "1\n", "CPUs 0,1 are not in isolcpus", "isolcpus=", "good"),
        ("isolation", "proc/cmdline", "quiet\n", "rcu_nocbs", "rcu_nocbs=", "good"),
        ("throttling", f"{CPUS}/cpu1/thermal_throttle/core_throttle_count", "12\n", "12 events", "cooling", "fair"),
        ("virtualisation", "proc/cpuinfo", "flags : tsc hypervisor\n", "a guest", "bare metal", "fair"),
        ("virtualisation", "sys/hypervisor/type", "xen\n", "a guest of xen", "bare metal", "fair"),
        ("interrupts", "proc/irq/7/smp_affinity_list", "0-3\n", "1 of 1", "smp_affinity_list", "good"),
        ("interrupts", "proc/55/comm", "irqbalance\n", "irqbalance moves them", "systemctl stop irqbalance", "good"),
        ("load", "proc/loadavg", "0 0 0 2/90 1\n", "1.0 other programs running on 2 CPUs", "top", "fair"),
        ("load", "proc/loadavg", "0 0 0 6/90 1\n", "5.0 other programs running on 2 CPUs", "top", "poor"),
        ("swap", "proc/meminfo", "SwapTotal: 4096 kB\nSwapFree: 1024 kB\n", "3 MiB in use", "swapoff -a", "fair"),
        ("cpu quota", "sys/fs/cgroup/user/cpu.max", "150000 100000\n", "1.5 CPUs for 2",
         "echo max > /sys/fs/cgroup/user/cpu.max", "poor"),
        ("cpu quota", "sys/fs/cgroup/cpu.max", "400000 100000\n", "4 CPUs for 2",
         "echo max > /sys/fs/cgroup/cpu.max", "fair"),
        ("steal", "proc/stat", "cpu0 5 0 5 985 0 0 0 5 0 0\ncpu1 5 0 5 990 0 0 0 0 0 0\n", "0.25%", "guest", "fair"),
        ("steal", "proc/stat", "cpu0 5 0 5 900 0 0 0 90 0 0\ncpu1 5 0 5 990 0 0 0 0 0 0\n", "4.50%", "guest", "poor"),
        ("perf counters", "proc/sys/kernel/perf_event_paranoid", "4\n", "paranoid is 4", "perf_event_paranoid=1",
         "good"),
        ("aslr", "proc/sys/kernel/randomize_va_space", "0\n", "0 instead of 2", "randomize_va_space=2", "fair"),
        ("aslr", "proc/self/personality", "00040000\n", "off for this process", "setarch", "fair"),
        ("huge pages", "sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise\n", "always", "madvise", "good"),
        ("clock source", "sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n", "hpet",
         "echo tsc >", "fair"),
    )

    def test_each_circumstance_is_found_alone(self) -> None:
        for item, path, text, found, command, verdict in self.CHANGES:
            with self.subTest(item=item, text=text):
                findings = self.changed(path, text)
                self.assertEqual([item], [one.item for one in findings.values() if one.verdict != "ok"])
                self.assertEqual("warning", findings[item].verdict)
                self.assertIn(found, findings[item].found)
                self.assertIn(command, findings[item].command)
                over_all = trust.verdict_of(list(findings.values()))
                self.assertEqual(verdict, over_all.verdict)
                self.assertEqual(verdict != "good", any(item in reason for reason in over_all.reasons))

    def test_a_build_that_has_just_ended_is_no_load(self) -> None:
        """Only what runs now counts, however high the averages of the last minutes are; a look alone may be wrong."""
        self.assertEqual("ok", self.changed("proc/loadavg", "64.00 32.00 16.00 1/100 1\n")["load"].verdict)
        looks = iter([0.0] * 20 + [3.0] * 5)
        machine = plant(self.scratch / "busy", CALM)
        machine.text = lambda path: f"0 0 0 {next(looks) + 1:.0f}/100 1"  # type: ignore[method-assign]
        found = doctor.load(machine)
        self.assertEqual(("warning", "0.6 other programs running on 2 CPUs"), (found.verdict, found.found))

    def test_a_program_that_computes_is_load(self) -> None:
        if doctor.load(doctor.Machine(Path("/"), [0], pause_s=0.0)).verdict == "unknown":
            self.skipTest("/proc/loadavg does not tell how many programs run")
        busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
        try:
            self.assertEqual("warning", doctor.load(doctor.Machine(Path("/"), [0])).verdict)
        finally:
            busy.kill()
            busy.wait()

    def test_steal_of_other_cpus_does_not_count(self) -> None:
        stat = CALM["proc/stat"] + "cpu2 0 0 0 0 0 0 0 5000 0 0\n"
        self.assertEqual("ok", self.changed("proc/stat", stat)["steal"].verdict)

    def test_what_is_missing_is_unknown(self) -> None:
        for item, path in (("swap", "proc/meminfo"), ("steal", "proc/stat"),
                           ("turbo", f"{CPUS}/intel_pstate/no_turbo")):
            self.assertEqual("unknown", self.changed(path, None)[item].verdict)

    def test_the_worst_comes_first(self) -> None:
        found = self.findings(**{"proc/loadavg": "9 9 9 10/90 1\n", f"{CPUS}/intel_pstate/no_turbo": "0\n"})
        over_all = trust.verdict_of(list(found.values()))
        self.assertEqual("poor", over_all.verdict)
        self.assertEqual(["load", "turbo"], [reason.split(":")[0] for reason in over_all.reasons])

    def test_terminal_and_pipe_say_the_same(self) -> None:
        found = list(self.changed(f"{CPUS}/intel_pstate/no_turbo", "0\n").values())
        for terminal in (True, False):
            out = io.StringIO()
            doctor.show(found, trust.verdict_of(found), Console(file=out, force_terminal=terminal, width=200))
            self.assertEqual(terminal, "\x1b[" in out.getvalue())
            for part in ("governor", "no_turbo", "This machine: fair", "the clock falls"):
                self.assertIn(part, out.getvalue())

    def test_findings_survive_run_json(self) -> None:
        found = list(self.changed("proc/loadavg", "5 1 1 6/90 1\n").values())
        record = json.loads(json.dumps(trust.record_of(found)))
        self.assertEqual(found, trust.findings_of(record))
        self.assertEqual([], trust.findings_of([{"item": "of another version"}]))


class Command(ScratchTest):
    def test_strict_ends_with_one_unless_all_is_good(self) -> None:
        root = self.scratch / "root"
        plant(root, {name: text.replace("0-1", "0-999") if name.startswith(CPUS) or name == "proc/cmdline" else text
                     for name, text in CALM.items()})
        for running, verdict, strict in ((1, "good", 0), (99, "poor", 1)):
            (root / "proc/loadavg").write_text(f"1 1 1 {running}/100 1\n", encoding="utf-8")
            for arguments, status in (((), 0), (("--strict",), strict)):
                done = self.call("doctor", "--json", *arguments, extra={"RCBENCH_SYSTEM_ROOT": str(root)})
                self.assertEqual((status, ""), (done.returncode, done.stderr))
                self.assertEqual(verdict, json.loads(done.stdout)["trust"]["verdict"])

    def test_this_machine(self) -> None:
        done = self.call("doctor")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertRegex(done.stdout, r"(?m)^This machine: (good|fair|poor)$")
        self.assertEqual(len(doctor.CHECKS), sum(": ok: " in line or ": warning: " in line or ": unknown: " in line
                                                 for line in done.stdout.splitlines()))

    def test_a_wrong_flag_is_one_line(self) -> None:
        done = self.call("doctor", "--strictly")
        self.assertEqual(2, done.returncode)
        self.assert_one_line(done.stderr, "--strictly", "--strict")


class OfRun(unittest.TestCase):
    def rows(self, noisy: int, noise: str = "involuntary", steal_ms: float = 0.0) -> pd.DataFrame:
        found = [row(noise=noise if place < noisy else "", steal_ms=steal_ms, repetition=place) for place in range(100)]
        return pd.DataFrame(found)

    def verdict(self, frame: pd.DataFrame, floor: Optional[float] = 0.01) -> str:
        return trust.of_run(frame, [], floor).verdict

    def test_the_share_of_disturbed_trials(self) -> None:
        for noisy, verdict in ((0, "good"), (5, "good"), (6, "fair"), (25, "fair"), (26, "poor")):
            self.assertEqual(verdict, self.verdict(self.rows(noisy)))
        found = trust.of_run(self.rows(30, "stolen+smt"), [], None)
        self.assertIn("30.0% of the trials that count were disturbed (stolen 30)", found.reasons[0])
        self.assertTrue(found.advice)

    def test_a_shared_core_is_no_disturbance(self) -> None:
        self.assertEqual("good", self.verdict(self.rows(100, "smt")))

    def test_stolen_time(self) -> None:
        for steal_ms, verdict in ((0.0, "good"), (0.2, "fair"), (0.8, "poor")):
            self.assertEqual(verdict, self.verdict(self.rows(0, steal_ms=steal_ms)))

    def test_the_floor(self) -> None:
        for floor, verdict in ((None, "good"), (0.019, "good"), (0.03, "fair"), (0.06, "poor"), (float("nan"), "good")):
            self.assertEqual(verdict, self.verdict(self.rows(0), floor))

    def test_the_machine_counts_too(self) -> None:
        turbo = trust.Finding("turbo", "warning", "on", "the clock falls", "echo", trust.LOWERS)
        self.assertEqual("fair", trust.of_run(self.rows(0), [turbo], None).verdict)
        self.assertEqual("fair", trust.of_run(self.rows(0).iloc[:0], [turbo], None).verdict)


if __name__ == "__main__":
    unittest.main()
