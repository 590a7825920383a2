"""Checks the loops that time incref and decref: compiled by one compiler, or as they are in a linked rcbench.

Prints what does not hold and exits 1; exits 77, after one line, where something that it needs is not there."""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

import aarch64
import listing
import rules
import sources

SKIP = 77


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIP)


def disassemble(objdump, file):
    text = subprocess.run([objdump, "-d", "--no-show-raw-insn", str(file)], check=True, capture_output=True,
                          text=True).stdout
    return listing.parse(text)


def compile_one(options, variant, folder, *bodies):
    output = folder / f"{variant}.o"
    command = sources.compile_command(options.source, options.generated, options.compiler, variant, options.flag,
                                      *bodies)
    done = subprocess.run([*command, "-c", "-o", str(output)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{variant}: does not compile:\n{done.stderr}")
    return disassemble(options.objdump, output)


def has_headers(options):
    """A cross compiler may come without a C library."""
    probe = [*options.compiler, "-E", "-x", "c", "-"]
    return subprocess.run(probe, input="#include <pthread.h>\n", capture_output=True, text=True,
                          check=False).returncode == 0


def read_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--generated", type=pathlib.Path, required=True, help="build folder with generated/")
    parser.add_argument("--compiler", required=True, help="traits are read with it; without --binary it compiles")
    parser.add_argument("--objdump", default="objdump")
    parser.add_argument("--binary", type=pathlib.Path, help="check this rcbench instead of compiling")
    parser.add_argument("--aligned", action="store_true", help="functions and loops must start on cache lines")
    parser.add_argument("--aarch64", choices=(aarch64.LSE, aarch64.EXCLUSIVE), help="which instructions must be there")
    parser.add_argument("--variant", help="look at this one alone")
    parser.add_argument("flag", nargs="*", help="for the compiler")
    options = parser.parse_args()
    options.compiler = options.compiler.split()
    return options


def main():
    options = read_options()
    for program in (options.compiler[0], options.objdump):
        if shutil.which(program) is None:
            skip(f"{program} is not installed")
    if not has_headers(options):
        skip(f"{options.compiler[0]} has no C library to compile with")
    wrong, checked = [], 0
    with tempfile.TemporaryDirectory() as temporary:
        functions = disassemble(options.objdump, options.binary) if options.binary else {}
        for variant in [options.variant] if options.variant else sources.variant_names(options.source, options.flag):
            traits = sources.traits_of(options.source, options.generated, options.compiler, variant, options.flag)
            if not options.binary:
                folder = pathlib.Path(temporary)
                functions = compile_one(options, variant, folder)
                made = compile_one(options, variant, folder, "tests/schemes/codegen/bodies.h")
                wrong += rules.check_creation(made, variant, traits)
                if options.aarch64 is None:
                    wrong += rules.check_steps(made, variant, traits)
            wrong += rules.check_variant(functions, variant, traits, options.aligned, options.aarch64)
            checked += 1
    print("\n".join(wrong) if wrong else f"{checked} variants: every property holds")
    return 1 if wrong or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
