"""Spoil real files at random, read each as weftnet does, and count what comes of it.

    python scripts/fuzz.py 20000          the long form
    python scripts/fuzz.py 1 --seed 17           one input again

Inputs are made of real ones: run folders, checkpoints, exports, data files of every source, architectures. One is
chosen, spoilt once or several times (cut, bits changed, pieces moved, odd values in JSON), and read in a forked child
with limits of time and memory, so that no input can touch another. Outcomes: a clean error, accepted, a traceback,
over time, over memory. Input number N depends on N alone.
"""

import argparse
import gzip
import io
import json
import math
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SECONDS, BYTES = 20, 2**30
CLEAN, ACCEPTED, TRACEBACK, SLOW, LARGE = "clean error", "accepted", "traceback", "over 20 s", "over 1 GiB"
#: what may stand where something else should
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 7, 10**9, 10**12, 10**30, -0.5, float("nan"), float("inf"), "", "x", "../../etc/passwd", "a\0b",
    "\ud800", "é" * 300, [], [1], ["a", 3], [[]], {}, {"a": 1}, [10**12], "vector:3", [[[[[[1]]]]]], "1e999",
)  # fmt: skip


@dataclass(frozen=True)
class Corpus:
    """Real inputs of one kind.

    Args:
        place: a file or a folder to be spoilt.
        read: what weftnet does with it.
    """

    place: Path
    read: Callable[[Path], object]


def _bytes(path: Path, chance: random.Random) -> None:
    """Cut, change bits, remove, repeat or insert a piece."""
    content = bytearray(path.read_bytes())
    if not content:
        return
    at, length = chance.randrange(len(content)), chance.choice((1, 2, 4, 8, 64, 1024))
    match chance.randrange(6):
        case 0:
            del content[at:]
        case 1:
            for _ in range(length.bit_length()):
                content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        case 2:
            del content[at : at + length]
        case 3:
            content[at:at] = content[at : at + length] * chance.choice((1, 3, 100))
        case 4:
            content[at : at + length] = chance.randbytes(length)
        case _:
            content[at : at + 4] = chance.choice(
                (b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff", b"\0\0\0\x80", b'"', b"\n", b"[" * 99)
            )
    path.write_bytes(content)


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield tree, key
        yield from _places(value)


def _json(path: Path, chance: random.Random) -> None:
    """Something odd in one place of the JSON, or that place away."""
    document = json.loads(path.read_text(encoding="utf-8"))
    places = list(_places(document))
    if not places:
        return
    holder, key = chance.choice(places)
    if (choice := chance.randrange(len(ODD) + 2)) < len(ODD):
        holder[key] = ODD[choice]
    elif isinstance(holder, dict) and choice == len(ODD):
        holder[str(key) + "?"] = holder.pop(key)
    else:
        del holder[key]
    path.write_text(json.dumps(document), encoding="utf-8")


def _text(path: Path, chance: random.Random) -> None:
    """Words and numbers of a text changed for others, or lines moved."""
    text = path.read_text(encoding="utf-8")
    words = text.replace("\n", " \n ").split(" ")
    for _ in range(chance.randint(1, 3)):
        words[chance.randrange(len(words))] = (
            str(chance.choice([*ODD[:-1], *words])).encode("utf-8", "replace").decode()
        )
    path.write_text(" ".join(words).replace(" \n ", "\n"), encoding="utf-8")


def spoil(path: Path, chance: random.Random) -> None:
    """Spoil a file, in a way that its ending suggests or byte by byte."""
    try:
        if chance.random() < 0.75 and path.suffix in (".json", ".jsonl", ".yaml", ".csv", ".txt", ".tsv"):
            (_json if path.suffix == ".json" else _text)(path, chance)
            return
        if path.suffix == ".gz" and chance.random() < 0.5:
            plain = path.with_suffix("")
            plain.write_bytes(gzip.decompress(path.read_bytes()))
            spoil(plain, chance)
            path.write_bytes(gzip.compress(plain.read_bytes()))
            plain.unlink()
            return
    except (ValueError, OSError, EOFError, RecursionError, zlib.error):
        pass  # spoilt before: byte by byte then
    _bytes(path, chance)


def sign(folder: Path) -> None:
    """Make checksums right again, as somebody with bad intentions would."""
    import hashlib

    for name in ("run.json", "manifest.json"):
        try:
            document = json.loads((folder / name).read_text(encoding="utf-8"))
            for each in document["files"]:
                content = (folder / each).read_bytes()
                document["files"][each] = hashlib.sha256(content).hexdigest()
                if "sizes" in document:
                    document["sizes"][each] = len(content)
            (folder / name).write_text(json.dumps(document), encoding="utf-8")
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            continue
    for state in folder.glob("checkpoints/*/state.json"):
        try:
            facts = json.loads(state.read_text(encoding="utf-8"))["state"]
            facts["tensors"] = hashlib.sha256((state.parent / "state.safetensors").read_bytes()).hexdigest()
            checksum = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
            state.write_text(json.dumps({"sha256": checksum, "state": facts}), encoding="utf-8")
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            continue


def read_data(path: Path) -> None:
    """Open it and encode the first rows."""
    from weftnet.data import open_data

    data = open_data(str(path))
    for split in data.sizes:
        next(iter(data.batches(split, 8)), None)


def read_run(folder: Path) -> None:
    """Verify, load, answer, compare."""
    from weftnet.answer.predict import of_source
    from weftnet.compete.compare import compare
    from weftnet.run.folder import Run
    from weftnet.run.loading import load

    Run.open(folder).history  # noqa: B018
    loaded = load(folder)
    for row in sorted(folder.parent.glob("rows.*")):
        list(of_source(loaded, str(row)).answers)
    compare([folder])


def read_checkpoint(folder: Path) -> None:
    """Resume it."""
    from weftnet.train import resume

    resume(folder)


def read_export(folder: Path) -> None:
    """Open it and answer."""
    from weftnet.answer.main import answers
    from weftnet.answer.runner import open_export

    list(answers(open_export(folder, threads=1), sorted(folder.parent.glob("rows.*"))))


def read_architecture(path: Path) -> None:
    """Check it."""
    from weftnet.architecture.reading import load
    from weftnet.architecture.signal import parse
    from weftnet.compose import resolve

    for part, node in load(path).parts.items():
        resolve(node, {"x": parse("image:1x8x8")}, part)


def make_corpus(home: Path) -> dict[str, list[Corpus]]:
    """Real inputs of every kind, below a folder."""
    import numpy as np
    import pyarrow as pa
    from PIL import Image
    from pyarrow import feather, parquet

    from weftnet.architecture.spec import Architecture, Block, Chain
    from weftnet.data import open_data
    from weftnet.tasks import TASKS
    from weftnet.train import Recipe, fit
    from weftnet.train.checkpoint import Checkpoints

    chance, data = np.random.default_rng(0), home / "data"
    data.mkdir(parents=True)
    table = {
        "size": chance.normal(size=60).round(3).tolist(),
        "colour": chance.choice(["red", "green", "blue"], 60).tolist(),
        "note": [f"word{n % 7} other{n % 3}" for n in range(60)],
        "day": [f"2024-01-{n % 28 + 1:02d}" for n in range(60)],
        "label": chance.choice(["yes", "no"], 60).tolist(),
    }
    rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    lines = [",".join(table), *(",".join(map(str, row.values())) for row in rows)]
    (data / "a.csv").write_text("\n".join(lines) + "\n")
    (data / "a.csv.gz").write_bytes(gzip.compress((data / "a.csv").read_bytes()))
    (data / "b.jsonl").write_text("".join(json.dumps({**row, "in": {"x": [1, 2]}}) + "\n" for row in rows))
    (data / "c.json").write_text(json.dumps(rows))
    parquet.write_table(pa.table(table), data / "d.parquet")
    feather.write_feather(pa.table(table), data / "e.feather")
    x, y = chance.normal(size=(40, 6)).astype(np.float32), chance.integers(0, 3, 40)
    np.savez(data / "f.npz", x=x, y=y)
    np.savez_compressed(data / "g.npz", x=x, y=y)
    np.save(data / "h.npy", x)
    (data / "i.txt").write_text("to be or not to be, that is the question. " * 60)
    for number in range(6):
        for label in ("cat", "dog"):
            picture = Image.fromarray(chance.integers(0, 255, (8, 8, 3), dtype=np.uint8))
            for kind in ("png", "gif", "tiff", "jpeg", "bmp", "webp"):
                (data / kind / label).mkdir(parents=True, exist_ok=True)
                picture.save(data / kind / label / f"{number}.{kind}")
    try:
        import soundfile

        for kind in ("wav", "flac", "ogg"):
            for number in range(8):
                place = data / f"{kind}s" / "ab"[number % 2]
                place.mkdir(parents=True, exist_ok=True)
                soundfile.write(place / f"{number}.{kind}", chance.normal(size=800) / 9, 8000)
    except ImportError:
        print("no recordings: soundfile is not installed", file=sys.stderr)
    corpora = {"data": [Corpus(path, read_data) for path in sorted(data.iterdir())]}
    fixtures = ROOT / "tests" / "fixtures" / "run_format_1"
    runs = home / "runs"
    for name in ("digits", "table", "text"):
        shutil.copytree(fixtures / name, runs / name)
    corpora["run"] = [Corpus(path, read_run) for path in sorted(runs.iterdir())]
    digits, keep = open_data("digits"), Checkpoints.clear
    network = Architecture.of(Chain((Block("flatten"), Block("dense", {"dim": 4}), Block("relu"))))
    Checkpoints.clear = lambda self: None  # type: ignore[method-assign]
    task = TASKS.get("classification").from_data(digits)
    run = fit(network, task, digits, Recipe(steps=3, checkpoint_every=0.0), home / "checkpoints" / "run")
    Checkpoints.clear = keep  # type: ignore[method-assign]
    run.record(status="stopped")
    corpora["checkpoint"] = [Corpus(run.folder, read_checkpoint)]
    try:
        from weftnet.export import write
        from weftnet.run.loading import load

        (home / "exports").mkdir()
        corpora["export"] = []
        for name in ("digits", "table", "text"):
            write(load(runs / name), home / "exports" / name)
            corpora["export"].append(Corpus(home / "exports" / name, read_export))
    except ImportError:
        print("no exports: onnx is not installed", file=sys.stderr)
    architectures = sorted((ROOT / "examples").rglob("*.yaml")) + sorted((ROOT / "tests" / "broken").glob("*.yaml"))
    corpora["architecture"] = [Corpus(path, read_architecture) for path in architectures]
    return corpora


def try_one(number: int, corpora: dict[str, list[Corpus]], home: Path) -> tuple[str, str, str]:
    """Make and read input number N: its kind, the outcome, and what was said."""
    chance = random.Random(number)
    kind = chance.choice(sorted(corpora))
    corpus = chance.choice(corpora[kind])
    work = home / f"{number}"
    work.mkdir()
    try:
        copy = work / corpus.place.name
        files = [copy]
        if corpus.place.is_dir():
            shutil.copytree(corpus.place, copy)
            files = sorted(path for path in copy.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc"))
        else:
            shutil.copy(corpus.place, copy)
        (work / "rows.csv").write_text("size,colour,note,review,area\n1,red,a b,good film,3\n")
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            spoil(chance.choice(files), chance)
        if chance.random() < 0.8 and copy.is_dir():
            sign(copy)
        return kind, *_forked(lambda: corpus.read(copy))
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _forked(action: Callable[[], object]) -> tuple[str, str]:
    """The outcome of an action in a child of its own."""
    receive, send = os.pipe()
    if not (child := os.fork()):
        os.close(receive)
        outcome, said = _within_limits(action)
        os.write(
            send,
            f"{outcome}\n{said}"[-3000:].encode("utf-8", "replace")
            if len(said) > 2900
            else f"{outcome}\n{said}".encode("utf-8", "replace"),
        )
        os._exit(0)
    os.close(send)
    with os.fdopen(receive, encoding="utf-8", errors="replace") as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    outcome, _, said = text.partition("\n")
    if not outcome:
        number = os.waitstatus_to_exitcode(status)
        return (SLOW, "") if number in (-signal.SIGALRM, -signal.SIGXCPU) else (TRACEBACK, f"ended by signal {-number}")
    return outcome, said


def _within_limits(action: Callable[[], object]) -> tuple[str, str]:
    from weftnet.errors import WeftnetError

    own = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    resource.setrlimit(resource.RLIMIT_AS, (own + 4 * BYTES,) * 2)
    resource.setrlimit(
        resource.RLIMIT_CPU, (SECONDS, SECONDS + 1)
    )  # of this process alone, however busy the machine is
    said, outcome = "", ACCEPTED
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            action()
    except WeftnetError as error:
        try:
            outcome, said = CLEAN, str(error)
        except Exception:
            outcome, said = TRACEBACK, traceback.format_exc()
    except BaseException:
        outcome, said = TRACEBACK, traceback.format_exc()
    if (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 > BYTES:
        outcome = LARGE
    return outcome, said


def run(
    first: int, count: int, verbose: bool = True, seconds: float = math.inf
) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Try inputs: how many of each kind and outcome, and a line for each that is neither refused nor accepted."""
    import warnings

    warnings.simplefilter("ignore")
    counts: Counter[tuple[str, str]] = Counter()
    failed: list[str] = []
    before, end = Path.cwd(), time.perf_counter() + seconds
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        corpora = make_corpus(home)
        os.chdir(ROOT / "tests" / "fixtures" / "run_format_1")  # by which the fixtures name their data
        try:
            for number in range(first, first + count):
                if time.perf_counter() > end:
                    break
                kind, outcome, said = try_one(number, corpora, home)
                counts[kind, outcome] += 1
                if outcome not in (CLEAN, ACCEPTED):
                    failed.append(f"--seed {number} ({kind}): {outcome}\n{said}")
                    if verbose:
                        print(failed[-1], flush=True)
        finally:
            os.chdir(before)
    return counts, failed


def table(counts: Counter[tuple[str, str]]) -> str:
    """The counts as Markdown."""
    outcomes = (CLEAN, ACCEPTED, TRACEBACK, SLOW, LARGE)
    lines = ["| inputs | " + " | ".join(outcomes) + " |", "| --- |" + " ---: |" * len(outcomes)]
    for kind in sorted({kind for kind, _ in counts}):
        lines.append(f"| {kind} | " + " | ".join(str(counts[kind, outcome]) for outcome in outcomes) + " |")
    total = [sum(count for (_, each), count in counts.items() if each == outcome) for outcome in outcomes]
    return "\n".join([*lines, "| all | " + " | ".join(map(str, total)) + " |"])


def main() -> int:
    """Fuzz, print the table; 1 if anything was neither refused nor accepted."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("count", type=int, nargs="?", default=20_000, help="Inputs to try.")
    parser.add_argument("--seed", type=int, default=0, help="Number of the first input.")
    parser.add_argument("--seconds", type=float, default=math.inf, help="Begin no further input after so many.")
    arguments = parser.parse_args()
    began = time.perf_counter()
    counts, failed = run(arguments.seed, arguments.count, seconds=arguments.seconds)
    print(table(counts))
    print(f"{counts.total()} inputs in {time.perf_counter() - began:.0f} s, {len(failed)} failed")
    return bool(failed)


if __name__ == "__main__":
    raise SystemExit(main())
