"""Builds a copy of the sources to which the examples were added, as a user would add them: the files of the example,
and its one line at the end of the registry. Nothing else is changed."""

import argparse
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
# Folder of the example -> where its files go, and the registry that gets its line.
EXAMPLES = {
    "saturating": ("variants/schemes", "variants/variants.def"),
    "borrow_chain": ("bench/workloads", "bench/workloads/workloads.def"),
    "batches": ("bench/rows", "bench/rows/columns.def"),
}
NOT_SOURCES = ("build", "results", ".git", "__pycache__")


def source_files(source):
    """What git tracks or would track; all but build outputs where there is no git."""
    try:
        text = subprocess.run(["git", "-C", str(source), "ls-files", "-z", "-co", "--exclude-standard"], check=True,
                              capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        files = (path.relative_to(source) for path in source.rglob("*") if path.is_file())
        return [file for file in files if not set(file.parts) & set(NOT_SOURCES)]
    return [pathlib.Path(name) for name in text.split("\0") if name and not name.startswith("results/")]


def copy_sources(source, copy):
    """Files that have not changed stay, so that the next build has little to do."""
    for file in source_files(source):
        old, new = source / file, copy / file
        if not old.is_file():
            continue
        new.parent.mkdir(parents=True, exist_ok=True)
        if not new.exists() or new.read_bytes() != old.read_bytes():
            shutil.copy(old, new)


def add_examples(copy):
    for name, (folder, registry) in EXAMPLES.items():
        for file in sorted((HERE / name).iterdir()):
            if file.suffix != ".def":
                shutil.copy2(file, copy / folder / file.name)
        line = (HERE / name / pathlib.Path(registry).name).read_text(encoding="utf-8")
        if line.count("\n") != 1:
            sys.exit(f"{name}: the registry line is not one line")
        with open(copy / registry, "a", encoding="utf-8") as file:
            file.write(line)


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    print(done.stdout)
    if done.returncode != 0:
        sys.exit(f"failed: {' '.join(command)}")
    return done.stdout


def build(copy, output, arguments):
    run("cmake", "-S", str(copy), "-B", str(output), *arguments)
    # Not all are there under a sanitizer.
    there = run("cmake", "--build", str(output), "--target", "help")
    wanted = ["rcbench", *(name for name in ("conformance", "explore") if f"\n{name}: " in there)]
    text = run("cmake", "--build", str(output), "--parallel", "2", "--target", *wanted)
    if "warning:" in text:
        sys.exit("the examples compile with warnings")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder for the copy and its build")
    parser.add_argument("argument", nargs="*", help="for cmake")
    options = parser.parse_args()
    copy = options.work / "source"
    copy_sources(options.source.resolve(), copy)
    add_examples(copy)
    build(copy, options.work / "build", options.argument)


if __name__ == "__main__":
    main()
