"""Which variant of ours stands for a runtime. Every row of a runtime says so in its column `scheme`, so that it is
still known when the rows of several runs are put together."""

from __future__ import annotations

import re
from typing import Any, Mapping, Optional

from rcb.rows.schema import PEER

# Nothing is counted, and threads run at once. (PyPy counts nothing either, but has a GIL.)
TRACING = ("jython", "ironpython")

_SCHEME = re.compile(r"as (?:nothing of ours|([a-z0-9_]+)): .*")

# Rows of older runs, whose column `scheme` does not tell.
_OLD_CPYTHON = re.compile(re.escape(PEER) + r"cpython-(\d+)\.(\d+)(?:\.\d+)?(?:-language-[\d.]+)?(t?)(-gil)?")
_OLD_TRACING = re.compile(re.escape(PEER) + r"(jython|ironpython)-.*")
_OLD_IMMORTAL_SINCE = (3, 12)  # PEP 683
_OLD_TIMED_GIL_SINCE = (3, 2)


def stand_in_of(facts: Mapping[str, Any]) -> Optional[str]:
    """By what an interpreter says of itself; its version alone tells neither what is counted nor what is immortal."""
    if facts["implementation"] != "cpython":
        return "tracing" if facts["implementation"] in TRACING else None
    if facts["free_threaded"]:
        return "biased"  # also where it was told to use its GIL: it counts as before
    if not facts["timed_gil"]:
        return None  # ours is the GIL that is asked for by a timer; the older one is let go of every hundred bytecodes
    return "gil_immortal" if facts["immortal"] else "gil"


def scheme_words(stand_in: Optional[str], collector: str) -> str:
    """The column `scheme` of a runtime's rows."""
    return f"as {stand_in or 'nothing of ours'}: {collector}"


def stand_in_for(runtime: str, scheme: str = "") -> Optional[str]:
    """The variant of ours that counts as the runtime of some rows does, by their columns `variant` and `scheme`; None
    where none does."""
    told = _SCHEME.fullmatch(scheme)
    if told:
        return told.group(1)
    match = _OLD_CPYTHON.fullmatch(runtime)
    if match is None:
        return "tracing" if _OLD_TRACING.fullmatch(runtime) else None
    if match.group(3):
        return "biased"
    version = int(match.group(1)), int(match.group(2))
    if version < _OLD_TIMED_GIL_SINCE:
        return None
    return "gil_immortal" if version >= _OLD_IMMORTAL_SINCE else "gil"
