"""The flags of Google Benchmark keep their meaning."""

import csv
import json
import signal
import threading
import time
import unittest

from support import PATIENCE_S, QUICK, Case, rcbench, read_rows, start, trials

PAIR = ("--workloads", "pair", "--variants", "plain,biased")
NAME = "overhead/pair/set:1/code:inline/{}/threads:1"


class ListTest(Case):
    def names(self, *arguments):
        return self.run_good("--benchmark_list_tests", *arguments).stdout.splitlines()

    def test_exact_names(self):
        names = self.names("--threads", "1")
        self.assertIn("overhead/pair/set:L1/biased/threads:1", names)
        self.assertIn("overhead/pair/set:L2/order:shuffled/plain/threads:1", names)
        self.assertIn("scaling/shared_one/atomic/threads:1", names)
        self.assertEqual(len(names), len(set(names)))

    def test_the_names_are_the_cells_that_the_plan_runs(self):
        plan = self.run_good("--plan", "--threads", "1").stdout.splitlines()
        self.assertEqual(self.names("--threads", "1"), [line.split()[0] for line in plan if line.endswith(" run")])

    def test_filter(self):
        names = self.names("--benchmark_filter=^overhead/(pair|call)/.*biased/", "--threads", "1")
        self.assertTrue(names)
        self.assertTrue(all(n.startswith(("overhead/pair/", "overhead/call/")) and "/biased/" in n for n in names))

    def test_negative_filter(self):
        everything = self.names("--threads", "1")
        without = self.names("--benchmark_filter=-biased", "--threads", "1")
        self.assertEqual(without, [name for name in everything if "biased" not in name])

    def test_filter_on_the_thread_count(self):
        names = self.names("--benchmark_filter=/threads:1$")
        self.assertTrue(names and all(name.endswith("/threads:1") for name in names))

    def test_list_false_is_no_list(self):
        done = self.run_good("--benchmark_list_tests=false", "--plan", *PAIR)
        self.assertIn("cells to run", done.stdout)


class RunTest(Case):
    def test_filter_chooses_what_runs(self):
        self.run_good(*QUICK, *PAIR, "--benchmark_filter=set:1/code:inline/plain/", "--csv", "rows.csv")
        self.assertEqual([row["cell"] for row in trials(read_rows(self.folder / "rows.csv"))], [NAME.format("plain")])

    def test_json_file(self):
        self.run_good(*QUICK, *PAIR, "--benchmark_filter=set:1/code:inline/", "--benchmark_out=out.json")
        found = json.loads((self.folder / "out.json").read_text("utf-8"))
        self.assertEqual({b["name"] for b in found["benchmarks"]}, {NAME.format(v) for v in ("plain", "biased")})
        for benchmark in found["benchmarks"]:
            self.assertGreater(benchmark["ns_per_op"], 0)
            self.assertAlmostEqual(benchmark["ns_per_op"] / benchmark["real_time"], 1, places=2)

    def test_real_time_is_that_of_an_operation_whatever_the_threads(self):
        """The library's own depends on its version, by a factor that is the number of threads."""
        done = rcbench(*QUICK, "--oversubscribe", "--threads", "1,2,4", "--workloads", "private", "--variants",
                       "biased", "--benchmark_filter=op:pair", "--benchmark_repetitions=2", "--benchmark_format=json",
                       cwd=self.folder)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        found = [b for b in json.loads(done.stdout)["benchmarks"] if "ns_per_op" in b]  # noise spoils some
        self.assertIn(4, {b["threads"] for b in found})
        self.assertLessEqual({"mean", "cv"}, {b.get("aggregate_name") for b in found})
        for benchmark in found:
            self.assertAlmostEqual(benchmark["ns_per_op"], benchmark["real_time"], delta=0.001 * benchmark["ns_per_op"])

    def test_json_on_standard_output(self):
        done = self.run_good(*QUICK, *PAIR, "--benchmark_filter=set:1/code:inline/plain/", "--benchmark_format=json")
        self.assertEqual([b["name"] for b in json.loads(done.stdout)["benchmarks"]], [NAME.format("plain")])

    def test_console(self):
        done = self.run_good(*QUICK, *PAIR, "--benchmark_filter=set:1/code:inline/plain/")
        self.assertIn(NAME.format("plain"), done.stdout)
        self.assertNotIn("iterations:1", done.stdout)

    def test_repetitions(self):
        self.run_good(*QUICK, *PAIR, "--benchmark_filter=set:1/code:inline/plain/", "--benchmark_repetitions=3",
                      "--csv", "rows.csv", "--benchmark_out=out.json")
        self.assertEqual([row["repetition"] for row in trials(read_rows(self.folder / "rows.csv"))], ["0", "1", "2"])
        names = [b["name"] for b in json.loads((self.folder / "out.json").read_text("utf-8"))["benchmarks"]]
        self.assertEqual(names.count(NAME.format("plain")), 3)
        self.assertIn(NAME.format("plain") + "_mean", names)

    def test_a_table_with_a_cell_that_fails(self):
        """The first cell is stopped until all its attempts are spoiled; the library checks each line against it."""
        process = start("--window", "100", *PAIR, "--benchmark_filter=set:1/code:inline/", "--benchmark_format=csv",
                        cwd=self.folder)
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(iter(process.stderr.readline, "")))
        reader.start()
        end = time.monotonic() + PATIENCE_S
        while not any("invalid" in line and "again" not in line for line in lines) and time.monotonic() < end:
            process.send_signal(signal.SIGSTOP)
            time.sleep(0.2)
            process.send_signal(signal.SIGCONT)
            time.sleep(0.02)
        table = list(csv.DictReader(process.stdout.read().splitlines()))
        status = process.wait(timeout=PATIENCE_S)
        reader.join()
        process.stdout.close()
        process.stderr.close()
        self.assertEqual(status, 3, lines)
        self.assertEqual({row["name"] for row in table}, {NAME.format(v) for v in ("plain", "biased")})
        self.assertIn("true", [row["error_occurred"] for row in table])
        self.assertTrue({"ns_per_op", "ops_per_s"} <= set(table[0]))

    def test_filter_that_matches_nothing(self):
        done = rcbench(*QUICK, *PAIR, "--benchmark_filter=no_such_cell", "--csv", "rows.csv", cwd=self.folder)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"^rcbench: --benchmark_filter: [^\n]*\n$")
        self.assertEqual(list(self.folder.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
