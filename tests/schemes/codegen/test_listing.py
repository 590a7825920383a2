"""The checks of this folder can fail: small made-up listings, each with one thing wrong."""

import unittest

import aarch64
import listing
import rules

PLAIN = rules.Traits(scheme="plain", thread_safe=False, never_frees=False)
NONE = rules.Traits(scheme="none", thread_safe=False, never_frees=True)
ATOMIC = rules.Traits(scheme="atomic", thread_safe=True, never_frees=False)
BIASED = rules.Traits(scheme="biased", thread_safe=True, never_frees=False)
ESCAPE = rules.Traits(scheme="escape", thread_safe=True, never_frees=False)
NEW = rules.Traits(scheme="somebody_elses", thread_safe=True, never_frees=False)

GOOD_PLAIN = """
   1000:	test   %rsi,%rsi
   1003:	je     1060 <pair_hot__x+0x60>
   1040:	addq   $0x1,(%rdi)
   1044:	subq   $0x1,(%rdi)
   1048:	je     1070 <pair_hot__x+0x70>
   104a:	sub    $0x1,%rsi
   104e:	jne    1040 <pair_hot__x+0x40>
   1060:	ret
   1070:	call   2000 <object_destroy>
   1075:	jmp    104a <pair_hot__x+0x4a>
"""

GOOD_ATOMIC = GOOD_PLAIN.replace("addq ", "lock addq ").replace("subq ", "lock subq ")

# The first branch goes past both counts, as for an immortal object; the second to the stranger's way, which lies
# outside of the straight one.
GOOD_BIASED = """
   1000:	mov    (%rdi),%eax
   1001:	je     1013 <pair_hot__x+0x13>
   1002:	cmp    %fs:0x0,%rdx
   100b:	jne    1040 <pair_hot__x+0x40>
   100d:	mov    %eax,0xc(%rdi)
   1010:	mov    %ecx,0xc(%rdi)
   1013:	sub    $0x1,%rsi
   1017:	jne    1000 <pair_hot__x>
   1019:	ret
   1040:	lock addq $0x4,0x10(%rdi)
   1046:	jmp    1010 <pair_hot__x+0x10>
"""

AARCH64 = """
   1000:	ldr	x2, [x0]
   1004:	add	x2, x2, #0x1
   1008:	str	x2, [x0]
   100c:	ldr	x2, [x0]
   1010:	sub	x2, x2, #0x1
   1014:	str	x2, [x0]
   1018:	subs	x1, x1, #0x1
   101c:	b.ne	1000 <pair_hot__x>  // b.any
   1020:	ret
"""


def function(body, name="pair_hot__x", address="1000"):
    return listing.parse(f"{int(address, 16):016x} <{name}>:{body}")[name]


def instruction(text):
    return function(f"\n   1000:\t{text}\n").instructions[0]


class InstructionTest(unittest.TestCase):
    def test_memory(self):
        for text, reads, writes in (
            ("mov    (%rax),%rbx", True, False),
            ("mov    %rbx,(%rax)", False, True),
            ("movl   $0x1,0x8(%rax,%rbx,4)", False, True),
            ("addq   $0x1,0x0(%rbp)", True, True),
            ("add    (%rax),%rbx", True, False),
            ("cmp    %fs:0xffffffffffffffd8,%rdx", True, False),
            ("cmpl   $0x1,(%rax)", True, False),
            ("incq   (%rax)", True, True),
            ("lock xadd %rax,(%rdi)", True, True),
            ("lea    0x8(%rax),%rbx", False, False),
            ("nopl   0x0(%rax,%rax,1)", False, False),
            ("add    $0x1,%rax", False, False),
            ("push   %rbx", False, True),
            ("ldr\tx2, [x0]", True, False),
            ("str\tx2, [x0, #8]", False, True),
            ("ldaddl\tx2, x1, [x0]", True, True),
            ("ldxr\tx2, [x0]", True, False),
            ("stlxr\tw3, x2, [x0]", False, True),
        ):
            with self.subTest(text):
                found = instruction(text)
                self.assertEqual((found.reads_memory, found.writes_memory), (reads, writes))

    def test_atomic(self):
        for text, expected in (
            ("lock addq $0x1,(%rdi)", True), ("xchg   %rax,(%rdi)", True), ("xchg   %ax,%ax", False),
            ("addq   $0x1,(%rdi)", False), ("ldxr\tx2, [x0]", False), ("stlxr\tw3, x2, [x0]", True),
            ("ldadd\tx2, x1, [x0]", True), ("casal\tx2, x1, [x0]", True), ("stadd\tx2, [x0]", True),
            ("ldr\tx2, [x0]", False), ("stp\tx2, x3, [sp]", False), ("str\tx2, [x0]", False),
        ):
            with self.subTest(text):
                self.assertEqual(instruction(text).is_atomic, expected)


class LoopTest(unittest.TestCase):
    def wrong(self, body, traits, name="pair_hot__x"):
        return rules.check_loop(function(body, name), traits)

    def assert_wrong(self, body, traits, words):
        self.assertIn(words, "\n".join(self.wrong(body, traits)))

    def test_good_ones(self):
        self.assertEqual(self.wrong(GOOD_PLAIN, PLAIN), [])
        self.assertEqual(self.wrong(GOOD_ATOMIC, ATOMIC), [])
        self.assertEqual(self.wrong(GOOD_BIASED, BIASED), [])
        self.assertEqual(self.wrong(GOOD_BIASED, NEW), [])

    def test_no_loop(self):
        self.assert_wrong("\n   1000:\tret\n", PLAIN, "no loop")

    def test_lock_in_plain(self):
        self.assert_wrong(GOOD_PLAIN.replace("addq", "lock addq"), PLAIN, "an atomic instruction in a scheme for one")

    def test_one_lock_in_atomic(self):
        self.assert_wrong(GOOD_PLAIN.replace("addq", "lock addq"), ATOMIC, "1 atomic instructions a pair, not 2")

    def test_three_locks_in_atomic(self):
        self.assert_wrong(GOOD_ATOMIC.replace("sub    $0x1,%rsi", "lock decq (%rdx)"), ATOMIC, "3 atomic instructions")

    def test_call_on_every_way(self):
        body = GOOD_ATOMIC.replace("sub    $0x1,%rsi", "call   3000 <count_more>")
        for traits in (ATOMIC, NEW):
            self.assert_wrong(body, traits, "calls a function")

    def test_call_instead_of_the_count(self):
        body = GOOD_PLAIN.replace("addq   $0x1,(%rdi)", "test   %rdi,%rdi").replace(
            "subq   $0x1,(%rdi)", "test   %rdx,%rdx")
        self.assert_wrong(body, NEW, "or does not count")

    def test_lock_on_the_owners_way(self):
        self.assert_wrong(GOOD_BIASED.replace("mov    %ecx,0xc", "lock decl 0xc"), BIASED, "the owner's is gone")

    def test_longer_than_the_best(self):
        self.assert_wrong(GOOD_PLAIN.replace("sub    $0x1,%rsi", "cmp    $0x1,%rdx\n   104b:\tsub    $0x1,%rsi"), PLAIN,
                          "6 instructions for a pair of an object that is 'owner', not 5 at most")
        self.assertEqual(self.wrong(GOOD_PLAIN.replace("1048:", "1047:\tnopl   (%rax)\n   1048:"), PLAIN), [])
        longer = "".join(f"\n   {0x2000 + i:x}:\tmov    %rax,%rbx" for i in range(6))
        body = GOOD_BIASED.replace("\n   1013:", longer + "\n   1013:").replace("1013 <pair", "2000 <pair")
        self.assert_wrong(body, BIASED, "10 instructions for a pair of an object that is 'immortal', not 8 at most")

    def test_no_way_past_a_call(self):
        body = GOOD_BIASED.replace("1013 <pair_hot__x+0x13>", "1050 <pair_hot__x+0x50>")
        self.assert_wrong(body, BIASED, "no way around the loop counts an object that is 'immortal' without a call")
        self.assert_wrong(GOOD_BIASED, ESCAPE, "counts an object that is 'shared' without a call")

    def test_more_memory_in_plain(self):
        self.assert_wrong(GOOD_PLAIN.replace("sub    $0x1,%rsi", "mov    0x8(%rsp),%rdx"), PLAIN,
                          "2 writes and 3 memory instructions")

    def test_a_set_loads_its_pointer(self):
        body = GOOD_PLAIN.replace("addq", "mov    (%rax),%rdi\n   1042:\taddq").replace("pair_hot", "pair_set")
        self.assertEqual(self.wrong(body, PLAIN, "pair_set__x"), [])
        self.assert_wrong(body.replace("pair_set", "pair_hot"), PLAIN, "3 memory instructions")

    def test_nothing_counted(self):
        body = "\n   1000:\tsub    $0x1,%rsi\n   1004:\tjne    1000 <pair_hot__x>\n   1006:\tret\n"
        self.assertEqual(self.wrong(body, NONE), [])
        self.assert_wrong(body, NEW, "does not count")

    def test_aarch64(self):
        self.assertEqual(self.wrong(AARCH64, NEW), [])
        self.assertEqual(self.wrong(AARCH64, PLAIN), [])
        body = AARCH64.replace("str\tx2, [x0]", "stxr\tw3, x2, [x0]", 1)
        self.assert_wrong(body, PLAIN, "an atomic instruction")
        self.assert_wrong(AARCH64.replace("sub\tx2, x2, #0x1", "bl\t2000 <__aarch64_ldadd8_rel>"), NEW, "calls")

    def test_a_failed_store_exclusive_is_no_turn_of_the_loop(self):
        exclusive = AARCH64.replace("str\tx2, [x0]", "stxr\tw3, x2, [x0]").replace(
            "100c:\tldr", "100a:\tcbnz\tw3, 1000 <pair_hot__x>\n   100c:\tldxr")
        self.assertEqual(self.wrong(exclusive, ATOMIC), [])

    def test_a_loop_that_is_entered_in_the_middle(self):
        body = GOOD_PLAIN.replace("je     1060 <pair_hot__x+0x60>", "jmp    104a <pair_hot__x+0x4a>")
        self.assertEqual(self.wrong(body, PLAIN), [])


class CreationTest(unittest.TestCase):
    WORDS = """
   1000:	mov    %fs:0x0,%rax
   1009:	mov    %rax,(%rdi)
   100c:	movabs $0x100000000,%rax
   1016:	mov    %rax,0x8(%rdi)
   101a:	movq   $0x0,0x10(%rdi)
   1022:	ret
"""

    def wrong(self, body, head_bytes):
        traits = rules.Traits(scheme="biased", thread_safe=True, never_frees=False, head_bytes=head_bytes)
        return "\n".join(rules.check_creation({"header__x": function(body, "header__x")}, "x", traits))

    def test_whole_words(self):
        self.assertEqual(self.wrong(self.WORDS, 24), "")

    def test_pieces(self):
        self.assertIn("3 stores for a header of 16 bytes", self.wrong(self.WORDS, 16))
        more = self.WORDS.replace("1022:", "1021:\tmovb   $0x0,0xb(%rdi)\n   1022:")
        self.assertIn("4 stores for a header", self.wrong(more, 24))

    def test_absent(self):
        self.assertIn("not in the listing", "".join(rules.check_creation({}, "x", PLAIN)))

    def test_more_than_stores(self):
        for more in ("lock addq $0x1,0x8(%rdi)", "call   2000 <other>", "je     1016 <header__x+0x16>"):
            self.assertIn("an atomic instruction, a call or a branch",
                          self.wrong(self.WORDS.replace("movq   $0x0,0x10(%rdi)", more), 24))


class StepsTest(unittest.TestCase):
    """What one increment, one decrement and one load from a slot must be, whoever does it."""

    TAKE = """
   1000:	mov    0xc(%rdi),%eax
   1003:	add    $0x1,%eax
   1006:	je     1020 <take__x+0x20>
   1008:	mov    %fs:0x0,%rdx
   1011:	cmp    %rdx,(%rdi)
   1014:	jne    1030 <take__x+0x30>
   1016:	mov    %eax,0xc(%rdi)
   1019:	ret
   1020:	ret
   1030:	lock addq $0x4,0x10(%rdi)
   1036:	ret
"""
    LOAD = """
   1000:	xor    %eax,%eax
   1002:	lock cmpxchg %dl,0x8(%rdi)
   1007:	jne    1030 <load__x+0x30>
   1009:	mov    (%rdi),%rax
   100c:	test   %rax,%rax
   100f:	je     1016 <load__x+0x16>
   1011:	lock addq $0x1,(%rax)
   1016:	movb   $0x0,0x8(%rdi)
   101a:	ret
   1030:	call   2000 <lock8_wait>
   1035:	jmp    1009 <load__x+0x9>
"""

    def wrong(self, scheme="biased", locks=True, **bodies):
        traits = rules.Traits(scheme=scheme, thread_safe=True, never_frees=False, locks=locks)
        bodies = {"take": self.TAKE, "drop": self.TAKE.replace("take", "drop"), "load": self.LOAD, **bodies}
        functions = {f"{name}__x": function(body, f"{name}__x") for name, body in bodies.items()}
        return "\n".join(rules.check_steps(functions, "x", traits))

    def test_good_ones(self):
        self.assertEqual(self.wrong("atomic"), "")
        self.assertEqual(self.wrong(load=self.LOAD.replace("lock addq $0x1,(%rax)", "addq   $0x1,(%rax)")), "")

    def test_a_stranger_that_tries_again(self):
        loop = self.TAKE.replace("lock addq $0x4,0x10(%rdi)",
                                 "lock cmpxchg %rdx,0x10(%rdi)\n   1034:\tjne    1030 <take__x+0x30>")
        self.assertIn("take__x: a compare-and-swap", self.wrong(take=loop))

    def test_an_immortal_that_is_written_back(self):
        for step in ("take", "drop"):
            body = self.TAKE.replace("take", step).replace("1020:\tret", "1020:\tmov    %eax,0xc(%rdi)\n   1024:\tret")
            self.assertIn(f"{step}__x: every way through it writes or calls", self.wrong(**{step: body}))

    def test_a_slot_that_counts_twice(self):
        twice = self.LOAD.replace("lock addq $0x1,(%rax)", "lock addq $0x1,(%rax)\n   1014:\tlock incq (%rax)")
        self.assertIn("atomic instructions, not 2 to 2", self.wrong("atomic", load=twice))
        self.assertIn("atomic instructions, not 0 to 0", self.wrong("plain", locks=False))

    def test_absent(self):
        self.assertIn("take__x: not in the listing", "".join(rules.check_steps({}, "x", PLAIN)))


class OrdersTest(unittest.TestCase):
    """AArch64 names the order in the instruction."""

    EXCLUSIVE = """
   1000:	ldxr	x2, [x0]
   1004:	add	x2, x2, #0x1
   1008:	stxr	w3, x2, [x0]
   100c:	cbnz	w3, 1000 <pair_hot__x>
   1010:	ldxr	x2, [x0]
   1014:	sub	x2, x2, #0x1
   1018:	stlxr	w3, x2, [x0]
   101c:	cbnz	w3, 1010 <pair_hot__x+0x10>
   1020:	subs	x1, x1, #0x1
   1024:	b.ne	1000 <pair_hot__x>  // b.any
   1028:	ret
"""
    LSE = """
   1000:	ldadd	x22, x2, [x0]
   1004:	ldaddl	x21, x2, [x0]
   1008:	subs	x1, x1, #0x1
   100c:	b.ne	1000 <pair_hot__x>  // b.any
   1010:	ret
"""

    def assert_wrong(self, body, traits, kind, words):
        self.assertIn(words, "\n".join(rules.check_loop(function(body), traits, kind)))

    def test_good_ones(self):
        self.assertEqual(rules.check_loop(function(self.EXCLUSIVE), ATOMIC, aarch64.EXCLUSIVE), [])
        self.assertEqual(rules.check_loop(function(self.LSE), ATOMIC, aarch64.LSE), [])
        self.assertEqual(rules.check_loop(function(AARCH64), PLAIN, aarch64.LSE), [])

    def test_names(self):
        for name, order in (("ldadd", "relaxed"), ("ldadda", "acquire"), ("ldaddl", "release"), ("staddlh", "release"),
                            ("ldaddal", "acq_rel"), ("casal", "acq_rel"), ("casa", "acquire"), ("swpb", "relaxed"),
                            ("ldclralb", "acq_rel"), ("ldsmaxl", "release")):
            with self.subTest(name):
                way = listing.Way([instruction(f"{name}\tx2, x1, [x0]")])
                self.assertEqual(aarch64.orders(way), [order])

    def test_wrong_order(self):
        for body, kind in ((self.LSE.replace("ldaddl", "ldadd"), aarch64.LSE),
                           (self.LSE.replace("ldadd\t", "ldadda\t"), aarch64.LSE),
                           (self.EXCLUSIVE.replace("stlxr", "stxr"), aarch64.EXCLUSIVE),
                           (self.EXCLUSIVE.replace("ldxr", "ldaxr", 1), aarch64.EXCLUSIVE)):
            self.assert_wrong(body, ATOMIC, kind, "the orders of a pair are")

    def test_wrong_instructions(self):
        self.assert_wrong(self.LSE, ATOMIC, aarch64.EXCLUSIVE, "an instruction of LSE")
        self.assert_wrong(self.EXCLUSIVE, ATOMIC, aarch64.LSE, "a store exclusive")
        self.assert_wrong(AARCH64.replace("ret", "bl\t0 <__aarch64_cas8_acq_rel>"), PLAIN, aarch64.LSE, "is a call")

    def test_barrier(self):
        for name in ("dmb\tish", "ldar\tx4, [x5]", "stlr\tx4, [x5]"):
            body = self.LSE.replace("subs\tx1, x1, #0x1", f"{name}\n   100a:\tsubs\tx1, x1, #0x1")
            self.assert_wrong(body, ATOMIC, aarch64.LSE, "a barrier, an acquire load or a release store")
            self.assert_wrong(AARCH64.replace("sub\tx2, x2, #0x1", name), BIASED, aarch64.LSE, "no way around")


class AlignmentTest(unittest.TestCase):
    def test_aligned(self):
        self.assertEqual(rules.check_alignment(function(GOOD_PLAIN)), [])

    def test_loop_off_by_a_bit(self):
        body = GOOD_PLAIN.replace("1040", "103e")
        self.assertIn("the loop starts at 0x103e", rules.check_alignment(function(body))[0])

    def test_function_off_by_a_bit(self):
        self.assertIn("the function starts at 0x1010", rules.check_alignment(function(GOOD_PLAIN, address="1010"))[0])


class VariantTest(unittest.TestCase):
    def test_missing_function(self):
        functions = listing.parse(f"0000000000001000 <pair_hot__x>:{GOOD_PLAIN}")
        self.assertEqual(rules.check_variant(functions, "x", PLAIN, True),
                         [f"{name}__x: not in the listing" for name in ("pair_set", "pair_calls", "pair_take",
                                                                        "pair_drop")])

    def calls(self, take, drop, second="call   2010 <pair_drop__x>"):
        text = f"""
0000000000001000 <pair_calls__x>:
   1000:\tcall   2000 <pair_take__x>
   1005:\t{second}
   100a:\tsub    $0x1,%rbx
   100e:\tjne    1000 <pair_calls__x>
   1010:\tret

0000000000002000 <pair_take__x>:
   2000:\t{take}
   2004:\tret

0000000000002010 <pair_drop__x>:
   2010:\t{drop}
   2014:\tret
"""
        return rules.check_calls(listing.parse(text), "x")

    def test_calls_with_the_object_in_registers_of_their_own(self):
        self.assertEqual(self.calls("addq   $0x1,(%rdi)", "subq   $0x1,(%rsi)"), [])
        self.assertEqual(self.calls("ldadd  x1, x2, [x0]", "ldaddl x2, x3, [x1]"), [])
        self.assertEqual(self.calls("nop", "nop"), [])

    def test_calls_that_a_core_may_rename(self):
        for take, drop in (("addq   $0x1,(%rdi)", "subq   $0x1,(%rdi)"), ("incl   0xc(%rdi)", "decl   0xc(%rdi)"),
                           ("ldr    x2, [x0]", "ldr    x2, [x0, #8]")):
            self.assertIn("reaches the object by", "".join(self.calls(take, drop)))

    def test_a_function_that_was_inlined(self):
        found = self.calls("addq   $0x1,(%rdi)", "subq   $0x1,(%rsi)", "subq   $0x1,(%rsi)")
        self.assertIn("1 calls a turn, not 2", "".join(found))


if __name__ == "__main__":
    unittest.main()
