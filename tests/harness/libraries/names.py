"""What the registry of peers lists, and what a build has of it."""

import collections
import re

from support import ROOT

IDLE = "no operation was done in the window"  # what a row says of it

Peer = collections.namedtuple("Peer", "library symbol name")

REGISTRY = [Peer(*line.split()) for line in (ROOT / "bench/libraries/peers.def").read_text("utf-8").splitlines()
            if re.match(r"[a-z]", line)]


def listed(text):
    """name -> its line of --list, of the part about peers."""
    part = text.split("\npeers: ")[1].split("\n\n")[0] if "\npeers: " in text else ""
    return {line.split()[0]: line for line in part.splitlines()[1:]}


def built(text):
    return [name for name, line in listed(text).items() if "not in this build" not in line]
