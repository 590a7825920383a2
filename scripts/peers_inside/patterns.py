"""The patterns: what threads share, what each has, and the statement that is repeated. Any interpreter from Python 2.7
on runs this. docs/runtimes.md says what each pattern stands for.
"""
import random
import sys
import threading
import time
import weakref
from collections import deque
from itertools import cycle, islice, repeat

try:
    from queue import Empty, Full, Queue
except ImportError:  # Python 2
    from Queue import Empty, Full, Queue

QUEUE_SIZE = 256
RING = 256
MIXED_OBJECTS = 64
DRAWS = 4096
SET_ITEM_BYTES = 40  # of our own harness: as many objects here, whatever their size
POINTER_BYTES = 8
FIRST_INT = 1000  # above the ints that an interpreter keeps
REPEATS = 10  # of a pattern's statement in one turn of the loop


class Thing(object):
    """An instance with an attribute and a method."""

    def __init__(self):
        self.value = object()

    def method(self):
        return None


def function():
    return None


def own_ints(count):
    """Ints that count their references, made by the calling thread."""
    return list(range(FIRST_INT, FIRST_INT + count))


def size_of(one):
    """Bytes of an object; 0 where nobody knows."""
    try:
        return sys.getsizeof(one)
    except TypeError:  # PyPy
        return 0


def percent_of(params):
    return int(params.partition("=")[2])


def mixed_order(own, shared, percent, seed):
    """References of which exactly `percent` go to shared objects, at random places."""
    draw = random.Random(seed)
    places = [place < DRAWS * percent // 100 for place in range(DRAWS)]
    draw.shuffle(places)
    return [draw.choice(shared if one else own) for one in places]


class Pattern(object):
    """One pattern: an expression for what threads share, statements for what each has, and what is repeated.

    `own` runs in the thread, with shared, index, threads and params; `names` are the locals of the loop. The code is
    compiled once and then run by each thread: as in a program, threads share code and its constants, each has its
    function."""

    def __init__(self, name, params, body, shared="None", own="pass", names="", loop=None, least=1, summary="",
                 collector=None, roles=None, driver="scaling", working_set=None, audited=False):
        self.name, self.params, self.shared, self.least = name, params, shared, least
        self.summary, self.collector, self.roles, self.driver = summary, collector, roles, driver
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
    for kind, made in (("list", "[object() for _ in range(threads)]"),
                       ("tuple", "tuple([object() for _ in range(threads)])"),
                       ("dict", "dict((place, object()) for place in range(threads))")):
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
                names="index put takes sleep", loop=PRODUCE, least=2, roles=("producer", "consumer"),
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


def extension_patterns(set_bytes):
    """Our own workloads on this interpreter's real counts: loops of a C extension that was compiled for it."""

    def counted(name, own, summary, params="", **more):
        return Pattern(name, params, "", own="import rcbench_peer\nrun = %s.run" % own, names="run",
                       loop="return run(turns)", summary=summary, audited=True, **more)

    made, bytes_each = "own_ints(%d)", POINTER_BYTES + size_of(FIRST_INT)
    sets = [("set=1;code=inline", SET_ITEM_BYTES, False), ("set=1;code=calls", SET_ITEM_BYTES, True)]
    sets += [("set=" + name, size, False) for name, size in sorted(set_bytes.items())]
    found = [counted("pair", "rcbench_peer.Pairs(%s, True, %s)" % (made % (size // SET_ITEM_BYTES or 1), calls),
                     "incref and decref of one object of a set, owned by the thread", params=params,
                     driver="overhead", working_set=(size // SET_ITEM_BYTES or 1) * bytes_each)
             for params, size, calls in sets]
    found += [
        counted("borrow", "rcbench_peer.Borrow(%s)" % (made % 64), "`if A != True`: three temporary references and a "
                "comparison", driver="overhead"),
        counted("shared_one", "rcbench_peer.Pairs(shared, False)", "incref and decref of the one object that all "
                "threads share", shared=made % 1),
        counted("shared_none", "rcbench_peer.Pairs([None], False)", "incref and decref of None by all threads"),
    ]
    return found
