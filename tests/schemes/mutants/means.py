"""The means that find mutants, cheapest first: how each is built, run and understood. A new one is one entry of MEANS.

A means is a program for one variant: variants/variant.c compiled around the means' bodies and shim (the instance), linked
with the means' own sources (the support, built once, never mutated) and one that names the variants (`registrar`, built
for each). A mutant is compiled into the instance alone."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, List, Sequence, Tuple


@dataclass(frozen=True)
class Means:
    """How to build, run and understand one means. Exit status 0: found nothing; 1, or a signal: found a bug; any
    other says that the program was called wrongly, and ends the whole run."""

    name: str
    folder: str  # below the root; the means is left out where it is not there
    bodies: str
    shim: str
    registrar: str  # compiled with `registry` defined as a header that holds VARIANT(name)
    registry: str
    support: Tuple[str, ...]
    instance_flags: Tuple[str, ...]  # for the instance alone
    flags: Tuple[str, ...]  # for all sources
    link: Tuple[str, ...]
    arguments: Callable[[Path, str], Sequence[str]]  # (program, variant) -> what follows the program's name
    failed: str  # a line of output that says that it was found; its group 1 is the case
    address_space_gib: int = 0  # a mutant that allocates without end must not take the machine with it; 0: no limit


_CONFORMANCE = "tests/schemes/conformance"
_FAIL = r"FAIL +(\w+)"

# What looks at one thread's stack for seconds, and has nothing to tell ThreadSanitizer.
_LEFT_OUT_UNDER_TSAN = ("deep_list", "deep_tuple", "deep_mixed")


def _whole_suite(_program: Path, variant: str) -> Sequence[str]:
    return ["--variant", variant]


def _first_bug(_program: Path, variant: str) -> Sequence[str]:
    return ["--variant", variant, "--first", "--preemptions", "2", "--stale", "2"]


def _suite_for_races(program: Path, variant: str) -> Sequence[str]:
    listed = subprocess.run([str(program), "--list"], check=True, capture_output=True, text=True).stdout
    cases = listed.partition("cases:\n")[2].split()
    chosen: List[str] = []
    for case in cases:
        if case not in _LEFT_OUT_UNDER_TSAN:
            chosen += ["--case", case]
    return ["--variant", variant, *chosen]


MEANS = (
    Means(name="conformance", folder=_CONFORMANCE, bodies=f"{_CONFORMANCE}/bodies.h", shim=f"{_CONFORMANCE}/shim.h",
          registrar=f"{_CONFORMANCE}/main.c", registry="CONFORMANCE_REGISTRY",
          support=(f"{_CONFORMANCE}/check.c", f"{_CONFORMANCE}/memory.c"), instance_flags=(),
          flags=("-O1", "-DRCBENCH_SYSTEM_ALLOCATOR=0"), link=("-ljemalloc", "-lpthread"),
          arguments=_whole_suite, failed=_FAIL, address_space_gib=8),
    Means(name="tsan", folder=_CONFORMANCE, bodies=f"{_CONFORMANCE}/bodies.h", shim=f"{_CONFORMANCE}/shim.h",
          registrar=f"{_CONFORMANCE}/main.c", registry="CONFORMANCE_REGISTRY",
          support=(f"{_CONFORMANCE}/check.c", f"{_CONFORMANCE}/memory.c"), instance_flags=(),
          flags=("-O1", "-fsanitize=thread", "-fno-sanitize-recover=all", "-DRCBENCH_SYSTEM_ALLOCATOR=1"),
          link=("-lpthread",), arguments=_suite_for_races, failed=_FAIL),
    # The explorer instruments the instance and answers the instrumentation itself: only the instance is compiled with
    # -fsanitize=thread, and the sanitizer's library is not linked.
    Means(name="explore", folder="tests/schemes/explore", bodies="tests/schemes/explore/bodies.h", shim="tests/schemes/explore/shim.h",
          registrar="tests/schemes/explore/explore.c", registry="EXPLORE_REGISTRY", support=("tests/schemes/explore/engine/*.c",),
          instance_flags=("-fsanitize=thread", "-fno-pie"), flags=("-O1", "-DRCBENCH_SYSTEM_ALLOCATOR=1"),
          link=("-no-pie",), arguments=_first_bug, failed=r"(?m)^\S+ +(\S+) +\d+ threads .* (?:BUG|CRASH)$"),
)


def present(root: Path, chosen: Sequence[str]) -> List[Means]:
    """The means whose folder is there, or those among them that are asked for."""
    return [means for means in MEANS if (root / means.folder).is_dir() and (not chosen or means.name in chosen)]
