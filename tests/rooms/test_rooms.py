"""Includes and imports between rooms run downwards only: no arrow up, and so no circle. A room that is new gets its floor
here, above all that it uses."""

import ast
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s+"((?:core|variants|bench)/[^"]+)"', re.MULTILINE)
PROTOTYPE = re.compile(r"^static [^={}]*\)\s*;$", re.MULTILINE)

# From the ground up.
C_FLOORS = (
    "core/base", "core/scheme", "core/memory", "core/threads", "core/object", "core/weak", "core/types", "core/gc", "core",
    "variants/modes", "variants/schemes", "variants",
    "bench/base", "bench/noise", "bench/machine", "bench/memory", "bench/registry", "bench/workloads", "bench/libraries",
    "bench/plan", "bench/trial", "bench/rows", "bench/gbench", "bench/cli",
)
PYTHON_FLOORS = ("base", "stats", "rows", "machine", "answers", "runtimes", "run", "report", "compare", "commands")
# Where a function of a room above may be declared without being included.
HOOKS = ("core/scheme/contract.h", "core/threads/hooks.h")


def room_of(path):
    parts = path.split("/")
    return "/".join(parts[:2]) if len(parts) > 2 else parts[0]


def sources():
    for top in ("core", "variants", "bench"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in (".c", ".h", ".cc"):
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def upward(arrows, floors):
    """Arrows that do not lead to a lower floor, and rooms that have none."""
    floor = {room: number for number, room in enumerate(floors)}
    for where, room, other in arrows:
        if room not in floor or other not in floor:
            yield f"{where}: the room {room if room not in floor else other} has no floor in this test"
        elif room != other and floor[other] >= floor[room]:
            yield f"{where}: {room} must not use {other}"


class RoomsTest(unittest.TestCase):
    def test_includes(self):
        arrows = [(name, room_of(name), room_of(other)) for name, text in sources() for other in INCLUDE.findall(text)]
        self.assertGreater(len(arrows), 200)
        self.assertEqual([], list(upward(arrows, C_FLOORS)))

    def test_benchmarks_name_no_scheme(self):
        for name, text in sources():
            if name.startswith("bench/"):
                self.assertNotRegex(text, r'#\s*include\s+"variants/(schemes|modes)/', name)

    def test_nothing_is_declared_past_the_includes(self):
        """A prototype of a static function whose definition is in another room is an arrow too."""
        rooms = {}
        for name, text in sources():
            rooms[room_of(name)] = rooms.get(room_of(name), "") + text
        for name, text in sources():
            for found in PROTOTYPE.findall(text) if name.startswith("core/") and name not in HOOKS else ():
                function = re.search(r"(\w+)\(", found).group(1)
                defined = re.search(rf"\b{function}\([^;{{]*\)\s*\{{", rooms[room_of(name)])
                self.assertTrue(defined, f"{name} declares {function}, which another room defines")

    def test_imports(self):
        arrows = []
        for path in sorted((ROOT / "scripts/rcb").glob("*/*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("rcb."):
                    arrows.append((path.relative_to(ROOT).as_posix(), path.parent.name, node.module.split(".")[1]))
        self.assertGreater(len(arrows), 200)
        self.assertEqual([], list(upward(arrows, PYTHON_FLOORS)))

    def test_report_alone_draws(self):
        for path in sorted((ROOT / "scripts/rcb").glob("*/*.py")):
            if path.parent.name != "report":
                self.assertNotRegex(path.read_text(encoding="utf-8"), r"(?m)^\s*(import|from) matplotlib", path.name)

    def test_an_arrow_up_is_found(self):
        self.assertEqual(["x: core/base must not use core/gc", "y: the room core/attic has no floor in this test"],
                         list(upward([("x", "core/base", "core/gc"), ("y", "core/attic", "core/base")], C_FLOORS)))


if __name__ == "__main__":
    unittest.main()
