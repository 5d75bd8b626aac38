"""Spoil real files at random, read each as weftnet does, and count what comes of it.

    python scripts/fuzz.py 20000 --out fuzz.json         the long form; counts are added to those in the file
    python scripts/fuzz.py 1 --seed 17                   one input again

Inputs are made of real ones: run folders, checkpoints, exports, competitions, data files of every source, questions,
architectures. One is chosen, spoilt once or several times (cut, bits changed, pieces moved, odd values in JSON), and
read in a forked child with limits of time and memory, so that no input can touch another. Outcomes: a clean error,
accepted, a traceback, over time, over memory. Input number N depends on N alone; a further call goes on with the first
number that was not tried.
"""

import argparse
import math
import os
import random
import shutil
import tempfile
import time
import warnings
from dataclasses import replace
from pathlib import Path

from fuzz_parts.children import ACCEPTED, CLEAN, LARGE, SLOW, TRACEBACK, Ended, forked
from fuzz_parts.inputs import FIXTURES, ROWS, Input, make_inputs
from fuzz_parts.spoiling import sign, spoil
from tally import Tally, table

OUTCOMES = (CLEAN, ACCEPTED, TRACEBACK, SLOW, LARGE)
#: inputs after which the counts are written
_OFTEN = 50


def try_one(number: int, inputs: dict[str, list[Input]], home: Path) -> tuple[str, Input, Ended]:
    """Make and read input number N: its kind, what it was made of, and how that ended."""
    chance = random.Random(number)
    kind = chance.choice(sorted(inputs))
    real = chance.choice(inputs[kind])
    work = home / f"{number}"
    work.mkdir()
    try:
        copy = work / real.place.name
        files = [copy]
        if real.place.is_dir():
            shutil.copytree(real.place, copy)
            files = sorted(path for path in copy.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc"))
        else:
            shutil.copy(real.place, copy)
        if copy.name != "rows.csv":
            (work / "rows.csv").write_text(ROWS)
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            spoil(chance.choice(files), chance)
        if chance.random() < 0.8 and copy.is_dir():
            for folder in {path.parent for path in files}:
                sign(folder)
        os.environ["XDG_CACHE_HOME"] = str(work / "cache")
        ended = forked(lambda: real.read(copy))
        return kind, real, replace(ended, said=ended.said.replace(str(work), "."))
    finally:
        shutil.rmtree(work, ignore_errors=True)


def run(first: int, count: int, tally: Tally, seconds: float = math.inf) -> int:
    """Try inputs, and print those that are neither refused nor accepted; how many those are."""
    warnings.simplefilter("ignore")
    failed, before, end = 0, Path.cwd(), time.perf_counter() + seconds
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        inputs = make_inputs(home)
        os.chdir(FIXTURES)  # by which the fixtures name their data
        try:
            for number in range(first, first + count):
                if time.perf_counter() > end:
                    break
                kind, real, ended = try_one(number, inputs, home)
                most = {"seconds": ended.seconds, "MiB": ended.mebibytes}
                tally.add(kind=kind, form=real.form, outcome=ended.outcome, most=most)
                if ended.outcome not in (CLEAN, ACCEPTED):
                    failed += 1
                    print(f"--seed {number} ({kind}, {real.form}): {ended.outcome}\n{ended.said}", flush=True)
                if number % _OFTEN == _OFTEN - 1:
                    tally.write()
        finally:
            os.chdir(before)
            tally.write()
    return failed


def document(tally: Tally) -> str:
    """The counts of all calls as Markdown: by kind and form, and by commit."""
    counts, rows = tally.total("kind", "form", "outcome"), []
    kept = tally.rows()
    for kind, form in dict.fromkeys(key[:2] for key in sorted(counts)):
        mine = [row for row in kept if (row["kind"], row["form"]) == (kind, form)]
        rows.append([kind, form, *_numbers([counts[kind, form, each] for each in OUTCOMES]), *_most(mine)])
    totals = tally.total("outcome")
    rows.append(["all", "", *_numbers([totals[(each,)] for each in OUTCOMES]), *_most(kept)])
    header = ["kind", "made of", "inputs", *OUTCOMES, "longest, s", "peak, MiB"]
    commits: list[list[object]] = []
    for commit in dict.fromkeys(call["commit"] for call in tally.calls):
        found = tally.rows(commit=commit)
        each = [sum(row["count"] for row in found if row["outcome"] == outcome) for outcome in OUTCOMES]
        commits.append([commit, *_numbers(each)])
    explained = (__doc__ or "").split("\n\n")[2]
    note = "Seconds are those of the processor; memory is beyond that of the process before it reads."
    parts = ["# Spoilt inputs\n", explained, note + "\n", table(header, rows)]
    return "\n".join([*parts, table(["commit", "inputs", *OUTCOMES], commits), tally.circumstances()])


def _numbers(counts: list[int]) -> list[int]:
    return [sum(counts), *counts]


def _most(rows: list[dict[str, float]]) -> list[object]:
    """The longest time and the peak memory of rows."""
    most = [max((row.get(name, 0.0) for row in rows), default=0.0) for name in ("seconds", "MiB")]
    return [round(most[0], 2), round(most[1])]


def main() -> int:
    """Fuzz, print the table; 1 if anything was neither refused nor accepted."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("count", type=int, nargs="?", default=20_000, help="Inputs to try.")
    parser.add_argument("--seed", type=int, help="Number of the first input; default the first that was not tried.")
    parser.add_argument("--seconds", type=float, default=math.inf, help="Begin no further input after so many.")
    parser.add_argument("--out", type=Path, help="NAME.json, to which counts are added; the table is NAME.md.")
    arguments = parser.parse_args()
    began = time.perf_counter()
    tally = Tally(arguments.out and arguments.out.resolve())
    tried = sum(row["count"] for row in tally.rows())
    failed = run(tried if arguments.seed is None else arguments.seed, arguments.count, tally, arguments.seconds)
    text = document(tally)
    print(text)
    if arguments.out:
        arguments.out.with_suffix(".md").write_text(text, encoding="utf-8")
    count = sum(row["count"] for row in tally.rows()) - tried
    print(f"{count} inputs in {time.perf_counter() - began:.0f} s, {failed} failed")
    return bool(failed)


if __name__ == "__main__":
    raise SystemExit(main())
