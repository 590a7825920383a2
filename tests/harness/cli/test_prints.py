"""What rcbench prints without measuring: help, versions, lists, plans, the machine."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest
from dataclasses import replace

from support import BINARY, CPUS, QUICK, ROOT, Case, rcbench

sys.path.insert(0, str(ROOT / "scripts"))

from rcb.base.errors import RelayedUsageError  # noqa: E402
from rcb.run.binary import Binary, Plan, Settings  # noqa: E402

TOPOLOGIES = ROOT / "tests/harness/placement/topologies"


class PrintTest(Case):
    def test_help_names_every_option(self):
        text = self.run_good("--help").stdout
        for flag in ("variants", "workloads", "threads", "placement", "window", "csv", "seed", "plan", "topology",
                     "list", "json", "cells", "oversubscribe", "help, -h", "version", "resume", "benchmark_filter"):
            self.assertIn(f"--{flag}", text)
        self.assertTrue(all(len(line) <= 120 for line in text.splitlines()))
        self.assertEqual(self.run_good("-h").stdout, text)

    def test_version_names_the_libraries(self):
        text = self.run_good("--version").stdout
        self.assertRegex(text, r"(?m)^rcbench \d+\.\d+")
        for line in (r"Google Benchmark \d", r"hwloc \d", r"allocator (jemalloc \d|system)", r"compiler .*\d"):
            self.assertRegex(text, f"(?m)^{line}")

    def test_list_has_all_of_the_registries(self):
        text = self.run_good("--list").stdout
        variants = re.findall(r"^VARIANT\(([a-z0-9_]+),", (ROOT / "variants/variants.def").read_text("utf-8"), re.M)
        workloads = re.findall(r"^([a-z]\w*)$", (ROOT / "bench/workloads/workloads.def").read_text("utf-8"), re.M)
        self.assertGreaterEqual(len(variants), 10)
        self.assertGreaterEqual(len(workloads), 17)
        for name in variants + workloads:
            self.assertRegex(text, rf"(?m)^  {name} ")

    def test_list_keeps_to_what_was_chosen(self):
        text = self.run_good("--list", "--variants", "plain", "--workloads", "pair").stdout
        self.assertNotIn("biased", text)
        self.assertNotIn("handoff", text)

    def test_machine_is_json(self):
        self.run_good("--machine", "machine.json")
        self.assertIn("warnings", json.loads((self.folder / "machine.json").read_text("utf-8")))

    def machine(self, *before, **environment):
        done = subprocess.run([*before, BINARY, "--machine", "-"], cwd=self.folder, text=True,
                              capture_output=True, check=False, env={**os.environ, **environment})
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_machine_has_the_variables_that_move_numbers(self):
        found = self.machine(MALLOC_CONF="narenas:1", GLIBC_TUNABLES="glibc.malloc.arena_max=1", RCBENCH_OTHER="x")
        self.assertEqual({name: found["environment"].get(name) for name in ("MALLOC_CONF", "GLIBC_TUNABLES")},
                         {"MALLOC_CONF": "narenas:1", "GLIBC_TUNABLES": "glibc.malloc.arena_max=1"})
        self.assertNotIn("RCBENCH_OTHER", found["environment"])
        self.assertTrue(any("MALLOC_CONF is set (narenas:1)" in warning for warning in found["warnings"]))
        self.assertFalse(any("is set (" in warning for warning in self.machine()["warnings"]))

    def test_addresses_that_are_fixed_for_this_process_alone(self):
        if shutil.which("setarch") is None or subprocess.run(["setarch", "-R", "true"], check=False).returncode != 0:
            self.skipTest("setarch -R cannot be had")
        self.assertEqual(self.machine("setarch", "-R")["aslr"], 0)

    def test_machine_has_how_it_is_scheduled(self):
        found = self.machine("nice", "-n", "3")
        self.assertEqual((found["nice"], found["scheduler"]), (os.nice(0) + 3, "other"))

    def test_machine_has_the_traits_of_all_variants(self):
        self.run_good("--machine", "machine.json")
        found = json.loads((self.folder / "machine.json").read_text("utf-8"))["variants"]
        listed = re.findall(r"^(?:TRACED_)?VARIANT\(([a-z0-9_]+),",
                            (ROOT / "variants/variants.def").read_text("utf-8"), re.M)
        self.assertEqual([name for name in listed if name in found], list(found))
        page = re.findall(r"^\| `(\w+)` \| (\w+) x (\w+) \| (.*) \|$",
                          (ROOT / "variants/README.md").read_text("utf-8"), re.M)
        self.assertEqual([one[0] for one in page], listed)
        for name, scheme, mode, stands_for in page:
            if name in found:
                said = found[name]
                self.assertEqual((said["scheme"], said["mode"], said["stands_for"]),
                                 (scheme, mode, stands_for.replace("`", "")))
                self.assertEqual(said["gil"], mode == "gil")
                self.assertEqual(said["counts"], name not in ("none", "tracing"))
                self.assertIn(f"  {said['stands_for']}\n", self.run_good("--list").stdout)
        self.assertNotIn(None, [value for said in found.values() for value in said.values()])

    def test_the_companion_of_rows_is_what_machine_writes(self):
        self.run_good(*QUICK, "--variants", "plain", "--workloads", "churn", "--csv", "rows.csv")
        self.run_good("--machine", "machine.json")
        self.assertEqual(self.files(), ["machine.json", "rows.csv", "rows.csv.json"])
        beside, alone = (json.loads((self.folder / name).read_text("utf-8"))
                         for name in ("rows.csv.json", "machine.json"))
        self.assertEqual(list(beside), list(alone))
        self.assertEqual(beside["variants"], alone["variants"])

    def test_no_companion_where_a_run_has_a_record_of_its_own(self):
        self.run_good(*QUICK, "--variants", "plain", "--workloads", "churn", "--csv", "rows.csv",
                      env={**os.environ, "RCBENCH_RUN_ID": "mine"})
        self.assertEqual(self.files(), ["rows.csv"])

    def test_topology_out_is_xml_that_can_be_planned_for(self):
        self.run_good("--topology-out", "here.xml")
        self.assertTrue((self.folder / "here.xml").read_text("utf-8").startswith("<?xml"))
        plan = self.run_good("--plan", "--topology", "here.xml", "--workloads", "pair", "--variants", "plain").stdout
        self.assertIn(f"{len(CPUS)} CPUs", plan)

    def test_a_file_that_cannot_be_written(self):
        for flag in ("--machine", "--topology-out"):
            with self.subTest(flag):
                done = rcbench(flag, "missing/file", cwd=self.folder)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertEqual(len(self.own_lines(done, flag)), 1)


class PlanTest(Case):
    def plan(self, *arguments):
        """name -> (CPUs, "run" or "skipped", reason)"""
        text = self.run_good("--plan", *arguments).stdout
        cells = {}
        for line in text.splitlines():
            if not line.startswith("#"):
                name, cpus, state, *reason = line.split(maxsplit=3)
                cells[name] = (cpus, state, " ".join(reason))
        return text, cells

    def test_cells_have_cpus_or_a_reason(self):
        text, cells = self.plan("--threads", "1,2", "--oversubscribe")
        self.assertEqual(cells["overhead/pair/set:L1/biased/threads:1"][1], "run")
        cpus, state, reason = cells["scaling/shared_one/plain/threads:2"]
        self.assertEqual(state, "skipped")
        self.assertIn("plain is not safe for more than 1 thread", reason)
        for name, (cpus, state, reason) in cells.items():
            self.assertEqual(len(cpus.split("+")), int(name.rsplit(":", 1)[1]), name)
            self.assertTrue(set(map(int, cpus.split("+"))) <= set(CPUS), name)
            self.assertEqual(state == "skipped", reason != "", name)
        self.assertNotIn("plan only", text)
        self.assertEqual(self.files(), [])

    def test_counts_of_the_last_line(self):
        text, cells = self.plan("--workloads", "shared_one,pair")
        match = re.search(r"# (\d+) cells to run, (\d+) skipped", text)
        states = [state for _, state, _ in cells.values()]
        self.assertEqual((int(match[1]), int(match[2])), (states.count("run"), states.count("skipped")))

    def test_csv_is_not_written(self):
        self.plan("--csv", "rows.csv", "--variants", "plain")
        self.assertEqual(self.files(), [])

    def test_placement_none_names_no_cpu(self):
        _, cells = self.plan("--placement", "none", "--workloads", "pair")
        self.assertEqual({cpus for cpus, _, _ in cells.values()}, {"any"})

    def test_synthetic_topology(self):
        text, cells = self.plan("--topology", "pack:2 core:4 pu:2", "--workloads", "shared_one", "--variants",
                                "atomic")
        self.assertIn("# plan only: for the topology 'pack:2 core:4 pu:2', not for this machine", text)
        self.assertEqual([name.rsplit(":", 1)[1] for name in cells], ["1", "2", "4", "8", "16"])

    def test_placements_differ_on_a_big_topology(self):
        seen = set()
        for placement in ("compact", "cores", "scatter"):
            _, cells = self.plan("--topology", "pack:2 core:4 pu:2", "--workloads", "shared_one", "--variants",
                                 "atomic", "--threads", "4", "--placement", placement)
            seen.add(cells["scaling/shared_one/atomic/threads:4"][0])
        self.assertEqual(len(seen), 3)

    def test_xml_topologies(self):
        for file in sorted(TOPOLOGIES.glob("*.xml")):
            with self.subTest(file.name):
                text, cells = self.plan("--topology", str(file), "--workloads", "shared_one", "--variants", "biased")
                self.assertIn("# plan only: for the topology", text)
                self.assertIn("scaling/shared_one/biased/threads:1", cells)

    def test_a_plan_names_the_kinds_of_cores_that_it_uses_and_leaves(self):
        hybrid = ("--topology", str(TOPOLOGIES / "hybrid.xml"), "--workloads", "shared_one", "--variants", "atomic")
        performance = "8 CPUs (0-7) of IntelCore, up to 5000 MHz"
        efficiency = "4 CPUs (8-11) of IntelAtom, up to 3800 MHz"
        text, cells = self.plan(*hybrid)
        self.assertIn(f"\n# cores used: {performance}\n# cores left: {efficiency}; --all-kinds uses them, too\n", text)
        self.assertIn("scaling/shared_one/atomic/threads:8", cells)
        text, cells = self.plan(*hybrid, "--all-kinds")
        self.assertIn(f"\n# cores used: {performance}; {efficiency}\n", text)
        self.assertNotIn("left", text)
        self.assertIn("scaling/shared_one/atomic/threads:12", cells)

    def test_cores_that_are_favoured_are_no_kind_of_their_own(self):
        text, cells = self.plan("--topology", str(TOPOLOGIES / "favoured-cores.xml"), "--workloads", "shared_one",
                                "--variants", "atomic")
        self.assertIn("8 CPUs on 4 cores", text)
        self.assertNotIn("left", text)
        self.assertIn("scaling/shared_one/atomic/threads:8", cells)

    def test_more_threads_than_the_topology_has(self):
        text, cells = self.plan("--topology", "core:2 pu:1", "--threads", "1,4", "--oversubscribe", "--workloads",
                                "shared_one", "--variants", "atomic")
        self.assertEqual(cells["scaling/shared_one/atomic/threads:4"][:2], ("0+1+0+1", "run"))

    def test_a_round_fits_on_machines_of_every_size(self):
        def quick(topology):
            text, cells = self.plan("--points", "quick", "--window", "20", "--within", "51", "--topology", topology)
            return float(re.search(r"about ([0-9.]+) s per round", text)[1]), cells

        for topology, most in (("core:1 pu:1", 1), ("core:2 pu:1", 2), ("core:8 pu:1", 8), ("core:32 pu:2", 64),
                               ("pack:2 core:96 pu:2", 384), ("pack:8 core:128 pu:8", 8192)):
            with self.subTest(topology):
                seconds, cells = quick(topology)
                self.assertLess(seconds, 51)
                counts = {int(name.rsplit(":", 1)[1]) for name, (_, state, _) in cells.items() if state == "run"}
                self.assertLessEqual({1, min(2, most), most}, counts)
                self.assertGreaterEqual(len(counts), min(5, len(f"{most:b}")))
                self.assertEqual(cells["scaling/shared_one/atomic/threads:%d" % most][1], "run")
                self.assertEqual(cells["scaling/shared_one/gil/threads:%d" % min(2, most)][1], "run")
                _, state, reason = cells["scaling/shared_one/gil/threads:%d" % most]
                self.assertEqual(state == "skipped", most > 4)
                self.assertEqual("--within 51" in reason, most > 4)

    def test_what_fits_is_left_alone(self):
        small = ("--topology", "pack:2 core:4 pu:2", "--workloads", "shared_one")
        self.assertEqual(self.plan(*small)[1], self.plan(*small, "--within", "3600")[1])

    def test_a_choice_does_not_depend_on_the_filter(self):
        big = ("--topology", "core:32 pu:2", "--window", "20", "--within", "51")
        _, all_cells = self.plan(*big)
        _, some = self.plan(*big, "--benchmark_filter=shared_one")
        self.assertEqual(some, {name: cell for name, cell in all_cells.items() if "shared_one" in name})

    def test_cells_of_a_file(self):
        names = ["scaling/shared_one/atomic/threads:1", "overhead/pair/set:L1/biased/threads:1",
                 "overhead/churn/plain/threads:1"]
        (self.folder / "cells").write_text("\n".join([*names, names[0]]), encoding="utf-8")
        _, all_cells = self.plan("--threads", "1")
        _, cells = self.plan("--threads", "1", "--cells", "cells")
        self.assertEqual(list(cells), [name for name in all_cells if name in names])
        self.assertEqual(len(cells), 3)
        _, cells = self.plan("--threads", "1", "--cells", "cells", "--benchmark_filter=pair", "--leave-out",
                             "overhead/call/plain/threads:1," + names[1])
        self.assertEqual([(names[1], "skipped")], [(name, state) for name, (_, state, _) in cells.items()])

    def test_points_grow_with_the_profile(self):
        counts = [len(self.plan("--points", points)[1]) for points in ("quick", "standard", "full")]
        self.assertLess(counts[0], counts[1])
        self.assertLess(counts[1], counts[2])



class JsonTest(Case):
    """--json says the same as the text, in a form that programs can read."""

    def test_list(self):
        found = json.loads(self.run_good("--list", "--json").stdout)
        text = self.run_good("--list").stdout
        own, listed = text.split("\nworkloads (")
        self.assertEqual(re.findall(r"^  ([a-z]\S*) ", own, re.M),
                         [*found["variants"], *found["peers"], *found["missing_peers"]])
        self.assertEqual(re.findall(r"^  ([a-z]\w*) +([a-z]+) +(.+)$", listed, re.M),
                         [(name, one["driver"], one["summary"]) for name, one in found["workloads"].items()])
        self.assertEqual(re.findall(r"^ {20,}(\S.*)$", listed, re.M),
                         [params for one in found["workloads"].values() for params in one["parameters"]])
        self.assertEqual(set(found["drivers"]), {one["driver"] for one in found["workloads"].values()})
        self.run_good("--machine", "machine.json")
        self.assertEqual(json.loads((self.folder / "machine.json").read_text("utf-8"))["variants"], found["variants"])

    def test_list_keeps_to_what_was_chosen(self):
        found = json.loads(self.run_good("--list", "--json", "--variants", "plain", "--workloads", "pair").stdout)
        self.assertEqual((["plain"], {}, {}, ["pair"]), (list(found["variants"]), found["peers"],
                                                         found["missing_peers"], list(found["workloads"])))

    def test_plan(self):
        for arguments in (("--threads", "1,2", "--oversubscribe", "--seed", str(2**64 - 1)),
                          ("--placement", "none", "--benchmark_filter=pair", "--seed", "7"),
                          ("--topology", str(TOPOLOGIES / "hybrid.xml"), "--workloads", "shared_one", "--seed", "1")):
            with self.subTest(arguments):
                found = json.loads(self.run_good("--plan", "--json", *arguments).stdout)
                lines = self.run_good("--plan", *arguments).stdout.splitlines()
                head = "\n".join(line for line in lines if line.startswith("#"))
                self.assertEqual([line.split(maxsplit=3) for line in lines if not line.startswith("#")],
                                 [[one["cell"], one["cpus"], one["state"]] + ([one["reason"]] if one["reason"] else [])
                                  for one in found["cells"]])
                self.assertIn("# placement {placement}, {cpus} CPUs on {cores} cores, seed {seed}\n".format(**found), head)
                self.assertIn("# {run} cells to run, {skipped} skipped, about ".format(**found), head)
                self.assertAlmostEqual(float(re.search(r"about ([0-9.]+) s", head)[1]), found["round_s"], delta=0.06)
                for key, words in (("topology", "for the topology '{}'"), ("cores_used", "cores used: {}"),
                                   ("cores_left", "cores left: {}")):
                    self.assertEqual(found[key] is not None, words.split("{")[0] in head)
                    self.assertIn(words.format(found[key]) if found[key] else "", head)


class ScriptsTest(Case):
    """scripts/run is tested with a stand-in for the binary; this is the real one, asked in the same way."""

    def test_what_they_ask(self):
        names = ("overhead/churn/plain/threads:1", "scaling/shared_one/plain/threads:2")
        binary = Binary(pathlib.Path(BINARY))
        settings = Settings("quick", 20.0, threads="1,2", oversubscribe=True)
        whole = json.loads(self.run_good("--plan", "--json", "--points", "quick", "--window", "20", "--threads", "1,2",
                                         "--oversubscribe").stdout)
        self.assertEqual(binary.plan(settings), Plan(whole["run"], whole["skipped"], whole["round_s"]))
        some = binary.plan(replace(settings, cells=names))
        self.assertEqual((some.cells, some.skipped), (1, 1))
        self.assertLess(some.round_s, whole["round_s"] / 10)
        self.assertEqual(binary.has_peers(), rcbench("--peers", "--list", cwd=self.folder).returncode == 0)
        with self.assertRaisesRegex(RelayedUsageError, "^rcbench: --cells: '.*' line 2: 'none' is no cell"):
            binary.plan(replace(settings, cells=(names[0], "none")))


class FewerThreadsTest(Case):
    @unittest.skipUnless(len(CPUS) > 1, "one CPU alone")
    def test_a_count_that_no_cell_has_is_told(self):
        done = self.run_good("--plan", "--workloads", "churn", "--variants", "plain", "--threads", "1,2")
        self.assertEqual(done.stderr, "rcbench: --threads: no cell has 2 threads: what was chosen is made for 1\n")
        for threads, workloads in (("1", "churn"), ("1,2", "churn,shared_one")):
            self.assertEqual(self.run_good("--plan", "--workloads", workloads, "--threads", threads).stderr, "")


if __name__ == "__main__":
    unittest.main()
