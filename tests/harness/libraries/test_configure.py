"""The configure step finds the libraries of the peers, or says which package brings each, and goes on without."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from names import REGISTRY
from support import ROOT

# How a library is made to be absent, and its package.
ABSENT = {
    "boost": (("-DRCBENCH_BOOST_INCLUDE_DIR=/absent",), "libboost-dev"),
    "rust": (("-DRCBENCH_RUSTC=/absent/rustc",), "rustc"),
    "glib": ((), "libglib2.0-dev"),
    "std": (("-DRCBENCH_HAVE_LIBSTDCXX=OFF",), "g++"),
}
# pkg-config that knows everything but GLib.
WRAPPER = """#!/bin/sh
case "$*" in *gobject-2.0*) exit 1 ;; esac
exec pkg-config "$@"
"""


class ConfigureTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="rcbench-peers-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        wrapper = cls.folder / "pkg-config-without-glib"
        wrapper.write_text(WRAPPER, encoding="utf-8")
        wrapper.chmod(0o755)
        arguments = [argument for given, _ in ABSENT.values() for argument in given]
        cls.without = cls.configure("without", *arguments, f"-DPKG_CONFIG_EXECUTABLE={wrapper}")

    @classmethod
    def configure(cls, name, *arguments):
        """What it printed, and the registry that it wrote."""
        done = subprocess.run([os.environ["RCBENCH_CMAKE"], "-S", str(ROOT), "-B", str(cls.folder / name), "-G",
                               "Ninja", "-DBUILD_TESTING=OFF", *arguments], text=True, capture_output=True,
                              check=False)
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)
        return done.stdout, (cls.folder / name / "generated/peers.def").read_text(encoding="utf-8")

    def test_a_missing_library_is_reported_with_its_package(self):
        printed, registry = self.without
        for library, (_, package) in ABSENT.items():
            self.assertRegex(printed, rf"(?m)^-- Peers: {library}: not found; .* Install the package "
                                      rf"{re.escape(package)}$")
            for peer in (peer for peer in REGISTRY if peer.library == library):
                self.assertIn(f'MISSING_PEER("{peer.name}", "install the package {package} and configure again")',
                              registry)
        self.assertNotIn("\nPEER(", registry)

    def test_off_builds_none(self):
        printed, registry = self.configure("off", "-DRCBENCH_PEERS=OFF")
        self.assertRegex(printed, r"(?m)^-- Peers: none: ")
        self.assertNotIn("\nPEER(", registry)
        self.assertEqual(registry.count("MISSING_PEER("), len(REGISTRY))


if __name__ == "__main__":
    unittest.main()
