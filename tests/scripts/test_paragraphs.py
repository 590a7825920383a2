"""Tests of the paragraphs: correct grammar whatever the data say, from never over always to nothing known."""

from __future__ import annotations

import re
import unittest
from types import SimpleNamespace
from typing import Any, Dict, Optional, Sequence, Tuple

import numpy as np
import support  # noqa: F401  (its import finds scripts/)

from rcb.crossing import ALWAYS, NEVER, UNKNOWN, Turn
from rcb.paragraphs import paragraph, paragraphs
from rcb.stats import NOTHING, Interval, Ratio
from rcb.tradeoff import Curve, Point, Series, Tradeoff

TAX = Interval(1.07, 1.05, 1.09)
FROM_2 = Turn(2.0, 2.0, 2.0)
NEVER_SURE = Turn(NEVER, NEVER, NEVER)
ALWAYS_SURE = Turn(ALWAYS, ALWAYS, ALWAYS)
COST = "On this machine `biased` costs 1.07× [1.05, 1.09] on one thread"


def point(workload: str, params: str, threads: int) -> Point:
    # All that the paragraphs ask of a cell is which one it is.
    cell: Any = SimpleNamespace(driver="scaling", workload=workload, params=params, variant="biased", threads=threads,
                                placement="cores")
    return Point(cell, cell, NOTHING, Ratio(NOTHING, np.array([]), 9))


def curve(workload: str, params: str, turn: Turn, most: int) -> Curve:
    return Curve(("scaling", workload, params, "cores"), "biased", (point(workload, params, 1),
                                                                  point(workload, params, most)), turn)


def tradeoff(tax: Interval = TAX, start: Optional[Turn] = None, fall: Turn = UNKNOWN, hot: Optional[Turn] = None,
             private: Optional[Turn] = None, most: int = 2, shares: Sequence[int] = (0, 100)) -> Tradeoff:
    """A trade-off of one variant, as far as it is given."""
    curves = []
    series = []
    if start is not None:
        curves.append(curve("mixed", f"p={shares[0]}", start, most))
        points = tuple((float(share), point("mixed", f"p={share}", most)) for share in shares)
        series.append(Series("mixed", "", "cores", "biased", most, points, fall))
    for workload, params, turn in (("shared_one", "", hot), ("private", "op=pair", private)):
        if turn is not None:
            curves.append(curve(workload, params, turn, most))
    return Tradeoff(("biased", "none"), (1, most), 1.02, (), {"biased": tax, "none": NOTHING}, {}, tuple(curves),
                    tuple(series), (), ())


CASES: Dict[str, Tuple[Tradeoff, str]] = {
    "the example": (tradeoff(start=FROM_2, fall=Turn(12.0, 12.0, 12.0), hot=NEVER_SURE),
                    f"{COST} and overtakes the GIL from 2 threads while under 12 % of references go to shared objects; "
                    "with one hot object it never does."),
    "a share with an interval": (tradeoff(start=FROM_2, fall=Turn(12.0, 9.0, 15.0), hot=FROM_2),
                                 f"{COST} and overtakes the GIL from 2 threads while under 12 % [9, 15] of references "
                                 "go to shared objects; with one hot object it does from 2 threads."),
    "more threads than it takes": (tradeoff(start=FROM_2, fall=Turn(12.0, 12.0, 12.0), most=8),
                                   f"{COST} and overtakes the GIL from 2 threads when nothing is shared and stays "
                                   "ahead on 8 threads while under 12 % of references go to shared objects."),
    "whatever is shared": (tradeoff(start=FROM_2, fall=NEVER_SURE, hot=FROM_2),
                           f"{COST} and overtakes the GIL from 2 threads whatever share of references goes to shared "
                           "objects (0 to 100 % measured); with one hot object it does from 2 threads."),
    "from one thread on": (tradeoff(start=Turn(1.0, 1.0, 1.0), fall=NEVER_SURE, hot=Turn(1.0, 1.0, 1.0)),
                           f"{COST} and is ahead of the GIL from one thread on whatever share of references goes to "
                           "shared objects (0 to 100 % measured); with one hot object it does so on one thread "
                           "already."),
    "never": (tradeoff(start=NEVER_SURE, fall=ALWAYS_SURE, hot=NEVER_SURE),
              f"{COST} and does not overtake the GIL on up to 2 threads, even when nothing is shared; with one hot "
              "object it does not either."),
    "never, but the hot object": (tradeoff(start=NEVER_SURE, fall=ALWAYS_SURE, hot=FROM_2),
                                  f"{COST} and does not overtake the GIL on up to 2 threads, even when nothing is "
                                  "shared; yet with one hot object it does from 2 threads."),
    "never, from 5 % on": (tradeoff(start=NEVER_SURE, fall=ALWAYS_SURE, shares=(5, 100)),
                           f"{COST} and does not overtake the GIL on up to 2 threads, even when 5 % of references go "
                           "to shared objects."),
    "perhaps": (tradeoff(start=Turn(2.0, 2.0, NEVER), fall=Turn(12.0, ALWAYS, NEVER), hot=Turn(NEVER, 2.0, NEVER)),
                f"{COST} and overtakes the GIL from 2 threads (95 % interval: from 2 threads to never up to 2) while "
                "under 12 % [none, any] of references go to shared objects; with one hot object it never does (though "
                "the interval does not rule out that it does from 2 threads)."),
    "perhaps not": (tradeoff(start=Turn(NEVER, 1.0, NEVER), fall=Turn(ALWAYS, ALWAYS, 2.0)),
                    f"{COST} and does not overtake the GIL on up to 2 threads (though the interval does not rule out "
                    "that it does from 1 thread), even when nothing is shared."),
    "never behind, perhaps": (tradeoff(start=FROM_2, fall=Turn(NEVER, 80.0, NEVER)),
                              f"{COST} and overtakes the GIL from 2 threads whatever share of references goes to "
                              "shared objects (0 to 100 % measured), though the interval does not rule out that it "
                              "falls behind from 80 % on."),
    "private objects only": (tradeoff(private=FROM_2, hot=NEVER_SURE),
                             f"{COST} and overtakes the GIL from 2 threads when every thread has objects of its own; "
                             "with one hot object it never does."),
    "private objects, never": (tradeoff(private=NEVER_SURE),
                               f"{COST} and does not overtake the GIL on up to 2 threads, even when every thread has "
                               "objects of its own."),
    "the hot object only": (tradeoff(hot=FROM_2),
                            f"{COST}; with one hot object it overtakes the GIL from 2 threads."),
    "one thread only": (tradeoff(most=1), f"{COST}; how it scales was not measured, as no cell ran on more than one "
                                          "thread."),
    "nothing on many threads": (tradeoff(), f"{COST}; it and `gil` were not both measured on mixed or private objects "
                                            "on more than one thread."),
    "no tax": (tradeoff(tax=NOTHING, private=FROM_2),
               "On this machine it is not known what `biased` costs on one thread, as it and `gil` were not both "
               "measured there; it overtakes the GIL from 2 threads when every thread has objects of its own."),
    "a bargain": (tradeoff(tax=Interval(0.5, 0.4, 0.6), private=FROM_2),
                  "On this machine `biased` costs only 0.50× [0.40, 0.60] on one thread and overtakes the GIL from 2 "
                  "threads when every thread has objects of its own."),
    "the same": (tradeoff(tax=Interval(1.01, 0.99, 1.03), private=FROM_2),
                 "On this machine `biased` costs as much on one thread as the GIL does, as far as this run can tell "
                 "(1.01× [0.99, 1.03]) and overtakes the GIL from 2 threads when every thread has objects of its own."),
    "single trials": (tradeoff(tax=Interval(1.5), start=Turn(2.0), fall=Turn(12.0), hot=Turn(NEVER)),
                      "On this machine `biased` costs 1.50× (single trials) on one thread and overtakes the GIL "
                      "from 2 threads while under 12 % of references go to shared objects; with one hot object it "
                      "never does."),
}


class Paragraphs(unittest.TestCase):
    maxDiff = None

    def test_each_case(self) -> None:
        for name, (found, expected) in CASES.items():
            with self.subTest(name):
                self.assertEqual(expected, paragraph(found, "biased"))

    def test_every_combination_is_one_sentence(self) -> None:
        """Every case is a whole sentence: nothing left to fill in, no doubled sign, no number that is none."""
        taxes = (TAX, NOTHING, Interval(0.9), Interval(1.0, 0.9, 1.1))
        turns = (None, UNKNOWN, FROM_2, NEVER_SURE, Turn(1.0), Turn(2.0, 1.0, NEVER), Turn(NEVER, 2.0, NEVER))
        falls = (UNKNOWN, NEVER_SURE, ALWAYS_SURE, Turn(12.0, 9.0, 15.0), Turn(12.0, ALWAYS, NEVER),
                 Turn(NEVER, 3.0, NEVER))
        seen = set()
        for tax in taxes:
            for start in turns:
                for fall in falls:
                    for hot in turns:
                        for most in (1, 2, 8):
                            seen.add(paragraph(tradeoff(tax, start, fall, hot, FROM_2, most), "biased"))
        self.assertGreater(len(seen), 100)
        for text in seen:
            self.assertRegex(text, r"^On this machine .*[a-z)]\.$")
            wrong = r"nan|inf\b|None|  | [.,;)]|\(\)|;;|,,|\b1 threads|\b[02-9] thread\b"
            self.assertIsNone(re.search(wrong, text), text)

    def test_one_for_each_choice(self) -> None:
        self.assertEqual(1, len(paragraphs(tradeoff())))


if __name__ == "__main__":
    unittest.main()
