"""The command line of scripts/mutants: which mutants, which means, and what is printed."""

from __future__ import annotations

import argparse
import hashlib
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Dict, List, Sequence

import records
import survivors
from build import BuildError, Builder, unjudged_headers, variant_names
from judge import SURVIVED, Judge, Verdict
from means import MEANS, present
from mutate import OPERATORS, Mutant, mutants_of
from summary import Summary
from survivors import Key
from watch import CalledWrongly

ROOT = Path(__file__).resolve().parents[3]
EXIT_SURVIVED = 1
EXIT_USAGE = 2


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/mutants", description="Changes the sources of the schemes, one small thing at a time, and looks "
        "whether the tests notice. Exit status 1: a mutant survives that tests/schemes/mutants/survivors.txt does not list.")
    parser.add_argument("--core", action="store_true", help="mutate core/ instead of variants/")
    parser.add_argument("--file", action="append", default=[], help="only this file; may be repeated")
    parser.add_argument("--line", type=int, action="append", default=[], help="only this line; may be repeated")
    parser.add_argument("--operator", action="append", default=[], choices=list(OPERATORS), help="may be repeated")
    parser.add_argument("--means", action="append", default=[], choices=[means.name for means in MEANS],
                        help="run these alone; may be repeated")
    parser.add_argument("--variant", action="append", default=[], help="judge by these alone; may be repeated")
    parser.add_argument("--sample", type=int, metavar="N", help="judge N of them, chosen by --seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="print the mutants and judge none")
    parser.add_argument("--jobs", type=int, default=2, help="how many at once; 2 by default")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write a row for each mutant; FILE must be new")
    parser.add_argument("--resume", type=Path, metavar="CSV", help="go on with an earlier run's rows")
    parser.add_argument("--compiler", default="cc", help="cc by default")
    options = parser.parse_args(arguments)
    if options.csv is not None and options.resume is not None:
        parser.error("--csv and --resume exclude each other: --resume writes to the file that it reads")
    unknown = set(options.variant) - set(variant_names(ROOT))
    if unknown:
        parser.error(f"--variant: '{sorted(unknown)[0]}' is not a variant; accepted: {', '.join(variant_names(ROOT))}")
    if options.jobs < 1:
        parser.error(f"--jobs: '{options.jobs}' is not a number of jobs; accepted: 1 and more")
    return options


def generate(options: argparse.Namespace) -> List[Mutant]:
    """All mutants of the folder that is asked for."""
    paths = sorted((ROOT / ("core" if options.core else "variants")).rglob("*.h"))
    unjudged = unjudged_headers(ROOT)
    return [mutant for path in paths if path.relative_to(ROOT).as_posix() not in unjudged
            for mutant in mutants_of(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))]


def choose(mutants: Sequence[Mutant], options: argparse.Namespace) -> List[Mutant]:
    """Those that the options name. A sample is drawn by what the mutants are, not by where they stand: a change of
    one line leaves the rest of the sample as it was."""
    chosen = [mutant for mutant in mutants
              if (not options.file or mutant.file in options.file)
              and (not options.line or mutant.line in options.line)
              and (not options.operator or mutant.operator in options.operator)]
    if options.sample is not None:
        chosen = sample(chosen, options.sample, options.seed)
    return chosen


def sample(mutants: Sequence[Mutant], count: int, seed: int) -> List[Mutant]:
    drawn = sorted(mutants, key=lambda mutant: hashlib.sha256(f"{seed} {mutant.digest}".encode()).digest())[:count]
    return [mutant for mutant in mutants if mutant in drawn]


def is_whole(options: argparse.Namespace) -> bool:
    return not (options.file or options.line or options.operator or options.means or options.variant) and options.sample is None


class Run:
    """Judges mutants and prints a line for each, as they come."""

    def __init__(self, options: argparse.Namespace, entries: Dict[Key, survivors.Entry]) -> None:
        self._options = options
        self._entries = entries
        known = records.read(options.resume) if options.resume is not None else {}
        self._known = known
        self._writer = records.Writer(options.resume or options.csv, options.resume is not None)
        self._begin = time.monotonic()

    def judge(self, mutants: Sequence[Mutant]) -> Dict[Key, Verdict]:
        verdicts = {mutant.key: self._known[mutant.key] for mutant in mutants if mutant.key in self._known}
        waiting = [mutant for mutant in mutants if mutant.key not in verdicts]
        if verdicts:
            print(f"{len(verdicts)} mutants were judged before", flush=True)
        means = present(ROOT, self._options.means)
        print(f"{len(waiting)} mutants; means: {', '.join(one.name for one in means)}", flush=True)
        with tempfile.TemporaryDirectory(prefix="rcbench-mutants-") as work:
            builder = Builder(ROOT, Path(work), self._options.compiler.split())
            judge = Judge(builder, means, self._options.variant or variant_names(ROOT), Path(work))
            with ThreadPoolExecutor(self._options.jobs) as pool:
                futures = {pool.submit(judge.verdict, mutant): mutant for mutant in waiting}
                try:
                    for count, future in enumerate(as_completed(futures), 1):
                        mutant = futures[future]
                        verdicts[mutant.key] = future.result()
                        self._report(mutant, verdicts[mutant.key], count, len(waiting))
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise
        self._writer.close()
        return verdicts

    def _report(self, mutant: Mutant, verdict: Verdict, count: int, every: int) -> None:
        entry = self._entries.get(mutant.key) if verdict.state == SURVIVED else None
        listed = f" (listed: {entry.kind}: {entry.reason})" if entry is not None else ""
        seconds = int(time.monotonic() - self._begin)
        print(f"[{count}/{every} {seconds} s] {mutant}: {verdict}{listed}", flush=True)
        self._writer.add(mutant, verdict, entry.kind if entry is not None else "")


def conclude(summary: Summary, generated: Sequence[Mutant], whole: bool) -> int:
    stale = summary.stale(generated, whole)
    unexplained = summary.to_list()
    if unexplained:
        print("\nsurvivors that tests/schemes/mutants/survivors.txt does not list:\n")
        print(unexplained)
    for line in stale:
        print(line)
    print(summary.by_means())
    print(summary.score_line())
    return EXIT_SURVIVED if unexplained or stale else 0


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    generated = generate(options)
    chosen = choose(generated, options)
    if not chosen:
        print("mutants: no mutant is what the options ask for", file=sys.stderr)
        return EXIT_USAGE
    if options.list:
        for mutant in chosen:
            print(mutant)
        print(f"{len(chosen)} mutants")
        return 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the programs that it runs must end with it
    try:
        entries = survivors.read(ROOT / "tests/schemes/mutants/survivors.txt")
        verdicts = Run(options, entries).judge(chosen)
    except (survivors.ListError, records.RecordError, BuildError, CalledWrongly, OSError) as error:
        print(f"mutants: {error}", file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        print("mutants: interrupted; --resume goes on with the rows of --csv", file=sys.stderr)
        return 130
    return conclude(Summary(verdicts, entries), generated, is_whole(options))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
