"""What each variant is, as the binary that measured it says: so that no other script needs to know a variant's name."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Dict, Iterator, Mapping, Optional, Tuple

from rcb.base.files import read_record

FREE, SINGLE = "free", "single"


@dataclass(frozen=True)
class Traits:
    """One variant; docs/schema.md explains what each means. threads_max 0: no limit."""

    name: str
    scheme: str
    mode: str
    gil: bool = False
    counts: bool = True
    frees: bool = True
    exact_audit: bool = True
    late: bool = False
    immortal: bool = False
    traced: bool = False
    thread_safe: bool = False
    threads_max: int = 0
    object_bytes: int = 16
    stands_for: str = ""

    @property
    def is_bound(self) -> bool:
        """Counts nothing or frees nothing: shows what could be gained, and is nothing to choose."""
        return not (self.counts and self.frees)

    @property
    def is_choice(self) -> bool:
        return self.mode == FREE and not self.is_bound

    @property
    def is_plain_gil(self) -> bool:
        """Under a GIL, with counts that need one."""
        return self.gil and not self.thread_safe and not self.is_bound


class Variants:
    """The variants of a run in the order of its binary's list."""

    def __init__(self, found: Mapping[str, Traits]) -> None:
        self._found = dict(found)

    def __iter__(self) -> Iterator[Traits]:
        return iter(self._found.values())

    def __len__(self) -> int:
        return len(self._found)

    def of(self, name: str) -> Optional[Traits]:
        return self._found.get(name)

    @property
    def choices(self) -> Tuple[Traits, ...]:
        """What a runtime without a GIL could use: threads at once, counts, and memory that comes back by them."""
        return tuple(one for one in self if one.is_choice)

    @property
    def bounds(self) -> Tuple[Traits, ...]:
        """What a choice could gain at most: no counts, or no memory that comes back by them."""
        return tuple(one for one in self if one.is_bound)

    def baseline(self, name: Optional[str] = None) -> Optional[Traits]:
        """What free-threaded schemes are compared with: the named variant, or today's interpreter with a GIL (immortal
        objects), or else one with a GIL before those. None: the run has no such variant."""
        if name is not None:
            return self.of(name)
        found = [one for one in self if one.is_plain_gil]
        return next((one for one in found if one.immortal), next(iter(found), None))

    @property
    def single_baseline(self) -> Optional[Traits]:
        """What the cost of a scheme on one thread is compared with."""
        return next((one for one in self if one.mode == SINGLE and not one.is_bound), None)

    @property
    def twin(self) -> Optional[Traits]:
        """The same scheme and mode as single_baseline, compiled again: their difference is noise."""
        base = self.single_baseline
        return next((one for one in self if base is not None and one.name != base.name
                     and (one.scheme, one.mode) == (base.scheme, base.mode)), None)


_COUNTED = Traits("", "", FREE, thread_safe=True)
_SINGLE = Traits("", "plain", SINGLE, threads_max=1)
_GIL = Traits("", "plain", "gil", gil=True)
_UNCOUNTED = Traits("", "", FREE, counts=False, frees=False, exact_audit=False, late=True, immortal=True,
                    thread_safe=True)


def _older() -> Dict[str, Traits]:
    """The variants of runs whose records do not say what they are: rcbench had these, and under no name another."""
    found = {
        "none": replace(_UNCOUNTED, scheme="none",
                        stands_for="nothing counted, nothing freed: the floor where no object is made"),
        "plain": replace(_SINGLE, stands_for="one thread, no other runtime around it"),
        "plain_twin": replace(_SINGLE, stands_for="plain compiled again: how much the two differ is noise"),
        "atomic_seqcst": replace(_COUNTED, scheme="atomic_seqcst", stands_for="a count made _Atomic and nothing else"),
        "atomic": replace(_COUNTED, scheme="atomic", stands_for="Rust's Arc, libstdc++'s threaded shared_ptr"),
        "biased": replace(_COUNTED, scheme="biased", immortal=True, late=True, object_bytes=32,
                          stands_for="free-threaded CPython (PEP 703)"),
        "escape": replace(_COUNTED, scheme="escape", immortal=True, stands_for="Lean 4, Koka"),
        "gil": replace(_GIL, stands_for="CPython until 3.11"),
        "gil_atomic": replace(_GIL, scheme="atomic", thread_safe=True,
                              stands_for='the experiment "atomic counts in CPython" with nothing else changed'),
        "gil_immortal": replace(_GIL, scheme="immortal", immortal=True,
                                stands_for="CPython 3.12 and later, with a GIL"),
        "tracing": replace(_UNCOUNTED, scheme="tracing", traced=True,
                           stands_for="PyPy, Jython, IronPython: no counts, a collector that traces"),
    }
    return {name: replace(traits, name=name) for name, traits in found.items()}


OLDER = _older()


def _traits(name: str, said: Any) -> Optional[Traits]:
    """A record as traits; None where it is damaged."""
    if not isinstance(said, Mapping):
        return None
    values: Dict[str, Any] = {"name": name}
    for field in fields(Traits):
        if field.name == "name":
            continue
        kind = {"bool": bool, "int": int, "str": str}[str(field.type)]
        value = said.get(field.name)
        if field.name == "stands_for" and value is None:
            value = ""
        if type(value) is not kind:
            return None
        values[field.name] = value
    return Traits(**values)


def _said(record: Mapping[str, Any]) -> Dict[str, Traits]:
    """What run.json, that of a merged run, or a companion file of rows says."""
    found: Dict[str, Traits] = {}
    merged = record.get("merged")
    for one in (record, *(merged if isinstance(merged, list) else ())):
        machine = one.get("machine", one) if isinstance(one, Mapping) else None
        variants = machine.get("variants") if isinstance(machine, Mapping) else None
        for name, said in variants.items() if isinstance(variants, Mapping) else ():
            traits = _traits(str(name), said)
            if traits is not None:
                found.setdefault(traits.name, traits)
    return found


def read(record: Mapping[str, Any], modes: Optional[Mapping[str, str]] = None) -> Variants:
    """The variants of a record; of those alone that `modes`, the mode of each variant in the rows, names. One of the
    rows that nothing is known of is taken for a scheme that counts and frees."""
    known = _said(record) or OLDER
    if modes is None:
        return Variants(known)
    found = {name: traits for name, traits in known.items() if name in modes}
    for name, mode in modes.items():
        unknown = Traits(name, "", mode, gil=mode == "gil", thread_safe=mode == FREE, threads_max=int(mode == SINGLE))
        found.setdefault(name, OLDER.get(name, unknown))
    return Variants(found)


def record_beside(rows: Path) -> Dict[str, Any]:
    """The record that describes a file of rows: run.json of its directory, or the companion that rcbench --csv
    writes."""
    return read_record(rows.with_name("run.json")) or read_record(rows.with_name(rows.name + ".json"))
