"""What a run amounts to: the score, the survivors, and what is wrong with the list of known ones."""

from __future__ import annotations

from collections import Counter
from typing import List, Mapping, Sequence

from judge import INVALID, KILLED, SAME_CODE, SURVIVED, Verdict
from mutate import Mutant
from survivors import EQUIVALENT, Entry, Key, written


class Summary:
    """Verdicts beside the list."""

    def __init__(self, verdicts: Mapping[Key, Verdict], entries: Mapping[Key, Entry]) -> None:
        self._verdicts = verdicts
        self._entries = entries
        self._states = Counter(self._state(key) for key in verdicts)

    def _state(self, key: Key) -> str:
        state = self._verdicts[key].state
        if state != SURVIVED:
            return state
        return self._entries[key].kind if key in self._entries else SURVIVED

    def unexplained(self) -> List[Key]:
        return [key for key in self._verdicts if self._state(key) == SURVIVED]

    def score_line(self) -> str:
        states = self._states
        killed, every = states[KILLED], sum(states.values())
        left_out = states[INVALID] + states[SAME_CODE] + states[EQUIVALENT]
        score = f"{100 * killed / (every - left_out):.1f} %" if every > left_out else "no score"
        return (f"{score}: {killed} of {every - left_out} killed; {every} mutants less {states[INVALID]} invalid, "
                f"{states[SAME_CODE]} of the same code, {states[EQUIVALENT]} listed as equivalent; survivors: "
                f"{states['open']} open, {states['kept']} kept, {states[SURVIVED]} unexplained")

    def by_means(self) -> str:
        means = Counter(verdict.by.partition(":")[0] for verdict in self._verdicts.values() if verdict.state == KILLED)
        timeouts = sum(verdict.by.endswith("/timeout") for verdict in self._verdicts.values())
        return "killed by " + ", ".join(f"{name} {count}" for name, count in means.most_common()) + (
            f" ({timeouts} by a timeout)" if timeouts else "")

    def stale(self, generated: Sequence[Mutant], whole: bool) -> List[str]:
        """Entries of mutants that were found, and, after a whole run, of mutants that are no more."""
        files = {mutant.file for mutant in generated}
        keys = {mutant.key for mutant in generated}
        lines = []
        for key, entry in self._entries.items():
            verdict = self._verdicts.get(key)
            if verdict is not None and verdict.state != SURVIVED:
                lines.append(f"survivors.txt:{entry.line}: listed, but {verdict}")
            elif whole and key not in keys and key[0] in files:
                lines.append(f"survivors.txt:{entry.line}: there is no such mutant")
        return lines

    def to_list(self) -> str:
        return "\n".join(written(key) for key in self.unexplained())
