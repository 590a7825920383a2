"""Files that are whole or absent: written beside their place, flushed, then renamed. And records that people and
other programs may have damaged."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Union

from rcb.base.errors import UsageError, not_accepted

# Records of this suite are some five levels deep; a file that is far deeper is none of them, and would end in a
# recursion that is too deep.
DEEPEST = 50

# What a run leaves that was killed before its first run.json was there: no rows yet, and nothing to go on with.
BEGINNINGS = frozenset(("machine.json", "topology.xml", "topology.svg", "run.json.new"))


def write_atomically(path: Path, content: Union[str, bytes]) -> None:
    """Puts content at path at once; a crash or a full disk leaves what was there before."""
    # Half of a surrogate pair, which JSON can hold and UTF-8 cannot, becomes a question mark.
    data = content.encode("utf-8", errors="replace") if isinstance(content, str) else content
    beside = path.with_name(path.name + ".new")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = str(path)  # that of a write which a full disk refuses is not known
        raise


def write_new(path: Path, content: Union[str, bytes]) -> None:
    """As write_atomically, for a path that nothing has yet: of two commands that write there at once the second one ends
    with FileExistsError."""
    with tempfile.TemporaryDirectory(prefix=path.name + ".", dir=path.parent) as folder:
        write_atomically(Path(folder) / path.name, content)
        os.link(Path(folder) / path.name, path)


def _is_shallow(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for one in level if isinstance(one, (dict, list))
                 for inner in (one.values() if isinstance(one, dict) else one)]
        if not level:
            return True
    return False


def read_record(path: Path) -> Dict[str, Any]:
    """A record such as run.json, or nothing where it is absent or broken: rows say enough without it."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and _is_shallow(found) else {}


def texts_of(found: Any) -> List[str]:
    """What a record has under a name as a list of texts, whatever that is."""
    if not found:
        return []
    return [str(one) for one in found] if isinstance(found, (list, tuple)) else [str(found)]


def check_out(out: Path) -> None:
    """UsageError unless a directory is new or empty, but for what a run leaves that never began."""
    accepted = "a new or empty directory (--resume continues a run)"
    if str(out) == "-":
        raise UsageError(not_accepted("--out", out, "a directory", accepted))
    if out.exists() and not out.is_dir():
        raise UsageError(not_accepted("--out", out, "a directory", accepted))
    try:
        used = out.is_dir() and any(path.name not in BEGINNINGS for path in out.iterdir())
    except OSError as error:
        raise UsageError(not_accepted("--out", out, f"readable ({error.strerror})", accepted)) from error
    if used:
        raise UsageError(not_accepted("--out", out, "empty", accepted))


def part_of(rows: Path) -> Path:
    """Where the binary keeps rows until all of them are there."""
    return rows.with_name(rows.name + ".part")
