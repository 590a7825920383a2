"""Which interpreters there are, what they say, and how they are called."""

from __future__ import annotations

import sys
import unittest
from typing import Any, Dict
from unittest import mock

from interpreters import FREE_THREADED, IRON, claims, hangs_at, script

from support import ScratchTest

from rcb import peers_found
from rcb.peers_found import Search, ask, names_of

FACTS: Dict[str, Any] = {"implementation": "cpython", "version": "3.13.1", "language": "3.13", "gil": True,
                         "free_threaded": False}


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

    def test_two_of_a_kind(self) -> None:
        search = Search()
        answers = {"a": FACTS, "b": {**FACTS, "version": "3.13.2"}, "c": FACTS, "d": {**FACTS, "language": "3.12"}}
        with mock.patch.object(peers_found, "ask", lambda command, limit: (answers[command], "")):
            for command in answers:
                search.take(command, given=True)
        self.assertEqual(["peer:cpython-3.13", "peer:cpython-3.13.2", "peer:cpython-3.13.1"],
                         [one.variant for one in search.peers])
        self.assertEqual(["c: is peer:cpython-3.13, which is measured already"], search.warnings)


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
            search = peers_found.search((sys.executable,))
        self.assertEqual(["peer:cpython-t", "peer:pypy", "peer:jython", "peer:ironpython"],
                         [one.variant for one in search.peers if one.problem])
        self.assertEqual(1, len(search.warnings))
        self.assertIn("not installed: python3.Nt, pypy3, jython, ipy", search.warnings[0])

    def test_path_is_searched_for_free_threaded_ones(self) -> None:
        claims(self.scratch / "python3.13t", FREE_THREADED.format(gil="False"))
        (self.scratch / "python3.13tea").touch()
        with mock.patch.dict("os.environ", {"PATH": str(self.scratch)}):
            search = peers_found.search(())
        self.assertIn("peer:cpython-3.13t", [one.variant for one in search.peers])


if __name__ == "__main__":
    unittest.main()
