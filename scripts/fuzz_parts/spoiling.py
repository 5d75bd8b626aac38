"""How files are spoilt: by what their endings suggest, or byte by byte."""

import gzip
import hashlib
import json
import random
import sys
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "helpers"))

from odd_json import ODD, odd


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
            (odd if path.suffix == ".json" else _text)(path, chance)
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
