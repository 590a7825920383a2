"""The committed corpora: one text file a variant, an input in hexadecimal a line.

corpus.py unpack FILE FOLDER    writes each line as a file, for libFuzzer
corpus.py pack FOLDER FILE      the other way: after a long run and -merge=1, to commit what it has found"""

import hashlib
import pathlib
import sys


def unpack(file, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for line in file.read_text(encoding="ascii").splitlines():
        content = bytes.fromhex(line)
        (folder / hashlib.sha1(content).hexdigest()).write_bytes(content)


def pack(folder, file):
    lines = sorted((path.read_bytes().hex() for path in folder.iterdir()), key=lambda line: (len(line), line))
    file.write_text("".join(line + "\n" for line in lines), encoding="ascii")


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in ("pack", "unpack"):
        print(__doc__, file=sys.stderr)
        return 2
    {"pack": pack, "unpack": unpack}[sys.argv[1]](pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
