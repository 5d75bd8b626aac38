"""Ways to spoil a run folder, by accident or on purpose, and what may then be tried with it."""

import hashlib
import json
import random
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from odd_json import ODD, places

from weftnet.compete.compare import compare
from weftnet.data.opening import reopen
from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.train import resume

FIXTURES = Path(__file__).parents[1] / "fixtures" / "run_format_1"
FILES = (
    "run.json",
    "architecture.yaml",
    "recipe.json",
    "data.json",
    "weights.safetensors",
    "metrics.json",
    "history.jsonl",
)
JSON = ("run.json", "recipe.json", "data.json", "metrics.json")
DEEP = "[" * 100_000 + "]" * 100_000
BOMB = "a: &a [x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefghijkl", "bcdefghijklm", strict=True)
)


def sign(folder: Path) -> None:
    """Make the manifest right again, as somebody with bad intentions would."""
    try:
        document = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        for name in document["files"]:
            content = (folder / name).read_bytes()
            document["files"][name] = hashlib.sha256(content).hexdigest()
            document["sizes"][name] = len(content)
        (folder / "run.json").write_text(json.dumps(document), encoding="utf-8")
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return


def everything(folder: Path, raw: dict[str, list[Any]]) -> Iterator[Callable[[], Any]]:
    """All that is done with a run, one after another."""
    yield lambda: Run.open(folder).verify()
    yield lambda: Run.open(folder).history
    yield lambda: load(folder).predict(raw)
    yield lambda: _score(folder)
    yield lambda: compare([folder])
    yield lambda: resume(folder)


def _score(folder: Path) -> None:
    loaded = load(folder)
    loaded.metrics(reopen(loaded.run.json("data.json")), "test")


def truncated(path: Path, chance: random.Random) -> None:
    """Cut it short somewhere."""
    content = path.read_bytes()
    path.write_bytes(content[: chance.randrange(len(content))])


def flipped(path: Path, chance: random.Random) -> None:
    """Change some bytes."""
    content = bytearray(path.read_bytes())
    for _ in range(chance.randint(1, 8)):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def swapped(path: Path, chance: random.Random) -> None:
    """Put another file of the run in its place."""
    shutil.copy(path.with_name(chance.choice([name for name in FILES if name != path.name])), path)


def header(path: Path, chance: random.Random) -> None:
    """Put something odd into the header of a safetensors file, or another length before it."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    document = json.loads(content[8 : 8 + length])
    holder, key = chance.choice(list(places(document)))
    holder[key] = chance.choice([*ODD, "F64", "I64", "BOOL", [0, 2**40], [2**20, 2**20], {"ties": "{}"}])
    text = json.dumps(document).encode()
    claimed = chance.choice([len(text)] * 4 + [2**40, 2**63, 0])
    path.write_bytes(struct.pack("<Q", claimed) + text + content[8 + length :])
