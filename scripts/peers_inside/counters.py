"""What the kernel and the collector count, read around a window. Any interpreter from Python 2.7 on runs this."""
import gc
import os

from facts import clock


def text_of(path):
    try:
        with open(path) as file:
            return file.read()
    except (IOError, OSError):
        return ""


def collections():
    """How many runs of a collector there were; None where nobody counts them."""
    try:
        return sum(one["collections"] for one in gc.get_stats())
    except Exception:  # absent, or of another kind
        return None


def thread_counters():
    """Of the calling thread, by name; what the machine does not tell is None."""
    stat = text_of("/proc/thread-self/stat").rpartition(")")[2].split()
    status = dict(line.partition(":")[::2] for line in text_of("/proc/thread-self/status").splitlines())
    waited = text_of("/proc/thread-self/schedstat").split()

    def switches(name):
        return int(status[name]) if name in status else None

    return {"minor_faults": int(stat[7]) if len(stat) > 36 else None,
            "major_faults": int(stat[9]) if len(stat) > 36 else None,
            "cpu": int(stat[36]) if len(stat) > 36 else None,
            "ctx_voluntary": switches("voluntary_ctxt_switches"),
            "ctx_involuntary": switches("nonvoluntary_ctxt_switches"),
            "waited_ns": int(waited[1]) if len(waited) > 1 else None}


def stolen_ms(cpus):
    """Time that a hypervisor took from these CPUs since boot; None where the kernel does not tell."""
    total, seen = 0, False
    for line in text_of("/proc/stat").splitlines():
        fields = line.split()
        if fields and fields[0][:3] == "cpu" and fields[0][3:].isdigit() and len(fields) > 8:
            if int(fields[0][3:]) in cpus:
                total, seen = total + int(fields[8]) * 10, True
    return total if seen else None


def pin(cpu):
    """The calling thread to one CPU. 0 means the thread that calls, not the process."""
    os.sched_setaffinity(0, [cpu])


class Pauses(object):
    """The longest run of CPython's collector of cycles, while it is watched."""

    def __init__(self):
        self.began, self.longest = None, 0.0

    def __call__(self, phase, _info):
        if phase == "start":
            self.began = clock()
        elif self.began is not None:
            self.longest = max(self.longest, clock() - self.began)

    def watch(self, on):
        if not hasattr(gc, "callbacks"):
            return False
        (gc.callbacks.append if on else gc.callbacks.remove)(self)
        return True
