"""Which interpreters there are, what they say, and how they are called."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path
from typing import Any, Dict, List
from unittest import mock

from interpreters import FREE_THREADED, IRON, claims, given, hangs_at, script

from support import ScratchTest

from rcb.base.errors import UsageError
from rcb.runtimes import interpreters
from rcb.runtimes.interpreters import Given, Search, all_given, ask, names_of

FACTS: Dict[str, Any] = {"implementation": "cpython", "version": "3.13.1", "language": "3.13", "gil": True,
                         "free_threaded": False, "timed_gil": True, "immortal": True, "debug": False,
                         "sys_version": "3.13.1", "config_args": "", "executable": "/usr/bin/python3.13"}


class Asking(ScratchTest):
    def test_this_interpreter(self) -> None:
        facts, problem = ask(sys.executable)
        self.assertEqual("", problem)
        self.assertEqual(f"{sys.version_info[0]}.{sys.version_info[1]}", facts["language"])

    def test_what_is_wrong_is_told(self) -> None:
        at = self.scratch
        for command, part in (
                (str(at / "absent"), "cannot be started (No such file"),
                (script(at / "dies", "echo 'no standard library' >&2\nexit 3\n"), "status 3"),
                (script(at / "dies2", "echo 'no standard library' >&2\nexit 3\n"), "no standard library"),
                (script(at / "killed", "kill -9 $$\n"), "killed by signal 9"),
                (script(at / "mumbles", "echo hello\n"), "answered 'hello'"),
                (script(at / "lists", "echo '[1]'\n"), "did not say what it is"),
                (script(at / "partly", "echo '{\"implementation\": \"cpython\"}'\n"), "version is missing"),
                (hangs_at(at / "hangs", "ask"), "did not say within 1 s")):
            with self.subTest(command=command):
                facts, problem = ask(command, 1.0)
                self.assertEqual({}, facts)
                self.assertIn(part, problem)

    def test_our_modules_are_not_theirs(self) -> None:
        """PYTHONPATH leads to the scripts of this project, which other interpreters cannot even read."""
        (self.scratch / "gc.py").touch()
        (self.scratch / "platform.py").write_text("raise SystemExit('the wrong module')\n", encoding="utf-8")
        with mock.patch.dict("os.environ", {"PYTHONPATH": str(self.scratch)}):
            self.assertEqual("", ask(sys.executable)[1])

    def test_a_safe_path_does_not_hide_what_measures(self) -> None:
        with mock.patch.dict("os.environ", {"PYTHONSAFEPATH": "1"}):
            self.assertEqual("", ask(sys.executable)[1])

    def test_a_directory_is_no_interpreter(self) -> None:
        self.assertIn("cannot be started", ask(str(self.scratch))[1])


class Names(unittest.TestCase):
    def first(self, **changes: Any) -> str:
        return next(names_of({**FACTS, **changes}))

    def test_by_implementation_version_and_build(self) -> None:
        self.assertEqual("peer:cpython-3.13", self.first())
        self.assertEqual("peer:cpython-3.13t", self.first(free_threaded=True, gil=False))
        self.assertEqual("peer:cpython-3.13t-gil", self.first(free_threaded=True))
        self.assertEqual("peer:pypy-7.3", self.first(implementation="pypy", version="7.3.11", language="3.9"))

    def test_what_is_no_release_and_what_is_built_for_debugging_says_so(self) -> None:
        self.assertEqual("peer:cpython-3.15rc1", self.first(version="3.15.0rc1"))
        self.assertEqual("peer:cpython-3.13d", self.first(debug=True))
        self.assertEqual("peer:cpython-3.15a2td",
                         self.first(version="3.15.0a2", free_threaded=True, gil=False, debug=True))

    def test_two_of_a_kind(self) -> None:
        search = Search()
        answers = {"a": FACTS, "b": {**FACTS, "version": "3.13.2"}, "c": FACTS, "d": {**FACTS, "language": "3.12"}}
        with mock.patch.object(interpreters, "ask", lambda command, limit: (answers[command], "")):
            for command in answers:
                search.take(command, given=True)
        self.assertEqual(["peer:cpython-3.13", "peer:cpython-3.13.2", "peer:cpython-3.13.1"],
                         [one.variant for one in search.peers])
        self.assertEqual(["c: is peer:cpython-3.13, which is measured already (--python NAME=c measures it once more)"],
                         search.warnings)


    def taken(self, answers: Dict[str, Dict[str, Any]], *texts: str) -> Search:
        with mock.patch.object(interpreters, "ask", lambda command, limit: (answers[command], "")):
            return interpreters.search(texts, find=False)

    def test_builds_of_one_version_are_not_taken_for_each_other(self) -> None:
        others: List[Dict[str, Any]] = [{"debug": True}, {"sys_version": "3.13.1 of another day"},
                                        {"config_args": "--enable-optimizations"},
                                        {"executable": "/opt/bin/python3.13"}]
        for other in others:
            search = self.taken({"a": FACTS, "b": {**FACTS, **other}}, "a", "b")
            self.assertEqual((2, []), (len({one.variant for one in search.peers}), search.warnings), other)

    def test_two_builds_are_told_apart_by_the_names_that_they_are_given(self) -> None:
        search = self.taken({"a": FACTS, "b": FACTS}, "base=a", "patched:gil_atomic=b")
        self.assertEqual([("peer:base", "gil_immortal"), ("peer:patched", "gil_atomic")],
                         [(one.variant, one.stand_in) for one in search.peers])
        self.assertEqual([], search.warnings)

    def test_a_given_name_is_not_taken_by_another(self) -> None:
        search = self.taken({"a": FACTS, "b": {**FACTS, "debug": True}}, "a", "cpython-3.13=b")
        self.assertEqual({"a": "peer:cpython-3.13.1", "b": "peer:cpython-3.13"},
                         {one.command: one.variant for one in search.peers})

    def test_what_is_a_name_and_what_a_path(self) -> None:
        for text, found in (("python3", Given("python3")), ("new=/a/python", Given("/a/python", "new")),
                            ("new:gil=b/python", Given("b/python", "new", "gil")), ("./a=b", Given("./a=b")),
                            ("/a/b=c", Given("/a/b=c")), ("x=~/p", Given(str(Path.home() / "p"), "x"))):
            self.assertEqual(found, Given.of(text))
        for wrong, part in ((["a=x", "a=y"], "two interpreters are named 'a'"), ([""], "'' is not an interpreter")):
            with self.assertRaises(UsageError) as raised:
                all_given(wrong)
            self.assertIn(part, str(raised.exception))


class Facts(ScratchTest):
    """What an interpreter is asked, and not concluded from its version."""

    def stand_in(self, body: str) -> Any:
        search = Search()
        search.take(claims(self.scratch / "python", body), given=True)
        return search.peers[0]

    def test_the_nogil_forks(self) -> None:
        flags = ("class Flags:\n    real, nogil = sys.flags, {nogil}\n"
                 "    def __getattr__(self, name):\n        return getattr(self.real, name)\nsys.flags = Flags()\n")
        suffix = ("known = sysconfig.get_config_var\nsysconfig.get_config_var = lambda name: "
                  "'.nogil-39b-x86_64-linux-gnu.so' if name == 'EXT_SUFFIX' else known(name)\n")
        asked = "if hasattr(sys, '_is_gil_enabled'):\n    del sys._is_gil_enabled\n"
        version = "sys.version_info = (3, 12, 0, 'final', 0)\n"
        for body, name, mode in ((flags.format(nogil=True), "peer:cpython-3.12t", "free"),
                                 (flags.format(nogil=False), "peer:cpython-3.12t-gil", "gil"),
                                 (suffix, "peer:cpython-3.12t", "free")):
            found = self.stand_in(asked + version + body)
            self.assertEqual((name, mode, "biased"), (found.variant, found.mode, found.stand_in), body)

    def test_immortality_is_asked(self) -> None:
        """An alpha of 3.12 may be older than it."""
        known = "count = sys.getrefcount\nsys.getrefcount = lambda one: {counted} if one is None else count(one)\n"
        version = "sys.version_info = (3, 12, 0, 'alpha', 3)\n"
        mortal = "from itertools import count as up\nnext_one = up(1, 1000)\n" + known.format(counted="next(next_one)")
        for body, stand_in in ((mortal, "gil"), (known.format(counted=4294967295), "gil_immortal")):
            found = self.stand_in(version + body)
            self.assertEqual(("peer:cpython-3.12a3", stand_in), (found.variant, found.stand_in))
            self.assertTrue(found.scheme.startswith(f"as {stand_in}: "), found.scheme)

    def test_what_is_kept_of_it(self) -> None:
        for command in given():
            with self.subTest(command=command), mock.patch.dict("os.environ", {"PYTHONMALLOC": "default"}):
                search = Search()
                search.take(command, given=True)
                record = search.peers[0].record()
                self.assertTrue(record["sys_version"].startswith(record["version"]), record)
                self.assertEqual("default", record["environment"]["PYTHONMALLOC"])
                self.assertIn("stand_in", record)
                self.assertLessEqual({"config_args", "cflags", "flags", "debug", "immortal"}, set(record))

    def test_one_that_has_no_choice_is_measured_without_the_variable(self) -> None:
        """As CPython 3.13 with a GIL does: it does not start, and the last line says nothing of why."""
        command = script(self.scratch / "python", f"""\
            if [ -n "$PYTHON_GIL" ]; then
                echo "Fatal Python error: config_read_gil: Disabling the GIL is not supported by this build" >&2
                echo "Python runtime state: preinitialized" >&2
                exit 1
            fi
            exec {sys.executable} "$@"
            """)
        with mock.patch.dict("os.environ", {"PYTHON_GIL": "0"}):
            search = Search()
            search.take(command, given=True)
            found = search.peers[0]
            self.assertEqual(("", ("PYTHON_GIL",)), (found.problem, found.without))
            self.assertNotIn("PYTHON_GIL", found.environment)
        self.assertEqual([f"{command}: does not start with PYTHON_GIL=0 (ended with exit status 1 when it was asked "
                          "what it is: Fatal Python error: config_read_gil: Disabling the GIL is not supported by this "
                          "build); it is measured without that variable"], search.warnings)


class Recognised(ScratchTest):
    def test_free_threaded_without_being_told(self) -> None:
        search = Search()
        search.take(claims(self.scratch / "a", FREE_THREADED.format(gil="False")), given=True)
        search.take(claims(self.scratch / "b", FREE_THREADED.format(gil="True")), given=True)
        self.assertEqual([("peer:cpython-3.13t", "free"), ("peer:cpython-3.13t-gil", "gil")],
                         [(one.variant, one.mode) for one in search.peers])

    def test_iron_python(self) -> None:
        search = Search()
        search.take(claims(self.scratch / "ipy", IRON), given=True)
        self.assertEqual([("peer:ironpython-3.4", "free", "")],
                         [(one.variant, one.mode, one.problem) for one in search.peers])

    def test_families_that_are_absent_are_told_once(self) -> None:
        with mock.patch.dict("os.environ", {"PATH": str(self.scratch)}):
            search = interpreters.search((sys.executable,))
        self.assertEqual(["peer:cpython-t", "peer:pypy", "peer:jython", "peer:ironpython"],
                         [one.variant for one in search.peers if one.problem])
        self.assertEqual(1, len(search.warnings))
        self.assertIn("not installed: python3.Nt, pypy3, jython, ipy", search.warnings[0])

    def test_path_is_searched_for_free_threaded_ones(self) -> None:
        claims(self.scratch / "python3.13t", FREE_THREADED.format(gil="False"))
        (self.scratch / "python3.13tea").touch()
        with mock.patch.dict("os.environ", {"PATH": str(self.scratch)}):
            search = interpreters.search(())
        self.assertIn("peer:cpython-3.13t", [one.variant for one in search.peers])


if __name__ == "__main__":
    unittest.main()
