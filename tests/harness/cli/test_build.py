"""What a build is: optimized unless asked otherwise, of its own revision, from a checkout that a shell can start."""

import os
import pathlib
import shutil
import subprocess
import unittest

from support import ROOT, Case

GIT = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b",
       "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}


class BuildTest(Case):
    def done(self, *command, **options):
        done = subprocess.run([str(word) for word in command], cwd=options.pop("cwd", self.folder), text=True,
                              capture_output=True, check=False, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def cache(self, *arguments):
        self.done("cmake", "-S", ROOT, "-B", "b", "-DRCBENCH_BUILD_BENCH=OFF", "-DRCBENCH_SYSTEM_ALLOCATOR=ON",
                  "-DBUILD_TESTING=OFF", *arguments)
        lines = (self.folder / "b/CMakeCache.txt").read_text("utf-8").splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line and not line.startswith(("#", "//")))

    def test_a_build_without_a_preset_is_optimized(self):
        found = self.cache()
        self.assertEqual(found["CMAKE_BUILD_TYPE"].split("=", 1)[1], "Release")
        for language in ("C", "CXX"):
            self.assertEqual(found[f"CMAKE_{language}_FLAGS_RELEASE"].split("=", 1)[1], "-O2")

    def test_an_empty_type_of_an_older_build_does_not_stay(self):
        self.assertEqual(self.cache("-DCMAKE_BUILD_TYPE=")["CMAKE_BUILD_TYPE"].split("=", 1)[1], "Release")

    def test_another_type_that_is_asked_for_stays(self):
        self.assertEqual(self.cache("-DCMAKE_BUILD_TYPE=Debug")["CMAKE_BUILD_TYPE"].split("=", 1)[1], "Debug")

    def test_sanitizers_joined_by_a_comma_configure(self):
        self.cache("-DRCBENCH_SANITIZE=address,undefined", "-DRCBENCH_BUILD_BENCH=ON")

    def test_a_build_says_what_speaks_against_its_times(self):
        flags = self.done("pkg-config", "--cflags", "hwloc").split()
        for options, wanted in ((["-O0"], "is not optimized"), (["-O2"], None), (["-Og"], None),
                                (["-O2", "-DRCBENCH_SANITIZED=1"], "has a sanitizer in it")):
            with self.subTest(options):
                text = self.done("cc", "-S", "-o", "-", *options, f"-I{ROOT}", "-D_GNU_SOURCE", *flags,
                                 ROOT / "bench/machine/machine.c")
                for fault in ("is not optimized", "has a sanitizer in it"):
                    self.assertEqual(f'"{fault}"' in text, fault == wanted)

    def revision(self, source):
        self.done("cmake", f"-DSOURCE={source}", f"-DOUTPUT={self.folder}/revision.h", "-P",
                  ROOT / "bench/revision.cmake", env=GIT)
        return (self.folder / "revision.h").read_text("utf-8").split('"')[1]

    def test_sources_inside_another_repository_have_not_its_revision(self):
        self.done("git", "init", "-q", ".", env=GIT)
        inner = self.folder / "unpacked"
        inner.mkdir()
        (self.folder / "file").touch()
        self.done("git", "add", "file", env=GIT)
        self.done("git", "commit", "-q", "-m", "theirs", env=GIT)
        self.assertEqual(self.revision(inner), "unknown")
        own = self.done("git", "rev-parse", "HEAD", env=GIT).strip()
        self.assertEqual(self.revision(self.folder).removesuffix("-dirty"), own[:12])

    def test_a_checkout_with_autocrlf_keeps_its_lines(self):
        self.done("git", "init", "-q", "a", env=GIT)
        (self.folder / "a/scripts").mkdir()
        for name in (".gitattributes", "scripts/run"):
            shutil.copy(ROOT / name, self.folder / "a" / name)
        self.done("git", "add", ".", cwd=self.folder / "a", env=GIT)
        self.done("git", "commit", "-q", "-m", "all", cwd=self.folder / "a", env=GIT)
        self.done("git", "-c", "core.autocrlf=true", "clone", "-q", "a", "b", env=GIT)
        self.assertNotIn(b"\r", pathlib.Path(self.folder / "b/scripts/run").read_bytes())


if __name__ == "__main__":
    unittest.main()
