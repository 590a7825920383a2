"""Tests of the mutator: what is a token, a function, a statement, and which mutants follow from a text."""

from __future__ import annotations

import unittest
from typing import List

from mutate import mutants_of, squeeze
from orders import weaker
from source import Source


def changes(body: str, operator: str) -> List[str]:
    """The bodies that an operator makes of a function's body."""
    frame = "static void f(void)\n{\n    %s\n}\n"
    head, tail = (frame % "\0").split("\0")
    return [mutant.applied(frame % body)[len(head): -len(tail)] for mutant in mutants_of("f.h", frame % body)
            if mutant.operator == operator]


class Tokens(unittest.TestCase):
    def words(self, text: str) -> List[str]:
        return [token.text for token in Source("f.h", text).tokens]

    def test_comments_strings_and_directives_are_none(self) -> None:
        text = ('/* a == b */ x // 1 == 2\n#define LONG(a) \\\n    ((a) == 1)\n  #if A == 1 /* goes\n on == */\n'
                'y = "1 == \\" 2" + \'=\';')
        self.assertEqual(["x", "y", "=", "+", ";"], self.words(text))

    def test_operators_are_whole(self) -> None:
        self.assertEqual("a -> b ++ <<= c >= d && e ... & f".split(), self.words("a->b++<<=c>=d&&e...&f"))

    def test_lines(self) -> None:
        source = Source("f.h", "a\nbb\n\nc")
        self.assertEqual([1, 2, 4], [source.line_of(token.start) for token in source.tokens])


class Structure(unittest.TestCase):
    TEXT = """struct s { int a; };
enum { ONE = 1 };
static struct bucket { int x; } buckets[3];
static inline bool f(struct s *s)
{
    struct s other = *s;
    uint64_t *p = g(s);
    if (s->a == 1) {
        g(s);
    } else if (x)
        return true;
    do {
        i++;
    } while (i < 3);
    for (int i = 0; i < 3; i++)
        g(s);
    for (;;)
        break;
    (void)s;
    return false;
}
"""

    def setUp(self) -> None:
        self.source = Source("f.h", self.TEXT)

    def test_functions(self) -> None:
        self.assertEqual(["f"], [function.name for function in self.source.functions])

    def test_statements(self) -> None:
        kinds = [statement.kind for statement in self.source.statements()]
        self.assertEqual("block declaration declaration if block expression if jump do block expression for expression "
                         "for jump expression jump".split(), kinds)

    def test_places(self) -> None:
        where = {self.source.word(index): self.source.function_at(index)
                 for index in range(len(self.source.tokens))}
        self.assertEqual(("-", "f"), (where["ONE"], where["other"]))


class Operators(unittest.TestCase):
    def test_compare(self) -> None:
        self.assertEqual(["x = a != b;"], changes("x = a == b;", "compare"))
        self.assertEqual(["x = a <= b;"], changes("x = a < b;", "compare"))

    def test_logic(self) -> None:
        self.assertEqual(["x = a || b;"], changes("x = a && b;", "logic"))

    def test_order(self) -> None:
        self.assertEqual(["a64_cas_acquire(p, &x, 1);", "a64_cas_release(p, &x, 1);"],
                         changes("a64_cas_acq_rel(p, &x, 1);", "order"))
        self.assertEqual([], changes("a64_load_relaxed(p);", "order"))

    def test_an_order_is_weakened_one_step(self) -> None:
        self.assertEqual(("a32_add_acq_rel",), weaker("a32_add_seq_cst"))
        self.assertEqual(("a64_store_relaxed",), weaker("a64_store_release"))
        self.assertEqual(("__ATOMIC_ACQUIRE", "__ATOMIC_RELEASE"), weaker("__ATOMIC_ACQ_REL"))
        self.assertEqual(2, len(weaker("a64_sub_release_last")))
        self.assertEqual((), weaker("a64_loading_acquire"))

    def test_an_operation_is_not_renamed_where_it_is_defined(self) -> None:
        text = "static bool a64_sub_release_last(int *x)\n{\n    return __ATOMIC_RELAXED;\n}\n"
        self.assertEqual([], [mutant for mutant in mutants_of("f.h", text) if mutant.operator == "order"])

    def test_negate(self) -> None:
        self.assertEqual(["if (!(f(x))) g();"], changes("if (f(x)) g();", "negate"))
        self.assertEqual(["do g(); while (!(!f(x)));"], changes("do g(); while (!f(x));", "negate"))
        self.assertEqual(["while (!(a && b == c)) g();"], changes("while (a && b == c) g();", "negate"))

    def test_one_equality_is_turned_around_once(self) -> None:
        self.assertEqual([], changes("if (a == b) g();", "negate"))

    def test_delete(self) -> None:
        for statement in ("g(x);", "a->b = 1;", "a.b++;", "a[1] = 2;", "*a = 1;", "x = g();"):
            self.assertEqual([";"], changes(statement, "delete"), statement)
        for statement in ("x = 1;", "(void)x;", "int x = g();", "struct s *x = g();", "return g();"):
            self.assertEqual([], changes(statement, "delete"), statement)

    def test_return(self) -> None:
        self.assertEqual(["return false;"], changes("return true;", "return"))
        self.assertEqual([], changes("return true && x;", "return"))

    def test_constant(self) -> None:
        self.assertEqual(["x = 2;", "x = 0;"], changes("x = 1;", "constant"))
        self.assertEqual(["x = 1u;"], changes("x = 0u;", "constant"))
        self.assertEqual(["x = 17;", "x = 15;"], changes("x = 0x10;", "constant"))

    def test_arithmetic_and_signs(self) -> None:
        self.assertEqual(["x = a - -b;"], changes("x = a + -b;", "arithmetic"))
        self.assertEqual(["x = a + +b;"], changes("x = a + -b;", "sign"))
        self.assertEqual(["return +b;"], changes("return -b;", "sign"))
        self.assertEqual(["a--;"], changes("a++;", "arithmetic"))

    def test_bits_are_no_addresses(self) -> None:
        self.assertEqual(["x = a | f(&b, &c);"], changes("x = a & f(&b, &c);", "bits"))

    def test_body(self) -> None:
        self.assertEqual(["if (a) {} else h();"], changes("if (a) { g(); h(); } else h();", "body"))
        self.assertEqual(["if (a) {}"], changes("if (a) return;", "body"))
        self.assertEqual([], changes("if (a) g();", "body"))  # that is `delete`

    def test_loop(self) -> None:
        self.assertEqual(["while (0) g();"], changes("while (a) g();", "loop"))
        self.assertEqual(["do g(); while (((a), 0));"], changes("do g(); while (a);", "loop"))
        self.assertEqual(["for (i = 0; 0; i++) g();"], changes("for (i = 0; i < 3; i++) g();", "loop"))
        self.assertEqual(["for (;0;) g();"], changes("for (;;) g();", "loop"))


class Mutants(unittest.TestCase):
    def test_all_texts_differ(self) -> None:
        text = "static int f(int a)\n{\n    if (a != 1)\n        g(a);\n    return a + 1;\n}\n"
        texts = [mutant.applied(text) for mutant in mutants_of("f.h", text)]
        self.assertEqual(len(texts), len(set(texts)))
        self.assertNotIn(text, texts)

    def test_the_key_survives_a_shift_of_lines(self) -> None:
        text = "static void f(void)\n{\n    g(1);\n    g(1);\n}\n"
        here = mutants_of("f.h", text)
        shifted = mutants_of("f.h", "/* new */\n\n" + text)
        self.assertEqual([mutant.key for mutant in here], [mutant.key for mutant in shifted])
        self.assertEqual([mutant.line + 2 for mutant in here], [mutant.line for mutant in shifted])
        self.assertEqual(len(here), len({mutant.key for mutant in here}))

    def test_long_lines_lose_their_middle(self) -> None:
        self.assertEqual("a b", squeeze("a\n   b"))
        short = squeeze("x" * 100 + "y" * 100, 60)
        self.assertLessEqual(len(short), 60)
        self.assertTrue(short.startswith("xxx") and short.endswith("yyy") and " ... " in short)


if __name__ == "__main__":
    unittest.main()
