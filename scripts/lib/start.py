"""Starts a command of scripts/: start.py MODULE NAME [ARGUMENT]... calls main() of that module, and NAME opens each line
that it prints. start.py --has MODULE... only looks whether there are such modules: exit status 0 or 1.

Python puts the folder of the program that it is given first in sys.path, where -m and -c put the current directory: so
nothing that lies there is executed, in any version of Python."""

import importlib.util
import os
import signal
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def _leave(number, _frame):
    """Ctrl-C while modules are imported: nothing is under way yet."""
    os.write(2, "{0}: interrupted\n".format(sys.argv[2]).encode())
    os._exit(128 + number)


def main():
    sys.path[:] = [place for place in sys.path if os.path.isabs(place) and place != HERE]
    # Nothing here is worth a thread of linear algebra, of which each takes address space, and may be one too many.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if sys.argv[1] == "--has":
        return 0 if all(importlib.util.find_spec(name) for name in sys.argv[2:]) else 1
    if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)
    # The script that starts this has it blocked, so that it does not end in a traceback before this line.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    sys.path.insert(0, os.path.dirname(HERE))
    from rcb.base.errors import called
    return called(sys.argv[1], sys.argv[2], sys.argv[3:])


if __name__ == "__main__":
    sys.exit(main())
