"""One trial: started threads, full load, one window for all, load until the last has measured, as docs/method.md says
of our own. Any interpreter from Python 2.7 on runs this.
"""
from __future__ import division

import gc
import sys
import threading
import time

import patterns
from counters import Pauses, collections, pin, stolen_ms, thread_counters
from facts import clock, compiles, implementation

OVERLAP_MIN = 0.99
NOISE_MIN = 0.01  # of the ramp and the window: what was taken from them
RAMP_S = (0.002, 0.010)
RAMP_COMPILED_S = 0.2  # where a compiler runs beside the program, it must be done with the loop
GIL_TURNS = 13  # switch intervals of each thread that a window under a GIL holds: ten, and 30 % more
UNCOLLECTED_S = 0.02  # the longest window without a collector: the garbage stays
SUSPENDED = 2.0  # a batch that took so many times what it should was not running all the time
LONGEST_S = 3.0  # a window that was made longer, so that where its threads end says little
BATCH_MOST_S = 0.001  # where windows are long: threads end as far apart as batches are long
LATE_S = 5.0  # after the window; a thread that has not had its turn by then gets none while the others have work
TURNS_MAX = 1 << 20  # of a loop in one batch: a queue that is full ends its batches early


class Skip(Exception):
    """This cell cannot run here; the text says why."""


class Worker(object):
    """One thread's account of its window."""

    def __init__(self):
        self.ops = self.batches = 0
        self.start = self.stop = self.half = self.half_ops = None
        self.before = self.after = None
        self.gc_before = self.gc_after = None


class Trial(object):
    """One trial of one cell: started threads, full load, one window for all, load until the last has measured."""

    def __init__(self, cell, options, gil, seed, least_s=0.0):
        self.cell, self.options, self.gil, self.seed = cell, options, gil, seed
        self.threads = cell.threads
        self.workers = [Worker() for _ in range(self.threads)]
        self.measured = [False] * self.threads
        self.lock, self.gate, self.waiting = threading.Lock(), threading.Event(), self.threads
        self.failure = None
        self.pauses = Pauses()
        self.window_s, self.ramp_s = self.lengths(least_s)
        self.batch_s = min(max(self.window_s / 400.0, 2e-5), BATCH_MOST_S)

    def lengths(self, least_s):
        """Under a GIL each thread gets its turns, in the ramp once; a compiler gets its time in the ramp."""
        window_s = max(self.options["window_ms"] / 1000.0, least_s)
        ramp_s = min(max(window_s / 2.0, RAMP_S[0]), RAMP_S[1])
        if compiles():
            ramp_s = max(ramp_s, RAMP_COMPILED_S)
        if self.cell.pattern.collector == "off":
            window_s = min(window_s, UNCOLLECTED_S)
        if self.gil and self.threads > 1:
            interval_s = getattr(sys, "getswitchinterval", lambda: 0.005)()
            window_s = max(window_s, GIL_TURNS * self.threads * interval_s)
            ramp_s += 1.3 * self.threads * interval_s
        return window_s, ramp_s

    def fail(self, why):
        with self.lock:
            self.failure = self.failure or why

    def arrive(self):
        """The last one here sets the window; all begin at once."""
        with self.lock:
            self.waiting -= 1
            last = self.waiting == 0
        if last:
            self.begin = clock() + self.ramp_s
            self.end = self.begin + self.window_s
            self.gate.set()
        self.gate.wait()

    def work(self, index, shared):
        batch = None
        try:
            if self.cell.placement != "none":
                pin(self.cell.cpus[index])
            make = self.cell.pattern.maker()
            batch = make(shared, index, self.threads, self.cell.pattern.params, self.seed)
        except BaseException as error:  # whatever it is, the others must not wait for this thread
            self.fail("thread %d: %s: %s" % (index, type(error).__name__, error))
        # Reading files lets go of a GIL, and so may take many turns: not within the ramp, which the counters therefore
        # include.
        self.workers[index].before = thread_counters()
        self.arrive()
        try:
            turns = self.measure(batch, index, self.workers[index]) if self.failure is None else 0
            self.measured[index] = True
            while not all(self.measured) and self.failure is None:
                batch(turns)
                if clock() > self.end + LATE_S:
                    # The GIL of Python 2, let go of and taken again at once, may starve a thread for minutes.
                    self.fail("a thread did not get its turn for %g s after the window" % LATE_S)
        except BaseException as error:
            self.fail("thread %d: %s: %s" % (index, type(error).__name__, error))

    def measure(self, batch, index, worker):
        """Batches, and after each a look at the clock. Under a GIL a thread may stand still over an edge of the window;
        it has done nothing then, so its own window begins or ends there, and not where its batch ended: the batch
        counts at the end and not at the begin, which on average is right."""
        begin, end, gil, shortest, longest = self.begin, self.end, self.gil, self.batch_s / 2, self.batch_s * 2
        middle, turns, fastest, now = (begin + end) / 2, 1, None, clock()
        while True:
            done = batch(turns)
            after = clock()
            took = after - now
            usual = fastest * turns if fastest is not None else 0.0
            suspended = gil and self.threads > 1 and took > SUSPENDED * usual
            if worker.start is None:
                if after >= begin:
                    worker.start = begin if suspended else after
                    worker.gc_before = collections()
            else:
                worker.ops += done
                worker.batches += 1
                if worker.half is None and after >= middle:
                    worker.half, worker.half_ops = after, worker.ops
                if after >= end:
                    worker.stop = end if suspended else after
                    break
            if fastest is None or took < usual:
                fastest = took / turns
            if took < shortest and turns < TURNS_MAX:
                turns *= 2
            elif took > longest and turns > 1 and not suspended:
                turns //= 2
            now = after
        worker.gc_after = collections()
        worker.after = thread_counters()
        return turns

    def run(self):
        """Makes the trial; returns what its row says of it."""
        pattern = self.cell.pattern
        if implementation() in ("cpython", "pypy"):
            gc.collect()
        collecting = collector_is_on()
        if pattern.collector == "off":
            switch_off_collector()
        watching = pattern.collector == "on" and self.pauses.watch(True)
        before_ms = stolen_ms(self.cell.cpus)
        utc = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        try:
            space = dict(vars(patterns), threads=self.threads)
            shared = eval(pattern.shared, space)
            self.start_and_join(shared)
            wrong = patterns.wrong_counts(shared) if pattern.audited and self.failure is None else ""
            if wrong:
                self.fail(wrong)
        finally:
            if watching:
                self.pauses.watch(False)
            if pattern.collector == "off" and collecting:
                gc.enable()
        after_ms = stolen_ms(self.cell.cpus)
        found = self.numbers()
        found.update(utc=utc, steal_ms=None if before_ms is None or after_ms is None else after_ms - before_ms)
        if found.get("gc_runs") == 0:
            found["gc_pause_max_ns"] = 0
        elif watching:
            found["gc_pause_max_ns"] = int(self.pauses.longest * 1e9)
        self.judge(found)
        if pattern.audited:
            found["audit"] = "failed" if "audit" in found["reason"] else "passed"
        return found

    def start_and_join(self, shared):
        """Always in threads that were started, one of them too: a runtime changes when its first thread starts."""
        started = [threading.Thread(target=self.work, args=(index, shared)) for index in range(self.threads)]
        for one in started:
            one.daemon = True
            one.start()
        for one in started:
            one.join()

    def numbers(self):
        """Empty where a thread has failed or had no part in the window."""
        workers = self.workers
        if self.failure is None and any(one.stop is None or one.ops == 0 or one.stop <= one.start for one in workers):
            self.failure = "a thread did nothing in the window"
        if self.failure is not None:
            return {}
        elapsed = [one.stop - one.start for one in workers]
        rates = [one.ops / time_s for one, time_s in zip(workers, elapsed)]
        ops = sum(one.ops for one in workers)
        starts, stops = [one.start for one in workers], [one.stop for one in workers]
        found = {
            "window_s": max(stops) - min(starts), "ops": ops, "ops_per_s": sum(rates),
            "ns_per_op": sum(elapsed) * 1e9 / ops, "thread_ops_min": min(one.ops for one in workers),
            "thread_ops_max": max(one.ops for one in workers),
            "jain": sum(rates) ** 2 / (len(rates) * sum(rate * rate for rate in rates)),
            "overlap": (min(stops) - max(starts)) / (max(stops) - min(starts)),
            "thread_ops": "+".join(str(one.ops) for one in workers),
            "thread_ns": "+".join(str(int(time_s * 1e9)) for time_s in elapsed), "drift": self.drift(),
            "batch_ops": workers[0].ops / workers[0].batches,
            "migrations": None if workers[0].after["cpu"] is None else sum(
                one.before["cpu"] != one.after["cpu"] for one in workers),
            "gc_runs": None if workers[0].gc_before is None else workers[0].gc_after - workers[0].gc_before,
        }
        for name in ("ctx_voluntary", "ctx_involuntary", "minor_faults", "major_faults"):
            parts = [difference(one, name) for one in workers]
            found[name] = None if None in parts else sum(parts)
        return found

    def wanted_s(self):
        """The window in which threads that begin and end as far apart as in this trial would overlap; 0 where this one
        was long enough, or the machine was busy and collections are not what is looked at. A thread that is in the
        middle of a collection when the window ends is late by its length, which depends on the interpreter and not on
        the window."""
        workers = self.workers
        if self.failure is not None or any(one.stop is None for one in workers):
            return 0.0
        waited_s = max(difference(one, "waited_ns") or 0 for one in workers) / 1e9
        starts, stops = [one.start for one in workers], [one.stop for one in workers]
        apart_s = max(starts) - min(starts) + max(stops) - min(stops)
        wanted_s = 1.3 * apart_s / (1.0 - OVERLAP_MIN)
        own_doing = self.cell.pattern.collector == "on" or waited_s < apart_s / 2
        return min(wanted_s, LONGEST_S) if own_doing and wanted_s > self.window_s else 0.0

    def drift(self):
        """Rate in the second half of the window against that in the first."""
        first = second = 0.0
        for one in self.workers:
            if one.half is None or one.half >= one.stop or one.half <= one.start:
                return None
            first += one.half_ops / (one.half - one.start)
            second += (one.ops - one.half_ops) / (one.stop - one.half)
        return second / first - 1.0 if first else None

    def judge(self, found):
        """Gates as of our own trials, then what disturbed it."""
        crowded = self.threads > self.cell.processors
        found["status"], found["reason"] = ("oversubscribed" if crowded else "ok"), ""
        why = self.failure
        if why is None and not crowded:
            wrong = [index for index, one in enumerate(self.workers)
                     if self.cell.placement != "none" and one.after["cpu"] not in (None, self.cell.cpus[index])]
            if found["overlap"] < OVERLAP_MIN:
                why = "overlap %.4f is below %g" % (found["overlap"], OVERLAP_MIN)
            elif found["window_s"] < self.window_s / 2:
                why = "only %.4f s of the window were measured" % found["window_s"]
            elif wrong:
                why = "thread %d was not where it was pinned" % wrong[0]
        if why is not None:
            found.update(status="invalid", reason=why)
            return
        found["noise"] = "+".join(self.noise(found, crowded))

    def noise(self, found, crowded):
        counted_ns = (found["window_s"] + self.ramp_s) * 1e9
        waits = [difference(one, "waited_ns") for one in self.workers]
        if not crowded and found["ctx_involuntary"] and any(one and one > NOISE_MIN * counted_ns for one in waits):
            yield "involuntary"
        if found["migrations"] and self.cell.placement != "none":
            yield "migrated"
        if found["steal_ms"] and found["steal_ms"] * 1e6 > NOISE_MIN * counted_ns * self.threads:
            yield "stolen"
        if found["major_faults"]:
            yield "swapped"


def difference(worker, name):
    before, after = worker.before[name], worker.after[name]
    return None if before is None or after is None else after - before


def collector_is_on():
    try:
        return gc.isenabled()
    except Exception:  # it cannot be asked, and so not be switched off
        return True


def switch_off_collector():
    try:
        gc.disable()
    except Exception:  # NotImplementedError, and whatever else means that it cannot be done
        pass
    if not collector_is_on():
        return
    raise Skip("the collector of this interpreter cannot be switched off")
