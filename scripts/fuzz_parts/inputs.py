"""The real inputs that are spoilt, by kind: data of every source, questions, run folders, exports, architectures …"""

import gzip
import json
import lzma
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from fuzz_parts.readers import (
    read_architecture,
    read_checkpoint,
    read_competition,
    read_data,
    read_export,
    read_question,
    read_run,
)

from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.run.loading import load

#: rows with the columns of the runs that are asked
ROWS = "area,town,floor,review\n" + "70.5,Bonn,2,a good film\n" * 3
ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures" / "run_format_1"
_NAMES = ("digits", "table", "text")


@dataclass(frozen=True)
class Input:
    """A real input.

    Args:
        form: its name in the table.
        place: a file or a folder to be spoilt.
        read: what weftnet does with it.
    """

    form: str
    place: Path
    read: Callable[[Path], object]


def make_inputs(home: Path) -> dict[str, list[Input]]:
    """Real inputs of every kind, below a folder."""
    data, runs = home / "data", home / "runs"
    data.mkdir(parents=True)
    chance = np.random.default_rng(0)
    _tables(data, chance)
    _arrays(data, chance)
    _pictures(data, chance)
    _recordings(data, chance)
    for name in _NAMES:
        shutil.copytree(FIXTURES / name, runs / name)
    architectures = sorted((ROOT / "examples").rglob("*.yaml")) + sorted((ROOT / "tests" / "broken").glob("*.yaml"))
    return {
        "data": [Input(_form(path), path, read_data) for path in sorted(data.iterdir())],
        "question": _questions(home / "questions", data, runs),
        "run": [Input(path.name, path, read_run) for path in sorted(runs.iterdir())],
        "checkpoint": [Input("state", _checkpoints(home / "checkpoints"), read_checkpoint)],
        "competition": [Input("competition", _competition(home / "competitions"), read_competition)],
        "export": _exports(home / "exports", runs),
        "architecture": [Input("yaml", path, read_architecture) for path in architectures],
    }


def _form(path: Path) -> str:
    return path.name if path.is_dir() else "".join(path.suffixes).removeprefix(".")


def _tables(data: Path, chance: np.random.Generator) -> None:
    import pyarrow as pa
    from pyarrow import feather, parquet

    table: dict[str, list[Any]] = {
        "size": chance.normal(size=60).round(3).tolist(),
        "colour": chance.choice(["red", "green", "blue"], 60).tolist(),
        "note": [f"word{n % 7} other{n % 3}" for n in range(60)],
        "day": [f"2024-01-{n % 28 + 1:02d}" for n in range(60)],
        "label": chance.choice(["yes", "no"], 60).tolist(),
    }
    rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    lines = [",".join(table), *(",".join(map(str, row.values())) for row in rows)]
    text = "\n".join(lines) + "\n"
    (data / "a.csv").write_text(text)
    (data / "a.csv.gz").write_bytes(gzip.compress(text.encode()))
    (data / "a.tsv").write_text(text.replace(",", "\t"))
    (data / "b.jsonl").write_text("".join(json.dumps({**row, "in": {"x": [1, 2]}}) + "\n" for row in rows))
    (data / "c.json").write_text(json.dumps(rows))
    parquet.write_table(pa.table(table), data / "d.parquet")
    feather.write_feather(pa.table(table), data / "e.feather")
    (data / "i.txt").write_text("to be or not to be, that is the question. " * 60)
    parts, hive = data / "train and test", data / "partitions"
    parts.mkdir()
    (parts / "train.csv").write_text("\n".join(lines[:41]) + "\n")
    (parts / "test.csv").write_text("\n".join([lines[0], *lines[41:]]) + "\n")
    for number in range(2):
        (hive / f"label={number}").mkdir(parents=True)
        parquet.write_table(pa.table({"size": table["size"][number::2]}), hive / f"label={number}" / "0.parquet")


def _arrays(data: Path, chance: np.random.Generator) -> None:
    x, y = chance.normal(size=(40, 6)).astype(np.float32), chance.integers(0, 3, 40)
    np.savez(data / "f.npz", x=x, y=y)
    np.savez_compressed(data / "g.deflated.npz", x=x, y=y)
    np.save(data / "h.npy", x)
    (data / "h.npy.xz").write_bytes(lzma.compress((data / "h.npy").read_bytes()))


def _pictures(data: Path, chance: np.random.Generator) -> None:
    from PIL import Image

    for number in range(6):
        for label in ("cat", "dog"):
            picture = Image.fromarray(chance.integers(0, 255, (8, 8, 3), dtype=np.uint8))
            for kind in ("png", "gif", "tiff", "jpeg", "bmp", "webp"):
                (data / kind / label).mkdir(parents=True, exist_ok=True)
                picture.save(data / kind / label / f"{number}.{kind}")


def _recordings(data: Path, chance: np.random.Generator) -> None:
    try:
        import soundfile
    except ImportError:
        print("no recordings: soundfile is not installed", file=sys.stderr)
        return
    for kind in ("wav", "flac", "ogg"):
        for number in range(8):
            place = data / kind / "ab"[number % 2]
            place.mkdir(parents=True, exist_ok=True)
            soundfile.write(place / f"{number}.{kind}", chance.normal(size=800) / 9, 8000)


def _questions(home: Path, data: Path, runs: Path) -> list[Input]:
    """What is asked of runs that are intact: tables, texts, pictures."""
    home.mkdir()
    (home / "rows.csv").write_text(ROWS)
    (home / "rows.json").write_text(json.dumps([{"area": 70.5, "town": "Bonn", "floor": 2}] * 3))
    (home / "texts.txt").write_text("a good film\nnothing to see\n" * 5)
    shutil.copytree(data / "png" / "cat", home / "pictures")
    table, text, digits = (load(runs / name) for name in ("table", "text", "digits"))
    asked = {"rows.csv": table, "rows.json": table, "texts.txt": text, "pictures": digits}
    return [Input(name, home / name, partial(read_question, loaded)) for name, loaded in asked.items()]


def _network() -> Architecture:
    return Architecture.of(Chain((Block("flatten"), Block("dense", {"dim": 4}), Block("relu"))))


def _checkpoints(home: Path) -> Path:
    """A run that was stopped, with its checkpoints."""
    from weftnet.data import open_data
    from weftnet.tasks import TASKS
    from weftnet.train import Recipe, fit
    from weftnet.train.checkpoint import Checkpoints

    digits, clear = open_data("digits"), Checkpoints.clear
    Checkpoints.clear = lambda self: None  # type: ignore[method-assign]
    try:
        task = TASKS.get("classification").from_data(digits)
        run = fit(_network(), task, digits, Recipe(steps=3, checkpoint_every=0.0), home / "run")
    finally:
        Checkpoints.clear = clear  # type: ignore[method-assign]
    run.record(status="stopped")
    return run.folder


def _competition(home: Path) -> Path:
    """A competition of two seeds."""
    from contextlib import redirect_stdout
    from io import StringIO

    from weftnet.architecture.spec import to_yaml
    from weftnet.cli.commands.fit import FitOptions, fit_command

    home.mkdir()
    (home / "net.yaml").write_text(to_yaml(_network()), encoding="utf-8")
    recipe = {"steps": 2, "plan": "eager"}
    with redirect_stdout(StringIO()):
        fit_command(
            FitOptions("digits", archs=[str(home / "net.yaml")], recipe=recipe, seeds=(0, 1), jobs=1, out=home / "fit")
        )
    return home / "fit"


def _exports(home: Path, runs: Path) -> list[Input]:
    try:
        from weftnet.export import write
    except ImportError:
        print("no exports: onnx is not installed", file=sys.stderr)
        return []
    home.mkdir()
    for name in _NAMES:
        write(load(runs / name), home / name)
    return [Input(name, home / name, read_export) for name in _NAMES]
