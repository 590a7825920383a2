"""Peers that count wrongly are found out; a peer that the build does not have is refused with what would bring it."""

import json
import os
import subprocess
import unittest

from names import IDLE
from support import CPUS, PATIENCE_S, Case, read_rows

BINARY = os.environ["RCBENCH_BROKEN"]
BOTH = ("--threads", "2") if len(CPUS) > 1 else ("--threads", "2", "--oversubscribe")

POINTS = {"weakref_read": ("--points", "standard")}  # it has none in quick

# Peer, workload, what the reason must hold.
WRONG = (
    ("leak", "pair", "an object of the set has"),
    ("leak", "shared_one", "an object of the set has"),
    ("lose", "pair", "objects died with the last reference to"),
    ("lose", "shared_one", "0 objects died with the last reference to 1"),
    ("order", "handoff", "was not the next"),
    ("weak", "weakref_read", "weak references led nowhere"),
    ("undead", "weakref_read", "led to an object whose last reference was gone"),
    ("process", "pair", "this peer is never ready"),
)


class BrokenTest(Case):
    def broken(self, *arguments):
        environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}  # they leak on purpose
        return subprocess.run([BINARY, *arguments], cwd=self.folder, text=True, capture_output=True, check=False,
                              timeout=PATIENCE_S, env=environment)

    def measure(self, peer, workload):
        """Once more where a busy machine let no thread run within the window: nothing was counted then."""
        for number in range(10):
            name = f"{peer}-{workload}-{number}.csv"
            done = self.broken("--window", "20", "--ramp", "2", *BOTH, "--variants", f"peer:{peer}", "--workloads",
                               workload, *POINTS.get(workload, ()), "--csv", name)
            rows = [row for row in read_rows(self.folder / name) if row["status"] != "skipped"]
            if all(row["reason"] != IDLE for row in rows):
                break
        return done, rows

    def has(self, workload):
        return workload in json.loads(self.broken("--list", "--json").stdout)["workloads"]

    def test_each_wrong_peer_fails_its_audit(self):
        for peer, workload, reason in WRONG:
            with self.subTest(peer=peer, workload=workload):
                if not self.has(workload):
                    self.skipTest(f"there is no workload {workload}")
                done, rows = self.measure(peer, workload)
                self.assertEqual(done.returncode, 1, done.stderr)
                failed = [row for row in rows if row["audit"] == "failed"]
                self.assertTrue(failed)
                self.assertIn(reason, failed[0]["reason"])

    def test_the_right_one_passes_them(self):
        for workload in ("pair", "shared_one", "shared_set", "handoff", "weakref_read"):
            with self.subTest(workload):
                if not self.has(workload):
                    self.skipTest(f"there is no workload {workload}")
                _, rows = self.measure("good", workload)
                self.assertEqual({row["audit"] for row in rows}, {"passed"})

    def test_a_missing_peer_is_refused_with_its_package(self):
        done = self.broken("--variants", "peer:absent", "--plan")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("'peer:absent' is not in this build: install the package libabsent-dev", done.stderr)
        self.assertIn("not in this build: install the package libabsent-dev", self.broken("--list").stdout)


if __name__ == "__main__":
    unittest.main()
