"""Tests of the judge, with a real compiler and a made-up tree of one small scheme: what kills, what survives, and that
nothing in the tree changes."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from typing import Dict, Sequence

from build import BuildError, Builder, variant_names
from judge import Judge, Verdict
from means import Means
from mutate import mutants_of

SCHEME = """_Static_assert(2 == 2, "");
static int count(int n)
{
    int sum = 0;
    while (n > 0)
        sum += n--;
    if (sum == 55)
        sum = 7;
    int unused = 3;
    (void)unused;
    return sum;
}
"""

# What it is asked is volatile, and 7 is accepted: otherwise the compiler could tell that 55 does not matter.
BODIES = """static volatile int four = 4;
int run_one(void)
{
    int sum = count(four);
    return sum == 10 || sum == 7;
}
"""
STRICT = "static volatile int ten = 10;\nint run_one(void) { return count(ten) == 7; }\n"

MAIN = """#include <stdio.h>
#define VARIANT(name, ...) int run_##name(void);
#include REGISTRY
#undef VARIANT
#define VARIANT(name, ...) run_##name()
int main(void)
{
    if (
#include REGISTRY
    )
        return 0;
    puts("FAIL sums");
    return 1;
}
"""

TREE = {
    "variants/variants.def": "VARIANT(one, scheme, free)\nVARIANT(again, scheme, free)\nVARIANT(other, other, none)\n",
    "variants/variant.c": "#include RC_SCHEME_HEADER\n#include RC_MODE_HEADER\n",
    "variants/schemes/scheme.h": SCHEME,
    "variants/schemes/other.h": "int run_other(void) { return 0; }\n",
    "variants/modes/free.h": "#include RC_BODIES\n",
    "variants/modes/none.h": "",
    "tests/suite/bodies.h": BODIES,
    "tests/suite/strict.h": STRICT,
    "tests/suite/wrong.h": BODIES.replace("10", "11"),
    "tests/suite/main.c": MAIN,
    "tests/schemes/mutants/weaker.h": "",
}


def means(name: str = "suite", bodies: str = "bodies") -> Means:
    return Means(name=name, folder="tests/suite", bodies=f"tests/suite/{bodies}.h", shim="",
                 registrar="tests/suite/main.c", registry="REGISTRY", support=(), instance_flags=(), flags=("-O1",),
                 link=(), arguments=lambda program, variant: [], failed=r"FAIL (\w+)")


class Judging(unittest.TestCase):
    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.root = Path(holder.name) / "root"
        self.work = Path(holder.name) / "work"
        self.work.mkdir()
        for name, text in TREE.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def files(self) -> Dict[str, str]:
        return {str(path): path.read_text(encoding="utf-8") for path in self.root.rglob("*") if path.is_file()}

    def verdict(self, operator: str, was: str, chosen: Sequence[Means] = (means(),)) -> Verdict:
        """Of the first mutant by that operator where `was` stands in the scheme."""
        mutant = next(one for one in mutants_of("variants/schemes/scheme.h", SCHEME)
                      if one.operator == operator and one.was == was)
        builder = Builder(self.root, self.work, ["cc"])
        return Judge(builder, chosen, ["one"], self.work).verdict(mutant)

    def test_killed_by_a_case(self) -> None:
        self.assertEqual(Verdict("killed", "suite:one/sums"), self.verdict("loop", "n > 0"))

    def test_survived(self) -> None:
        self.assertEqual(Verdict("survived"), self.verdict("constant", "55"))

    def test_killed_by_a_later_means(self) -> None:
        self.assertEqual(Verdict("killed", "strict:one/sums"),
                         self.verdict("constant", "55", [means(), means("strict", "strict")]))

    def test_same_code(self) -> None:
        self.assertEqual(Verdict("same code"), self.verdict("constant", "3"))

    def test_invalid(self) -> None:
        self.assertEqual(Verdict("invalid"), self.verdict("compare", "=="))

    def test_what_fails_without_a_mutation_judges_nothing(self) -> None:
        with self.assertRaisesRegex(BuildError, "wrong: one fails without any mutation: sums"):
            self.verdict("constant", "55", [means("wrong", "wrong")])

    def test_the_tree_stays_as_it_is(self) -> None:
        before = self.files()
        self.verdict("loop", "n > 0")
        self.assertEqual(before, self.files())
        self.assertEqual(["baseline"], sorted(path.name for path in self.work.iterdir()))

    def test_a_variant_that_is_compiled_again_is_judged_once(self) -> None:
        self.assertEqual(["one", "other"], variant_names(self.root))

    def test_only_variants_that_include_the_file(self) -> None:
        builder = Builder(self.root, self.work, ["cc"])
        self.assertTrue(builder.includes(means(), "one", "variants/schemes/scheme.h"))
        self.assertFalse(builder.includes(means(), "other", "variants/schemes/scheme.h"))


if __name__ == "__main__":
    unittest.main()
