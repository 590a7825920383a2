"""Reads what objdump prints: the instructions of a function, its loop, and the ways once around that loop."""

import re
from dataclasses import dataclass, field

_FUNCTION = re.compile(r"^([0-9a-f]+) <(.+)>:$")
_LINE = re.compile(r"^\s*([0-9a-f]+):\s+(.*)$")
_TARGET = re.compile(r"\b([0-9a-f]+) <[^>]*>\s*$")
_X86_PREFIXES = {"lock", "rep", "repz", "repnz", "data16", "cs", "ds", "bnd", "notrack", "addr32"}
_X86_ONLY_READ = re.compile(r"^(cmp|test|bt|ucomi|comi)[bwlq]?$")
_X86_BRANCH = re.compile(r"^(j[a-z]+|loop[a-z]*)$")
_A64_BRANCH = re.compile(r"^(b|b\.[a-z]+|cbn?z|tbn?z)$")
# Of an exclusive pair only the store counts: it is one read-modify-write.
_A64_ATOMIC = re.compile(r"^(stx|stlx|cas|swp|ld(add|clr|eor|set|smax|smin|umax|umin)|"
                         r"st(add|clr|eor|set|smax|smin|umax|umin))")

# More ways than these around one loop mean that the loop is not what this file expects.
WAYS_MAX = 5000


class ListingError(Exception):
    """The listing does not have the shape that was expected; the text says what is missing."""


@dataclass(frozen=True)
class Instruction:
    """One line of a listing; x86-64 in AT&T syntax, or AArch64."""

    address: int
    prefixes: tuple
    name: str
    operands: str

    @property
    def is_a64_memory(self):
        return "[" in self.operands and re.match(r"^(ld|st|cas|swp)", self.name) is not None

    @property
    def is_call(self):
        return self.name in ("call", "callq", "bl", "blr")

    @property
    def is_branch(self):
        return _X86_BRANCH.match(self.name) is not None or _A64_BRANCH.match(self.name) is not None

    @property
    def is_jump(self):
        """Never goes on with the next instruction, but with its target."""
        return self.name in ("jmp", "jmpq", "b")

    @property
    def is_filler(self):
        """Does nothing: what aligns the next instruction."""
        return self.name.startswith("nop") or (self.name, self.operands) == ("xchg", "%ax,%ax")

    @property
    def is_end(self):
        return self.name in ("ret", "retq", "ud2", "hlt", "brk", "udf") or (self.name in ("jmp", "jmpq", "br")
                                                                           and self.target is None)

    @property
    def target(self):
        """The address that a branch or call names, or None."""
        match = _TARGET.search(self.operands)
        return int(match.group(1), 16) if match else None

    @property
    def is_atomic(self):
        """A read-modify-write that the processor makes atomic: locked, an exclusive store, or one of LSE."""
        if "lock" in self.prefixes:
            return True
        if self.name.startswith("xchg") and "(" in self.operands:
            return True
        return _A64_ATOMIC.match(self.name) is not None

    @property
    def is_compare_and_swap(self):
        """As one instruction: of an exclusive pair nothing tells what it is for."""
        return self.name.startswith("cmpxchg") or re.match(r"^cas[al]*[bh]?$", self.name) is not None

    @property
    def _x86_destination(self):
        """The last operand, or None where no operand is memory that the program named."""
        if self.name.startswith(("nop", "lea", "prefetch")) or self.is_branch or self.is_call:
            return None
        parts = re.split(r",(?![^(]*\))", self.operands.split("#")[0].strip())
        return parts if any("(" in part or re.match(r"^%[fg]s:", part) for part in parts) else None

    @property
    def writes_memory(self):
        if self.is_a64_memory:
            return self.name.startswith(("st", "cas", "swp")) or self.is_atomic
        if self.name.startswith("push"):
            return True
        parts = self._x86_destination
        if parts is None or _X86_ONLY_READ.match(self.name):
            return False
        return "(" in parts[-1] or parts[-1].startswith(("%fs:", "%gs:"))

    @property
    def reads_memory(self):
        if self.is_a64_memory:
            exclusive_store = self.name.startswith(("stx", "stlx"))
            return self.name.startswith(("ld", "cas", "swp")) or self.is_atomic and not exclusive_store
        if self.name.startswith("pop"):
            return True
        parts = self._x86_destination
        return parts is not None and not (self.writes_memory and self.name.startswith("mov"))

    @property
    def base_registers(self):
        """Through which it reaches memory; the stack's are left out: what is kept there is no object."""
        if not (self.reads_memory or self.writes_memory):
            return set()
        found = re.search(r"\[(x\d+)" if self.is_a64_memory else r"\(%(r\w+)", self.operands)
        return {found.group(1)} - {"rsp", "rbp"} if found else set()

    def __str__(self):
        return f"{self.address:x}: " + " ".join([*self.prefixes, self.name, self.operands]).rstrip()


@dataclass
class Way:
    """One way once around a loop, from its head back to its head."""

    instructions: list

    def count(self, what):
        return sum(bool(getattr(i, what)) for i in self.instructions)

    @property
    def calls(self):
        return self.count("is_call")

    @property
    def returns(self):
        """Calls nothing, and ends with a return."""
        return self.calls == 0 and self.instructions[-1].name.startswith("ret")

    @property
    def atomics(self):
        return self.count("is_atomic")

    @property
    def writes(self):
        return self.count("writes_memory")

    @property
    def length(self):
        return len(self.instructions) - self.count("is_filler")

    @property
    def memory(self):
        return sum(i.writes_memory or i.reads_memory for i in self.instructions)

    @property
    def adds_in_registers(self):
        """AArch64's only memory instructions are loads and stores: a count takes two."""
        return any(i.is_a64_memory for i in self.instructions)

    def __str__(self):
        return "\n".join(f"    {i}" for i in self.instructions)


@dataclass
class Function:
    name: str
    address: int
    instructions: list = field(default_factory=list)

    def _successors(self):
        """Index of each instruction -> indices of those that may follow within the function."""
        place = {i.address: n for n, i in enumerate(self.instructions)}
        result = []
        for n, i in enumerate(self.instructions):
            after = []
            if not i.is_end and not i.is_jump and n + 1 < len(self.instructions):
                after.append(n + 1)
            if i.is_branch and i.target in place and not self._is_retry(n):
                after.append(place[i.target])
            result.append(after)
        return result

    def _is_retry(self, n):
        """A branch back to a load-exclusive because the store-exclusive before it has failed: it succeeds here."""
        branch, before = self.instructions[n], self.instructions[n - 1]
        return (n > 0 and branch.name == "cbnz" and before.name.startswith(("stx", "stlx"))
                and branch.operands.split(",")[0] == before.operands.split(",")[0])

    def loop_head(self):
        """Where the loop is entered from the function's start: the first instruction on a way back to itself."""
        after = self._successors()
        for start in _reachable(after, 0):
            if start in _reachable(after, *after[start]):
                return start
        raise ListingError(f"{self.name}: no loop")

    def ways(self):
        """All ways once around the loop. Branches that leave the function, to a cold part, are not followed."""
        after = self._successors()
        head = self.loop_head()
        found, stack = [], [(head, (head,))]
        while stack:
            at, path = stack.pop()
            for n in after[at]:
                if n == head:
                    found.append(Way([self.instructions[i] for i in path]))
                elif n not in path:
                    stack.append((n, path + (n,)))
            if len(found) + len(stack) > WAYS_MAX:
                raise ListingError(f"{self.name}: more than {WAYS_MAX} ways around the loop")
        return found

    def passages(self):
        """All ways from the start to a return, each loop at most once. A jump to another function is a call."""
        after = self._successors()
        found, stack = [], [(0, (0,))]
        while stack:
            at, path = stack.pop()
            if self.instructions[at].is_end or (not after[at] and self.instructions[at].is_jump):
                found.append(Way([self.instructions[i] for i in path]))
            stack += [(n, path + (n,)) for n in after[at] if n not in path]
            if len(found) + len(stack) > WAYS_MAX:
                raise ListingError(f"{self.name}: more than {WAYS_MAX} ways through it")
        return found

    def head_address(self):
        return self.instructions[self.loop_head()].address


def _reachable(after, *starts):
    """Indices that can be reached from `starts`, them included, in the order of a depth-first walk."""
    seen, stack = {}, list(reversed(starts))
    while stack:
        n = stack.pop()
        if n not in seen:
            seen[n] = True
            stack.extend(reversed(after[n]))
    return seen


def _instruction(address, text):
    text = re.sub(r"\s+//.*$|\s+# .*$", "", text).strip()
    words = text.replace("\t", " ").split()
    prefixes = []
    while len(words) > 1 and words[0] in _X86_PREFIXES:
        prefixes.append(words.pop(0))
    return Instruction(address, tuple(prefixes), words[0], " ".join(words[1:]))


def parse(text):
    """The functions of a listing made with `objdump -d --no-show-raw-insn`, by name."""
    functions, current = {}, None
    for line in text.splitlines():
        start = _FUNCTION.match(line)
        if start:
            current = Function(start.group(2), int(start.group(1), 16))
            functions[current.name] = current
            continue
        body = _LINE.match(line)
        if body and current is not None and body.group(2).strip():
            current.instructions.append(_instruction(int(body.group(1), 16), body.group(2)))
    return functions
