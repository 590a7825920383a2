"""Plants a slowdown and asks the statistics for it: `plain` with k no-op instructions in each 16th decrement.

    python3 tests/harness/slowdown/slowdown.py --work DIR       wants a quiet machine; about ten minutes with the build

1. Builds a copy of the sources in which plain_slow_K is `plain` with K no-ops, for each K of STEPS. The copy's plain
   and plain_twin count their turns as well and have no no-ops: a no-op in each decrement costs more than the floor.
2. Calibrates by measurement, as no-ops cost what the processor's width leaves: runs all of them in processes of their
   own, and takes the K nearest to 3 %, and of those that cost less than the noise floor that plain_twin shows there the
   one nearest to half of it.
3. Measures plain, plain_twin and these two again, interleaved, in new processes, and judges them as one family.

Exit status 0: the first is `slower` by the size that the calibration found, within both intervals, and of the second
nothing is claimed."""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

import pandas as pd

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[2]
sys.path[:0] = [str(SOURCE / "scripts"), str(SOURCE / "tests" / "harness" / "examples")]

import build_copy  # noqa: E402

from rcb.answers.summary import BASELINE, TWIN, samples_of  # noqa: E402
from rcb.rows.rows import read  # noqa: E402
from rcb.stats.stats import Interval, ratio  # noqa: E402
from rcb.stats.verdict import FASTER, SLOWER, Verdict, holm, judge  # noqa: E402

STEPS = (8, 32, 128, 256, 512, 640, 768, 1024)
EVERY = 16  # a power of two
WANTED = 0.03
DECREMENT = "    int64_t count = p64_get(&h->count) - 1;\n"


def name_of(no_ops: int) -> str:
    return f"plain_slow_{no_ops}"


def slowed(header: str, no_ops: int) -> str:
    """plain.h with no-ops at the head of each EVERY-th decrement of a thread."""
    if header.count(DECREMENT) != 1:
        raise SystemExit(f"slowdown: variants/schemes/plain.h: not one line '{DECREMENT.strip()}', where the no-ops go")
    planted = ("    static _Thread_local unsigned turn;\n"
               f"    if ((++turn & {EVERY - 1}) == 0)\n"
               f'        __asm__ volatile(".rept {no_ops}\\n\\tnop\\n\\t.endr");\n')
    text = header.replace(DECREMENT, planted + DECREMENT)
    return text.replace("RCBENCH_VARIANTS_SCHEMES_PLAIN_H", f"RCBENCH_VARIANTS_PLAIN_SLOW_{no_ops}_H")


def add_variants(copy: Path, steps: Sequence[int] = STEPS) -> None:
    """Puts the slowed variants into a copy of the sources, and into its registry; plain gets the turns alone."""
    folder = copy / "variants"
    header = (folder / "schemes/plain.h").read_text(encoding="utf-8")
    lines = [f"VARIANT({name}, {name}, single)" for name in map(name_of, steps)]
    for no_ops, name in zip(steps, map(name_of, steps)):
        (folder / f"schemes/{name}.h").write_text(slowed(header, no_ops), encoding="utf-8")
    with (folder / "variants.def").open("a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    (folder / "schemes/plain.h").write_text(slowed(header, 0), encoding="utf-8")


def build(work: Path) -> Path:
    """The binary of a copy of the sources with the slowed variants."""
    copy, output = work / "source", work / "build"
    build_copy.copy_sources(SOURCE, copy)
    add_variants(copy)
    for command in (["cmake", "-S", str(copy), "-B", str(output), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                     "-DBUILD_TESTING=OFF"], ["cmake", "--build", str(output), "--target", "rcbench"]):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{done.stdout}slowdown: failed: {' '.join(command)}")
    return output / "rcbench"


def measure(binary: Path, rows: Path, variants: Sequence[str], options: argparse.Namespace) -> Path:
    """Rows of all variants, in a random order each round, from several processes."""
    body: List[str] = []
    header = ""
    for process in range(options.processes):
        part = rows.with_name(f"{rows.stem}-{process}.csv")
        part.unlink(missing_ok=True)
        command = [str(binary), "--variants", ",".join(variants), "--workloads", options.workload, "--threads", "1",
                   "--window", str(options.window), "--rounds", str(options.rounds), "--process", str(process),
                   "--csv", str(part)]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
                              env={**os.environ, "RCBENCH_RUN_ID": rows.stem})
        if not part.exists():
            raise SystemExit(f"{done.stderr}slowdown: failed: {' '.join(command)}")
        header, *lines = part.read_text(encoding="utf-8").splitlines()
        body += lines
        part.unlink()
    rows.write_text("\n".join([header, *body, ""]), encoding="utf-8")
    return rows


@dataclass(frozen=True)
class Answer:
    """What the statistics say of one variant against plain."""

    variant: str
    interval: Interval
    verdict: Verdict

    def __str__(self) -> str:
        low, value, high = ((one - 1) * 100 for one in (self.interval.low, self.interval.value, self.interval.high))
        return f"{self.variant}: {value:+.2f} % ({low:+.2f} to {high:+.2f}): {self.verdict}"


def answers(path: Path) -> Tuple[Dict[str, Answer], float]:
    """The verdicts on all variants against plain as one family, beyond the floor of plain_twin; and that floor."""
    found = read(path)
    frame: pd.DataFrame = found.frame[found.frame["driver"] == "overhead"]
    samples = {key[3]: own.ns_per_op for key, own in samples_of(frame.reset_index(drop=True)).items()}
    for name in (BASELINE, TWIN):
        if name not in samples:
            raise SystemExit(f"slowdown: {path}: {name} has no good trial: is the machine busy?")
    ratios = {name: ratio(own, samples[BASELINE]) for name, own in samples.items() if name != BASELINE}
    floor = abs(math.log(ratios[TWIN].interval.value))
    adjusted = holm([one.p_value for one in ratios.values()])
    return {name: Answer(name, one.interval, judge(one.interval, float(p), floor))
            for (name, one), p in zip(ratios.items(), adjusted)}, floor


def nearest(found: Dict[str, Answer], wanted: float, most: float = math.inf) -> Optional[str]:
    """The slowed variant whose measured cost is nearest to plain's × wanted, of those that differ from plain by less
    than `most` (a logarithm)."""
    slow = [one for name, one in found.items()
            if name.startswith(name_of(0)[:-1]) and abs(math.log(one.interval.value)) < most]
    return min(slow, key=lambda one: abs(math.log(one.interval.value / wanted))).variant if slow else None


def overlap(one: Interval, other: Interval) -> bool:
    return one.low <= other.high and other.low <= one.high


def judged(calibrated: Dict[str, Answer], found: Dict[str, Answer], large: str, small: Optional[str]) -> List[str]:
    """What is not as it must be; nothing where all is."""
    wrong = []
    if found[large].verdict.kind != SLOWER:
        wrong.append(f"{large} is not found: {found[large].verdict}")
    if not overlap(found[large].interval, calibrated[large].interval):
        wrong.append(f"{large} has another size than in the calibration")
    if small is not None and found[small].verdict.kind in (SLOWER, FASTER):
        wrong.append(f"{small} is claimed, though it is half the floor")
    if found[TWIN].verdict.kind in (SLOWER, FASTER):
        wrong.append(f"{TWIN} is claimed to differ")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for the copy, its build and the rows")
    parser.add_argument("--workload", default="churn", help="of one parameter point (default: churn)")
    parser.add_argument("--processes", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--window", type=float, default=20.0, help="ms (default: 20)")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    binary = build(options.work)
    path = measure(binary, options.work / "calibration.csv", [BASELINE, TWIN, *map(name_of, STEPS)], options)
    calibrated, floor = answers(path)
    for answer in calibrated.values():
        print(f"calibration: {answer}")
    large, chosen = nearest(calibrated, 1 + WANTED), nearest(calibrated, math.exp(floor / 2), floor)
    assert large is not None
    if chosen in (None, large):
        print(f"slowdown: no K costs less than the floor ({math.expm1(floor) * 100:.2f} %) of {options.workload}; try "
              "a workload with longer operations")
        chosen = None
    variants = [BASELINE, TWIN, large, *([chosen] if chosen else [])]
    found, floor = answers(measure(binary, options.work / "trials.csv", variants, options))
    print(f"floor: {math.expm1(floor) * 100:.2f} %")
    for answer in found.values():
        print(answer)
    wrong = judged(calibrated, found, large, chosen)
    for problem in wrong:
        print(f"slowdown: {problem}", file=sys.stderr)
    return 1 if wrong or chosen is None else 0


if __name__ == "__main__":
    sys.exit(main())
