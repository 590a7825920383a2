"""Which memory orders are weaker than which, one step at a time.

The shim's operations carry their order in the name. Where the shim has no operation with the weaker order, weaker.h
defines it for mutated builds."""

from __future__ import annotations

import re
from typing import Tuple

_OPERATION = re.compile(r"(a8|a32|a64|aptr)_(load|store|cas|exchange|add|sub)_(relaxed|acquire|release|acq_rel|seq_cst)")

# Both halves of acq_rel are taken away one by one: that each is needed is a claim of its own.
_STEPS = {"seq_cst": ("acq_rel",), "acq_rel": ("acquire", "release"), "acquire": ("relaxed",),
          "release": ("relaxed",), "relaxed": ()}

# "Release, and acquire for the one that leaves 0": without the acquire, without the release.
_LAST = ("a64_sub_release_no_acquire", "a64_sub_acquire_last")


def weaker(word: str) -> Tuple[str, ...]:
    """The names that say the same with an order that is one step weaker; none when the word is no such name."""
    if word == "a64_sub_release_last":
        return _LAST
    if word.startswith("__ATOMIC_"):
        steps = _STEPS.get(word[len("__ATOMIC_"):].lower(), ())
        return tuple("__ATOMIC_" + step.upper() for step in steps)
    found = _OPERATION.fullmatch(word)
    if found is None:
        return ()
    location, operation, order = found.groups()
    return tuple(f"{location}_{operation}_{step}" for step in _STEPS[order])
