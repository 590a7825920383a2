"""Compiles and links the programs of the means, unmutated and mutated. Nothing in the source tree changes: a mutated
file lies alone in a directory that comes first on the include path.

Two compilations are the same when their assembler texts are, local labels renumbered."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Dict, List, Optional, Sequence, Set, Tuple

from means import Means
from watch import Limits, watch

_COMMON = ("-std=gnu11", "-w", "-D_GNU_SOURCE", "-include", "tests/schemes/mutants/weaker.h")
_LABEL = re.compile(r"\.L[A-Z]*\d+")
_FIRST_LIMITS = Limits(silence=300.0, total=1800.0)

# A mutant hangs when it takes this many times as long as the unmutated program, which others may slow down.
_SLOWER = 10
_LEAST = Limits(silence=10.0, total=60.0)


class BuildError(Exception):
    """What is not mutated does not build, or does not pass."""


@dataclass(frozen=True)
class Baseline:
    """The unmutated program: its assembler text, what it is linked with, and how long a mutant may take."""

    code: str
    parts: Tuple[str, ...]
    arguments: Tuple[str, ...]
    limits: Limits


def registry(root: Path, kind: str = "VARIANT") -> Dict[str, Tuple[str, str]]:
    """The registered variants, with scheme and mode."""
    text = (root / "variants/variants.def").read_text(encoding="utf-8")
    return {name: (scheme, mode) for name, scheme, mode in re.findall(rf"^{kind}\((\w+), (\w+), (\w+)", text, re.M)}


def variant_names(root: Path) -> List[str]:
    """The registered variants, without those that are another one compiled again (plain_twin)."""
    first: Dict[Tuple[str, str], str] = {}
    for name, what in registry(root).items():
        first.setdefault(what, name)
    return list(first.values())


def unjudged_headers(root: Path) -> Set[str]:
    """Those of variants whose memory is libgc's, which no means can replace: nobody would judge their mutants."""
    core = {path.relative_to(root).as_posix() for path in root.glob("core/*/*_traced.h")}
    return {f"variants/schemes/{scheme}.h" for scheme, _ in registry(root, "TRACED_VARIANT").values()} | core


def _renumbered(assembler: str) -> str:
    numbers: Dict[str, str] = {}
    return _LABEL.sub(lambda found: numbers.setdefault(found.group(), f".L{len(numbers)}"), assembler)


class Builder:
    """Builds below `work`; keeps what does not depend on the mutant."""

    def __init__(self, root: Path, work: Path, compiler: Sequence[str]) -> None:
        self.root = root
        self._work = work
        self._compiler = list(compiler)
        self._baselines: Dict[Tuple[str, str], Baseline] = {}
        self._support: Dict[str, List[str]] = {}
        self._headers: Dict[Tuple[str, str], Set[str]] = {}
        self._locks: Dict[object, Lock] = {}
        self._lock = Lock()

    def includes(self, means: Means, variant: str, file: str) -> bool:
        """Does the means' program for the variant include the file?"""
        with self._lock_of(("headers", variant)):
            if (means.name, variant) not in self._headers:
                rule = self._run([*self._instance(means, variant), "-MM", "variants/variant.c"])
                self._headers[means.name, variant] = set(rule.replace("\\\n", " ").split())
        return file in self._headers[means.name, variant]

    def baseline(self, means: Means, variant: str) -> Baseline:
        with self._lock_of((means.name, variant)):
            if (means.name, variant) not in self._baselines:
                self._baselines[means.name, variant] = self._build_baseline(means, variant)
        return self._baselines[means.name, variant]

    def compile(self, means: Means, variant: str, folder: Path, mutated: bool = True) -> Optional[str]:
        """The assembler text of the instance; None when it does not compile. `folder` holds the mutated file, and
        receives what is made."""
        output = folder / f"{means.name}-{variant}.s"
        first = [f"-I{folder}"] if mutated else []
        done = self._call([*self._instance(means, variant, first), "-S", "variants/variant.c", "-o", str(output)])
        return _renumbered(output.read_text(encoding="utf-8")) if done.returncode == 0 else None

    def link(self, means: Means, variant: str, folder: Path, parts: Sequence[str]) -> Path:
        program = folder / f"{means.name}-{variant}"
        self._run([*self._compiler, *means.flags, str(program) + ".s", *parts, *means.link, "-o", str(program)])
        return program

    # ---- the parts that are not mutated -------------------------------------------------------------------------

    def _build_baseline(self, means: Means, variant: str) -> Baseline:
        folder = self._work / "baseline"
        folder.mkdir(exist_ok=True)
        code = self.compile(means, variant, folder, mutated=False)
        if code is None:
            raise BuildError(f"{means.name}: {variant} does not compile")
        parts = (*self._support_of(means), self._registrar(means, variant, folder))
        program = self.link(means, variant, folder, parts)
        arguments = tuple(means.arguments(program, variant))
        outcome = watch([str(program), *arguments], self.root, means.failed, _FIRST_LIMITS, means.address_space_gib)
        if outcome.found:
            raise BuildError(f"{means.name}: {variant} fails without any mutation: {outcome.found}")
        limits = Limits(max(_LEAST.silence, _SLOWER * outcome.longest_silence),
                        max(_LEAST.total, _SLOWER * outcome.total))
        return Baseline(code, parts, arguments, limits)

    def _support_of(self, means: Means) -> List[str]:
        with self._lock_of(("support", means.name)):
            if means.name not in self._support:
                sources = sorted({path.relative_to(self.root).as_posix() for pattern in means.support
                                  for path in self.root.glob(pattern)} - {means.registrar})
                self._support[means.name] = [self._object(means, source, self._work / means.name) for source in sources]
        return self._support[means.name]

    def _registrar(self, means: Means, variant: str, folder: Path) -> str:
        registry = folder / f"{variant}.def"
        registry.write_text(f"VARIANT({variant})\n", encoding="utf-8")
        return self._object(means, means.registrar, folder / f"{means.name}-{variant}",
                            f'-D{means.registry}="{registry}"')

    def _object(self, means: Means, source: str, stem: Path, *definitions: str) -> str:
        output = f"{stem}-{Path(source).stem}.o"
        self._run([*self._compiler, *_COMMON[:3], *means.flags, *definitions, "-I.", "-c", source, "-o", output])
        return output

    # ---- calls ----------------------------------------------------------------------------------------------------

    def _instance(self, means: Means, variant: str, first: Sequence[str] = ()) -> List[str]:
        scheme, mode = registry(self.root)[variant]
        return [*self._compiler, *first, "-I.", *_COMMON, *means.flags, *means.instance_flags,
                f"-DRC_VARIANT={variant}", f'-DRC_SCHEME_HEADER="variants/schemes/{scheme}.h"',
                f'-DRC_MODE_HEADER="variants/modes/{mode}.h"', f'-DRC_BODIES="{means.bodies}"', f'-DRCBENCH_SHIM="{means.shim}"']

    def _call(self, command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(command, cwd=self.root, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)

    def _run(self, command: Sequence[str]) -> str:
        done = self._call(command)
        if done.returncode != 0:
            raise BuildError(f"{' '.join(command)}\n{done.stderr}")
        return done.stdout

    def _lock_of(self, what: object) -> Lock:
        with self._lock:
            return self._locks.setdefault(what, Lock())
