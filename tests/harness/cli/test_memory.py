"""The drivers `memory` and `latency`: what their rows carry, and the effects that each of them is there to show. Effects
are ratios within one run, with room for a noisy machine."""

import unittest

from support import SLOW, Case, rcbench, read_rows, skip_where_busy, trials

COLLECTED = "plain,biased,gil"


def measures(row):
    return {key: float(value) for key, value in (pair.split("=") for pair in row["measures"].split(";") if pair)}


class MemoryCase(Case):
    def rows(self, *arguments, window="10"):
        """The trials, one row each, by params and variant. Noise may make some of them invalid, an audit may not."""
        done = rcbench("--window", window, *arguments, "--csv", "rows.csv", cwd=self.folder)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        found = [row for row in trials(read_rows(self.folder / "rows.csv")) if row["status"] != "skipped"]
        for row in found:
            self.assertNotEqual(row["audit"], "failed", row["cell"] + ": " + row["reason"])
        return {(row["params"], row["variant"]): row for row in found}


class CollectorTest(MemoryCase):
    def test_policies_collect_when_they_say_so(self):
        rows = self.rows("--workloads", "cycles", "--variants", COLLECTED, "--threads", "1")
        for (params, variant), row in rows.items():
            with self.subTest(params=params, variant=variant):
                runs, left = int(row["gc_runs"]), measures(row)["garbage_left"]
                if "gc=off" in params:
                    self.assertEqual((runs, row["gc_pause_p50_ns"], row["gc_found"]), (0, "", "0"))
                    self.assertGreaterEqual(left, 2 * int(row["ops"]))
                else:
                    self.assertGreater(runs, 0)
                    self.assertGreater(int(row["gc_found"]), 0)
                    self.assertLessEqual(float(row["gc_pause_p50_ns"]), float(row["gc_pause_max_ns"]))
                    self.assertLess(left, 2 * int(row["ops"]))

    def test_a_program_without_cycles_is_collected_and_nothing_is_found(self):
        rows = self.rows("--workloads", "gc_tax", "--variants", COLLECTED, window="200" if SLOW else "10")
        for variant in COLLECTED.split(","):
            if rows["gc=on", variant]["status"] == "ok":  # on a busy machine a window may be too short for a collection
                self.assertGreater(int(rows["gc=on", variant]["gc_runs"]), 0)
            self.assertEqual(int(rows["gc=on", variant]["gc_found"]), 0)
            self.assertEqual(int(rows["gc=off", variant]["gc_runs"]), 0)

    def test_pauses_grow_with_the_heap(self):
        skip_where_busy(self)
        rows = self.rows("--workloads", "gc_pause", "--variants", "plain", "--threads", "1",
                         "--benchmark_filter=objects:(10000|1000000)/")
        small, large = (rows[f"objects={count}", "plain"] for count in (10000, 1000000))
        # Where a sanitizer makes collections longer than the window, their pauses are not in it; their latencies are.
        for column in ("latency_p50_ns", *(["gc_pause_p50_ns"] if large["gc_pause_p50_ns"] else [])):
            self.assertGreater(float(large[column]), 20 * float(small[column]))
        self.assertEqual(small["latency"], "collection")
        self.assertGreaterEqual(float(small["latency_max_ns"]), float(small["latency_p999_ns"]))
        self.assertGreater(measures(large)["traverse_ns_per_object"], 0)


class WeakrefTest(MemoryCase):
    def test_the_race_meets_the_living_and_the_dead(self):
        rows = self.rows("--workloads", "weakref_race", "--variants", "biased,atomic,gil", "--threads", "2",
                         "--oversubscribe")
        for row in rows.values():
            self.assertTrue(0 <= measures(row)["alive_percent"] <= 100)
            self.assertEqual(row["roles"], "dropper+reader")

    def test_reading_runs_on_every_variant(self):
        rows = self.rows("--workloads", "weakref_read", "--threads", "1")
        self.assertIn(("of=own", "none"), rows)
        self.assertIn(("of=shared", "escape"), rows)


class FootprintTest(MemoryCase):
    def test_requested_is_the_structs(self):
        rows = self.rows("--workloads", "footprint", "--variants", "none,plain,biased",
                         "--benchmark_filter=type:(int|tuple|instance)/")
        # Header and type pointer, then the value; for a tuple the collector's word, the length and four items.
        for variant, head in (("plain", 16), ("biased", 32)):
            self.assertEqual(measures(rows["type=int", variant])["requested_bytes"], head + 8)
            self.assertEqual(measures(rows["type=tuple", variant])["requested_bytes"], head + 8 + 8 + 4 * 8)
        if not SLOW:
            for row in rows.values():  # an arena's, too: of its last chunk what is given out
                found = measures(row)
                self.assertGreaterEqual(found["usable_bytes"], 0.98 * found["requested_bytes"])

    def test_points_of_the_process(self):
        row = self.rows("--workloads", "deep_free", "--variants", "plain",
                        "--benchmark_filter=tree.*65535")["shape=tree;objects=65535", "plain"]
        self.assertGreater(int(row["peak_rss_bytes"]), 65535 * 24)
        self.assertGreater(int(row["live_objects"]), 0)
        self.assertLess(int(row["live_objects"]), 65535)
        self.assertGreater(float(row["latency_p50_ns"]), 0)


class LateGarbageTest(MemoryCase):
    def test_who_queues_to_a_busy_owner_waits_for_it(self):
        skip_where_busy(self)
        rows = self.rows("--workloads", "late_garbage", "--variants", "biased,atomic", "--threads", "2",
                         "--oversubscribe")
        busy = {variant: rows["owner=busy;hold_us=1000", variant] for variant in ("biased", "atomic")}
        self.assertGreater(float(busy["biased"]["latency_p50_ns"]), 20 * float(busy["atomic"]["latency_p50_ns"]))
        self.assertGreater(int(busy["biased"]["late_objects_max"]), 0)
        self.assertEqual(int(busy["atomic"]["late_objects_max"]), 0)


class ForkTest(MemoryCase):
    def test_readers_dirty_counts_and_not_what_is_immortal(self):
        if SLOW:
            self.skipTest("a sanitizer may write where the program reads")
        rows = self.rows("--workloads", "fork_cow", "--variants", "plain,biased,gil_immortal")
        dirty = {key: measures(row)["dirty_kib"] for key, row in rows.items()}
        self.assertTrue(all(row["latency"] == "life of a child" for row in rows.values()))

        def of(variant, gc, immortal):
            return dirty[f"gc={gc};immortal={immortal};objects=200000", variant]
        heap = measures(rows["gc=off;immortal=0;objects=200000", "plain"])["heap_kib"]
        self.assertGreater(of("plain", "off", 0), 0.4 * heap)
        self.assertLess(of("gil_immortal", "off", 1), 0.05 * heap)
        # Without a GIL a reader of a list takes its lock, also where nothing is counted.
        self.assertTrue(0.1 * heap < of("biased", "off", 1) < 0.6 * of("biased", "off", 0))
        # A collection writes its table; what is frozen is not in it.
        self.assertGreater(of("gil_immortal", "on", 1), of("gil_immortal", "frozen", 1) + 100)


class HandoffLatencyTest(MemoryCase):
    def test_the_wait_for_the_gil_follows_its_switch_interval(self):
        skip_where_busy(self)
        intervals = (1,) if SLOW else (1, 5)  # windows are long, and a sanitizer looks for something else
        rows = self.rows("--workloads", "handoff_latency", "--variants", "gil" if SLOW else "gil,atomic", "--threads",
                         "2", "--points", "full", "--oversubscribe",
                         f"--benchmark_filter=interval_ms:({'|'.join(map(str, intervals))})/")
        median = {key: float(row["latency_p50_ns"]) for key, row in rows.items()}
        for ms in intervals:
            self.assertGreater(median[f"interval_ms={ms}", "gil"], 0.3e6 * ms)
        if not SLOW:
            self.assertGreater(median["interval_ms=5", "gil"], 2 * median["interval_ms=1", "gil"])
        self.assertEqual({row["latency"] for row in rows.values()}, {"response, open loop"})


class AllocatorTest(MemoryCase):
    def test_another_one_is_preloaded_and_named(self):
        if SLOW:
            self.skipTest("sanitizers bring their own")
        row = self.rows("--workloads", "churn", "--variants", "plain", "--allocator", "system")["-", "plain"]
        self.assertEqual(row["allocator"], "system")
        self.assertGreater(int(row["allocated_bytes"]), 0)
        row = read_rows(self.folder / "rows.csv")[0]
        self.assertEqual(row["retained_bytes"], "", "glibc does not tell it")

    def test_a_name_that_is_none(self):
        done = rcbench("--allocator", "jemaloc", cwd=self.folder)
        self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1))
        self.assertIn("--allocator: 'jemaloc' is not an allocator; did you mean 'jemalloc'?", done.stderr)


if __name__ == "__main__":
    unittest.main()
