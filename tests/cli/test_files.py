"""What happens to the rows when a run does not end well: full disk, Ctrl-C, a kill; and how --resume goes on."""

import csv
import os
import resource
import signal
import time
import unittest

from support import SLOW, Case, rcbench, read_rows, start, trials, wait_for_rows

CELLS = ("--variants", "plain,atomic,biased", "--benchmark_filter=pair/set:1/code:inline/", "--ramp", "0", "--seed",
         "11")
COLUMNS_MIN = 36


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

    def assert_complete(self, rounds):
        """Every cell once in every round, under its final name."""
        self.assertEqual(self.files(), ["rows.csv", "rows.csv.json"])
        rows = [(row["variant"], int(row["repetition"])) for row in self.whole_rows(self.csv) if row["status"] == "ok"]
        self.assertEqual(sorted(rows), [(v, n) for v in ("atomic", "biased", "plain") for n in range(rounds)])

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
        self.run_good(*again, "--resume")
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

    def test_a_killed_run_leaves_whole_rows(self):
        _, process = self.killed_run(signal.SIGKILL, 4, "--window", "20", "--rounds", "100")
        self.assertEqual(process.returncode, -signal.SIGKILL)
        self.assertEqual(self.files(), ["rows.csv.part"])
        self.assertGreaterEqual(len(self.whole_rows(self.part)), 4)


class ResumeTest(FileCase):
    AGAIN = (*CELLS, "--window", "10", "--rounds", "3", "--csv", "rows.csv", "--resume")

    def interrupted(self, with_signal=signal.SIGKILL, rows=4):
        self.killed_run(with_signal, rows, "--window", "10", "--rounds", "3")
        return self.part.read_text(encoding="utf-8")

    def test_goes_on_after_a_kill_and_after_ctrl_c(self):
        for number in (signal.SIGKILL, signal.SIGINT):
            with self.subTest(number):
                before = self.interrupted(number)
                self.run_good(*self.AGAIN)
                self.assert_complete(3)
                self.assertTrue(self.csv.read_text(encoding="utf-8").startswith(before))
                self.csv.unlink()

    def test_a_row_that_was_cut_off_is_measured_again(self):
        before = self.interrupted()
        last = before.splitlines()[-1]
        for cut in (1, len(last) // 2, len(last) - 1, len(last)):
            with self.subTest(cut):
                self.part.write_text(before + last[:cut], encoding="utf-8")
                self.run_good(*self.AGAIN)
                self.assert_complete(3)
                self.csv.unlink()

    def test_a_row_that_lost_its_end_is_measured_again(self):
        before = self.interrupted()
        self.part.write_text(before[:-20], encoding="utf-8")
        self.run_good(*self.AGAIN)
        self.assert_complete(3)

    def test_nothing_to_go_on_with_is_a_new_run(self):
        self.run_good(*self.AGAIN)
        self.assert_complete(3)

    def test_an_empty_file_is_a_new_run(self):
        self.part.write_text("", encoding="utf-8")
        self.run_good(*self.AGAIN)
        self.assert_complete(3)

    def test_a_cut_off_header_is_not_taken_for_another(self):
        before = self.interrupted()
        self.part.write_text(before[:60], encoding="utf-8")
        done = rcbench(*self.AGAIN, cwd=self.folder)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        if done.returncode == 1:
            self.assertEqual(len(self.own_lines(done, "--resume")), 1, done.stderr)

    def test_another_header_is_refused_and_kept(self):
        text = "schema,somebody,elses\n9,1,2\n"
        self.part.write_text(text, encoding="utf-8")
        done = rcbench(*self.AGAIN, cwd=self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(self.own_lines(done, "--resume")), 1, done.stderr)
        self.assertEqual(self.part.read_text(encoding="utf-8"), text)

    def test_rows_of_another_process_stay_and_do_not_count(self):
        self.interrupted()
        self.run_good(*self.AGAIN, "--process", "1")
        rows = self.whole_rows(self.csv)
        self.assertEqual(sum(row["process"] == "1" for row in trials(rows)), 9)
        self.assertGreaterEqual(sum(row["process"] == "0" for row in rows), 4)

    def test_skipped_cells_are_not_repeated(self):
        cells = ("--variants", "plain,atomic", "--workloads", "shared_one", "--threads", "1,2", "--oversubscribe",
                 "--window", "2", "--ramp", "0", "--seed", "5", "--csv", "rows.csv")
        rcbench(*cells, cwd=self.folder)
        self.csv.rename(self.part)
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
