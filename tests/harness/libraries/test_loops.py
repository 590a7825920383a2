"""What is in the timed loops of the peers, in the listing of rcbench itself: they count both times, with the
instructions that they are measured for, and start where ours start. GLib's counting is in its library."""

import os
import subprocess
import unittest

import listing
from names import REGISTRY

# How many atomic instructions the ways around the loop have that call nothing. shared_ptr asks before each count
# whether the process has threads: the ways on which it gets the same answer twice are those that are gone.
ATOMIC = {"peer:std-atomic": {2}, "peer:boost-intrusive": {2}, "peer:rust-arc": {2}, "peer:rust-rc": {0},
          "peer:std-shared_ptr-single": {0}, "peer:boost-intrusive-single": {0}, "peer:boost-local_shared_ptr": {0},
          "peer:std-shared_ptr": {0, 1, 2}, "peer:std-shared_ptr-unthreaded": {0, 1, 2}}
ALIGNMENT = 64


class LoopsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        done = subprocess.run(["objdump", "-d", "--no-show-raw-insn", os.environ["RCBENCH_BINARY"]], check=True,
                              capture_output=True, text=True)
        cls.functions = listing.parse(done.stdout)

    def loops(self):
        """Name and function of each loop that this build has; there must be some where there is any peer."""
        for peer in REGISTRY:
            for loop in ("hot", "set"):
                function = self.functions.get(f"pair_{loop}__{peer.symbol}")
                if function is not None:
                    yield peer.name, function

    def test_all_straight_ways_count_both_times(self):
        for name, function in self.loops():
            if name not in ATOMIC:
                continue
            with self.subTest(function.name):
                # Two counts; AArch64's are a load and a store each.
                straight = [way for way in function.ways() if not way.calls and way.writes >= 2]
                self.assertTrue(straight, "every way around the loop calls a function, or does not count")
                self.assertEqual({way.atomics for way in straight}, ATOMIC[name], "\n\n".join(map(str, straight)))

    def test_functions_start_on_a_line_of_their_own(self):
        for name, function in self.loops():
            with self.subTest(function.name):
                self.assertEqual(function.address % ALIGNMENT, 0, f"{name}: {function.address:#x}")

    def test_every_peer_that_is_linked_has_both_loops(self):
        names = [name for name, _ in self.loops()]
        self.assertEqual({names.count(name) for name in names} - {2}, set())


if __name__ == "__main__":
    unittest.main()
