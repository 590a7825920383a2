"""check_machine.py PROGRAM: whether `PROGRAM --machine` prints the JSON that bench/machine/machine.h promises."""

import json
import subprocess
import sys

NUMBER, TEXT, FLAG, LIST, TABLE = (int, float), str, bool, list, dict

# Key: type, and whether every Linux machine tells it.
EXPECTED = {
    "host": (TEXT, True),
    "kernel": (TEXT, True),
    "kernel_version": (TEXT, True),
    "architecture": (TEXT, True),
    "os": (TEXT, False),
    "cpu": (TEXT, False),
    "cpu_vendor": (TEXT, False),
    "microcode": (TEXT, False),
    "constant_tsc": (FLAG, False),
    "nonstop_tsc": (FLAG, False),
    "hypervisor": (FLAG, False),
    "cores": (NUMBER, False),
    "pus": (NUMBER, True),
    "smt": (FLAG, False),
    "topology_is_this_machine": (FLAG, True),
    "allowed_cores": (NUMBER, True),
    "allowed_pus": (NUMBER, True),
    "core_kinds": (NUMBER, True),
    "core_kinds_used": (TEXT, True),
    "core_kinds_left": (TEXT, False),
    "numa_nodes": (NUMBER, True),
    "caches": (TABLE, True),
    "governor": (TEXT, False),
    "turbo": (FLAG, False),
    "min_frequency_khz": (NUMBER, False),
    "max_frequency_khz": (NUMBER, False),
    "isolcpus": (TEXT, False),
    "transparent_hugepages": (TEXT, False),
    "aslr": (NUMBER, False),
    "nice": (NUMBER, True),
    "scheduler": (TEXT, True),
    "memory_policy": (TEXT, False),
    "numa_balancing": (NUMBER, False),
    "mitigations": (TEXT, False),
    "memory_bytes": (NUMBER, True),
    "swap_used_bytes": (NUMBER, False),
    "load_average": (LIST, False),
    "cgroup_cpu_quota": (NUMBER, False),
    "jemalloc_conf_link": (TEXT, False),
    "environment": (TABLE, True),
    "noise_watched": (TEXT, True),
    "noise_unwatched": (TEXT, False),
    "clock_step_cycles": (NUMBER, False),
    "processor_counters": (TEXT, True),
    "compiler": (TEXT, True),
    "compiler_id": (TEXT, True),
    "build_type": (TEXT, True),
    "c_flags": (TEXT, False),
    "cxx_flags": (TEXT, False),
    "link_flags": (TEXT, False),
    "fit_to_measure": (FLAG, True),
    "revision": (TEXT, True),
    "libraries": (TABLE, True),
    "warnings": (LIST, True),
}


def unique(pairs):
    """A dict, unless a key comes twice, which json would pass over."""
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), f"a key comes twice: {keys}"
    return dict(pairs)


def main() -> int:
    run = subprocess.run([sys.argv[1], "--machine"], capture_output=True, check=True)
    facts = json.loads(run.stdout.decode("utf-8"), object_pairs_hook=unique)
    assert list(facts) == list(EXPECTED), f"keys {set(facts) ^ set(EXPECTED)} or their order"
    for key, (kind, always) in EXPECTED.items():
        value = facts[key]
        assert isinstance(value, kind) or (value is None and not always), f"{key}: {value!r}"

    libraries = facts["libraries"]
    assert libraries["benchmark"] == "1.7.1" and libraries["absent"] is None, libraries
    # Each byte that is not UTF-8 becomes one replacement character.
    nasty = "a\x01\ufffd\ufffd(\ufffd\ufffd\ufffd\u20ac\U0001f600\ufffd\ufffd"
    assert libraries['nasty"\\\n'] == nasty, ascii(libraries['nasty"\\\n'])
    assert libraries["hwloc"], libraries

    for warning in facts["warnings"]:
        assert isinstance(warning, str) and warning.endswith(".") and ": " in warning, warning
    assert (facts["hypervisor"] is True) == any("virtual machine" in w for w in facts["warnings"])
    return 0


sys.exit(main())
