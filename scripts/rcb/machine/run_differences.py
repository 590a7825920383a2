"""What differs between the records of runs and may be what their numbers differ by: processor, kernel, compiler, flags,
libraries, frequency control, environment, and what was asked for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from rcb.base.files import read_record

NOT_TOLD = "not told"

# Of the machine's facts, in the order in which a reader asks for them. What differs from run to run on one machine,
# such as the load, is none of them.
MACHINE = ("cpu", "cpu_vendor", "microcode", "architecture", "kernel", "kernel_version", "os", "compiler",
           "compiler_id", "build_type", "c_flags", "cxx_flags", "link_flags", "fit_to_measure", "revision",
           "hypervisor", "cores", "pus", "smt", "allowed_cores", "allowed_pus", "core_kinds_used", "core_kinds_left",
           "numa_nodes", "caches", "governor", "turbo", "min_frequency_khz", "max_frequency_khz", "constant_tsc",
           "nonstop_tsc", "isolcpus", "transparent_hugepages", "aslr", "nice", "scheduler", "memory_policy",
           "numa_balancing", "mitigations", "memory_bytes", "cgroup_cpu_quota", "jemalloc_conf_link", "environment",
           "libraries")
ASKED = ("revision", "profile", "placement", "allocator", "all_kinds", "oversubscribe", "window_ms", "reference_cost")
# Measured, and different by a little each time.
NEARLY = {"reference_cost": 0.05, "memory_bytes": 0.01}


def record_beside(rows: Path) -> Dict[str, Any]:
    """The record of rows: the run's, or what the binary writes beside a file of rows. Empty where there is neither."""
    run = read_record(rows.parent / "run.json")
    if run:
        return run
    machine = read_record(rows.with_name(rows.name + ".json"))
    return {"machine": machine} if machine else {}


# What --allocator preloads lies beside the binary: two checkouts do not differ by that.
OWN_PRELOAD = re.compile(r"\S*/(?=librcbench_sdallocx\.so)")


def _flat(name: str, value: Any) -> Dict[str, Any]:
    if isinstance(value, str):
        value = OWN_PRELOAD.sub("", value)
    if isinstance(value, dict):
        return {f"{name} {key}": one for key, whole in sorted(value.items()) for one in _flat(key, whole).values()}
    return {name: value}


def facts_of(record: Mapping[str, Any]) -> Dict[str, Any]:
    """What a record has of it, by name; nothing where it has no machine."""
    machine = record.get("machine")
    if not isinstance(machine, dict) or not machine:
        return {}
    found: Dict[str, Any] = {}
    for name in MACHINE:
        found.update(_flat(name, machine.get(name)))
    for name in ASKED:
        if name in record:
            found[name if name != "revision" else "revision of the scripts"] = record[name]
    return found


def _alike(name: str, values: Sequence[Any]) -> bool:
    numbers = [one for one in values if isinstance(one, (int, float)) and not isinstance(one, bool)]
    if name in NEARLY and len(numbers) == len(values):
        return max(numbers) <= min(numbers) * (1 + NEARLY[name])
    return all(one == values[0] for one in values)


def _told(name: str, value: Any) -> str:
    if value is None:
        return "not set" if name.startswith("environment ") else NOT_TOLD
    return str(value)


def differences(sides: Sequence[Tuple[str, Mapping[str, Any]]]) -> List[str]:
    """A line for each fact that differs between the runs that tell any; a side is its label and its facts."""
    silent = [label for label, facts in sides if not facts]
    known = [(label, facts) for label, facts in sides if facts]
    lines = [f"{label} has no record beside its rows, so nobody knows what else differs" for label in silent]
    for name in dict.fromkeys(name for _, facts in known for name in facts):
        values = [facts.get(name) for _, facts in known]
        if not _alike(name, values):
            told = (f"{label}: {_told(name, value)}" for (label, _), value in zip(known, values))
            lines.append(f"{name}: {'; '.join(told)}")
    return lines
