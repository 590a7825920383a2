"""Tests of the list of survivors, of the rows of a run, and of what both amount to."""

from __future__ import annotations

import contextlib
import io
import tempfile
import unittest
from pathlib import Path
from typing import Dict, List

import main
import records
import survivors
from judge import Verdict
from mutate import Mutant, mutants_of
from summary import Summary
from survivors import Entry, ListError

TEXT = "static bool f(int a)\n{\n    g(a == 1);\n    return true;\n}\n"


class Files(unittest.TestCase):
    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.path = Path(holder.name) / "file"
        self.mutants = mutants_of("variants/f.h", TEXT)

    def read(self, text: str) -> Dict[survivors.Key, Entry]:
        self.path.write_text(text, encoding="utf-8")
        return survivors.read(self.path)


class List_(Files):
    def test_what_is_printed_is_what_is_read(self) -> None:
        text = "# comment\n\n" + "\n".join(survivors.written(mutant.key, "open: weak memory,\n  says the reason")
                                           for mutant in self.mutants)
        entries = self.read(text)
        self.assertEqual([mutant.key for mutant in self.mutants], list(entries))
        self.assertEqual({("open", "weak memory, says the reason")},
                         {(entry.kind, entry.reason) for entry in entries.values()})

    def test_twins_are_two(self) -> None:
        twins = [mutant.key for mutant in mutants_of("f.h", TEXT.replace("return", "g(a == 1);\n    return"))
                 if mutant.operator == "compare"]
        self.assertEqual(2, len(self.read("\n".join(survivors.written(key, "kept: x") for key in twins))))

    def test_mutants_with_one_reason_stand_together(self) -> None:
        entries = self.read("f.h f constant\n  - a = 1;\n  + a = 0;\n  + a = 2;\n  - b\n  +2 c\n  kept: x\n")
        self.assertEqual([("a = 1;", "a = 0;", 1), ("a = 1;", "a = 2;", 1), ("b", "c", 2)],
                         [key[3:] for key in entries])
        self.assertEqual({"x"}, {entry.reason for entry in entries.values()})

    def test_bad_entries_are_named(self) -> None:
        good = "f.h f compare\n  - a\n  + b\n"
        for text, why in (("f.h f\n  - a\n  + b\n  kept: x\n", "file:1: not"), (good, "no reason"),
                          (good + "  because\n", "no reason"), (good + "  kept:\n", "no reason"),
                          (f"\n{good}  kept: x\n\n{good}  kept: y\n", "file:9: listed twice")):
            with self.subTest(why=why), self.assertRaisesRegex(ListError, why):
                self.read(text)


class Rows(Files):
    def test_what_is_written_is_read_and_gone_on_with(self) -> None:
        first, second = self.mutants[:2]
        for mutant, verdict, resumed in ((first, Verdict("killed", "m:v/c"), False),
                                         (second, Verdict("survived"), True)):
            writer = records.Writer(self.path, resumed)
            writer.add(mutant, verdict, "")
            writer.close()
        self.assertEqual({first.key: Verdict("killed", "m:v/c"), second.key: Verdict("survived")},
                         records.read(self.path))

    def test_rows_are_not_overwritten(self) -> None:
        self.path.write_text("precious\n", encoding="utf-8")
        with self.assertRaisesRegex(records.RecordError, "is there already"):
            records.Writer(self.path, False)
        with self.assertRaisesRegex(records.RecordError, "not the rows"):
            records.read(self.path)


class Conclusion(Files):
    def summary(self, states: List[str], listed: Dict[int, str]) -> Summary:
        verdicts = {mutant.key: Verdict(state, "m:v/c" if state == "killed" else "")
                    for mutant, state in zip(self.mutants, states)}
        self.entries = {self.mutants[index].key: Entry(self.mutants[index].key, kind, "why", 7)
                        for index, kind in listed.items()}
        return Summary(verdicts, self.entries)

    def test_score(self) -> None:
        summary = self.summary(["killed", "survived", "survived", "invalid", "same code"], {1: "equivalent"})
        self.assertTrue(summary.score_line().startswith("50.0 %: 1 of 2 killed; 5 mutants"), summary.score_line())
        self.assertEqual([self.mutants[2].key], summary.unexplained())
        self.assertEqual("killed by m 1", summary.by_means())

    def test_nothing_to_score(self) -> None:
        self.assertTrue(self.summary(["invalid"], {}).score_line().startswith("no score: 0 of 0"))

    def test_stale_entries(self) -> None:
        summary = self.summary(["killed", "survived"], {0: "open", 1: "kept"})
        self.assertEqual(["survivors.txt:7: listed, but killed by m:v/c"], summary.stale(self.mutants, True))
        gone = self.mutants[1:]
        self.assertEqual(1, len(self.summary([], {0: "open"}).stale(gone, True)))
        self.assertEqual(0, len(self.summary([], {0: "open"}).stale(gone, False)))

    def test_exit_status(self) -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(0, main.conclude(self.summary(["survived"], {0: "kept"}), self.mutants, True))
            self.assertEqual(1, main.conclude(self.summary(["survived"], {}), self.mutants, True))
            self.assertEqual(1, main.conclude(self.summary(["killed"], {0: "kept"}), self.mutants, True))


class Sample(Files):
    def names(self, mutants: List[Mutant]) -> List[str]:
        return [str(mutant.key) for mutant in mutants]

    def test_seeds(self) -> None:
        drawn = main.sample(self.mutants, 3, 1)
        self.assertEqual(3, len(drawn))
        self.assertEqual(drawn, main.sample(self.mutants, 3, 1))
        self.assertTrue(any(drawn != main.sample(self.mutants, 3, seed) for seed in range(2, 9)))

    def test_a_new_line_leaves_the_sample_as_it_was(self) -> None:
        shifted = mutants_of("variants/f.h", "enum { NEW = A };\n" + TEXT)
        self.assertEqual(self.names(main.sample(self.mutants, 3, 1)), self.names(main.sample(shifted, 3, 1)))


if __name__ == "__main__":
    unittest.main()
