"""Says what becomes of one mutant: the means are run in their order, each on all variants that include the file, until
one finds it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import List, Sequence

from build import Builder
from means import Means
from mutate import Mutant
from watch import watch

KILLED = "killed"
SURVIVED = "survived"
INVALID = "invalid"
SAME_CODE = "same code"


@dataclass(frozen=True)
class Verdict:
    """by: for a killed one, MEANS:VARIANT/CASE; for others what else is to be known."""

    state: str
    by: str = ""

    def __str__(self) -> str:
        if self.state == KILLED:
            return f"killed by {self.by}"
        if self.state == SAME_CODE:
            return "equivalent (same code)"
        return f"{self.state} ({self.by})" if self.by else self.state


class Judge:
    """Judges mutants, each in a directory of its own below `work`."""

    def __init__(self, builder: Builder, means: Sequence[Means], variants: Sequence[str], work: Path) -> None:
        self._builder = builder
        self._means = means
        self._variants = variants
        self._work = work

    def verdict(self, mutant: Mutant) -> Verdict:
        folder = self._work / mutant.digest[:16]
        overlay = folder / mutant.file
        overlay.parent.mkdir(parents=True)
        text = (self._builder.root / mutant.file).read_text(encoding="utf-8")
        overlay.write_text(mutant.applied(text), encoding="utf-8")
        try:
            return self._verdict(mutant, folder)
        finally:
            shutil.rmtree(folder)

    def _verdict(self, mutant: Mutant, folder: Path) -> Verdict:
        differs = False
        unbuilt: List[str] = []
        for means in self._means:
            for variant in self._variants:
                if not self._builder.includes(means, variant, mutant.file):
                    continue
                code = self._builder.compile(means, variant, folder)
                if code is None:
                    if means is self._means[0]:
                        return Verdict(INVALID)
                    unbuilt.append(means.name)  # for example: its shim has no such operation
                    break
                baseline = self._builder.baseline(means, variant)
                if code == baseline.code:
                    continue
                differs = True
                program = self._builder.link(means, variant, folder, baseline.parts)
                outcome = watch([str(program), *baseline.arguments], self._builder.root, means.failed, baseline.limits,
                                means.address_space_gib)
                if outcome.found:
                    return Verdict(KILLED, f"{means.name}:{variant}/{outcome.found}")
        if differs or unbuilt:
            return Verdict(SURVIVED, f"not built: {', '.join(unbuilt)}" if unbuilt else "")
        return Verdict(SAME_CODE)
