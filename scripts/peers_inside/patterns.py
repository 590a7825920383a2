"""The patterns: what threads share, what each has, and the statement that is repeated. Any interpreter from Python 2.7
on runs this. docs/runtimes.md says what each pattern stands for.
"""
import random
import sys
import threading
import time
import weakref
from bisect import bisect_left
from collections import deque
from itertools import cycle, islice, repeat

try:
    from queue import Empty, Full, Queue
except ImportError:  # Python 2
    from Queue import Empty, Full, Queue

from facts import is_immortal  # noqa: E402

QUEUE_SIZE = 256
RING = 256
MIXED_OBJECTS = 64
DRAWS = 4096
SET_ITEM_BYTES = 40  # of our own harness: as many objects here, whatever their size
POINTER_BYTES = 8
FIRST_INT = 1000  # or more: above the ints that the interpreter keeps
LAST_INT = 2 ** 29  # all between have one digit, and so one size
PRIVATE_OBJECTS, PRIVATE_ROUNDS = 256, 4  # as of our own workloads, also what follows
SHARED_SET_OBJECTS, SHARED_SET_DRAWS, SHARED_SET_EXPONENT = 4096, 16384, 0.99
MIXED_RUN = 16
COUNTED_DRAWS = 65536
APART_BYTES, APART_OF = 256, 32
REPEATS = 10  # of a pattern's statement in one turn of the loop


class Thing(object):
    """An instance with an attribute and a method."""

    def __init__(self):
        self.value = object()

    def method(self):
        return None


def function():
    return None


class Uncounted(Exception):
    """This interpreter does not count the references of what a pattern is made of."""


def first_int():
    """An int from which on references are counted: how many small ones an interpreter keeps for good depends on its
    version."""
    value = FIRST_INT // 2
    while value < LAST_INT // 2:
        value = value * 2  # a new int: a constant of the code may be immortal, whatever its value
        if not is_immortal(value):
            return value
    raise Uncounted("none of its ints is counted")


def own_ints(count):
    """Ints that count their references, made by the calling thread."""
    first = first_int()
    found = list(range(first, first + count))
    if any(is_immortal(one) for one in found):
        raise Uncounted("one of its ints is not counted")
    return found


def counts(objects):
    return [sys.getrefcount(one) for one in objects]


def wrong_counts(objects):
    """Of objects which a list alone holds: what an audit has to say of them; empty where their counts are right."""
    right = counts(own_ints(1))[0]
    wrong = [found for found in counts(objects) if found != right]
    return "" if not wrong else "audit: %d of %d objects have wrong counts, one has %d references, %d are right" % (
        len(wrong), len(objects), wrong[0], right)


def size_of(one):
    """Bytes of an object; 0 where nobody knows."""
    try:
        return sys.getsizeof(one)
    except TypeError:  # PyPy
        return 0


def apart(count):
    """Objects of which no two lie in one line of a cache, nor in neighbouring ones, where id() tells an address: what a
    thread writes into the one is then never in the way of another's."""
    made = sorted([object() for _ in range(count * APART_OF)], key=id)
    found = made[:1]
    for one in made:
        if len(found) < count and id(one) - id(found[-1]) >= APART_BYTES:
            found.append(one)
    return found if len(found) == count else made[::APART_OF]


def percent_of(params):
    return int(params.partition("=")[2])


def mixed_order(own, shared, percent, seed):
    """References of which exactly `percent` go to shared objects, at random places."""
    draw = random.Random(seed)
    places = [place < DRAWS * percent // 100 for place in range(DRAWS)]
    draw.shuffle(places)
    return [draw.choice(shared if one else own) for one in places]


def zipf_draws(objects, seed):
    """References to objects of which some come far more often than others, as in bench/workloads/zipf.h."""
    draw, cumulated, total = random.Random(seed), [], 0.0
    for rank in range(len(objects)):
        total += (rank + 1) ** -SHARED_SET_EXPONENT
        cumulated.append(total)
    return [objects[min(bisect_left(cumulated, draw.random() * total), len(objects) - 1)]
            for _ in range(SHARED_SET_DRAWS)]


def mixed_runs(percent):
    """How many references to own objects follow each other, and how many to shared ones: order=runs of
    bench/workloads/mixed.h."""
    if 0 < percent < 100:
        return MIXED_RUN * (100 - percent) // percent, MIXED_RUN
    return MIXED_RUN * (100 - percent), MIXED_RUN * percent


def mixed_indices(percent, runs, seed):
    """Bytes, each the index of an own object or, beyond those, of a shared one."""
    draw = random.Random(seed)
    if runs:
        own_run, shared_run = mixed_runs(percent)
        shared = [place % (own_run + shared_run) >= own_run for place in range(COUNTED_DRAWS)]
    else:
        shared = [place < COUNTED_DRAWS * percent // 100 for place in range(COUNTED_DRAWS)]
        draw.shuffle(shared)
    return bytes(bytearray(draw.randrange(MIXED_OBJECTS) + (MIXED_OBJECTS if one else 0) for one in shared))


def producer_or_consumer(index):
    return "producer" if index % 2 == 0 else "consumer"


def owner_or_stranger(index):
    return "owner" if index == 0 else "stranger"


class Pattern(object):
    """One pattern: an expression for what threads share, statements for what each has, and what is repeated.

    `own` runs in the thread, with shared, index, threads and params; `names` are the locals of the loop. The code is
    compiled once and then run by each thread: as in a program, threads share code and its constants, each has its
    function."""

    def __init__(self, name, params, body, shared="None", own="pass", names="", loop=None, least=1, summary="",
                 collector=None, role=None, driver="scaling", working_set=None, audited=False):
        self.name, self.params, self.shared, self.least = name, params, shared, least
        self.summary, self.collector, self.role, self.driver = summary, collector, role, driver
        self.working_set, self.audited = working_set, audited
        lines = ["def make(shared, index, threads, params, seed):"]
        lines += ["    " + line for line in own.splitlines()]
        lines.append("    def batch(turns%s):" % "".join(", %s=%s" % (one, one) for one in names.split()))
        if loop is None:
            lines.append("        for _ in repeat(None, turns):")
            lines += ["            " + body] * REPEATS
            lines.append("        return turns * %d" % REPEATS)
        else:
            lines += ["        " + line for line in loop.splitlines()]
        lines.append("    return batch")
        self.code = compile("\n".join(lines) + "\n", "<%s>" % name, "exec")

    def maker(self):
        """The function that makes a thread's own loop. A namespace of its own: no name is looked up beside another
        thread's."""
        space = dict(globals())
        exec(self.code, space)
        return space["make"]


PRODUCE = """done = 0
if index % 2 == 0:
    for _ in repeat(None, turns):
        try:
            put(object())
        except Full:
            sleep(0)
            break
        done += 1
else:
    for take in takes:
        for _ in repeat(None, turns - done):
            try:
                take()
            except Empty:
                break
            done += 1
    if done == 0:
        sleep(0)
return done"""

HANDOFF = """put = shared[index].put_nowait
takes = [shared[one].get_nowait for one in range(index // 2 * 2, threads, max(1, threads // 2) * 2)]
sleep = time.sleep"""


def patterns():
    """All of them, in the order of docs/runtimes.md."""
    found = [
        Pattern("py_empty", "", "pass", summary="nothing: the loop alone, which is part of all others"),
        Pattern("py_private", "", "x = o", own="o = object()", names="o",
                summary="take and drop a reference to an object of the thread's own"),
        Pattern("py_shared_one", "", "x = o", shared="object()", own="o = shared", names="o",
                summary="take and drop a reference to the one object that all threads share"),
        Pattern("py_shared_none", "", "x = o", own="o = None", names="o",
                summary="take and drop a reference to None"),
    ]
    for kind, made in (("list", "apart(threads)"), ("tuple", "tuple(apart(threads))"),
                       ("dict", "dict(enumerate(apart(threads)))")):
        found.append(Pattern("py_read", "kind=" + kind, "x = items[k]", shared=made, own="items, k = shared, index",
                             names="items k", summary="read the thread's own place of a container that all share"))
    found += [
        Pattern("py_attribute", "", "x = i.value", shared="Thing()", own="i = shared", names="i",
                summary="read an attribute of a shared instance"),
        Pattern("py_method", "", "i.method()", shared="Thing()", own="i = shared", names="i",
                summary="call a method of a shared instance"),
        Pattern("py_function", "", "f()", own="f = function", names="f", summary="call a shared function"),
        Pattern("py_constant_tuple", "", "x = (1000001, 2.5, 'text')", summary="load a constant tuple of shared code"),
        Pattern("py_closure", "", "x = lambda: o", own="o = object()",
                summary="make a closure over the thread's own object, and drop it"),
        Pattern("py_churn", "", "add(new())", own="add = deque([object() for _ in range(RING)], RING).append\n"
                "new = object", names="add new", summary="make one object, drop the oldest of 256"),
        Pattern("py_list", "", "push(o); pop()", own="items, o = [], object()\npush, pop = items.append, items.pop",
                names="push pop o", summary="append to the thread's own list, and pop"),
    ]
    for collector in ("on", "off"):
        found.append(Pattern("py_cycles", "collector=" + collector, "c = []; c.append(c)", collector=collector,
                             summary="make a list that holds itself, and drop it"))
    for whose, own in (("own", "kept = Thing()\nr = weakref.ref(kept)"), ("shared", "kept, r = shared")):
        found.append(Pattern("py_weakref", "of=" + whose, "x = r()", own=own, names="r kept",
                             shared="(lambda one: (one, weakref.ref(one)))(Thing())",
                             summary="take a reference from a weak reference, and drop it"))
    found += [
        Pattern("py_queue", "", "", shared="[Queue(QUEUE_SIZE) for _ in range(threads)]", own=HANDOFF,
                names="index put takes sleep", loop=PRODUCE, least=2, role=producer_or_consumer,
                summary="producers make objects and queue them, consumers take and drop them"),
        Pattern("py_lock", "", "with lock: pass", shared="threading.Lock()", own="lock = shared", names="lock",
                summary="take and release the one lock"),
    ]
    for share in (0, 5, 25, 100):
        found.append(Pattern("py_mixed", "p=%d" % share, "", shared="[object() for _ in range(MIXED_OBJECTS)]",
                             own="own = [object() for _ in range(MIXED_OBJECTS)]\n"
                             "order = cycle(mixed_order(own, shared, percent_of(params), seed + index))",
                             names="order", loop="for x in islice(order, turns):\n    pass\nreturn turns",
                             summary="take and drop references, of which p % go to shared objects"))
    return found


COUNTED_HANDOFF = """put, wait = shared[index].put, shared[index].wait
takes = [shared[one].take for one in range(index // 2 * 2, threads, max(1, threads // 2) * 2)]"""

COUNTED_PRODUCE = """done = 0
if index % 2 == 0:
    done = put(turns)
    if done < turns:
        wait()
else:
    for take in takes:
        done += take(turns - done)
    if done == 0:
        wait()
return done"""

# The first worker makes what all count. No batch begins before each thread has what it needs.
OWNED = """if index == 0:
    shared.extend(own_ints(1))
loop = []"""

OWNED_PAIRS = """if not loop:
    loop.append(rcbench_peer.Pairs(shared, False))
return loop[0].run(turns)"""

MIXED = """own, ours, percent = own_ints(MIXED_OBJECTS), shared[:MIXED_OBJECTS], int(params.rpartition("=")[2])
shared.extend(own)
runs = mixed_runs(percent) if "runs" in params else ()
run = rcbench_peer.Draws(own + ours, mixed_indices(percent, bool(runs), seed + index), *runs).run"""


def extension_patterns(set_bytes):
    """Our own workloads on this interpreter's real counts: loops of a C extension that was compiled for it. `shared` is
    a list of all objects that are counted, so that the audit sees each of them."""

    def counted(name, own, summary, params="", names="run", loop="return run(turns)", **more):
        return Pattern(name, params, "", own="import rcbench_peer\n" + own, names=names, loop=loop, summary=summary,
                       audited=True, **more)

    def private(count, make):
        return "own = own_ints(%d)\nshared.extend(own)\nrun = rcbench_peer.%s.run" % (count, make)

    bytes_each = POINTER_BYTES + size_of(FIRST_INT)
    sets = [("set=1;code=inline", SET_ITEM_BYTES, False), ("set=1;code=calls", SET_ITEM_BYTES, True)]
    sets += [("set=" + name, size, False) for name, size in sorted(set_bytes.items())]
    found = [counted("pair", private(size // SET_ITEM_BYTES or 1, "Pairs(own, True, %s)" % calls), shared="[]",
                     summary="incref and decref of one object of a set, owned by the thread", params=params,
                     driver="overhead", working_set=(size // SET_ITEM_BYTES or 1) * bytes_each)
             for params, size, calls in sets]
    found += [
        counted("borrow", private(64, "Borrow(own)"), "`if A != True`: three temporary references and a comparison",
                shared="[]", driver="overhead"),
        counted("private", private(PRIVATE_OBJECTS, "Pairs(own * PRIVATE_ROUNDS)"),
                "incref and decref of the thread's own objects", shared="[]", params="op=pair"),
        counted("shared_one", "run = rcbench_peer.Pairs(shared, False).run",
                "incref and decref of the one object that all threads share", shared="own_ints(1)"),
        counted("shared_none", "run = rcbench_peer.Pairs([None], False).run",
                "incref and decref of None by all threads", shared="[]"),
        counted("shared_set", "run = rcbench_peer.Pairs(zipf_draws(shared, seed + index), False).run",
                "incref and decref of one of 4096 shared objects, drawn by Zipf's law",
                shared="own_ints(SHARED_SET_OBJECTS)"),
        counted("owner_stranger", OWNED, "incref and decref of one object, by the thread that made it and by others",
                shared="[]", names="loop shared rcbench_peer", loop=OWNED_PAIRS, least=2, role=owner_or_stranger),
        counted("handoff", COUNTED_HANDOFF, "producers make ints and hand them over, consumers drop them",
                shared="[__import__('rcbench_peer').Ring(first_int()) for _ in range(threads)]",
                names="index put takes wait", loop=COUNTED_PRODUCE, least=2, role=producer_or_consumer),
    ]
    for order in ("runs", "random"):
        for share in (0, 5, 25, 100):
            found.append(counted("mixed", MIXED,
                                 "incref and decref; p % of them on 64 shared objects, the rest on own ones",
                                 params="order=%s;p=%d" % (order, share), shared="own_ints(MIXED_OBJECTS)"))
    return found
