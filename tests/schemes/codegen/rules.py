"""What must hold for the loops that time incref and decref, derived from the traits of a variant."""

from dataclasses import dataclass

import aarch64
from listing import ListingError

LOOPS = ("pair_hot", "pair_set")
ALIGNMENT = 64
# Registers of a first and a second argument, of both processors.
ARGUMENTS = {"rdi", "rsi", "x0", "x1"}

# What the words of core/scheme/contract.h do not tell: how a scheme counts.
ATOMIC_SCHEMES = {"atomic", "atomic_seqcst"}
OWNER_SCHEMES = {"biased", "escape"}
ONE_WORD_SCHEMES = {"plain"}

# x86-64: how many instructions a pair may take beside the loop's own; gcc and clang need the same. `owner`: an object
# that the thread made and that stays alive (CPython 3.11, 3.14 and free-threaded 3.14 take 3, 11 and 16); `immortal`: one
# that is not counted (load, test and branch, twice); `shared`: one that takes two locked instructions.
LOOP_LENGTH = {"pair_hot": 2, "pair_set": 4}
PAIR_LENGTH = {
    "plain": {"owner": 3},
    "immortal": {"owner": 11, "immortal": 6},
    "biased": {"owner": 16, "immortal": 6},
    "escape": {"owner": 14, "immortal": 6, "shared": 16},
}


@dataclass(frozen=True)
class Traits:
    """A variant's, as its header defines them."""

    scheme: str
    thread_safe: bool
    never_frees: bool
    head_bytes: int = 8
    locks: bool = True


def counting_ways(function, traits):
    """The ways that count a living object and call nothing: both of its counts are written, unless nothing is."""
    least = 0 if traits.never_frees else 2
    return [way for way in function.ways() if way.calls == 0 and way.writes >= least]


def check_length(function, straight, counting, traits):
    """`straight`: the ways that call nothing; `counting`: those of them that count. Neither may have become longer."""
    kinds = {"owner": [way for way in counting if not way.atomics],
             "immortal": [way for way in straight if not way.writes],
             "shared": [way for way in straight if way.atomics == 2]}
    loop = LOOP_LENGTH[function.name.split("__")[0]]
    for kind, most in PAIR_LENGTH.get(traits.scheme, {}).items():
        way = min(kinds[kind], key=lambda way: way.length, default=None)
        if way is None:
            yield f"{function.name}: no way around the loop counts an object that is '{kind}' without a call"
        elif way.length > loop + most:
            yield (f"{function.name}: {way.length} instructions for a pair of an object that is '{kind}', "
                   f"not {loop + most} at most\n{way}")


def check_loop(function, traits, kind=None):
    """Sentences about what does not hold for one loop. `kind` is of aarch64.py; None: another processor."""
    try:
        straight = [way for way in function.ways() if way.calls == 0]
        counting = counting_ways(function, traits)
    except ListingError as error:
        return [str(error)]
    name = function.name
    if not counting:
        return [f"{name}: every way around the loop calls a function, or does not count"]
    wrong = []
    if not traits.thread_safe:
        wrong += [f"{name}: an atomic instruction in a scheme for one thread at a time\n{way}"
                  for way in straight if way.atomics]
    if traits.scheme in ATOMIC_SCHEMES:
        wrong += [f"{name}: {way.atomics} atomic instructions a pair, not 2\n{way}"
                  for way in straight if way.atomics != 2]
    if traits.scheme in OWNER_SCHEMES and all(way.atomics for way in counting):
        wrong.append(f"{name}: no way around the loop without an atomic instruction: the owner's is gone")
    if traits.scheme in ONE_WORD_SCHEMES:
        for way in straight:
            expected = (4 if way.adds_in_registers else 2) + name.startswith("pair_set")  # a set's pointer is loaded
            if (way.writes, way.memory) != (2, expected):
                wrong.append(f"{name}: {way.writes} writes and {way.memory} memory instructions a pair, "
                             f"not 2 and {expected}\n{way}")
    if kind is None and not any(way.adds_in_registers for way in straight):
        wrong += check_length(function, straight, counting, traits)
    if kind is not None:
        wrong += aarch64.check_instructions(function, kind)
        wrong += aarch64.check_orders(function, straight, counting, traits)
    return wrong


def check_creation(functions, variant, traits):
    """A new object's header is written in whole words, none of them twice."""
    name = f"header__{variant}"
    if name not in functions:
        return [f"{name}: not in the listing"]
    instructions = functions[name].instructions
    writes = sum(i.writes_memory for i in instructions)
    listed = "\n".join(f"    {i}" for i in instructions)
    wrong = []
    if writes > traits.head_bytes // 8:
        wrong.append(f"{name}: {writes} stores for a header of {traits.head_bytes} bytes\n{listed}")
    if any(i.is_atomic or i.is_call or (i.is_branch and not i.is_end) for i in instructions):
        wrong.append(f"{name}: an atomic instruction, a call or a branch, where nobody else can reach the object\n{listed}")
    return wrong


# How many atomic instructions a load from a slot takes where nobody is in the way: its lock, and a count that is atomic.
# The fewest and the most, by how the scheme counts; a mode without locks takes one less.
SLOT_ATOMICS = {"atomic": (2, 2), "atomic_seqcst": (2, 2), "biased": (1, 2), "escape": (1, 2), "plain": (1, 1),
                "immortal": (1, 1), "none": (1, 1), "tracing": (1, 1)}


def check_take(function):
    """Whoever takes a reference has one, or borrows one that stays: an addition does, and nothing is tried again."""
    return [f"{function.name}: a compare-and-swap\n    {instruction}" for instruction in function.instructions
            if instruction.is_compare_and_swap]


def check_immortal(function):
    """There is a way through for what is not counted: it writes nothing."""
    if any(way.returns and not way.writes for way in function.passages()):
        return []
    return [f"{function.name}: every way through it writes or calls: what is immortal is counted"]


def check_slot(function, traits):
    """A way that finds no object counts none: it takes the lock alone."""
    if traits.scheme not in SLOT_ATOMICS:
        return []
    counts = [way.atomics for way in function.passages() if way.returns]
    least, most = (number - (not traits.locks) for number in SLOT_ATOMICS[traits.scheme])
    if counts and most >= max(counts) and least in counts:
        return []
    return [f"{function.name}: {sorted(set(counts))} atomic instructions, not {least} to {most}"]


def check_steps(functions, variant, traits):
    """Single steps, on any object and by any thread."""
    names = {step: f"{step}__{variant}" for step in ("take", "drop", "load")}
    missing = [f"{name}: not in the listing" for name in names.values() if name not in functions]
    if missing:
        return missing
    take, drop, load = (functions[name] for name in names.values())
    try:
        wrong = check_take(take) + check_slot(load, traits)
        if "immortal" in PAIR_LENGTH.get(traits.scheme, {}):
            wrong += check_immortal(take) + check_immortal(drop)
    except ListingError as error:
        return [str(error)]
    return wrong


ALIGNMENT_HINT = ("gcc aligns a loop only where it takes its head for the likely way in: mark the rare branches of rc_incref "
                  "and rc_decref with UNLIKELY, and put what they do into a function of its own with NOINLINE or COLD, as "
                  "variants/schemes/biased.h and variants/schemes/escape.h do")


def check_alignment(function):
    """For listings of a linked binary."""
    places = (("function", function.address), ("loop", function.head_address()))
    return [f"{function.name}: the {what} starts at {address:#x}, not at a multiple of {ALIGNMENT}: {ALIGNMENT_HINT}"
            for what, address in places if address % ALIGNMENT]


def check_registers(take, drop):
    """What makes the count of code=calls go through the store buffer: a function each, and a register each by which it
    first reaches the object. `take` and `drop` are the functions."""
    first = [next((i.base_registers & ARGUMENTS for i in function.instructions if i.base_registers & ARGUMENTS), None)
             for function in (take, drop)]
    if first[0] is None or first[0] != first[1]:
        return []
    return [f"{drop.name}: reaches the object by {first[0].pop()}, as {take.name} does"]


def check_calls(functions, variant):
    """The loop of code=calls: two calls a turn, to functions that have the object in different registers."""
    names = [f"{name}__{variant}" for name in ("pair_calls", "pair_take", "pair_drop")]
    missing = [f"{name}: not in the listing" for name in names if name not in functions]
    if missing:
        return missing
    loop, take, drop = (functions[name] for name in names)
    try:
        ways = loop.ways()
    except ListingError as error:
        return [str(error)]
    return [f"{loop.name}: {way.calls} calls a turn, not 2\n{way}" for way in ways if way.calls != 2] + \
        check_registers(take, drop)


def check_variant(functions, variant, traits, aligned, kind=None):
    wrong = []
    for loop in LOOPS:
        function = functions.get(f"{loop}__{variant}")
        if function is None:
            wrong.append(f"{loop}__{variant}: not in the listing")
            continue
        wrong += check_loop(function, traits, kind)
        if aligned:
            wrong += check_alignment(function)
    return wrong + check_calls(functions, variant)
