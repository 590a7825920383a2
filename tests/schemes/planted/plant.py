"""Copies core/ and variants/ into a folder of the build and applies one patch there: plant.py SOURCE PATCH FOLDER."""

import pathlib
import shutil
import subprocess
import sys


def main():
    source, patch, folder = (pathlib.Path(argument) for argument in sys.argv[1:])
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("core", "variants"):
        shutil.copytree(source / name, folder / name)
    done = subprocess.run(["patch", "--strip=1", "--batch", "--fuzz=0", "--no-backup-if-mismatch", "--input",
                           str(patch)], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"{patch}: does not apply any more; make it anew from the code as it is:\n{done.stdout}", file=sys.stderr)
        shutil.rmtree(folder)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
