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


def include_directory():
    try:
        import sysconfig
        return sysconfig.get_paths()["include"]
    except Exception:
        return None


def has_gil():
    """Whether threads take turns now: a free-threaded build may have been told to use its GIL after all."""
    asked = getattr(sys, "_is_gil_enabled", None)
    if asked is not None:
        return bool(asked())
    return implementation() not in ("jython", "ironpython")


def compiles():
    """Whether a compiler runs beside the program."""
    return implementation() in ("pypy", "jython", "ironpython", "graalvm", "graalpy")


COLLECTORS = {"cpython": "reference counts, and a collector of cycles", "pypy": "tracing, of generations",
              "jython": "tracing: the Java machine's", "ironpython": "tracing: the .NET runtime's"}


def version():
    """major, minor, micro in the numbers by which the implementation is known."""
    return ".".join(str(part) for part in getattr(sys, "pypy_version_info", sys.version_info)[:3])


def facts():
    name = implementation()
    return {"implementation": name, "version": version(),
            "language": "%d.%d" % sys.version_info[:2], "gil": has_gil(),
            "free_threaded": bool(config_variable("Py_GIL_DISABLED")), "collector": COLLECTORS.get(name, "unknown"),
            "compiles": compiles(), "pins": hasattr(os, "sched_setaffinity"), "executable": sys.executable or "",
            "include": include_directory(),
            "suffix": config_variable("EXT_SUFFIX") or config_variable("SO") or ".so"}


# Wall time in seconds, as fine as there is. time.time has milliseconds on the JVM, where time.clock is wall time.
if hasattr(time, "perf_counter"):
    clock = time.perf_counter
elif implementation() in ("jython", "ironpython"):
    clock = time.clock
else:
    clock = time.time
