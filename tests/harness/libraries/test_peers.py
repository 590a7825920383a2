"""The peers that this build has: chosen only when asked for, measured in our cells, with good audits."""

import json
import re
import unittest

from names import IDLE, REGISTRY
from support import CPUS, QUICK, ROOT, Case, rcbench, read_rows, schema_columns, trials

THREADED, UNTHREADED = "peer:std-shared_ptr", "peer:std-shared_ptr-unthreaded"
WEAK = ("peer:std-shared_ptr", "peer:std-shared_ptr-single", "peer:rust-arc", "peer:rust-rc", "peer:glib-object")
BOTH = ("--threads", "1,2") if len(CPUS) > 1 else ("--threads", "1,2", "--oversubscribe")


def cell_of(row):
    return row["driver"], row["workload"], row["params"]


class PeersTest(Case):
    def setUp(self):
        super().setUp()
        self.list = json.loads(self.run_good("--list", "--json").stdout)
        self.names = list(self.list["peers"])

    def need(self, *names):
        for name in names:
            if name not in self.names:
                self.skipTest(f"{name} is not in this build")

    def plan(self, *arguments):
        """The names of the cells."""
        return [one["cell"] for one in json.loads(self.run_good("--plan", "--json", *arguments).stdout)["cells"]]

    def test_list_has_every_peer_of_the_registry_or_what_would_bring_it(self):
        missing = self.list["missing_peers"]
        self.assertEqual(list(missing), [peer.name for peer in REGISTRY if peer.name not in self.names])
        for remedy in missing.values():
            self.assertRegex(remedy, r"^(install the package \S+|configure|build) ")

    def test_every_file_is_in_the_registry_and_the_page(self):
        page = (ROOT / "bench/libraries/README.md").read_text("utf-8")
        for peer in REGISTRY:
            self.assertTrue(list((ROOT / "bench/libraries").glob(f"{peer.library}.*")), peer)
            self.assertIn(f"`{peer.name}`", page)
            self.assertEqual(peer.symbol, re.sub("[:-]", "_", peer.name))

    def test_no_peer_unless_asked_for(self):
        for arguments in ((), ("--variants", "all")):
            with self.subTest(arguments):
                self.assertEqual([name for name in self.plan(*arguments) if "peer:" in name], [])

    def test_peers_come_beside_the_chosen_variants(self):
        if not self.names:
            done = rcbench("--peers", "--plan", cwd=self.folder)
            self.assertEqual((done.returncode, len(self.own_lines(done, "--peers"))), (2, 1))
            return
        cells = self.plan("--peers", "--variants", "plain", "--workloads", "pair")
        self.assertEqual({re.search(r"/((peer:)?[^/:]+)/threads", name)[1] for name in cells}, {"plain", *self.names})

    def test_a_peer_alone(self):
        self.need("peer:std-atomic")
        cells = self.plan("--variants", "peer:std-atomic")
        self.assertIn("overhead/pair/set:L1/peer:std-atomic/threads:1", cells)
        self.assertIn("scaling/handoff/peer:std-atomic/threads:2", cells)
        self.assertTrue(all("/peer:std-atomic/" in name for name in cells))

    def test_versions_name_the_libraries(self):
        text = self.run_good("--version").stdout
        if self.names:
            self.assertRegex(text, r"(?m)^peer \S+: \S*\d")

    def measure(self, number, *arguments):
        rcbench("--window", "20", "--ramp", "2", *BOTH, *arguments, "--csv", f"{number}.csv", cwd=self.folder)
        return read_rows(self.folder / f"{number}.csv")

    def measure_all(self, names):
        """Rows of all cells. On a busy machine neither side of a handoff may run within a window: nothing was counted
        then, right or wrong, and the cell is measured once more."""
        rows = self.measure(0, "--variants", names)
        for number in range(1, 10):
            idle = [row["cell"] for row in trials(rows) if row["reason"] == IDLE]
            if not idle:
                break
            rows = [row for row in rows if row["reason"] != IDLE]
            (self.folder / "idle").write_text("\n".join(idle), encoding="utf-8")
            rows += self.measure(number, "--variants", names, "--cells", "idle")
        return rows

    def test_every_peer_makes_good_rows_in_our_cells(self):
        """Good: every count was right. Whether a window was quiet enough is not looked at here."""
        self.need(THREADED)
        rows = self.measure_all(",".join(["atomic", *self.names]))
        ours = {cell_of(row) for row in rows if row["variant"] == "atomic"}
        seen = {}
        for row in trials(rows):
            if row["variant"] == "atomic" or row["status"] == "skipped":
                continue
            with self.subTest(row["cell"]):
                self.assertEqual(row["audit"], "passed", row["reason"])
                self.assertGreater(int(row["ops"]), 0)
                self.assertIn(cell_of(row), ours)
            seen.setdefault(row["variant"], set()).add((row["workload"], row["threads"]))
        for name in self.names:
            self.assertIn(("pair", "1"), seen[name])
        for name in (THREADED, "peer:rust-arc", "peer:glib-object"):
            if name in self.names:
                self.assertLessEqual({("shared_one", "2"), ("shared_set", "2"), ("handoff", "2")}, seen[name])
        if schema_columns() is not None:
            self.assertEqual(list(rows[0]), schema_columns())

    def test_weak_references(self):
        """They have no cell in the quick profile."""
        self.need("peer:std-shared_ptr", "peer:rust-arc")
        if "weakref_read" not in self.list["workloads"]:
            self.skipTest("there is no workload weakref_read")
        names = [name for name in self.names if name in WEAK]
        rows = trials(self.measure("weak", "--points", "standard", "--workloads", "weakref_read", "--variants",
                                   ",".join(names)))
        self.assertEqual({row["audit"] for row in rows if row["status"] != "skipped"}, {"passed"})
        self.assertEqual({row["variant"] for row in rows}, set(names))
        self.assertEqual({row["params"] for row in rows}, {"of=own", "of=shared"})

    def test_a_process_is_threaded_or_it_is_not(self):
        """libstdc++ counts otherwise once there has been a second thread: what wants none comes first, all rounds."""
        self.need(THREADED, UNTHREADED)
        done = rcbench(*QUICK, *BOTH, "--rounds", "3", "--variants", f"{UNTHREADED},{THREADED},atomic", "--workloads",
                       "pair,private", "--csv", "rows.csv", cwd=self.folder)
        self.assertIn(done.returncode, (0, 3), done.stderr)  # two threads at once want a machine that has time
        rows = trials(read_rows(self.folder / "rows.csv"))
        self.assertEqual({row["audit"] for row in rows if row["variant"] in (UNTHREADED, THREADED)}, {"passed"})
        self.assertNotIn("skipped", {row["status"] for row in rows})
        order = sorted(rows, key=lambda row: int(row["order"]))
        first = [row["variant"] for row in order[:sum(row["variant"] == UNTHREADED for row in rows)]]
        self.assertEqual(set(first), {UNTHREADED})
        self.assertEqual({row["repetition"] for row in rows if row["variant"] == UNTHREADED}, {"0", "1", "2"})

    def test_a_misspelt_peer_is_refused(self):
        self.need("peer:rust-arc")
        done = rcbench("--variants", "peer:rust-ark", cwd=self.folder)
        self.assertEqual(done.returncode, 2)
        self.assertIn("did you mean 'peer:rust-arc'?", done.stderr)


if __name__ == "__main__":
    unittest.main()
