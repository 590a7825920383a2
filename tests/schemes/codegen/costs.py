"""Counts what one pair of incref and decref executes, for each variant, and prints it as Markdown.

callgrind runs pair_cost and records how often each instruction of the loop is executed; the listing says which
of them read memory, write memory, are locked, or call. Nothing is timed, so the numbers are exact and the same on
every machine that has the same compiler."""

import argparse
import collections
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

import listing

SKIP = 77
PAIRS = 1000
# How pair_cost calls it, which loop that is, and its title.
KINDS = (("hot", "hot", "One object"), ("set", "set", "A set of objects, one after the other"),
         ("stranger", "hot", "One object that another thread has made"),
         ("none", "hot", "None"))
COLUMNS = ("variant", "header bytes", "instructions", "memory reads", "memory writes", "locked", "calls")
BEGIN, END = "<!-- costs: begin -->", "<!-- costs: end -->"


def run(*command):
    """Its output. Functions of shared libraries are found when the program starts, not in the loop that is counted."""
    return subprocess.run(command, check=True, capture_output=True, text=True,
                          env={**os.environ, "LD_BIND_NOW": "1"}).stdout


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIP)


def executed(lines, binary):
    """(is it in the binary, address) -> how often, from callgrind's --dump-instr=yes output."""
    counts, names = collections.Counter(), {}
    address, inside, is_call, was_call = 0, False, False, False
    for line in lines:
        object_line = re.match(r"^(c?)ob=\((\d+)\)(?: (.*))?$", line)
        if object_line:
            of_callee, number, name = object_line.groups()
            names.setdefault(number, name)
            if not of_callee:
                inside = names[number] == str(binary)
        cost = re.match(r"^(0x[0-9a-f]+|[+-]\d+|\*) \S+ (\d+)$", line)
        if cost:
            where, count = cost.groups()
            if where.startswith("0x"):
                address = int(where, 16)
            elif where != "*":
                address += int(where)
            # The line after calls= holds what the callee cost: it has lines of its own. One more at the same address is
            # the linker's stub on the way to a shared library.
            if not is_call:
                counts[inside and not (was_call and where == "*"), address] += int(count)
        was_call, is_call = is_call, line.startswith("calls=")
    return counts


def symbol_of(variant, loop):
    """What the loop is called in the listing: peers have names that are no C names."""
    return f"pair_{loop}__{re.sub('[:-]', '_', variant)}"


def count_pair(binary, instructions, variant, kind, loop):
    """The numbers of one row: per pair, of what is executed more than once."""
    symbol = symbol_of(variant, loop)
    with tempfile.NamedTemporaryFile(mode="r", suffix=".callgrind") as output:
        run("valgrind", "-q", "--tool=callgrind", "--dump-instr=yes", f"--toggle-collect={symbol}",
            f"--callgrind-out-file={output.name}", str(binary), variant, kind, str(PAIRS))
        counts = executed(output.read().splitlines(), binary)
    total = collections.Counter()
    for (inside, address), count in counts.items():
        if count <= 1:
            continue
        total["instructions"] += count
        instruction = instructions.get(address) if inside else None
        if instruction is not None:
            total["memory reads"] += count * instruction.reads_memory
            total["memory writes"] += count * instruction.writes_memory
            total["locked"] += count * instruction.is_atomic
            total["calls"] += count * instruction.is_call
    if not total:
        sys.exit(f"costs: {variant}: nothing was counted in {symbol}")
    return {name: f"{round(total[name] / PAIRS, 2):g}" for name in COLUMNS[2:]}


def table(binary, kind, loop, rows):
    """`rows`: a variant and its header bytes each."""
    functions = listing.parse(run("objdump", "-d", "--no-show-raw-insn", str(binary)))
    instructions = {i.address: i for function in functions.values() for i in function.instructions}
    yield "| " + " | ".join(COLUMNS) + " |"
    yield "|---" + "|---:" * (len(COLUMNS) - 1) + "|"
    for variant, header in rows:
        row = count_pair(binary, instructions, variant, kind, loop)
        yield f"| {variant} | {header} | " + " | ".join(row[name] for name in COLUMNS[2:]) + " |"


def compiler_line(compiler):
    """gcc calls itself by the name that it was called by, such as cc."""
    version = run(compiler, "--version")
    first = version.splitlines()[0]
    if "Free Software Foundation" in version:
        first = "gcc " + first.split(" ", 1)[1]
    return f"Compiler: {first}, for {platform.machine()}"


def processor():
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    match = re.search(r"^(?:model name|CPU part)\s*:\s*(.+)$", text, re.MULTILINE)
    return match.group(1) if match else "unknown"


def made_with(binary, compiler):
    """What the numbers depend on: a page that was made with others cannot be compared."""
    yield compiler_line(compiler) + "  "
    libraries = run(str(binary), "--libraries").strip()
    if libraries:
        yield f"Libraries: {libraries}  "


def report(binary, compiler):
    yield from made_with(binary, compiler)
    yield f"Counted by: {run('valgrind', '--version').strip()}, on {processor()}"
    for kind, loop, title in KINDS:
        rows = [line.split() for line in run(str(binary), "--list", kind).splitlines()]
        if not rows:  # peers make no strangers' objects, and have no None
            continue
        yield ""
        yield f"**{title}**, per pair:"
        yield ""
        yield from table(binary, kind, loop, rows)


def facts(lines):
    """What must not change: all but the line about the tool and the machine."""
    return [line.rstrip() for line in lines if line.strip() and not line.startswith("Counted by:")]


def check(page, binary, compiler):
    recorded = page.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].splitlines()
    for line in facts(made_with(binary, compiler)):
        if line not in facts(recorded):
            skip(f"{page.name} was made with others than {line}")
    printed = facts(report(binary, compiler))
    if facts(recorded) == printed:
        print(f"{page.name} is what scripts/costs prints")
        return 0
    changed = [line for line in printed if line not in facts(recorded)]
    print(f"{page.name} is not what scripts/costs prints now; scripts/costs --write puts it there. New lines:", *changed,
          sep="\n")
    return 1


def write(page, binary, compiler):
    """Puts what is counted now between the page's marks."""
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    lines = "\n".join(report(binary, compiler))
    page.write_text(f"{before}{BEGIN}\n{lines}\n{END}{rest.split(END)[1]}", encoding="utf-8")
    print(f"{page} is written")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", type=pathlib.Path, required=True, help="pair_cost of a release build")
    parser.add_argument("--compiler", required=True, help="that made it")
    parser.add_argument("--check", type=pathlib.Path, help="compare with this page instead of printing")
    parser.add_argument("--write", type=pathlib.Path, help="put it into this page instead of printing")
    options = parser.parse_args()
    for program in ("valgrind", "objdump"):
        if shutil.which(program) is None:
            skip(f"{program} is not installed")
    binary = options.binary.resolve()
    if options.check:
        return check(options.check, binary, options.compiler)
    if options.write:
        return write(options.write, binary, options.compiler)
    for line in report(binary, options.compiler):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
