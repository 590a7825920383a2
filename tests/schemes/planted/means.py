"""Which means catches which planted bug, as a table in Markdown: means.py [--runs N] [--bug NAME]... BUILD [BUILD]...

A build is a folder of one preset (build/release, build/tsan, ...). The explorer is asked once, it is repeatable; the
conformance suite N times, since whether a race shows is chance: the cell says in how many runs it failed. --runs 0 asks
the explorer alone, and builds nothing. Nothing here is a test: results/schemes.md shows what it printed."""

import argparse
import pathlib
import re
import subprocess
import sys

PLANTED = pathlib.Path(__file__).parent / "bugs"
SECONDS_MAX = 30  # a suite that hangs has found something
EXPLORER_SECONDS_MAX = 300


def run(command, seconds=SECONDS_MAX):
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, errors="replace",
                              timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return 1, "timeout"
    return done.returncode, done.stdout + done.stderr


def explored(build, bug, text):
    """`text`: of the patch. Where the explorer cannot come, it names the case of the suite that finds the bug."""
    by_suite = re.search(r"^Found by: conformance (\w+)$", text, re.MULTILINE)
    if by_suite:
        return f"cannot come there; the suite's `{by_suite[1]}`"
    program = build / "tests/schemes/planted/explore_planted"
    if not program.exists():
        return None
    _, text = run([program, "--variant", bug, "--first"], EXPLORER_SECONDS_MAX)
    found = re.search(r"^\S+ +(\S+) +(\d+) threads +(\d+) executions.* (BUG|CRASH)$", text, re.MULTILINE)
    return f"`{found[1]}`, {found[2]} threads, {found[3]} executions" if found else "**no**"


def suite(build, bug, runs):
    program = build / "tests/schemes/planted/conformance_planted"
    caught = sum(run([program, "--variant", bug])[0] != 0 for _ in range(runs))
    return f"{caught}/{runs}"


def build_all(build):
    subprocess.run(["cmake", "--build", str(build), "--parallel", "2", "--target", "conformance_planted"], check=True,
                   stdout=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="of the conformance suite; 0: none")
    parser.add_argument("--bug", action="append", help="these alone")
    parser.add_argument("builds", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    suites = options.builds if options.runs > 0 else []
    for build in suites:
        build_all(build)
    names = [build.name for build in suites]
    print(" | ".join(["| bug", "variant", "explorer", *(f"conformance, {name}" for name in names)]) + " |")
    print("|---|---|---|" + "---|" * len(names))
    for patch in sorted(PLANTED.glob("*.patch")):
        if options.bug and patch.stem not in options.bug:
            continue
        text = patch.read_text(encoding="utf-8")
        variant, what = (line.split(": ", 1)[1] for line in text.splitlines()[:2])
        explorer = next(filter(None, (explored(build, patch.stem, text) for build in options.builds)), "–")
        runs = [suite(build, patch.stem, options.runs) for build in suites]
        print(" | ".join([f"| `{patch.stem}`: {what}", variant, explorer, *runs]) + " |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
