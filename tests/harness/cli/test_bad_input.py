"""Bad input: one line that names flag, value and what is accepted; exit status 2; nothing written."""

import os
import pathlib
import shutil
import subprocess
import unittest

from support import BINARY, CPUS, ROOT, SLOW, Case, rcbench

TOO_MANY = str(len(CPUS) + 1)

# The command line, and the words that its one line must hold.
CASES = (
    (("--variants", "plian"), ("--variants", "'plian'", "'plain'")),
    (("--variants", "plain,biasd"), ("--variants", "'biasd'", "'biased'")),
    (("--variants", "qqqqqqqq"), ("--variants", "'qqqqqqqq'", "accepted", "plain", "biased")),
    (("--variants", ""), ("--variants", "''", "accepted")),
    (("--variants", "plain,,none"), ("--variants", "'plain,,none'", "accepted")),
    (("--workloads", "piar"), ("--workloads", "'piar'", "'pair'")),
    (("--workloads", "zzzzzzzzzz"), ("--workloads", "'zzzzzzzzzz'", "accepted", "shared_one")),
    (("--workloads", ","), ("--workloads", "','", "accepted")),
    (("--placement", "coers"), ("--placement", "'coers'", "'cores'")),
    (("--placement", ""), ("--placement", "''")),
    (("--placement", "zzzzzzzzzz"), ("--placement", "'zzzzzzzzzz'", "accepted", "scatter")),
    (("--points", "quik"), ("--points", "'quik'", "'quick'")),
    (("--threads", "0"), ("--threads", "'0'")),
    (("--threads", "1,0"), ("--threads", "'0'")),
    (("--threads", ""), ("--threads", "''")),
    (("--threads", "3-1"), ("--threads", "'3-1'")),
    (("--threads", "max-1") if len(CPUS) > 1 else ("--threads", "2-1"), ("--threads", "-1'")),
    (("--threads", "1-"), ("--threads", "'1-'")),
    (("--threads", "-1"), ("--threads", "'-1'")),
    (("--threads", "1,,2"), ("--threads", "'")),
    (("--threads", "1.5"), ("--threads", "'1.5'")),
    (("--threads", "nan"), ("--threads", "'nan'")),
    (("--threads", "99999999999999999999"), ("--threads", "99999999999999999999")),
    (("--threads", TOO_MANY), ("--threads", f"'{TOO_MANY}'", "--oversubscribe")),
    (("--plan", "--threads", "10", "--topology", str(ROOT / "tests/harness/placement/topologies/hybrid.xml")),
     ("--threads", "'10'", "8 CPUs (0-7) of IntelCore", "--all-kinds", "4 CPUs (8-11) of IntelAtom")),
    (("--within", "0"), ("--within", "'0'", "accepted")),
    (("--within", "nan"), ("--within", "'nan'", "accepted")),
    (("--within", "50", "--threads", "1"), ("--within", "--threads", "conflicts")),
    (("--window", "0"), ("--window", "'0'", "accepted")),
    (("--window", "-5"), ("--window", "'-5'", "accepted")),
    (("--window", "nan"), ("--window", "'nan'", "accepted")),
    (("--window", "inf"), ("--window", "'inf'", "accepted")),
    (("--window", "1e99"), ("--window", "'1e99'", "accepted")),
    (("--window", "10ms"), ("--window", "'10ms'", "accepted")),
    (("--window", ""), ("--window", "''", "accepted")),
    (("--window=0",), ("--window", "'0'", "accepted")),
    (("--ramp", "-1"), ("--ramp", "'-1'", "accepted")),
    (("--ramp", "nan"), ("--ramp", "'nan'", "accepted")),
    (("--switch-interval", "0"), ("--switch-interval", "'0'", "accepted")),
    (("--switch-interval", "1.5"), ("--switch-interval", "'1.5'", "accepted")),
    (("--seed", "-1"), ("--seed", "'-1'", "accepted")),
    (("--csv", "--plan"), ("--csv", "needs a value", "'--plan'")),
    (("--machine", "-h"), ("--machine", "needs a value", "'-h'")),
    (("--seed", "18446744073709551616"), ("--seed", "'18446744073709551616'", "accepted")),
    (("--seed", " 1"), ("--seed", "' 1'", "accepted")),
    (("--rounds", "0"), ("--rounds", "'0'", "accepted")),
    (("--rounds", "x"), ("--rounds", "'x'", "accepted")),
    (("--process", "-1"), ("--process", "'-1'", "accepted")),
    (("--plan", "--topology", "missing.xml"), ("--topology", "'missing.xml'")),
    (("--plan", "--topology", "pack:x"), ("--topology", "'pack:x'")),
    (("--plan", "--topology", ""), ("--topology", "''")),
    (("--plan", "--topology", "."), ("--topology", "'.'")),
    (("--topology", "core:2"), ("--topology", "'core:2'", "--plan")),
    (("--csv", "missing/rows.csv"), ("--csv", "'missing/rows.csv'", "does not exist")),
    (("--csv", "."), ("--csv", "'.'", "accepted")),
    (("--csv", ""), ("--csv", "''", "accepted")),
    (("--plan", "--list"), ("--plan", "--list", "conflicts")),
    (("--help", "--version"), ("--help", "--version", "conflicts")),
    (("--machine", "a", "--plan"), ("--machine", "--plan", "conflicts")),
    (("--cells", "missing"), ("--cells", "'missing'", "cannot be read")),
    (("--cells", "."), ("--cells", "'.'", "cannot be read")),
    (("--cells", os.devnull), ("--cells", os.devnull, "names no cell", "--plan")),
    (("--json",), ("--json", "--list", "--plan")),
    (("--json", "--version"), ("--json", "--list", "--plan")),
    (("--plan", "--json=yes"), ("--json", "'yes'")),
    (("--benchmark_list_tests", "--plan"), ("--benchmark_list_tests", "--plan", "conflicts")),
    (("--resume",), ("--resume", "--csv")),
    (("--resume", "--csv", "rows.csv"), ("--resume", "--seed")),
    (("--window", "5", "--window", "6"), ("--window", "twice")),
    (("--plan", "--plan"), ("--plan", "twice")),
    (("--plan=yes",), ("--plan", "'yes'")),
    (("--window",), ("--window", "value")),
    (("--treads", "2"), ("--treads", "--threads")),
    (("--zzzzzzzzzzzz",), ("--zzzzzzzzzzzz", "--help")),
    (("pair",), ("pair",)),
    (("--benchmark_filter=(",), ("--benchmark_filter", "'('")),
    (("--benchmark_filter=-(",), ("--benchmark_filter", "(")),
    (("--benchmark_flter=x",), ("benchmark_flter",)),
    (("--benchmark_format=xml",), ("--benchmark_format", "'xml'", "accepted")),
    (("--benchmark_filter=" + "a" * 120000,), ("--benchmark_filter", "none")),
    (("--benchmark_filter=" + "(" * 20000 + ")" * 20000,), ("--benchmark_filter", "not a POSIX extended")),
    (("--variants", "a" * 120000), ("--variants",)),
    (("--threads", "1," * 50000 + "1x"), ("--threads",)),
    (("--topology", "a" * 120000, "--plan"), ("--topology",)),
    (("--benchmark_repetitions=-1",), ("--benchmark_repetitions", "'-1'", "accepted")),
    (("--benchmark_repetitions=0",), ("--benchmark_repetitions", "'0'", "accepted")),
    (("--benchmark_repetitions=2147483647",), ("--benchmark_repetitions", "'2147483647'", "accepted")),
    (("--benchmark_min_warmup_time=5",), ("--benchmark_min_warmup_time", "'5'", "--ramp")),
    (("--benchmark_out_format=jsn",), ("--benchmark_out_format", "'jsn'", "'json'")),
)


class BadInputTest(Case):
    def check(self, arguments, words, **popen):
        done = rcbench(*arguments, cwd=self.folder, **popen)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertTrue(done.stderr.endswith("\n"))
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertEqual(self.files(), [])

    def test_cases(self):
        for arguments, words in CASES:
            with self.subTest(arguments):
                self.check(arguments, words)

    def test_what_the_library_takes_from_the_environment(self):
        for name, value in (("BENCHMARK_REPETITIONS", "-1"), ("BENCHMARK_FORMAT", "xml"),
                            ("BENCHMARK_OUT_FORMAT", "jsn"), ("BENCHMARK_MIN_WARMUP_TIME", "5")):
            with self.subTest(name):
                self.check((), (f"--{name.lower()}", f"'{value}'"), env={**os.environ, name: value})

    def test_cases_with_a_file_to_write(self):
        """A wrong flag beside --csv leaves no file, wherever it stands."""
        for arguments, words in CASES:
            if "--csv" in arguments or "--resume" in arguments or "--machine" in arguments:
                continue
            with self.subTest(arguments):
                self.check(("--csv", "rows.csv", *arguments), words)

    def test_a_damaged_topology_file(self):
        path = self.folder.with_suffix(".xml")
        self.addCleanup(path.unlink)
        for text in ("", "no topology", "<?xml version='1.0'?><topology>"):
            path.write_text(text, encoding="utf-8")
            with self.subTest(text):
                self.check(("--plan", "--topology", path), ("--topology", str(path)))

    def test_a_line_that_is_no_cell(self):
        good, path = "overhead/churn/plain/threads:1", self.folder.with_suffix(".cells")
        self.addCleanup(path.unlink)
        for text, line in ((f"{good}\n{good}x\n", 2), (f"\n{good}\n", 1), ("a" * 120000, 1),
                           (f"{good}\n\0\n", 2), (f"{good}\n scaling/shared_one", 2)):
            path.write_text(text, encoding="utf-8", newline="")
            with self.subTest(text[:100]):
                self.check(("--cells", path), ("--cells", f"'{path}' line {line}: '", "is no cell", "--plan"))

    @unittest.skipIf(SLOW, "a sanitizer's build has one allocator")
    def test_a_path_at_which_the_loader_would_split(self):
        for name in ("a b", "a:b"):
            place = self.folder.with_suffix(f".{name}")
            self.addCleanup(shutil.rmtree, place)
            place.mkdir()
            for file in (BINARY, pathlib.Path(BINARY).with_name("librcbench_sdallocx.so")):
                shutil.copy(file, place)
            done = subprocess.run([place / "rcbench", "--allocator", "system", "--list"], cwd=self.folder, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertRegex(done.stderr, r"^rcbench: --allocator: 'system' cannot be preloaded: [^\n]*space or a colon")

    def test_every_cpu_that_exists_is_accepted(self):
        done = rcbench("--plan", "--threads", "max", "--workloads", "shared_one", cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)

    @unittest.skipUnless(len(CPUS) > 1, "one CPU alone")
    def test_a_limited_mask_limits_the_threads(self):
        self.check(("--threads", "2"), ("--threads", "'2'", "1 CPU"),
                   preexec_fn=lambda: os.sched_setaffinity(0, CPUS[:1]))


if __name__ == "__main__":
    unittest.main()
