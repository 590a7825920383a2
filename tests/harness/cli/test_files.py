"""What happens to the rows when a run does not end well: full disk, Ctrl-C, a kill; and how --resume goes on."""

import csv
import os
import resource
import signal
import subprocess
import time
import unittest

from support import SLOW, Case, rcbench, read_rows, start, trials, wait_for_rows

CELLS = ("--variants", "plain,atomic,biased", "--benchmark_filter=pair/set:1/code:inline/", "--ramp", "0", "--seed",
         "11")
COLUMNS_MIN = 36
NEWLINE = b"\n"


class FileCase(Case):
    def setUp(self):
        super().setUp()
        self.csv = self.folder / "rows.csv"
        self.part = self.folder / "rows.csv.part"

    def whole_rows(self, path):
        """All rows of a file in which no line may be cut off."""
        text = path.read_text(encoding="utf-8")
        self.assertTrue(text.endswith("\n"))
        lines = list(csv.reader(text.splitlines()))
        self.assertGreaterEqual(len(lines[0]), COLUMNS_MIN)
        self.assertEqual({len(line) for line in lines}, {len(lines[0])})
        return read_rows(path)

    def assert_one_line_about_csv(self, done):
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(len(self.own_lines(done, "--csv")), 1, done.stderr)
        self.assertIn(".part", self.own_lines(done, "--csv")[0])

    def assert_complete(self, rounds, damaged=None):
        """Every cell once in every round, under its final name; and the damaged lines, where there were any."""
        self.assertEqual(self.files(), ["rows.csv", "rows.csv.json"] + (["rows.csv.part.damaged"] if damaged else []))
        if damaged:
            self.assertEqual((self.folder / "rows.csv.part.damaged").read_bytes(), damaged)
        rows = [(row["variant"], int(row["repetition"])) for row in trials(self.whole_rows(self.csv))]
        self.assertEqual(sorted(rows), [(v, n) for v in ("atomic", "biased", "plain") for n in range(rounds)])

    def run_through(self, *arguments):
        """To the end; a busy machine may leave a trial without a good row."""
        done = rcbench(*arguments, cwd=self.folder)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        return done

    def killed_run(self, with_signal, rows, *arguments):
        """Runs until there are so many rows, then sends the signal. Returns seconds until it ended, and the
        process."""
        self.part.unlink(missing_ok=True)
        process = start(*CELLS, "--csv", "rows.csv", *arguments, cwd=self.folder)
        try:
            wait_for_rows(self.part, rows, process)
            begin = time.monotonic()
            process.send_signal(with_signal)
            process.stdout_text, process.stderr_text = process.communicate(timeout=60)
            return time.monotonic() - begin, process
        finally:
            process.kill()


    def clean(self):
        for path in self.folder.iterdir():
            path.unlink()


class FullDiskTest(FileCase):
    def test_no_space_for_the_first_line(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("there is no /dev/full")
        self.part.symlink_to("/dev/full")
        done = rcbench(*CELLS, "--window", "2", "--csv", "rows.csv", cwd=self.folder)
        self.assert_one_line_about_csv(done)
        self.assertIn("No space left", done.stderr)
        self.assertFalse(self.csv.exists())

    def test_no_space_for_a_later_row(self):
        for limit in (1500, 2000, 2001, 2500):
            with self.subTest(limit):
                done = rcbench(*CELLS, "--window", "2", "--rounds", "20", "--csv", "rows.csv", cwd=self.folder,
                               preexec_fn=lambda n=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (n, n)))
                self.assert_one_line_about_csv(done)
                self.assertEqual(self.files(), ["rows.csv.part"])
                rows = self.whole_rows(self.part)
                self.assertGreater(len(rows), 0)
                self.assertLess(len(rows), 20)
                self.part.unlink()

    def test_a_row_that_did_not_fit_can_be_resumed(self):
        again = (*CELLS, "--window", "2", "--rounds", "3", "--csv", "rows.csv")
        rcbench(*again, cwd=self.folder, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)))
        self.run_through(*again, "--resume")
        self.assert_complete(3)

    def test_a_directory_that_cannot_be_written_to(self):
        done = rcbench(*CELLS, "--window", "2", "--csv", "/proc/rows.csv", cwd=self.folder)
        self.assert_one_line_about_csv(done)
        self.assertIn("/proc/rows.csv.part", done.stderr)

    def test_a_name_that_is_too_long(self):
        done = rcbench(*CELLS, "--window", "2", "--csv", "x" * 252, cwd=self.folder)
        self.assert_one_line_about_csv(done)
        self.assertEqual(self.files(), [])


class InterruptTest(FileCase):
    def test_ctrl_c_ends_within_a_window_and_keeps_the_rows(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                took, process = self.killed_run(number, 2, "--window", "300", "--rounds", "100")
                self.assertEqual(process.returncode, 130)
                self.assertLess(took, 10 if SLOW else 2)
                self.assertIn("rows.csv.part", process.stderr_text)
                self.assertIn("--resume", process.stderr_text)
                self.assertEqual(self.files(), ["rows.csv.part"])
                self.assertGreaterEqual(len(self.whole_rows(self.part)), 2)

    def test_a_long_window_is_cut_short(self):
        process = start(*CELLS, "--window", "600000", "--csv", "rows.csv", cwd=self.folder)
        try:
            wait_for_rows(self.part, 0, process)
            time.sleep(0.5)
            begin = time.monotonic()
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
            self.assertLess(time.monotonic() - begin, 20 if SLOW else 5)
            self.assertEqual(process.returncode, 130)
            self.assertEqual(self.whole_rows(self.part), [])
        finally:
            process.kill()

    def test_ctrl_c_while_objects_are_made(self):
        """The set of a larger cache takes longer to make than the window lasts, so that this is where it comes."""
        for n in range(20):
            process = start("--variants", "plain", "--benchmark_filter=pair/set:L[23]", "--window", "1", "--ramp", "0",
                            "--rounds", "200", cwd=self.folder, stdout=subprocess.DEVNULL)
            try:
                time.sleep(0.3 + 0.017 * n)
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=60)
                self.assertIn(process.returncode, (130, -signal.SIGINT))  # the latter before the first trial
            finally:
                process.kill()

    def test_a_killed_run_leaves_whole_rows(self):
        _, process = self.killed_run(signal.SIGKILL, 4, "--window", "20", "--rounds", "100")
        self.assertEqual(process.returncode, -signal.SIGKILL)
        self.assertEqual(self.files(), ["rows.csv.part"])
        self.assertGreaterEqual(len(self.whole_rows(self.part)), 4)


    def test_a_signal_that_is_ignored_stays_ignored(self):
        """As under nohup, and in the background of a script."""
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                process = start(*CELLS, "--window", "20", "--rounds", "4", "--csv", "rows.csv", cwd=self.folder,
                                preexec_fn=lambda n=number: signal.signal(n, signal.SIG_IGN))
                try:
                    wait_for_rows(self.part, 1, process)
                    process.send_signal(number)
                    self.assertNotEqual(process.communicate(timeout=120), None)
                    self.assertIn(process.returncode, (0, 3))
                    self.assert_complete(4)
                finally:
                    process.kill()
                self.clean()

    def test_a_terminal_that_closes_keeps_the_rows(self):
        _, process = self.killed_run(signal.SIGHUP, 2, "--window", "50", "--rounds", "100")
        self.assertEqual(process.returncode, 130)
        self.assertIn("--resume", process.stderr_text)


class OneWriterTest(FileCase):
    """Two runs that want one file, and a file that goes away under its run."""

    def running(self, *arguments):
        process = start(*CELLS, "--window", "20", "--csv", "rows.csv", *arguments, cwd=self.folder)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        wait_for_rows(self.part, 2, process)
        return process

    def test_a_second_run_is_refused_and_the_first_loses_nothing(self):
        first = self.running("--rounds", "60")
        for more in ((), ("--resume",)):
            done = rcbench(*CELLS, "--window", "2", "--csv", "rows.csv", *more, cwd=self.folder)
            self.assert_one_line_about_csv(done)
            self.assertIn("is being written by another rcbench", done.stderr)
        self.assertIsNone(first.poll(), "it has ended: no second run was refused beside it")
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=60)
        rows = [(row["cell"], row["repetition"]) for row in self.whole_rows(self.part) if row["status"] == "ok"]
        self.assertEqual(len(rows), len(set(rows)))

    def test_a_file_that_is_removed_is_written_again(self):
        for remove in (lambda: self.part.unlink(), lambda: self.part.rename(self.folder / "elsewhere")):
            process = self.running("--rounds", "8")
            remove()
            _, errors = process.communicate(timeout=120)
            self.assertIn(process.returncode, (0, 3), errors)
            self.assertEqual(errors.count("written again with all its rows"), 1, errors)
            (self.folder / "elsewhere").unlink(missing_ok=True)
            self.assert_complete(8)
            self.clean()

    def test_a_file_that_cannot_be_written_again_ends_the_run(self):
        process = self.running("--rounds", "1000")
        self.clean()
        self.folder.rmdir()
        _, errors = process.communicate(timeout=60)
        self.folder.mkdir()
        self.assertEqual(process.returncode, 1, errors)
        self.assertIn("was removed by another program and cannot be written again", errors)

    def test_a_file_that_another_program_shortens_or_replaces_ends_the_run(self):
        def replace():
            self.part.rename(self.folder / "elsewhere")
            self.part.write_text("something else\n", encoding="utf-8")

        for change, word in ((lambda: os.truncate(self.part, 100), "shortened"), (replace, "replaced")):
            process = self.running("--rounds", "1000")
            change()
            _, errors = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 1, errors)
            self.assertIn(f"was {word} by another program", errors)
            self.clean()


class StreamTest(FileCase):
    """Standard streams that are closed, and a full disk behind standard output."""

    def test_closed_streams_take_no_message_into_the_rows(self):
        for closed in ((0,), (1,), (2,), (0, 1, 2)):
            with self.subTest(closed):
                process = start(*CELLS, "--window", "2", "--csv", "rows.csv", cwd=self.folder, stdout=None,
                                stderr=None, preexec_fn=lambda fds=closed: [os.close(fd) for fd in fds])
                self.assertIn(process.wait(timeout=120), (0, 3))
                self.assert_complete(1)
                self.assertNotIn("rcbench:", self.csv.read_text(encoding="utf-8"))
                self.clean()

    @unittest.skipUnless(os.path.exists("/dev/full"), "there is no /dev/full")
    def test_full_output_is_one_line_and_status_1(self):
        for arguments in (("--list",), ("--help",), ("--plan", "--threads", "1"), ("--machine", "-"),
                          (*CELLS, "--window", "2")):
            with self.subTest(arguments), open("/dev/full", "w", encoding="utf-8") as full:
                done = rcbench(*arguments, cwd=self.folder, stdout=full)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertEqual(sum("cannot be written" in line for line in done.stderr.splitlines()), 1, done.stderr)

    def test_threads_that_cannot_be_started_are_one_line(self):
        if SLOW:
            self.skipTest("a sanitizer needs more address space than the limit leaves")
        done = rcbench("--variants", "atomic", "--workloads", "shared_one", "--oversubscribe", "--threads", "100",
                       "--window", "2", cwd=self.folder,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20)))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("rcbench: no further thread can be started", done.stderr)
        self.assertNotIn("terminate called", done.stderr)


class OutputTest(FileCase):
    """--machine and --topology-out."""

    def test_nothing_is_overwritten_and_a_dash_is_standard_output(self):
        for flag, begin in (("--machine", "{"), ("--topology-out", "<?xml")):
            path = self.folder / "there"
            path.write_text("mine\n", encoding="utf-8")
            done = rcbench(flag, "there", cwd=self.folder)
            self.assertEqual(done.returncode, 2)
            self.assertRegex(done.stderr, rf"^rcbench: {flag}: 'there' is there already[^\n]*\n$")
            self.assertEqual(path.read_text(encoding="utf-8"), "mine\n")
            self.assertTrue(self.run_good(flag, "-").stdout.startswith(begin))
            self.run_good(flag, "new")
            self.assertEqual(self.files(), ["new", "there"])
            (self.folder / "new").unlink()

    def test_a_dash_is_no_file_of_rows(self):
        done = rcbench(*CELLS, "--csv", "-", cwd=self.folder)
        self.assertEqual((done.returncode, self.files()), (2, []))
        self.assertIn("--csv: '-' is not a plain file", done.stderr)

    def test_facts_beside_other_rows_are_kept(self):
        (self.folder / "rows.csv.json").write_text("{}", encoding="utf-8")
        done = rcbench(*CELLS, "--csv", "rows.csv", cwd=self.folder)
        self.assertEqual((done.returncode, self.files()), (2, ["rows.csv.json"]))


class ResumeTest(FileCase):
    AGAIN = (*CELLS, "--window", "10", "--rounds", "3", "--csv", "rows.csv", "--resume")

    def interrupted(self, with_signal=signal.SIGKILL, rows=4):
        self.killed_run(with_signal, rows, "--window", "10", "--rounds", "3")
        return self.part.read_text(encoding="utf-8")

    def test_goes_on_after_a_kill_and_after_ctrl_c(self):
        for number in (signal.SIGKILL, signal.SIGINT):
            with self.subTest(number):
                before = self.interrupted(number)
                self.run_through(*self.AGAIN)
                self.assert_complete(3)
                self.assertTrue(self.csv.read_text(encoding="utf-8").startswith(before))
                self.clean()

    def test_a_row_that_was_cut_off_is_measured_again(self):
        before = self.interrupted()
        last = before.splitlines()[-1]
        for cut in (1, len(last) // 2, len(last) - 1, len(last)):
            with self.subTest(cut):
                self.part.write_text(before + last[:cut], encoding="utf-8")
                done = self.run_through(*self.AGAIN)
                self.assertIn("1 damaged line of 'rows.csv.part' set aside", done.stderr)
                self.assert_complete(3, last[:cut].encode() + b"\n")
                self.clean()

    def test_a_row_that_lost_its_end_is_measured_again(self):
        before = self.interrupted()
        self.part.write_text(before[:-20], encoding="utf-8")
        self.run_through(*self.AGAIN)
        self.assert_complete(3, before[:-20].splitlines()[-1].encode() + b"\n")

    def test_damaged_lines_are_set_aside_and_all_others_kept(self):
        self.interrupted(rows=7)
        header, *rows = self.part.read_bytes().splitlines(keepends=True)
        damages = (("zeros", {1: b"\0" * 40 + b"\n"}), ("two joined", {1: rows[1][:-30], 2: rows[2]}),
                   ("letters in a number", {3: rows[3].replace(b",11,", b",1l,")}), ("a blank line", {0: b"\n"}),
                   ("first and last", {0: rows[0][9:], len(rows) - 1: rows[-1][:50]}),
                   ("all", dict.fromkeys(range(len(rows)), b"nothing\n")))
        for name, changes in damages:
            with self.subTest(name):
                changed = [changes.get(place, row) for place, row in enumerate(rows)]
                self.part.write_bytes(b"".join([header, *changed]))
                lost = b"".join(changes[place] for place in sorted(changes))
                done = self.run_through(*self.AGAIN)
                self.assertIn(f"{lost.rstrip().count(NEWLINE) + 1} damaged line", done.stderr)
                self.assert_complete(3, lost if lost.endswith(NEWLINE) else lost + NEWLINE)
                kept = b"".join(row for place, row in enumerate(rows) if place not in changes)
                self.assertTrue(self.csv.read_bytes().startswith(header + kept))
                self.clean()

    def test_damaged_lines_that_cannot_be_copied_stay(self):
        self.interrupted()
        self.part.write_bytes(self.part.read_bytes() + b"half a row")
        before = self.part.read_bytes()
        (self.folder / "rows.csv.part.damaged").mkdir()
        done = rcbench(*self.AGAIN, cwd=self.folder)
        self.assert_one_line_about_csv(done)
        self.assertEqual(self.part.read_bytes(), before)

    def test_a_further_repetition_that_is_there_hides_no_missing_one(self):
        self.interrupted(rows=7)
        header, *rows = self.part.read_bytes().splitlines(keepends=True)
        trial = [(one["cell"], one["repetition"]) for one in read_rows(self.part)]
        self.part.write_bytes(header + b"".join(row for row, own in zip(rows, trial) if own != trial[0]))
        self.run_through(*self.AGAIN)
        self.assert_complete(3)

    def test_nothing_to_go_on_with_is_a_new_run(self):
        self.run_through(*self.AGAIN)
        self.assert_complete(3)

    def test_an_empty_file_is_a_new_run(self):
        self.part.write_text("", encoding="utf-8")
        self.run_through(*self.AGAIN)
        self.assert_complete(3)

    def test_a_cut_off_header_is_not_taken_for_another(self):
        before = self.interrupted()
        self.part.write_text(before[:60], encoding="utf-8")
        self.run_through(*self.AGAIN)
        self.assert_complete(3, before[:60].encode() + b"\n")

    def test_another_header_is_refused_and_kept(self):
        text = "schema,somebody,elses\n9,1,2\n"
        self.part.write_text(text, encoding="utf-8")
        done = rcbench(*self.AGAIN, cwd=self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(self.own_lines(done, "--resume")), 1, done.stderr)
        self.assertEqual(self.part.read_text(encoding="utf-8"), text)

    def test_rows_of_another_process_stay_and_do_not_count(self):
        self.interrupted()
        self.run_through(*self.AGAIN, "--process", "1")
        rows = self.whole_rows(self.csv)
        self.assertEqual(sum(row["process"] == "1" for row in trials(rows)), 9)
        self.assertGreaterEqual(sum(row["process"] == "0" for row in rows), 4)

    def test_skipped_cells_are_not_repeated(self):
        cells = ("--variants", "plain,atomic", "--workloads", "shared_one", "--threads", "1,2", "--oversubscribe",
                 "--window", "2", "--ramp", "0", "--seed", "5", "--csv", "rows.csv")
        rcbench(*cells, cwd=self.folder)
        self.csv.rename(self.part)
        (self.folder / "rows.csv.json").rename(self.folder / "before.json")
        rcbench(*cells, "--resume", cwd=self.folder)
        skipped = [row["cell"] for row in self.whole_rows(self.csv) if row["status"] == "skipped"]
        self.assertEqual(skipped, ["scaling/shared_one/plain/threads:2"])

    def test_rows_that_are_there_are_not_lost(self):
        self.interrupted()
        before = self.part.read_bytes()
        done = rcbench(*self.AGAIN[:-1], cwd=self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^rcbench: --csv: [^\n]*--resume goes on with them\n$")
        self.assertEqual(self.part.read_bytes(), before)
        self.part.rename(self.csv)
        done = rcbench(*self.AGAIN[:-1], cwd=self.folder)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(self.csv.read_bytes(), before)

    def test_rows_of_another_placement_are_refused(self):
        self.interrupted()
        done = rcbench(*self.AGAIN, "--placement", "compact", cwd=self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("another --placement", done.stderr)


if __name__ == "__main__":
    unittest.main()
