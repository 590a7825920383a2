"""What these tests measure: this interpreter, those that RCBENCH_PEERS_PYTHONS lists, and stand-ins that hang, break, or
say that they are something else."""

from __future__ import annotations

import os
import sys
import textwrap
from pathlib import Path
from typing import List

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "scripts"))
sys.path.insert(0, str(ROOT / "tests" / "scripts"))

VARIABLE = "RCBENCH_PEERS_PYTHONS"


def given() -> List[str]:
    """This interpreter, then those of the environment."""
    return [sys.executable, *filter(None, os.environ.get(VARIABLE, "").split(":"))]


def script(path: Path, text: str, interpreter: str = "/bin/sh") -> str:
    """An executable file; returns its path as a command."""
    path.write_text(f"#!{interpreter}\n{textwrap.dedent(text)}", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def hangs_at(path: Path, when: str, workloads: str = "None") -> str:
    """Says what it is; when asked for rows it makes those of some workloads, and then hangs."""
    return script(path, f"""\
        import json, os, subprocess, sys, time
        if sys.argv[2] == {when!r}:
            if sys.argv[2] == "rows" and {workloads} is not None:
                options = dict(json.loads(sys.argv[3]), workloads={workloads})
                subprocess.run([sys.executable, sys.argv[1], "rows", json.dumps(options)], check=True)
            time.sleep(600)
        os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
        """, sys.executable)


def fails_in(path: Path, patterns: str, how: str) -> str:
    """Does what `how` says whenever it begins a cell of one of some patterns, in the midst of its rows."""
    return script(path, f"""\
        import os, subprocess, sys, time
        if sys.argv[2] != "rows":
            os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
        child = subprocess.Popen([sys.executable, *sys.argv[1:]], stdout=subprocess.PIPE, text=True)
        for line in child.stdout:
            print(line, end="", flush=True)
            if line.startswith("begin,") and line.split(",")[3] in {patterns}:
                child.kill()
                {how}
        """, sys.executable)


def claims(path: Path, body: str) -> str:
    """This interpreter after some statements that change what it says of itself, and what it has."""
    text = textwrap.dedent(body)
    return script(path, "import gc, os, platform, runpy, sys, sysconfig\n" + text +
                  "\nsys.argv = sys.argv[1:]\nsys.path[0] = os.path.dirname(sys.argv[0])\n"
                  "runpy.run_path(sys.argv[0], run_name='__main__')\n", sys.executable)


FREE_THREADED = """\
    known = sysconfig.get_config_var
    sysconfig.get_config_var = lambda name: 1 if name == "Py_GIL_DISABLED" else known(name)
    sys._is_gil_enabled = lambda: {gil}
    sys.version_info = (3, 13, 1, "final", 0)
    """

# As IronPython 3.4 has it: no pinning, no statistics and no switch of the collector, an older language.
IRON = """\
    platform.python_implementation = lambda: "IronPython"
    sys.version_info = (3, 4, 2, "final", 0)
    del os.sched_setaffinity, gc.get_stats, gc.callbacks, sys.getrefcount
    if hasattr(sys, "_is_gil_enabled"):
        del sys._is_gil_enabled
    def refuse():
        raise NotImplementedError("the collector is the .NET runtime's")
    gc.disable = gc.enable = refuse
    def nothing(name):
        raise AttributeError(name)
    sysconfig.get_config_var = sysconfig.get_paths = nothing
    """
