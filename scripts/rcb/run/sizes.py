"""How many processes and rounds a run has, and of which window, so that it keeps to its profile's time."""

from __future__ import annotations

import math
from typing import List

from rcb.run.binary import Plan
from rcb.run.options import Options, Profile

# Of a profile's time, this share goes to trials; the rest is for the plan, the report and what estimates miss.
TRIAL_SHARE = 0.85
WINDOW_LEAST_MS = 10.0

# Where a round takes so long that there are few: so many of all cells, if there is time for them, since an interval of
# two processes is wide; and beyond those a share of the time, the rest being for the cells of one thread.
FULL_LEAST = 3
FULL_SHARE = 0.5


class Sizes:
    """How many processes and rounds, of which window: the profile's, unless told, within the profile's time."""

    def __init__(self, options: Options, profile: Profile) -> None:
        self.processes = options.processes or profile.processes
        self.repetitions = options.repetitions or profile.repetitions
        self.window_ms = options.window or profile.window_ms
        self.adaptive = profile.budget_s is not None and options.repetitions is None
        self._budget_s = (profile.budget_s or math.inf) * TRIAL_SHARE
        # So that FULL_LEAST rounds of all cells fit, on a machine of any size; who names counts of threads gets those.
        self.within_s = self._budget_s / FULL_LEAST if self.adaptive and options.threads is None else None
        self._most = profile.repetitions_max
        self._may_drop = options.processes is None
        self._may_shorten = options.window is None
        self.short_processes = profile.short_processes if self.adaptive and self._may_drop else 0

    def fit(self, plan: Plan) -> bool:
        """Fits the sizes to a plan's estimate; True where the window changed and a new plan is needed."""
        if not self.adaptive or plan.round_s <= 0:
            return False
        rounds = int(self._budget_s / plan.round_s)
        full = int(rounds * FULL_SHARE) if self.short_processes else rounds
        few = self._may_drop and full < self.processes
        if few:
            self.processes = max(1, min(rounds, FULL_LEAST), full)
        self.repetitions = 1 if few else min(self._most, max(1, rounds // self.processes))
        if rounds >= 1 or not self._may_shorten or self.window_ms <= WINDOW_LEAST_MS:
            return False
        self.window_ms = max(WINDOW_LEAST_MS, self.window_ms * self._budget_s / plan.round_s)
        return True

    def keep(self) -> None:
        """From now on nothing is fitted: the run has its sizes."""
        self.adaptive, self.short_processes = False, 0

    def left_s(self, elapsed_s: float) -> float:
        """Of the profile's time for trials."""
        return self._budget_s - elapsed_s

    def refit(self, rounds: List[int], done: int, elapsed_s: float) -> List[int]:
        """New rounds for the processes that are still to come, now that some have shown how long a round takes."""
        made, left = sum(rounds[:done]), len(rounds) - done
        if not self.adaptive or not made or not left:
            return rounds
        fitting = int((self._budget_s - elapsed_s) / (elapsed_s / made))
        if fitting < left and self._may_drop:
            left = max(0, fitting)
        # What is planned is not exceeded where short processes are to use the time.
        most = self.repetitions if self.short_processes else self._most
        each = min(most, max(1, fitting // left)) if left else 0
        return rounds[:done] + [each if place < left else 0 for place in range(len(rounds) - done)]
