"""What AArch64 shows and x86-64 hides: a read-modify-write is either one instruction (LSE) or a pair of a load and a
store exclusive, and its memory order is part of the instruction's name."""

import re

LSE, EXCLUSIVE = "lse", "exclusive"

# The letters a and l behind the operation: acquire, release.
_LSE = re.compile(r"^(?:(?:ld|st)(?:add|clr|eor|set|smax|smin|umax|umin)|swp|cas)(a?)(l?)[bh]?$")
_LOAD_EXCLUSIVE = re.compile(r"^ld(a?)xr[bh]?$")
_STORE_EXCLUSIVE = re.compile(r"^st(l?)xr[bh]?$")
_ORDERED = re.compile(r"^(ldap?u?r[bh]?|stlu?r[bh]?|dmb|dsb)$")
_OUTLINE = re.compile(r"<__aarch64_")
_ORDER = {(False, False): "relaxed", (True, False): "acquire", (False, True): "release", (True, True): "acq_rel"}

# Increment, then decrement. AArch64 has no stronger read-modify-write than acquire-release.
SCHEME_ORDERS = {"atomic": ["relaxed", "release"], "atomic_seqcst": ["acq_rel", "acq_rel"]}


def orders(way):
    """The order of each read-modify-write on a way."""
    found, acquires = [], False
    for instruction in way.instructions:
        load = _LOAD_EXCLUSIVE.match(instruction.name)
        store = _STORE_EXCLUSIVE.match(instruction.name)
        one = _LSE.match(instruction.name)
        if load:
            acquires = bool(load.group(1))
        elif store:
            found.append(_ORDER[acquires, bool(store.group(1))])
        elif one:
            found.append(_ORDER[bool(one.group(1)), bool(one.group(2))])
    return found


def has_order(way):
    """Something beside the read-modify-writes makes this way wait: a barrier, an acquire load, a release store."""
    return any(_ORDERED.match(instruction.name) for instruction in way.instructions)


def check_instructions(function, kind):
    """Only the instructions that the build asked for, and no function that chooses between them while it runs."""
    wrong = []
    for instruction in function.instructions:
        if instruction.is_call and _OUTLINE.search(instruction.operands):
            wrong.append(f"{function.name}: an atomic operation is a call\n    {instruction}")
        elif kind == LSE and _STORE_EXCLUSIVE.match(instruction.name):
            wrong.append(f"{function.name}: a store exclusive where LSE was asked for\n    {instruction}")
        elif kind == EXCLUSIVE and _LSE.match(instruction.name):
            wrong.append(f"{function.name}: an instruction of LSE where none was asked for\n    {instruction}")
    return wrong


def check_orders(function, straight, counting, traits):
    """`straight`: the ways that call nothing; `counting`: those of them that count."""
    name, wrong = function.name, []
    expected = SCHEME_ORDERS.get(traits.scheme)
    if expected:
        wrong += [f"{name}: the orders of a pair are {orders(way)}, not {expected}\n{way}"
                  for way in straight if orders(way) != expected]
    if expected or not traits.thread_safe:
        wrong += [f"{name}: a barrier, an acquire load or a release store that no pair needs\n{way}"
                  for way in straight if has_order(way)]
    elif all(has_order(way) for way in counting):
        wrong.append(f"{name}: no way around the loop without a barrier, an acquire load or a release store")
    return wrong
