"""Whose malloc it is: another one that is preloaded is named and used, one that hides is refused, and none crashes."""

import os
import shutil
import subprocess
import unittest

from support import BINARY, QUICK, SLOW, Case, read_rows

ONE = (*QUICK, "--workloads", "churn,graph_drop", "--variants", "biased,atomic", "--threads", "1")
FOREIGN = os.environ.get("RCBENCH_FOREIGN_MALLOC", "")


@unittest.skipIf(SLOW, "a sanitizer's build has one allocator")
class AllocatorTest(Case):
    def preloaded(self, library, *arguments, before=()):
        return subprocess.run([*before, BINARY, *arguments], cwd=self.folder, text=True, capture_output=True,
                              check=False, timeout=240,
                              env={**os.environ, **({"LD_PRELOAD": library} if library else {})})

    def used(self, library):
        done = self.preloaded(library, *ONE, "--csv", "rows.csv")
        self.assertIn(done.returncode, (0, 3), done.stderr)
        rows = read_rows(self.folder / "rows.csv")
        self.assertEqual({row["audit"] for row in rows}, {"passed"})
        return done, {row["allocator"] for row in rows}

    def test_a_preloaded_allocator_is_named_and_used(self):
        done, names = self.used(FOREIGN)
        self.assertIn("malloc is that of libforeign_malloc.so, which is preloaded", done.stderr)
        self.assertEqual(names, {"libforeign_malloc.so"})

    def test_jemalloc_is_refused_beside_a_preloaded_one(self):
        done = self.preloaded(FOREIGN, *ONE, "--allocator", "jemalloc")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertIn("--allocator: 'jemalloc'", done.stderr)
        self.assertIn("unset LD_PRELOAD", done.stderr)

    def test_another_that_is_asked_for_comes_first(self):
        done = self.preloaded(FOREIGN, *ONE, "--allocator", "system", "--csv", "rows.csv")
        self.assertIn(done.returncode, (0, 3), done.stderr)
        self.assertEqual({row["allocator"] for row in read_rows(self.folder / "rows.csv")}, {"system"})

    def test_what_makes_no_object_needs_no_allocator(self):
        for arguments in (("--list",), ("--help",), ("--plan", *ONE)):
            done = self.preloaded(FOREIGN, *arguments)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_sanitizers_allocator(self):
        path = subprocess.run(["cc", "-print-file-name=libasan.so"], text=True, capture_output=True, check=False)
        library = os.path.realpath(path.stdout.strip())
        if path.returncode != 0 or not os.path.isabs(path.stdout.strip()) or not os.path.exists(library):
            self.skipTest("no libasan")
        os.environ["ASAN_OPTIONS"] = "detect_leaks=0"
        self.addCleanup(os.environ.pop, "ASAN_OPTIONS")
        _, names = self.used(library)
        self.assertRegex(names.pop(), r"^libasan\.so")

    def test_one_that_the_loader_does_not_know_is_refused(self):
        if shutil.which("valgrind") is None:
            self.skipTest("no valgrind")
        done = self.preloaded("", *ONE, before=("valgrind", "-q"))
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("malloc is not jemalloc's here", done.stderr)
        self.assertNotIn("SIGSEGV", done.stderr)


if __name__ == "__main__":
    unittest.main()
