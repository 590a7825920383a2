"""What the registry of peers lists."""

import collections
import re

from support import ROOT

IDLE = "no operation was done in the window"  # what a row says of it

Peer = collections.namedtuple("Peer", "library symbol name")

REGISTRY = [Peer(*line.split()) for line in (ROOT / "bench/libraries/peers.def").read_text("utf-8").splitlines()
            if re.match(r"[a-z]", line)]
