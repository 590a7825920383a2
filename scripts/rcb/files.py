"""Files that are whole or absent: written beside their place, flushed, then renamed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Union


def write_atomically(path: Path, content: Union[str, bytes]) -> None:
    """Puts content at path at once; a crash or a full disk leaves what was there before."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    beside = path.with_name(path.name + ".new")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
