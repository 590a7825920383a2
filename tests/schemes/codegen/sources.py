"""Asks the sources what there is to check: the variants, their traits, the flags of the release build."""

import json
import re
import subprocess

from rules import Traits


LIBGC = "-DRCBENCH_LIBGC"


def variant_names(root, extra):
    """Those whose memory is libgc's only where the flags say that the build has it."""
    text = (root / "variants/variants.def").read_text(encoding="utf-8")
    line = r"^(?:TRACED_)?" if LIBGC in extra else "^"
    return re.findall(line + r"VARIANT\(([a-z0-9_]+),", text, re.MULTILINE)


def release_flags(root):
    """The optimization flags of the preset `release`."""
    presets = json.loads((root / "CMakePresets.json").read_text(encoding="utf-8"))
    release = next(p for p in presets["configurePresets"] if p["name"] == "release")
    return release["cacheVariables"]["CMAKE_C_FLAGS_RELEASE"].split()


def compile_command(root, generated, compiler, variant, extra, bodies="bench/workloads/bodies.h"):
    """To compile a variant as the release build does: around the workloads, or around other bodies."""
    line = re.search(rf"VARIANT\({variant}, (\w+), (\w+)", (root / "variants/variants.def").read_text(encoding="utf-8"))
    return [*compiler, "-std=gnu11", *release_flags(root), *extra, "-D_GNU_SOURCE", f"-DRC_VARIANT={variant}",
            f'-DRC_SCHEME_HEADER="variants/schemes/{line[1]}.h"', f'-DRC_MODE_HEADER="variants/modes/{line[2]}.h"',
            f'-DRC_BODIES="{bodies}"', f"-I{root}", f"-I{generated}", str(root / "variants/variant.c")]


def traits_of(root, generated, compiler, variant, extra):
    """Read from the macros that are defined at the end of variants/variant.c."""
    command = compile_command(root, generated, compiler, variant, extra)
    text = subprocess.run([*command, "-E", "-dM"], check=True, capture_output=True, text=True).stdout
    macros = dict(re.findall(r"^#define ((?:RC|MODE)_[A-Z_]+) (.+)$", text, re.MULTILINE))
    return Traits(scheme=macros["RC_SCHEME"].strip('"'), thread_safe=macros["RC_THREAD_SAFE"] == "1",
                  never_frees=macros["RC_NEVER_FREES"] == "1", head_bytes=int(macros["RC_HEAD_BYTES"]),
                  locks=macros["MODE_LOCKS"] == "1")
