"""What a variant is: from a run's record, from a companion file, and of runs from before there were such records."""

from __future__ import annotations

import json
import re
import unittest
from dataclasses import asdict
from typing import Any, Dict, Optional

from support import ROOT, ScratchTest

from rcb.answers import traits
from rcb.answers.traits import OLDER, Traits, Variants

MODES = {name: one.mode for name, one in OLDER.items()}


def names(found: Any) -> list:
    return [one.name for one in found]


def name(found: Optional[Traits]) -> Optional[str]:
    return found.name if found is not None else None


def said(*found: Traits) -> Dict[str, Any]:
    """A record of these variants as the binary writes it."""
    return {"machine": {"variants": {one.name: {key: value for key, value in asdict(one).items() if key != "name"}
                                     for one in found}}}


class OfOlderRuns(unittest.TestCase):
    def setUp(self) -> None:
        self.all = traits.read({})

    def test_choices_and_bounds(self) -> None:
        self.assertEqual(["atomic_seqcst", "atomic", "biased", "escape"], names(self.all.choices))
        self.assertEqual(["none", "tracing"], names(self.all.bounds))

    def test_baselines(self) -> None:
        self.assertEqual("gil_immortal", name(self.all.baseline()))
        self.assertEqual("gil", name(self.all.baseline("gil")))
        self.assertIsNone(self.all.baseline("gil_of_another"))
        self.assertEqual(("plain", "plain_twin"), (name(self.all.single_baseline), name(self.all.twin)))

    def test_the_registry_is_what_these_facts_are_of(self) -> None:
        """Each line of the table agrees with the sources: they say it in macros."""
        registry = (ROOT / "variants/variants.def").read_text("utf-8")
        listed = {name: (scheme, mode) for name, scheme, mode in
                  re.findall(r"^(?:TRACED_)?VARIANT\((\w+), (\w+), (\w+)", registry, re.M)}
        for one in OLDER.values():
            with self.subTest(one.name):
                self.assertIn(one.name, listed)
                scheme, mode = listed[one.name]
                header = (ROOT / f"variants/schemes/{scheme}.h").read_text("utf-8")
                macro = dict(re.findall(r"^#define RC_(\w+) (.+)$", header, re.M))
                self.assertEqual((f'"{one.scheme}"', one.mode), (macro["SCHEME"], mode))
                for key, value in (("THREAD_SAFE", one.thread_safe), ("EXACT_AUDIT", one.exact_audit),
                                   ("IMMORTAL", one.immortal), ("LATE", one.late), ("TRACED", one.traced),
                                   ("NEVER_FREES", not one.frees)):
                    self.assertEqual(str(int(value)), macro[key], key)


class OfRecords(ScratchTest):
    def test_a_record_is_believed(self) -> None:
        found = traits.read(said(OLDER["gil"], Traits("new", "new", "free", thread_safe=True, stands_for="")))
        self.assertEqual((["gil", "new"], ["new"]), (names(found), names(found.choices)))
        self.assertEqual(OLDER["gil"], found.of("gil"))

    def test_a_name_says_nothing(self) -> None:
        """The same traits under other names give the same answers."""
        other = [Traits(**{**asdict(one), "name": f"x{place}"}) for place, one in enumerate(OLDER.values())]
        there = list(OLDER)
        found = traits.read(said(*other))
        self.assertEqual([f"x{there.index(one.name)}" for one in traits.read({}).choices], names(found.choices))
        self.assertEqual(f"x{there.index('gil_immortal')}", name(found.baseline()))
        self.assertEqual(f"x{there.index('plain_twin')}", name(found.twin))

    def test_only_what_was_measured(self) -> None:
        found = traits.read({}, {one: MODES[one] for one in ("gil", "biased", "plain")})
        self.assertEqual("gil", name(found.baseline()))
        self.assertEqual((["biased"], []), (names(found.choices), names(found.bounds)))
        self.assertEqual(("plain", None), (name(found.single_baseline), found.twin))

    def test_without_a_baseline(self) -> None:
        found = traits.read({}, {"atomic": "free", "gil_atomic": "gil", "none": "free"})
        self.assertEqual((None, None, None), (found.baseline(), found.single_baseline, found.twin))

    def test_a_variant_of_the_rows_that_nobody_describes(self) -> None:
        found = traits.read(said(OLDER["plain"]), {"plain": "single", "saturating": "free"})
        self.assertEqual(["saturating"], names(found.choices))

    def test_a_companion_and_a_merged_run(self) -> None:
        companion = said(OLDER["escape"])["machine"]
        self.assertEqual(["escape"], names(traits.read(companion)))
        merged = {**said(OLDER["escape"]), "merged": [said(OLDER["escape"]), said(OLDER["gil"])]}
        self.assertEqual(["escape", "gil"], names(traits.read(merged)))

    def test_damage(self) -> None:
        whole = said(OLDER["plain"])["machine"]["variants"]["plain"]
        for key in whole:
            for value in ([], {}, 1.5, "1" if key not in ("scheme", "mode", "stands_for") else 1):
                record = {"machine": {"variants": {"plain": {**whole, key: value}}}}
                self.assertEqual(OLDER["plain"], traits.read(record).of("plain"), (key, value))
        for record in ({"machine": []}, {"machine": {"variants": [1]}}, {"variants": {"plain": None}},
                       {"merged": [None, 1]}, {"merged": {}}):
            self.assertEqual(len(OLDER), len(traits.read(record)), record)

    def test_the_record_beside_rows(self) -> None:
        rows = self.scratch / "rows.csv"
        self.assertEqual({}, traits.record_beside(rows))
        (self.scratch / "rows.csv.json").write_text(json.dumps(said(OLDER["gil"])["machine"]), encoding="utf-8")
        self.assertEqual(["gil"], names(traits.read(traits.record_beside(rows))))
        (self.scratch / "run.json").write_text(json.dumps(said(OLDER["plain"])), encoding="utf-8")
        self.assertEqual(["plain"], names(traits.read(traits.record_beside(rows))))

    def test_empty(self) -> None:
        none = Variants({})
        self.assertEqual(((), (), None), (none.choices, none.bounds, none.baseline()))


if __name__ == "__main__":
    unittest.main()
