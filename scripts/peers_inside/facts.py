"""What this interpreter is, and its clock. Any interpreter from Python 2.7 on runs this."""
import os
import platform
import sys
import time


def implementation():
    return platform.python_implementation().lower()


def config_variable(name):
    """What the interpreter was built with; None where it does not tell."""
    try:
        import sysconfig
        return sysconfig.get_config_var(name)
    except Exception:  # some implementations have half of sysconfig
        return None


def flag(name):
    return getattr(getattr(sys, "flags", None), name, None)


def suffix():
    return config_variable("EXT_SUFFIX") or config_variable("SO") or ".so"


def include_directories():
    """Where Python.h and its pyconfig.h lie: in a build tree those are two directories."""
    try:
        import sysconfig
        paths = sysconfig.get_paths()
        found = [os.path.dirname(sysconfig.get_config_h_filename()), paths["include"],
                 paths.get("platinclude", paths["include"])]
    except Exception:
        return []
    return [one for place, one in enumerate(found) if one and one not in found[:place]]


def is_free_threaded():
    """Whether it was built to run without a GIL. The nogil forks of CPython 3.9 and 3.12 say so in their own way."""
    return bool(config_variable("Py_GIL_DISABLED")) or flag("nogil") is not None or ".nogil-" in suffix()


def has_gil():
    """Whether threads take turns now: a free-threaded build may have been told to use its GIL after all."""
    asked = getattr(sys, "_is_gil_enabled", None)
    if asked is not None:
        return bool(asked())
    if is_free_threaded():
        return flag("nogil") is not None and not flag("nogil")
    return implementation() not in ("jython", "ironpython")


def is_immortal(one):
    """Whether references to an object are left uncounted: some are taken, and the count is looked at."""
    before = sys.getrefcount(one)
    taken = [one] * 100
    return sys.getrefcount(one) - before < len(taken)


def compiles():
    """Whether a compiler runs beside the program."""
    return implementation() in ("pypy", "jython", "ironpython", "graalvm", "graalpy")


COLLECTORS = {"cpython": "reference counts, and a collector of cycles", "pypy": "tracing, of generations",
              "jython": "tracing: the Java machine's", "ironpython": "tracing: the .NET runtime's"}


LEVELS = {"alpha": "a", "beta": "b", "candidate": "rc"}


def version():
    """major.minor.micro in the numbers by which the implementation is known, and what precedes a release: 3.15.0rc1."""
    found = tuple(getattr(sys, "pypy_version_info", sys.version_info))
    level = LEVELS.get(found[3], "") if len(found) > 4 else ""
    return ".".join(str(part) for part in found[:3]) + ("%s%d" % (level, found[4]) if level else "")


def facts():
    name = implementation()
    return {"implementation": name, "version": version(), "language": "%d.%d" % sys.version_info[:2],
            "gil": has_gil(), "free_threaded": is_free_threaded(),
            # A GIL that is asked for by a timer (3.2 on); the older one is let go of every hundred bytecodes.
            "timed_gil": hasattr(sys, "getswitchinterval"),
            "immortal": name == "cpython" and is_immortal(None), "debug": hasattr(sys, "gettotalrefcount"),
            "collector": COLLECTORS.get(name, "unknown"), "compiles": compiles(),
            "pins": hasattr(os, "sched_setaffinity"), "executable": sys.executable or "",
            "include": include_directories(), "suffix": suffix(), "sys_version": " ".join(sys.version.split()),
            "flags": str(getattr(sys, "flags", "")), "config_args": config_variable("CONFIG_ARGS") or "",
            "cflags": config_variable("PY_CFLAGS") or config_variable("CFLAGS") or ""}


# Wall time in seconds, as fine as there is. time.time has milliseconds on the JVM, where time.clock is wall time.
if hasattr(time, "perf_counter"):
    clock = time.perf_counter
elif implementation() in ("jython", "ironpython"):
    clock = time.clock
else:
    clock = time.time
