"""How far numbers of a machine can be trusted: one finding per circumstance, one verdict over all, with reasons and
what to do. Used before a run on the machine alone (rcb.machine.doctor), and after it on the rows as well."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

import pandas as pd

from rcb.rows.valid_rows import kinds_of

OK, WARNING, UNKNOWN = "ok", "warning", "unknown"
GOOD, FAIR, POOR = "good", "fair", "poor"
VERDICTS = (GOOD, FAIR, POOR)

# What a finding does to the verdict: nothing (advice alone), fair, poor.
ADVICE, LOWERS, SPOILS = 0, 1, 2

# Limits of a run: (fair, poor). The first is about the noise floor of a good machine; beyond the second, differences
# that people care about drown.
NOISY_ROWS = (0.05, 0.25)
FLOOR_WIDTH = (0.02, 0.05)
STOLEN = (0.001, 0.01)

# Where so large a share of the circumstances is unknown, nobody can call the machine good.
UNKNOWN_MOST = 0.5


@dataclass(frozen=True)
class Finding:
    """One circumstance: what was found, what that means, and the command that changes it."""

    item: str
    verdict: str
    found: str
    why: str = ""
    command: str = ""
    weight: int = ADVICE


@dataclass(frozen=True)
class Trust:
    """The verdict over all, with the reasons that lowered it, and the commands or steps that would raise it."""

    verdict: str
    reasons: Tuple[str, ...]
    advice: Tuple[str, ...]

    def record(self) -> Dict[str, Any]:
        return {"verdict": self.verdict, "reasons": list(self.reasons), "advice": list(self.advice)}


def record_of(findings: Sequence[Finding]) -> List[Dict[str, Any]]:
    """Findings as run.json keeps them."""
    return [asdict(one) for one in findings]


def findings_of(record: Sequence[Dict[str, Any]]) -> List[Finding]:
    """What record_of made; findings of another version are left out."""
    names = set(Finding.__dataclass_fields__)
    return [Finding(**one) for one in record if isinstance(one, dict) and set(one) == names]


def verdict_of(findings: Sequence[Finding]) -> Trust:
    """The verdict over findings. One thing that is unknown lowers nothing, but is said; a machine that hides half of
    what was asked, as a container without /proc and /sys does, is not called good."""
    bad = sorted((one for one in findings if one.verdict == WARNING and one.weight > ADVICE),
                 key=lambda one: -one.weight)
    worst = max((one.weight for one in bad), default=ADVICE)
    reasons = [f"{one.item}: {one.found}: {one.why}" for one in bad]
    unknown = [one.item for one in findings if one.verdict == UNKNOWN]
    if len(unknown) >= UNKNOWN_MOST * len(findings) > 0:
        worst = max(worst, LOWERS)
    if unknown:
        reasons.append(f"not told by this machine: {', '.join(unknown)}")
    advice = [one.command for one in bad if one.command]
    return Trust(VERDICTS[worst], tuple(reasons), tuple(dict.fromkeys(advice)))


def _graded(item: str, value: float, limits: Tuple[float, float], found: str, why: str, command: str) -> Finding:
    weight = ADVICE + (value > limits[0]) + (value > limits[1])
    return Finding(item, WARNING if weight else OK, found, why if weight else "", command if weight else "", weight)


def _noisy_rows(rows: pd.DataFrame) -> Finding:
    kinds = rows["noise"].fillna("").map(kinds_of)
    share = float((kinds.map(len) > 0).mean())
    names = kinds.explode().value_counts()
    which = ", ".join(f"{name} {count}" for name, count in names.items())
    return _graded("noise", share, NOISY_ROWS, f"{share:.1%} of the trials that count were disturbed" +
                   (f" ({which})" if which else ""), "repeating them found no quiet moment",
                   "end other programs, or reserve CPUs for the run (isolcpus=, nohz_full=, rcu_nocbs= at boot)")


def _stolen(rows: pd.DataFrame) -> Optional[Finding]:
    known = rows[rows["steal_ms"].notna()]
    available_ms = float((known["window_s"] * known["threads"]).sum()) * 1000.0
    if available_ms <= 0.0:
        return None
    share = float(known["steal_ms"].sum()) / available_ms
    return _graded("steal", share, STOLEN, f"{share:.2%} of the measured time", "the hypervisor ran somebody else",
                   "measure on bare metal, or on a guest with CPUs of its own")


def of_run(rows: pd.DataFrame, machine: Sequence[Finding], floor: Optional[float]) -> Trust:
    """The verdict on a run that has been made. rows: those that count (ok and oversubscribed); machine: what rcb.machine.doctor
    found when it began; floor: the width of the noise floor, a logarithm of a ratio, None where there is none."""
    findings = [one for one in machine if one.item != "steal"]
    if len(rows):
        findings += [one for one in (_noisy_rows(rows), _stolen(rows)) if one is not None]
    if floor is not None and math.isfinite(floor):
        findings.append(_graded("noise floor", floor, FLOOR_WIDTH, f"{math.expm1(floor):.1%} wide",
                                "plain differs by as much from itself",
                                "repeat with more processes: scripts/run --processes N, or --precision"))
    return verdict_of(findings)
