"""Tests of watching a program: what counts as found, and that nothing which it has started stays behind."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from watch import CalledWrongly, Limits, Outcome, watch

LONG = Limits(silence=60.0, total=60.0)


class Watching(unittest.TestCase):
    def watch(self, script: str, limits: Limits = LONG, gib: int = 0) -> Outcome:
        return watch(["sh", "-c", script], Path("/"), r"FAIL +(\w+)", limits, gib)

    def test_passes(self) -> None:
        self.assertEqual("", self.watch("echo ok").found)

    def test_a_failed_case_ends_it(self) -> None:
        self.assertEqual("sums", self.watch("echo ok; echo 'FAIL     sums (1 ms)'; sleep 1000").found)

    def test_ends_without_a_case(self) -> None:
        self.assertEqual("exit status 1", self.watch("exit 1").found)
        self.assertEqual("SIGSEGV", self.watch("kill -SEGV $$").found)

    def test_hangs_in_silence(self) -> None:
        self.assertEqual("timeout", self.watch("sleep 1000", Limits(silence=0.2, total=60.0)).found)

    def test_hangs_while_it_talks(self) -> None:
        self.assertEqual("timeout", self.watch("while :; do echo x; done", Limits(silence=60.0, total=0.3)).found)

    def test_its_children_end_with_it(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            note = Path(folder) / "pid"
            self.watch(f"sh -c 'echo $$ > {note}; exec sleep 1000' & wait", Limits(silence=1.0, total=60.0))
            child = int(note.read_text(encoding="utf-8"))
            state = Path(f"/proc/{child}/stat")
            self.assertTrue(not state.exists() or state.read_text(encoding="utf-8").split()[2] == "Z")

    def test_memory_without_end(self) -> None:
        program = "x = []\nwhile True: x.append(bytearray(1 << 28))"
        self.assertEqual("exit status 1", self.watch(f"exec python3 -c '{program}'", gib=2).found)

    def test_a_refused_command_line_is_no_bug(self) -> None:
        with self.assertRaisesRegex(CalledWrongly, "exit status 2.*no such option"):
            self.watch("echo no such option; exit 2")


if __name__ == "__main__":
    unittest.main()
