"""scripts/merge: joins runs into one, whose rows keep the run and the machine that they are of."""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
import pandas as pd

from rcb.base.errors import UsageError, not_accepted
from rcb.base.files import read_record, texts_of, write_atomically, write_new
from rcb.rows import rows
from rcb.rows.parse import fields_of
from rcb.rows.rows import Rows

NAME = "merge"
# What two rows of one trial must agree on to be the same row.
CONTENT = ["utc", "order", "seed", "ops", "ns_per_op", "status", "reason"]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:
        raise UsageError(f"{message}; accepted: see scripts/merge --help")


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = _Parser(prog="scripts/merge", allow_abbrev=False)
    parser.add_argument("runs", metavar="RUN", nargs="*", type=Path)
    parser.add_argument("-o", "--out", type=Path)
    parser.add_argument("--allow-mixed", action="store_true")
    parser.add_argument("--no-install", action="store_true")
    found = parser.parse_intermixed_args(list(arguments))
    if not found.runs:
        raise UsageError("no run given; accepted: run directories or trials.csv files")
    if found.out is None:
        raise UsageError("-o: missing; accepted: a new directory, or a file whose name ends in .csv")
    _check_free(found.out)
    return found


def _is_file(out: Path) -> bool:
    return out.suffix == ".csv"


def _check_free(out: Path) -> None:
    """Rows cost minutes to make again: nothing is written over."""
    if str(out) == "-":
        raise UsageError(not_accepted("-o", out, "a name", "a new directory, or a new file whose name ends in .csv"))
    taken = out.exists() and (_is_file(out) or not out.is_dir() or any(out.iterdir()))
    if taken:
        raise UsageError(not_accepted("-o", out, "free: it is there already",
                                      "a new or empty directory, or a new file whose name ends in .csv"))


def _check_machines(runs: Sequence[Rows], records: Sequence[Dict[str, Any]], allow_mixed: bool) -> None:
    machines = [rows.machine_of(run, record) for run, record in zip(runs, records)]
    for run, machine in zip(runs[1:], machines[1:]):
        # A run without a record may be of any processor: then the host alone must agree.
        short = min(len(machine), len(machines[0]))
        if machine[:short] != machines[0][:short]:
            rows.check_machines(run.path, [machines[0], machine], allow_mixed)


def _joined(runs: Sequence[Rows]) -> Tuple[pd.DataFrame, int]:
    """Where each row that stays comes from (file, line), in order, and how many rows were there twice."""
    frame = pd.concat([run.frame.assign(file=place) for place, run in enumerate(runs)], ignore_index=True)
    twice = rows.duplicates(frame)
    same = frame.duplicated([*rows.IDENTITY, *CONTENT]).to_numpy()
    if (twice & ~same).any():
        place = int(np.flatnonzero(twice & ~same)[0])
        row = frame.iloc[place]
        key = tuple(row[name] for name in rows.IDENTITY)
        first = frame[(frame[rows.IDENTITY] == key).all(axis=1)].iloc[0]
        raise UsageError(f"{runs[row['file']].path}:{row['line']}: another trial with the run_id '{row['run_id']}', "
                         f"process and repetition of {runs[first['file']].path}:{first['line']}; accepted: runs with "
                         "different run_ids")
    return frame.loc[~twice, ["file", "line"]], int(twice.sum())


def _texts(path: Path) -> List[bytes]:
    return [line.rstrip(b"\r") for line in path.read_bytes().split(b"\n")]


def _line(fields: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(fields)
    return text.getvalue().encode("utf-8")


def _renamed(line: bytes, names: Sequence[str], wanted: Sequence[str]) -> bytes:
    """A line with its fields under other columns; those that its file lacks are empty."""
    fields = dict(zip(names, fields_of(line)))
    return _line([fields.get(name, "") for name in wanted])


def _content(runs: Sequence[Rows], places: pd.DataFrame) -> bytes:
    """The rows as they were written, byte for byte where all files have the same columns."""
    body: List[bytes] = []
    texts = [_texts(run.path) for run in runs]
    headers = [fields_of(own[0].removeprefix(b"\xef\xbb\xbf")) for own in texts]
    wanted = list(dict.fromkeys(name for header in headers for name in header))
    for place, lines in places.groupby("file", sort=True)["line"]:
        own, header = texts[place], headers[place]
        chosen = [own[line - 1] for line in lines]
        body += chosen if header == wanted else [_renamed(line, header, wanted) for line in chosen]
    return b"\n".join([_line(wanted), *body, b""])


def _merged_record(runs: Sequence[Rows], records: Sequence[Dict[str, Any]]) -> Dict[str, Any]:
    known = [record for record in records if record]
    warnings = list(dict.fromkeys(one for record in known for one in texts_of(record.get("warnings"))))
    return {"schema": 1, "run_id": "+".join(str(record.get("run_id", "")) for record in known),
            "merged": [{"path": str(run.path), **record} for run, record in zip(runs, records)],
            "complete": bool(known) and all(record.get("complete") is True for record in known),
            "failed": any(record.get("failed") is True for record in known),
            "disturbed": any(record.get("disturbed") is True for record in known), "warnings": warnings,
            "machine": known[0].get("machine", {}) if known else {}}


def main(arguments: Sequence[str]) -> int:
    options = _parsed(arguments)
    runs = [rows.read_measured("RUN", run, options.allow_mixed) for run in options.runs]
    records = [read_record(run.path.parent / "run.json") for run in runs]
    _check_machines(runs, records, options.allow_mixed)
    for run in runs:
        for complaint in run.complaints():
            print(f"{NAME}: {complaint}", file=sys.stderr)
    places, twice = _joined(runs)
    content = _content(runs, places)
    path = options.out if _is_file(options.out) else options.out / rows.TRIALS
    if path != options.out:
        options.out.mkdir(parents=True, exist_ok=True)
    try:
        write_new(path, content)
    except FileExistsError as error:
        raise UsageError(not_accepted("-o", options.out, "free: another command has just written there",
                                      "a name of its own for each")) from error
    if path != options.out:
        record = json.dumps(_merged_record(runs, records), indent=2, ensure_ascii=False)
        write_atomically(options.out / "run.json", record + "\n")
    bad = sum(len(run.bad) for run in runs)
    print(f"{NAME}: {len(places)} rows of {len(runs)} files in {path}; left out: {twice} that were there already, "
          f"{bad} bad lines")
    return 0
