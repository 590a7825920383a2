"""Keeps a page's measured answers true: compares them with what the conformance suite's cases measure now.

    measured.py BINARY PAGE            exit status 0: the page says what is measured; 1: it does not
    measured.py BINARY PAGE --write    writes what is measured, for all variants, into the page

A page has, for each case that it answers with, a table between two marks:

    <!-- measured: CASE -->
    | measured | answer | variants |
    <!-- measured: end -->

Each row is asked of the variants that it names, or of each that measures it at all ("each that can"). A variant that a
table with names does not name yet is none of its errors, nor is one that this build does not have.
"""

import argparse
import pathlib
import re
import subprocess
import sys

BLOCK = re.compile(r"<!-- measured: (\w+) -->\n(.*?)<!-- measured: end -->\n", re.DOTALL)
LINE = re.compile(r"^measured (\w+)/(\w+): (.+): (.+)$", re.MULTILINE)
EACH = "each that can"
ROW = re.compile(rf"^\| (.+) \| (.+) \| ({EACH}|(?:`\w+`(?:, )?)+) \|$", re.MULTILINE)
HEAD = "| measured | answer | variants |\n|---|---|---|\n"
PATIENCE_S = 300


def run(*command):
    done = subprocess.run(command, text=True, capture_output=True, timeout=PATIENCE_S, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}\n{done.stdout}{done.stderr[-3000:]}")
    return done.stdout


def built(binary):
    return re.search(r"variants:\n((?:  \w+\n)+)", run(binary, "--list")).group(1).split()


def measure(binary, variants, cases):
    """{case: [(what, answer, variant)]}, in the order of the registry and of the cases' own lines."""
    found = {case: [] for case in cases}
    options = [word for case in cases for word in ("--case", case)]
    for variant in variants:
        for name, case, what, answer in LINE.findall(run(binary, "--variant", variant, "--verbose", *options)):
            found[case].append((what, answer, name))
    return found


def answers_to(what, measured):
    """{answer: [variant]} in the order in which they came."""
    answers = {}
    for line in measured:
        if line[0] == what:
            answers.setdefault(line[1], {})[line[2]] = None
    return {answer: list(variants) for answer, variants in answers.items()}


def table(measured):
    """One row for each thing and answer, with the variants that gave it."""
    text = HEAD
    for what in dict.fromkeys(what for what, _, _ in measured):
        answers = answers_to(what, measured)
        for answer, variants in answers.items():
            names = EACH if len(answers) == 1 else ", ".join(f"`{variant}`" for variant in variants)
            text += f"| {what} | {answer} | {names} |\n"
    return text


def differences(case, text, measured, there):
    """What the page's table says and is not so of the variants that are there, and what it does not say at all."""
    rows = ROW.findall(text)
    for what in sorted({what for what, _, _ in measured} - {what for what, _, _ in rows}):
        yield f"{case}: no row for '{what}'"
    for what, answer, names in rows:
        answers = answers_to(what, measured)
        everyone = [variant for variants in answers.values() for variant in variants]
        for variant in everyone if names == EACH else re.findall(r"`(\w+)`", names):
            if variant in there and variant not in answers.get(answer, ()):
                now = [other for other, variants in answers.items() if variant in variants]
                yield f"{case}: '{what}' of {variant} is {' and '.join(now) or 'not measured'}, not '{answer}'"
        if not everyone:
            yield f"{case}: nothing measures '{what}'"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    page = arguments.page.read_text(encoding="utf-8")
    blocks = dict(BLOCK.findall(page))
    if not blocks:
        sys.exit(f"{arguments.page}: there is no '<!-- measured: CASE -->' in it")
    there = built(arguments.binary)
    measured = measure(arguments.binary, there, list(blocks))
    if arguments.write:
        page = BLOCK.sub(lambda m: f"<!-- measured: {m[1]} -->\n{table(measured[m[1]])}<!-- measured: end -->\n", page)
        arguments.page.write_text(page, encoding="utf-8")
        return
    wrong = [line for case, text in blocks.items() for line in differences(case, text, measured[case], there)]
    for line in wrong:
        print(f"{arguments.page}: {line}")
    if wrong:
        sys.exit(f"{len(wrong)} answers differ; measured.py --write puts the present ones in")


if __name__ == "__main__":
    main()
